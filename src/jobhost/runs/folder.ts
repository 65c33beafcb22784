/** The job files of a host: loaded once, and again when one of them has changed. */
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { LoadedFolder } from '../files/loaded.ts';

/** For this long what was looked at counts, in milliseconds: many runs that begin together look once. */
const FRESH_MS = 50;

/** How often the files are looked at while somebody wants to hear of changes, in milliseconds. */
const WATCH_MS = 1_000;

export interface FolderOptions {
  load(): Promise<LoadedFolder>;
  /** Files have changed, and were loaded anew: what has read them before is out of date. */
  onChange(folder: LoadedFolder): void;
  monotonic(): number;
}

export class JobFolder {
  readonly path: string;
  readonly #options: FolderOptions;
  #loaded: LoadedFolder | undefined;
  /** Times of what was loaded, by path. */
  #state = new Map<string, string>();
  #looking: Promise<LoadedFolder> | undefined;
  #looked = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(path: string, options: FolderOptions) {
    this.path = path;
    this.#options = options;
  }

  /** As the files are now. Error: UsageError for a path that is not there any more. */
  current(): Promise<LoadedFolder> {
    if (this.#loaded && this.#options.monotonic() - this.#looked < FRESH_MS)
      return Promise.resolve(this.#loaded);
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** Looks regularly from now on, so that changes are told without a run. */
  watch(): void {
    this.#timer ??= setInterval(() => this.current().catch(() => {}), WATCH_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<LoadedFolder> {
    const before = this.#loaded;
    const now = this.#options.monotonic();
    if (before && !(await this.#hasChanged())) {
      this.#looked = now;
      return before;
    }
    // Folders first: a file that is added while the others are loaded makes them look changed.
    const folders = await stateOf(await foldersIn(this.path));
    const loaded = await this.#options.load();
    this.#state = folders;
    for (const { file, mtimeMs, size } of loaded.sources) this.#state.set(file, `${mtimeMs} ${size}`);
    this.#loaded = loaded;
    this.#looked = this.#options.monotonic();
    if (before) this.#options.onChange(loaded);
    return loaded;
  }

  async #hasChanged(): Promise<boolean> {
    const now = await stateOf([...this.#state.keys()]);
    return [...this.#state].some(([path, state]) => now.get(path) !== state);
  }
}

async function stateOf(paths: readonly string[]): Promise<Map<string, string>> {
  const states = await Promise.all(
    paths.map(async (path): Promise<[string, string]> => {
      try {
        const { mtimeMs, size } = await stat(path);
        return [path, `${mtimeMs} ${size}`];
      } catch {
        return [path, 'gone'];
      }
    }),
  );
  return new Map(states);
}

/** The folder and all in it, where files may be added; of one file the folder that it lies in is of no matter. */
async function foldersIn(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [];
    const entries = await readdir(path, { withFileTypes: true });
    const inner = entries.filter(
      (one) => one.isDirectory() && one.name !== 'node_modules' && !one.name.startsWith('.'),
    );
    return [path, ...(await Promise.all(inner.map(({ name }) => foldersIn(join(path, name))))).flat()];
  } catch {
    return [dirname(path)];
  }
}
