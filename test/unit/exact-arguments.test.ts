import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withFixed } from '../../src/catalog/fixed-arguments.ts';
import { compareDecimals, isWhole } from '../../src/lib/json/decimal.ts';
import { parseJson, stringifyJson } from '../../src/lib/json/exact-json.ts';
import { type JsonObject, sameJson } from '../../src/lib/json/json.ts';
import { buildArguments, parseArgsText } from '../../src/tools/flags/build-arguments.ts';
import { overriddenFlags, withDefaultArgs } from '../../src/tools/flags/overrides.ts';
import { parseToolLine } from '../../src/tools/flags/parse-line.ts';
import { toolFlags } from '../../src/tools/flags/tool-flags.ts';
import { toolHelp } from '../../src/tools/flags/tool-help.ts';
import { validateArguments } from '../../src/tools/flags/validate.ts';
import { redactSecrets } from '../../src/tools/schema/redact.ts';
import type { ToolDefinition } from '../../src/tools/tool.ts';
import { jsonNumber } from '../support/json-number.ts';

const RUNTIME = [{ name: 'args', takes: 'value' as const }];

function schemaOf(properties: string): JsonObject {
  return parseJson(`{"type":"object","properties":${properties}}`) as JsonObject;
}

/** The JSON that is sent for a line. */
function sent(properties: string, ...argv: string[]): string {
  const line = parseToolLine(argv, toolFlags(schemaOf(properties)), RUNTIME);
  const base = line.args === undefined ? undefined : parseArgsText(line.args);
  return stringifyJson(buildArguments(base, line.assignments));
}

async function problems(properties: string, args: string): Promise<string[]> {
  const tool: ToolDefinition = { name: 't', inputSchema: schemaOf(properties) };
  const { problems: found, warning } = await validateArguments(tool, parseJson(args));
  expect(warning).toBeUndefined();
  return found.map(({ message }) => message);
}

const INTEGER = '{"id":{"type":"integer"}}';
const ID = '725653563933458432';

test.each([
  [INTEGER, ['--id', ID], `{"id":${ID}}`],
  [INTEGER, ['--id=-9223372036854775808'], '{"id":-9223372036854775808}'],
  [INTEGER, ['--id', '1e20'], '{"id":100000000000000000000}'],
  [INTEGER, ['--id', '2.0'], '{"id":2}'],
  [INTEGER, ['--id', '-0'], '{"id":0}'],
  ['{"x":{"type":"number"}}', ['--x', '1.10'], '{"x":1.10}'],
  ['{"x":{"type":"number"}}', ['--x', '1e999'], '{"x":1e999}'],
  ['{"x":{"type":"number"}}', ['--x', '-.5'], '{"x":-0.5}'],
  ['{"x":{}}', ['--x', ID], `{"x":${ID}}`],
  ['{"x":{"type":["integer","null"]}}', ['--x', ID], `{"x":${ID}}`],
  [
    '{"ids":{"type":"array","items":{"type":"integer"}}}',
    ['--ids', '1', '--ids', ID, '--ids', `[2,${ID}]`],
    `{"ids":[1,${ID},2,${ID}]}`,
  ],
  ['{"ids":{"type":"array","items":{"type":"integer"}}}', ['--ids', `[${ID}]`], `{"ids":[${ID}]}`],
  [
    '{"ids":{"type":"array","items":{"type":"integer"}}}',
    ['--ids.1', ID, '--ids.0', '1'],
    `{"ids":[1,${ID}]}`,
  ],
  ['{"a":{"type":"object","properties":{"id":{"type":"integer"}}}}', ['--a.id', ID], `{"a":{"id":${ID}}}`],
  ['{"a":{"type":"object"}}', ['--a', `{"id":${ID}}`], `{"a":{"id":${ID}}}`],
  [
    '{"a":{"type":"object","properties":{"n":{"type":"integer"}}}}',
    ['--args', `{"a":{"id":${ID}},"b":1.0}`, '--a.n', '3'],
    `{"a":{"id":${ID},"n":3},"b":1.0}`,
  ],
  // The flag wins, also over a number that is the same to JavaScript.
  [INTEGER, ['--args', `{"id":${ID}}`, '--id', '725653563933458400'], '{"id":725653563933458400}'],
  [INTEGER, ['--args', '{"id":725653563933458433}', '--id', ID], `{"id":${ID}}`],
  [`{"id":{"enum":[1,${ID}]}}`, ['--id', ID], `{"id":${ID}}`],
])('%s: %j', (properties, argv, json) => {
  expect(sent(properties, ...argv)).toBe(json);
});

