/** The file of an instance's own jobs. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toolDefaults } from '../../src/cli/global-flags/tool-defaults.ts';
import { PLAIN } from '../../src/cli/output/palette.ts';
import { definitionLine, definitionTable } from '../../src/cli/output/views/definition-view.ts';
import { type Definition, inOrder, shapeProblems } from '../../src/definitions/definition.ts';
import { editDefinitions } from '../../src/definitions/edit.ts';
import { nameProblem, toolOfName } from '../../src/definitions/name.ts';
import { readDefinitions } from '../../src/definitions/read.ts';
import { ConfigError } from '../../src/errors.ts';
import { freshDir } from '../support/home.ts';

const pathIn = (dir: string) => join(dir, 'instances', 'work', 'definitions.json');

function written(text: string): string {
  const path = join(freshDir('definitions'), 'definitions.json');
  writeFileSync(path, text);
  return path;
}

describe('the file', () => {
  it('keeps definitions by name, with what it does not know', async () => {
    const path = pathIn(freshDir('definitions'));
    expect(readDefinitions(path)).toEqual([]);
    const one: Definition = { tool: 'export', name: 'b', later: { x: 1 }, args: { z: 1, a: 2 }, retries: 3 };
    await editDefinitions(path, (all) => {
      all.set('b', one);
      all.set('constructor', { name: 'constructor', tool: 't' });
    });
    await editDefinitions(path, (all) => all.set('A', { name: 'A', tool: 't' }));
    expect(readDefinitions(path)).toEqual([
      { name: 'A', tool: 't' },
      one,
      { name: 'constructor', tool: 't' },
    ]);
    expect(readFileSync(path, 'utf8')).toBe(
      `${JSON.stringify(
        {
          schema_version: 1,
          definitions: {
            A: { tool: 't' },
            b: { tool: 'export', args: { z: 1, a: 2 }, retries: 3, later: { x: 1 } },
            constructor: { tool: 't' },
          },
        },
        null,
        2,
      )}\n`,
    );
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(path, '..'))).toEqual(['definitions.json']);
  });

  it('keeps what else stands in it, and is not touched where nothing changes', async () => {
    const path = written(
      '{"schema_version":1,"later":[1],"definitions":{"a":{"tool":"t","__proto__":{"x":1}}}}',
    );
    await editDefinitions(path, (all) => all.set('b', { name: 'b', tool: 't' }));
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
      later: [1],
      definitions: { b: { tool: 't' } },
    });
    expect(readFileSync(path, 'utf8')).toContain('"__proto__"');
    const before = statSync(path).ino;
    await editDefinitions(path, () => {});
    await expect(
      editDefinitions(path, (all) => {
        all.clear();
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(statSync(path).ino).toBe(before);
  });

  it.each([
    ['is empty', ''],
    ['was cut', '{"schema_version":1,"defin'],
    ['is zeros', '\0'.repeat(100)],
    ['is null', 'null'],
    ['is a list', '[]'],
    ['has no version', '{"definitions":{}}'],
    ['has no definitions', '{"schema_version":1}'],
    ['has a definition that is no object', '{"schema_version":1,"definitions":{"a":1}}'],
    ['has a definition without a tool', '{"schema_version":1,"definitions":{"a":{}}}'],
    ['has a field of another type', '{"schema_version":1,"definitions":{"a":{"tool":"t","retries":"3"}}}'],
    ['has a name that cannot be', '{"schema_version":1,"definitions":{"__proto__":{"tool":"t"}}}'],
    ['has two names for one', '{"schema_version":1,"definitions":{"a":{"name":"b","tool":"t"}}}'],
    ['is newer', '{"schema_version":2,"definitions":[]}'],
  ])('that %s is an error with its path, and stays as it is', async (what, text) => {
    const path = written(text);
    const error = expect.objectContaining({
      message: expect.stringMatching(
        what === 'is newer' ? /^the definitions were written by a newer / : /are damaged/,
      ),
      code: what === 'is newer' ? 'newer' : 'config',
      exitCode: 78,
    });
    expect(() => readDefinitions(path)).toThrow(ConfigError);
    expect(() => readDefinitions(path)).toThrow(error);
    expect(() => readDefinitions(path)).toThrow(path);
    await expect(editDefinitions(path, (all) => all.set('x', { name: 'x', tool: 't' }))).rejects.toThrow(
      error,
    );
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('that is a folder is damaged, too', () => {
    const path = join(freshDir('definitions'), 'definitions.json');
    mkdirSync(path);
    expect(() => readDefinitions(path)).toThrow(/are damaged: .*: it is a folder/);
  });
});

describe('a definition', () => {
  it('has fields of certain types', () => {
    const whole = {
      name: 'n',
      tool: 't',
      description: '',
      args: {},
      retries: 2,
      retryBackoff: '1s',
      retryMultiplier: 2,
      retryMaxBackoff: 30,
      timeout: '10m',
      outputCheck: false,
      tags: ['a'],
      labels: { a: 'b' },
      hideFromDiscovery: true,
      anything: null,
    };
    expect(shapeProblems(whole)).toEqual([]);
    expect(
      shapeProblems({ ...whole, args: [], labels: { a: 1 }, tags: 'a', timeout: true, tool: '' }),
    ).toEqual([
      'tool must be text that is not empty',
      'args must be an object',
      'timeout must be a duration, such as "10m"',
      'tags must be a list of texts',
      'labels must be an object of texts',
    ]);
    expect(shapeProblems(JSON.parse('{"__proto__":{"name":"a","tool":"b"}}'))).toEqual([
      'name is missing',
      'tool is missing',
    ]);
    expect(Object.keys(inOrder({ later: 1, tags: [], tool: 't', name: 'n', timeout: undefined }))).toEqual([
      'name',
      'tool',
      'tags',
      'later',
    ]);
    expect([...toolDefaults({ ...whole })]).toEqual([
      ['retries', '2'],
      ['retry-backoff', '1s'],
      ['retry-multiplier', '2'],
      ['retry-max-backoff', '30'],
      ['timeout', '10m'],
      ['no-output-check', true],
    ]);
    expect([...toolDefaults({ outputCheck: true })]).toEqual([['output-check', true]]);
  });

  it('has a name that can be typed and means nothing else', () => {
    for (const name of ['nightly-export', 'a', '0', 'Etl.v2_x', 'x'.repeat(64), 'constructor'])
      expect(nameProblem(name)).toBeUndefined();
    for (const name of ['', '-x', '.x', 'a b', 'ä', 'a/b', 'x'.repeat(65), '__proto__'])
      expect(nameProblem(name)).toMatch(/^not a name for a job/);
    for (const name of ['ls', 'call', 'jobs', 'refresh', 'help', 'LS'])
      expect(nameProblem(name)).toMatch(/ is a command$/);
    const tools = [{ name: 'batchProcess' }, { name: 'email.send' }];
    for (const name of ['batchProcess', 'batch-process'])
      expect(toolOfName(name, tools)).toBe('batchProcess');
    expect(toolOfName('email.send', tools)).toBe('email.send');
    expect(toolOfName('batch', tools)).toBeUndefined();
  });
});

it('is a line in a list, and nothing in it acts on a terminal', () => {
  const definitions: Definition[] = [
    { name: 'a', tool: 'x\u001b[2J', args: { note: `${'long '.repeat(20)}\u202e` }, tags: ['etl', 'a\nb'] },
    { name: 'nightly', tool: 'export' },
  ];
  expect(definitionTable(definitions, PLAIN)).toBe(
    [
      'NAME     TOOL        ARGUMENTS                                                     TAGS',
      'a        x\\u001b[2J  {"note":"long long long long long long long long long lon...  etl,a b',
      'nightly  export      -                                                             -',
    ].join('\n'),
  );
  expect(definitions.map(definitionLine)[1]).toBe('nightly  export  -  -');
});
