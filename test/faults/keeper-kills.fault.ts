/** Keepers, and the commands that use them, killed at random: a job goes on, or is lost and says so; no server stays behind. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { isTerminal } from '../../src/jobs/record.ts';
import { run, start } from '../support/cli.ts';
import { freshDir } from '../support/home.ts';
import { keeperHome, keeperPids } from '../support/keeper.ts';
import { ledger, seeded } from '../support/ledger.ts';
import { leftovers } from '../support/leftovers.ts';
import { kill, processesWith } from '../support/processes.ts';
import { diskStore } from '../support/store-fixtures.ts';

const SERVER = fileURLToPath(new URL('../support/hostile-stdio.js', import.meta.url));

async function place() {
  const calls = join(freshDir('calls'), 'calls');
  const home = await keeperHome(['--env', `HOSTILE_CALLS=${calls}`, '--', process.execPath, SERVER]);
  await run(['work', 'task', '--n', 'first'], { home });
  return { home, calls, store: diskStore(home).store };
}

it.skipIf(process.platform !== 'linux').each(['the command', 'the keeper'] as const)(
  'a job in a keeper: %s is killed at a random time',
  async (victim) => {
    const book = ledger(`SIGKILL at a random time: ${victim} of a kept job`);
    const { home, calls, store } = await place();
    const { random } = seeded();
    for (let n = 0; n < 25; n++) {
      const submission = start(['work', 'task', '--n', `${n}`, '--ms', '300', '--background'], { home });
      const strike = () => {
        if (victim === 'the command') return submission.signal('SIGKILL');
        kill(keeperPids(home));
      };
      const timer = setTimeout(strike, random() * 600);
      const { stdout, code, stderr } = await submission.done;
      clearTimeout(timer);
      book.tried();
      // One that is killed before it listens did not start, which is the machine's fault: nothing was sent.
      const unstarted = code === 74 && / the keeper did not start: it ended with SIGKILL\n/.test(stderr);
      if (code !== null && ![0, 1, 3].includes(code) && !(victim === 'the keeper' && unstarted))
        book.wrong(`${n}: ${code} ${stderr}`);
      const said = /^Job submitted: (job_\w{26}) \(task: ([^)]+)\)/.exec(stdout);
      if (said && store.read(said[1] ?? '').remote_task_id !== said[2]) book.lost(`${said[1]}: ${said[2]}`);
    }
    // Every job comes to an end, whoever died, and the end of one whose keeper was spared is its result.
    for (const job of store.list().jobs) {
      const waited = await run(['work', 'jobs', 'wait', job.job_id, '--timeout', '20s'], { home });
      const { status, error } = store.read(job.job_id);
      if (!isTerminal(status)) book.lost(`${job.job_id} is ${status} for ever (wait: ${waited.code})`);
      if (status === 'failed') book.wrong(`${job.job_id} failed: ${error?.message}`);
      if (victim === 'the command' && job.remote_task_id !== null && status !== 'completed')
        book.lost(`${job.job_id}, accepted, is ${status} (${error?.code})`);
    }
    const { problems, jobs } = store.list();
    for (const { message } of problems) book.torn(message);
    const sent = readFileSync(calls, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).n as string);
    for (const n of new Set(sent)) {
      const times = sent.filter((one) => one === n).length;
      if (times > 1) book.twice(`${n}: ${times} calls`);
      if (n !== 'first' && !jobs.some((job) => job.arguments['n'] === n)) book.lost(`${n} has no record`);
    }
    // A start that was killed leaves its lock to the next start, which takes it over once it is old.
    await run(['keeper', 'stop', '--all', '--force'], { home });
    leftovers(home, { age: true });
    await run(['work', 'task', '--n', 'last', '--background'], { home });
    // What its keeper is writing at this moment goes by itself.
    await run(['work', 'jobs', 'wait', '--latest', '--timeout', '20s'], { home });
    await expect.poll(() => leftovers(home)).toEqual([]);
    await run(['keeper', 'stop', '--all', '--force'], { home });
    await expect.poll(() => processesWith(calls), { timeout: 15_000 }).toEqual([]);
    book.settle();
  },
);
