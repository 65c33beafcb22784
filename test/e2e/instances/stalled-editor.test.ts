/** An editor that is stopped while it holds the lock, for so long that others take the lock over, loses nobody's change. */
import { readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { type Handle, run, start } from '../../support/cli.ts';
import { freshHome } from '../../support/home.ts';
import { hostileServer } from '../../support/hostile.ts';
import { leftovers } from '../../support/leftovers.ts';

const STOP = fileURLToPath(new URL('../../support/stop-at.mjs', import.meta.url));
const POINTS = Array.from({ length: 40 }, (_, i) => i + 1);

/** Starts an edit that stops before its n-th call; undefined when it ended before that. */
async function stalledAt(n: number, words: string[], home: string, file: string) {
  const env = { NODE_OPTIONS: `--import=${STOP}`, STOP_FILE: file, STOP_AT: String(n) };
  const editor = start(words, { home, env });
  const stopped = await editor.waitForStderr(/stopped (\w+)/).catch(() => undefined);
  if (!stopped) return { editor, at: undefined };
  await stateOf(editor, 'T');
  // As if it had been stopped for an hour.
  const then = Date.now() / 1000 - 3600;
  utimesSync(`${file}.lock`, then, then);
  return { editor, at: stopped[1] };
}

async function stateOf({ pid }: Handle, state: string): Promise<void> {
  const now = () => /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  while (now() !== state) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Lets an editor stop at every point, another edit meanwhile, and looks at what the file has in the end. Returns the calls it stopped before. */
async function stopEverywhere(
  file: (home: string) => string,
  prepare: (home: string) => Promise<unknown>,
  edit: (name: string) => string[],
  namesIn: (content: Record<string, object>) => string[],
): Promise<string[]> {
  const seen: string[] = [];
  for (const n of POINTS) {
    const home = freshHome();
    await prepare(home);
    const { editor, at } = await stalledAt(n, edit('one'), home, file(home));
    if (at === undefined) break;
    seen.push(at);
    const other = await run(edit('two'), { home });
    editor.signal('SIGCONT');
    const end = await editor.done;
    const names = namesIn(JSON.parse(readFileSync(file(home), 'utf8'))).sort();
    const found = { at, codes: [end.code, other.code], names, left: leftovers(home) };
    expect({ n, ...found }).toEqual({ n, at, codes: [0, 0], names: ['one', 'two'], left: [] });
  }
  return seen;
}

/** Before the file is read, before the change is claimed and before it is put in place, among others. */
const EXPECTED = expect.arrayContaining(['readFileSync', 'renameSync']);

it.skipIf(process.platform !== 'linux')('instances add: both instances are there', async () => {
  const seen = await stopEverywhere(
    (home) => join(home, 'config.json'),
    (home) => run(['instances', 'add', 'zero', '--url', 'http://127.0.0.1:1/'], { home }),
    (name) => ['instances', 'add', name, '--url', 'http://127.0.0.1:1/'],
    ({ mcpServers = {} }) => Object.keys(mcpServers).filter((name) => name !== 'zero'),
  );
  expect(seen).toEqual(EXPECTED);
});

it.skipIf(process.platform !== 'linux')('jobs define: both definitions are there', async () => {
  const server = await hostileServer();
  const seen = await stopEverywhere(
    (home) => join(home, 'instances', 'work', 'definitions.json'),
    async (home) => {
      await run(['instances', 'add', 'work', '--url', server.url], { home });
      await run(['work', 'ls'], { home });
    },
    (name) => ['work', 'jobs', 'define', name, '--tool', 'work'],
    ({ definitions = {} }) => Object.keys(definitions),
  );
  expect(seen).toEqual(EXPECTED);
});
