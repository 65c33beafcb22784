/** Three machines, with names, networks, pids and homes of their own and clocks minutes apart, and one store. */
import { describe, expect, it } from 'vitest';
import type { JobRecord } from '../../../src/jobs/record.ts';
import { atTestEnd } from '../../support/cli.ts';
import { addInstance, dataOf } from '../../support/instance.ts';
import { type Machine, machinesThatReach, noMachines } from '../../support/machines.ts';
import { noRedis, startRedis } from '../../support/redis.ts';
import { demoServer } from '../../support/servers.ts';

for (const why of [noRedis, noMachines]) if (why !== undefined) console.warn(why);

const MINUTE_MS = 60_000;
/** How far a time that Redis' clock gave may be from ours: both are this machine's, and a test takes its time. */
const FAR_MS = 3 * MINUTE_MS;

describe.skipIf(noRedis !== undefined).each(['plain', 'tasks-2025-11-25'] as const)(
  'three machines, a server of %s',
  (dialect) => {
    /** Here it is submitted, there it is worked on, and a third looks on. */
    async function place(speed = 1) {
      const redis = await startRedis();
      atTestEnd(() => redis.kill());
      const server = await demoServer({ dialect, speed, pollIntervalMs: 200 });
      const ports = [redis.host, new URL(server.url).host].map((host) => Number(host.split(':')[1]));
      const start = await machinesThatReach(ports, { MCP2CLI_STORE: `redis://${redis.host}/0` });
      const machine = async (name: string, aheadMs: number) => {
        const started = await start(name, aheadMs);
        await addInstance(started.home, ['--url', server.url]);
        return started;
      };
      const [submits, works, looks] = await Promise.all([
        machine('runner', -7 * MINUTE_MS),
        machine('builder', 11 * MINUTE_MS),
        machine('desk', 0),
      ]);
      return { server, submits, works, looks };
    }

    const work = async (machine: Machine) => {
      const worker = machine.start('worker', 'work', '--lease', '2s');
      await worker.waitForStderr(/takes jobs of work/);
    };

    const submit = async (machine: Machine, ...words: string[]) => {
      const { code, stdout, stderr } = await machine.run('work', ...words, '--detach', '--quiet');
      expect({ code, stderr }).toMatchObject({ code: 0 });
      return stdout.trim();
    };

    const job = async (machine: Machine, verb: string, id: string) =>
      dataOf<JobRecord>(await machine.run('--json', 'work', 'jobs', verb, id));

    it('submitted on one, worked on by another, waited for on the third', async () => {
      const { server, submits, works, looks } = await place();
      await work(works);
      const status = dataOf<{ workers: { host: string }[] }[]>(await looks.run('--json', 'worker', 'status'));
      if (noMachines === undefined) expect(status).toMatchObject([{ workers: [{ host: 'builder' }] }]);
      const id = await submit(submits, 'deploy', '--version', '1');
      const ended = await job(looks, 'wait', id);
      expect(ended).toMatchObject({ status: 'completed', result: { structuredContent: { version: '1' } } });
      expect(server.stats.calls).toEqual({ deploy: 1 });
      // What each machine's clock says is in no record.
      const { created_at, updated_at } = ended;
      for (const time of [created_at, updated_at])
        expect(Math.abs(Date.now() - Date.parse(time)), time).toBeLessThan(FAR_MS);
      expect(Date.parse(updated_at)).toBeGreaterThanOrEqual(Date.parse(created_at));
      const second = await submit(looks, 'echo', '--message', 'hi');
      for (const machine of [submits, works, looks]) {
        await job(machine, 'wait', second);
        const listed = await machine.run('--json', 'work', 'jobs', 'list');
        expect((JSON.parse(listed.stdout) as JobRecord[]).map(({ job_id }) => job_id)).toEqual([second, id]);
      }
    });

    it('cancelled from where it was submitted, while another machine waits', async () => {
      const { server, submits, works, looks } = await place(0.01);
      await work(works);
      const id = await submit(submits, 'deploy', '--version', '1');
      await expect.poll(() => server.stats.calls['deploy'], { timeout: 60_000 }).toBe(1);
      const waiting = looks.start('--json', 'work', 'jobs', 'wait', id);
      expect((await submits.run('work', 'jobs', 'cancel', id)).code).toBe(0);
      const end = await waiting.done;
      expect(end.code).toBe(1);
      expect(dataOf(end)).toMatchObject({ job_id: id, status: 'canceled' });
      const { cancelledCalls, cancelledTasks } = server.stats;
      await expect.poll(() => cancelledCalls + cancelledTasks).toBe(1);
    });

    it('a question is answered from a machine that did neither submit nor work', async () => {
      const { server, submits, works, looks } = await place();
      await work(works);
      const id = await submit(submits, 'provision', '--name', 'db', '--duration', '0');
      const asked = await submits.run('work', 'jobs', 'wait', id);
      expect(asked).toMatchObject({ code: 8, stderr: expect.stringContaining('Where should db run?') });
      expect(await job(looks, 'show', id)).toMatchObject({
        status: 'input_required',
        pending_input: [{ params: { message: 'Where should db run?' } }],
      });
      const listed = await submits.run('--json', 'work', 'jobs', 'list', '--status', 'input_required');
      expect(JSON.parse(listed.stdout)).toMatchObject([{ job_id: id }]);
      const answered = await looks.run('work', 'jobs', 'answer', id, '--region', 'eu-west', '--confirm');
      expect(answered).toMatchObject({ code: 0, stdout: expect.stringContaining(`answered ${id} (accept)`) });
      expect(await submits.run('work', 'jobs', 'wait', id)).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('Provisioned db in eu-west'),
      });
      const again = await looks.run('--json', 'work', 'jobs', 'answer', id, '--decline');
      expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('nothing_to_answer') });
      expect(server.stats.calls).toEqual({ provision: 1 });
    });

    it('a machine that is gone while it works: a task is taken over by the next, a call is lost, neither is sent again', async () => {
      const { server, submits, works, looks } = await place(dialect === 'plain' ? 0.01 : 0.5);
      await work(works);
      const id = await submit(submits, 'deploy', '--version', '1');
      await expect.poll(() => server.stats.calls['deploy'], { timeout: 60_000 }).toBe(1);
      if (dialect !== 'plain')
        await expect.poll(async () => (await job(looks, 'show', id)).remote_task_id).not.toBeNull();
      await works.kill();
      await work(looks);
      expect(await job(submits, 'wait', id)).toMatchObject(
        dialect === 'plain' ? { status: 'lost', error: { code: 'worker_gone' } } : { status: 'completed' },
      );
      expect(server.stats.calls).toEqual({ deploy: 1 });
    });
  },
);
