/** A store that machines share: workers, submitters, waiters and Redis itself killed at random times, over many jobs. */
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { atTestEnd } from '../support/cli.ts';
import { countingServers } from '../support/counting-servers.ts';
import { Fleet, type Part } from '../support/fleet.ts';
import { type Ledger, ledger, seeded } from '../support/ledger.ts';
import { powerOf } from '../support/power.ts';
import { noRedis, startRedis, type TestRedis } from '../support/redis.ts';
import { StoreExamination } from '../support/store-examination.ts';

/** How many kills over how many jobs, of each test. */
const KILLS = Number(process.env['STORE_KILLS'] ?? 15);
const JOBS = Number(process.env['STORE_JOBS'] ?? KILLS * 10);
/** The pause between two kills at most, in milliseconds. */
const PAUSE_MS = 1_000;
/** How many kills may be ahead of the jobs. */
const AHEAD = 5;

const ATTEMPTS = 3;
/** Kinds of versions: `p` plain, `r` with retries, `t` a task. */
const attempts = (version: string) => (version.startsWith('r') ? ATTEMPTS : 1);

/** What is killed how often: a submitter or a waiter is not always there. */
const PARTS: readonly (Part | 'redis')[] = [
  ...Array<Part>(9).fill('worker'),
  ...Array<Part>(6).fill('submitter'),
  ...Array<Part>(6).fill('waiter'),
  ...Array<'redis'>(3).fill('redis'),
];

if (noRedis !== undefined) console.warn(noRedis);

describe.skipIf(noRedis !== undefined)('a shared store', () => {
  const long = 300_000 + KILLS * 10_000;

  it.each(['everysec', 'always'])('killed in all its parts, AOF %s', { timeout: long }, async (fsync) => {
    const book = ledger(`SIGKILL at a random time: a shared store, appendfsync ${fsync}`);
    const redis = await ownRedis([`appendfsync ${fsync}`]);
    await killedAll(book, redis, redis.host, async () => {
      await redis.restart();
      return true;
    });
  });

  it('whose machine loses power, appendfsync always', { timeout: long }, async () => {
    const book = ledger('power loss: a shared store, appendfsync always');
    const redis = await ownRedis(['appendfsync always', 'auto-aof-rewrite-percentage 0']);
    const power = await powerOf(redis);
    const cuts: number[] = [];
    await killedAll(book, redis, power.host, async (random) => {
      cuts.push((await power.fail(random() * 500, random)).cut);
      return true;
    });
    const sum = cuts.reduce((all, one) => all + one, 0);
    say(
      `${cuts.filter((cut) => cut > 0).length} of ${cuts.length} power losses cut something off, ${sum} bytes in sum`,
    );
    // Something was there to lose.
    expect(sum).toBeGreaterThan(0);
  });
});

async function ownRedis(settings: readonly string[]): Promise<TestRedis> {
  const redis = await startRedis(['appendonly yes', ...settings]);
  atTestEnd(() => redis.kill());
  return redis;
}

/** Submits and kills until there is enough of both, lets what is left come to its end, and looks at all of it. */
async function killedAll(
  book: Ledger,
  redis: TestRedis,
  host: string,
  strike: (random: () => number) => Promise<boolean>,
): Promise<void> {
  const { seed, random } = seeded();
  // Of the calls that may be tried again a third fails the first time.
  const { urls, sent } = await countingServers((version) => /^r-\d*[147]$/.test(version));
  const fleet = new Fleet({
    urls,
    address: `redis://${host}/0`,
    random,
    mostCalls: Math.min(100, Math.ceil(JOBS / 8)),
    attempts,
    wrong: book.wrong,
  });
  await fleet.start();
  let kills = 0;
  let struck = 0;
  const submitting = (async () => {
    while (fleet.acknowledged.size < JOBS) {
      if (fleet.acknowledged.size <= (JOBS * (kills + 1)) / KILLS) await fleet.submit();
      else await pause(20);
    }
  })();
  while (kills < KILLS) {
    await pause(random() * PAUSE_MS);
    // A few kills may come before there are jobs for them.
    if (fleet.acknowledged.size < (JOBS * (kills - AHEAD)) / KILLS) continue;
    // A short run has Redis killed, too.
    const isDue = struck === 0 && kills >= KILLS / 2;
    const part = (!isDue && PARTS[Math.floor(random() * PARTS.length)]) || 'redis';
    const done = part === 'redis' ? await strike(random) : await fleet.kill(part);
    if (part === 'redis') struck += 1;
    if (!done) continue;
    kills += 1;
    book.tried();
    if (kills % 50 === 0) say(`seed ${seed}: ${kills} kills, ${fleet.acknowledged.size} jobs acknowledged`);
  }
  await submitting;
  const store = await StoreExamination.begin(redis.host);
  await store.settled();
  await fleet.stop();
  await store.read(book);
  store.told(book, fleet);
  store.sent(book, sent);
  store.ends(book, sent, attempts);
  const ends = new Map<string, number>();
  for (const { arguments: args, status } of store.jobs.values()) {
    const end = `${String(args['version'])[0]} ${status}`;
    ends.set(end, (ends.get(end) ?? 0) + 1);
  }
  const calls = [...sent.values()].reduce((sum, times) => sum + times, 0);
  say(
    `seed ${seed}: ${kills} kills (${JSON.stringify({ ...fleet.killed, redis: struck })}), ${store.jobs.size} jobs, ` +
      `${fleet.acknowledged.size} acknowledged, ${fleet.told.size} waited for, ${calls} calls; ${JSON.stringify(Object.fromEntries([...ends].sort()))}`,
  );
  book.settle();
}

/** How far it is, and what came of it: a long run says so. */
function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
