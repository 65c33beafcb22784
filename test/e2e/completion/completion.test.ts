/** `completion` and what is behind every TAB, through the real binary and a real server's catalogue. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { run, startCommand } from '../../support/cli.ts';
import { freshDir, freshHome } from '../../support/home.ts';
import { addInstance, dataOf, homeAt, homeWith, submitted } from '../../support/instance.ts';
import { ptyTool, startOnPty } from '../../support/pty.ts';
import { demoServer } from '../../support/servers.ts';

const LISTING_SERVER = fileURLToPath(new URL('../../support/listing-server.js', import.meta.url));

const TOOLS = [
  {
    name: 'deploy',
    description: 'Roll out.',
    inputSchema: {
      type: 'object',
      properties: { level: { enum: ['low', 'high'] }, force: { type: 'boolean' } },
    },
  },
  { name: 'delete_all', description: 'Delete everything.', inputSchema: { type: 'object' } },
  { name: 'email.send', inputSchema: { type: 'object' } },
];

/** A home whose instance `work` has these tools in its cache. */
async function homeOffering(tools: readonly unknown[] = TOOLS): Promise<{ home: string; file: string }> {
  const file = join(freshDir('tools'), 'tools.json');
  writeFileSync(file, JSON.stringify(tools));
  const home = await homeWith(['--', process.execPath, LISTING_SERVER, file]);
  expect(await run(['work', 'refresh'], { home })).toMatchObject({ code: 0 });
  return { home, file };
}

/** What is proposed for the last of the words; a bad ending or a word on stderr fails. */
async function proposed(home: string, ...words: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await run(['__complete', '--', ...words], { home });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.split('\n').slice(0, -1);
}

/** Every file below a folder, with its content and when it was changed. */
function snapshot(dir: string): unknown[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => {
      const stat = statSync(path);
      return [path, stat.mtimeMs, stat.isFile() ? readFileSync(path, 'utf8') : ''];
    });
}

it('completes from what is stored: no server is asked or started, nothing is written', async () => {
  const { home, file } = await homeOffering();
  // Whoever started the server now would hear of it.
  rmSync(file);
  const before = snapshot(home);
  expect(await proposed(home, 'w')).toEqual([
    expect.stringMatching(/^work\tnode|^work\t.*listing-server/),
    expect.stringMatching(/^worker\t/),
  ]);
  expect(await proposed(home, 'work', 'de')).toEqual(['deploy\tRoll out.', 'delete-all\tDelete everything.']);
  expect(await proposed(home, 'work', 'email', '')).toEqual(['send']);
  expect(await proposed(home, 'work', 'deploy', '--level', '')).toEqual(['low', 'high']);
  expect(await proposed(home, 'work', 'deploy', '--level=h')).toEqual(['--level=high']);
  expect(await proposed(home, 'work', 'deploy', '--args', '@x')).toEqual(['\tfiles\t@']);
  expect(await proposed(home, 'instances', 'set', 'work', 'tools.em')).toEqual([
    'tools.email.send.',
    '\tnospace',
  ]);
  // An instance without a catalogue, a job, anything.
  await addInstance(home, ['--url', 'http://127.0.0.1:9/mcp'], 'empty');
  const with2 = snapshot(home);
  expect(await proposed(home, 'empty', 'r')).toEqual([
    "refresh\tread the server's catalogue again",
    'resources\twhat the server has to read: list, templates, read, watch',
  ]);
  expect(await proposed(home, 'empty', 'jobs', 'show', '')).toEqual([]);
  expect(snapshot(home)).toEqual(with2);
  expect(before.length).toBeLessThanOrEqual(with2.length);
});

it('proposes the tools of the active instance', async () => {
  const { home } = await homeOffering();
  expect(await proposed(home, 'dep')).toEqual([]);
  const named = await run(['__complete', '--', 'dep'], { home, env: { MCP2CLI_INSTANCE: 'work' } });
  expect(named.stdout).toBe('deploy\tRoll out.\n');
  expect(await run(['instances', 'use', 'work'], { home })).toMatchObject({ code: 0 });
  expect(await proposed(home, 'dep')).toEqual(['deploy\tRoll out.']);
  expect(await proposed(home, 'deploy', '--level', 'l')).toEqual(['low']);
});

it('leaves out what is set to be hidden, and what the rules refuse', async () => {
  const { home } = await homeOffering();
  const set = async (...words: string[]) =>
    expect(await run(['instances', 'set', 'work', ...words], { home })).toMatchObject({ code: 0 });
  await set('tools.deploy.hideFromDiscovery', 'true');
  expect(await proposed(home, 'work', 'de')).toEqual(['delete-all\tDelete everything.']);
  await set('permissions', '[{"action": "list", "tools": ["delete-*"], "roles": ["admin"]}]');
  expect(await proposed(home, 'work', 'de')).toEqual([]);
  expect(await proposed(home, 'work', 'call', '')).not.toContain('delete_all');
  await set('roles', 'admin');
  expect(await proposed(home, 'work', 'de')).toEqual(['delete-all\tDelete everything.']);
  // A rule's command is not run for a TAB, and nobody knows what it would say.
  const mark = join(home, 'was-run');
  const command = {
    command: process.execPath,
    args: ['-e', `fs.writeFileSync(${JSON.stringify(mark)}, '')`],
  };
  await set('permissions', JSON.stringify([{ action: 'list', tools: ['delete-*'], command }]));
  const before = snapshot(home);
  expect(await proposed(home, 'work', '')).toContain('email\t1 tool');
  expect(await proposed(home, 'work', 'de')).toEqual([]);
  expect(snapshot(home)).toEqual(before);
});

