/**
 * Servers that people use, as they come from the registry: each lists what it offers, every tool explains itself, every property of every
 * schema has a way in, and none of hundreds of tools on one server is in another's way.
 */
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RUNTIME_FLAGS } from '../../src/cli/global-flags/table.ts';
import { UsageError } from '../../src/errors.ts';
import { buildArguments } from '../../src/tools/flags/build-arguments.ts';
import { parseToolLine } from '../../src/tools/flags/parse-line.ts';
import { toolFlags } from '../../src/tools/flags/tool-flags.ts';
import { run } from '../support/cli.ts';
import { fixtureServer } from '../support/fixture-http.ts';
import { freshHome } from '../support/home.ts';
import { addInstance, dataOf, homeAt } from '../support/instance.ts';
import { listTools, type Tool } from './list-tools.ts';
import { commandOf, SERVERS } from './servers.ts';
import { Walker } from './walk-schema.ts';

interface Row {
  tools: number;
  properties: number;
  nested: number;
  byFlag: number;
  byJson: number;
}

const rows = new Map<string, Row>();
const known = new Map<string, Tool[]>();

/** Runs three at a time: the machine has other things to do. */
async function each<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const rest = [...all];
  await Promise.all(
    Array.from({ length: 3 }, async () => {
      for (let one = rest.shift(); one !== undefined; one = rest.shift()) await work(one);
    }),
  );
}

describe.each(Object.entries(SERVERS))('%s', (name, server) => {
  const command = commandOf(server);

  it('is listed verbatim, and every tool explains itself', async () => {
    const home = freshHome();
    const tools = await listTools(command, home);
    known.set(name, tools);
    expect(tools.length).toBeGreaterThanOrEqual(server.tools);
    const env = Object.entries(command.env).flatMap(([key, value]) => ['--env', `${key}=${value}`]);
    await addInstance(home, [...env, '--cwd', home, '--', command.command, ...command.args], 'real');

    const listed = await run(['real', '--json', 'ls', '--kind', 'tool'], { home });
    expect(listed.code).toBe(0);
    const items = dataOf<{ items: (Tool & { id?: string; kind?: string })[] }>(listed).items;
    expect(items.map(({ id, kind }) => [id, kind])).toEqual(tools.map((tool) => [tool.name, 'tool']));
    const verbatim = items.map(({ id: _id, kind: _kind, ...definition }) => definition);
    expect(JSON.stringify(verbatim)).toBe(JSON.stringify(tools));

    await each(tools, async (tool) => {
      const help = await run(['real', 'call', tool.name, '--help'], { home });
      expect({ tool: tool.name, code: help.code, stderr: help.stderr }).toEqual({
        tool: tool.name,
        code: 0,
        stderr: '',
      });
      expect(help.stdout).toContain(`Usage: mcp2cli real call ${tool.name}`);
    });
  });

  it('has a way in for every property of every schema', () => {
    const row: Row = { tools: known.get(name)?.length ?? 0, properties: 0, nested: 0, byFlag: 0, byJson: 0 };
    for (const { name: tool, inputSchema } of known.get(name) ?? []) {
      const walker = new Walker(inputSchema);
      for (const { path, schema } of walker.places()) {
        row[path.length === 1 ? 'properties' : 'nested']++;
        const value = walker.sample(schema, false);
        const flag = typed(inputSchema, path, value);
        if (flag) row.byFlag++;
        else row.byJson++;
        // By the flag of its own name, or as a part of the JSON that the flag of the whole takes.
        expect({
          tool,
          path,
          way: flag || typed(inputSchema, path.slice(0, 1), wrapped(path.slice(1), value)),
        }).toEqual({ tool, path, way: true });
      }
    }
    rows.set(name, row);
  });
});

/** A value inside of the objects and arrays that lead to it. */
function wrapped(path: (string | number)[], value: unknown): unknown {
  return path.reduceRight((inner, step) => (typeof step === 'number' ? [inner] : { [step]: inner }), value);
}

/** As a person types it: text as it is, a list of text by repeating the flag, all else as JSON. */
function wordsFor(name: string, value: unknown): string[] {
  const isText = (one: unknown) => typeof one === 'string';
  const words = Array.isArray(value) && value.every(isText) ? value : [value];
  return words.flatMap((word) => [`--${name}`, isText(word) ? word : JSON.stringify(word)]);
}

