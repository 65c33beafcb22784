/**
 * Captured screens of terminals of 40, 80 and 120 columns: the list of 63 jobs, a job that is watched, a form, errors. No line is broken by
 * the terminal, and nothing that matters is off the screen. Help at each level and `ls -l`: widths.test.ts.
 */
import { describe, expect, it } from 'vitest';
import type { JobRecord } from '../../../src/jobs/record.ts';
import type { Handle } from '../../support/cli.ts';
import { run } from '../../support/cli.ts';
import { homeAt, submitted } from '../../support/instance.ts';
import { ptyTool, startOnPty } from '../../support/pty.ts';
import { screen } from '../../support/screen.ts';
import { demoServer } from '../../support/servers.ts';
import { completed, diskStore, newJob, taskFact } from '../../support/store-fixtures.ts';
import { type Work, workAt } from '../../support/work.ts';

const WIDTHS = [40, 80, 120];
const TOOLS = ['deploy', 'simulate-research-query', 'trigger-long-running-operation'];

/** 63 jobs: the oldest 60 have ended, the newest wait for an answer or run. */
async function manyJobs(): Promise<{ work: Work; ids: string[] }> {
  const work = await workAt('http://127.0.0.1:1/mcp');
  const { store } = diskStore(work.home);
  const ids = Array.from({ length: 63 }, (_, i) => {
    const args = { version: `2.${i}`, note: '部署说明会显示给所有的用户看', dryRun: i % 2 === 0 };
    const { job_id } = store.create(newJob({ capability: TOOLS[i % 3] ?? '', arguments: args }));
    store.accept(job_id, taskFact(`9b17cb95edb9bbc14986bc98bc910f${i}`));
    const finished_at = new Date().toISOString();
    if (i < 60)
      store.finish(job_id, completed('x', { finished_at, status: i % 5 === 0 ? 'failed' : 'completed' }));
    else if (i === 60) store.observe(job_id, { status: 'input_required' });
    else store.observe(job_id, { status: 'running', progress: { progress: 3, total: 7 } });
    return job_id;
  });
  return { work, ids };
}

/** What `mcp2cli WORDS` shows on a terminal, to its end. */
async function shown(home: string, words: readonly string[], columns: number) {
  const { stdout, code } = await startOnPty(words, { home, columns, env: { NO_COLOR: '1' } }).done;
  return { code, ...(await screen(stdout, columns)) };
}

describe.skipIf(!ptyTool())('a list of 63 jobs', () => {
  it('shows the newest 30 in lines that fit, and says how many there are', async () => {
    const { work, ids } = await manyJobs();
    const newest = ids.toReversed().slice(0, 30);
    for (const width of WIDTHS) {
      const { lines, wrapped } = await shown(work.home, ['work', 'jobs', 'list', '--no-refresh'], width);
      expect(wrapped).toEqual([]);
      expect(lines).toHaveLength(32);
      expect(lines[0]).toMatch(/^JOB +TOOL +STATUS +DONE/);
      expect(lines.at(-1)).toBe('30 of 63 jobs; --limit 63 shows all');
      const rows = lines.slice(1, -1);
      // What stands for a job finds it, and no other one.
      const named = rows.map((row) => row.split(' ', 1)[0] ?? '');
      expect(named.map((name) => ids.filter((id) => id.endsWith(name)))).toEqual(newest.map((id) => [id]));
      expect((await work.json(`jobs show ${named.at(-1)}`)).data.job_id).toBe(newest.at(-1));
      const states = rows.map((row) => / (running|input_required|completed|failed)\b/.exec(row)?.[1]);
      const stored = (await work.json('jobs list --limit 30')) as JobRecord[];
      expect(states).toEqual(stored.map(({ status }) => status));
      expect(rows[0]).toContain(' 43%');
      if (width >= 80) expect(rows[0]).toMatch(/ \d+s +\d+s ago/);
      if (width >= 120) expect(rows[0]).toContain(' version=2.62 note=部署说明');
    }
  });

  it('is whole with --wide, and the tasks are there', async () => {
    const { work, ids } = await manyJobs();
    const words = ['work', 'jobs', 'list', '--no-refresh', '--wide', '--limit', '3'];
    const { lines, wrapped } = await shown(work.home, words, 200);
    expect(wrapped).toEqual([]);
    const [heading, row] = lines;
    expect(heading).toMatch(/^JOB +TOOL +STATUS +DONE +TOOK +CREATED +TASK +ARGUMENTS$/);
    expect(row).toMatch(
      new RegExp(
        `^${ids.at(-1)}  ${TOOLS[2]}  running +43%.* 9b17cb95edb9bbc14986bc98bc910f62  version=2\\.62 .*dryRun=true$`,
      ),
    );
    expect(lines.at(-1)).toBe('3 of 63 jobs; --limit 63 shows all');
  });

  it('is whole in a pipe and with --json, where nothing is counted', async () => {
    const { work, ids } = await manyJobs();
    for (const words of ['jobs list', 'jobs list --wide']) {
      const piped = await work.run(words);
      expect(piped.stderr).toBe('');
      const lines = piped.stdout.trimEnd().split('\n');
      expect(lines.map((line) => line.split('  ', 1)[0])).toEqual(ids.toReversed());
      for (const line of lines)
        expect(line).toMatch(
          /^job_\w{26} {2}[\w-]+ {2}\w+ {2}9b17cb95\w+ {2}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
        );
    }
    expect(await work.json('jobs list')).toHaveLength(63);
    const onTerminal = await startOnPty(['work', 'jobs', 'list', '--json'], { home: work.home }).done;
    expect(JSON.parse(onTerminal.stdout)).toHaveLength(63);
    const quiet = await shown(work.home, ['work', 'jobs', 'list', '--no-refresh', '--quiet'], 80);
    expect(quiet.lines).toHaveLength(31);
  });
});