it('says nothing about damage: there is less to propose', async () => {
  const { home } = await homeOffering();
  const instance = join(home, 'instances', 'work');
  writeFileSync(join(instance, 'definitions.json'), '{"nonsense');
  expect(await proposed(home, 'work', 'dep')).toEqual(['deploy\tRoll out.']);
  mkdirSync(join(instance, 'jobs', 'job_broken'), { recursive: true });
  writeFileSync(join(instance, 'jobs', 'job_broken', 'job.json'), '[');
  expect(await proposed(home, 'work', 'jobs', 'show', '')).toEqual([]);
  writeFileSync(join(instance, 'catalogue.json'), '{"tools": 3}');
  expect(await proposed(home, 'work', 'dep')).toEqual([]);
  expect(await proposed(home, 'work', 'ref')).toEqual(["refresh\tread the server's catalogue again"]);
  writeFileSync(join(home, 'config.json'), '{');
  expect(await proposed(home, 'work', '')).toEqual([]);
  expect(await proposed(home, 'keeper', 'st')).toHaveLength(2);
  for (const words of [
    [],
    ['-o'],
    ['-i', 'nope', ''],
    ['--url', '::', ''],
    ['--bad', ''],
    ['--', ''],
    ['\ud800'],
  ])
    expect(await proposed(home, ...words)).toBeDefined();
});

it('takes catalogues as they come, and proposes nothing that is not what it looks like', async () => {
  const { home } = await homeOffering([
    { name: 'clear\u001b[2J', inputSchema: { type: 'object' } },
    {
      name: 'ok',
      description: 'evil\u001b[2J\n\tand \u202emore',
      inputSchema: { type: 'object', properties: { 'x\ny': {} } },
    },
    {
      name: 'odd',
      inputSchema: {
        type: 'object',
        properties: { level: { enum: ['a\nb', 'a\tb', '\u001b[31m', '', null, { a: 1 }, '$(x)'] } },
      },
    },
    { name: 'none', inputSchema: 7, description: { not: 'text' } },
  ]);
  expect(await proposed(home, 'work', 'call', 'c')).toEqual([]);
  expect(await proposed(home, 'work', 'ok')).toEqual(['ok\tevil\\u001b[2J and \\u202emore']);
  expect(await proposed(home, 'work', 'odd', '--level', '')).toEqual(['$(x)', '{"a":1}', 'null']);
  expect(await proposed(home, 'work', 'none', '--js')).toEqual([
    '--json\tone JSON document on stdout; errors as JSON on stderr',
  ]);
});

it('proposes jobs, newest first, those that run before the others where that matters', async () => {
  const server = await demoServer();
  const home = await homeAt(server.url);
  const first = await submitted(home, ['work', 'deploy', '--version', '1', '--duration', '600']);
  const second = await submitted(home, [
    'work',
    'deploy',
    '--version',
    '2',
    '--duration',
    '0',
    '--tag',
    'two words',
  ]);
  expect(await run(['work', 'jobs', 'wait', second], { home })).toMatchObject({ code: 0 });
  const before = snapshot(home);
  const requests = { ...server.stats.requests };
  const ids = async (...words: string[]) =>
    (await proposed(home, 'work', 'jobs', ...words)).map((line) => line.split('\t')[0]);
  expect(await ids('show', '')).toEqual([second, first]);
  expect(await ids('wait', '')).toEqual([first, second]);
  expect(await ids('wait', first, 'job_')).toEqual([second]);
  expect(await ids('answer', '')).toEqual([first, second]);
  expect(await proposed(home, 'work', 'jobs', 'cancel', first)).toEqual([
    expect.stringMatching(/^job_\w+\tdeploy {2}running {2}20\d\d-\d\d-\d\dT[\d:]+Z$/),
  ]);
  expect(await proposed(home, 'work', 'jobs', 'list', '--tag', '')).toEqual(['two words']);
  expect(snapshot(home)).toEqual(before);
  expect(server.stats.requests).toEqual(requests);
});

it('proposes the fields of what a job asks', async () => {
  const { url } = await demoServer();
  const home = await homeAt(url);
  const id = await submitted(home, ['work', 'provision', '--name', 'db-1']);
  // The question is in the record once somebody has looked.
  expect(await run(['work', 'jobs', 'wait', id], { home })).toMatchObject({ code: 8 });
  const { pending_input } = dataOf<{
    pending_input: { params: { requestedSchema: { properties: object } } }[];
  }>(await run(['work', '--json', 'jobs', 'show', id], { home }));
  const [field = ''] = Object.keys(pending_input[0]?.params.requestedSchema.properties ?? {});
  const flags = await proposed(home, 'work', 'jobs', 'answer', id, '--');
  expect(flags.map((line) => line.split('\t')[0])).toEqual(
    expect.arrayContaining([`--${field}`, '--accept', '--decline']),
  );
});

