/** Every misdeed of a network or a gateway at every step of a job: the exit code says what it came to, and no call goes out twice. */

import { it } from 'vitest';
import { inLanes } from '../../src/lib/lanes.ts';
import { type Hostile, hostileServer, type Misdeed } from '../support/hostile.ts';
import { type Ledger, ledger } from '../support/ledger.ts';
import { MISDEEDS, type MisdeedName, SLOW } from '../support/misdeeds.ts';
import { type Work, workAt } from '../support/work.ts';

const NAMES = Object.keys(MISDEEDS) as MisdeedName[];
const AUTH: readonly string[] = ['HTTP 401', 'HTTP 403'];

/** JSON-RPC errors: what was asked was refused, whether or not the error has its id. */
const REFUSED: readonly string[] = ['an internal error', 'an id of null'];

/** A session that is gone has not taken the call: it goes out once more, in a new one. */
const SESSION_GONE = 'HTTP 404';

/** Refusals after which the server has surely not run the call. */
const NOT_TAKEN: readonly string[] = ['HTTP 401', 'HTTP 403', 'HTTP 404', 'a redirect to itself'];

async function place(): Promise<{ server: Hostile; work: Work }> {
  const server = await hostileServer();
  return { server, work: await workAt(server.url, { MCP2CLI_RETRY_BUDGET: '1s' }) };
}

/** All misdeeds, some at a time, since they wait: each on a server and a home of its own. */
function each(
  book: Ledger,
  names: readonly string[],
  tryOne: (name: string) => Promise<void>,
): Promise<void> {
  return inLanes(6, names, (name) => {
    book.tried();
    return tryOne(name);
  });
}

it.each(['initialize', 'tools/list'])('before anything is submitted: %s', async (method) => {
  const book = ledger(`network: ${method}`);
  await each(book, NAMES, async (name) => {
    const { server, work } = await place();
    server.on(method, MISDEEDS[name as MisdeedName]);
    // A busy server is asked again when it says so, for the time that is given. All others end before it, on a busy machine too.
    const limit = name === 'HTTP 429' ? '4s' : '60s';
    const { code, stdout, stderr } = await work.run(`--timeout ${limit} work --n 1 --background`);
    const expected = AUTH.includes(name)
      ? [4]
      : REFUSED.includes(name)
        ? [1, 3]
        : name === 'HTTP 429'
          ? [3, 124]
          : [3];
    if (!expected.includes(code ?? -1) || stdout !== '' || !stderr.startsWith('error: '))
      book.wrong(`${name}: ${code} ${stdout}${stderr}`);
    if (name === 'a redirect to itself' && server.count(method) > 1)
      book.twice(`${name}: ${server.count(method)}`);
    if (server.calls.size > 0) book.twice(`${name}: it was called`);
    if ((await work.json('jobs list')).length > 0) book.torn(`${name}: a job of nothing`);
  });
  book.settle();
});

it.each(['--background', ''])('the call itself: work %s', async (flag) => {
  const book = ledger(`network: tools/call ${flag || 'in the foreground'}`);
  await each(book, NAMES, async (name) => {
    const { server, work } = await place();
    await work.run('ls');
    server.on('tools/call', MISDEEDS[name as MisdeedName]);
    const { code, stdout, stderr } = await work.run(`work --n 1 ${flag}`);
    const expected = AUTH.includes(name) ? 4 : REFUSED.includes(name) ? 1 : 3;
    if (code !== expected || (stdout !== '' && expected !== 1))
      book.wrong(`${name}: ${code} ${stdout}${stderr}`);
    if (flag !== '') {
      const [job] = await work.json('jobs list');
      const sure = NOT_TAKEN.includes(name) || name.startsWith('HTTP 429') || REFUSED.includes(name);
      const { status, error } = job ?? {};
      if (status !== (sure ? 'failed' : 'lost')) book.wrong(`${name}: ${status} (${error?.code}) ${stderr}`);
      await work.run('jobs wait --latest');
      await work.run('jobs cancel --latest');
    }
    if (name !== SESSION_GONE) server.audit(book);
    else if (server.count('tools/call') !== 2) book.twice(`${name}: ${server.count('tools/call')} times`);
  });
  book.settle();
});