test('any number is sent as it was typed, an integer by its value', () => {
  fc.assert(
    fc.property(jsonNumber, jsonNumber, (one, other) => {
      const list = '{"x":{"type":"array","items":{"type":"number"}},"a":{"type":"object"}}';
      expect(sent('{"x":{"type":"number"}}', '--x', one)).toBe(`{"x":${one}}`);
      expect(sent(list, '--x', one, '--x', other, '--a.y', one)).toBe(
        `{"x":[${one},${other}],"a":{"y":${one}}}`,
      );
      expect(sent(list, '--args', `{"x":[${one}],"a":{"z":${other}}}`, '--a.y', one)).toBe(
        `{"x":[${one}],"a":{"z":${other},"y":${one}}}`,
      );
      if (!isWhole(one)) expect(() => sent(INTEGER, '--id', one)).toThrow('must be an integer');
      // Of more than 309 digits.
      else if (compareDecimals(one.replace('-', ''), '1e309') >= 0)
        expect(() => sent(INTEGER, '--id', one)).toThrow('it is too large');
      else {
        const digits = /^\{"id":(-?\d+)\}$/.exec(sent(INTEGER, '--id', one))?.[1];
        expect(compareDecimals(digits ?? '', one)).toBe(0);
      }
    }),
  );
});

describe('the check against the schema', () => {
  const bounded = '{"id":{"type":"integer","minimum":-9223372036854775808,"maximum":9223372036854775807}}';
  const open = '{"id":{"exclusiveMaximum":725653563933458433}}';
  // "title" is for the plain check, "not" for the engine.
  const engine = '{"id":{"type":"integer","multipleOf":1,"not":{"type":"string"}},"l":{"uniqueItems":true}}';

  test.each([
    [INTEGER, `{"id":${ID}}`, []],
    [INTEGER, '{"id":1e400}', []],
    [INTEGER, '{"id":1.0}', []],
    [INTEGER, '{"id":1e-400}', ['--id: must be an integer (given 1e-400)']],
    [INTEGER, '{"id":1.00000000000000000001}', ['--id: must be an integer (given 1.00000000000000000001)']],
    ['{"x":{"type":"number"}}', '{"x":1e400}', []],
    [bounded, '{"id":9223372036854775807}', []],
    [
      bounded,
      '{"id":9223372036854775808}',
      ['--id: must be <= 9223372036854775807 (given 9223372036854775808)'],
    ],
    [bounded, '{"id":-9223372036854775808}', []],
    [
      bounded,
      '{"id":-9223372036854775809}',
      ['--id: must be >= -9223372036854775808 (given -9223372036854775809)'],
    ],
    [open, `{"id":${ID}}`, []],
    [open, '{"id":725653563933458433}', ['--id: must be < 725653563933458433 (given 725653563933458433)']],
    [`{"id":{"enum":[1.0,${ID}]}}`, `{"id":${ID}}`, []],
    [`{"id":{"enum":[1.0,${ID}]}}`, '{"id":1}', []],
    [
      `{"id":{"enum":[1.0,${ID}]}}`,
      '{"id":725653563933458433}',
      [`--id: must be one of: 1.0, ${ID} (given 725653563933458433)`],
    ],
    [
      `{"id":{"const":${ID}}}`,
      '{"id":725653563933458400}',
      [`--id: must be ${ID} (given 725653563933458400)`],
    ],
    [engine, `{"id":${ID},"l":[725653563933458432,725653563933458433]}`, []],
    [engine, '{"l":[1,1]}', ['--l: items 1 and 2 are the same']],
  ])('%s: %s', async (properties, args, expected) => {
    expect(await problems(properties, args)).toEqual(expected);
  });
});

