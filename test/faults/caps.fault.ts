/** Texts and lists of any size: little of them is stored, memory stays bounded, and jobs are listed and removed as ever. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'vitest';
import { inLanes } from '../../src/lib/lanes.ts';
import { run, start } from '../support/cli.ts';
import { giantPlaces } from '../support/giants.ts';
import { type Hostile, hostileServer, TOOL } from '../support/hostile.ts';
import { dataOf } from '../support/instance.ts';
import { ledger } from '../support/ledger.ts';
import { peakOf } from '../support/memory.ts';
import { workAt } from '../support/work.ts';

const MIB = 1024 * 1024;
/** Of each file but a result. */
const MOST_STORED = 300 * 1024;
/** A message of the largest size is in memory as bytes, as text and as what it says. */
const MOST_MIB = 600;
/** Two such messages at a time, an earlier one and the next. */
const MOST_FOR_PAGES = 1_200;
const MOST_FOR_EIGHT = 1_800;
/** What is stored is small: to list it takes no more than any command. */
const MOST_TO_LIST = 150;

function largeFiles(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return largeFiles(path);
    const { size } = statSync(path);
    return size > MOST_STORED && !entry.name.startsWith('result.') ? [`${entry.name}: ${size}`] : [];
  });
}

it('texts of 20 MB at every place are stored in part; jobs are listed, shown and removed', async () => {
  const book = ledger('giant texts');
  await inLanes(2, giantPlaces('ä'.repeat(10 * MIB)), async ([name, prepare, status]) => {
    const server = await hostileServer();
    prepare(server);
    const { home } = await workAt(server.url);
    const memory: string[] = [];
    const work = async (most: number, ...words: string[]) => {
      const { end, mib } = await peakOf(start(['work', '--json', ...words], { home, timeoutMs: 90_000 }));
      if (mib > most) memory.push(`${words.join(' ')}: ${Math.round(mib)} MiB`);
      return end;
    };
    book.tried();
    await work(MOST_MIB, 'work', '--n', '1', '--background');
    const waited = await work(MOST_MIB, 'jobs', 'wait', '--latest');
    const record = dataOf<{ status: string; error?: { message: string } }>(waited);
    if (record.status !== status) book.wrong(`${name}: ${record.status} ${record.error?.message}`);
    for (const file of largeFiles(home)) book.torn(`${name}: ${file}`);
    const listed = await work(MOST_TO_LIST, 'jobs', 'list');
    if (listed.code !== 0 || JSON.parse(listed.stdout).length !== 1) book.lost(`${name}: ${listed.stderr}`);
    const pruned = await work(MOST_TO_LIST, 'jobs', 'prune', '--older-than', '0');
    if (pruned.code !== 0 || dataOf(pruned)['count'] !== 1) book.wrong(`${name}: ${pruned.stderr}`);
    for (const one of memory) book.wrong(`${name}: ${one}`);
    server.audit(book);
  });
  book.settle();
});