it('prints a script for each shell, with the linked commands that the PATH leads to', async () => {
  const { home } = await homeOffering();
  await addInstance(home, ['--url', 'http://127.0.0.1:9/mcp'], 'taken');
  const [mine, foreign] = [join(freshDir('it is'), "a 'bin'"), freshDir('foreign')];
  for (const name of ['work', 'taken'])
    expect(await run(['link', name, '--dir', mine], { home })).toMatchObject({ code: 0 });
  // Somebody else's command comes first under this name: it is not run for a TAB.
  writeFileSync(join(foreign, 'taken'), '#!/bin/sh\ntouch ran\n', { mode: 0o755 });
  const env = { PATH: `${foreign}:${mine}:${process.env['PATH']}` };
  for (const shell of ['bash', 'zsh', 'fish', 'powershell', 'pwsh', 'BASH']) {
    const printed = await run(['completion', shell], { home, env });
    expect(printed).toMatchObject({ code: 0, stderr: '' });
    expect(printed.stdout).toContain('__complete');
    expect(printed.stdout).toContain('mcp2cli');
    expect(printed.stdout).toMatch(/\bwork\b/);
    expect(printed.stdout).not.toContain('taken');
  }
  const only = await run(['completion', 'bash', '--name', 'work'], { home, env });
  expect(only.stdout).toContain('complete -o nosort -F _mcp2cli work 2>/dev/null');
  const own = await startCommand(join(mine, 'work'), ['completion', 'bash'], { home, env }).done;
  expect(own).toEqual(only);
  const json = await run(['completion', 'fish', '--json'], { home, env });
  expect(dataOf(json)).toMatchObject({ shell: 'fish', script: expect.stringContaining('complete -c work') });

  // The launcher completes in its own name.
  const launched = await startCommand(join(mine, 'work'), ['__complete', '--', 'dep'], { home, env }).done;
  expect(launched).toMatchObject({ code: 0, stdout: 'deploy\tRoll out.\n', stderr: '' });
});

it('prints scripts that their shells can read, with links and without', async () => {
  const { home } = await homeOffering();
  const dir = freshDir('bin');
  const env = { PATH: `${dir}:${process.env['PATH']}` };
  for (const linked of [false, true]) {
    if (linked) expect(await run(['link', 'work', '--dir', dir], { home })).toMatchObject({ code: 0 });
    for (const shell of ['bash', 'zsh', 'fish']) {
      const { stdout } = await run(['completion', shell], { home, env });
      const file = join(dir, 'script');
      writeFileSync(file, stdout);
      const checked = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
      // What is not installed has nothing to say.
      if (checked.error) continue;
      expect({ shell, linked, status: checked.status, stderr: checked.stderr }).toEqual({
        shell,
        linked,
        status: 0,
        stderr: '',
      });
    }
  }
});

it('says what is wrong with a line of its own', async () => {
  const home = freshHome();
  expect(await run(['completion', 'tcsh'], { home })).toMatchObject({
    code: 2,
    stdout: '',
    stderr: 'error: no completion for the shell "tcsh"\nhint: one of bash, zsh, fish, powershell\n',
  });
  expect(await run(['completion', 'bash', '--name', 'nope'], { home })).toMatchObject({
    code: 2,
    stdout: '',
    stderr: 'error: no linked command "nope" in your PATH\nhint: see the instances: mcp2cli instances list\n',
  });
  expect(await run(['completion'], { home })).toMatchObject({ code: 2, stdout: '' });
  const help = await run(['completion', '--help'], { home });
  expect(help).toMatchObject({ code: 0, stderr: '' });
  for (const shell of ['bash', 'zsh', 'fish', 'powershell'])
    expect(help.stdout).toContain(`mcp2cli completion ${shell}`);
  // The name is the command's from now on.
  expect(await run(['instances', 'add', 'completion', '--url', 'http://h/mcp'], { home })).toMatchObject({
    code: 2,
  });
});

it.skipIf(!ptyTool())('tells about it after a link, on a terminal', async () => {
  const home = await homeWith(['--url', 'http://127.0.0.1:9/mcp']);
  const shown = async (shell: string) =>
    (
      await startOnPty(['link', 'work', '--dir', freshDir('bin')], {
        home,
        columns: 200,
        env: { SHELL: shell },
      }).done
    ).stdout;
  expect(await shown('/bin/bash')).toContain('source <(mcp2cli completion bash --name work)');
  expect(await shown('/usr/bin/fish')).toContain('mcp2cli completion fish --name work | source');
  expect(await shown('/bin/sh')).toContain('TAB completes it with: mcp2cli completion --help');
});