test('a definition that fixes an id sends it, and takes no other', () => {
  const fixed = parseJson(`{"id":${ID},"a":{"n":1.0}}`) as JsonObject;
  expect(stringifyJson(withFixed(parseJson('{"a":{"m":2.0}}') as JsonObject, fixed))).toBe(
    `{"a":{"m":2.0,"n":1.0},"id":${ID}}`,
  );
  expect(() => withFixed(parseJson('{"id":725653563933458433}') as JsonObject, fixed)).toThrow(
    `id is fixed to ${ID}`,
  );
  expect(stringifyJson(withFixed(parseJson(`{"id":${ID}}`) as JsonObject, fixed))).toContain(ID);
});

test('a default that is set for a flag is sent as it stands', () => {
  const profiles = parseJson(`{"id":{"default":${ID}},"a.n":{"default":1.50}}`) as Record<
    string,
    { default: unknown }
  >;
  const schema = schemaOf(
    '{"id":{"type":"integer","default":725653563933458433},"a":{"type":"object","properties":{"n":{"type":"number"}}}}',
  );
  const flags = overriddenFlags(toolFlags(schema), profiles);
  expect(stringifyJson(withDefaultArgs({ a: {} }, flags, profiles))).toBe(`{"a":{"n":1.50},"id":${ID}}`);
  expect(
    toolHelp({ name: 't' }, flags, { usage: 't', width: 100, runtimeHelp: '', safe: (s) => s }),
  ).toContain(`default: ${ID}]`);
});

test('help shows the numbers of a schema as it has them', () => {
  const flags = toolFlags(
    schemaOf(`{"id":{"enum":[725653563933458433,${ID},${ID}]},"x":{"type":"integer","default":${ID}}}`),
  );
  const help = toolHelp({ name: 't' }, flags, { usage: 't', width: 100, runtimeHelp: '', safe: (s) => s });
  expect(help).toContain(`one of: 725653563933458433, ${ID}]`);
  expect(help).toContain(`default: ${ID}]`);
  expect(help).toContain('Example:\n  t --id 725653563933458433');
});

test('what is stored keeps the numbers beside the secrets', () => {
  const schema = schemaOf(
    '{"a":{"type":"array","items":{"type":"number"}},"key":{"type":"integer","writeOnly":true}}',
  );
  const args = parseJson(`{"a":[1.0,${ID}],"key":${ID},"b":{"c":${ID}}}`);
  expect(stringifyJson(redactSecrets(args, schema))).toBe(
    `{"a":[1.0,${ID}],"key":"[redacted]","b":{"c":${ID}}}`,
  );
});

test.each([
  [`{"a":[${ID}]}`, `{"a":[${ID}]}`, true],
  [`{"a":[${ID}]}`, '{"a":[725653563933458433]}', false],
  ['[1.0,1e2,-0]', '[1,100,0]', true],
  ['[1e400]', '[2e400]', false],
])('%s and %s: the same %s', (a, b, same) => {
  expect(sameJson(parseJson(a), parseJson(b))).toBe(same);
});

test('a check in a thread of its own knows the exact numbers, too', async () => {
  const properties = `{"list":{"type":"array","items":{"type":"integer"}},"id":{"type":"integer","maximum":${ID}}}`;
  // More than is checked in place.
  const list = Array.from({ length: 100_000 }, (_, i) => i).join(',');
  expect(await problems(properties, `{"list":[${list}],"id":725653563933458433}`)).toEqual([
    `--id: must be <= ${ID} (given 725653563933458433)`,
  ]);
});

test('a number of a million digits against a thousand listed ones ends soon', async () => {
  const digits = '9'.repeat(1_000_000);
  const listed = Array.from({ length: 1_000 }, (_, i) => `${i + 1}e400`).join(',');
  const start = process.cpuUsage();
  const found = await problems(`{"x":{"enum":[${listed}]}}`, `{"x":${digits}}`).catch(() => []);
  const { user } = process.cpuUsage(start);
  expect(found.length).toBeLessThan(2);
  expect(user / 1_000).toBeLessThan(4_000);
});
