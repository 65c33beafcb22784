// Whole-process cost of commands as ratios to `node -e 0`, the two run in turn so that a drifting machine is no difference.
// Usage: npm run bench [-- [RUNS] [--node PATH]]; PATH: another Node, on which everything runs that is measured.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fillJobs } from './fill-jobs.js';

const bin = fileURLToPath(new URL('../bin/mcp2cli.js', import.meta.url));
const catalogueServer = fileURLToPath(new URL('catalogue-server.js', import.meta.url));
const stdioServer = fileURLToPath(new URL('../test/support/stdio-server.js', import.meta.url));
const listingServer = fileURLToPath(new URL('../test/support/listing-server.js', import.meta.url));
const instantServer = fileURLToPath(new URL('instant-server.js', import.meta.url));
const bareClient = fileURLToPath(new URL('bare-client.js', import.meta.url));
const { values, positionals } = parseArgs({
  options: { node: { type: 'string', default: process.execPath } },
  allowPositionals: true,
});
const { node } = values;
const runs = Number(positionals[0] ?? 21);
const nodeVersion = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
/** The budget for this Node: 20 starts slowly, so what is ours shows less (docs/measurements.md). */
const budget = (lts, node20) => (nodeVersion.startsWith('v20.') ? node20 : lts);
const home = mkdtempSync(join(tmpdir(), 'mcp2cli-bench-'));
const env = { ...process.env, MCP2CLI_HOME: home };

/** Wall time of one whole process in milliseconds. */
function time(args) {
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(node, args, {
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
const add = (what, most, args) => {
  const { own, base, ratio } = measure(args);
  rows.push([
    what,
    `${own.toFixed(1)} ms`,
    `${base.toFixed(1)} ms`,
    ratio.toFixed(2),
    most === undefined ? '' : `<= ${most}`,
  ]);
};

/** A row that is measured against another command of the program; `most` is its budget in words. */
const addBeside = (what, most, args, beside) => {
  const { own, base, ratio } = measure(args, [bin, ...beside]);
  rows.push([what, `${own.toFixed(1)} ms`, `${base.toFixed(1)} ms`, ratio.toFixed(2), most]);
};

/** Calls a second of `--each` beside those of a bare client that sends the same requests over as many connections. */
async function eachRow() {
  const calls = 10_000;
  const file = join(home, 'lines.ndjson');
  writeFileSync(file, '{"message":"hi"}\n'.repeat(calls));
  const instant = spawn(node, [instantServer], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [address] = await once(instant.stdout, 'data');
    const url = String(address).trim();
    time([bin, 'instances', 'add', 'instant', url]);
    time([bin, 'instant', 'echo', '--message', 'hi']);
    const rates = Array.from({ length: 3 }, () => {
      const bare = (calls / time([bareClient, url, String(calls), '16'])) * 1_000;
      const own = (calls / time([bin, 'instant', 'echo', '--each', file, '--parallel', '16'])) * 1_000;
      return { bare, own };
    });
    const own = median(rates.map((one) => one.own));
    const bare = median(rates.map((one) => one.bare));
    const ratio = median(rates.map((one) => one.own / one.bare));
    const shown = (rate) => `${rate.toFixed(0)} calls/s`;
    rows.push([
      '--each, 16 at a time, beside a bare client',
      shown(own),
      shown(bare),
      ratio.toFixed(2),
      '>= 0.85',
    ]);
  } finally {
    instant.kill();
  }
}

const server = spawnSync(node, [bin, 'demo', 'start', '-q'], { env, encoding: 'utf8' });
if (server.status !== 0) throw new Error(server.stderr);
try {
  time([bin, 'demo', 'deploy', '--version', '2.0', '--duration', '0', '--background']);
  time([bin, 'demo', 'jobs', 'wait', '--latest']);
  add('jobs list, one record', budget(1.4, 1.2), ['demo', 'jobs', 'list']);
  const jobs = (name) => join(home, 'instances', name, 'jobs');
  const model = readdirSync(jobs('demo')).find((name) => name.startsWith('job_'));
  add('--version', budget(1.25, 1.15), ['--version']);
  add('--help', budget(1.25, 1.15), ['--help']);
  for (const count of [10, 1_000]) {
    const name = `tools${count}`;
    time([bin, 'instances', 'add', name, '--', node, catalogueServer, String(count)]);
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
    add(`jobs list, ${count} records`, count === 1_000 ? budget(2.0, 1.45) : undefined, [
      name,
      'jobs',
      'list',
    ]);
    add(`jobs list --json, ${count} records`, count === 1_000 ? budget(2.0, 1.45) : undefined, [
      name,
      '--json',
      'jobs',
      'list',
    ]);
  }
  const tools = join(home, 'tools.json');
  writeFileSync(tools, JSON.stringify(catalogue(100)));
  time([bin, 'instances', 'add', 'many', '--', node, listingServer, tools]);
  time([bin, 'many', 'refresh']);
  add('ls from the cache, 100 tools', budget(1.7, 1.4), ['many', 'ls']);
  add('TAB behind an instance with 100 tools', budget(1.7, 1.4), ['__complete', '--', 'many', '']);
  add('TAB in the flags of one of them', budget(1.7, 1.4), ['__complete', '--', 'many', 'tool-7', '--']);
  add('TAB for a job, 1000 records', budget(1.7, 1.4), ['__complete', '--', 'bench1000', 'jobs', 'wait', '']);
  keepAlive('demo');
  // The first call starts the keeper.
  time([bin, 'demo', 'echo', '--message', 'hi']);
  add('echo over HTTP through a running keeper', budget(1.9, 1.45), ['demo', 'echo', '--message', 'hi']);
  time([bin, 'instances', 'add', 'stdio', '--cwd', home, '--', node, stdioServer]);
  keepAlive('stdio');
  time([bin, 'stdio', 'describe']);
  add('describe over stdio through a running keeper', budget(1.9, 1.45), ['stdio', 'describe']);
  time([bin, 'keeper', 'stop', '--all']);
  keepAlive('demo', false);
  keepAlive('stdio', false);
  add('describe over stdio, the server started for it', undefined, ['stdio', 'describe']);
  add('echo over HTTP on loopback', budget(2.5, 1.8), ['demo', 'echo', '--message', 'hi']);
  add('deploy --background', budget(2.8, 2.0), [
    'demo',
    'deploy',
    '--version',
    '1',
    '--duration',
    '0',
    '--background',
  ]);
  await eachRow();
} finally {
  spawnSync(node, [bin, 'keeper', 'stop', '--all', '--force'], { env });
  spawnSync(node, [bin, 'demo', 'stop', '-q'], { env });
  rmSync(home, { recursive: true, force: true });
}

const head = ['command', 'median', 'node -e 0, or beside', 'ratio', 'budget'];
const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
const line = (cells) =>
  `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
console.log(
  `${runs} runs of each, in turn with \`node -e 0\`; Node ${nodeVersion}, ${process.platform} ${process.arch}\n`,
);
console.log(line(head));
console.log(`|${widths.map((w) => '-'.repeat(w + 2)).join('|')}|`);
for (const row of rows) console.log(line(row));
