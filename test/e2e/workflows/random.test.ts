/** Workflows by chance: whatever they are like, workers bring them to what they come to over files, whoever is killed meanwhile. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { atTestEnd, type Handle, run, start } from '../../support/cli.ts';
import { freshDir, freshHome } from '../../support/home.ts';
import { addInstance, dataOf, submitted } from '../../support/instance.ts';
import { endKeepers } from '../../support/keeper.ts';
import { type RandomFlow, randomFlow, randomFrom } from '../../support/random-flows.ts';
import { noRedis, startRedis } from '../../support/redis.ts';

const SERVER = fileURLToPath(new URL('../../support/steps-stdio.js', import.meta.url));
const SEED = 20_260_330;

if (noRedis !== undefined) console.warn(noRedis);

interface Shown {
  status: string;
  steps: { id: string; state: string; attempt: number; outputs?: unknown; blocked?: boolean }[];
}

/** A place with a server whose calls are counted. */
async function place(env: Record<string, string>, calls = join(freshDir('steps'), 'calls')) {
  const home = freshHome();
  await addInstance(home, ['--env', `STEPS_CALLS=${calls}`, '--', process.execPath, SERVER]);
  const lines = () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : []);
  const define = async (flow: RandomFlow) => {
    const file = join(freshDir('flow'), 'flow.json');
    writeFileSync(file, JSON.stringify(flow));
    expect(await run(['work', 'jobs', 'define', file], { home, env })).toMatchObject({ code: 0 });
  };
  const ended = async (id: string) => {
    await run(['work', 'jobs', 'wait', id], { home, env });
    return dataOf<Shown>(await run(['--json', 'work', 'jobs', 'show', id], { home, env }));
  };
  const called = (id: string) => lines().filter((one) => one === id).length;
  return { home, env, calls, lines, define, ended, called };
}

/** What it has come to. A step whose last call was lost with its worker has failed as one whose last call failed. */
function outcome({ status, steps }: Shown) {
  return {
    status,
    steps: steps.map(({ id, state, outputs, blocked }) => ({
      id,
      state: state === 'lost' ? 'failed' : state,
      outputs: state === 'completed' ? outputs : undefined,
      blocked,
    })),
  };
}

async function overFiles(flow: RandomFlow) {
  const files = await place({});
  endKeepers(files.home);
  await files.define(flow);
  const id = await submitted(files.home, ['work', flow.name, '--detach']);
  return outcome(await files.ended(id));
}

describe.skipIf(noRedis !== undefined)(`workflows by chance (seed ${SEED})`, () => {
  /** A store, and as many workers as are asked for. */
  const machines = async () => {
    const redis = await startRedis(['appendonly yes', 'appendfsync always']);
    atTestEnd(() => redis.kill());
    const env = { MCP2CLI_STORE: `redis://${redis.host}/0` };
    const here = await place(env);
    const worker = async (...flags: string[]): Promise<Handle> => {
      const { home } = await place(env, here.calls);
      const handle = start(['worker', 'work', '--concurrency', '2', ...flags], { home, env });
      await handle.waitForStderr(/takes jobs of work/);
      return handle;
    };
    const submit = async (flow: RandomFlow) => {
      await here.define(flow);
      const done = await run(['work', flow.name, '--detach', '--quiet'], { home: here.home, env });
      expect(done).toMatchObject({ code: 0 });
      return done.stdout.trim();
    };
    /** A call for each attempt that is on record, and no other. */
    const checkCalls = ({ steps }: Shown) => {
      for (const { id, attempt } of steps)
        expect({ id, calls: here.called(id) }).toEqual({ id, calls: attempt });
    };
    /** At that many calls something happens. */
    const at = (calls: number) =>
      expect.poll(() => here.lines().length, { timeout: 60_000, interval: 5 }).toBeGreaterThanOrEqual(calls);
    return { redis, here, worker, submit, checkCalls, at };
  };

  it('come to the same over files and with two workers, each attempt with one call', async () => {
    const random = randomFrom(SEED);
    const { here, worker, submit, checkCalls } = await machines();
    await Promise.all([worker(), worker()]);
    for (let i = 0; i < 6; i++) {
      const flow = randomFlow(`p${i}`, random);
      const wanted = await overFiles(flow);
      const shown = await here.ended(await submit(flow));
      expect(outcome(shown), JSON.stringify(flow)).toEqual(wanted);
      checkCalls(shown);
    }
  });

  it('the same when one of the two is killed at any moment, and no call is made that is on record', async () => {
    const random = randomFrom(SEED + 1);
    const { here, worker: begun, submit, at } = await machines();
    // The other one waits for it to be over. A worker of a busy machine must not seem to be gone.
    const worker = () => begun('--lease', '5s');
    const workers = [await worker(), await worker()];
    for (let i = 0; i < 4; i++) {
      const flow = randomFlow(`k${i}`, random);
      const wanted = await overFiles(flow);
      const before = here.lines().length;
      const id = await submit(flow);
      await at(before + 1 + Math.floor(random() * 3));
      const which = random() < 0.5 ? 0 : 1;
      workers[which]?.signal('SIGKILL');
      const shown = await here.ended(id);
      expect(outcome(shown), JSON.stringify(flow)).toEqual(wanted);
      // A worker may be killed between the word that it sends and the sending.
      for (const { id: step, attempt } of shown.steps)
        expect(here.called(step), step).toBeLessThanOrEqual(attempt);
      workers[which] = await worker();
    }
  });

  it('the same when Redis is killed in the middle: what has completed is not run again', async () => {
    const random = randomFrom(SEED + 2);
    const { redis, here, worker, submit, checkCalls, at } = await machines();
    await Promise.all([worker(), worker()]);
    for (let i = 0; i < 4; i++) {
      const flow = randomFlow(`r${i}`, random);
      const wanted = await overFiles(flow);
      const before = here.lines().length;
      const id = await submit(flow);
      await at(before + 1 + Math.floor(random() * 3));
      await redis.restart();
      const shown = await here.ended(id);
      expect(outcome(shown), JSON.stringify(flow)).toEqual(wanted);
      checkCalls(shown);
    }
  });
});
