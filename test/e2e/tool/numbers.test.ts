/** Numbers that are only passed through come out as they went in, digit for digit: arguments, results, records, definitions. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run } from '../../support/cli.ts';
import { homeOver, ID, NEXT, ok, recordOf, WAYS } from '../../support/exact-home.ts';
import { SCHEMA, TASK_EXTRA, TOOLS } from '../../support/exact-server.js';
import { addInstance, submitted } from '../../support/instance.ts';
import { configure, endKeepers } from '../../support/keeper.ts';

const ARGS = `{"id":${ID},"ids":[1,9223372036854775807],"x":1.10,"a":{"id":-9223372036854775808,"e":1e400}}`;
const WORDS = [
  '--id',
  ID,
  '--ids',
  '1',
  '--ids',
  '9223372036854775807',
  '--x',
  '1.10',
  '--a.id',
  '-9223372036854775808',
  '--a.e',
  '1e400',
];
const META = '"_meta":{"cost":1.10,"big":1e400}';

describe.each(WAYS)('over %s', (way) => {
  test('what is typed is sent, and what the server answers is printed', async () => {
    const home = await homeOver(way);
    for (const words of [WORDS, ['--args', ARGS]]) {
      const printed = ok(await run(['work', 'echo', ...words, '--json'], { home }));
      expect(printed).toContain(`"structuredContent":${ARGS}`);
      expect(printed).toContain(META);
      expect(ok(await run(['work', 'echo', ...words], { home }))).toBe(`you said ${ARGS}\n`);
    }
    const dry = ok(await run(['work', 'echo', ...WORDS, '--dry-run', '--json'], { home }));
    expect(dry).toContain(`"arguments":${ARGS}`);
  });

  test('a list of tools is the one that the server sent', async () => {
    const home = await homeOver(way);
    // The first is from the server, the second from the cache.
    for (const words of [
      ['ls', '--json'],
      ['ls', '--json'],
    ]) {
      const printed = ok(await run(['work', ...words], { home }));
      expect(printed).toContain(`"inputSchema":${SCHEMA},"_meta":{"weight":1.50}`);
      expect(printed.split('"weight":1.50')).toHaveLength(TOOLS.split('"weight":1.50').length);
    }
    expect(ok(await run(['work', 'echo', '--help'], { home }))).toContain(`default: ${ID}`);
  });

  test('the data of an error is as it was', async () => {
    const home = await homeOver(way);
    const { code, stderr } = await run(['work', 'refuse', ...WORDS, '--json'], { home });
    expect(code).toBe(1);
    expect(stderr).toContain(ARGS);
  });

  test('the data of an error is a bare number, here, in the background and through a keeper', async () => {
    const home = await homeOver(way);
    endKeepers(home);
    const words = ['work', 'refuse-bare', '--id', ID, '--json'];
    const data = `"data":${ID}`;
    expect((await run(words, { home })).stderr).toContain(data);
    const job = await run([...words, '--background'], { home });
    expect(job.stdout).toContain(data);
    const id = (JSON.parse(job.stdout) as { data: { job_id: string } }).data.job_id;
    expect(await recordOf(home, id)).toContain(data);
    expect((await run(['work', 'jobs', 'show', id, '--json'], { home })).stdout).toContain(data);
    configure(home, { keepAlive: true });
    expect((await run(words, { home })).stderr).toContain(data);
    const left = await run([...words, '--background', '--detach'], { home });
    const detached = (JSON.parse(left.stdout) as { data: { job_id: string } }).data.job_id;
    expect((await run(['work', 'jobs', 'wait', detached, '--json'], { home })).stdout).toContain(data);
  });

  test('a job in the background keeps them, on disk and in every command', async () => {
    const home = await homeOver(way);
    const id = await submitted(home, ['work', 'task', ...WORDS]);
    const waited = await run(['work', 'jobs', 'wait', id, '--json'], { home });
    expect(waited.code).toBe(0);
    const shown = ok(await run(['work', 'jobs', 'show', id, '--json'], { home }));
    const watched = await run(['work', 'jobs', 'watch', id, '--json'], { home });
    const text = `"structuredContent":${ARGS},${META}`;
    for (const printed of [waited.stdout, shown, watched.stdout, await recordOf(home, id)]) {
      expect(printed).toContain(`"arguments":${ARGS}`);
      expect(printed).toContain(text);
      expect(printed).toContain(TASK_EXTRA);
    }
    const listed = ok(await run(['work', 'jobs', 'list', '--json'], { home }));
    expect(listed).toContain(`"arguments":${ARGS}`);
    expect(listed).toContain(TASK_EXTRA);
    expect(ok(await run(['work', 'jobs', 'show', id], { home }))).toContain(`arguments: ${ARGS}`);
  });

  test('a plain tool in the background goes through a keeper, and keeps them', async () => {
    const home = await homeOver(way);
    endKeepers(home);
    const id = await submitted(home, ['work', 'echo', ...WORDS]);
    const waited = await run(['work', 'jobs', 'wait', id, '--json'], { home });
    expect(waited.code).toBe(0);
    for (const printed of [waited.stdout, await recordOf(home, id)]) {
      expect(printed).toContain(`"arguments":${ARGS}`);
      expect(printed).toContain(`"structuredContent":${ARGS},${META}`);
    }
  });
});

test('the data of an error with an HTTP status of its own is a bare number', async () => {
  const home = await homeOver('JSON', { errorStatus: 400 });
  const refused = await run(['work', 'refuse-bare', '--id', ID, '--json'], { home });
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(`"data":${ID}`);
});

describe('without a word to the server', () => {
  const fresh = () => homeOver('JSON');

  test('a number that does not fit is refused as it was typed', async () => {
    const home = await fresh();
    const { code, stderr } = await run(['work', 'echo', '--id', '9223372036854775808'], { home });
    expect({ code, stderr: stderr.split('\n')[0] }).toEqual({
      code: 2,
      stderr: 'error: --id: must be <= 9223372036854775807 (given 9223372036854775808)',
    });
  });

  test('a definition fixes an id, and is exported as it was imported', async () => {
    const home = await fresh();
    ok(
      await run(
        ['work', 'jobs', 'define', 'mine', '--tool', 'echo', '--arg', `id=${ID}`, '--args', '{"x":1.10}'],
        { home },
      ),
    );
    const exported = ok(await run(['work', 'jobs', 'export'], { home }));
    expect(exported).toContain(`"id": ${ID}`);
    expect(exported).toContain('"x": 1.10');
    expect(ok(await run(['work', 'mine', '--dry-run', '--json'], { home }))).toContain(
      `{"x":1.10,"id":${ID}}`,
    );
    const other = await fresh();
    writeFileSync(join(other, 'jobs.json'), exported);
    await run(['work', 'jobs', 'import', 'jobs.json'], { home: other });
    expect(ok(await run(['work', 'jobs', 'export'], { home: other }))).toBe(exported);
    // The neighbour, which JavaScript takes for the same number.
    writeFileSync(join(other, 'jobs.json'), exported.replace(ID, NEXT));
    expect(await run(['work', 'jobs', 'import', 'jobs.json'], { home: other })).toMatchObject({ code: 2 });
  });

  test('a default that is set for a flag is sent, and outlives other changes of the configuration', async () => {
    const home = await fresh();
    const set = [
      'instances',
      'set',
      'work',
      'tools.echo.flags',
      `{"id":{"default":${NEXT}},"x":{"default":2.50}}`,
    ];
    expect(await run(set, { home })).toMatchObject({ code: 0 });
    await addInstance(home, ['--url', 'http://127.0.0.1:9/mcp'], 'other');
    expect(ok(await run(['work', 'echo', '--dry-run', '--json'], { home }))).toContain(
      `{"id":${NEXT},"x":2.50}`,
    );
    expect(ok(await run(['work', 'echo', '--id', ID, '--dry-run'], { home }))).toContain(`"id": ${ID}`);
  });
});
