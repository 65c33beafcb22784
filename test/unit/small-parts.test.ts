import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { scanFlags } from '../../src/cli/global-flags/scan.ts';
import { checkInstanceName } from '../../src/config/names.ts';
import { expand } from '../../src/config/target/expand.ts';
import { interruption, SAME_SIGNAL_MS } from '../../src/context.ts';
import { piecesOf, typedFlag } from '../../src/lib/text/command-line.ts';
import { parseDuration } from '../../src/lib/text/duration.ts';
import { nearestNames } from '../../src/lib/text/nearest-names.ts';
import { visible, visibleJson, visibleLine, visibleName } from '../../src/lib/text/visible.ts';
import { retryAfterMs } from '../../src/mcp/http/errors/http-error.ts';

test.each([
  ['30s', 30_000],
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['500ms', 500],
  ['1.5h', 5_400_000],
  ['2d', 172_800_000],
  ['90', 90_000],
  ['0', undefined],
  ['0s', undefined],
])('the duration %s is %s ms', (typed, ms) => {
  expect(parseDuration(typed, '--timeout')).toBe(ms);
});

test.each(['', 'soon', '-1', '5x', '1m 30s', '1e3', 'NaN', '99999999999d'])('%j is no duration', (typed) => {
  expect(() => parseDuration(typed, '--timeout')).toThrow(/--timeout: not a duration/);
});

test('variables are filled in, defaults stand in for unset and empty ones, unset ones are named', () => {
  const env = { A: 'x', EMPTY: '' };
  expect(expand('${A}-${EMPTY}-${B:-y}-${EMPTY:-z}-$A-${}', env, 'here')).toBe('x--y-z-$A-${}');
  expect(() => expand('${NOPE}', env, 'instance work url')).toThrow(
    /NOPE is not set \(needed by instance work url\)/,
  );
});

test.each(['work', 'Work-2', 'a.b_c', '1st'])('%s is an instance name', (name) => {
  expect(() => checkInstanceName(name)).not.toThrow();
});

test.each([
  '',
  '-x',
  '.',
  '..',
  'a/b',
  'a b',
  'jobs',
  'LS',
  'demo',
  'con',
  'nul.txt',
  'a.',
  'x'.repeat(65),
  '__proto__',
])('%j is no instance name', (name) => {
  expect(() => checkInstanceName(name)).toThrow(/instance name/);
});

test('runtime flags are read up to the first word', () => {
  const { flags, next } = scanFlags([
    '-qv',
    '--timeout=5s',
    '-o',
    'json',
    '--header',
    'A: 1',
    '--header',
    'B: 2',
    'ls',
    '-q',
  ]);
  expect(next).toBe(8);
  expect(Object.fromEntries(flags)).toEqual({
    quiet: true,
    verbose: true,
    timeout: '5s',
    output: 'json',
    header: ['A: 1', 'B: 2'],
  });
});

test.each([
  [['--jsn'], /unknown flag: --jsn/],
  [['--timeout'], /--timeout needs a value/],
  [['--json=yes'], /--json takes no value/],
  [['--timeout', '1', '--timeout', '2'], /given twice/],
  [['-x'], /unknown flag: -x/],
])('%j is refused', (argv, message) => {
  expect(() => scanFlags(argv)).toThrow(message);
});

test('Retry-After is seconds or a date', () => {
  const now = new Date('2026-01-01T00:00:00Z');
  expect(retryAfterMs('120', now)).toBe(120_000);
  expect(retryAfterMs('Thu, 01 Jan 2026 00:00:30 GMT', now)).toBe(30_000);
  expect(retryAfterMs('Thu, 01 Jan 2015 00:00:30 GMT', now)).toBe(0);
  expect(retryAfterMs('soon', now)).toBeUndefined();
  expect(retryAfterMs(null, now)).toBeUndefined();
});

test('characters that act on a terminal are seen instead', () => {
  const acting = [
    '\u0000',
    '\u0007',
    '\u0008',
    '\u000b',
    '\r',
    '\u001b',
    '\u007f',
    '\u0085',
    '\u009b',
    '\u200b',
    '\u200e',
    '\u2028',
    '\u202e',
    '\u2066',
    '\ufeff',
    '\ud800',
    '\u{e0041}',
    // Nothing is drawn for these: two names with and without one look the same.
    ...'\u00ad\u034f\u061c\u115f\u1160\u17b4\u180e\u200f\u2060\u2064\u206a\u206f\u3164\ufe00\ufe0f\uffa0',
    '\u{1d173}',
    '\u{e0000}',
    '\u{e007f}',
    '\u{e0100}',
    '\u{e01ef}',
  ];
  for (const char of acting) {
    expect(visible(`a${char}b`)).toMatch(/^a(\\u[0-9a-f]{4})+b$/);
    expect(JSON.parse(visibleJson(JSON.stringify(`a${char}b`)))).toBe(`a${char}b`);
    expect(visibleJson(JSON.stringify(`a${char}b`))).toMatch(/^"a\\[a-z0-9\\u]+b"$/);
  }
  expect(visible('one\ttwo\nthree\r\nfour ä 漢 🎉')).toBe('one\ttwo\nthree\nfour ä 漢 🎉');
  expect(visibleLine('one\n  two\tthree')).toBe('one two three');
});

