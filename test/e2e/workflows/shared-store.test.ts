/** Workflows whose jobs are in Redis: seen, waited for and gone on with from another machine, which here is another home. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { freshDir } from '../../support/home.ts';
import { dataOf, submitted } from '../../support/instance.ts';
import { keeperHome, theKeeper } from '../../support/keeper.ts';
import { noRedis } from '../../support/redis.ts';
import { redisForAll } from '../../support/redis-for-all.ts';

const SERVER = fileURLToPath(new URL('../../support/steps-stdio.js', import.meta.url));

/** Three steps, of which the second waits at the server until the gate is open. */
const GATED = {
  name: 'gated',
  steps: [
    { id: 'a', tool: 'count', input: { n: 1, by: 1, id: 'a' } },
    { id: 'b', tool: 'gate', dependsOn: ['a'], input: '{id: "b", sum: .steps.a.outputs.sum}' },
    { id: 'c', tool: 'count', dependsOn: ['b'], input: { n: 2, by: 2, id: 'c' } },
  ],
};

/** The same as job files. */
const files = (calls: string, gate: string) => `import { appendFileSync, existsSync } from 'node:fs';
import { job, workflow, z } from 'mcp2cli/jobs';
export const count = job({ name: 'count', inputSchema: { id: z.string(), waits: z.boolean().default(false) }, outputSchema: {} })(
  async ({ id, waits }) => {
    appendFileSync(${JSON.stringify(calls)}, id + '\\n');
    while (waits && !existsSync(${JSON.stringify(gate)})) await new Promise((done) => setTimeout(done, 20));
    return {};
  });
export default workflow({ name: 'gated', steps: [
  { id: 'a', jobName: 'count', input: { id: 'a' } },
  { id: 'b', jobName: 'count', dependsOn: ['a'], input: { id: 'b', waits: true } },
  { id: 'c', jobName: 'count', dependsOn: ['b'], input: { id: 'c' } },
] });
`;

describe.skipIf(noRedis !== undefined)('a workflow in a shared store', () => {
  const redis = redisForAll();

  it.each(['document', 'job files'])(
    'of %s is seen from another machine, and resumed there when its own has died',
    async (of) => {
      const dir = freshDir('steps');
      const [calls, gate] = [join(dir, 'calls'), join(dir, 'gate')];
      const isDocument = of === 'document';
      if (!isDocument) writeFileSync(join(dir, 'gated.workflow.mjs'), files(calls, gate));
      const how = isDocument
        ? ['--env', `STEPS_CALLS=${calls}`, '--env', `STEPS_GATE=${gate}`, '--', process.execPath, SERVER]
        : ['--jobs', dir];
      const store = `redis://${redis.host}/0?prefix=${of.replace(' ', '-')}:`;
      const [here, there] = [await keeperHome(how, { store }), await keeperHome(how, { store })];
      if (isDocument) {
        writeFileSync(join(dir, 'gated.json'), JSON.stringify(GATED));
        const defined = await run(['work', 'jobs', 'define', join(dir, 'gated.json')], { home: here });
        expect(defined).toMatchObject({ code: 0 });
      }
      const called = () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : []);
      const from = (home: string, ...words: string[]) => run(['work', ...words], { home });
      const id = await submitted(here, ['work', 'gated']);
      await expect.poll(called).toEqual(['a', 'b']);
      expect(await from(there, 'jobs', 'show', id)).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/ a +completed .*\n.* b +running .*\n.* c +pending /),
      });
      process.kill((await theKeeper(here)).pid, 'SIGKILL');
      // Its lease runs out first.
      expect(await from(there, 'jobs', 'wait', id)).toMatchObject({ code: 1 });
      const lost = {
        status: 'lost',
        // The process that runs job files outlives its keeper, and may have the time to end the step.
        steps: [
          { state: 'completed' },
          { state: isDocument ? 'lost' : expect.stringMatching(/^(lost|canceled)$/) },
          { state: 'pending' },
        ],
      };
      expect(dataOf(await from(here, '--json', 'jobs', 'show', id))).toMatchObject(lost);
      expect(await from(there, 'jobs', 'resume', id)).toMatchObject({
        code: 0,
        stdout: `Job resumed: ${id} (1 of 3 steps have completed)\n`,
      });
      appendFileSync(gate, 'open');
      expect(await from(here, 'jobs', 'wait', id)).toMatchObject({ code: 0 });
      expect(called()).toEqual(['a', 'b', 'b', 'c']);
    },
  );
});
