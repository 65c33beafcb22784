/**
 * The program drives its own host as it drives a FrontMCP job server: the same lines, the same outcomes. The host serves an instance that has the jobs of
 * such a server, so that both have the same.
 */
import { describe, expect, it } from 'vitest';
import { run, start } from '../../support/cli.ts';
import { frontmcpServer } from '../../support/frontmcp/server.ts';
import { freshHome } from '../../support/home.ts';
import { type Work, workAt } from '../../support/work.ts';

/** Instance `work` at a FrontMCP server. */
async function atServer(): Promise<Work> {
  return workAt((await frontmcpServer({ speed: 20, production: true })).url);
}

/** Instance `work` at `mcp2cli serve`, which serves such a server from a home of its own. */
async function atHost(): Promise<Work> {
  const { url } = await frontmcpServer({ speed: 20, production: true });
  const home = freshHome();
  await run(['instances', 'add', 'inner', url], { home });
  const host = start(['serve', 'inner', '--http', '127.0.0.1:0', '--quiet'], { home });
  const [at = ''] = await host.waitForStdout(/http:\S+\/mcp/);
  return workAt(at);
}

const BROKEN = `fails-in-the-middle: failed
├─ first: completed  {"message":"Hello first!"}
├─ second: failed
└─ third: skipped
`;

describe.each([
  ['a FrontMCP server', atServer],
  ['mcp2cli serve', atHost],
])('%s', (_, connected) => {
  it.each([
    ['call --job greet --name Ada', 0, '{"message":"Hello Ada!"}\n', ''],
    ['call --job scalar', 0, '42\n', ''],
    ['call --job flaky --failures 2', 0, '{"attempts":3}\n', ''],
    ['call --job always-fails', 1, '', 'error: always-fails failed: The warehouse is closed\n'],
    [
      'call --workflow fails-in-the-middle',
      1,
      BROKEN,
      'error: fails-in-the-middle failed: step second failed\n',
    ],
  ])('%s', async (words, code, stdout, stderr) => {
    const work = await connected();
    expect(await work.run(words)).toMatchObject({ code, stdout, stderr });
    const id = await work.submit(words);
    expect(await work.run(`jobs wait ${id}`)).toMatchObject({ code, stdout, stderr });
    const { data } = await work.json(`jobs show ${id}`);
    expect(data).toMatchObject({
      backend: 'frontmcp',
      remote: { jobName: words.split(' ')[2], state: code === 0 ? 'completed' : 'failed' },
    });
  });

  it('lists jobs and workflows with what they take, and checks input before anything is sent', async () => {
    const work = await connected();
    const { data } = await work.json('ls --kind job');
    const greet = data.items.find(({ id }: { id: string }) => id === 'greet');
    expect(greet).toMatchObject({
      kind: 'job',
      tags: ['greeting', 'text'],
      labels: { team: 'people' },
      inputSchema: { properties: { name: { type: 'string' } } },
    });
    expect(data.items.map(({ id }: { id: string }) => id)).not.toContain('hidden');
    expect((await work.run('ls --kind workflow')).stdout).toContain('etl');
    expect(await work.run('call --job greet')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('missing required --name'),
    });
  });
});
