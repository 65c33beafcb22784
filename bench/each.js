// `--each` beside a bare client: calls a second over HTTP, 16 at a time, against a server that answers at once and against server-everything; and
// submissions with `--background`. A part of `npm run bench`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median } from './measure.js';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const instantServer = here('instant-server.js');
const bareClient = here('bare-client.js');
const everything = here('../node_modules/@modelcontextprotocol/server-everything/dist/index.js');

const CALLS = 10_000;
const PARALLEL = '16';
const ROUNDS = 3;
const SUBMISSIONS = 1_000;

/** Rows of the table: what, own, what stands beside it, ratio, goal. `demo`: an instance whose tool `deploy` is a task. */
export async function eachRows({ node, bin, home, env, time }) {
  const lines = (name, line, count) => {
    const file = join(home, name);
    writeFileSync(file, `${JSON.stringify(line)}\n`.repeat(count));
    return file;
  };
  const echoes = lines('echoes.ndjson', { message: 'hi' }, CALLS);
  const deploys = lines('deploys.ndjson', { version: '1', duration: 0 }, SUBMISSIONS);

  const beside = (server, name, url, atLeast) => {
    time([bin, 'instances', 'add', name, url]);
    time([bin, name, 'echo', '--message', 'hi']);
    const rounds = Array.from({ length: ROUNDS }, () => [
      time([bareClient, url, String(CALLS), PARALLEL]),
      time([bin, name, 'echo', '--each', echoes, '--parallel', PARALLEL]),
    ]);
    const rate = (ms) => (CALLS / ms) * 1_000;
    const own = median(rounds.map(([, ms]) => rate(ms)));
    const bare = median(rounds.map(([ms]) => rate(ms)));
    const ratio = median(rounds.map(([b, o]) => b / o));
    return [
      `--each, ${CALLS} lines, ${PARALLEL} at a time, ${server}, beside a bare client`,
      `${own.toFixed(0)}/s`,
      `${bare.toFixed(0)}/s`,
      ratio.toFixed(2),
      atLeast,
    ];
  };

  const rows = [];
  const instant = spawn(node, [instantServer], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [address] = await once(instant.stdout, 'data');
    rows.push(beside('a server that answers at once', 'instant', String(address).trim(), '>= 2000/s'));
  } finally {
    instant.kill();
  }
  const port = await freePort();
  const slow = spawn(node, [everything, 'streamableHttp'], {
    env: { ...env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    for await (const chunk of slow.stderr.iterator({ destroyOnReturn: false }))
      if (String(chunk).includes('listening')) break;
    slow.stderr.resume();
    rows.push(beside('server-everything', 'everything', `http://127.0.0.1:${port}/mcp`, '>= 0.85'));
  } finally {
    slow.kill();
  }
  const ms = time([bin, 'demo', 'deploy', '--background', '--each', deploys, '--parallel', PARALLEL]);
  rows.push([
    `--background --each of ${SUBMISSIONS} lines`,
    `${(ms / 1_000).toFixed(1)} s`,
    '',
    '',
    '<= 10 s',
  ]);
  return rows;
}

/** A port that nobody listens on at this moment. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
