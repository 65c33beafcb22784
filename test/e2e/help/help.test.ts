/** Help that is read: the few flags that people use, all of them in groups where they are asked for, and examples that run. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HOST_SPECS } from '../../../src/cli/commands/host-specs.ts';
import { INSTANCE_SPECS } from '../../../src/cli/commands/instance-specs.ts';
import { RUNTIME_FLAGS } from '../../../src/cli/global-flags/table.ts';
import { FLAG_GROUPS } from '../../../src/cli/help/flags.ts';
import type { CommandSpec } from '../../../src/cli/program.ts';
import { atTestEnd, run } from '../../support/cli.ts';
import { freshHome } from '../../support/home.ts';
import { addInstance, homeAt } from '../../support/instance.ts';
import { endKeepers } from '../../support/keeper.ts';
import { launchers, shell, typed } from '../../support/launcher.ts';
import { noRedis, startRedis } from '../../support/redis.ts';
import { demoServer, everythingHttp } from '../../support/servers.ts';

const LISTING = join(import.meta.dirname, '../../support/listing-server.js');
const HELP_OF_TOOL = [
  ['work', 'deploy', '--help'],
  ['work', 'help', 'deploy'],
];

describe('the help of a tool', () => {
  it('has the flags that people use, and says where the others are', async () => {
    const { url } = await demoServer();
    const home = await homeAt(url);
    for (const words of HELP_OF_TOOL) {
      const { code, stdout } = await run(words, { home });
      expect(code).toBe(0);
      const flags = [...stdout.matchAll(/^ +(?:-\w, )?--([\w-]+)/gm)].map(([, name]) => name);
      expect(flags.slice(-5)).toEqual(['background', 'json', 'timeout', 'interactive', 'args']);
      const rest = RUNTIME_FLAGS.length - 5;
      expect(stdout).toMatch(
        new RegExp(`\\nThe other ${rest}: mcp2cli help flags, or mcp2cli work deploy --help --all\\n$`),
      );
    }
    const all = await run(['work', 'deploy', '--help', '--all'], { home });
    expect(all.code).toBe(0);
    for (const { name, scope } of RUNTIME_FLAGS)
      expect(all.stdout.includes(` --${name} `)).toBe(scope !== 'target' && scope !== 'file');
  });

  it('leaves --all to a tool that has such a flag', async () => {
    const home = freshHome();
    const tool = { name: 'copy', inputSchema: { type: 'object', properties: { all: { type: 'boolean' } } } };
    writeFileSync(join(home, 'tools.json'), JSON.stringify([tool]));
    await addInstance(home, ['--', process.execPath, LISTING, join(home, 'tools.json')]);
    const { code, stdout } = await run(['work', 'copy', '--help', '--all'], { home });
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/\nThe other \d+: /) });
  });
});

it('tells of every flag in one group, and of the exit codes', async () => {
  const grouped = FLAG_GROUPS.flatMap(([, names]) => names);
  expect(grouped.toSorted()).toEqual([...RUNTIME_FLAGS.map(({ name }) => name), 'version'].toSorted());
  const { url } = await demoServer();
  const home = await homeAt(url);
  const pages = await Promise.all(
    [
      ['help', 'flags'],
      ['work', 'help', 'flags'],
    ].map((words) => run(words, { home })),
  );
  for (const { code, stdout } of pages) {
    expect(code).toBe(0);
    for (const [title, names] of FLAG_GROUPS) {
      const block = new RegExp(`^${title}:\\n((?: .*\\n)+)`, 'm').exec(stdout)?.[1] ?? '';
      expect([...block.matchAll(/--([\w-]+)(?= )/g)].map(([, name]) => name)).toEqual(
        expect.arrayContaining([...names]),
      );
    }
    for (const exit of [0, 1, 2, 3, 4, 5, 8, 70, 74, 78, 124, 130])
      expect(stdout).toMatch(new RegExp(`^ +${exit}\\b`, 'm'));
  }
});

/** The commands that do something, with the words that lead to each. */
function leaves(specs: readonly CommandSpec[], before: readonly string[]): [string, CommandSpec][] {
  return specs.flatMap((spec): [string, CommandSpec][] => {
    const words = [...before, spec.name];
    return [
      ...(spec.run ? [[words.join(' '), spec] as [string, CommandSpec]] : []),
      ...leaves(spec.subcommands ?? [], words),
    ];
  });
}

