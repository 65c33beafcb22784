/** Names in `_meta` of each request of 2026-07-28 (basic, "Request Metadata"). Written out, so that no package has to be loaded for them. */
export const PROTOCOL_VERSION_META_KEY = 'io.modelcontextprotocol/protocolVersion';
export const CLIENT_INFO_META_KEY = 'io.modelcontextprotocol/clientInfo';
export const CLIENT_CAPABILITIES_META_KEY = 'io.modelcontextprotocol/clientCapabilities';
/** The server's name for itself, in `_meta` of results. */
export const SERVER_INFO_META_KEY = 'io.modelcontextprotocol/serverInfo';
/** Which subscription a notification belongs to: the id of its `subscriptions/listen` (MCP 2026-07-28, basic/utilities/subscriptions). */
export const SUBSCRIPTION_ID_META_KEY = 'io.modelcontextprotocol/subscriptionId';
/** The record of the job that a call is made for: to a server of this program's own alone, which adds to it what the run does. */
export const JOB_META_KEY = 'mcp2cli/job';
/** The least severe log messages that a request wants to hear of (MCP 2026-07-28, server/utilities/logging, "Per-request log level"). */
export const LOG_LEVEL_META_KEY = 'io.modelcontextprotocol/logLevel';
