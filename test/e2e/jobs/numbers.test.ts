/** Numbers of jobs: a bare one as a result, and ones that are longer than anything that is kept of a server's state. */
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { run } from '../../support/cli.ts';
import { homeOver, ID, NEXT, ok, recordOf } from '../../support/exact-home.ts';
import { submitted } from '../../support/instance.ts';

test.each([ID, '1.10', '1e400', `[${ID},{"n":${NEXT}}]`])(
  'a job of a job server returns %s',
  async (jobResult) => {
    const home = await homeOver('JSON', { jobResult });
    expect(ok(await run(['work', 'count'], { home }))).toContain(jobResult);
    const id = await submitted(home, ['work', 'count']);
    const waited = await run(['work', 'jobs', 'wait', id, '--json'], { home });
    expect({ code: waited.code, stdout: waited.stdout }).toEqual({
      code: 0,
      stdout: expect.stringContaining(JSON.stringify(jobResult)),
    });
  },
);

test('the steps of a workflow are shown with the numbers that they returned', async () => {
  const step = `{"state":"completed","outputs":${ID}}`;
  const jobResult = `{"workflowName":"w","state":"completed","stepResults":{"a":${step},"b":{"state":"completed","outputs":[1.10]}}}`;
  const home = await homeOver('JSON', { jobResult });
  expect(ok(await run(['work', 'count'], { home }))).toBe(
    `w: completed\n├─ a: completed  ${ID}\n└─ b: completed  [1.10]\n`,
  );
});

test.each([
  ['structured content', `{"content":[],"structuredContent":${ID}}`],
  ['a text', `{"content":[{"type":"text","text":${ID}}]}`],
])('a tool answers with a number as %s', async (_, toolResult) => {
  const home = await homeOver('JSON', { toolResult });
  expect(ok(await run(['work', 'echo'], { home }))).toBe(`${ID}\n`);
  expect(ok(await run(['work', 'echo', '--json'], { home }))).toContain(toolResult);
});

const LONG = '9'.repeat(1_000_000);
/** What is stored of a state of 64 KiB, in a few files. */
const SOME = 300_000;

test.each([
  ['a member', `"seq":${LONG}`],
  ['a member of a member', `"more":{"seq":${LONG},"id":${ID}}`],
  ['an element', `"more":[${ID},${LONG}]`],
  [
    'elements, each of them short',
    `"more":[${Array(2_000)
      .fill(`1${'0'.repeat(1_000)}1`)
      .join(',')}]`,
  ],
  [
    'members, each of them short',
    Array.from({ length: 2_000 }, (_, i) => `"n${i}":1${'0'.repeat(1_000)}1`).join(','),
  ],
])('a number of a million digits is not kept whole in the state of a task: %s', async (_, taskExtra) => {
  const home = await homeOver('JSON', { taskExtra: `${taskExtra},"kept":${ID},"also":1.10` });
  const id = await submitted(home, ['work', 'task']);
  const waited = await run(['work', 'jobs', 'wait', id, '--json'], { home });
  const shown = ok(await run(['work', 'jobs', 'show', id, '--json'], { home }));
  const listed = ok(await run(['work', 'jobs', 'list', '--json'], { home }));
  for (const text of [waited.stdout, await recordOf(home, id), shown, listed])
    expect(text.length).toBeLessThan(SOME);
  expect(shown).toContain('"truncated":true');
  if (!/n1999/.test(taskExtra)) expect(shown).toContain(`"kept":${ID},"also":1.10`);
});

/** The jq of this machine from 1.7 on, else jq's own code in WebAssembly. Older ones round. */
function jq(filter: string, input: string): string {
  const { stdout } = spawnSync('jq', ['--version'], { encoding: 'utf8' });
  const [, major = 0, minor = 0] = /^jq-(\d+)\.(\d+)/.exec(stdout ?? '')?.map(Number) ?? [];
  const own = fileURLToPath(new URL('../../support/jq.js', import.meta.url));
  const [command, ...words] = major > 1 || minor >= 7 ? ['jq'] : [process.execPath, own];
  return execFileSync(command as string, [...words, '-c', filter], { input, encoding: 'utf8' });
}

test('jq passes on what is printed', async () => {
  const home = await homeOver('stdio');
  const words = ['work', 'echo', '--args', `{"id":${ID},"ids":[9223372036854775807],"x":1.10}`];
  const printed = ok(await run([...words, '--json'], { home }));
  expect(jq('.data.structuredContent', printed)).toBe(`{"id":${ID},"ids":[9223372036854775807],"x":1.10}\n`);
  expect(jq('.data.structuredContent.id', printed)).toBe(`${ID}\n`);
});
