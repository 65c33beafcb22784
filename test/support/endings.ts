/** Wrong answers at every step over every transport, and what a command may come to: shared by the fault suite and the tests. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RunResult, run } from './cli.ts';
import { freshHome } from './home.ts';
import { type Exchange, hostileServer, type Misdeed } from './hostile.ts';
import { answer } from './http-faults.ts';
import { endKeepers } from './keeper.ts';
import { rightResult, WRONG_ANSWERS, type WrongAnswer } from './wrong-answers.js';

const STDIO = fileURLToPath(new URL('./wrong-answers-stdio.js', import.meta.url));

export const TRANSPORTS = ['JSON', 'event stream', 'HTTP+SSE', 'stdio'] as const;
export type TransportName = (typeof TRANSPORTS)[number];

export interface Step {
  name: string;
  /** The request that is answered wrongly. */
  method: string;
  /** The command, with a limit of its own. */
  words: string;
  /** A job has to be there first. */
  job?: boolean;
  transports?: readonly TransportName[];
}

const HTTP = ['JSON', 'event stream'] as const;

export const STEPS: readonly Step[] = [
  // HTTP+SSE is older than the question.
  { name: 'server/discover', method: 'server/discover', words: 'ls', transports: [...HTTP, 'stdio'] },
  { name: 'initialize', method: 'initialize', words: 'work --n 1' },
  { name: 'tools/list', method: 'tools/list', words: 'ls' },
  { name: 'tools/call', method: 'tools/call', words: 'work --n 1' },
  { name: 'tools/call --background', method: 'tools/call', words: 'work --n 1 --background' },
  { name: 'tasks/get of wait', method: 'tasks/get', words: 'jobs wait --latest', job: true },
  {
    name: 'tasks/get of show',
    method: 'tasks/get',
    words: 'jobs show --latest',
    job: true,
    transports: HTTP,
  },
  {
    name: 'tasks/get of list',
    method: 'tasks/get',
    words: 'jobs list --refresh',
    job: true,
    transports: HTTP,
  },
  { name: 'tasks/result', method: 'tasks/result', words: 'jobs wait --latest', job: true },
  { name: 'tasks/cancel', method: 'tasks/cancel', words: 'jobs cancel --latest', job: true },
];

/** What only HTTP can do. */
const OF_HTTP: Record<string, { misdeed: Misdeed; means: string }> = {
  'HTTP 202': { misdeed: answer(202), means: 'none' },
  'HTTP 204': { misdeed: answer(204), means: 'none' },
  'HTTP 401': { misdeed: answer(401, '', { 'www-authenticate': 'Bearer' }), means: 'auth' },
  'HTTP 403': { misdeed: answer(403, 'no'), means: 'auth' },
  'HTTP 404': { misdeed: answer(404), means: 'gone' },
  'HTTP 429': { misdeed: answer(429), means: 'busy' },
  'HTTP 429 for an hour': { misdeed: answer(429, '', { 'retry-after': '3600' }), means: 'busy' },
  'HTTP 500': { misdeed: answer(500, 'a page'), means: 'busy' },
  'HTTP 503': { misdeed: answer(503), means: 'busy' },
  'a redirect in a circle': {
    misdeed: ({ request, response }) => response.writeHead(307, { location: request.url ?? '' }).end(),
    means: 'lost',
  },
  'a type unheard of': { misdeed: answer(200, '<html>', { 'content-type': 'text/html' }), means: 'none' },
  'comments without end': {
    misdeed: ({ response }) => {
      begin(response);
      again(response, () => ': still there\n\n');
    },
    means: 'silence',
  },
  'spaces without end': {
    misdeed: ({ response }) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      again(response, () => ' ');
    },
    means: 'silence',
  },
  'a head, then silence': {
    misdeed: ({ response }) => {
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    },
    means: 'silence',
  },
  'a body that is shorter than it says': {
    misdeed: ({ response }) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"jsonrpc":', () => response.destroy());
    },
    means: 'lost',
  },
};