it('ten tasks with status messages of 55 MB', async () => {
  const book = ledger('ten giant tasks');
  const server = await hostileServer();
  const work = await workAt(server.url);
  Object.assign(server.task, { statusMessage: 'x'.repeat(55_000_000) });
  for (let n = 0; n < 10; n++) {
    server.task = { ...server.task, taskId: `task-${n}` };
    book.tried();
    const { end, mib } = await peakOf(work.start(`work --n ${n} --background`));
    if (end.code !== 0 || end.stderr !== '') book.wrong(`${n}: ${end.code} ${end.stderr.slice(0, 400)}`);
    if (mib > MOST_MIB) book.wrong(`submitting: ${Math.round(mib)} MiB of memory`);
  }
  const listed = await peakOf(work.start('--json jobs list'));
  if (listed.end.code !== 0 || JSON.parse(listed.end.stdout).length !== 10) book.lost(listed.end.stderr);
  if (listed.mib > MOST_TO_LIST) book.wrong(`listing: ${Math.round(listed.mib)} MiB of memory`);
  // Each of them is asked about, eight at a time, and answered with its 55 MB.
  server.task = { ...server.task, status: 'completed' };
  server.on('tasks/get', ({ params, result }) => result({ ...server.task, ...params }));
  const refreshed = await peakOf(work.start('--json jobs list --refresh', { timeoutMs: 90_000 }));
  if (refreshed.end.code !== 0) book.wrong(`refreshing: ${refreshed.end.code} ${refreshed.end.stderr}`);
  if (refreshed.mib > MOST_FOR_EIGHT) book.wrong(`refreshing: ${Math.round(refreshed.mib)} MiB of memory`);
  for (const file of largeFiles(work.home)) book.torn(file);
  for (const words of ['jobs wait --latest', 'jobs show --latest']) {
    const { end, mib } = await peakOf(work.start(words));
    if (end.code !== 0) book.wrong(`${words}: ${end.code} ${end.stderr.slice(0, 400)}`);
    if (mib > MOST_MIB) book.wrong(`${words}: ${Math.round(mib)} MiB of memory`);
  }
  const pruned = await peakOf(work.start('--json jobs prune --older-than 0'));
  if (pruned.end.code !== 0 || dataOf(pruned.end)['count'] !== 10) book.lost(pruned.end.stderr);
  if (pruned.mib > MOST_TO_LIST) book.wrong(`removing: ${Math.round(pruned.mib)} MiB of memory`);
  book.settle();
});

/** Lists that do not end, or are too large. */
const LISTS: Record<string, (server: Hostile) => void> = {
  'pages of 20 MB without end': (server) => pages(server, 'x'.repeat(20_000_000)),
  'pages of 60 MB without end': (server) => pages(server, 'x'.repeat(60_000_000)),
  'small pages without end': (server) => pages(server, 'small'),
  'pages without a tool, without end': (server) =>
    server.on('tools/list', ({ params, result }) => result({ tools: [], nextCursor: next(params) })),
  'a cursor of 20 MB': (server) =>
    server.on('tools/list', ({ params, result }) =>
      result({ tools: [TOOL], nextCursor: `${params['cursor'] ?? ''}`.slice(0, 3) + 'x'.repeat(20_000_000) }),
    ),
  '2,000 tools of 20 KB': (server) => {
    const description = 'x'.repeat(20_000);
    server.tools = Array.from({ length: 2_000 }, (_, i) => ({
      ...TOOL,
      name: i ? `t${i}` : 'work',
      description,
    }));
  },
  'one name of 20 MB': (server) => {
    server.tools = [TOOL, { ...TOOL, name: 'n'.repeat(20_000_000) }];
  },
};

const next = (params: Record<string, unknown>) => `${Number(params['cursor'] ?? 0) + 1}`;

function pages(server: Hostile, description: string): void {
  server.on('tools/list', ({ params, result }) => {
    const nextCursor = next(params);
    result({
      tools: [{ ...TOOL, name: nextCursor === '1' ? 'work' : `t${nextCursor}`, description }],
      nextCursor,
    });
  });
}

it('lists without end, or of any size, end, and what had come is used', async () => {
  const book = ledger('lists without end');
  await inLanes(2, Object.entries(LISTS), async ([name, prepare]) => {
    const server = await hostileServer();
    const work = await workAt(server.url);
    prepare(server);
    book.tried();
    for (const words of ['--json ls', 'work --n 1']) {
      const { end, mib } = await peakOf(work.start(words, { timeoutMs: 120_000 }));
      // Without a tool of that name there is nothing to call.
      const expected = name.includes('without a tool') && words !== '--json ls' ? 2 : 0;
      if (end.code !== expected) book.wrong(`${name}, ${words}: ${end.code} ${end.stderr.slice(0, 400)}`);
      if (mib > MOST_FOR_PAGES) book.wrong(`${name}, ${words}: ${Math.round(mib)} MiB of memory`);
    }
    if (server.count('tools/list') > 2_002) book.wrong(`${name}: ${server.count('tools/list')} pages`);
    server.audit(book);
    const listed = await run(['work', 'jobs', 'list'], { home: work.home });
    if (listed.code !== 0) book.lost(`${name}: ${listed.stderr}`);
  });
  book.settle();
});
