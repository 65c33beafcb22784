/** Numbers that a server's form proposes, and those that are filled in, reach the server as they were written. */
import { expect, test } from 'vitest';
import { run } from '../../support/cli.ts';
import { homeOver, ID, NEXT, ok } from '../../support/exact-home.ts';
import { submitted } from '../../support/instance.ts';
import { endKeepers } from '../../support/keeper.ts';

/** A job that asks, with a keeper. */
async function asking() {
  const home = await homeOver('stdio');
  endKeepers(home);
  const id = await submitted(home, ['work', 'ask', '--detach']);
  await expect
    .poll(async () => (await run(['work', 'jobs', 'show', id, '--json'], { home })).stdout)
    .toContain('"status":"input_required"');
  return { home, id };
}

test('what a job asks is told with the numbers of the server', async () => {
  const { home, id } = await asking();
  expect(ok(await run(['work', 'jobs', 'show', id, '--json'], { home }))).toContain(`"default":${ID}`);
  const help = ok(await run(['work', 'jobs', 'answer', id, '--help'], { home }));
  expect(help).toContain(`default: ${ID}`);
  expect(help).toContain('default: 1.10');
});

test.each([
  ['as it is proposed', ['--accept'], `{"id":${ID},"x":1.10,"y":2.50}`],
  ['with a text', ['--name', 'a'], `{"id":${ID},"x":1.10,"y":2.50,"name":"a"}`],
  ['with another number', ['--y', '7.0'], `{"id":${ID},"x":1.10,"y":7.0}`],
  ['with the neighbour of an id', ['--id', NEXT], `{"id":${NEXT},"x":1.10,"y":2.50}`],
  ['with the same number, written otherwise', ['--x', '1.1'], `{"id":${ID},"x":1.1,"y":2.50}`],
  ['with JSON', ['--args', '{"x":3.0}', '--y', '2.5'], `{"id":${ID},"x":3.0,"y":2.5}`],
])('a form is sent %s', async (_, words, content) => {
  const { home, id } = await asking();
  expect(await run(['work', 'jobs', 'answer', id, ...words], { home })).toMatchObject({ code: 0 });
  const { stdout } = await run(['work', 'jobs', 'wait', id, '--json'], { home });
  expect(stdout).toContain(`"structuredContent":${content}`);
});

test('a form is sent with its defaults by the policy', async () => {
  const home = await homeOver('stdio');
  const { code, stdout } = await run(['work', 'ask', '--elicit', 'defaults', '--json'], { home });
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringContaining(`{"id":${ID},"x":1.10,"y":2.50}`),
  });
});
