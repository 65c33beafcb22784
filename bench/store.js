// Jobs in Redis: what workers get done, how soon others hear of it, and what a command costs. Usage: npm run bench:store [-- [JOBS] [--concurrency N]
// [--node PATH] [--fsync always] [--only work,latency,cold,list] [--profile DIR]]; prints a table. It starts a Redis of its own; PATH: another Node, on which
// everything runs that is measured; DIR: where the worker's processor profile goes.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePort } from './each.js';
import { inTurn, median, table, timer } from './measure.js';
import { fillStore, jobTimes, waitFor, watchStore } from './store-records.js';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const bin = here('../bin/mcp2cli.js');
const { values, positionals } = parseArgs({
  options: {
    node: { type: 'string', default: process.execPath },
    concurrency: { type: 'string', default: '16' },
    only: { type: 'string', default: 'work,latency,cold,list' },
    fsync: { type: 'string', default: 'everysec' },
    profile: { type: 'string' },
    runs: { type: 'string', default: '21' },
  },
  allowPositionals: true,
});
const JOBS = Number(positionals[0] ?? 5_000);
const RUNS = Number(values.runs);
/** Jobs that are submitted one after the other, with a pause between them, in milliseconds. */
const PACED = 200;
const PAUSE_MS = 20;
/** Jobs that somebody watches, and that somebody cancels. */
const WATCHED = 7;
const LISTED = 100_000;
const { node } = values;
const nodeVersion = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
const budget = (lts, node20) => (nodeVersion.startsWith('v20.') ? node20 : lts);
const home = mkdtempSync(join(tmpdir(), 'mcp2cli-store-'));
const port = await freePort();
const env = { ...process.env, MCP2CLI_HOME: home, MCP2CLI_STORE: `redis://127.0.0.1:${port}` };
const time = timer(node, env);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts a program, and resolves when it has said that it is ready. Returns the process and what it had said. */
async function started(command, args, ready, stream = 'stdout') {
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', () => {});
  child.stderr.on('data', () => {});
  await new Promise((resolve, reject) => {
    child[stream].on('data', (chunk) => {
      said += chunk;
      if (said.includes(ready)) resolve();
    });
    child.once('exit', () => reject(new Error(`${command} ended: ${said}`)));
  });
  return { child, said };
}

async function ended({ child }, signal = 'SIGTERM') {
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}

const startWorker = (profile) =>
  started(
    node,
    [
      ...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]),
      ...[bin, 'worker', 'run', 'bench', '--concurrency', values.concurrency],
    ],
    'takes jobs',
    'stderr',
  );

/** Seconds of processor time that a process has used; 0 where there is no /proc. */
function cpuOf(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}

/** Submits a job for each line that the standard input has. Returns the process. */
const submitting = (tool) =>
  spawn(node, [bin, 'bench', tool, '--each', '-', '--background', '--detach', '-q'], {
    env,
    stdio: ['pipe', 'ignore', 'inherit'],
  });

const rows = [];
const add = (what, figure, goal = '') => rows.push([what, figure, goal]);
const ms = (value) => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
const at = (values, share) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];
const fiftyAnd95 = (values) => `p50 ${ms(at(values, 0.5))}, p95 ${ms(at(values, 0.95))}`;

/** Many instant jobs that wait already: how many a second one worker gets done, and its processor time for each. */
async function work(redis) {
  const submitter = submitting('echo');
  submitter.stdin.end(`${JSON.stringify({ message: 'hi' })}\n`.repeat(JOBS));
  await once(submitter, 'exit');
  const worker = await startWorker(values.profile);
  const all = [worker, redisServer, server].map(({ child }) => child.pid);
  const before = all.map(cpuOf);
  await waitFor(redis, 'bench', ({ waiting, running }) => waiting + running === 0);
  const used = all.map((pid, i) => (((cpuOf(pid) - before[i]) / JOBS) * 1_000).toFixed(2));
  await ended(worker);
  const times = await jobTimes(redis, 'bench');
  const ends = times.map(({ ended: end }) => end).sort((a, b) => a - b);
  const seconds = (ends.at(-1) - Math.min(...times.map(({ begun }) => begun))) / 1_000;
  const completed = times.filter(({ end }) => end.status === 'completed').length;
  if (completed !== JOBS) throw new Error(`${completed} of ${JOBS} jobs completed`);
  add(
    `${JOBS} instant jobs, one worker, ${values.concurrency} at a time`,
    `${(JOBS / seconds).toFixed(0)}/s`,
    '>= 700/s',
  );
  add('the same: processor time a job of the worker, Redis, the called server', `${used.join(', ')} ms`);
}

