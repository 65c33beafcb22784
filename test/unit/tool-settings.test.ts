import { describe, expect, it } from 'vitest';
import { layered, withDefaults } from '../../src/cli/global-flags/layers.ts';
import type { FlagValues } from '../../src/cli/global-flags/scan.ts';
import { callMetadata, toolDefaults } from '../../src/cli/global-flags/tool-defaults.ts';
import { toolSettingLines } from '../../src/cli/output/views/setting-view.ts';
import { parseLabels, unitedTags } from '../../src/config/settings/tags.ts';
import { toolSettings } from '../../src/config/settings/tool-settings.ts';
import { ConfigError, UsageError } from '../../src/errors.ts';
import { globMatches } from '../../src/lib/text/glob.ts';
import { cpuMs } from '../support/cpu-time.ts';

describe('a pattern', () => {
  it.each([
    ['export', 'export', true],
    ['export', 'exports', false],
    ['export', 'Export', false],
    ['*', '', true],
    ['*', 'anything.at-all', true],
    ['', '', true],
    ['', 'x', false],
    ['delete_*', 'delete_', true],
    ['delete_*', 'undelete_all', false],
    ['*_all', 'delete_all_all', true],
    ['*a*b', 'xaxbxb', true],
    ['*a*b', 'xaxbxc', false],
    ['a**b', 'ab', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['?', '\u{1f600}', true],
    ['?*', '', false],
    ['a.c', 'abc', false],
    ['[ab]', 'a', false],
    ['*.send', 'email.send', true],
    ['\\*', '*', false],
  ])('%j on %j: %s', (pattern, name, fits) => {
    expect(globMatches(pattern, name)).toBe(fits);
  });

  it('takes no longer than its length times the name', () => {
    const name = 'a'.repeat(2_000);
    const started = cpuMs();
    expect(globMatches(`${'*a'.repeat(500)}*b`, name)).toBe(false);
    expect(cpuMs() - started).toBeLessThan(1_000);
  });
});

describe('the settings of a tool', () => {
  const at = (tools: unknown) => toolSettings('work', tools);

  it('are nothing where nothing is configured, or another host keeps a list there', () => {
    for (const tools of [undefined, {}, ['*'], { other: { retries: 2 } }])
      expect(at(tools)('export')).toEqual({});
  });

  it('are what every entry says that fits, the exact name last', () => {
    const settings = at({
      export: { retries: 5, tags: ['etl'], labels: { team: 'data', tier: '1' } },
      '*': { retries: 2, timeout: 90, tags: ['all'], labels: { team: 'any' } },
      'ex*': { retries: 3, retryBackoff: '2s', tags: ['all', 'out'], hideFromDiscovery: true },
    });
    expect(settings('export')).toEqual({
      retries: 5,
      timeout: '90',
      retryBackoff: '2s',
      tags: ['all', 'out', 'etl'],
      labels: { team: 'data', tier: '1' },
      hideFromDiscovery: true,
    });
    expect(settings('exit')).toMatchObject({ retries: 3, tags: ['all', 'out'], labels: { team: 'any' } });
    expect(settings('import')).toEqual({ retries: 2, timeout: '90', tags: ['all'], labels: { team: 'any' } });
  });

  it('fit the kebab form too, and the exact name counts more', () => {
    const settings = at({
      batchProcess: { retries: 4 },
      'batch-process': { retries: 3, timeout: '1m' },
      'batch-*': { retries: 2, outputCheck: false },
    });
    expect(settings('batchProcess')).toEqual({ retries: 4, timeout: '1m', outputCheck: false });
    expect(settings('batch_process')).toEqual({ retries: 3, timeout: '1m', outputCheck: false });
  });

  it('pass over what they do not know', () => {
    expect(at({ export: { retries: 2, colour: 'red' } })('export')).toEqual({ retries: 2 });
  });

  it.each([
    [{ retries: 0 }, 'retries must be a whole number from 1 to 1000'],
    [{ retries: 1.5 }, 'retries must be a whole number from 1 to 1000'],
    [{ retries: '5' }, 'retries must be a whole number from 1 to 1000'],
    [{ retries: null }, 'retries must be a whole number from 1 to 1000'],
    [{ retryMultiplier: 0.5 }, 'retryMultiplier must be a number from 1 to 1000'],
    [{ retryBackoff: 'soon' }, 'retryBackoff must be a duration, such as "30s"'],
    [{ retryMaxBackoff: -1 }, 'retryMaxBackoff must be a duration, such as "30s"'],
    [{ timeout: true }, 'timeout must be a duration, such as "30s"'],
    [{ outputCheck: 'no' }, 'outputCheck must be true or false'],
    [{ hideFromDiscovery: 1 }, 'hideFromDiscovery must be true or false'],
    [{ tags: 'etl' }, 'tags must be a list of words'],
    [{ tags: [' '] }, 'tags must be a list of words'],
    [{ labels: ['a=b'] }, 'labels must be an object of strings, such as {"team": "data"}'],
    [{ labels: { n: 1 } }, 'labels must be an object of strings, such as {"team": "data"}'],
  ])('%j is an error that names the field', (entry, message) => {
    const settings = at({ export: entry, fine: { retries: 2 } });
    expect(() => settings('export')).toThrow(
      expect.objectContaining({
        message: `instance work: tools.export.${message}`,
        exitCode: 78,
        hint: expect.stringMatching(/: mcp2cli instances unset work tools\.export\.\w+$/),
      }),
    );
    // One that is damaged is in nobody else's way.
    expect(settings('fine')).toEqual({ retries: 2 });
  });

  it('that are no object are an error, too', () => {
    expect(() => at('export')).toThrow(ConfigError);
    expect(() => at({ 'e*': 5 })('export')).toThrow(
      expect.objectContaining({
        message: 'instance work: tools.e* must be an object of settings',
        hint: expect.stringContaining("unset work 'tools.e*'"),
      }),
    );
  });

  it('are shown as they stand, a line each', () => {
    const tools = { export: { retries: 5, tags: ['a', 'b'], labels: { command: 'x', n: 1 } }, odd: 7 };
    expect(toolSettingLines(tools)).toEqual([
      'tools.export.retries: 5',
      'tools.export.tags: a b',
      'tools.export.labels: command=x n=1',
      'tools.odd: 7',
    ]);
    expect(toolSettingLines(undefined)).toEqual([]);
  });
});

describe('defaults of flags', () => {
  const flags = (values: Record<string, string | true | string[]>): FlagValues =>
    new Map(Object.entries(values));
  const under = (typed: Record<string, string | true>, ...layers: FlagValues[]) =>
    Object.fromEntries(withDefaults(flags(typed), layers.reduce(layered, new Map())));
  const configured = toolDefaults({
    retries: 5,
    retryBackoff: '2s',
    retryMultiplier: 3,
    retryMaxBackoff: '1m',
    timeout: '10m',
    outputCheck: false,
  });

  it('are what the settings say, in the words of the flags', () => {
    expect(Object.fromEntries(configured)).toEqual({
      retries: '5',
      'retry-backoff': '2s',
      'retry-multiplier': '3',
      'retry-max-backoff': '1m',
      timeout: '10m',
      'no-output-check': true,
    });
    expect(toolDefaults({}).size).toBe(0);
    expect(under({}, configured)).toEqual(Object.fromEntries(configured));
  });

  it('never win over what was typed', () => {
    expect(under({ retries: '2', timeout: '0' }, configured)).toMatchObject({ retries: '2', timeout: '0' });
    expect(under({ 'output-check': true }, configured)).not.toHaveProperty('no-output-check');
  });

  it('drop pauses that would mean nothing, unless they were typed', () => {
    expect(under({ retries: '1' }, configured)).toEqual({
      retries: '1',
      timeout: '10m',
      'no-output-check': true,
    });
    expect(under({}, toolDefaults({ retryBackoff: '2s' }))).toEqual({});
    expect(under({ 'retry-backoff': '1s' }, toolDefaults({ retryMultiplier: 3 }))).toEqual({
      'retry-backoff': '1s',
    });
  });

  it('of several layers count in the order in which they came, as a whole', () => {
    const stronger = toolDefaults({ retryBackoff: '9s', outputCheck: true });
    expect(under({}, stronger, configured)).toMatchObject({ retries: '5', 'retry-backoff': '9s' });
    expect(under({}, stronger, configured)).not.toHaveProperty('no-output-check');
  });
});

describe('marks', () => {
  it('are united, and the last label of a name counts', () => {
    expect(
      unitedTags({ tags: ['a', 'b'], labels: { x: '1', y: '1' } }, { tags: ['b', 'c'], labels: { x: '2' } }),
    ).toEqual({ tags: ['a', 'b', 'c'], labels: { x: '2', y: '1' } });
    expect(unitedTags({}, { tags: [], labels: {} })).toEqual({});
  });

  it('are added to by flags', () => {
    const flags: FlagValues = new Map([
      ['tag', ['now']],
      ['label', ['team=mine', 'note=a=b', 'empty=']],
    ]);
    expect(callMetadata(flags, { tags: ['etl'], labels: { team: 'data' } })).toEqual({
      tags: ['etl', 'now'],
      labels: { team: 'mine', note: 'a=b', empty: '' },
    });
    for (const wrong of ['team', '=data']) expect(() => parseLabels([wrong], '--label')).toThrow(UsageError);
    expect(() => parseLabels(['a=1', 'a=2'], '--label')).toThrow('--label: a is given twice');
    expect(parseLabels(['a=1', 'a=1'], '--label')).toEqual({ a: '1' });
    expect(() => callMetadata(new Map([['tag', ['']]]))).toThrow('--tag: a tag must not be empty');
  });
});
