import { spawn } from 'node:child_process';

/**
 * Waits for its stdin to end, which is when the keeper ends, however it ends, and then ends what is left of the keeper's process group: its
 * servers, and what these have started. Politely first. Another group by itself, so that it does not end itself.
 */
const SCRIPT = `read -r _
kill -s TERM -- "-$0" 2>/dev/null || exit 0
sleep 2
kill -s KILL -- "-$0" 2>/dev/null`;

/** A system on which guardians do not live is left alone after some. */
const MOST_STARTS = 10;

/**
 * Sees to it that this process's servers do not outlive it, not even after a kill -9 (reliability: nothing is left behind). This process
 * must lead a process group. Windows ends the children of a process with it by itself.
 */
export function startGuardian(onError: (message: string) => void, starts = MOST_STARTS): void {
  if (process.platform === 'win32' || starts === 0) return;
  const guardian = spawn('/bin/sh', ['-c', SCRIPT, String(process.pid)], {
    detached: true,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
  });
  guardian.once('error', (error) => onError(`no guardian: ${error.message}`));
  // Somebody has ended it: another one takes its place.
  guardian.once('exit', () => startGuardian(onError, starts - 1));
  // The pipe stays open until this process ends, and holds up nothing.
  guardian.stdin?.on('error', () => {});
  guardian.unref();
  (guardian.stdin as unknown as { unref?: () => void } | null)?.unref?.();
}
