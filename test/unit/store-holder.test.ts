import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { currentHolder, isHolderAlive } from '../../src/lib/disk/holder.ts';
import { isPidAlive } from '../../src/lib/disk/process-identity.ts';

const onLinux = it.skipIf(!existsSync('/proc/self/stat'));

/** A pid that nobody has: a child that has ended and was collected. */
async function gonePid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'close');
  return child.pid ?? 0;
}

describe('holders', () => {
  it('this process is alive, and says the same of itself each time', () => {
    expect(currentHolder()).toMatchObject({ pid: process.pid, host: hostname() });
    expect(currentHolder()).toEqual(currentHolder());
    expect(isHolderAlive(currentHolder())).toBe(true);
  });

  onLinux('has a start time and the boot that it counts from', () => {
    expect(currentHolder().started).toMatch(/^\d+$/);
    expect(currentHolder().boot_id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is gone when its pid is', async () => {
    const pid = await gonePid();
    expect(isPidAlive(pid)).toBe(false);
    expect(isHolderAlive({ ...currentHolder(), pid, started: null, boot_id: null })).toBe(false);
  });

  onLinux('is gone when its pid belongs to a later process', () => {
    expect(isHolderAlive({ ...currentHolder(), started: '1' })).toBe(false);
  });

  onLinux('is gone after a restart of the machine, whoever has its pid', () => {
    expect(isHolderAlive({ ...currentHolder(), boot_id: 'another' })).toBe(false);
  });

  it('counts by its pid alone where there is no more to go by', () => {
    expect(isHolderAlive({ ...currentHolder(), started: null, boot_id: null })).toBe(true);
  });

  it('of another machine counts as alive', async () => {
    expect(
      isHolderAlive({ ...currentHolder(), pid: await gonePid(), boot_id: 'x', host: 'elsewhere.test' }),
    ).toBe(true);
  });

  it.each([0, -1, 1.5, Number.NaN])('pid %d is no process', (pid) => {
    expect(isPidAlive(pid)).toBe(false);
  });

  onLinux('is gone when it has ended and nobody has collected it', async () => {
    // A parent that starts a child and then never gets round to collecting it.
    const parent = spawn(
      process.execPath,
      [
        '-e',
        `const { pid } = require('child_process').spawn('true');
         require('fs').writeSync(1, pid + '\\n');
         Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    onTestFinished(() => void parent.kill('SIGKILL'));
    const [line] = await once(parent.stdout, 'data');
    const pid = Number(String(line));
    const state = () => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.[0];
    while (state() !== 'Z') await new Promise((resolve) => setImmediate(resolve));
    expect(isPidAlive(pid)).toBe(true);
    expect(isHolderAlive({ ...currentHolder(), pid, started: null })).toBe(false);
  });
});
