/**
 * Tools of instances, for `ctx.tools('work')` to know their types. A file of one's own adds to it:
 * `declare module 'mcp2cli/jobs' { interface InstanceTools { work: { deploy(args: { version: string }): Promise<{ id: string }> } } }`
 */
// biome-ignore lint/suspicious/noEmptyInterface: declarations of users fill it
export interface InstanceTools {}
