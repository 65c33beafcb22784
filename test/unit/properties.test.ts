/**
 * The mapping from schemas to flags, on random schemas: what is typed arrives, and what the schema forbids is refused. Always the same random
 * cases; MCP2CLI_TEST_SEED=N for others, MCP2CLI_TEST_RUNS=N for more.
 */
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RUNTIME_FLAGS } from '../../src/cli/global-flags/table.ts';
import { UsageError } from '../../src/errors.ts';
import { isObject, type JsonObject } from '../../src/lib/json/json.ts';
import { buildArguments, parseArgsText } from '../../src/tools/flags/build-arguments.ts';
import { parseToolLine } from '../../src/tools/flags/parse-line.ts';
import { toolFlags } from '../../src/tools/flags/tool-flags.ts';
import { toolHelp } from '../../src/tools/flags/tool-help.ts';
import { validateArguments } from '../../src/tools/flags/validate.ts';
import { objects, type Schema, text, valuesOf } from '../support/schemas/random-schema.ts';
import { typeArguments } from '../support/schemas/type-it.ts';

const seed = Number(process.env['MCP2CLI_TEST_SEED'] ?? 20251125);
const numRuns = Number(process.env['MCP2CLI_TEST_RUNS'] ?? 300);
const parameters = { seed, numRuns };

/** Makes its own checks of the schema of schemas once, which costs more than all of the random ones. */
const ajv = new Ajv2020({ strict: false, logger: false, ownProperties: true, validateFormats: false });

/** ajv as it comes: what it says is what the schema says. */
function accepts(schema: Schema, value: unknown): boolean {
  const check = ajv.compile(schema);
  ajv.removeSchema(schema);
  return check(value) as boolean;
}

/** Words to arguments, as a tool's command does it. */
function read(schema: Schema, argv: readonly string[]): { args: JsonObject; help: boolean } {
  const line = parseToolLine(argv, toolFlags(schema), RUNTIME_FLAGS);
  const base = line.args === undefined ? undefined : parseArgsText(line.args);
  return { args: buildArguments(base, line.assignments), help: line.runtime.has('help') };
}

/** Keys in order, so that only what is in it counts; `__proto__` is a key like any other. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner) =>
    isObject(inner) ? Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)) : inner,
  );
}

// ajv itself leaves out a property that is called __proto__, which makes it no judge of those.
const mentionsProto = (value: unknown) => JSON.stringify(value).includes('"__proto__"');

it('values that are typed arrive as they were, and are accepted', async () => {
  let typed = 0;
  let inArgs = 0;
  const cases = objects(3).chain((schema) =>
    fc.tuple(fc.constant(schema), valuesOf(schema), fc.infiniteStream(fc.nat(100))),
  );
  await fc.assert(
    fc.asyncProperty(cases, async ([schema, value, choices]) => {
      fc.pre(isObject(value) && (mentionsProto([schema, value]) || accepts(schema, value)));
      const { words, rest } = typeArguments(
        schema,
        value as JsonObject,
        (count) => Number(choices.next().value ?? 0) % count,
      );
      typed += Object.keys(value as JsonObject).length - Object.keys(rest).length;
      inArgs += Object.keys(rest).length;
      const ownArgs = isObject(schema['properties']) && Object.hasOwn(schema['properties'], 'args');
      fc.pre(!ownArgs || Object.keys(rest).length === 0);
      const argv = Object.keys(rest).length > 0 ? [...words, '--args', JSON.stringify(rest)] : words;
      expect({ argv, args: canonical(read(schema, argv).args) }).toEqual({ argv, args: canonical(value) });
      if (mentionsProto([schema, value])) return;
      expect(await validateArguments({ name: 't', inputSchema: schema }, value)).toEqual({ problems: [] });
    }),
    parameters,
  );
  // The test would be worth little if most went the easy way.
  expect(typed).toBeGreaterThan(2 * inArgs);
});

it('whatever is typed, nothing crashes and nothing is let through that the schema forbids', async () => {
  let accepted = 0;
  const lines = objects(3).chain((schema) => {
    const flags = toolFlags(schema).map(({ name }) => name);
    const name = fc.oneof(
      fc.constantFrom(...flags, 'json', 'args', 'x'),
      fc.constantFrom(...flags, 'a').map((one) => `${one}.0`),
      text,
    );
    const word = fc.oneof(
      { weight: 4, arbitrary: name.map((one) => `--${one}`) },
      { weight: 3, arbitrary: text },
      fc.tuple(name, text).map(([one, value]) => `--${one}=${value}`),
      name.map((one) => `--no-${one}`),
      name.map((one) => `--${one}.key`),
      fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)),
    );
    return fc.tuple(fc.constant(schema), fc.array(word, { maxLength: 6 }));
  });
  await fc.assert(
    fc.asyncProperty(lines, async ([schema, argv]) => {
      let args: JsonObject;
      try {
        args = read(schema, argv).args;
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
        expect((error as UsageError).message).not.toBe('');
        return;
      }
      const { problems, warning } = await validateArguments({ name: 't', inputSchema: schema }, args);
      expect(warning).toBeUndefined();
      if (mentionsProto([schema, args])) return;
      expect({ argv, args, accepted: problems.length === 0 }).toEqual({
        argv,
        args,
        accepted: accepts(schema, args),
      });
      for (const { message, flag } of problems) expect(message).toContain(flag);
      if (problems.length === 0) accepted++;
    }),
    parameters,
  );
  expect(accepted).toBeGreaterThan(numRuns / 25);
});

it('whatever a schema is, it has flags and a help, and its check ends', async () => {
  const keyword = fc.constantFrom(
    ...[
      'type',
      'properties',
      'items',
      'prefixItems',
      'anyOf',
      'oneOf',
      'allOf',
      'not',
      'if',
      'then',
      'enum',
      'const',
      'required',
    ],
    ...[
      'additionalProperties',
      'patternProperties',
      'propertyNames',
      '$ref',
      '$defs',
      'definitions',
      'default',
      'description',
    ],
    ...[
      'pattern',
      'minLength',
      'maximum',
      'dependencies',
      'nullable',
      'format',
      '$schema',
      '$id',
      '$anchor',
      'examples',
    ],
    ...[
      'string',
      'integer',
      'object',
      'array',
      '#',
      '#/$defs/a',
      '#/properties/a',
      'a',
      '__proto__',
      'constructor',
    ],
  );
  const { any } = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 5 },
      keyword,
      fc.jsonValue({ maxDepth: 1 }),
      fc.array(tie('any'), { maxLength: 3 }),
      tie('map'),
    ),
    map: fc
      .array(fc.tuple(keyword, tie('any')), { maxLength: 5 })
      .map((entries) => Object.fromEntries(entries)),
  }));
  const root = fc.record(
    { type: fc.constant('object'), properties: any, $defs: any, required: any, allOf: any },
    { requiredKeys: ['type'] },
  );
  await fc.assert(
    fc.asyncProperty(root, fc.jsonValue({ maxDepth: 2 }), async (schema, value) => {
      const flags = toolFlags(schema);
      const options = { usage: 'x', width: 80, runtimeHelp: '', safe: (one: string) => one };
      expect(toolHelp({ name: 't' }, flags, options)).toContain('Usage: x');
      const { problems, warning } = await validateArguments({ name: 't', inputSchema: schema }, value);
      if (warning !== undefined) expect(problems).toEqual([]);
      for (const flag of flags.slice(0, 5))
        try {
          read(schema, [`--${flag.name}`, JSON.stringify(value), `--${flag.name}.0.key`, 'x']);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
    }),
    parameters,
  );
});