test('emoji stay whole in text, and nothing hides behind them', () => {
  for (const emoji of ['⚠️', '❤️', '1️⃣', '👨‍👩‍👧', '👩🏽‍💻', '🏳️‍🌈'])
    expect(visible(`a ${emoji} b`)).toBe(`a ${emoji} b`);
  expect(visible('⚠\ufe0f\ufe0f')).toBe('⚠\ufe0f\\ufe0f');
  expect(visible('🎉\ufe0f')).toBe('🎉\\ufe0f');
  expect(visible('🎉\u200d')).toBe('🎉\\u200d');
  expect(visible('1\ufe0f')).toBe('1\\ufe0f');
  expect(visible('🎉\u{e0041}')).toBe('🎉\\udb40\\udc41');
});

test('names that are not the same do not look the same', () => {
  const names = [
    'work',
    'wo\u200drk',
    'wo\\u200drk',
    'work\ufe0f',
    'work ',
    ' work',
    'work\n',
    'w ork',
    'w\u00a0ork',
    'w\u2003ork',
    '⚠work',
    '⚠\ufe0fwork',
  ];
  const looks = names.map((name) => visibleName(name));
  expect(looks.filter((look) => !look.includes('\\u'))).toEqual(['work', 'w ork', '⚠work']);
  expect(new Set(looks).size).toBe(names.length);
});

test('a signal that comes twice at once, as from timeout(1), is one; a later one ends the process', () => {
  const source = new EventEmitter();
  let now = 1_000;
  const exits: number[] = [];
  const interrupted = interruption(
    source,
    () => now,
    (code) => exits.push(code),
  );
  source.emit('SIGTERM');
  expect(interrupted.reason).toMatchObject({ signal: 'SIGTERM', exitCode: 143 });
  source.emit('SIGTERM');
  now += SAME_SIGNAL_MS;
  source.emit('SIGTERM');
  expect(exits).toEqual([]);
  now += 1;
  source.emit('SIGINT');
  expect(exits).toEqual([130]);
  expect(interrupted.reason).toMatchObject({ signal: 'SIGTERM' });
});

test('a command line is flags, their values and words, in whatever way they are typed', () => {
  const flags = [
    { name: 'quiet', short: 'q', takes: 'none' },
    { name: 'output', short: 'o', takes: 'value' },
    { name: 'force', takes: 'maybe', maybe: (next: string) => next === 'false' },
  ] as const;
  const line =
    'a -q --output=x -qoy -o=z --output -q --force b --force false -q5 --no - -o w -- -q --output'.split(' ');
  const told = [...piecesOf(line, (typed) => typedFlag<(typeof flags)[number]>(flags, typed))].map(
    (piece) => {
      if (piece.kind === 'flag') return `${piece.flag.name}=${piece.value}`;
      return piece.kind === 'end'
        ? `end ${piece.rest.join()}`
        : `${piece.kind} ${piece.kind === 'unknown' ? piece.typed : piece.word}`;
    },
  );
  expect(told).toEqual([
    'word a',
    'quiet=undefined',
    'output=x',
    'quiet=undefined',
    'output=y',
    'output=z',
    'output=-q',
    'force=undefined',
    'word b',
    'force=false',
    'quiet=undefined',
    'unknown -5',
    'unknown --no',
    'word -',
    'output=w',
    'end -q,--output',
  ]);
});

test('names are near that are a few letters put in, taken out or exchanged away, or that begin like the word', () => {
  const near = (typed: string, ...known: string[]) => nearestNames(typed, known);
  expect(near('sitting', 'kitten', 'sitting')).toEqual(['sitting']);
  expect(near('sittings', 'kitten', 'knitting', 'itting')).toEqual(['itting']);
  expect(near('deplyo', 'deploy', 'delay', 'employ')).toEqual(['deploy']);
  expect(near('Depoy', 'deploy', 'export', 'de')).toEqual(['deploy']);
  expect(near('batch', 'batch-process-of-everything', 'patch', 'watching')).toEqual([
    'patch',
    'batch-process-of-everything',
  ]);
  expect(near('lst', 'list', 'last', 'ls', 'show')).toEqual(['last', 'list', 'ls']);
  expect(near('ab', 'cd', 'a', 'abc')).toEqual(['a', 'abc']);
  expect(near(`${'x'.repeat(79)}y`, `${'x'.repeat(79)}z`, 'y'.repeat(80))).toEqual([`${'x'.repeat(79)}z`]);
  expect(near('', 'a')).toEqual([]);
});