/** The screen as soon as a line of it matches. */
async function screenWith(terminal: Handle, pattern: RegExp, columns: number) {
  const look = () => screen(terminal.stdout, columns);
  await expect.poll(async () => (await look()).lines.join('\n')).toMatch(pattern);
  return look();
}

describe.skipIf(!ptyTool())('a job that is watched', () => {
  it.each(WIDTHS)(
    'shows its state, how far it is and how long it has run, on one line of %d columns',
    async (columns) => {
      const { url } = await demoServer({ pollIntervalMs: 50 });
      const home = await homeAt(url);
      const id = await submitted(home, [
        'work',
        'batch-process',
        '--input',
        'data.csv',
        '--duration',
        '3600',
      ]);
      const terminal = startOnPty(['work', 'jobs', 'watch', id], { home, columns, env: { NO_COLOR: '1' } });
      // The time goes on by itself.
      const { lines, wrapped } = await screenWith(terminal, /running .*\b[2-9]s/, columns);
      expect(wrapped).toEqual([]);
      const live = lines.filter((line) => line.includes('running'));
      expect(live).toHaveLength(1);
      expect(live[0]).toMatch(/^\S running (\[[#-]+\] \d+% )?\d+s/);
      if (columns >= 120) expect(live[0]).toContain(`(batch-process ${id})`);
      terminal.write('\x03');
      const { code, stdout } = await terminal.done;
      expect(code).toBe(130);
      expect((await screen(stdout, columns)).wrapped).toEqual([]);
    },
  );
});

describe.skipIf(!ptyTool())('a form', () => {
  it.each(WIDTHS)('fits %d columns', async (columns) => {
    const { url } = await demoServer();
    const home = await homeAt(url);
    const words = ['work', 'provision', '--name', 'db1', '--duration', '0'];
    const terminal = startOnPty(words, { home, columns, env: { NO_COLOR: '1' } });
    for (const [field, answer] of [
      [/region(.|\n)*> $/, 'eu-west'],
      [/size(.|\n)*> $/, 'many'],
      [/an integer(.|\n)*> $/, '8'],
      [/confirm(.|\n)*> $/, 'y'],
    ] as const) {
      await screenWith(terminal, new RegExp(field.source.replace('> $', '>$')), columns);
      terminal.write(`${answer}\r`);
    }
    const { code, stdout } = await terminal.done;
    expect(code).toBe(0);
    const { lines, wrapped } = await screen(stdout, columns);
    expect(wrapped).toEqual([]);
    const text = lines.join(' ').replace(/\s+/g, ' ');
    for (const part of [
      'The server asks: Where should db1 run?',
      'an empty line takes the default; !decline says no, !cancel gives no answer',
      'region (Region): one of eu-west, us-east, ap-south',
      'size (Size (CPUs)): integer, optional [2]',
      'must be an integer (given "many")',
      'confirm (Go ahead) - This costs money: boolean [false]',
      'Provisioned db1 in eu-west with 8 CPUs',
    ])
      expect(text).toContain(part);
  });
});

describe.skipIf(!ptyTool())('an error', () => {
  it.each(WIDTHS)('fits %d columns, and its hint can be copied', async (columns) => {
    const { url } = await demoServer();
    const home = await homeAt(url);
    const id = await submitted(home, ['work', 'deploy', '--version', '2.0', '--duration', '3600']);
    await run(['instances', 'add', 'down', '--url', 'http://127.0.0.1:1/mcp'], { home });
    const cases: [words: string[], code: number, says: string, hint: string][] = [
      [
        ['work', 'deploy', '--version', '1', '--duration', 'many', '--nope', 'x'],
        2,
        '--duration: must be a number',
        'mcp2cli work deploy --help',
      ],
      [
        ['work', 'jobs', 'prune', id],
        8,
        `${id} is running: only jobs that have ended are removed`,
        `mcp2cli work jobs cancel ${id}`,
      ],
      [['down', 'ls'], 3, 'cannot reach down', 'is the server running, and are host and port right?'],
    ];
    for (const [words, code, says, hint] of cases) {
      const seen = await shown(home, words, columns);
      expect(seen.code).toBe(code);
      expect(seen.wrapped).toEqual([]);
      const text = seen.lines
        .join('\n')
        .replace(/ \\\n */g, ' ')
        .replace(/\s+/g, ' ');
      expect(text).toContain(says);
      expect(text).toContain(hint);
    }
  });
});