/** Whether the words give exactly this value at this place, and nothing else. */
function typed(schema: Record<string, unknown>, path: (string | number)[], value: unknown): boolean {
  try {
    const { assignments } = parseToolLine(wordsFor(path.join('.'), value), toolFlags(schema), RUNTIME_FLAGS);
    return JSON.stringify(buildArguments(undefined, assignments)) === JSON.stringify(wrapped(path, value));
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return false;
  }
}

describe('all of them on one server, beside some that are broken', () => {
  const broken = [
    { name: 'broken/no-schema' },
    { name: 'broken/nonsense', inputSchema: { type: 'objekt', properties: 3, required: 'x' } },
    {
      name: 'broken/nowhere',
      inputSchema: {
        type: 'object',
        properties: { a: { $ref: '#/nowhere' } },
        allOf: [{ $ref: 'https://example.com/x' }],
      },
    },
  ];
  let url: string;
  let tools: Tool[];
  beforeAll(async () => {
    tools = [...known].flatMap(([server, list]) =>
      list.map((tool) => ({ ...tool, name: `${server}/${tool.name}` })),
    );
    ({ url } = await fixtureServer([...broken, ...tools]));
  });

  it('every tool takes what its schema takes, through the program', async () => {
    const home = await homeAt(url);
    await run(['work', 'ls'], { home });
    let accepted = 0;
    await each(tools, async (tool) => {
      const walker = new Walker(tool.inputSchema);
      const args = [walker.sample(tool.inputSchema, true), walker.sample(tool.inputSchema, false)] as Record<
        string,
        unknown
      >[];
      const sample = args.find((one) => accepts(tool.inputSchema, one)) ?? args[1] ?? {};
      const words = Object.entries(sample).flatMap(([name, value]) => wordsFor(name, value));
      const result = await run(['work', '--json', '--dry-run', 'call', tool.name, ...words], { home });
      const valid = accepts(tool.inputSchema, sample);
      if (valid) accepted++;
      expect({ tool: tool.name, sample, code: result.code, stderr: valid ? result.stderr : '' }).toEqual({
        tool: tool.name,
        sample,
        code: valid ? 0 : 2,
        stderr: '',
      });
      if (valid) expect(dataOf(result)).toEqual({ tool: tool.name, arguments: sample });
    });
    // What is refused here is refused by ajv as well, but a test of refusals alone would be none.
    expect(accepted).toBeGreaterThan(tools.length * 0.9);
  });

  it('the broken ones are called without a check', async () => {
    const home = await homeAt(url);
    for (const { name } of broken) {
      const { code, stdout } = await run(['work', 'call', name, '--args', '{"a":1}'], { home });
      expect({ code, stdout }).toEqual({ code: 0, stdout: `${JSON.stringify({ name, args: { a: 1 } })}\n` });
    }
  });
});

/** What ajv says of it, in the draft that the schema names. */
function accepts(schema: Record<string, unknown>, value: unknown): boolean {
  const { $schema, ...rest } = schema;
  const Engine = String($schema).includes('draft-07') ? Ajv : Ajv2020;
  const validate = new Engine({
    strict: false,
    logger: false,
    validateFormats: false,
    validateSchema: false,
  }).compile(rest);
  return validate(value) as boolean;
}

afterAll(() => {
  const sum = (key: keyof Row) => [...rows.values()].reduce((total, row) => total + row[key], 0);
  const line = (cells: unknown[]) =>
    cells.map((cell, i) => (i === 0 ? String(cell).padEnd(12) : String(cell).padStart(12))).join('');
  const table = [
    line(['server', 'tools', 'properties', 'nested', 'by a flag', 'by JSON']),
    ...[...rows].map(([name, row]) =>
      line([name, row.tools, row.properties, row.nested, row.byFlag, row.byJson]),
    ),
    line([
      `${rows.size} servers`,
      sum('tools'),
      sum('properties'),
      sum('nested'),
      sum('byFlag'),
      sum('byJson'),
    ]),
  ];
  console.log(table.join('\n'));
});
