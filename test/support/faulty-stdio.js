// A stdio server by hand with one fault: node faulty-stdio.js MODE. PIDS names a file that gets the pid of each process, a line each.
//
//   plain        no fault
//   launcher     starts the real server as a child, which ignores the end of its input and SIGTERM
//   leaver       the same, but ends at once and leaves the server behind
//   ignoreeof    goes on when its input ends
//   ignoreterm   the same, and SIGTERM and SIGINT do not end it either
//   partial      text without a line feed before the first message
//   prompt       text without a line feed, and never an answer
//   banner       lines that are no messages first, JSON among them
//   logs         logs each message that it gets, on stdout
//   bom          a byte order mark first
//   crlf         lines end with CR LF
//   split        messages come in pieces of 7 bytes
//   batch        answers come in an array (MCP 2025-03-26)
//   usage        prints how it is used on stdout, and ends
//   badstart     says on stderr what it misses, and ends
//   probe-ends   ends at a request before `initialize`
//   probe-spoils answers a request before `initialize` with an error, and everything after it
//   closes       closes its stdout at a call, and goes on
//   pipeholder   starts a process in a group of its own that holds its pipes, and ends with its input
import { spawn } from 'node:child_process';
import { appendFileSync, closeSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [, script, mode = 'plain', ...rest] = process.argv;
const { PIDS } = process.env;
if (PIDS) appendFileSync(PIDS, `${process.pid}\n`);

function out(text) {
  const bytes = Buffer.from(text);
  const step = mode === 'split' ? 7 : bytes.length;
  for (let at = 0; at < bytes.length; )
    try {
      at += writeSync(1, bytes.subarray(at, at + step));
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
}

const AT_START = {
  partial: () => out('Loading model... '),
  prompt: () => out('Password: '),
  bom: () => out('\ufeff'),
  banner: () =>
    out(
      '\n◇ injected env (0) from .env\n[INFO] starting\n{"level":"info","id":7}\n"text"\n[1,2]\nnull\n123\n',
    ),
  usage() {
    out('Usage: server [options]\n  --token TOKEN  required\n');
    process.exit(2);
  },
  badstart() {
    writeSync(2, 'Error: NOTION_TOKEN is not set\n    at x\n');
    process.exit(1);
  },
  launcher: () =>
    spawn(process.execPath, [script, 'ignoreterm', ...rest], { stdio: 'inherit' }).on('exit', (code) =>
      process.exit(code ?? 0),
    ),
  leaver() {
    spawn(process.execPath, [script, 'ignoreterm', ...rest], { stdio: 'inherit' }).unref();
    process.exit(0);
  },
  pipeholder: () =>
    spawn(process.execPath, ['-e', `setTimeout(() => {}, 20_000); console.error('held ' + process.pid)`], {
      stdio: 'inherit',
      detached: true,
    }).unref(),
};
AT_START[mode]?.();
const stays = mode === 'ignoreeof' || mode === 'ignoreterm';
if (mode === 'ignoreterm') for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => {});
if (stays || mode === 'closes') setInterval(() => {}, 60_000);

function send(message) {
  const framed = { jsonrpc: '2.0', ...message };
  out(`${JSON.stringify(mode === 'batch' ? [framed] : framed)}${mode === 'crlf' ? '\r\n' : '\n'}`);
}

const TOOLS = {
  argv: () => JSON.stringify(process.argv.slice(2)),
  env: () => JSON.stringify(process.env),
  pid: () => String(process.pid),
  text: ({ size = 0 }) => 'é😀'.repeat(size),
  noise() {
    out('debug: working...\n{"progress": 1}\n');
    return 'noise done';
  },
  hang: () => void writeSync(2, `hanging ${process.pid}\n`),
  close: () => void closeSync(1),
};

let started = false;
const NUMBERS = '{"big":725653563933458432,"huge":1e400,"price":1.10}';
const inputSchema = { type: 'object', properties: { size: { type: 'integer' }, n: { type: 'integer' } } };

function handle({ id, method, params }) {
  if (mode === 'probe-ends' && method !== 'initialize' && !started) process.exit(1);
  const isSpoilt = mode === 'probe-spoils' && method !== 'initialize';
  if (method === 'initialize' && started !== 'spoilt') {
    started = true;
    const serverInfo = { name: 'faulty', version: '1' };
    return send({
      id,
      result: { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo },
    });
  }
  if (isSpoilt && started !== true) started = 'spoilt';
  if (method === 'tools/list')
    return send({
      id,
      result: { tools: [...Object.keys(TOOLS), 'numbers'].map((name) => ({ name, inputSchema })) },
    });
  if (method === 'tools/call' && params.name === 'numbers')
    return out(
      `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"content":[{"type":"text","text":"numbers"}],"structuredContent":${NUMBERS}}}\n`,
    );
  if (method === 'tools/call' && Object.hasOwn(TOOLS, params.name)) {
    const text = TOOLS[params.name](params.arguments ?? {});
    return text === undefined ? undefined : send({ id, result: { content: [{ type: 'text', text }] } });
  }
  return send({ id, error: { code: -32601, message: 'Method not found' } });
}

if (mode !== 'launcher') {
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    if (mode === 'logs') out(`received ${line}\n`);
    const message = JSON.parse(line);
    if (message.id !== undefined && mode !== 'prompt') handle(message);
  });
  lines.on('close', () => {
    if (!stays && mode !== 'closes') process.exit(0);
  });
}