/** These go on until they are stopped, or need a login: their help is asked for in their place. */
const LONG =
  /^(demo (run|tour)|serve .*--http|worker( run .*)?$|resources watch|logs|auth (login|logout|token))/;

/** Examples with what a server has: those of server-everything. */
const OF_EVERYTHING = /^(resources|prompts)/;

/** Examples that need a store in Redis; without a redis-server they are left out. */
const OF_STORE = /^(worker status|jobs migrate)$/;

it.skipIf(process.platform === 'win32')(
  'has an example of every command, which runs as it stands',
  async () => {
    const { url } = await demoServer({ speed: 1000 });
    // What examples speak of: an instance with a job, a definition, a link; another one; a file that was exported.
    const template = await homeAt(url);
    const bin = launchers('nobody');
    const inHome = (line: string, home: string) => typed(line, { home, bin });
    await addInstance(template, ['--url', url], 'old');
    for (const line of [
      'work deploy --version 2.0 --background',
      'work jobs wait --latest',
      'work jobs define nightly-export --tool export --arg dataset=full',
      'work jobs define other --tool export',
      'work jobs export > team-jobs.json',
      'instances set work idleTimeout 10m',
    ])
      expect(await inHome(`mcp2cli ${line}`, template)).toMatchObject({ code: 0 });

    const everything = await everythingHttp();
    const redis = noRedis === undefined ? await startRedis() : undefined;
    atTestEnd(async () => redis?.kill());
    const failed: string[] = [];
    const without: string[] = [];
    const all = [
      ...leaves(HOST_SPECS, []).map((one) => ['mcp2cli', ...one] as const),
      ...leaves(INSTANCE_SPECS, []).map((one) => ['mcp2cli work', ...one] as const),
    ];
    expect(all.length).toBeGreaterThan(30);
    for (const [prefix, name, { examples = [] }] of all) {
      if (examples.length === 0) without.push(name);
      for (const example of examples) {
        if (OF_STORE.test(name) && !redis) continue;
        const home = freshHome();
        if (OF_EVERYTHING.test(name)) await addInstance(home, ['--url', everything.url]);
        else if (name === 'instances add') mkdirSync(join(home, 'jobs'));
        else cpSync(template, home, { recursive: true });
        atTestEnd(async () => {
          await run(['demo', 'stop'], { home });
        });
        if (name === 'demo status') await inHome('mcp2cli demo start', home);
        if (OF_STORE.test(name))
          await inHome(`mcp2cli instances set work store redis://${redis?.host}`, home);
        if (name === 'unlink') await inHome('mcp2cli link work', home);
        if (name === 'jobs define') await inHome('mcp2cli work jobs undefine nightly-export', home);
        if (name === 'jobs resume') {
          endKeepers(home);
          const steps = [{ id: 'a', tool: 'deploy' }];
          writeFileSync(join(home, 'failing.json'), JSON.stringify({ name: 'failing', steps }));
          await inHome('mcp2cli work jobs define failing.json', home);
          expect(await inHome('mcp2cli work failing', home)).toMatchObject({ code: 1 });
        }
        const words = `${prefix} ${name} --help`.split(' ').slice(1);
        const { stdout: help } = await run(words, { home });
        const line = `${prefix} ${example}`;
        if (name !== 'jobs answer' && !help.includes(`\n  ${line}\n`))
          failed.push(`not in the help of ${name}: ${line}`);
        const here = line.replace('redis://host:6379', `redis://${redis?.host}`);
        const { code, stderr } = await inHome(LONG.test(example) ? `${line} --help` : here, home);
        // No worker runs here, which is what its exit code says.
        const ends = name === 'worker status' ? 1 : 0;
        if (code !== ends && name !== 'jobs answer') failed.push(`${line}: ${code}: ${stderr}`);
      }
    }
    expect({ failed, without }).toEqual({ failed: [], without: [] });
  },
);

it('begins with a quick start that runs', async () => {
  const home = freshHome();
  const bin = launchers('nobody');
  const { stdout } = await run(['--help'], { home });
  const [, start = ''] = /^Quick start:\n((?: {2}.*\n)+)/m.exec(stdout) ?? [];
  const lines = start
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/)[0] ?? '');
  expect(lines).toHaveLength(5);
  atTestEnd(async () => {
    await run(['demo', 'stop'], { home });
  });
  for (const line of lines) {
    const { code, stderr } = await shell(line, { home, bin });
    expect({ line, code, stderr }).toMatchObject({ line, code: 0 });
  }
});
