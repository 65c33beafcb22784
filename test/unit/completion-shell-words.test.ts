/** Lines as bash has them: read without evaluating, and words quoted so that bash reads them as they are meant. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { bashLines } from '../../src/cli/completion/shells/render.ts';
import { type Quote, quoteRest, readShellLine } from '../../src/cli/completion/shells/shell-words.ts';

describe('readShellLine', () => {
  it.each([
    ['work dep', ['work'], 'dep'],
    ['work  deploy ', ['work', 'deploy'], ''],
    ['', [], ''],
    ['work "two words" x', ['work', 'two words'], 'x'],
    ['work two\\ wo', ['work'], 'two wo'],
    ["work 'it'\\''s' y", ['work', "it's"], 'y'],
    ["work $'a\\tb\\'c' y", ['work', "a\tb'c"], 'y'],
    ['work "a\\"b\\n$x" y', ['work', 'a"b\\n$x'], 'y'],
    ['work --level=a:b', ['work'], '--level=a:b'],
    ['work $(git describe --tags "a b") x', ['work', '$(git describe --tags "a b")'], 'x'],
    ['work "$(echo ")")" x', ['work', '$(echo ")")'], 'x'],
    ['work ${HOME}/a `b c` x', ['work', '${HOME}/a', '`b c`'], 'x'],
    ['work <(cat a) x', ['work', '<(cat a)'], 'x'],
    ['work a >out 2>&1 b 3< in x', ['work', 'a', 'b'], 'x'],
    ['echo; work a', ['work'], 'a'],
    ['work \u00e4\u{1f600} x', ['work', '\u00e4\u{1f600}'], 'x'],
  ])('%j', (line, words, current) => {
    expect(readShellLine(line)).toMatchObject({ words, current, cut: false });
  });

  it.each([
    ["work 'tw", 'tw', "'tw", "'"],
    ['work x"tw ', 'xtw ', 'x"tw ', '"'],
    ["work $'tw", 'tw', "$'tw", "$'"],
    ['work "a"\'b', 'ab', '"a"\'b', "'"],
  ])('knows the quote that is open: %j', (line, current, raw, quote) => {
    expect(readShellLine(line)).toMatchObject({ current, raw, quote });
  });

  it('tells what only the shell can read, and where a redirection goes', () => {
    expect(readShellLine('work a\\').cut).toBe(true);
    expect(readShellLine('work $(git ').cut).toBe(true);
    expect(readShellLine('work "$(git').cut).toBe(true);
    expect(readShellLine('work a > fi')).toMatchObject({ redirected: true, current: 'fi' });
    expect(readShellLine('work a > file ')).toMatchObject({ redirected: false, words: ['work', 'a'] });
  });

  it('ends on anything', () => {
    const pieces = ["'", '"', '\\', '$(', '`', '${', ')', ' ', 'a', '<(', '>', '$', "$'", '&', '}', '\n'];
    let seed = 7;
    const random = () => (seed = (seed * 1103515245 + 12345) % 2 ** 31);
    for (let i = 0; i < 5_000; i++) {
      const line = Array.from({ length: random() % 12 }, () => pieces[random() % pieces.length]).join('');
      expect(readShellLine(line).raw.length).toBeLessThanOrEqual(line.length);
    }
  });
});

const NASTY = [
  'plain',
  'two words',
  "it's",
  'say "hi"',
  '$HOME',
  '$(echo pwned)',
  '`echo pwned`',
  'a;echo pwned',
  'a|b&c<d>e',
  'back\\slash',
  '~/x',
  '{a,b}',
  '*',
  '[a-z]?',
  '#no',
  '-n',
  '\u00e4 \u{1f600}',
  'a:b=c@d',
  '\'"\\$`!',
];

describe('quoteRest', () => {
  const hasBash = spawnSync('bash', ['--version']).status === 0;

  it.skipIf(!hasBash)('is read by bash as it was meant, in every quote', () => {
    const quotes: [Quote, string][] = [
      ['', ''],
      ["'", "'"],
      ['"', '"'],
      ["$'", "'"],
    ];
    for (const [quote, close] of quotes) {
      // History is a matter of interactive shells alone, and `!` inside double quotes of them.
      const words = NASTY.map((text) => `${quote}${quoteRest(text, quote)}${close}`);
      const { stdout, status } = spawnSync('bash', ['-c', `printf '%s\\0' ${words.join(' ')}`], {
        encoding: 'utf8',
        env: { ...process.env, LC_ALL: 'C.UTF-8' },
      });
      expect(status).toBe(0);
      expect(stdout.split('\0').slice(0, -1)).toEqual(NASTY);
      expect(words.map((word) => readShellLine(`x ${word} `).words[1])).toEqual(NASTY);
    }
  });
});

describe('bashLines', () => {
  const runOptions = (line: string, word: string, listing = false) => ({
    line: readShellLine(line),
    word,
    listing,
    columns: 40,
  });
  const candidates = [
    { value: '--level=a:b', about: 'the first' },
    { value: '--level=a:c', about: 'a long story about the other one' },
  ];

  it('gives what bash replaces, from its last word break on', () => {
    expect(bashLines({ candidates }, runOptions('x --level=a:', ''))).toEqual(['b', 'c']);
    expect(bashLines({ candidates }, runOptions('x --lev', '--lev'))).toEqual(['--level=a:b', '--level=a:c']);
    expect(bashLines({ candidates: [{ value: 'a b' }] }, runOptions("x 'a", 'a'))).toEqual(['a b']);
    // Something that this program reads otherwise than bash does.
    expect(bashLines({ candidates }, runOptions('x --lev', 'other'))).toEqual([]);
  });

  it('describes several candidates in a list that fits, and never what is inserted', () => {
    expect(bashLines({ candidates }, runOptions('x --l', '--l', true))).toEqual([
      '--level=a:b  (the first)',
      '--level=a:c  (a long story about t...)',
    ]);
    expect(bashLines({ candidates: candidates.slice(1) }, runOptions('x --l', '--l', true))).toEqual([
      '--level=a:c',
    ]);
  });

  it('adds nothing to what the shell would expand', () => {
    const both = { candidates: [{ value: '$HOME' }], files: { kind: 'files', prefix: '' } } as const;
    for (const line of ['x $H', 'x $', 'x "$H']) {
      const word = line.replace(/^x "?/, '');
      expect(bashLines({ ...both, candidates: [...both.candidates] }, runOptions(line, word))).toEqual([
        '\tfiles\t',
      ]);
    }
    expect(bashLines({ candidates: [...both.candidates] }, runOptions('x $y \\$H', '\\$H'))).toEqual([
      '\\$HOME',
    ]);
  });

  it('says where files go', () => {
    const files = { kind: 'files', prefix: '--args=@' } as const;
    expect(bashLines({ candidates: [], files }, runOptions('x --args=@f', 'f'))).toEqual(['\tfiles\t']);
    expect(bashLines({ candidates: [], files }, runOptions('x --args=@f', '@f'))).toEqual(['\tfiles\t@']);
    expect(bashLines({ candidates: [], files }, runOptions('x --args=@f', '--args=@f'))).toEqual([
      '\tfiles\t--args=@',
    ]);
  });
});