export interface Case {
  name: string;
  answer: string;
  means: string;
  step: Step;
  transport: TransportName;
}

/** Every wrong answer at every step over every transport. */
export const CASES: readonly Case[] = TRANSPORTS.flatMap((transport) =>
  STEPS.filter(({ transports }) => transports?.includes(transport) ?? true).flatMap((step) =>
    [
      ...Object.entries(WRONG_ANSWERS)
        .filter(([, { task, many }]) => (!task || isOfTask(step)) && !(many && transport === 'JSON'))
        .map(([name, { means }]) => [name, means] as const),
      ...(transport === 'JSON'
        ? Object.entries(OF_HTTP).map(([name, { means }]) => [name, means] as const)
        : []),
    ].map(([name, means]) => ({
      name: `${name}, to ${step.name}, over ${transport}`,
      answer: name,
      means,
      step,
      transport,
    })),
  ),
);

/** Every wrong answer over every transport, each at some of the steps: `some` of every `of`. */
export function crossSection(some: number, of: number): Case[] {
  const answers = [...new Set(CASES.map(({ answer: name }) => name))];
  return CASES.filter(({ answer: name, step, transport }) => {
    const n = answers.indexOf(name) + STEPS.indexOf(step) + TRANSPORTS.indexOf(transport);
    return n % of < some;
  });
}

function isOfTask({ method, words }: Step): boolean {
  return method === 'tasks/get' || method === 'tasks/cancel' || words.includes('--background');
}

/** Limits of connecting and of the whole, in seconds: short where only a limit ends it; a busy machine gets its time for the others. */
function limitsOf({ means, step, transport }: Case): [connect: number, all: number] {
  const isSilent = means === 'silence' || (means === 'none' && !HTTP.includes(transport as 'JSON'));
  if (isSilent) return [2, 3];
  return [15, step.words.startsWith('jobs wait') ? 4 : 15];
}

/** How many times as long the limits may become on a machine on which commands do not get as far as the wrong answer. */
const MOST_PATIENCE = 8;

export interface Ending {
  end: RunResult;
  ms: number;
  /** How often a call of the tool has reached the server, by the server's own count. */
  calls: number;
}

/** Gives the wrong answer, and runs the command to its end. A busy machine may end it before that: then once more, with limits that are twice as long. */
export async function endingOf(one: Case, patience = 1): Promise<Ending> {
  const { answer: name, step, transport } = one;
  const home = freshHome();
  const wrong = WRONG_ANSWERS[name];
  let server: object;
  let calls: () => number;
  /** How often what is answered wrongly was asked. */
  let asked: () => number;
  let misbehave = () => {};
  if (transport === 'stdio') {
    const [callsFile, askedFile] = [join(home, 'calls'), join(home, 'asked')];
    const env = { CALLS: callsFile, ASKED: askedFile };
    server = { command: process.execPath, args: [STDIO, step.method, name], env };
    calls = () => linesOf(callsFile);
    asked = () => linesOf(askedFile);
    endKeepers(home);
  } else {
    const hostile = await hostileServer();
    const misdeed = wrong ? asMisdeed(wrong, step) : (OF_HTTP[name]?.misdeed as Misdeed);
    hostile.on('*', (exchange) => well(exchange, step));
    if (transport === 'HTTP+SSE') asSse(hostile, step, wrong as WrongAnswer);
    else
      misbehave = () =>
        hostile.on(step.method, transport === 'JSON' ? misdeed : asStream(wrong as WrongAnswer, step));
    server = { url: hostile.url };
    calls = () => hostile.count('tools/call');
    asked = () => hostile.count(step.method);
  }
  writeFileSync(join(home, 'config.json'), JSON.stringify({ mcpServers: { work: server } }), { mode: 0o600 });
  const env = { MCP2CLI_RETRY_BUDGET: '1s' };
  if (step.job) await run(['work', 'work', '--n', '1', '--background'], { home, env });
  misbehave();
  const began = performance.now();
  const [connect, all] = limitsOf(one).map((seconds) => `${seconds * patience}s`) as [string, string];
  const words = ['work', '--connect-timeout', connect, '--timeout', all, ...step.words.split(' ')];
  const end = await run(words, { home, env, timeoutMs: 60_000 });
  if (asked() === 0 && patience < MOST_PATIENCE) return endingOf(one, 2 * patience);
  return { end, ms: performance.now() - began, calls: calls() };
}

