import { spawn } from 'node:child_process';
import { currentGroups, onGroups } from './process-group.ts';

/**
 * Is started with the process groups that there are, and reads of others from its stdin, until that ends, which is when its parent ends, however
 * that ends. Then it ends the groups that are left, politely first. It leads a group of its own, so that nothing that ends its parent's group ends it.
 */
const SCRIPT = `groups=$*
while read -r change group; do
  case $change in
  +) groups="$groups $group" ;;
  -)
    left=
    for one in $groups; do [ "$one" = "$group" ] || left="$left $one"; done
    groups=$left
    ;;
  esac
done
some=
for one in $groups; do kill -s TERM -- "-$one" 2>/dev/null && some=1; done
[ -n "$some" ] || exit 0
sleep 2
for one in $groups; do kill -s KILL -- "-$one" 2>/dev/null; done`;

/** A system on which guardians do not live is left alone after some. */
const MOST_STARTS = 10;

/**
 * How long a command may last without a reaper, in milliseconds. Most end before; one that somebody kills for taking too long has lasted
 * longer.
 */
const SHORT_MS = 1_000;

let asked = false;

/**
 * Sees to it that the children of this process, and what these have started, do not outlive it, not even after a kill -9. `ownGroup`: this
 * process leads a group that is to end with it, too. Windows ends the children of a process with it by itself.
 */
export function startReaper(onError: (message: string) => void, { ownGroup }: { ownGroup: boolean }): void {
  asked = true;
  if (process.platform !== 'win32') start(onError, ownGroup, MOST_STARTS);
}

/** The same for a command that lasts longer than most do. A shell for each would cost too much. */
export function guardSoon(): void {
  if (asked) return;
  asked = true;
  setTimeout(() => startReaper(() => {}, { ownGroup: false }), SHORT_MS).unref();
}

function start(onError: (message: string) => void, ownGroup: boolean, starts: number): void {
  if (starts === 0) return;
  const groups = [...(ownGroup ? [process.pid] : []), ...currentGroups()].map(String);
  const reaper = spawn('/bin/sh', ['-c', SCRIPT, 'reaper', ...groups], {
    detached: true,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
  });
  const { stdin } = reaper;
  stdin.on('error', () => {});
  const stop = onGroups((change, group) => stdin.write(`${change} ${group}\n`));
  reaper.once('error', (error) => {
    stop();
    onError(`no reaper: ${error.message}`);
  });
  // Somebody has ended it: another one takes its place.
  reaper.once('exit', () => {
    stop();
    start(onError, ownGroup, starts - 1);
  });
  // The pipe stays open until this process ends, and holds up nothing.
  reaper.unref();
  (stdin as unknown as { unref?: () => void }).unref?.();
}
