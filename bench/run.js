// Whole-process cost of commands as ratios to `node -e 0`, the two run in turn so that a drifting machine is no difference.
// Usage: npm run bench [-- RUNS]
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fillJobs } from './fill-jobs.js';

const bin = fileURLToPath(new URL('../bin/mcp2cli.js', import.meta.url));
const catalogueServer = fileURLToPath(new URL('catalogue-server.js', import.meta.url));
const stdioServer = fileURLToPath(new URL('../test/support/stdio-server.js', import.meta.url));
const listingServer = fileURLToPath(new URL('../test/support/listing-server.js', import.meta.url));
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

/** Medians of a command and of what stands beside it (`node -e 0`), and of the ratios pair by pair. */
function measure(args, beside = ['-e', '0']) {
  const command = [bin, ...args];
  time(command);
  const own = [];
  const base = [];
  const ratios = [];
  for (let i = 0; i < runs; i++) {
    const b = time(beside);
    const o = time(command);
    base.push(b);
    own.push(o);
    ratios.push(o / b);
  }
  return { own: median(own), base: median(base), ratio: median(ratios) };
}

/** Tools of the usual size. */
function catalogue(count) {
  const property = (i) => ({
    type: i % 2 ? 'string' : 'integer',
    description: 'What it is about. And more of it, as servers tell it.',
    ...(i === 3 ? { enum: ['low', 'middle', 'high'] } : {}),
  });
  const properties = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`property_${i}`, property(i)]));
  return Array.from({ length: count }, (_, i) => ({
    name: `tool_${i}`,
    description: `Do the thing of number ${i}. With a few more words about it, so that it has the usual length.`,
    inputSchema: { type: 'object', properties, required: ['property_1'] },
  }));
}

/** Whether calls of the instance go through a keeper. */
function keepAlive(instance, on = true) {
  const path = join(home, 'config.json');
  const config = JSON.parse(readFileSync(path, 'utf8'));
  config.mcpServers[instance].keepAlive = on;
  config.mcpServers[instance].idleTimeout = '10m';
  writeFileSync(path, JSON.stringify(config));
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

/** A row that is measured against another command of the program; `most` is its budget in words. */
const addBeside = (what, most, args, beside) => {
  const { own, base, ratio } = measure(args, [bin, ...beside]);
  rows.push([what, `${own.toFixed(1)} ms`, `${base.toFixed(1)} ms`, ratio.toFixed(2), most]);
};

const server = spawnSync(process.execPath, [bin, 'demo', 'start', '-q'], { env, encoding: 'utf8' });
if (server.status !== 0) throw new Error(server.stderr);
try {
  time([bin, 'demo', 'deploy', '--version', '2.0', '--duration', '0', '--background']);
  time([bin, 'demo', 'jobs', 'wait', '--latest']);
  const jobs = (name) => join(home, 'instances', name, 'jobs');
  const model = readdirSync(jobs('demo')).find((name) => name.startsWith('job_'));
  add('--version', 1.2, ['--version']);
  add('--help', 1.2, ['--help']);
  for (const count of [10, 1_000]) {
    const name = `tools${count}`;
    time([bin, 'instances', 'add', name, '--', process.execPath, catalogueServer, String(count)]);
    time([bin, name, 'ls']);
  }
  addBeside(
    'help of a tool with 150 properties, beside --help',
    '<= 1.5',
    ['tools10', 'wide', '--help'],
    ['--help'],
  );
  const echo = ['echo', '--message', 'hi'];
  addBeside(
    'echo, one of 1,000 tools (10 MB), beside one of 10',
    '< 60 ms more',
    ['tools1000', ...echo],
    ['tools10', ...echo],
  );
  addBeside(
    'the same with --dry-run',
    '< 60 ms more',
    ['tools1000', '--dry-run', ...echo],
    ['tools10', '--dry-run', ...echo],
  );
  for (const count of [1_000, 10_000]) {
    const name = `bench${count}`;
    time([bin, 'instances', 'add', name, '--url', 'http://127.0.0.1:9/mcp']);
    fillJobs(jobs('demo'), jobs(name), { model, instance: name, count });
    // The first list makes the index of what has been left alone for two seconds.
    execFileSync('sleep', ['2.1']);
    time([bin, name, 'jobs', 'list']);
    add(`jobs list, ${count} records`, count === 1_000 ? 1.5 : undefined, [name, 'jobs', 'list']);
    add(`jobs list --json, ${count} records`, count === 1_000 ? 1.5 : undefined, [
      name,
      '--json',
      'jobs',
      'list',
    ]);
  }
  const tools = join(home, 'tools.json');
  writeFileSync(tools, JSON.stringify(catalogue(100)));
  time([bin, 'instances', 'add', 'many', '--', process.execPath, listingServer, tools]);
  time([bin, 'many', 'refresh']);
  add('TAB behind an instance with 100 tools', 1.6, ['__complete', '--', 'many', '']);
  add('TAB in the flags of one of them', 1.6, ['__complete', '--', 'many', 'tool-7', '--']);
  add('TAB for a job, 1000 records', 1.6, ['__complete', '--', 'bench1000', 'jobs', 'wait', '']);
  keepAlive('demo');
  // The first call starts the keeper.
  time([bin, 'demo', 'echo', '--message', 'hi']);
  add('echo over HTTP through a running keeper', 1.6, ['demo', 'echo', '--message', 'hi']);
  time([bin, 'instances', 'add', 'stdio', '--cwd', home, '--', process.execPath, stdioServer]);
  keepAlive('stdio');
  time([bin, 'stdio', 'describe']);
  add('describe over stdio through a running keeper', 1.6, ['stdio', 'describe']);
  time([bin, 'keeper', 'stop', '--all']);
  keepAlive('demo', false);
  keepAlive('stdio', false);
  add('describe over stdio, the server started for it', undefined, ['stdio', 'describe']);
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
  spawnSync(process.execPath, [bin, 'keeper', 'stop', '--all', '--force'], { env });
  spawnSync(process.execPath, [bin, 'demo', 'stop', '-q'], { env });
  rmSync(home, { recursive: true, force: true });
}

const head = ['command', 'median', 'node -e 0, or beside', 'ratio', 'budget'];
const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
const line = (cells) =>
  `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
console.log(
  `${runs} runs of each, in turn with \`node -e 0\`; Node ${process.version}, ${process.platform} ${process.arch}\n`,
);
console.log(line(head));
console.log(`|${widths.map((w) => '-'.repeat(w + 2)).join('|')}|`);
for (const row of rows) console.log(line(row));
