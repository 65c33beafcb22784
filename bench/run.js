// Whole-process cost of commands as ratios to `node -e 0`, the two run in turn so that a drifting machine is no difference.
// Usage: npm run bench [-- RUNS]
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../bin/mcp2cli.js', import.meta.url));
const runs = Number(process.argv[2] ?? 21);
const home = mkdtempSync(join(tmpdir(), 'mcp2cli-bench-'));
const env = { ...process.env, MCP2CLI_HOME: home };

/** Wall time of one whole process in milliseconds. */
function time(args) {
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(process.execPath, args, {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 30,
  });
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  if (status !== 0) throw new Error(`${args.join(' ')} exited ${status}: ${stderr}`);
  return ms;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Medians of a command and of `node -e 0` beside it, and of the ratios pair by pair. */
function measure(args) {
  const command = [bin, ...args];
  time(command);
  const own = [];
  const base = [];
  const ratios = [];
  for (let i = 0; i < runs; i++) {
    const b = time(['-e', '0']);
    const o = time(command);
    base.push(b);
    own.push(o);
    ratios.push(o / b);
  }
  return { own: median(own), base: median(base), ratio: median(ratios) };
}

/** Finished jobs as the program stores them. */
function fillJobs(instance, count) {
  const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
  const from = Date.parse('2026-01-01T00:00:00Z');
  for (let i = 0; i < count; i++) {
    const at = from + i * 60_000;
    let stamp = '';
    for (let n = at, k = 0; k < 10; k++, n = Math.floor(n / 32)) stamp = alphabet[n % 32] + stamp;
    const random = randomUUID()
      .replace(/-/g, '')
      .slice(0, 16)
      .replace(/[ilou]/g, '0');
    const id = `job_${stamp}${random}`;
    const dir = join(home, 'instances', instance, 'jobs', id);
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const time = new Date(at).toISOString();
    const session = {
      transport: 'http',
      target: '0123456789abcdef',
      protocol_version: '2025-11-25',
      session_id: randomUUID(),
    };
    const remote = {
      taskId: randomUUID(),
      status: 'completed',
      createdAt: time,
      lastUpdatedAt: time,
      ttl: 60_000,
      pollInterval: 500,
    };
    const job = {
      schema_version: 1,
      job_id: id,
      instance,
      capability: 'deploy',
      arguments: { version: '2.0', environment: 'staging' },
      status: 'queued',
      backend: null,
      remote_task_id: null,
      remote: null,
      session,
      progress: null,
      attempt: 1,
      error: null,
      created_at: time,
      updated_at: time,
      finished_at: null,
      cancel_requested_at: null,
      holder: { pid: 1, started: '1', boot_id: 'x', host: 'bench' },
    };
    const task = {
      schema_version: 1,
      backend: 'tasks-2025-11-25',
      remote_task_id: remote.taskId,
      session,
      remote,
      accepted_at: time,
    };
    const result = { content: [{ type: 'text', text: 'Deployed version 2.0 to staging' }] };
    const end = { schema_version: 1, status: 'completed', result, error: null, remote, finished_at: time };
    for (const [name, value] of Object.entries({ job, task, end }))
      writeFileSync(join(dir, `${name}.json`), JSON.stringify(value), { mode: 0o600 });
  }
}

const rows = [];
const add = (what, budget, args) => {
  const { own, base, ratio } = measure(args);
  rows.push([
    what,
    `${own.toFixed(1)} ms`,
    `${base.toFixed(1)} ms`,
    ratio.toFixed(2),
    budget === undefined ? '' : `<= ${budget}`,
  ]);
};

const server = spawnSync(process.execPath, [bin, 'demo', 'start', '-q'], { env, encoding: 'utf8' });
if (server.status !== 0) throw new Error(server.stderr);
try {
  add('--version', 1.2, ['--version']);
  add('--help', 1.2, ['--help']);
  for (const count of [1_000, 10_000]) {
    const name = `bench${count}`;
    time([bin, 'instances', 'add', name, '--url', 'http://127.0.0.1:9/mcp']);
    fillJobs(name, count);
    add(`jobs list, ${count} records`, count === 1_000 ? 1.5 : undefined, [name, 'jobs', 'list']);
    add(`jobs list --json, ${count} records`, count === 1_000 ? 1.5 : undefined, [
      name,
      '--json',
      'jobs',
      'list',
    ]);
  }
  add('echo over HTTP on loopback', 2.8, ['demo', 'echo', '--message', 'hi']);
  add('deploy --background', undefined, [
    'demo',
    'deploy',
    '--version',
    '1',
    '--duration',
    '0',
    '--background',
  ]);
} finally {
  spawnSync(process.execPath, [bin, 'demo', 'stop', '-q'], { env });
  rmSync(home, { recursive: true, force: true });
}

const head = ['command', 'median', 'node -e 0', 'ratio', 'budget'];
const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
const line = (cells) =>
  `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
console.log(
  `${runs} runs of each, in turn with \`node -e 0\`; Node ${process.version}, ${process.platform} ${process.arch}\n`,
);
console.log(line(head));
console.log(`|${widths.map((w) => '-'.repeat(w + 2)).join('|')}|`);
for (const row of rows) console.log(line(row));
