// Many jobs and many calls at once: submitted, waited for, listed, shown by prefix; and what `--each` keeps in memory.
// Usage: npm run bench:load [-- RECORDS...]; prints a table. It takes some minutes.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fillJobs } from './fill-jobs.js';
import { table } from './measure.js';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const bin = here('../bin/mcp2cli.js');
const home = mkdtempSync(join(tmpdir(), 'mcp2cli-load-'));
const env = { ...process.env, MCP2CLI_HOME: home };
const counts = process.argv.slice(2).map(Number);
const SUBMITTERS = 50;
const EACH = 20;
const AT_ONCE = 500;
const WAITERS = 200;
const LINES = 100_000;

/** One whole process: milliseconds, and what it printed. */
function timed(args) {
  const start = process.hrtime.bigint();
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { env, maxBuffer: 1 << 30 });
  if (status !== 0) throw new Error(`${args.join(' ')} exited ${status}: ${stderr}`);
  return { ms: Number(process.hrtime.bigint() - start) / 1e6, stdout: stdout.toString() };
}

const rows = [];
const add = (what, ms, note = '', goal = '') => rows.push([what, `${(ms / 1000).toFixed(2)} s`, note, goal]);
const since = (start) => Number(process.hrtime.bigint() - start) / 1e6;

/** Runs a command beside others. Resolves with its exit code and what it printed. `look` is called with its pid, ten times a second. */
function running(args, look = () => {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [bin, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { out: '', err: '' };
    child.stdout.on('data', (chunk) => {
      said.out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      said.err += chunk;
    });
    const timer = setInterval(() => look(child.pid), 100);
    child.on('close', (code) => {
      clearInterval(timer);
      resolve({ code, ...said });
    });
  });
}

const submission = ['demo', 'deploy', '--version', '1', '--duration', '0', '--background', '--quiet'];

/** One submitter: a process a job, one after the other. Resolves with the ids. */
async function submitter() {
  const ids = [];
  for (let i = 0; i < EACH; i++) {
    const { code, out, err } = await running(submission);
    if (code !== 0) throw new Error(`exit ${code}: ${err}`);
    ids.push(out.trim());
  }
  return ids;
}

/** Ids of jobs that one command makes of many lines. */
function submitted(count, seconds) {
  const file = join(home, 'lines.ndjson');
  writeFileSync(file, `{"version":"1","duration":${seconds}}\n`.repeat(count));
  const { stdout } = timed(['demo', 'deploy', '--background', '--each', file, '--parallel', '16']);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).job_id);
}

/** Submissions and waits, all started at the same moment: none may fail. */
async function atOnce() {
  const ids = submitted(WAITERS, 30);
  const start = process.hrtime.bigint();
  const all = await Promise.all([
    ...Array.from({ length: AT_ONCE }, () => running(submission)),
    ...ids.map((id) => running(['demo', 'jobs', 'wait', id])),
  ]);
  const failed = all.filter(({ code }) => code !== 0);
  const why = failed[0] ? `: ${failed[0].err.trim().split('\n')[0]}` : '';
  const what = `${AT_ONCE} submissions and ${WAITERS} waits, all at once`;
  add(what, since(start), `${failed.length} failed${why}`, '0 failed');
}

/** One wait for many jobs, and how many connections it has to the server at the same time. */
async function oneWait() {
  const ids = submitted(WAITERS, 10);
  const { url } = JSON.parse(timed(['--json', 'instances', 'show', 'demo']).stdout).data;
  let most = 0;
  const start = process.hrtime.bigint();
  const { code, err } = await running(['demo', 'jobs', 'wait', '-q', ...ids], () => {
    most = Math.max(most, connectionsTo(Number(new URL(url).port)));
  });
  if (code !== 0) throw new Error(`jobs wait exited ${code}: ${err}`);
  add(`jobs wait of ${WAITERS} jobs of 10 s`, since(start), `${most} connections at most`, '8 connections');
}

/** Connections that are open to a port of this machine; proc(5), net/tcp. */
function connectionsTo(port) {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const lines = readFileSync('/proc/net/tcp', 'latin1').split('\n').slice(1);
  return lines.filter((line) => {
    const [, , remote = '', state] = line.trim().split(/\s+/);
    return remote.endsWith(`:${hex}`) && state === '01';
  }).length;
}

