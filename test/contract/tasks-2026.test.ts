/** What only the tasks of 2026-07-28 have: several questions at once, answers as requests of their own, subscriptions, and what a task has in it. */
import { describe, expect, it } from 'vitest';
import { RpcError, TaskUnknownError, UnfinishedError } from '../../src/errors.ts';
import { followTask } from '../../src/jobs/follow/follow-task.ts';
import type { Answer, Answerer } from '../../src/jobs/ports.ts';
import type { JobRecord, PendingInput } from '../../src/jobs/record.ts';
import { backendRig, type Fake, type Rig } from '../support/backend-rig.ts';
import { promised } from '../support/promised.ts';

const ANSWERS: Record<string, Answer> = {
  name: { action: 'accept', content: { name: 'Ann' } },
  color: { action: 'accept', content: { color: 'red' } },
};
const BOTH = 'name is Ann, color is red';

const rig = (options?: Parameters<typeof backendRig>[1]) => backendRig('tasks-2026-07-28', options);
const asks = async () => {
  const one = await rig();
  return { one, job: await one.submit('ask', {}) };
};
const drive = ({ deps, stop }: Rig, job: JobRecord, ask?: Answerer) =>
  followTask({ ...deps, ask }, job, { stop, events: {} });
const keys = (questions: PendingInput[] | undefined) => questions?.map(({ request_id }) => request_id);
/** The answer to a question, by its key. */
const know: Answerer = async ({ request_id }) => ANSWERS[request_id];

/** Every request of a method that the server gets, which answers it itself unless `falsifier` does. */
function recorded(one: Rig, method: string, falsifier: (n: number) => Fake | undefined = () => undefined) {
  const requests: Record<string, unknown>[] = [];
  one.falsify(method, (params, n) => {
    requests.push(params);
    return falsifier(n);
  });
  return requests;
}

describe('several questions at once', () => {
  it('are all put, and each is answered when its answer is there', async () => {
    const { one, job } = await asks();
    const updates = recorded(one, 'tasks/update');
    const first = promised();
    const end = await followTask(
      {
        ...one.deps,
        async ask(question) {
          if (question.request_id === 'color') await first.promise;
          return ANSWERS[question.request_id];
        },
      },
      job,
      {
        stop: one.stop,
        events: {
          onAnswered({ request_id }) {
            if (request_id !== 'name') return;
            expect(keys(one.store.read(job.job_id).pending_input)).toEqual(['color']);
            first.keep();
          },
        },
      },
    );
    expect(end).toMatchObject({ status: 'completed', result: { content: [{ text: BOTH }] } });
    expect(updates.map(({ inputResponses }) => inputResponses)).toEqual([
      { name: ANSWERS['name'] },
      { color: ANSWERS['color'] },
    ]);
  });

  it('one that is left to somebody else stays, the other is answered', async () => {
    const { one, job } = await asks();
    const wait = drive(one, job, async (question) =>
      question.request_id === 'name' ? ANSWERS['name'] : undefined,
    );
    await expect(wait).rejects.toMatchObject({
      code: 'input_required',
      message: `${job.job_id} waits for input: Which colour?`,
      details: { pending_input: [{ request_id: 'color' }] },
    });
    const left = one.store.read(job.job_id);
    expect(left).toMatchObject({ status: 'input_required', pending_input: [{ request_id: 'color' }] });
    expect(await drive(one, left, know)).toMatchObject({ result: { content: [{ text: BOTH }] } });
  });

  it('nobody answers: both are on record, and in what the wait ends with', async () => {
    const { one, job } = await asks();
    const error = await drive(one, job).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UnfinishedError);
    const { pending_input } = one.store.read(job.job_id);
    expect(keys(pending_input)).toEqual(['name', 'color']);
    expect(error).toMatchObject({
      message: `${job.job_id} waits for input: What is your name? (and 1 more)`,
      details: { job_id: job.job_id, pending_input },
    });
  });

  it('one that was answered elsewhere is not waited for', async () => {
    const { one, job } = await asks();
    const withdrawn = promised();
    const end = await drive(one, job, async (question, signal) => {
      if (question.request_id === 'color') return ANSWERS['color'];
      (signal as AbortSignal).addEventListener('abort', () => withdrawn.keep());
      await one.backend.answer(job.remote_task_id ?? '', 'name', { action: 'decline' });
      return withdrawn.promise.then(() => ANSWERS['name']);
    });
    expect(end).toMatchObject({ result: { content: [{ text: 'name was declined, color is red' }] } });
  });
});

