/** Workflows that workers drive, whose steps are jobs for workers: processes of their own, on machines of their own, with one store. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Handle, run, start } from '../../support/cli.ts';
import { freshDir, freshHome } from '../../support/home.ts';
import { addInstance, dataOf } from '../../support/instance.ts';
import { noRedis } from '../../support/redis.ts';
import { redisForAll } from '../../support/redis-for-all.ts';

const SERVER = fileURLToPath(new URL('../../support/steps-stdio.js', import.meta.url));

/** A diamond; `c` waits at the server until the gate is open. */
const step = (id: string, dependsOn: string[], more: object = {}) => {
  const sums = dependsOn.map((other) => `.steps.${other}.outputs.sum`);
  return { id, tool: 'count', dependsOn, input: `{id: "${id}", n: (${[...sums, '1'].join('+')})}`, ...more };
};
const DIAMOND = {
  name: 'diamond',
  steps: [
    step('a', []),
    step('b', ['a']),
    { id: 'c', tool: 'gate', dependsOn: ['a'], input: '{id: "c", sum: .steps.a.outputs.sum}' },
    step('d', ['b', 'c']),
  ],
};

interface Shown {
  status: string;
  error: { code: string; message: string } | null;
  holder: { pid: number } | null;
  steps: {
    id: string;
    state: string;
    attempt: number;
    job_id?: string;
    outputs?: unknown;
    error: object | null;
  }[];
}

