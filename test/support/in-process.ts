/** Runs command lines of the built program inside this process: the same bundle as users have, without the start of a process. */
import childProcess, { type SpawnOptions } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { compileFunction } from 'node:vm';
import { completionAsked } from '../../src/cli/completion/request.ts';
import { quickAnswer } from '../../src/cli/quick.ts';
import { type Context, systemClock } from '../../src/context.ts';
import { decodeText } from '../../src/lib/text/text.ts';
import { BIN } from './env.ts';

const DIST = resolve(dirname(BIN), '../dist');
const nodeRequire = createRequire(BIN);

export interface Line {
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  cwd: string;
  /** What stands on stdin. */
  input: string | Buffer;
  /** Output goes to a terminal of so many columns. */
  columns?: number | undefined;
}

export interface Written {
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * Whether a line can run in this process. What only the entry itself does cannot (`--version`, TAB), nor can an environment that Node or the
 * system reads when a process starts.
 */
export function fitsInProcess(args: Line['args'], env: Line['env']): boolean {
  if (quickAnswer(args, env['MCP2CLI_PROGRAM'], () => undefined) !== undefined || completionAsked(args))
    return false;
  return (
    ['HOME', 'PATH', 'LANG'].every((name) => env[name] !== undefined) &&
    !Object.keys(env).some((name) => READ_AT_START.test(name))
  );
}

const READ_AT_START = /^(NODE_(?!COMPILE_CACHE)|TZ$|LC_|SSL_|LD_|UV_|OPENSSL)/;

/** Runs one command line to its end. Each has the program's modules to itself, fresh as in a new process. */
export async function runInProcess({ args, env, cwd, input, columns }: Line): Promise<Written> {
  // A new process lets others have their turn, too.
  await new Promise((resolve) => setImmediate(resolve));
  const own = new OwnProcess(env, cwd, args);
  const { runIn } = own.load(join(DIST, 'run.cjs')) as typeof import('../../src/run.ts');
  const out = collector(columns);
  const err = collector(columns);
  const context: Context = {
    env,
    cwd,
    home: env['HOME'] ?? '',
    hostname: hostname(),
    platform: process.platform,
    pid: process.pid,
    execPath: process.execPath,
    entry: BIN,
    clock: systemClock,
    stdin: {
      isTTY: false,
      readAll: async () => decodeText(Buffer.from(input)),
      stream: Readable.from(input === '' ? [] : [Buffer.from(input)], {
        objectMode: false,
      }) as NodeJS.ReadStream,
    },
    stdout: out,
    stderr: err,
    interrupted: new AbortController().signal,
    onSecondSignal() {},
  };
  try {
    const code = await runIn(context, args);
    return { code, stdout: out.text, stderr: err.text };
  } finally {
    own.end();
  }
}

function collector(columns: number | undefined) {
  return {
    text: '',
    isTTY: columns !== undefined,
    columns,
    isClosed: false,
    write(text: string) {
      this.text += text;
    },
    async flush() {},
  };
}

type Timer = ReturnType<typeof setTimeout>;
type Wrapper = (...globals: unknown[]) => void;

/** The names that a module of the bundle finds around itself. */
const GLOBALS = [
  'exports',
  'require',
  'module',
  '__filename',
  '__dirname',
  'process',
  'global',
  'globalThis',
  'setTimeout',
  'setInterval',
];

/** Compiled once for all runs. */
const wrappers = new Map<string, Wrapper>();

/** What a process has of its own: loaded modules, environment, working folder, timers, listeners for its end. */
class OwnProcess {
  readonly #modules = new Map<string, { exports: unknown }>();
  readonly #timers = new Set<Timer>();
  readonly #process: NodeJS.Process;

  constructor(env: Line['env'], cwd: string, args: readonly string[]) {
    const events = new EventEmitter();
    const ownProperties = {
      env: { ...env },
      argv: [process.execPath, BIN, ...args],
      exitCode: undefined,
      cwd: () => cwd,
      exit(code: number) {
        throw new Error(`process.exit(${code}) inside of a test's process`);
      },
      ...Object.fromEntries(
        (['on', 'once', 'off', 'emit', 'removeListener', 'listenerCount'] as const).map((name) => [
          name,
          (events[name] as () => unknown).bind(events),
        ]),
      ),
    };
    this.#process = Object.assign(Object.create(process), ownProperties);
  }

  load(path: string): unknown {
    const known = this.#modules.get(path);
    if (known) return known.exports;
    const module = { exports: {} };
    this.#modules.set(path, module);
    let wrapper = wrappers.get(path);
    if (!wrapper) {
      wrapper = compileFunction(readFileSync(path, 'utf8'), GLOBALS, { filename: path }) as Wrapper;
      wrappers.set(path, wrapper);
    }
    const require = (id: string) => {
      if (id.startsWith('.')) return this.load(resolve(dirname(path), id));
      if (/^(node:)?process$/.test(id)) return this.#process;
      return /^(node:)?child_process$/.test(id) ? this.#children : nodeRequire(id);
    };
    const global = new Proxy(globalThis, {
      get: (all, name) => (name === 'process' ? this.#process : Reflect.get(all, name)),
    });
    wrapper(
      module.exports,
      require,
      module,
      path,
      dirname(path),
      this.#process,
      global,
      global,
      this.#kept(setTimeout),
      this.#kept(setInterval),
    );
    return module.exports;
  }

  /** Children get the folder and the environment of this process where nothing else is said. */
  get #children(): object {
    const { cwd, env } = this.#process;
    const own = (options: SpawnOptions | undefined) => ({
      ...options,
      cwd: options?.cwd ?? cwd(),
      env: options?.env ?? env,
    });
    type Spawn = (
      command: string,
      args?: readonly string[] | SpawnOptions,
      options?: SpawnOptions,
    ) => unknown;
    const inheriting =
      (spawn: Spawn): Spawn =>
      (command, args, options) =>
        Array.isArray(args) ? spawn(command, args, own(options)) : spawn(command, own(args as SpawnOptions));
    const { spawn, spawnSync } = childProcess as unknown as Record<'spawn' | 'spawnSync', Spawn>;
    return { ...childProcess, spawn: inheriting(spawn), spawnSync: inheriting(spawnSync) };
  }

  /** Ends what would have ended with the process. */
  end(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#process.emit('exit', 0);
  }

  #kept(set: typeof setTimeout | typeof setInterval) {
    return (...args: Parameters<typeof setTimeout>) => {
      const timer = set(...args);
      this.#timers.add(timer);
      return timer;
    };
  }
}
