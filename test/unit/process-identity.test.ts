import { spawn, spawnSync } from 'node:child_process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isSameStart, ownStart, processState, type System } from '../../src/lib/disk/process-identity.ts';

interface Asked {
  command: string;
  args: readonly string[];
  env: Record<string, string>;
}

/** A system without /proc whose one command says this. */
function saying(platform: NodeJS.Platform, said: string | undefined): System & { asked: Asked[] } {
  const asked: Asked[] = [];
  return {
    platform,
    asked,
    read: () => undefined,
    run(command, args, env) {
      asked.push({ command, args, env });
      return said;
    },
  };
}

describe('the start of a process', () => {
  it.each([
    ['Ss   Mon Oct  6 10:00:00 2025    \n', { started: '@1759744800', ended: false }],
    ['R+   Thu Nov 26 23:59:59 2026\n', { started: '@1795737599', ended: false }],
    ['Z    Mon Oct  6 10:00:00 2025\n', { started: '@1759744800', ended: true }],
    ['S    ???\n', { started: null, ended: false }],
    ['', undefined],
    [undefined, undefined],
  ])('on macOS, as ps says %j', (said, state) => {
    const system = saying('darwin', said);
    expect(processState(4711, system)).toEqual(state);
    expect(system.asked).toMatchObject([{ command: 'ps', env: { LC_ALL: 'C', TZ: 'UTC0' } }]);
    expect(system.asked[0]?.args).toContain('4711');
  });

  it.each([
    ['2025-10-06T10:00:00.1234567Z\r\n', { started: '@1759744800', ended: false }],
    ['nonsense', { started: null, ended: false }],
    [undefined, undefined],
  ])('on Windows, as PowerShell says %j', (said, state) => {
    const system = saying('win32', said);
    expect(processState(4711, system)).toEqual(state);
    expect(system.asked[0]?.command).toBe('powershell.exe');
  });

  it('on Linux without /proc is not to be had: nothing is started for it', () => {
    const system = saying('linux', 'S Mon Oct  6 10:00:00 2025');
    expect(processState(4711, system)).toBeUndefined();
    expect(system.asked).toEqual([]);
  });

  it.each([0, -1, 1.5])('is not asked for of pid %d', (pid) => {
    const system = saying('darwin', 'S Mon Oct  6 10:00:00 2025');
    expect(processState(pid, system)).toBeUndefined();
    expect(system.asked).toEqual([]);
  });

  it('this process says the same of itself as the system does', () => {
    expect(isSameStart(ownStart(), processState(process.pid)?.started ?? null)).toBe(true);
  });

  it.skipIf(process.platform === 'win32')('as the real ps tells it', () => {
    // ps of Linux knows the form, too; BSD's is that of macOS.
    const real: System = {
      platform: 'darwin',
      read: () => undefined,
      run: (command, args, env) =>
        spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, ...env } }).stdout,
    };
    const child = spawn('sleep', ['60']);
    onTestFinished(() => void child.kill('SIGKILL'));
    const started = processState(child.pid ?? 0, real)?.started;
    expect(started).toMatch(/^@\d+$/);
    // In whatever zone the caller lives.
    process.env['TZ'] = 'Asia/Kathmandu';
    onTestFinished(() => void delete process.env['TZ']);
    expect(processState(child.pid ?? 0, real)?.started).toBe(started);
    const age = Date.now() / 1000 - Number(started?.slice(1));
    expect(Math.abs(age)).toBeLessThan(30);
  });
});

describe('two starts', () => {
  it.each([
    ['4711', '4711', true],
    ['4711', '4712', false],
    ['@1759744800', '@1759744802', true],
    ['@1759744800', '@1759749999', false],
    ['4711', '@1759744800', undefined],
    [null, '@1759744800', undefined],
    ['4711', null, undefined],
  ])('%j and %j', (a, b, same) => {
    expect(isSameStart(a, b)).toBe(same);
    expect(isSameStart(b, a)).toBe(same);
  });
});
