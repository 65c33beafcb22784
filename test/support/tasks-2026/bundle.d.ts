/** Path of the fixture server as a program: `node PATH [http|stdio] [OPTIONS as JSON]`. Bundled once for each process. */
export function tasks2026Bundle(): Promise<string>;
