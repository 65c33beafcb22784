// Runs of a job of one's own: start, throughput, memory. Usage: npm run bench:jobs [-- RUNS]; prints a table. It speaks to `serve --jobs` over stdio itself,
// as an MCP host does, so that what is measured is the host of the jobs and nothing else.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../bin/mcp2cli.js', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'mcp2cli-runs-'));
const RUNS = Number(process.argv[2] ?? 20_000);
const PARALLEL = 16;

mkdirSync(join(root, 'jobs'));
const job = (name, more, body) =>
  writeFileSync(
    join(root, 'jobs', `${name}.job.ts`),
    `import { job, z } from 'mcp2cli/jobs';
export default job({ name: '${name}', inputSchema: { n: z.number() }, outputSchema: { n: z.number() } })(async ({ n }, ctx) => { ${body} });\n${more}`,
  );
job('next', '', 'return { n: n + 1 };');
// What it leaves behind costs it its thread: each of its runs needs a new one.
job('leaves', '', 'setInterval(() => {}, 60_000); return { n: n + 1 };');

const env = { ...process.env, MCP2CLI_HOME: join(root, 'home') };
const host = spawn(process.execPath, [bin, 'serve', '--jobs', join(root, 'jobs')], {
  env,
  stdio: ['pipe', 'pipe', 'inherit'],
});
const answers = new Map();
createInterface({ input: host.stdout }).on('line', (line) => {
  const { id, result, error } = JSON.parse(line);
  const waiting = answers.get(id);
  answers.delete(id);
  if (error) waiting?.reject(new Error(error.message));
  else waiting?.resolve(result);
});
let last = 0;
const ask = (method, params) =>
  new Promise((resolve, reject) => {
    answers.set(++last, { resolve, reject });
    host.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: last, method, params })}\n`);
  });
const call = async (name, n) => {
  const { structuredContent } = await ask('tools/call', { name, arguments: { n } });
  if (structuredContent?.n !== n + 1) throw new Error(`${name} ${n}: ${JSON.stringify(structuredContent)}`);
};

/** Resident memory of the host in MB, and seconds of processor time that it has used; 0 where /proc has neither. */
function usage() {
  try {
    const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${host.pid}/status`, 'latin1'))?.[1]) / 1024;
    const stat = readFileSync(`/proc/${host.pid}/stat`, 'latin1')
      .replace(/^.*\) /, '')
      .split(' ');
    return { rss, cpu: (Number(stat[11]) + Number(stat[12])) / 100 };
  } catch {
    return { rss: 0, cpu: 0 };
  }
}

async function many(name, count, parallel) {
  let next = 0;
  const lane = async () => {
    while (next < count) await call(name, next++);
  };
  await Promise.all(Array.from({ length: parallel }, lane));
}

async function timed(work) {
  const [begun, before] = [performance.now(), usage().cpu];
  await work();
  return { s: (performance.now() - begun) / 1000, cpu: usage().cpu - before };
}

const rows = [];
try {
  await ask('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'bench', version: '1' },
  });
  await call('next', 0);
  const one = await timed(() => many('next', 200, 1));
  rows.push(['a run in a warm thread, one after the other', `${((one.s / 200) * 1000).toFixed(2)} ms`]);
  await call('leaves', 0);
  const fresh = await timed(() => many('leaves', 30, 1));
  rows.push([
    'a run that needs a new thread (start, library, import from the cache)',
    `${((fresh.s / 30) * 1000).toFixed(0)} ms, processor ${((fresh.cpu / 30) * 1000).toFixed(0)} ms`,
  ]);
  const thousand = await timed(() => many('next', 1_000, PARALLEL));
  rows.push([
    `1,000 runs, ${PARALLEL} at a time`,
    `${(1_000 / thousand.s).toFixed(0)} a second, processor ${thousand.cpu.toFixed(2)} s`,
  ]);
  const steps = [];
  for (let done = 0; done < RUNS; done += RUNS / 4) {
    await many('next', RUNS / 4, PARALLEL);
    steps.push(`${usage().rss.toFixed(0)} MB`);
  }
  rows.push([`memory of the host after each quarter of ${RUNS} runs`, steps.join(', ')]);
} finally {
  host.stdin.end();
  await new Promise((resolve) => host.once('exit', resolve));
  rmSync(root, { recursive: true, force: true });
}
const width = Math.max(...rows.map(([what]) => what.length));
for (const [what, figure] of rows) console.log(`${what.padEnd(width)}  ${figure}`);
