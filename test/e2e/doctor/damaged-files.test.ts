/** Damaged and newer files: exit code 78 for what they are about, left as they are, and in nobody else's way. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../support/cli.ts';
import { freshHome } from '../../support/home.ts';
import { type Work, watchedServer, workAt } from '../../support/work.ts';

describe('78: damaged files', () => {
  it.each([
    ['{ "mcpServers": ', /is damaged: .*config\.json/],
    ['[]', /is damaged: .*config\.json: not a JSON object/],
    ['{"schema_version": 99}', /newer version of mcp2cli: .*config\.json/],
  ])('a configuration of %s, which is left as it is', async (text, stderr) => {
    const home = freshHome();
    writeFileSync(join(home, 'config.json'), text);
    for (const words of [
      ['instances', 'list'],
      ['work', 'ls'],
      ['instances', 'add', 'x', '--url', 'http://x/'],
    ]) {
      const end = await run(words, { home });
      expect({ words, code: end.code, stdout: end.stdout }).toEqual({ words, code: 78, stdout: '' });
      expect(end.stderr).toMatch(stderr);
    }
    expect(readFileSync(join(home, 'config.json'), 'utf8')).toBe(text);
  });

  it.each([
    ['cut short', (text: string) => text.slice(0, 40), 'record_damaged'],
    ['newer', (text: string) => text.replace(/"schema_version":1/, '"schema_version":99'), 'record_newer'],
  ])('a record that is %s: the others are listed all the same', async (_, spoil, code) => {
    const work = await workAt((await watchedServer({ speed: 50 })).url);
    const [bad, good] = await twoJobs(work);
    const path = join(work.home, 'instances', 'work', 'jobs', bad, 'job.json');
    const spoilt = spoil(readFileSync(path, 'utf8'));
    writeFileSync(path, spoilt);

    const list = await work.run('jobs list');
    expect(list).toMatchObject({ code: 0, stdout: expect.stringMatching(new RegExp(`^${good}  .*\\n$`)) });
    expect(list.stderr).toMatch(
      new RegExp(`^warning: \\S+${bad}/job\\.json (is damaged|was written by a newer version).*\\n$`),
    );
    for (const command of ['show', 'wait', 'watch', 'cancel'])
      expect(await work.run(`--json jobs ${command} ${bad}`)).toMatchObject({
        code: 78,
        stdout: '',
        stderr: expect.stringMatching(
          new RegExp(`^\\{"error":\\{"code":"${code}",.*"exit_code":78.*\\}\\n$`),
        ),
      });
    expect(await work.run(`jobs wait ${good}`)).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(path, 'utf8')).toBe(spoilt);
  });

  it('a folder without a record', async () => {
    const work = await workAt((await watchedServer({ speed: 50 })).url);
    const [, good] = await twoJobs(work);
    const jobs = join(work.home, 'instances', 'work', 'jobs');
    mkdirSync(join(jobs, 'job_by_hand'));
    const { code, stdout, stderr } = await work.run('jobs list');
    expect({ code, lines: stdout.trimEnd().split('\n').length, stderr }).toEqual({
      code: 0,
      lines: 2,
      stderr: expect.stringMatching(/^warning: \S+job_by_hand\/job\.json is missing\n$/),
    });
    expect(await work.run('jobs show --latest')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(good),
    });
    expect(readdirSync(jobs)).toContain('job_by_hand');
  });
});

async function twoJobs(work: Work): Promise<[older: string, newer: string]> {
  return [await work.submit('export --dataset a'), await work.submit('export --dataset b')];
}
