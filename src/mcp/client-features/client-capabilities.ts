/** What this client can do whatever is configured (MCP 2025-11-25, basic/lifecycle): forms, and pages to be opened by the person. */
export const CLIENT_CAPABILITIES = { elicitation: { form: {}, url: {} } };
