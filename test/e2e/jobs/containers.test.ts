/** One data root, several containers: whether the holder of a job lives is known across their walls, or nothing is said. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run, start } from '../../support/cli.ts';
import { dataOf } from '../../support/instance.ts';
import { keeperHome, STDIO_COMMAND } from '../../support/keeper.ts';
import { needsPidNamespaces, startContainer } from '../../support/namespaces.ts';

const jobs = (home: string) => join(home, 'instances', 'work', 'jobs');
const idOf = (home: string) => readdirSync(jobs(home)).find((name) => name.startsWith('job_')) ?? '';

describe.each(['in the foreground of its command', 'in a keeper'] as const)('a job %s', (where) => {
  /** A home, and a container in which a job runs until `end` is called. */
  async function underWay() {
    const home = await keeperHome(STDIO_COMMAND);
    const until = join(home, 'end');
    const container = await startContainer(home);
    const words = ['work', 'slow', '--until', until, where === 'in a keeper' ? '--detach' : '--background'];
    const command = container.start(words, { home, timeoutMs: 120_000 });
    if (where === 'in a keeper') await command.done;
    await expect.poll(() => existsSync(jobs(home)) && idOf(home)).toMatch(/^job_/);
    return { home, container, id: idOf(home), command, end: () => writeFileSync(until, '') };
  }

  const status = async (home: string, id: string, runs = run) =>
    dataOf(await runs(['work', '--json', 'jobs', 'show', id], { home }))['status'];

  it('is lost once its container is gone: to the host, and to the next container', async (context) => {
    needsPidNamespaces(context);
    const { home, container, id } = await underWay();
    await expect.poll(() => status(home, id)).toBe('running');
    const waiting = start(['work', 'jobs', 'wait', id], { home });
    const next = await startContainer(home);
    expect(await status(home, id, next.run)).toBe('running');
    await container.kill();
    expect(await waiting.done).toMatchObject({ code: 1, stderr: expect.stringContaining('is gone') });
    for (const runs of [run, next.run]) {
      expect(await status(home, id, runs)).toBe('lost');
      const { stdout } = await runs(['work', 'jobs', 'list'], { home });
      expect(stdout).toContain(' lost ');
      expect(await runs(['work', 'jobs', 'wait', id, '--timeout', '20'], { home })).toMatchObject({
        code: 1,
      });
    }
    // And can be removed, as any that has ended.
    const pruned = await next.run(['work', 'jobs', 'prune', '--older-than', '0', '--yes'], { home });
    expect(pruned.code).toBe(0);
  });

  it('is never lost while it lives, paused or not, and its result arrives', async (context) => {
    needsPidNamespaces(context);
    const { home, container, id, end } = await underWay();
    const next = await startContainer(home);
    await expect.poll(() => status(home, id)).toBe('running');
    container.pause();
    for (const runs of [run, next.run]) expect(await status(home, id, runs)).toBe('running');
    const waiting = next.start(['work', 'jobs', 'wait', id], { home });
    expect(await status(home, id)).toBe('running');
    container.unpause();
    end();
    expect(await waiting.done).toMatchObject({ code: 0, stdout: 'slept\n' });
    expect(await status(home, id)).toBe('completed');
    // A job that has ended needs no sign of life.
    expect(readdirSync(join(jobs(home), id)).filter((name) => name.endsWith('.sock'))).toEqual([]);
  });
});
