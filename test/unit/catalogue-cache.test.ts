import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCatalogue, writeCatalogue } from '../../src/catalog/cache.ts';
import type { Catalogue } from '../../src/catalog/catalog.ts';
import { ConfigError } from '../../src/errors.ts';
import type { ToolDefinition } from '../../src/tools/tool.ts';
import { freshDir } from '../support/home.ts';

const odd = JSON.parse(
  '{"description":"é 𝒳 \\u2028 ,\\"tools\\":[","name":"odd","__proto__":{"x":1},"inputSchema":{"type":"object"}}',
);
const tools = (count: number): ToolDefinition[] => [
  odd,
  ...Array.from({ length: count }, (_, i) => ({
    name: `t${i}`,
    inputSchema: { description: `größe ${i} ${'x'.repeat(1_000)}` },
  })),
];
const catalogue = (count: number): Catalogue => ({
  target: 'here',
  fetchedAt: '2026-01-01T00:00:00.000Z',
  tools: tools(count),
  jobs: [{ name: 'job' }],
  workflows: [],
  leftOut: [],
});

function saved(count: number): string {
  const path = join(freshDir('cache'), 'catalogue.json');
  writeCatalogue(path, catalogue(count));
  return path;
}

function read(path: string): { found: Catalogue | undefined; problems: string[] } {
  const problems: string[] = [];
  const found = readCatalogue(path, 'here', (problem) => problems.push(problem));
  return { found, problems };
}

describe.each([0, 3, 2_000])('a catalogue of %i tools', (count) => {
  it('is read as it was written', () => {
    const path = saved(count);
    const { found, problems } = read(path);
    expect(problems).toEqual([]);
    expect(JSON.stringify(found)).toBe(JSON.stringify(catalogue(count)));
    expect(found?.tools.map((tool) => Object.keys(tool))).toEqual(
      tools(count).map((tool) => Object.keys(tool)),
    );
    expect({ ...found?.tools[0] }).toEqual({ ...odd });
    expect(structuredClone(found?.tools.at(-1))).toEqual(tools(count).at(-1));
  });

  it('is a JSON document for everybody else', () => {
    const document = JSON.parse(readFileSync(saved(count), 'utf8'));
    expect(document).toMatchObject({ schema_version: 2, target: 'here', jobs: [{ name: 'job' }] });
    expect(JSON.stringify(document.tools)).toBe(JSON.stringify(tools(count)));
  });

  it('without an index, from an earlier version or by hand, is read as well', () => {
    const path = saved(count);
    const { index: _, ...document } = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify(document));
    expect(JSON.stringify(read(path).found)).toBe(JSON.stringify(catalogue(count)));
  });

  it('of another target is none', () => {
    expect(readCatalogue(saved(count), 'there', () => {})).toBeUndefined();
  });

  it('that is cut short anywhere is none, and it is told', () => {
    const path = saved(count);
    const { size } = statSync(path);
    const bytes = readFileSync(path);
    for (const length of [1, 100, Math.floor(size / 2), size - 5, size - 3]) {
      writeFileSync(path, bytes.subarray(0, length));
      const { found, problems } = read(path);
      expect(found).toBeUndefined();
      expect(problems).toEqual([expect.stringContaining('is damaged and will be fetched again')]);
    }
  });
});

it('a definition that is damaged inside of a large catalogue harms itself alone', () => {
  const path = saved(2_000);
  const text = readFileSync(path, 'utf8').replace('größe 7 x', 'größe 7"x');
  writeFileSync(path, text);
  const { found } = read(path);
  const tool = (name: string) => found?.tools.find((one) => one.name === name);
  expect(tool('t8')?.inputSchema).toMatchObject({ description: expect.stringContaining('größe 8 x') });
  expect(() => tool('t7')?.inputSchema).toThrow(ConfigError);
});
