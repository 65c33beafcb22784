/** Networks, servers and processes that fail in the middle: nothing is sent twice, nothing is made up. */
import { cpSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { freshHome } from '../../support/home.ts';
import { refuse, rpcError, watchedServer, workAt } from '../../support/work.ts';

const DIALECTS = ['tasks-2025-11-25', 'meta-task'] as const;

describe('a failed poll does not end a wait', () => {
  it.each(DIALECTS)('503 and 429 with Retry-After: %s', async (dialect) => {
    const server = await watchedServer({ dialect, speed: 20 });
    const work = await workAt(server.url);
    const id = await work.submit('deploy --version 2.0');
    const answers = [503, 429].map((status) =>
      refuse(status, { method: 'tasks/get', times: 1, headers: { 'retry-after': '1' } }),
    );
    const at: number[] = [];
    server.answerWith((request, response) => {
      if (request.rpcMethod === 'tasks/get') at.push(performance.now());
      return answers.some((answer) => answer(request, response));
    });
    const { code, stdout, stderr } = await work.run(`jobs wait ${id}`);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: 'Deployed version 2.0 to staging\n',
      // Said once, not at every try.
      stderr: 'work answered HTTP 503 Service Unavailable; trying again (the job is not affected)\n',
    });
    const [first = 0, second = 0, third = 0] = at;
    expect(second - first).toBeGreaterThan(990);
    expect(third - second).toBeGreaterThan(990);
  });

  it('a connection that is cut, an answer that is no JSON, an internal error', async () => {
    const server = await watchedServer({ speed: 20 });
    const work = await workAt(server.url);
    const id = await work.submit('export --dataset full');
    const internal = rpcError('tasks/get', -32603, 'Internal error');
    let polls = 0;
    server.answerWith((request, response) => {
      if (request.rpcMethod !== 'tasks/get') return false;
      polls += 1;
      if (polls === 1) response.destroy();
      else if (polls === 2) response.writeHead(200, { 'content-type': 'application/json' }).end('{"jsonrpc"');
      else return polls === 3 && internal(request, response);
      return true;
    });
    const { code, stdout, stderr } = await work.run(`jobs wait ${id}`);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^Exported .*\n$/) });
    expect(stderr).toMatch(/^cannot reach work: .*; trying again \(the job is not affected\)\n$/);
    expect(polls).toBeGreaterThan(3);
  });

  it('show tries once more, then tells', async () => {
    const server = await watchedServer({ speed: 0.1 });
    const work = await workAt(server.url);
    const id = await work.submit('export --dataset full');
    const running = { code: 0, stdout: expect.stringMatching(/^status: running, /), stderr: '' };
    server.answerWith(refuse(503, { method: 'tasks/get', times: 1 }));
    expect(await work.run(`jobs show ${id}`)).toMatchObject(running);
    server.answerWith(refuse(503, { method: 'tasks/get' }));
    expect(await work.run(`jobs show ${id}`)).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringMatching(/^error: work answered HTTP 503 Service Unavailable\n/),
    });
    server.answerWith(undefined);
    expect(await work.run(`jobs show ${id}`)).toMatchObject(running);
  });
});

describe.each([...DIALECTS, 'plain'] as const)('a submission whose reply is lost: %s', (dialect) => {
  it('leaves a record that says so, and is not sent again', async () => {
    const server = await watchedServer({ dialect, speed: 20 });
    const work = await workAt(server.url);
    await work.json('ls');
    let calls = 0;
    server.answerWith(({ rpcMethod }, response) => {
      if (rpcMethod !== 'tools/call') return false;
      calls += 1;
      response.destroy();
      return true;
    });
    const { code, stdout, stderr } = await work.run('--json deploy --version 2.0 --background');
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    const { error } = JSON.parse(stderr);
    expect(error).toMatchObject({
      code: 'unreachable',
      exit_code: 3,
      message: expect.stringMatching(/may or may not have run it/),
      details: { job_id: expect.stringMatching(/^job_/) },
    });
    const { job_id: id } = error.details;
    expect(error.hint).toContain(`mcp2cli work jobs show ${id}`);
    expect(calls).toBe(1);

    expect(await work.stored(id)).toMatchObject({
      status: 'lost',
      remote_task_id: null,
      error: { code: 'submission_unknown' },
    });
    // Looking at it, waiting for it and cancelling it send nothing either.
    expect(await work.run('jobs wait --latest')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^error: deploy is lost: no answer to the call/),
    });
    expect(await work.run('jobs cancel --latest')).toMatchObject({
      code: 0,
      stderr: 'nothing to cancel: the job had ended (lost)\n',
    });
    expect(calls).toBe(1);
  });

  it('a foreground call is not sent again either', async () => {
    const server = await watchedServer({ dialect, speed: 20 });
    const work = await workAt(server.url);
    let calls = 0;
    server.answerWith(({ rpcMethod }, response) => {
      if (rpcMethod !== 'tools/call') return false;
      calls += 1;
      response.destroy();
      return true;
    });
    expect(await work.run('deploy --version 2.0')).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringMatching(/^error: no answer to the call, the server may or may not have run it: /),
    });
    expect(calls).toBe(1);
  });
});

it.each(DIALECTS)('a submission that was surely not taken is failed, not lost: %s', async (dialect) => {
  const server = await watchedServer({ dialect, speed: 20 });
  const work = await workAt(server.url);
  server.answerWith(refuse(503, { method: 'tools/call' }));
  const { code, stdout, stderr } = await work.run('deploy --version 2.0 --background');
  expect({ code, stdout, stderr }).toEqual({
    code: 3,
    stdout: '',
    stderr: expect.stringMatching(
      /^error: work answered HTTP 503 .*\nhint: recorded as job_\w+ \(failed\); see: /,
    ),
  });
  expect((await work.json('jobs list'))[0]).toMatchObject({
    status: 'failed',
    error: { code: 'unreachable' },
  });
});

it.each(DIALECTS)('cancel on a job that has ended: %s', async (dialect) => {
  const server = await watchedServer({ dialect, speed: 20 });
  const work = await workAt(server.url);
  const id = await work.submit('export --dataset full');
  const ended = await work.json(`jobs wait ${id}`);
  expect(await work.run(`jobs cancel ${id}`)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^status: completed, remote status: completed\n/),
    stderr: 'nothing to cancel: the job had ended (completed)\n',
  });
  expect((await work.json(`jobs show ${id}`)).data).toEqual(ended.data);
  expect(server.stats.requests['tasks/cancel']).toBeUndefined();

  // Ended at the server, but this home does not know it yet: the end was learned in a copy of it.
  const other = await work.submit('export --dataset more');
  const copy = freshHome();
  cpSync(work.home, copy, { recursive: true });
  expect(await run(['work', 'jobs', 'wait', other], { home: copy })).toMatchObject({ code: 0 });
  expect(await work.run(`jobs cancel ${other}`)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^status: completed, remote status: completed\n/),
    stderr: 'too late to cancel: the job ended (completed)\n',
  });
  expect(await work.run(`jobs wait ${other}`)).toMatchObject({ code: 0 });
});
