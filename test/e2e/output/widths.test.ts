/** What is shown on terminals of 40, 80 and 120 columns: no line is wider than the terminal, and no word is broken. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { HOST_SPECS } from '../../../src/cli/commands/host-specs.ts';
import { INSTANCE_SPECS } from '../../../src/cli/commands/instance-specs.ts';
import type { CommandSpec } from '../../../src/cli/program.ts';
import { columns } from '../../../src/lib/text/word-wrap.ts';
import { run } from '../../support/cli.ts';
import { freshHome } from '../../support/home.ts';
import { addInstance } from '../../support/instance.ts';
import { ptyTool, startOnPty } from '../../support/pty.ts';

const LISTING = join(import.meta.dirname, '../../support/listing-server.js');
const WIDTHS = [40, 80, 120];

const text = (about: string) => ({ type: 'string', description: about });
const TOOLS = [
  {
    name: 'deploy',
    description: 'Roll a version out to an environment, and wait until all of its machines answer again.',
    inputSchema: {
      type: 'object',
      required: ['version'],
      properties: {
        version: text('What is rolled out: a tag, a branch or a commit.'),
        environment: { ...text('Where it goes.'), enum: ['staging', 'production'], default: 'staging' },
        maxUnavailable: { type: 'integer', description: 'How many machines may be down at the same time.' },
        notes: text('部署说明会显示给所有的用户看 部署说明会显示给所有的用户看 部署说明会显示给所有的用户看'),
      },
    },
  },
  {
    name: 'export-data',
    description: 'Write a dataset to a file.',
    inputSchema: {
      type: 'object',
      required: ['dataset', 'target'],
      properties: {
        dataset: text('Which dataset.'),
        target: text('Where the file goes: a path, or the URL of a bucket.'),
        format: { ...text('How it is written.'), enum: ['csv', 'parquet', 'json'], default: 'csv' },
        since: text('Only rows that are newer than this.'),
        limit: { type: 'integer', description: 'At most so many rows.' },
        compress: { type: 'boolean', description: 'Compress the file.' },
        columns: { type: 'array', items: { type: 'string' }, description: 'Only these columns.' },
        owner: text('Whom the file belongs to.'),
      },
    },
  },
  {
    name: 'list-everything-there-is',
    description: '列出 所有的 东西 列出 所有的 东西 列出 所有的 东西 列出 所有的 东西 列出 所有的 东西 列出.',
    inputSchema: { type: 'object' },
  },
];

/** The words of every command that has a help of its own. */
function helps(specs: readonly CommandSpec[], before: readonly string[]): string[][] {
  return specs.flatMap((spec) => {
    const words = [...before, spec.name];
    return [words, ...helps(spec.subcommands ?? [], words)];
  });
}

const HELPS = [
  [],
  ['work'],
  ['work', 'call'],
  ['work', 'deploy'],
  ['work', 'export-data'],
  ['help', 'flags'],
  ...helps(HOST_SPECS, []),
  // Its help is about a question; a job has to ask one.
  ...helps(INSTANCE_SPECS, ['work']).filter((words) => words.at(-1) !== 'answer'),
].map((words) => (words[0] === 'help' ? words : [...words, '--help']));

let home: string;
beforeEach(async () => {
  home = freshHome();
  writeFileSync(join(home, 'tools.json'), JSON.stringify(TOOLS));
  await addInstance(home, ['--', process.execPath, LISTING, join(home, 'tools.json')]);
  await run(['work', 'ls'], { home });
});

/** What each of the command lines shows on a terminal, or in a pipe. */
async function shown(lines: readonly string[][], width?: number): Promise<string[]> {
  const screens: string[] = [];
  for (const words of lines) {
    const options = { home, env: { NO_COLOR: '1' }, columns: width };
    // The program's own help comes from its entry, which is none of a command line in this process.
    const { stdout, stderr } = await (words.length === 1 && width !== undefined
      ? startOnPty(words, { ...options, columns: width }).done
      : run(words, options));
    screens.push(width === undefined ? stdout : `${stdout}${stderr}`.replaceAll('\r', ''));
  }
  return screens;
}

/** The same helps in a pipe. */
let plain: string[] | undefined;

const tooWide = (screen: string, width: number) => screen.split('\n').filter((line) => columns(line) > width);
/** A list of words with `|` between them may be broken there. */
const wordsOf = (screen: string) =>
  screen
    .replace(/(?<=\S\|)\n */g, '')
    .replace(/ \\\n/g, ' ')
    .split(/\s+/)
    .filter((word) => word !== '');

describe.skipIf(!ptyTool())('on terminals of several widths', () => {
  it.each(WIDTHS)('help of all commands fits %d columns', async (width) => {
    const screens = await shown(HELPS, width);
    plain ??= await shown(HELPS);
    expect(screens).toHaveLength(HELPS.length);
    const wide: string[] = [];
    for (const [i, screen] of screens.entries()) {
      const words = HELPS[i] ?? [];
      for (const line of tooWide(screen, width)) wide.push(`${words.join(' ')}: ${line}`);
      if (words[0] !== 'help') expect(screen).toMatch(/usage/i);
      // What is asked for stays on the screen.
      if (width === 80 && words[0] !== 'help')
        expect({ words, isShort: screen.trimEnd().split('\n').length <= 40 }).toEqual({
          words,
          isShort: true,
        });
      // Lists of tools are cut to fit.
      if (words.includes('work') && words.length === 2) continue;
      expect(wordsOf(screen)).toEqual(wordsOf(plain[i] ?? ''));
    }
    expect(wide).toEqual([]);
  });

  it.each(WIDTHS)('ls and ls -l fit %d columns', async (width) => {
    const options = { home, env: { NO_COLOR: '1' }, columns: width };
    const screen = async (...words: string[]) =>
      (await startOnPty(['work', ...words], options).done).stdout.replaceAll('\r', '');
    const list = await screen('ls');
    const long = await screen('ls', '-l');
    expect(tooWide(list, width)).toEqual([]);
    expect(list).toMatch(/^deploy +Roll a ver/);
    expect(tooWide(long, width)).toEqual([]);
    const { stdout } = await run(['work', 'ls', '-l'], { home });
    expect(wordsOf(long)).toEqual(wordsOf(stdout));
    // A flag and its value stay together.
    expect(long).toContain('[--max-unavailable <integer>]');
  });
});

it('stands in line: the second column of every list of the help begins in one place', async () => {
  const { stdout } = await run(['--help'], { home });
  const flags = await run(['help', 'flags'], { home });
  for (const block of [stdout, flags.stdout].flatMap((text) => text.split('\n\n').slice(1, -1))) {
    const rows = block.split('\n').slice(1);
    const begins = rows.map((row) => /^(?: {2} *\S.*? {2,}| {20,})(?=\S)/.exec(row)?.[0].length);
    if (rows.length > 0) expect(new Set(begins.filter((at) => at !== undefined)).size).toBe(1);
  }
  expect(flags.stdout).toMatch(/^ {6}--version {2,}print the version$/m);
});