describe('an answer', () => {
  it('that the server still asks for is not asked for again', async () => {
    const { one, job } = await asks();
    const state = (await one.backend.poll(job.remote_task_id ?? '')).remote;
    const asked: PendingInput[] = [];
    const updates = recorded(one, 'tasks/update', (n) => {
      // Behind its own answers for three polls more.
      if (n === 2) one.falsify('tasks/get', (_, late) => (late <= 3 ? { result: state } : undefined));
      return undefined;
    });
    const end = await drive(one, job, async (question, signal) => {
      asked.push(question);
      return know(question, signal);
    });
    expect(end).toMatchObject({ status: 'completed', result: { content: [{ text: BOTH }] } });
    expect(keys(asked)).toEqual(['name', 'color']);
    expect(updates).toHaveLength(2);
  });

  it('whose delivery fails is delivered again, and nobody is asked twice', async () => {
    const { one, job } = await asks();
    const asked: PendingInput[] = [];
    const updates = recorded(one, 'tasks/update', (n) =>
      n <= 2 ? { status: n === 1 ? 503 : 502 } : undefined,
    );
    const end = await drive(one, job, async (question, signal) => {
      asked.push(question);
      return know(question, signal);
    });
    expect(end).toMatchObject({ status: 'completed', result: { content: [{ text: BOTH }] } });
    expect(keys(asked)).toEqual(['name', 'color']);
    expect(updates.map(({ inputResponses }) => Object.keys(inputResponses as object))).toEqual([
      ['name'],
      ['name'],
      ['name'],
      ['color'],
    ]);
  });

  it('that the server refuses is not the end of the task', async () => {
    const { one, job } = await asks();
    const wait = drive(one, job, async ({ request_id }) =>
      request_id === 'name' ? { action: 'accept', content: { name: 7 } } : undefined,
    );
    await expect(wait).rejects.toMatchObject({
      code: 'input_required',
      message: expect.stringMatching(/refused the answer: .*inputResponses\.name does not fit the form/),
    });
    expect(one.store.read(job.job_id)).toMatchObject({ status: 'input_required', finished_at: null });
    expect(await drive(one, job, know)).toMatchObject({ result: { content: [{ text: BOTH }] } });
  });

  it('to a task that is gone says so', async () => {
    const { one, job } = await asks();
    await expect(one.backend.answer('task_nope', 'name', { action: 'decline' })).rejects.toThrow(
      TaskUnknownError,
    );
    const end = await drive(one, job, async () => {
      await one.server.dropSessions();
      return { action: 'decline' };
    });
    expect(end).toMatchObject({ status: 'lost', error: { code: 'task_unknown' } });
  });
});

describe('what a task has in it', () => {
  const ended = (more: object) => async () => {
    const one = await rig();
    const job = await one.submit('forever', {});
    one.falsify('tasks/get', ({ taskId }) => ({ result: { resultType: 'complete', taskId, ...more } }));
    return drive(one, job);
  };

  it('the error of a task that failed, with its code and data', async () => {
    const one = await rig();
    const job = await one.submit('fail-rpc', {});
    expect(await drive(one, job)).toMatchObject({
      status: 'failed',
      error: { code: 'rpc_error', rpc_code: -32603, message: 'The disk is on fire', data: { disk: 'sda' } },
      remote: { status: 'failed' },
    });
  });

  it('no error although it failed: its message', async () => {
    const failed = ended({ status: 'failed', statusMessage: 'out of disk' });
    expect(await failed()).toMatchObject({ status: 'failed', error: { message: 'out of disk' } });
  });

  it.each([[{}], [{ result: null }], [{ result: 'done' }]])(
    'completed with %j is without a result: lost, not made up',
    async (more) => {
      const end = await ended({ status: 'completed', ...more })();
      expect(end).toMatchObject({ status: 'lost', error: { code: 'result_unavailable' } });
      expect(end.result ?? null).toBeNull();
    },
  );

  it('a result without resultType is one', async () => {
    const result = { content: [{ type: 'text', text: 'bare' }] };
    expect(await ended({ status: 'completed', result })()).toMatchObject({ status: 'completed', result });
  });

  it('a task that is over when it is made is read like any other', async () => {
    const one = await rig();
    one.falsify('tools/call', () => ({
      result: { resultType: 'task', taskId: 'task_over', status: 'completed', ttlMs: null, content: [] },
    }));
    const job = await one.submit('deploy', { version: '2' });
    expect(job).toMatchObject({ remote_task_id: 'task_over', remote: { status: 'completed' } });
    const result = { content: [{ type: 'text', text: 'quick' }] };
    one.falsify('tasks/get', ({ taskId }) => ({ result: { taskId, status: 'completed', result } }));
    expect(await drive(one, job)).toMatchObject({ status: 'completed', result });
  });
});

it('a cancellation that is refused although the task is there leaves it to the state', async () => {
  const one = await rig();
  const job = await one.submit('forever', {});
  one.falsify('tasks/cancel', () => ({ error: { code: -32602, message: 'Task is not cancellable' } }));
  expect(await one.backend.cancel(job.remote_task_id ?? '')).toMatchObject({ status: 'running' });
  one.falsify('tasks/cancel', () => ({ error: { code: -32603, message: 'Internal error' } }));
  await expect(one.backend.cancel(job.remote_task_id ?? '')).rejects.toThrow(RpcError);
});

it('a subscription that begins is a reason to look: what changed before it was not told', async () => {
  const one = await rig();
  const job = await one.submit('forever', {});
  const leave = new AbortController();
  const hinted = promised<void>();
  one.link.observe({ onStatusHint: () => hinted.keep() });
  one.link.listen(job.remote_task_id ?? '', leave.signal).catch(() => {});
  await hinted.promise;
  leave.abort(new Error('done'));
});
