/** In the environment of a process that is to be a keeper; its configuration comes on stdin. Apart, since the entry has to know it. */
export const KEEPER_MARK = 'MCP2CLI_KEEPER';
