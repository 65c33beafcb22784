/** Roots and folders that others can write, relative roots, working folders that are gone, socket folders that others have taken. */
import { chmodSync, chownSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'vitest';
import { inLanes } from '../../src/lib/lanes.ts';
import { type RunResult, run, startCommand } from '../support/cli.ts';
import { BIN } from '../support/env.ts';
import { freshDir } from '../support/home.ts';
import { hostileServer } from '../support/hostile.ts';
import { homeAt, homeWith } from '../support/instance.ts';
import { configure, endKeepers, keepers, STDIO_COMMAND } from '../support/keeper.ts';
import { ledger } from '../support/ledger.ts';

/** A user that is not this one. */
const STRANGER = 54_321;
const isRoot = process.getuid?.() === 0;

const told = (name: string, { code, stdout, stderr }: RunResult) =>
  `${name}: ${code} ${stdout.slice(0, 300)}${stderr.slice(0, 500)}`;

const hasTrace = ({ stderr }: RunResult) => /^ {4}at /m.test(stderr);

it('folders that somebody else can write are refused, whatever is asked', async () => {
  const book = ledger('folders that others can write');
  const folders = ['', 'instances', 'instances/work', 'instances/work/keeper'];
  const modes = [0o770, 0o720, 0o777, 0o702, 0o1777, 0o2775];
  const lines = [
    'work jobs list',
    'work work --n 1',
    'work work --n 1 --background',
    'keeper stop work --force',
  ];
  await inLanes(3, folders, async (folder) => {
    const server = await hostileServer();
    const home = await homeAt(server.url);
    await run(['work', 'ls'], { home });
    const dir = join(home, folder);
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    for (const mode of modes) {
      chmodSync(dir, mode);
      for (const line of lines) {
        book.tried();
        const end = await run(line.split(' '), { home });
        if (end.code !== 78 || end.stdout !== '' || !end.stderr.includes('can be written by'))
          book.wrong(told(`${line} with ${folder || 'the root'} at ${mode.toString(8)}`, end));
      }
    }
    chmodSync(dir, 0o700);
    const after = await run(['work', 'jobs', 'list'], { home });
    if (after.code !== 0) book.lost(told(`${folder} at 0700`, after));
    if (server.calls.size > 0) book.twice(`${folder}: it was called`);
  });
  book.settle();
});

it('a relative MCP2CLI_HOME is one place for commands and keepers', async () => {
  const book = ledger('a relative data root');
  const shapes = ['root', './root', 'root/', 'a/../root', '../cwd/root', 'with a space', 'ä/ö', './/root//'];
  await inLanes(2, shapes, async (shape) => {
    const cwd = join(freshDir(), 'cwd');
    mkdirSync(join(cwd, 'a'), { recursive: true });
    const home = join(cwd, shape);
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const before = readdirSync(cwd);
    endKeepers(home);
    const at = { home, cwd, env: { MCP2CLI_HOME: shape } };
    book.tried();
    const added = await run(['instances', 'add', 'work', ...STDIO_COMMAND], at);
    configure(home, { keepAlive: true });
    const sent = await run(['work', 'describe', '--background', '--detach', '-q'], at);
    const waited = await run(['work', 'jobs', 'wait', '--latest'], at);
    for (const end of [added, sent, waited]) if (end.code !== 0) book.lost(told(shape, end));
    // The same place, told in full.
    const all = await keepers(home);
    if (all.length !== 1 || !all[0]?.answers) book.wrong(`${shape}: ${JSON.stringify(all)}`);
    if (readdirSync(cwd).join() !== before.join()) book.torn(`${shape}: ${readdirSync(cwd)}`);
    const left = readdirSync(home).sort().join();
    if (left !== 'config.json,instances') book.torn(`${shape}: ${left}`);
  });
  book.settle();
});

it.skipIf(process.platform === 'win32')(
  'a working folder that is gone is no matter, or one error',
  async () => {
    const book = ledger('a working folder that is gone');
    const server = await hostileServer();
    const home = await homeAt(server.url);
    const own = await homeWith(STDIO_COMMAND);
    endKeepers(own);
    await run(['work', 'ls'], { home });
    const nowhere = (root: string, line: string) => {
      const cwd = freshDir();
      const script = ['-c', 'rmdir "$0" && exec "$@"', cwd, process.execPath, BIN, ...line.split(' ')];
      return startCommand('/bin/sh', script, { home: root, cwd }).done;
    };
    const works = [
      ...[
        '--version',
        '--help',
        'instances list',
        'instances show work',
        'keeper status',
        'doctor --offline',
      ],
      ...[
        'work ls',
        'work work --n 1',
        'work work --n 2 --background',
        'work jobs list',
        'work jobs show --latest',
      ],
      ...[
        'work jobs cancel --latest',
        'work jobs prune --older-than 0 --yes',
        'work refresh',
        'work work --help',
      ],
      ...['completion bash', `--url ${server.url} ls`],
    ];
    const fails = [
      ...['work describe', 'work describe --background', 'work describe --detach --background', 'work ls'],
      ...['work refresh', 'work call describe'],
    ];
    // One after the other: each finds what those before it have left.
    const inTurn = async (lines: readonly string[], root: string, isRight: (end: RunResult) => boolean) => {
      for (const line of lines)
        for (const flags of ['', '--json ']) {
          book.tried();
          const end = await nowhere(root, `${flags}${line}`);
          if (!isRight(end) || hasTrace(end)) book.wrong(told(`${flags}${line}`, end));
        }
    };
    await Promise.all([
      inTurn(works, home, ({ code }) => code === 0),
      inTurn(
        fails,
        own,
        ({ code, stdout, stderr }) => code === 74 && stdout === '' && stderr.includes('working folder'),
      ),
    ]);
    // Each of the two calls with and without --json.
    for (const [call, times] of server.calls) if (times !== 2) book.twice(`${call}: ${times} times`);
    book.settle();
  },
);

/** What may be in the place of the folder for sockets. */
const SQUATTERS: Record<string, (path: string) => void> = {
  'a folder of another user': (path) => {
    mkdirSync(path, { mode: 0o777 });
    if (isRoot) chownSync(path, STRANGER, STRANGER);
  },
  'a folder for everybody': (path) => {
    mkdirSync(path);
    chmodSync(path, 0o777);
  },
  'a folder of the group': (path) => {
    mkdirSync(path);
    chmodSync(path, 0o770);
  },
  'a file': (path) => writeFileSync(path, ''),
  'a link to nowhere': (path) => symlinkSync('/nowhere/at/all', path),
  'a link to a folder of ours': (path) => symlinkSync(freshDir(), path),
  'a link to a folder for everybody': (path) => symlinkSync('/tmp', path),
};

it.skipIf(process.platform === 'win32')(
  'a socket folder that is taken is no obstacle to a keeper',
  async () => {
    const book = ledger('a socket folder that is taken');
    await inLanes(2, Object.entries(SQUATTERS), async ([name, squat]) => {
      const tmp = freshDir();
      chmodSync(tmp, 0o1777);
      const usual = join(tmp, `mcp2cli-${process.getuid?.()}`);
      squat(usual);
      // Too deep for a socket beside its file.
      const home = join(freshDir(), 'x'.repeat(60), 'y'.repeat(60));
      const at = { home, cwd: '/', env: { TMPDIR: tmp } };
      endKeepers(home);
      await run(['instances', 'add', 'work', ...STDIO_COMMAND], at);
      configure(home, { keepAlive: true });
      book.tried();
      const first = await run(['work', 'pid'], at);
      const second = await run(['work', 'pid'], at);
      if (first.code !== 0 || first.stderr !== '') book.wrong(told(name, first));
      // The second call came to the keeper of the first.
      if (second.stdout !== first.stdout) book.wrong(told(`${name}, again`, second));
      const [keeper] = await keepers(home);
      if (!keeper?.answers) book.wrong(`${name}: ${JSON.stringify(keeper)}`);
    });
    book.settle();
  },
);
