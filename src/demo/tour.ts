/** `npm run demo`: the main job from the first command to the last, on a real server, in a data root of its own that is removed again. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { TOUR_JOB, TOUR_WORKFLOW } from './tour-jobs.ts';

/** Runs the tour with the very program that it shows. Returns 0 when every command ended as it should. */
export async function runTour(context: Context): Promise<number> {
  const home = mkdtempSync(join(tmpdir(), 'mcp2cli-demo-'));
  const tour = new Tour(context, home);
  try {
    await tour.walk();
    return tour.surprises === 0 ? 0 : 1;
  } finally {
    await tour.run(['keeper', 'stop', 'own', '-q'], { show: false });
    await tour.run(['demo', 'stop', '-q'], { show: false });
    rmSync(home, { recursive: true, force: true });
  }
}

interface RunOptions {
  show?: boolean;
  /** Keep stdout for the tour instead of showing it. */
  capture?: boolean;
  /** The exit code that the story expects. */
  expect?: number;
}

class Tour {
  readonly #context: Context;
  readonly #home: string;
  surprises = 0;

  constructor(context: Context, home: string) {
    this.#context = context;
    this.#home = home;
  }

  async walk(): Promise<void> {
    this.say('A real MCP server, started in the background and registered as instance "demo".');
    await this.run(['demo', 'start', '-q']);

    this.say('Every tool of the server is a command with typed flags.');
    await this.demo(['ls']);
    await this.demo(['deploy', '--help']);

    this.say('A short call: the answer on stdout, the exit code says how it went.');
    await this.demo(['add', '--a', '2', '--b', '40']);

    this.say('Long ones go into the background: each returns at once with a job id.');
    await this.demo(['deploy', '--version', '2.0', '--background']);
    await this.demo(['export', '--dataset', 'full', '--format', 'parquet', '--background']);
    await this.demo(['batch-process', '--input', 'data.csv', '--background']);
    await this.demo(['jobs', 'list']);

    this.say('Watch the newest one: a progress bar on a terminal, a line for every change in a pipe.');
    await this.demo(['jobs', 'watch', '--latest']);

    this.say('Wait for the first one. Its result is what a foreground call would have printed.');
    const jobs = JSON.parse(
      await this.demo(['--json', 'jobs', 'list'], { show: false, capture: true }),
    ) as Job[];
    const deploy = jobs.find((job) => job.capability === 'deploy')?.job_id ?? '';
    await this.demo(['jobs', 'wait', deploy]);

    this.say('Start one more, and cancel it.');
    await this.demo(['deploy', '--version', '3.0', '--duration', '60', '--background']);
    await this.demo(['jobs', 'cancel', '--latest']);

    this.say('A tool that fails makes its job fail, and `jobs wait` exits 1.');
    await this.demo(['flaky-import', '--source', 'crm', '--background']);
    await this.demo(['jobs', 'wait', '--latest'], { expect: 1 });

    this.say('For scripts: --json, one document on stdout. These are the fields that jq would pick.');
    const shown = await this.demo(['--json', 'jobs', 'show', deploy], { capture: true });
    const { data } = JSON.parse(shown) as { data: Job };
    this.print(`  .data.status                     ${JSON.stringify(data.status)}`);
    this.print(`  .data.remote.status              ${JSON.stringify(data.remote?.['status'])}`);
    this.print(`  .data.result.content[0].text     ${JSON.stringify(data.result?.content?.[0]?.text)}`);
    await this.demo(['jobs', 'list']);
    await this.#ownJobs();
    this.say(
      this.surprises === 0
        ? 'That was the main job. Start here: mcp2cli --help'
        : 'Something did not go as the tour expects.',
    );
  }

  /** Jobs of the user's own, that call the demo server. */
  async #ownJobs(): Promise<void> {
    const jobs = join(this.#home, 'jobs');
    mkdirSync(jobs);
    writeFileSync(join(jobs, 'release.job.ts'), TOUR_JOB);
    writeFileSync(join(jobs, 'ship.workflow.ts'), TOUR_WORKFLOW);
    this.say('A job of your own: a file of TypeScript. It may call the tools of any instance.');
    this.print(`\n${TOUR_JOB.trimEnd()}`);
    await this.run(['instances', 'add', 'own', '--jobs', jobs]);
    await this.run(['own', 'ls']);
    await this.run(['own', 'release', '--version', '4.0', '--background']);
    await this.run(['own', 'jobs', 'wait', '--latest']);
    this.say('Jobs are steps of workflows, each on record before the next begins.');
    await this.run(['own', 'ship', '--version', '5.0', '--background']);
    await this.run(['own', 'jobs', 'wait', '--latest']);
    await this.run(['own', 'jobs', 'show', '--latest']);
  }

  say(text: string): void {
    this.print(`\n# ${text}`);
  }

  print(text: string): void {
    this.#context.stdout.write(`${text}\n`);
  }

  /** One command of the instance. */
  demo(words: string[], options: RunOptions = {}): Promise<string> {
    return this.run(['demo', ...words], options);
  }

  /** Runs the program and shows what was typed; its output goes straight to the terminal unless it is kept. */
  async run(words: string[], { show = true, capture = false, expect = 0 }: RunOptions = {}): Promise<string> {
    if (show) this.print(`\n$ mcp2cli ${words.join(' ')}`);
    await this.#context.stdout.flush();
    const { execPath, entry, env } = this.#context;
    const child = spawn(execPath, [entry, ...words], {
      env: { ...env, MCP2CLI_HOME: this.#home, MCP2CLI_INSTANCE: '' },
      stdio: ['inherit', capture ? 'pipe' : 'inherit', 'inherit'],
    });
    let kept = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      kept += text;
    });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code !== expect) {
      this.surprises += 1;
      this.print(`(exit code ${code}, not ${expect})`);
    } else if (code !== 0) this.print(`(exit code ${code})`);
    return kept;
  }
}

interface Job {
  job_id: string;
  capability: string;
  status: string;
  remote?: Record<string, unknown>;
  result?: { content?: { text?: string }[] };
}
