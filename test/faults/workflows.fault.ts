/** Keepers, servers and commands killed while a workflow runs: what has completed never runs again, and every workflow can be resumed to its end. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { run, start } from '../support/cli.ts';
import { freshDir } from '../support/home.ts';
import { keeperHome, keeperPids } from '../support/keeper.ts';
import { ledger, seeded } from '../support/ledger.ts';
import { kill, processesWith } from '../support/processes.ts';
import { diskStore } from '../support/store-fixtures.ts';

const SERVER = fileURLToPath(new URL('../support/steps-stdio.js', import.meta.url));

/** How many kills; WORKFLOW_KILLS for more. */
const KILLS = Number(process.env['WORKFLOW_KILLS'] ?? 40);

/** How long a step takes, in milliseconds: long enough for kills to come while one is under way. */
const STEP_MS = 120;

const STEPS = ['a', 'b', 'c', 'd', 'e', 'f'];
const WAITS: Record<string, string[]> = { b: ['a'], c: ['a'], d: ['b', 'c'], e: ['d'], f: ['d'] };
const WORKFLOW = {
  name: 'steps',
  inputSchema: { type: 'object', properties: { w: { type: 'string' } }, required: ['w'] },
  steps: STEPS.map((id) => ({
    id,
    tool: 'count',
    dependsOn: WAITS[id] ?? [],
    input: `{id: (.input.w + "-${id}"), ms: ${STEP_MS}, by: 1, n: ([.steps[].outputs.sum] | max // 0)}`,
  })),
};

/** The same as code: the host that runs it is started with the folder's path. */
const files = (calls: string) => `import { appendFileSync } from 'node:fs';
import { job, workflow, z } from 'mcp2cli/jobs';
export const count = job({ name: 'count', inputSchema: { id: z.string(), n: z.number() }, outputSchema: { sum: z.number() } })(
  async ({ id, n }) => {
    appendFileSync(${JSON.stringify(calls)}, id + '\\n');
    await new Promise((resolve) => setTimeout(resolve, ${STEP_MS}));
    return { sum: n + 1 };
  });
const waits = ${JSON.stringify(WAITS)};
export default workflow({ name: 'steps', inputSchema: { w: z.string() }, steps: ${JSON.stringify(STEPS)}.map((id) => ({
  id, jobName: 'count', dependsOn: waits[id] ?? [],
  input: (steps, { w }) => ({ id: w + '-' + id, n: Math.max(0, ...(waits[id] ?? []).map((one) => steps.get(one).outputs.sum)) }),
})) });
`;

interface Subject {
  home: string;
  /** Words that the server's command line has. */
  serverWords: string;
  /** The file that gets the id of each step that runs, a line each. */
  calls: string;
}

/** A workflow of a document, over a stdio server. */
async function ofDocument(): Promise<Subject> {
  const dir = freshDir('steps');
  const calls = join(dir, 'calls');
  const home = await keeperHome(['--env', `STEPS_CALLS=${calls}`, '--', process.execPath, SERVER, dir]);
  writeFileSync(join(dir, 'steps.json'), JSON.stringify(WORKFLOW));
  expect(await run(['work', 'jobs', 'define', join(dir, 'steps.json')], { home })).toMatchObject({ code: 0 });
  return { home, serverWords: dir, calls };
}

/** A workflow of job files. */
async function ofFiles(): Promise<Subject> {
  const dir = freshDir('step-files');
  const calls = join(freshDir('calls'), 'calls');
  writeFileSync(join(dir, 'steps.workflow.mjs'), files(calls));
  const home = await keeperHome(['--jobs', dir]);
  return { home, serverWords: dir, calls };
}

it.skipIf(process.platform !== 'linux').each([
  ['document', 'server', ofDocument],
  ['job file', 'host', ofFiles],
] as const)(
  'a workflow of a %s whose keeper, %s or command is killed at a random time',
  async (of, server, subject) => {
    const book = ledger(`SIGKILL at a random time: keeper, ${server} or command of a workflow of a ${of}`);
    const { random } = seeded();
    let resumptions = 0;
    let next = 0;
    const lane = async () => {
      const { home, serverWords, calls } = await subject();
      const { store } = diskStore(home);
      writeFileSync(calls, '');
      const called = (w: string, step: string) =>
        readFileSync(calls, 'utf8')
          .split('\n')
          .filter((line) => line === `${w}-${step}`).length;
      for (let n = next++; n < KILLS; n = next++) {
        const w = `w${n}`;
        const victim = (['keeper', 'keeper', 'server', 'command'] as const)[Math.floor(random() * 4)];
        const command = start(['work', 'steps', '--w', w, '--background', '--quiet'], { home });
        const moment = random() * 1_200;
        const struck = sleep(moment).then(() => {
          if (victim === 'command') command.signal('SIGKILL');
          else
            kill(
              victim === 'keeper'
                ? keeperPids(home)
                : processesWith(serverWords).filter((pid) => pid !== process.pid),
            );
        });
        await Promise.all([command.done, struck]);
        book.tried();
        const job = (await store.list()).jobs.find(({ arguments: args }) => args['w'] === w);
        // Killed before there was a record: nothing was said, and nothing ran.
        if (!job) {
          if (STEPS.some((step) => called(w, step) > 0)) book.lost(`${w} has run and has no record`);
          continue;
        }
        await run(['work', 'jobs', 'wait', job.job_id, '--timeout', '20s'], { home });
        const before = await store.read(job.job_id);
        const counts = (before.steps ?? [])
          .filter(({ state }) => state === 'completed')
          .map(({ id }) => [id, called(w, id)] as const);
        if (before.status !== 'completed') {
          resumptions++;
          const resumed = await run(['work', 'jobs', 'resume', job.job_id], { home });
          if (resumed.code !== 0) book.lost(`${w} (${before.status}) cannot be resumed: ${resumed.stderr}`);
          await run(['work', 'jobs', 'wait', job.job_id, '--timeout', '20s'], { home });
        }
        const after = await store.read(job.job_id);
        if (after.status !== 'completed') book.lost(`${w} is ${after.status}: ${after.error?.message}`);
        for (const [id, count] of counts)
          if (called(w, id) !== count) book.twice(`${w}: ${id} had completed`);
        const sums = (after.steps ?? []).map(({ outputs }) => (outputs as { sum?: number } | undefined)?.sum);
        if (JSON.stringify(sums) !== '[1,2,2,3,4,4]') book.lost(`${w}: results ${JSON.stringify(sums)}`);
      }
    };
    // Each with a keeper of its own.
    await Promise.all([lane(), lane()]);
    book.settle();
    // Some have come while it ran.
    expect(resumptions).toBeGreaterThan(KILLS / 20);
  },
);
