/** What every task dialect owes whoever is asked by a task, and whoever cannot be. Run over each by backends.test.ts. */
import { describe, expect, it } from 'vitest';
import { UnfinishedError } from '../../src/errors.ts';
import { followTask } from '../../src/jobs/follow/follow-task.ts';
import type { Answer } from '../../src/jobs/ports.ts';
import type { JobRecord, PendingInput } from '../../src/jobs/record.ts';
import { backendRig, type Rig, type TaskDialect } from '../support/backend-rig.ts';
import { promised } from '../support/promised.ts';

const QUESTION = 'Where should web run?';
const GO: Answer = { action: 'accept', content: { region: 'eu-west', size: 2, confirm: true } };

export function questionsContract(name: TaskDialect): void {
  const asks = async () => {
    const one = await backendRig(name);
    return { one, job: await one.submit('provision', { name: 'web', duration: 0 }) };
  };
  const drive = ({ deps, stop }: Rig, job: JobRecord, ask?: Rig['deps']['ask']) =>
    followTask({ ...deps, ask }, job, { stop, events: {} });

  describe(`questions over ${name}`, () => {
    it('one is put once, when it is on record, and its answer goes back', async () => {
      const { one, job } = await asks();
      const asked: PendingInput[] = [];
      const end = await drive(one, job, async (question) => {
        asked.push(question);
        expect(one.store.read(job.job_id).pending_input).toEqual([question]);
        return GO;
      });
      expect(end).toMatchObject({
        status: 'completed',
        result: { content: [{ text: 'Provisioned web in eu-west with 2 CPUs' }] },
      });
      expect(asked).toMatchObject([
        { method: 'elicitation/create', params: { message: QUESTION, requestedSchema: { type: 'object' } } },
      ]);
      expect(end.pending_input ?? []).toEqual([]);
      expect(one.server.stats.calls).toEqual({ provision: 1 });
    });

    it.each([
      ['decline', 'completed', 'Nothing provisioned: web was declined'],
      ['cancel', 'failed', 'Provisioning web was cancelled: nobody answered'],
    ] as const)('%s is an answer, too', async (action, status, text) => {
      const { one, job } = await asks();
      expect(await drive(one, job, async () => ({ action }))).toMatchObject({
        status,
        result: { content: [{ text }] },
      });
    });

    it.each([
      ['nobody is there to answer', undefined],
      ['whoever is asked leaves it to somebody else', async () => undefined],
    ])('%s: the wait ends, the question stays for the next', async (_, ask) => {
      const { one, job } = await asks();
      const error = await drive(one, job, ask).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(UnfinishedError);
      expect(error).toMatchObject({ code: 'input_required', message: expect.stringContaining(QUESTION) });
      const left = one.store.read(job.job_id);
      expect(left).toMatchObject({ status: 'input_required', finished_at: null });
      const { details } = error as UnfinishedError;
      expect(details).toEqual({ job_id: job.job_id, pending_input: left.pending_input ?? [] });
      // Where a question is put once only, to whoever waits for the result, nobody waits before there is somebody to answer.
      if (ask || !one.backend.blocks)
        expect(left.pending_input).toMatchObject([{ params: { message: QUESTION } }]);
      expect(await drive(one, left, async () => GO)).toMatchObject({ status: 'completed' });
    });

    it('a failed poll while somebody thinks costs neither the question nor the answer', async () => {
      const { one, job } = await asks();
      const recovered = promised();
      let asked = 0;
      const end = await drive(one, job, async () => {
        asked += 1;
        one.falsify('tasks/get', (_, n) => {
          if (n <= 2) return { status: 503 };
          recovered.keep();
          return undefined;
        });
        await recovered.promise;
        return GO;
      });
      expect(end).toMatchObject({ status: 'completed' });
      expect(asked).toBe(1);
    });
  });
}
