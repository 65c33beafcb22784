/** In the environment of a process that is to be a keeper; its orders come on stdin. Apart, since the entry has to know it. */
export const KEEPER_MARK = 'MCP2CLI_KEEPER';