describe.skipIf(noRedis !== undefined)('a workflow for workers', () => {
  const redis = redisForAll();

  /** Machines with one store, which count the calls of their servers together. */
  const machines = (workflow: object) => {
    const dir = freshDir('steps');
    const [calls, gate, file] = [join(dir, 'calls'), join(dir, 'gate'), join(dir, 'flow.json')];
    writeFileSync(file, JSON.stringify(workflow));
    const settings = ['--env', `STEPS_CALLS=${calls}`, '--env', `STEPS_GATE=${gate}`];
    const env = { MCP2CLI_STORE: redis.address() };
    const machine = async () => {
      const home = freshHome();
      await addInstance(home, [...settings, '--', process.execPath, SERVER]);
      return {
        home,
        work: (...words: string[]) => run(['work', ...words], { home, env }),
        json: async (...words: string[]) =>
          dataOf<Shown>(await run(['--json', 'work', ...words], { home, env })),
      };
    };
    const worker = async (...flags: string[]): Promise<Handle> => {
      const { home } = await machine();
      const handle = start(['worker', 'work', '--lease', '3s', ...flags], { home, env });
      await handle.waitForStderr(/takes jobs of work/);
      return handle;
    };
    const called = () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n').sort() : []);
    const submit = async ({ work }: { work: (...words: string[]) => Promise<unknown> }, name: string) => {
      expect(await work('jobs', 'define', file)).toMatchObject({ code: 0, stderr: '' });
      const submitted = (await work(name, '--detach')) as { code: number; stdout: string };
      expect(submitted).toMatchObject({ code: 0, stdout: expect.stringContaining('(for a worker)') });
      return /job_\w+/.exec(submitted.stdout)?.[0] ?? '';
    };
    return { machine, worker, called, submit, open: () => appendFileSync(gate, 'open') };
  };

  it('is driven beside the calls of one place, and its tree is seen from anywhere', async () => {
    const { machine, worker, called, submit, open } = machines(DIAMOND);
    const [here, there] = [await machine(), await machine()];
    const id = await submit(here, 'diamond');
    const working = await worker('--concurrency', '1');
    open();
    expect(await there.work('jobs', 'wait', id)).toMatchObject({ code: 0 });
    expect(called()).toEqual(['a', 'b', 'c', 'd']);
    const { steps } = await there.json('jobs', 'show', id);
    expect(steps.map(({ state, outputs }) => [state, outputs])).toEqual([
      ['completed', { sum: 1 }],
      ['completed', { sum: 2 }],
      ['completed', { sum: 1 }],
      ['completed', { sum: 4 }],
    ]);
    // A step's job is in no list, and is reached by the tree.
    const { stdout } = await there.work('jobs', 'list');
    expect(stdout.match(/job_\w+/g)).toEqual([id]);
    const job = await there.json('jobs', 'show', steps[3]?.job_id ?? '');
    expect(job).toMatchObject({
      status: 'completed',
      capability: 'count',
      labels: { workflow: id, step: 'd' },
    });
    working.signal('SIGTERM');
    expect(await working.done).toMatchObject({ code: 0 });
  });

  /** Two steps that wait at the server, between two that do not. */
  const gates = (more: object) => ({
    name: 'gates',
    steps: [
      step('a', []),
      ...['b', 'c'].map((id) => ({ id, tool: 'gate', dependsOn: ['a'], input: { id }, ...more })),
      step('d', ['b', 'c']),
    ],
  });

  /** Two workers of one place each, which both have a step under way. */
  const underWay = async (of: ReturnType<typeof machines>) => {
    const here = await of.machine();
    const workers = [await of.worker('--concurrency', '1'), await of.worker('--concurrency', '1')];
    const id = await of.submit(here, 'gates');
    await expect.poll(of.called, { timeout: 60_000 }).toEqual(['a', 'b', 'c']);
    const driver = (await here.json('jobs', 'show', id)).holder?.pid;
    const [driving, other] = workers[0]?.pid === driver ? workers : [...workers].reverse();
    return { here, id, driving: driving as Handle, other: other as Handle };
  };

  it('is taken over from a worker that is killed: its own step is lost, all others go on, and none is sent twice', async () => {
    const of = machines(gates({}));
    const { here, id, driving, other } = await underWay(of);
    driving.signal('SIGKILL');
    of.open();
    expect((await here.work('jobs', 'wait', id)).code).toBe(1);
    const { status, error, steps, holder } = await here.json('jobs', 'show', id);
    expect({ status, holder, code: error?.code }).toEqual({
      status: 'failed',
      holder: null,
      code: 'step_failed',
    });
    expect(steps.map(({ state }) => state).sort()).toEqual(['completed', 'completed', 'lost', 'skipped']);
    expect(steps.find(({ state }) => state === 'lost')).toMatchObject({ error: { code: 'worker_gone' } });
    expect(of.called()).toEqual(['a', 'b', 'c']);
    // From any machine: what has completed is not run again.
    const there = await of.machine();
    expect(await there.work('jobs', 'resume', id)).toMatchObject({
      code: 0,
      stdout: `Job resumed: ${id} (2 of 4 steps have completed)\n`,
    });
    expect((await there.work('jobs', 'wait', id)).code).toBe(0);
    const lost = steps[1]?.state === 'lost' ? 'b' : 'c';
    expect(of.called()).toEqual(['a', 'b', 'c', 'd', lost].sort());
    other.signal('SIGTERM');
    await other.done;
  });

  it('a step with retries whose worker is killed goes on with its next attempt in another', async () => {
    const of = machines(gates({ retry: { maxAttempts: 2, backoffMs: 0 } }));
    const { here, id, driving, other } = await underWay(of);
    other.signal('SIGKILL');
    of.open();
    expect((await here.work('jobs', 'wait', id)).code).toBe(0);
    const { steps } = await here.json('jobs', 'show', id);
    expect(steps.map(({ attempt }) => attempt).sort()).toEqual([1, 1, 1, 2]);
    const again = steps[1]?.attempt === 2 ? 'b' : 'c';
    expect(of.called()).toEqual(['a', 'b', 'c', 'd', again].sort());
    driving.signal('SIGTERM');
    await driving.done;
  });

  it('is cancelled with its steps, and one that its worker leaves is gone on with by the next', async () => {
    const of = machines(gates({}));
    const { here, id, driving, other } = await underWay(of);
    // What runs comes to its end there; the workflow does not wait for that.
    driving.signal('SIGTERM');
    await driving.waitForStderr(/left to another worker/);
    await expect
      .poll(async () => (await here.json('jobs', 'show', id)).holder?.pid, { timeout: 60_000 })
      .toBe(other.pid);
    expect(await here.work('jobs', 'cancel', id)).toMatchObject({ code: 0 });
    const { status, steps } = await here.json('jobs', 'show', id);
    expect(status).toBe('canceled');
    for (const { job_id = '' } of steps.filter(({ state }) => state === 'canceled'))
      expect((await here.json('jobs', 'show', job_id)).status).toBe('canceled');
    expect(await driving.done).toMatchObject({ code: 0 });
    expect(of.called()).toEqual(['a', 'b', 'c']);
  });
});