/** How soon others hear: of a submission, of an end, of a cancellation. */
async function latency(redis) {
  const worker = await startWorker();
  const submitter = submitting('echo');
  // The first are submitted, and run, by processes that have just begun.
  for (let i = 0; i < PACED + 20; i++) {
    submitter.stdin.write(`${JSON.stringify({ message: 'hi' })}\n`);
    await sleep(PAUSE_MS);
  }
  submitter.stdin.end();
  await once(submitter, 'exit');
  await waitFor(redis, 'bench', ({ waiting, running }) => waiting + running === 0);
  const paced = (await jobTimes(redis, 'bench')).sort((a, b) => a.created - b.created).slice(-PACED);
  add(
    `submitted every ${PAUSE_MS} ms: from its record to running`,
    fiftyAnd95(paced.map(({ created, begun }) => begun - created)),
    'p95 10 ms',
  );
  add(
    'the same: from its record to its end',
    fiftyAnd95(paced.map(({ created, ended: end }) => end - created)),
  );
  const heard = [];
  const cancelled = [];
  for (let i = 0; i < WATCHED; i++) {
    heard.push(await watchOne(redis, 1_500));
    cancelled.push(await cancelOne(redis));
  }
  add('from an end to the line of a `jobs watch` elsewhere', fiftyAnd95(heard), '10 ms');
  add('from a cancellation on record to the end of the call', fiftyAnd95(cancelled), '500 ms');
  await ended(worker);
}

/** Submits a call that takes so long, and resolves with its id once it runs. */
async function submitPause(redis, duration) {
  const line = [bin, 'bench', 'pause', '--ms', String(duration), '--detach', '-q'];
  const id = spawnSync(node, line, { env, encoding: 'utf8' }).stdout.trim();
  await waitFor(redis, 'bench', ({ running }) => running > 0);
  return id;
}

/** Milliseconds from a job's end to the moment that a process which watches it says so. */
async function watchOne(redis, duration) {
  const id = await submitPause(redis, duration);
  const watcher = spawn(node, [bin, '--json', 'bench', 'jobs', 'watch', id], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let saidAt = 0;
  watcher.stdout.setEncoding('utf8').on('data', (text) => {
    if (text.includes('"completed"')) saidAt ||= Date.now();
  });
  await once(watcher, 'exit');
  const [{ ended: end }] = await jobTimes(redis, 'bench', [id]);
  return saidAt - end;
}

/** Milliseconds from a cancellation that is on record to the job's end. */
async function cancelOne(redis) {
  const id = await submitPause(redis, 60_000);
  time([bin, 'bench', 'jobs', 'cancel', id]);
  await waitFor(redis, 'bench', ({ running }) => running === 0);
  const [{ cancel, ended: end }] = await jobTimes(redis, 'bench', [id]);
  return end - cancel;
}

/** Whole processes beside `node -e 0`. */
function cold() {
  const one = (what, goal, args) => {
    const rounds = inTurn(time, RUNS, ['-e', '0'], [bin, ...args]);
    const ratio = median(rounds.map(([base, own]) => own / base)).toFixed(2);
    const [base, own] = [0, 1].map((which) => median(rounds.map((round) => round[which])).toFixed(0));
    add(`${what}, cold, beside \`node -e 0\``, `${ratio} (${own} and ${base} ms)`, `<= ${goal}`);
  };
  time([bin, 'bench', 'echo', '--message', 'hi', '--background', '--detach', '-q']);
  one('jobs list, one record', budget(3.5, 1.9), ['bench', 'jobs', 'list', '--limit', '1']);
  one('a submission to workers', budget(3.8, 2.0), [
    ...['bench', 'echo', '--message', 'hi', '--background', '--detach', '-q'],
  ]);
}

/** A long history. */
async function list(redis) {
  // Nobody has begun it: it ends when it is cancelled.
  time([bin, 'bench', 'echo', '--message', 'hi', '--detach', '-q']);
  time([bin, 'bench', 'jobs', 'cancel', '--latest']);
  await fillStore(redis, 'bench', LISTED - 1);
  const seen = await watchStore(redis);
  const timed = (...args) => `${(median([1, 2, 3].map(() => time([bin, ...args]))) / 1_000).toFixed(2)} s`;
  add(`jobs list of ${LISTED}`, timed('bench', 'jobs', 'list'));
  add(`jobs list --limit 10 of ${LISTED}`, timed('bench', 'jobs', 'list', '--limit', '10'));
  add(`jobs list --status failed of ${LISTED}`, timed('bench', 'jobs', 'list', '--status', 'failed'));
  const { keys, longestMs } = await seen();
  add('the same: commands KEYS, and the longest command of Redis', `${keys}, ${ms(longestMs)}`, '0');
}

const redisServer = await started(
  'redis-server',
  ['--port', String(port), '--dir', home, '--appendonly', 'yes', '--appendfsync', values.fsync, '--save', ''],
  'Ready to accept connections',
);
const server = await started(node, [here('instant-server.js')], 'http');
const { Redis } = await import('ioredis');
const redis = new Redis(port, '127.0.0.1');
try {
  time([bin, 'instances', 'add', 'bench', server.said.trim()]);
  time([bin, 'bench', 'echo', '--message', 'hi']);
  const parts = { work, latency, cold, list };
  for (const name of values.only.split(',')) {
    await redis.flushall();
    await parts[name](redis);
  }
} finally {
  redis.disconnect();
  await Promise.all([ended(server), ended(redisServer, 'SIGKILL')]);
  rmSync(home, { recursive: true, force: true });
}

console.log(
  `Node ${nodeVersion}, ${process.platform} ${process.arch}, load ${loadavg()[0]?.toFixed(1)}; ratios: medians of ${RUNS} runs in turn\n`,
);
console.log(table(['what', 'figure', 'goal'], rows));