function linesOf(path: string): number {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0;
}

function well(exchange: Exchange, step: Step): unknown {
  const { method, id, params, result } = exchange;
  if (id === undefined) return false;
  // It blocks until the task has ended.
  if (method === 'tasks/result' && step.method !== method) return true;
  const right = rightResult(method, params, step.method === 'tasks/result');
  return right === undefined ? false : result(right);
}

function begin(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
}

function again(response: ServerResponse, text: () => string): void {
  const timer = setInterval(() => response.write(text()), 5);
  response.once('close', () => clearInterval(timer));
}

function rightOf({ method, params }: Exchange, step: Step): Record<string, unknown> {
  return rightResult(method, params, step.method === 'tasks/result') ?? {};
}

/** As a body of JSON. */
const asMisdeed =
  (wrong: WrongAnswer, step: Step): Misdeed =>
  (exchange) => {
    const { response, request, id } = exchange;
    if (wrong.after === 'reset') return request.socket.resetAndDestroy();
    const text = wrong.say(id, rightOf(exchange, step)).join('\n');
    if (wrong.after === 'open' && text === '') return undefined;
    response.writeHead(200, { 'content-type': 'application/json' });
    if (wrong.after === 'open') return response.write(text);
    return response.end(text);
  };

const asEvents = ({ cut }: WrongAnswer, texts: readonly string[]) =>
  texts.map((text, i) => `data: ${text}${cut && i === texts.length - 1 ? '' : '\n\n'}`).join('');

/** As an event stream that is the answer to the request. */
const asStream =
  (wrong: WrongAnswer, step: Step): Misdeed =>
  (exchange) => {
    const { response, id } = exchange;
    begin(response);
    response.write(`: begins\n\n${asEvents(wrong, wrong.say(id, rightOf(exchange, step)))}`);
    if (wrong.every) again(response, () => asEvents(wrong, wrong.every?.() ?? []));
    if (wrong.after === 'reset') return setTimeout(() => response.socket?.resetAndDestroy(), 20);
    return wrong.after === 'open' ? undefined : response.end();
  };

/** As HTTP+SSE: requests are taken with 202, and every answer comes on the stream of the session. */
function asSse(server: Awaited<ReturnType<typeof hostileServer>>, step: Step, wrong: WrongAnswer): void {
  let stream: ServerResponse | undefined;
  let jobs = 0;
  server.on('*', (exchange) => {
    const { request, response, method, id } = exchange;
    if (method === 'GET') {
      begin(response);
      stream = response;
      return stream.write('event: endpoint\ndata: /messages\n\n');
    }
    if (request.url !== '/messages') return response.writeHead(405).end();
    response.writeHead(202).end();
    if (id === undefined || !stream || (method === 'tasks/result' && step.method !== method)) return true;
    const right = rightResult(method, exchange.params, step.method === 'tasks/result');
    // The first call makes the job, where there has to be one.
    const isWrong = method === step.method && !(step.job && method === 'tools/call' && jobs++ === 0);
    if (!isWrong) {
      const said = right ? { result: right } : { error: { code: -32601, message: 'Method not found' } };
      return stream.write(
        asEvents({ ...wrong, cut: false }, [JSON.stringify({ jsonrpc: '2.0', id, ...said })]),
      );
    }
    const to = stream;
    to.write(asEvents(wrong, wrong.say(id, right ?? {})) || ': nothing\n\n');
    if (wrong.every) again(to, () => asEvents(wrong, wrong.every?.() ?? []));
    if (wrong.after === 'reset') return setTimeout(() => to.socket?.resetAndDestroy(), 20);
    return wrong.after === 'end' ? to.end() : true;
  });
}