it.each(['tasks/get', 'tasks/result'])('once while somebody waits: %s', async (method) => {
  const book = ledger(`network: ${method}, once`);
  await each(book, NAMES, async (name) => {
    const { server, work } = await place();
    const id = await work.submit('work --n 1');
    server.on(method, MISDEEDS[name as MisdeedName], 1);
    server.task = { ...server.task, status: 'completed' };
    const yearLong = name === 'HTTP 429 for a year';
    const { code, stdout, stderr } = await work.run(`jobs wait ${id} --timeout ${yearLong ? 3 : 20}s`, {
      env: { MCP2CLI_RETRY_BUDGET: '5s' },
    });
    const { status } = await work.stored(id);
    const said = `${name}: ${code}, ${status} ${stdout}${stderr}`;
    if (AUTH.includes(name)) {
      if (code !== 4 || status === 'lost') book.wrong(said);
    } else if (name === 'HTTP 404') {
      if (code !== 1 || status !== 'lost') book.wrong(said);
    } else if (yearLong) {
      // A pause that was asked for is no failure: --timeout ended it.
      if (code !== 124 || status !== 'running') book.wrong(said);
    } else if (code !== 0 || stdout !== 'worked\n' || status !== 'completed') book.lost(said);
    server.audit(book);
  });
  book.settle();
});

it('for good while somebody waits: the job is not affected', async () => {
  const book = ledger('network: tasks/get and tasks/result, for good');
  await each(book, NAMES, async (name) => {
    const { server, work } = await place();
    const id = await work.submit('work --n 1');
    for (const method of ['tasks/get', 'tasks/result']) server.on(method, MISDEEDS[name as MisdeedName]);
    // A pause that the server asks for is no failure: only --timeout ends it.
    const asked = name === 'HTTP 429 for a year';
    const { code, stdout, stderr } = await work.run(`jobs wait ${id}${asked ? ' --timeout 3s' : ''}`);
    const { status } = await work.stored(id);
    const said = `${name}: ${code}, ${status} ${stdout}${stderr}`;
    const expected = asked ? 124 : AUTH.includes(name) ? 4 : name === 'HTTP 404' ? 1 : 3;
    if (code !== expected || stdout !== '') book.wrong(said);
    if (status !== (name === 'HTTP 404' ? 'lost' : 'running')) book.lost(said);
    if (name === 'HTTP 404') return;
    // And once the network is well again, it has its result.
    server.behave();
    server.task = { ...server.task, status: 'completed' };
    const again = await work.run(`jobs wait ${id}`);
    if (again.code !== 0 || again.stdout !== 'worked\n')
      book.lost(`${name}, later: ${again.code} ${again.stderr}`);
    server.audit(book);
  });
  book.settle();
});

it('a pause that the server asks for, of any length, is no failure of a wait', async () => {
  const book = ledger('network: Retry-After of 0 to 3,600 s');
  const pauses = ['0', '1', '2', '30', '60', '119', '120', '121', '300', '600', '1800', '3599', '3600'];
  await inLanes(pauses.length, pauses, async (seconds) => {
    book.tried();
    const busyWith = async (status: number) => {
      const { server, work } = await place();
      const id = await work.submit('work --n 1');
      const busy: Misdeed = ({ response }) => response.writeHead(status, { 'retry-after': seconds }).end();
      server.on('tasks/get', busy, 1);
      server.on('tasks/result', busy, 1);
      server.task = { ...server.task, status: 'completed' };
      const { code, stdout, stderr } = await work.run(`jobs wait ${id} --timeout 20s`, {
        env: { MCP2CLI_RETRY_BUDGET: '20s' },
      });
      const expected = Number(seconds) <= 2 ? 0 : 124;
      const said = `${status}, ${seconds} s: ${code} ${stdout}${stderr}`;
      if (code !== expected) book.wrong(said);
      if ((await work.stored(id)).status !== (expected === 0 ? 'completed' : 'running')) book.lost(said);
      server.audit(book);
    };
    await Promise.all([429, 503].map(busyWith));
  });
  book.settle();
});

it('a server that takes for ever: --timeout holds at every step', async () => {
  const book = ledger('network: slowness');
  for (const [name, misdeed] of Object.entries(SLOW))
    await each(
      book,
      ['initialize', 'tools/list', 'tools/call', 'tasks/get', 'tasks/result'],
      async (method) => {
        const { server, work } = await place();
        const waits = method.startsWith('tasks/');
        const id = waits ? await work.submit('work --n 1') : '';
        if (method === 'tools/call') await work.run('ls');
        server.on(method, misdeed);
        const before = performance.now();
        const words = waits ? `jobs wait ${id} --timeout 2s` : '--timeout 2s work --n 1 --background';
        const { code, stderr } = await work.run(words);
        const took = performance.now() - before;
        if (code !== 124) book.wrong(`${name} of ${method}: ${code} ${stderr}`);
        if (took > 8_000) book.wrong(`${name} of ${method}: took ${took} ms`);
        const [job] = await work.json('jobs list');
        if (waits && job?.status !== 'running') book.lost(`${name} of ${method}: ${job?.status}`);
        if (method === 'tools/call' && job?.status !== 'lost') book.wrong(`${name}: ${job?.status}`);
        server.audit(book);
      },
    );
  book.settle();
});
