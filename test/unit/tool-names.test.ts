import { describe, expect, it } from 'vitest';
import { resolveTool } from '../../src/catalog/find-name.ts';
import { kebabCase } from '../../src/lib/text/kebab-case.ts';
import { nearestNames } from '../../src/lib/text/nearest-names.ts';
import { cpuMs } from '../support/cpu-time.ts';

const KEBAB: readonly (readonly [string, string])[] = [
  ['echo', 'echo'],
  ['maxTokens', 'max-tokens'],
  ['HTTPProxy', 'http-proxy'],
  ['user_name', 'user-name'],
  ['batchProcess2', 'batch-process2'],
  ['sha256Sum', 'sha256-sum'],
  ['userIDs', 'user-ids'],
  ['getURL', 'get-url'],
  ['getURLs', 'get-urls'],
  ['XMLHttpRequest', 'xml-http-request'],
  ['a.b', 'a.b'],
  ['Email.sendAll', 'email.send-all'],
  ['repo/list files', 'repo-list-files'],
  ['__private__', 'private'],
  ['__proto__', 'proto'],
  ['constructor', 'constructor'],
  ['übergrößeMaß', 'übergröße-maß'],
  ['名前', '名前'],
  ['a--b', 'a-b'],
  ['-x-', 'x'],
  ['...', ''],
  ['', ''],
];

describe('kebabCase', () => {
  it.each(KEBAB)('%j becomes %j', (name, kebab) => {
    expect(kebabCase(name)).toBe(kebab);
    expect(kebabCase(kebab)).toBe(kebab);
  });
});

describe('resolveTool', () => {
  const names = [
    'echo',
    'email.send',
    'email.sendAll',
    'maxTokens',
    'max_tokens',
    'a_b',
    'aB',
    'a-b',
    'constructor',
    '__proto__',
    'toString',
  ];
  const tool = (name: string, consumed = 1) => ({ kind: 'tool', name, consumed });

  it.each([
    [['echo'], tool('echo')],
    [['echo', 'stray'], tool('echo')],
    [['echo', '--message', 'hi'], tool('echo')],
    [['email', 'send'], tool('email.send', 2)],
    [['email', 'send', '--x', '1'], tool('email.send', 2)],
    [['email', 'send-all'], tool('email.sendAll', 2)],
    [['email.send'], tool('email.send')],
    [['email.sendAll'], tool('email.sendAll')],
    [['maxTokens'], tool('maxTokens')],
    [['max-tokens'], { kind: 'ambiguous', candidates: ['maxTokens', 'max_tokens'] }],
    // A name that is its own kebab form is its exact name.
    [['a-b'], tool('a-b')],
    [['constructor'], tool('constructor')],
    [['__proto__'], tool('__proto__')],
    [['proto'], tool('__proto__')],
    [['to-string'], tool('toString')],
    [['email'], { kind: 'group', prefix: 'email', members: ['email.send', 'email.sendAll'], consumed: 1 }],
    [['ehco'], { kind: 'none', suggestions: ['echo'] }],
    [['email', 'sned'], { kind: 'none', suggestions: ['email.send'] }],
    [['hasOwnProperty'], { kind: 'none', suggestions: [] }],
    [['zzzzzz'], { kind: 'none', suggestions: [] }],
    [[], { kind: 'none', suggestions: [] }],
    [['--help'], { kind: 'none', suggestions: [] }],
  ])('%j', (words, expected) => {
    expect(resolveTool(names, words)).toEqual(expected);
  });

  it('prefers the longest match of nested names', () => {
    const nested = ['email', 'email.send', 'email.send.now'];
    expect(resolveTool(nested, ['email', 'send', 'now'])).toEqual(tool('email.send.now', 3));
    expect(resolveTool(nested, ['email', 'send'])).toEqual(tool('email.send', 2));
    expect(resolveTool(nested, ['email'])).toEqual(tool('email'));
    expect(resolveTool(nested, ['email', 'send', 'later'])).toEqual(tool('email.send', 2));
  });

  it('finds one of 1,000 names in a few milliseconds', () => {
    const many = Array.from({ length: 1_000 }, (_, i) => `group${i % 20}.someLongerToolName_${i}`);
    const took = Array.from({ length: 5 }, () => {
      const start = cpuMs();
      expect(resolveTool(many, ['group7', 'some-longer-tool-name-987']).kind).toBe('tool');
      return cpuMs() - start;
    });
    // About 2 ms; the process may have collected garbage in one of them.
    expect(Math.min(...took)).toBeLessThan(30);
  });
});

describe('every name', () => {
  it('is found by itself and by its kebab form, whatever it is made of', () => {
    const letters = 'aAbBsS1_-. é';
    let state = 7;
    const below = (n: number) => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((state / 2 ** 31) * n);
    };
    const names = Array.from({ length: 300 }, () =>
      ['x', ...Array.from({ length: 1 + below(9) }, () => letters[below(letters.length)])].join(''),
    );
    for (const name of names) {
      const kebab = kebabCase(name);
      expect(kebabCase(kebab)).toBe(kebab);
      // A segment with an umlaut sends the whole name the way for all of Unicode, which has to agree.
      expect(kebabCase(`ä.${name}`)).toBe(`ä.${kebab}`);
      expect(resolveTool(names, [name])).toEqual({ kind: 'tool', name, consumed: 1 });
      const same = [...new Set(names)].filter((other) => kebabCase(other) === kebab);
      if (same.length === 1)
        expect(resolveTool([...new Set(names)], [kebab])).toMatchObject({ kind: 'tool', name });
    }
  });
});

describe('nearestNames', () => {
  it.each([
    ['mesage', ['message', 'count'], ['message']],
    ['MESSAGE', ['message'], ['message']],
    ['mess', ['message', 'count'], ['message']],
    ['x', ['y'], []],
    ['ab', ['xy'], []],
    ['', ['a'], []],
    ['colour', ['color', 'count'], ['color']],
  ])('%j among %j is %j', (word, known, expected) => {
    expect(nearestNames(word, known)).toEqual(expected);
  });
});
