/** Numbers in a configuration with comments stay as they were written, and a change between two neighbours is one. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '../../support/cli.ts';
import { ID, NEXT, ok } from '../../support/exact-home.ts';
import { freshHome } from '../../support/home.ts';

const COMMENTED = `{
  // of mine
  "mcpServers": {
    "work": {
      "url": "http://127.0.0.1:9/mcp",
      "seq": 1.10, // of another host
      "tools": { "echo": { "flags": { "id": { "default": ${ID} }, "ids": { "default": [1.0, ${ID}] } } } },
    },
  },
}
`;

function commented() {
  const home = freshHome();
  const path = join(home, 'config.json');
  writeFileSync(path, COMMENTED, { mode: 0o600 });
  const edit = async (...words: string[]) => {
    const { code, stderr } = await run(['instances', ...words], { home });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const text = readFileSync(path, 'utf8');
    expect(text).toContain('// of mine');
    return text;
  };
  return { home, edit };
}

test('other settings are changed, and no number', async () => {
  const { edit } = commented();
  for (const words of [
    ['set', 'work', 'detach', 'true'],
    ['set', 'work', 'tools.echo.timeout', '30s'],
    ['unset', 'work', 'tools.echo.timeout'],
    ['add', 'other', '--', 'npx', '-y', 'x'],
  ]) {
    const text = await edit(...words);
    expect(text).toContain('"seq": 1.10, // of another host');
    expect(text.replace(/\s/g, '')).toContain(`"id":{"default":${ID}},"ids":{"default":[1.0,${ID}]}`);
  }
});

test('a number that is set is written as it was typed', async () => {
  const { home, edit } = commented();
  const flags = `{"id":{"default":${NEXT}},"x":{"default":2.50},"e":{"default":1e400},"ids":{"default":[1.0,${NEXT}]}}`;
  const text = await edit('set', 'work', 'tools.echo.flags', flags);
  expect(text).not.toContain(ID);
  expect(text.replace(/\s/g, '')).toContain(`"default":${NEXT}`);
  expect(text.replace(/\s/g, '')).toContain(`[1.0,${NEXT}]`);
  expect(text.replace(/\s/g, '')).toContain('"x":{"default":2.50},"e":{"default":1e400}');
  expect(text).toContain('// of another host');
  expect(ok(await run(['instances', 'list', '--json'], { home }))).toContain(`{"default":${NEXT}}`);
});

test('the same number written otherwise is a change, too', async () => {
  const { edit } = commented();
  const flags = `{"id":{"default":${ID}},"ids":{"default":[1,${ID}]}}`;
  const text = await edit('set', 'work', 'tools.echo.flags', flags);
  expect(text.replace(/\s/g, '')).toContain(`[1,${ID}]`);
});
