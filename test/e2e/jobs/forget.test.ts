/** `jobs forget` through the real program: what it gives up, what it refuses, what it records. */
import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { errorOf } from '../../support/instance.ts';
import { demoServer } from '../../support/servers.ts';
import { diskStore, newJob, taskFact } from '../../support/store-fixtures.ts';
import { workAt } from '../../support/work.ts';

/** An instance whose server is gone while it runs a job. */
async function stranded() {
  const server = await demoServer({ speed: 0.01 });
  const work = await workAt(server.url);
  const id = await work.submit('deploy --version 2.0');
  await server.close();
  return { work, id, server };
}

describe('a job whose server is gone', () => {
  it('is given up, says by whom, when and why, and prune takes it', async () => {
    const { work, id } = await stranded();
    const forgotten = await work.json(`jobs forget ${id}`);
    expect(forgotten).toMatchObject({
      command: 'jobs forget',
      data: {
        job_id: id,
        status: 'lost',
        finished_at: expect.stringMatching(/Z$/),
        error: {
          code: 'forgotten',
          message: expect.stringMatching(/^given up by .+@.+: cannot reach work: .*; last seen \w+ at 20/),
          by: expect.stringContaining(`@${hostname()}`),
        },
      },
    });
    expect(await work.stored(id)).toMatchObject({ status: 'lost', error: { code: 'forgotten' } });
    expect(await work.run(`jobs wait ${id}`)).toMatchObject({ code: 1 });
    expect(await work.run(`jobs forget ${id}`)).toMatchObject({
      code: 0,
      stderr: 'nothing to forget: the job had ended (lost)\n',
    });
    expect((await work.json('jobs prune --status lost')).data.removed).toEqual([id]);
  });

  it('is named by doctor, with the line to type', async () => {
    const { work, id } = await stranded();
    const { stdout } = await run(['doctor', 'work'], { home: work.home });
    expect(stdout).toContain(`1 job at the server, which cannot be reached: ${id}`);
    expect(stdout).toContain(`mcp2cli work jobs forget ${id}`);
  });
});

it('a job of another server: show names forget, which asks nobody; doctor names the job', async () => {
  const { work, id, server } = await stranded();
  const other = await demoServer();
  writeFileSync(
    join(work.home, 'config.json'),
    JSON.stringify({ schema_version: 1, mcpServers: { work: { type: 'http', url: other.url } } }),
  );
  expect(server.url).not.toBe(other.url);
  expect(errorOf(await work.run(`jobs show --json ${id}`)).hint).toContain(`mcp2cli work jobs forget ${id}`);
  const { stdout } = await run(['doctor', 'work'], { home: work.home });
  expect(stdout).toContain(`1 job of another server, which the instance does not lead to: ${id}`);
  expect(await work.run(`jobs forget ${id}`)).toMatchObject({ code: 0 });
  expect(await work.stored(id)).toMatchObject({
    status: 'lost',
    error: { code: 'forgotten', message: expect.stringContaining('belongs to another server') },
  });
});

describe('what is not given up', () => {
  it('a job that the server still runs: exit 8, unless --force; the server is asked, not told', async () => {
    const server = await demoServer({ speed: 0.01 });
    const work = await workAt(server.url);
    const id = await work.submit('deploy --version 2.0');
    const refused = await work.run(`jobs forget --json ${id}`);
    expect(refused).toMatchObject({ code: 8, stdout: '' });
    expect(errorOf(refused)).toMatchObject({
      code: 'still_running',
      hint: `end it with: mcp2cli work jobs cancel ${id}; or give it up all the same: mcp2cli work jobs forget ${id} --force`,
    });
    expect((await work.stored(id)).finished_at).toBeNull();
    expect(await work.run(`jobs forget ${id} --force`)).toMatchObject({ code: 0 });
    expect(await work.stored(id)).toMatchObject({ status: 'lost', error: { code: 'forgotten' } });
    expect(server.stats.requests['tasks/cancel']).toBeUndefined();
  });

  it('a job that has ended meanwhile: its end counts', async () => {
    const server = await demoServer({ speed: 50 });
    const work = await workAt(server.url);
    const id = await work.submit('deploy --version 2.0');
    await expect
      .poll(async () => (await work.run(`jobs forget ${id}`)).stdout.split('\n')[0])
      .toMatch(/^status: completed/);
    expect(await work.stored(id)).toMatchObject({ status: 'completed', error: null });
  });

  it('a job that a live process holds: exit 8, with --force, too', async () => {
    const work = await workAt('http://127.0.0.1:1/mcp');
    const { store } = diskStore(work.home);
    // Held by this very process.
    const { job_id } = store.create(newJob({ backend: 'local' }));
    for (const force of ['', ' --force']) {
      const refused = await work.run(`jobs forget --json ${job_id}${force}`);
      expect(refused.code).toBe(8);
      expect(errorOf(refused)).toMatchObject({
        code: 'job_held',
        message: `${job_id} is held by another command (process ${process.pid} on ${hostname()})`,
        hint: `end it with: mcp2cli work jobs cancel ${job_id}`,
      });
    }
    expect(store.read(job_id).finished_at).toBeNull();
  });

  it('of a holder on another machine --force may be said', async () => {
    const work = await workAt('http://127.0.0.1:1/mcp');
    const { store } = diskStore(work.home);
    const far = { pid: 1, started: 1, boot_id: null, pid_ns: null, host: 'elsewhere' };
    const { job_id } = store.create(newJob({ backend: 'local', holder: far as never }));
    expect(errorOf(await work.run(`jobs forget --json ${job_id}`)).hint).toBe(
      `if that process is gone for good: mcp2cli work jobs forget ${job_id} --force`,
    );
    expect(await work.run(`jobs forget ${job_id} --force`)).toMatchObject({ code: 0 });
    expect(store.read(job_id)).toMatchObject({ status: 'lost', error: { code: 'forgotten' } });
  });
});

it('every record of a list says when its state was learned', async () => {
  const work = await workAt('http://127.0.0.1:1/mcp');
  const { store } = diskStore(work.home);
  const { job_id } = store.create(newJob());
  store.accept(job_id, taskFact());
  const [job] = await work.json('jobs list');
  expect(job.observed_at).toBe('2026-03-30T10:15:31.000Z');
  store.observe(job_id, { status: 'running' });
  const [seen] = await work.json('jobs list');
  expect(seen.observed_at).toBe(seen.updated_at);
});
