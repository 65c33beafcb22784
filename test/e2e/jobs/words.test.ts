/** Other names of commands, ids in short, jobs run again, and what is said to words that are nearly right. */
import { describe, expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { freshHome } from '../../support/home.ts';
import { errorOf } from '../../support/instance.ts';
import { demoServer } from '../../support/servers.ts';
import { diskStore, newJob, writeEnded } from '../../support/store-fixtures.ts';
import { workAt } from '../../support/work.ts';

const OFFLINE = 'http://127.0.0.1:1/mcp';

describe('other names', () => {
  it('jobs ls, get, rm', async () => {
    const work = await workAt(OFFLINE);
    const { dir, store } = diskStore(work.home);
    const [one = '', two = ''] = writeEnded(dir, 2);
    expect(await work.run('jobs ls')).toEqual(await work.run('jobs list'));
    expect(await work.json(`jobs get ${one}`)).toEqual(await work.json(`jobs show ${one}`));
    expect((await work.json(`jobs rm ${one}`)).data).toMatchObject({ removed: [one], count: 1 });
    expect((await work.json('jobs list --limit 5')).map((job: { job_id: string }) => job.job_id)).toEqual([
      two,
    ]);
    // One that has not ended stays, and those beside it.
    const { job_id } = store.create(newJob({ backend: 'local' }));
    const refused = await work.run(`jobs rm --json ${two} ${job_id}`);
    expect(refused.code).toBe(8);
    expect(errorOf(refused).hint).toContain(`mcp2cli work jobs forget ${job_id}`);
    expect(await work.run(`jobs rm ${two} --keep 3`)).toMatchObject({ code: 2 });
    expect(await work.json('jobs list')).toHaveLength(2);
  });

  it('instances rm', async () => {
    const { home } = await workAt(OFFLINE);
    expect(await run(['instances', 'rm', 'work'], { home })).toMatchObject({ code: 0 });
    expect(await run(['work', 'jobs', 'list'], { home })).toMatchObject({ code: 2 });
  });
});

describe('an id in short', () => {
  it('a unique end of it, -1 for the newest, -2 for the one before', async () => {
    const work = await workAt(OFFLINE);
    const { dir } = diskStore(work.home);
    const ids = writeEnded(dir, 12);
    const shown = async (id: string) => (await work.json(`jobs show ${id}`)).data.job_id;
    expect(await shown(ids[3]?.slice(-10) ?? '')).toBe(ids[3]);
    expect(await shown('-1')).toBe(ids[11]);
    expect(await shown('-2')).toBe(ids[10]);
    expect(await shown('-12')).toBe(ids[0]);
    expect((await work.json('jobs wait -1 -2')).data.map((job: { job_id: string }) => job.job_id)).toEqual([
      ids[11],
      ids[10],
    ]);
    for (const id of ['-13', '-0', 'zzzzzzzzzzzz'])
      expect(errorOf(await work.run(`jobs show --json ${id}`)).code).toBe('unknown_job');
    const ambiguous = await work.run('jobs show --json 0');
    expect(errorOf(ambiguous)).toMatchObject({
      code: 'ambiguous_job',
      hint: 'give more characters of the id, from its beginning or its end',
    });
  });

  it('-1 and -2 for answer, whose flags are the question’s', async () => {
    const work = await workAt(OFFLINE);
    const { dir } = diskStore(work.home);
    const ids = writeEnded(dir, 2);
    const { stderr } = await work.run('jobs answer -2 --accept');
    expect(stderr).toContain(ids[0] ?? '?');
  });
});

describe('jobs rerun', () => {
  it('makes the same call as a new job, tags and all', async () => {
    const server = await demoServer({ speed: 50 });
    const work = await workAt(server.url);
    const id = await work.submit('deploy --version 2.0 --duration 1 --tag nightly --label team=a');
    await work.run(`jobs wait ${id}`);
    const again = (await work.json(`jobs rerun ${id}`)).data;
    expect(again.job_id).not.toBe(id);
    expect((await work.json(`jobs wait ${again.job_id}`)).data).toMatchObject({
      capability: 'deploy',
      arguments: { version: '2.0', duration: 1 },
      tags: ['nightly'],
      labels: { team: 'a' },
      status: 'completed',
    });
    expect((await work.stored(id)).status).toBe('completed');
    expect(server.stats.requests['tools/call']).toBe(2);
  });

  it('refuses where secrets were not stored, and names the flags', async () => {
    const work = await workAt(OFFLINE);
    const { dir } = diskStore(work.home);
    const [id = ''] = writeEnded(dir, 1, {
      arguments: { version: '2.0', login: { user: 'a', password: '[redacted]' }, token: '[redacted]' },
    });
    const refused = await work.run(`jobs rerun --json ${id}`);
    expect(refused.code).toBe(2);
    expect(errorOf(refused)).toMatchObject({
      code: 'secrets_not_stored',
      hint: `mcp2cli work call --tool deploy --args '{"version":"2.0","login":{"user":"a"}}' --login.password ... --token ... --background`,
    });
  });
});

describe('--status', () => {
  it('takes several, with commas and repeated', async () => {
    const work = await workAt(OFFLINE);
    const { dir } = diskStore(work.home);
    const [failed = ''] = writeEnded(dir, 1, { status: 'failed' });
    const [lost = ''] = writeEnded(dir, 1, { status: 'lost', finished_at: '2026-03-30T10:15:31.000Z' });
    writeEnded(dir, 1, { finished_at: '2026-03-30T10:15:32.000Z' });
    const ids = async (flags: string) =>
      (await work.json(`jobs list ${flags}`)).map((job: { job_id: string }) => job.job_id);
    expect(await ids('--status failed,lost')).toEqual([lost, failed]);
    expect(await ids('--status failed --status lost')).toEqual([lost, failed]);
    expect((await work.json('jobs prune --dry-run --status failed,lost')).data.count).toBe(2);
  });

  it('names the nearest', async () => {
    const work = await workAt(OFFLINE);
    expect((await work.run('jobs list --status runing')).stderr).toContain(
      'not a status: "runing" (did you mean running?)',
    );
  });
});

describe('words that are nearly right', () => {
  it.each([
    [['--verson'], 'did you mean --version?'],
    [['-V'], 'did you mean --version?'],
    [['list'], 'did you mean mcp2cli instances list, mcp2cli INSTANCE ls, mcp2cli INSTANCE jobs list?'],
    [['tools'], 'did you mean mcp2cli INSTANCE ls?'],
  ])('%j', async (words, hint) => {
    const { code, stderr } = await run(words, { home: freshHome() });
    expect(code).toBe(2);
    expect(stderr).toContain(`hint: ${hint}`);
  });

  it('of an instance, too', async () => {
    const server = await demoServer();
    const work = await workAt(server.url);
    expect((await work.run('tools')).stderr).toContain('did you mean mcp2cli work ls?');
    expect((await work.run('list')).stderr).toContain('mcp2cli work jobs list');
  });
});
