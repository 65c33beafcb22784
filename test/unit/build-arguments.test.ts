import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { stringifyJson } from '../../src/lib/json/exact-json.ts';
import { buildArguments, parseArgsText } from '../../src/tools/flags/build-arguments.ts';
import type { Assignment } from '../../src/tools/flags/parse-line.ts';

const set = (path: string, value: unknown): Assignment => ({
  path: path.split('.'),
  value,
  flag: `--${path}`,
});

describe('buildArguments', () => {
  it.each<[unknown, Assignment[], unknown]>([
    [undefined, [], {}],
    [{ a: 1, b: 2 }, [set('b', 3)], { a: 1, b: 3 }],
    [undefined, [set('a.b', 1), set('a.c.d', 2)], { a: { b: 1, c: { d: 2 } } }],
    [{ a: { x: 1, b: 0 } }, [set('a.b', 1)], { a: { x: 1, b: 1 } }],
    [{ a: { x: 1 } }, [set('a', { b: 1 })], { a: { b: 1 } }],
    [undefined, [set('a', { b: 1, c: 1 }), set('a.b', 2)], { a: { b: 2, c: 1 } }],
    [undefined, [set('a.b', 2), set('a', { b: 1, c: 1 })], { a: { b: 2, c: 1 } }],
    [{ a: 5 }, [set('a.b', 1)], { a: { b: 1 } }],
    [{ a: null }, [set('a', null)], { a: null }],
  ])('%j with %j', (base, assignments, expected) => {
    const before = JSON.stringify([base, assignments]);
    expect(buildArguments(base, assignments)).toEqual(expected);
    expect(JSON.stringify([base, assignments])).toBe(before);
  });

  it.each([[[]], ['x'], [3], [null], [true]])('refuses %j as the whole', (base) => {
    expect(() => buildArguments(base, [])).toThrow(UsageError);
  });

  it('refuses a dotted flag into what is no object', () => {
    expect(() => buildArguments(undefined, [set('a', null), set('a.b', 1)])).toThrow(/--a\.b goes into --a/);
  });

  it('keeps dangerous names as data', () => {
    const base = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
    const built = buildArguments(base, [
      set('__proto__.more', 2),
      set('constructor.prototype.more', 2),
      set('prototype', 3),
    ]);
    expect(JSON.stringify(built)).toBe(
      '{"__proto__":{"polluted":1,"more":2},"constructor":{"prototype":{"polluted":1,"more":2}},"prototype":3}',
    );
    expect(JSON.stringify(buildArguments(undefined, [set('__proto__.x', 1), set('a.__proto__.y', 2)]))).toBe(
      '{"__proto__":{"x":1},"a":{"__proto__":{"y":2}}}',
    );
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(({} as Record<string, unknown>)['more']).toBeUndefined();
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });
});

describe('parseArgsText', () => {
  it('reads an object', () => {
    expect(parseArgsText(' {"a":[1]}\n')).toEqual({ a: [1] });
  });

  it('keeps numbers as they were typed', () => {
    const typed =
      '{"id":9007199254740993,"big":1e300,"text":"12345678901234567890","list":[18446744073709551615,1.10,1e400,-0]}';
    expect(stringifyJson(parseArgsText(typed))).toBe(typed);
  });

  it.each([
    ['', '--args: not valid JSON: it is empty'],
    ['{"password":"hunter2"', '--args: not valid JSON: '],
    ['{"password":hunter2}', '--args: not valid JSON: '],
    ['hunter2', '--args: not valid JSON: '],
    ['[1]', '--args: must be a JSON object, not an array'],
    ['null', '--args: must be a JSON object, not null'],
    ['3', '--args: must be a JSON object, not a number'],
    [`${'{"a":'.repeat(300)}1${'}'.repeat(300)}`, '--args: nested deeper than 200 levels'],
  ])('refuses %j', (text, message) => {
    let thrown: unknown;
    try {
      parseArgsText(text);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UsageError);
    expect((thrown as UsageError).message).toContain(message);
    expect((thrown as UsageError).message).not.toContain('hunter2');
  });
});