/** The most memory of `--each` over many lines. */
async function memory() {
  const file = join(home, 'echoes.ndjson');
  writeFileSync(file, '{"message":"hi"}\n'.repeat(LINES));
  const instant = spawn(process.execPath, [here('instant-server.js')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [address] = await once(instant.stdout, 'data');
    timed(['instances', 'add', 'http', String(address).trim()]);
    timed(['instances', 'add', 'kept', String(address).trim()]);
    timed(['instances', 'set', 'kept', 'keepAlive', 'true']);
    timed(['instances', 'add', 'stdio', '--', process.execPath, here('catalogue-server.js'), '0']);
    for (const name of ['http', 'stdio', 'kept']) {
      timed([name, 'echo', '--message', 'hi']);
      let kilobytes = 0;
      const start = process.hrtime.bigint();
      const line = [name, 'echo', '--each', file, '--parallel', '16'];
      const { code, err } = await running(line, (pid) => {
        kilobytes = Math.max(kilobytes, peakOf(pid));
      });
      if (code !== 0) throw new Error(`${line.join(' ')} exited ${code}: ${err}`);
      const by = name === 'kept' ? 'a keeper' : name;
      add(
        `--each of ${LINES} lines over ${by}`,
        since(start),
        `${Math.round(kilobytes / 1024)} MB at most`,
        '150 MB',
      );
    }
  } finally {
    spawnSync(process.execPath, [bin, 'keeper', 'stop', '--all', '--force'], { env });
    instant.kill();
  }
}

/** The most resident memory that a process has had, in kilobytes; proc(5), VmHWM. */
function peakOf(pid) {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

timed(['demo', 'start', '-q']);
try {
  let start = process.hrtime.bigint();
  const ids = (await Promise.all(Array.from({ length: SUBMITTERS }, submitter))).flat();
  add(
    `${ids.length} jobs submitted by ${SUBMITTERS} processes at a time`,
    since(start),
    `${new Set(ids).size} different ids`,
  );
  start = process.hrtime.bigint();
  for (let at = 0; at < ids.length; at += 250)
    timed(['demo', 'jobs', 'wait', '-q', ...ids.slice(at, at + 250)]);
  add('all of them waited for', since(start));
  const ended = JSON.parse(timed(['demo', '--json', 'jobs', 'list', '--status', 'completed']).stdout).length;
  if (ended !== ids.length) throw new Error(`${ended} of ${ids.length} jobs are completed`);
  await atOnce();
  await oneWait();
  await memory();
  const [model] = ids;
  const folder = (name) => join(home, 'instances', name, 'jobs');
  for (const count of counts.length > 0 ? counts : [10_000, 100_000]) {
    const name = `load${count}`;
    timed(['instances', 'add', name, '--url', 'http://127.0.0.1:9/mcp']);
    fillJobs(folder('demo'), folder(name), { model, instance: name, count });
    // The first list makes the index of what has been left alone for two seconds.
    execFileSync('sleep', ['2.1']);
    add(`jobs list, ${count} records, no index yet`, timed([name, 'jobs', 'list']).ms);
    const listed = timed([name, 'jobs', 'list']);
    const lines = listed.stdout.trimEnd().split('\n').length;
    if (lines !== count) throw new Error(`${lines} of ${count} jobs are listed`);
    add(`jobs list, ${count} records`, listed.ms);
    add(
      `jobs list --limit 10, ${count} records`,
      timed([name, 'jobs', 'list', '--limit', '10']).ms,
      '',
      '1 s',
    );
    add(
      `jobs list --json --status failed, ${count} records`,
      timed([name, '--json', 'jobs', 'list', '--status', 'failed']).ms,
    );
    const some = readdirSync(folder(name))
      .filter((one) => one.startsWith('job_'))
      .sort()[Math.floor(count / 2)];
    add(
      `jobs show by the id's letters, ${count} records`,
      timed([name, 'jobs', 'show', some.slice('job_'.length)]).ms,
    );
    add(`jobs wait ID (ended), ${count} records`, timed([name, 'jobs', 'wait', some]).ms);
    // The first look after a change notes what it finds, once the folder has been left alone for two seconds.
    execFileSync('sleep', ['2.1']);
    timed([name, 'jobs', 'show', '--latest']);
    add(
      `jobs show --latest, ${count} records`,
      timed([name, 'jobs', 'show', '--latest']).ms,
      '',
      'as for 10',
    );
  }
} finally {
  spawnSync(process.execPath, [bin, 'demo', 'stop', '-q'], { env });
  rmSync(home, { recursive: true, force: true });
}

console.log(
  `Node ${process.version}, ${process.platform} ${process.arch}, load ${loadavg()[0]?.toFixed(1)}\n`,
);
console.log(table(['what', 'time', 'beside it', 'goal'], rows));
