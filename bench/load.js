// Many jobs: submitted at once, listed, shown by prefix, waited for. Usage: npm run bench:load [-- RECORDS...]; prints a table.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fillJobs } from './fill-jobs.js';

const bin = fileURLToPath(new URL('../bin/mcp2cli.js', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'mcp2cli-load-'));
const env = { ...process.env, MCP2CLI_HOME: home };
const counts = process.argv.slice(2).map(Number);
const SUBMITTERS = 50;
const EACH = 20;

/** One whole process: milliseconds, and what it printed. */
function timed(args) {
  const start = process.hrtime.bigint();
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { env, maxBuffer: 1 << 30 });
  if (status !== 0) throw new Error(`${args.join(' ')} exited ${status}: ${stderr}`);
  return { ms: Number(process.hrtime.bigint() - start) / 1e6, stdout: stdout.toString() };
}

const rows = [];
const add = (what, ms, note = '') => rows.push([what, `${(ms / 1000).toFixed(2)} s`, note]);

/** One submitter: a process a job, one after the other. Resolves with the ids. */
async function submitter() {
  const ids = [];
  for (let i = 0; i < EACH; i++)
    ids.push(
      await new Promise((resolve, reject) => {
        const words = ['demo', 'deploy', '--version', '1', '--duration', '0', '--background', '--quiet'];
        const child = spawn(process.execPath, [bin, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] });
        let out = '';
        child.stdout.on('data', (chunk) => {
          out += chunk;
        });
        child.on('close', (code) => (code === 0 ? resolve(out.trim()) : reject(new Error(`exit ${code}`))));
      }),
    );
  return ids;
}

timed(['demo', 'start', '-q']);
try {
  let start = process.hrtime.bigint();
  const ids = (await Promise.all(Array.from({ length: SUBMITTERS }, submitter))).flat();
  add(
    `${ids.length} jobs submitted by ${SUBMITTERS} processes at a time`,
    Number(process.hrtime.bigint() - start) / 1e6,
    `${new Set(ids).size} different ids`,
  );
  start = process.hrtime.bigint();
  for (let at = 0; at < ids.length; at += 250)
    timed(['demo', 'jobs', 'wait', '-q', ...ids.slice(at, at + 250)]);
  add('all of them waited for', Number(process.hrtime.bigint() - start) / 1e6);
  const ended = JSON.parse(timed(['demo', '--json', 'jobs', 'list', '--status', 'completed']).stdout).length;
  if (ended !== ids.length) throw new Error(`${ended} of ${ids.length} jobs are completed`);
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
    add(`jobs list --limit 10, ${count} records`, timed([name, 'jobs', 'list', '--limit', '10']).ms);
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
    add(`jobs show --latest, ${count} records`, timed([name, 'jobs', 'show', '--latest']).ms);
  }
} finally {
  spawnSync(process.execPath, [bin, 'demo', 'stop', '-q'], { env });
  rmSync(home, { recursive: true, force: true });
}

const head = ['what', 'time', ''];
const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
const line = (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
console.log(
  `Node ${process.version}, ${process.platform} ${process.arch}, ${readFileSync('/proc/loadavg', 'utf8').split(' ')[0]} load\n`,
);
console.log(line(head));
console.log(`|${widths.map((w) => '-'.repeat(w + 2)).join('|')}|`);
for (const row of rows) console.log(line(row));
