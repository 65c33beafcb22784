/** Marks a launcher (`link`) as ours, so that it may be replaced. It stands in the first few lines. */
export const LAUNCHER_MARK = 'mcp2cli launcher';
