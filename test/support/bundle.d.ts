/** Path of the program NAME, made of the entry. Bundled once for each process. */
export function bundled(name: string, entry: URL): Promise<string>;
