/** What every task dialect owes the job service, whatever it looks like on the wire. Run over each by backends.test.ts. */
import { describe, expect, it } from 'vitest';
import { ProtocolError, RpcError, TaskUnknownError, UnreachableError } from '../../src/errors.ts';
import { followTask } from '../../src/jobs/follow/follow-task.ts';
import type { Snapshot, Submission } from '../../src/jobs/ports.ts';
import { isTerminal, type JobRecord } from '../../src/jobs/record.ts';
import { cancelJob, showJob, waitForJob } from '../../src/jobs/wait.ts';
import { backendRig, type Fake, type Rig, type TaskDialect } from '../support/backend-rig.ts';

const LONG = { version: '2', duration: 3_600 };
const SHORT = { version: '2', duration: 1 };

/** A task's state on the wire, for every dialect at once: each reads the id by its own name. */
const state = (id: unknown, status: string, more: object = {}): Fake => ({
  result: { taskId: id, task_id: id, status, ...more },
});
const idOf = (params: Record<string, unknown>) => params['taskId'] ?? params['task_id'];

export function backendContract(name: TaskDialect): void {
  /** Tasks belong to a session, the result comes by a request of its own, and a cancellation is answered by the task's state. */
  const legacy = name !== 'tasks-2026-07-28';
  const rig = () => backendRig(name);
  const drive = ({ deps, stop }: Rig, job: JobRecord) => followTask(deps, job, { stop, events: {} });

  async function submitted({ link }: Rig, tool: string, args: object): Promise<string> {
    const submission = await link.submit({ name: tool, arguments: { ...args } }, {});
    return taskOf(submission).fact.remote_task_id;
  }

  /** The end of a task, by the request that blocks until then or by polls. */
  async function endOf({ backend }: Rig, id: string): Promise<Snapshot> {
    for (;;) {
      const state = await backend.result(id);
      if (backend.blocks || isTerminal(state.status)) return state;
    }
  }

  describe(`backend ${name}`, () => {
    it('submits: the reply names the task, the dialect, and the session to reach it in', async () => {
      const one = await rig();
      const submission = taskOf(await one.link.submit({ name: 'deploy', arguments: LONG }, {}));
      expect(submission.fact).toMatchObject({
        backend: name,
        remote_task_id: expect.stringMatching(/\w{16}/),
        session: { transport: 'http', session_id: legacy ? expect.any(String) : null },
      });
      expect(['queued', 'running']).toContain(submission.snapshot.status);
      expect(one.server.stats.calls).toEqual({ deploy: 1 });
      expect(one.server.stats.tasksCreated).toBe(1);
    });

    it('submits: a refusal is a protocol error, with its code and data', async () => {
      const { link } = await rig();
      const refused = link.submit({ name: 'protocol-error', arguments: {} }, {});
      // Asked as a task, the 2025 server refuses the task, the other one runs the tool, which fails.
      await expect(refused).rejects.toThrow(RpcError);
      const plain = link.call({ name: 'protocol-error', arguments: {} }, {});
      await expect(plain).rejects.toMatchObject({ rpcCode: -32603, data: { reason: 'demo' } });
    });

    it('polls and fetches: from running to the result of the tool', async () => {
      const one = await rig();
      const id = await submitted(one, 'deploy', SHORT);
      const early = await one.backend.poll(id);
      expect(['queued', 'running']).toContain(early.status);
      expect(early).not.toHaveProperty('result');
      const end = await endOf(one, id);
      expect(end).toMatchObject({
        status: 'completed',
        result: { content: [{ type: 'text', text: 'Deployed version 2 to staging' }] },
      });
      expect(await one.backend.poll(id)).toMatchObject({ status: 'completed', remoteStatus: 'completed' });
      expect(await one.backend.result(id)).toMatchObject({ status: 'completed', result: end.result });
    });

    it('an isError result is a failure that keeps the result and its text', async () => {
      const one = await rig();
      const id = await submitted(one, 'flaky-import', { source: 'there', duration: 0 });
      const text = 'Import from there failed: connection reset after 412 rows';
      expect(await endOf(one, id)).toMatchObject({
        status: 'failed',
        result: { isError: true, content: [{ type: 'text', text }] },
        error: { code: 'tool_error', message: text },
      });
      expect(await one.backend.poll(id)).toMatchObject({ status: 'failed' });
    });

    it('cancels what runs; what has ended stays what it is', async () => {
      const one = await rig();
      const running = await submitted(one, 'deploy', LONG);
      expect(await one.backend.cancel(running)).toMatchObject({
        status: 'canceled',
        error: { code: 'canceled' },
      });
      expect(await one.backend.poll(running)).toMatchObject({ status: 'canceled' });
      expect(one.server.stats.cancelledTasks).toBe(1);

      const ended = await submitted(one, 'deploy', SHORT);
      await endOf(one, ended);
      expect(await one.backend.cancel(ended)).toMatchObject({ status: 'completed' });
      expect(one.server.stats.cancelledTasks).toBe(1);
    });

    it('does not take an answer about another task', async () => {
      const one = await rig();
      const id = await submitted(one, 'deploy', LONG);
      for (const method of ['tasks/get', 'tasks/cancel'])
        one.falsify(method, () => state('other', 'completed'));
      await expect(one.backend.poll(id)).rejects.toThrow(ProtocolError);
      await expect(one.backend.cancel(id)).rejects.toThrow(ProtocolError);
    });

    it('says of an unknown task that it is unknown, by every verb', async () => {
      const { backend } = await rig();
      await expect(backend.poll('task_nope')).rejects.toThrow(TaskUnknownError);
      await expect(backend.result('task_nope')).rejects.toThrow(TaskUnknownError);
      await expect(backend.cancel('task_nope')).rejects.toThrow(TaskUnknownError);
    });

    it('takes a status that nobody has heard of for work in progress, and keeps it raw', async () => {
      const one = await rig();
      const job = await one.submit('deploy', LONG);
      const odd = { detail: { n: 1 }, ttl: null };
      one.falsify('tasks/get', (params) => state(idOf(params), 'reticulating', odd));
      expect(await one.backend.poll(job.remote_task_id ?? '')).toMatchObject({
        status: 'running',
        remoteStatus: 'reticulating',
        remote: { status: 'reticulating', ...odd },
      });
      const shown = await showJob(one.deps, job.job_id, one.stop);
      expect(shown).toMatchObject({ status: 'running', remote: { status: 'reticulating', ...odd } });
      expect(one.store.read(job.job_id)).toMatchObject({ remote: { status: 'reticulating', ...odd } });
    });
  });

  describe(`jobs over ${name}`, () => {
    it.each([
      [-32602, 'Task not found'],
      [-32602, 'Task has expired'],
      [-32603, 'The task task_7 is unknown'],
    ])('a task that the server does not know any more is lost: %d %s', async (code, message) => {
      const one = await rig();
      const job = await one.submit('deploy', LONG);
      one.falsify('tasks/get', () => ({ error: { code, message } }));
      expect(await drive(one, job)).toMatchObject({
        status: 'lost',
        error: { code: 'task_unknown', message: expect.stringContaining(message) },
      });
    });

    it('a server that was restarted has taken the task with it', async () => {
      const one = await rig();
      const job = await one.submit('deploy', LONG);
      await one.server.dropSessions();
      const code = legacy ? 'session_gone' : 'task_unknown';
      expect(await drive(one, job)).toMatchObject({ status: 'lost', error: { code } });
    });

    it('a task that fails as a protocol error fails, with the words of the error', async () => {
      const one = await rig();
      const job = await one.submit('deploy', LONG);
      const error = { code: -32603, message: 'disk on fire', data: [1] };
      one.falsify('tasks/get', (params) => state(idOf(params), 'failed', legacy ? {} : { error }));
      one.falsify('tasks/result', () => ({ error }));
      expect(await drive(one, job)).toMatchObject({
        status: 'failed',
        error: { code: 'rpc_error', message: 'disk on fire', rpc_code: -32603, data: [1] },
      });
    });

    it('a cancellation that the server confirms ends the job', async () => {
      const one = await rig();
      const job = await one.submit('deploy', LONG);
      expect(await cancelJob(one.deps, job.job_id, one.stop)).toMatchObject({
        status: 'canceled',
        error: { code: 'canceled' },
        cancel_requested_at: expect.any(String),
      });
      expect(one.server.stats.cancelledTasks).toBe(1);
    });

    it('a cancellation that is taken note of is a request: the task may complete nevertheless', async () => {
      const one = await rig();
      const job = legacy
        ? await one.submit('deploy', { ...SHORT, duration: 20 })
        : await one.submit('stubborn', { duration: 20 });
      if (legacy) one.falsify('tasks/cancel', (params) => state(idOf(params), 'working'));
      const asked = await cancelJob(one.deps, job.job_id, one.stop);
      expect(asked).toMatchObject({
        status: 'running',
        cancel_requested_at: expect.any(String),
        finished_at: null,
      });
      expect(await drive(one, job)).toMatchObject({
        status: 'completed',
        cancel_requested_at: asked.cancel_requested_at,
        error: null,
      });
    });

    it('answers about another task are failed polls: the job is not theirs', async () => {
      const one = await rig();
      const job = await one.submit('deploy', SHORT);
      one.falsify('tasks/get', (_, n) => (n <= 2 ? state('other', 'failed') : undefined));
      expect(await drive(one, job)).toMatchObject({ status: 'completed' });
    });

    it('terminal is for ever, whatever the server says afterwards', async () => {
      const one = await rig();
      const job = await one.submit('deploy', SHORT);
      const end = await drive(one, job);
      expect(end.status).toBe('completed');
      one.falsify('tasks/get', (params) => state(idOf(params), 'working'));
      const asked = { ...one.server.stats.requests };
      expect(await showJob(one.deps, job.job_id, one.stop)).toEqual(end);
      expect(await waitForJob(one.deps, job.job_id, one.stop, {})).toEqual(end);
      expect(await cancelJob(one.deps, job.job_id, one.stop)).toEqual(end);
      expect(one.server.stats.requests).toEqual(asked);
      one.store.observe(job.job_id, { status: 'running' });
      expect(one.store.read(job.job_id)).toEqual(end);
    });

    it('a server that takes "completed" back has no result: lost, not made up', async () => {
      const one = await rig();
      const job = await one.submit('deploy', LONG);
      one.falsify('tasks/get', (params, n) => state(idOf(params), n === 1 ? 'completed' : 'working'));
      one.falsify('tasks/result', (params) => state(idOf(params), 'working'));
      const end = await drive(one, job);
      expect(end).toMatchObject({ status: 'lost', error: { code: 'result_unavailable' } });
      expect(end).not.toHaveProperty('result.content');
    });

    it('a server whose tasks/result does not block is polled to the end', async () => {
      const one = await rig();
      const job = await one.submit('deploy', SHORT);
      one.falsify('tasks/result', (params, n) => (n <= 1 ? state(idOf(params), 'working') : undefined));
      one.falsify('tasks/get', (params, n) => (n <= 3 ? state(idOf(params), 'working') : undefined));
      expect(await drive(one, job)).toMatchObject({
        status: 'completed',
        result: { content: [{ type: 'text', text: 'Deployed version 2 to staging' }] },
      });
    });

    it('one failed poll changes nothing; the person hears of it once', async () => {
      const one = await rig();
      const job = await one.submit('deploy', SHORT);
      one.falsify('tasks/get', (_, n) => (n === 1 ? { status: 503 } : undefined));
      const notes: string[] = [];
      const events = { onNote: (text: string) => notes.push(text) };
      const end = await followTask(one.deps, job, { stop: one.stop, events });
      expect(end).toMatchObject({ status: 'completed', error: null });
      expect(notes).toEqual([expect.stringMatching(/HTTP 503.*trying again \(the job is not affected\)$/)]);
      expect(one.clock.naps[0]).toBe(500);
    });

    it('ten failed polls back off and are survived', async () => {
      const one = await rig();
      const job = await one.submit('deploy', SHORT);
      one.falsify('tasks/get', (_, n) =>
        n <= 10
          ? { status: n === 7 ? 429 : 502, headers: n === 7 ? { 'retry-after': '20' } : {} }
          : undefined,
      );
      expect(await drive(one, job)).toMatchObject({ status: 'completed' });
      expect(one.clock.naps.slice(0, 10)).toEqual([
        500, 1_000, 2_000, 4_000, 8_000, 15_000, 20_000, 15_000, 15_000, 15_000,
      ]);
      expect(one.server.stats.calls).toEqual({ deploy: 1 });
    });

    it('failure without a break ends the wait after two minutes, and not the job', async () => {
      const one = await rig();
      const job = await one.submit('deploy', LONG);
      one.falsify('tasks/get', () => ({ status: 502 }));
      await expect(drive(one, job)).rejects.toThrow(UnreachableError);
      const waited = one.clock.naps.reduce((sum, nap) => sum + nap, 0);
      expect(waited).toBeGreaterThan(100_000);
      expect(waited).toBeLessThanOrEqual(120_000);
      expect(one.store.read(job.job_id)).toMatchObject({ status: job.status, finished_at: null });
      expect(one.server.stats.cancelledTasks).toBe(0);
    });

    it.each([
      [0, 500],
      [-1, 500],
      [2 ** 31, 300_000],
      ['soon', 2_000],
      [null, 2_000],
      [1_234, 1_234],
    ])('a poll hint of %j means %d ms', async (hint, expected) => {
      const one = await rig();
      const job = await one.submit('deploy', LONG);
      const hints = { pollInterval: hint, pollIntervalMs: hint };
      one.falsify('tasks/get', (params, n) =>
        state(idOf(params), n <= 4 ? 'working' : 'cancelled', n <= 4 ? hints : {}),
      );
      expect(await drive(one, job)).toMatchObject({ status: 'canceled' });
      // Something that was heard meanwhile may have spared one pause.
      expect(one.clock.naps.slice(0, 3)).toEqual([expected, expected, expected]);
    });
  });
}

function taskOf(submission: Submission): Extract<Submission, { kind: 'task' }> {
  if (submission.kind !== 'task') throw new Error('the server made no task of it');
  return submission;
}
