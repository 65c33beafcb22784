// Whole-process cost of commands as ratios to `node -e 0`, the two run in turn so that a drifting machine is no difference.
// Usage: npm run bench [-- [RUNS] [--node PATH]]; PATH: another Node, on which everything runs that is measured.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { eachRows } from './each.js';
import { fillJobs } from './fill-jobs.js';
import { inTurn, median, table, timer } from './measure.js';

const bin = fileURLToPath(new URL('../bin/mcp2cli.js', import.meta.url));
const catalogueServer = fileURLToPath(new URL('catalogue-server.js', import.meta.url));
const stdioServer = fileURLToPath(new URL('../test/support/stdio-server.js', import.meta.url));
const listingServer = fileURLToPath(new URL('../test/support/listing-server.js', import.meta.url));
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
const time = timer(node, env);

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
/** A row of a command beside another, `node -e 0` where none is named; `goal` in words, or the ratio that it must not exceed. */
const add = (what, goal, args, beside = ['-e', '0']) => {
  const rounds = inTurn(time, runs, beside, [bin, ...args]);
  rows.push([
    what,
    `${median(rounds.map(([, own]) => own)).toFixed(1)} ms`,
    `${median(rounds.map(([base]) => base)).toFixed(1)} ms`,
    median(rounds.map(([base, own]) => own / base)).toFixed(2),
    typeof goal === 'number' ? `<= ${goal}` : (goal ?? ''),
  ]);
};

/** A call that starts its server: what it takes beyond a Node that does nothing and a server that is started and ends at once. */
const addCold = (what, most, args, serverLine) => {
  const rounds = inTurn(time, runs, ['-e', '0'], serverLine, [bin, ...args]);
  const beyond = median(rounds.map(([base, start, own]) => own - start - base));
  rows.push([
    what,
    `${median(rounds.map(([, , own]) => own)).toFixed(1)} ms`,
    `${median(rounds.map(([, start]) => start)).toFixed(1)} ms`,
    `+ ${beyond.toFixed(1)} ms`,
    `<= + ${most} ms`,
  ]);
};

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
  add(
    'help of a tool with 150 properties, beside --help',
    1.5,
    ['tools10', 'wide', '--help'],
    [bin, '--help'],
  );
  const echo = ['echo', '--message', 'hi'];
  add(
    'echo, one of 1,000 tools (10 MB), beside one of 10',
    '< 60 ms more',
    ['tools1000', ...echo],
    [bin, 'tools10', ...echo],
  );
  add(
    'the same with --dry-run',
    '< 60 ms more',
    ['tools1000', '--dry-run', ...echo],
    [bin, 'tools10', '--dry-run', ...echo],
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
  addCold(
    "describe over stdio, beside the server's own start (and node -e 0)",
    25,
    ['stdio', 'describe'],
    [stdioServer],
  );
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
  rows.push(...(await eachRows({ node, bin, home, env, time })));
} finally {
  spawnSync(node, [bin, 'keeper', 'stop', '--all', '--force'], { env });
  spawnSync(node, [bin, 'demo', 'stop', '-q'], { env });
  rmSync(home, { recursive: true, force: true });
}

console.log(
  `${runs} runs of each, in turn with what stands beside it: \`node -e 0\` where nothing is named. Node ${nodeVersion}, ${process.platform} ${process.arch}, load ${loadavg()[0]?.toFixed(1)}\n`,
);
console.log(table(['command', 'median', 'beside it', 'ratio', 'goal'], rows));
