/** Compiled code that is kept for the next process: only where nobody else could have put it, and never in anybody's way. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../../src/doctor/finding.ts';
import { eachInItsProcess, run } from '../../support/cli.ts';
import { freshDir, freshHome } from '../../support/home.ts';
import { dataOf, homeAt } from '../../support/instance.ts';

eachInItsProcess();

/** Not the one that tests share. */
const OWN = { NODE_COMPILE_CACHE: undefined };
const list = (home: string) => run(['work', 'jobs', 'list'], { home, env: OWN });

async function homeOfWork(): Promise<{ home: string; cache: string }> {
  const home = await homeAt('http://127.0.0.1:1/mcp');
  return { home, cache: join(home, 'compile-cache') };
}

/** Paths of the files of compiled code, of all versions. */
function compiled(cache: string): string[] {
  return readdirSync(cache, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

async function finding(home: string): Promise<Finding | undefined> {
  const { checks } = dataOf<{ checks: Finding[] }>(
    await run(['--json', 'doctor', '--offline'], { home, env: OWN }),
  );
  return checks.find(({ check }) => check === 'compile cache');
}

describe('compiled code', () => {
  it('is kept in a folder of its own, which the next process reads; doctor shows it', async () => {
    const { home, cache } = await homeOfWork();
    expect(await list(home)).toMatchObject({ code: 0 });
    const [version] = readdirSync(cache);
    expect([cache, join(cache, version ?? '')].map((dir) => lstatSync(dir).mode & 0o777)).toEqual([
      0o700, 0o700,
    ]);
    const before = compiled(cache).map((file) => [file, statSync(file).mtimeMs]);
    expect(before.length).toBeGreaterThan(0);
    expect(await list(home)).toMatchObject({ code: 0 });
    expect(compiled(cache).map((file) => [file, statSync(file).mtimeMs])).toEqual(before);
    expect(await finding(home)).toMatchObject({ status: 'ok', path: cache });
  });

  it('makes no data root, and costs `--version` nothing', async () => {
    const home = join(freshDir(), 'none');
    await run(['ls', '--help'], { home, cwd: '/', env: OWN });
    await run(['--version'], { home, cwd: '/', env: OWN });
    expect(existsSync(home)).toBe(false);
    const made = freshHome();
    await run(['--version'], { home: made, env: OWN });
    expect(readdirSync(made)).toEqual([]);
  });

  it('that is damaged is not run', async () => {
    const { home, cache } = await homeOfWork();
    const { stdout } = await list(home);
    const [file = ''] = compiled(cache);
    const code = readFileSync(file);
    writeFileSync(file, code.fill(0, Math.floor(code.length / 2)));
    expect(await list(home)).toMatchObject({ code: 0, stdout, stderr: '' });
    expect(readFileSync(file).length).toBeGreaterThan(0);
    expect(readFileSync(file).equals(code)).toBe(false);
  });

  it('is where NODE_COMPILE_CACHE says, and not kept with NODE_DISABLE_COMPILE_CACHE', async () => {
    const { home, cache } = await homeOfWork();
    const named = join(freshDir(), 'named');
    const own = () => readdirSync(named).filter((name) => name.startsWith('mcp2cli-'));
    await run(['work', 'jobs', 'list'], { home, env: { NODE_COMPILE_CACHE: named } });
    expect(own().flatMap((name) => compiled(join(named, name)))).toHaveLength(1);
    await run(['work', 'jobs', 'list'], { home, env: { ...OWN, NODE_DISABLE_COMPILE_CACHE: '1' } });
    expect(existsSync(cache)).toBe(false);
  });

  describe('is not kept in', () => {
    let home: string;
    let cache: string;
    beforeEach(async () => {
      ({ home, cache } = await homeOfWork());
    });

    it.each([0o770, 0o755, 0o777])('a folder of mode %o, and doctor says so', async (mode) => {
      await list(home);
      const [version = ''] = readdirSync(cache);
      for (const file of compiled(cache)) writeFileSync(file, '');
      const before = compiled(cache).map((file) => statSync(file).mtimeMs);
      chmodSync(join(cache, version), mode);
      chmodSync(cache, mode);
      expect(await list(home)).toMatchObject({ code: 0, stderr: '' });
      expect(compiled(cache).map((file) => statSync(file).mtimeMs)).toEqual(before);
      expect(await finding(home)).toMatchObject({
        status: 'warning',
        hint: expect.stringContaining('rm -r'),
      });
    });

    it('what a link leads to', async () => {
      const elsewhere = freshDir();
      symlinkSync(elsewhere, cache);
      expect(await list(home)).toMatchObject({ code: 0, stderr: '' });
      expect(readdirSync(elsewhere)).toEqual([]);
    });

    it('a file', async () => {
      writeFileSync(cache, 'mine');
      expect(await list(home)).toMatchObject({ code: 0, stderr: '' });
      expect(statSync(cache).size).toBe(4);
    });
  });

  it('of a version that nobody has used for a month goes when a new version comes', async () => {
    const { home, cache } = await homeOfWork();
    const month = Date.now() / 1000 - 31 * 24 * 60 * 60;
    for (const [name, at] of [
      ['0.0.1', month],
      ['0.0.2', month + 2 * 24 * 60 * 60],
    ] as const) {
      mkdirSync(join(cache, name), { recursive: true, mode: 0o700 });
      utimesSync(join(cache, name), at, at);
    }
    chmodSync(cache, 0o700);
    await list(home);
    expect(readdirSync(cache)).toHaveLength(2);
    expect(readdirSync(cache)).toContain('0.0.2');
  });
});
