/** Workers, submitters and waiters of one store, each on a machine (a home) of its own, to be killed at any moment and started again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobStatus } from '../../src/jobs/record.ts';
import { type Handle, run, start } from './cli.ts';
import { freshHome } from './home.ts';
import { addInstance } from './instance.ts';

export type Part = 'worker' | 'submitter' | 'waiter';
export type Instance = 'plain' | 'tasks';

const WORKERS = 3;
/** Jobs at a time, of each instance. */
const CONCURRENCY = 8;
/** Jobs of a waiter at most. */
const MOST_JOBS = 3;
/** A process ends when it is told to, not by the clock. */
const NEVER_MS = 2 ** 31 - 1;
/** A start that finds no store, because that has just been killed, is made again. */
const UNREACHABLE = 3;

export interface FleetOptions {
  urls: Record<Instance, string>;
  /** The address of the store. */
  address: string;
  random: () => number;
  /** Calls of a submitter at most. */
  mostCalls: number;
  /** Attempts of a call of this version. */
  attempts: (version: string) => number;
  /** A process ended in a way that nobody is promised. */
  wrong: (what: string) => void;
}

export class Fleet {
  /** The versions whose calls were handed to a submitter. */
  readonly asked = new Set<string>();
  /** Jobs whose ids a submitter has printed. */
  readonly acknowledged = new Map<string, { version: string; instance: Instance }>();
  /** Ends that a waiter has printed. */
  readonly told = new Map<string, JobStatus>();
  readonly killed: Record<Part, number> = { worker: 0, submitter: 0, waiter: 0 };
  readonly #options: FleetOptions;
  readonly #live: Record<Part, Set<Handle>> = { worker: new Set(), submitter: new Set(), waiter: new Set() };
  readonly #env: Record<string, string>;
  #submitting = '';
  #batches = 0;
  #ending = false;
  #loops: Promise<void>[] = [];

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#env = { MCP2CLI_STORE: options.address };
  }

  /** Workers work, and waiters wait for what `submit` submits. */
  async start(): Promise<void> {
    const machines = await Promise.all(Array.from({ length: WORKERS + 2 }, () => this.#machine()));
    const [submitting = '', waiting = '', ...working] = machines;
    this.#submitting = submitting;
    this.#loops = [...working.map((home) => this.#work(home)), this.#wait(waiting)];
  }

  async #machine(): Promise<string> {
    const home = freshHome();
    for (const [name, url] of Object.entries(this.#options.urls)) {
      await addInstance(home, ['--url', url], name);
      await run([name, 'ls'], { home });
    }
    return home;
  }

  /** Runs one submitter to its end, whatever that is. */
  async submit(): Promise<void> {
    const { random, attempts, wrong } = this.#options;
    const kind = 'prt'[this.#batches++ % 3] ?? '';
    const instance: Instance = kind === 't' ? 'tasks' : 'plain';
    const versions = Array.from(
      { length: 1 + Math.floor(random() * this.#options.mostCalls) },
      (_, i) => `${kind}-${this.asked.size + i}`,
    );
    for (const version of versions) this.asked.add(version);
    const lines = versions.map((version) => JSON.stringify({ version, duration: 0.02 + random() * 0.3 }));
    const words = ['--each', '-', '--background', '--detach', '--parallel', '8', '--unordered'];
    const retries = attempts(kind) > 1 ? ['--retries', `${attempts(kind)}`, '--retry-backoff', '100ms'] : [];
    const { code, signal, stdout, stderr } = await this.#run(
      'submitter',
      this.#submitting,
      [instance, 'deploy', ...words, ...retries],
      lines.join('\n'),
    );
    let failed = 0;
    // A line that was cut has told nobody anything.
    for (const line of stdout.split('\n').slice(0, -1)) {
      const told = JSON.parse(line) as {
        arguments: { version: string };
        job_id?: string;
        error?: { code: string };
      };
      if (told.error) failed += 1;
      if (told.error && told.error.code !== 'unreachable') wrong(`a submitter: ${line}`);
      if (!told.error && told.job_id)
        this.acknowledged.set(told.job_id, { version: told.arguments.version, instance });
    }
    if (signal === null && code !== (failed > 0 ? 1 : 0) && code !== UNREACHABLE)
      wrong(`a submitter: ${code} ${stderr}`);
  }

  /** Kills a process of this kind, and resolves when it is gone. False: there is none, or it had ended by itself. */
  async kill(part: Part): Promise<boolean> {
    const { random } = this.#options;
    const live = [...this.#live[part]];
    // One that has only begun is worth a kill now and then.
    const ready = live.filter(({ stderr }) => part !== 'worker' || /takes jobs of tasks/.test(stderr));
    const among = ready.length > 0 && random() < 0.9 ? ready : live;
    const victim = among[Math.floor(random() * among.length)];
    victim?.signal('SIGKILL');
    return (await victim?.done)?.signal === 'SIGKILL';
  }

  /** Nothing new is waited for; workers are asked to end. Resolves when all processes have. */
  async stop(): Promise<void> {
    this.#ending = true;
    for (const worker of this.#live.worker) worker.signal('SIGTERM');
    await Promise.all(this.#loops);
  }

  async #work(home: string): Promise<void> {
    const words = ['worker', '--lease', '3s', '--concurrency', `${CONCURRENCY}`];
    while (!this.#ending) {
      const { code, signal, stderr } = await this.#run('worker', home, words);
      // One that has only begun is ended by the signal itself.
      const isFine =
        signal === 'SIGKILL' ||
        code === UNREACHABLE ||
        (this.#ending && (code === 0 || signal === 'SIGTERM'));
      if (!isFine) this.#options.wrong(`a worker: ${code ?? signal} ${stderr.slice(-500)}`);
    }
  }

  async #wait(home: string): Promise<void> {
    const { random, wrong } = this.#options;
    while (!this.#ending) {
      const instance: Instance = random() < 0.5 ? 'plain' : 'tasks';
      const ids = [...this.acknowledged]
        .filter(([id, one]) => one.instance === instance && !this.told.has(id))
        .slice(-MOST_JOBS)
        .map(([id]) => id);
      if (ids.length === 0) {
        await sleep(50);
        continue;
      }
      const { code, signal, stdout, stderr } = await this.#run('waiter', home, [
        '--json',
        instance,
        'jobs',
        'wait',
        ...ids,
      ]);
      if (signal === null && code !== 0 && code !== 1 && code !== UNREACHABLE)
        wrong(`a waiter: ${code} ${stderr}`);
      if (signal !== null || code === UNREACHABLE) continue;
      const { data } = JSON.parse(stdout) as { data: unknown };
      const jobs = [data].flat() as { job_id: string; status: JobStatus }[];
      for (const { job_id, status } of jobs) this.told.set(job_id, status);
      if ((code === 0) !== jobs.every(({ status }) => status === 'completed'))
        wrong(`a waiter: ${code} for ${jobs.map(({ status }) => status)}`);
    }
  }

  async #run(
    part: Part,
    home: string,
    words: readonly string[],
    input?: string,
  ): Promise<Awaited<Handle['done']>> {
    const handle = start(words, { home, env: this.#env, timeoutMs: NEVER_MS, input });
    this.#live[part].add(handle);
    const end = await handle.done;
    this.#live[part].delete(handle);
    if (end.signal === 'SIGKILL') this.killed[part] += 1;
    return end;
  }
}
