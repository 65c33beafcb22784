/** What completes a line, with everything that is known given. */
import { describe, expect, it } from 'vitest';
import { definitionEntries } from '../../src/catalog/definition-entries.ts';
import { entriesOf } from '../../src/catalog/entry.ts';
import { HOST_SPECS } from '../../src/cli/commands/host-specs.ts';
import { INSTANCE_SPECS } from '../../src/cli/commands/instance-specs.ts';
import type { Completion } from '../../src/cli/completion/candidate.ts';
import { completeLine } from '../../src/cli/completion/program.ts';
import type { KnownInstance, Sources } from '../../src/cli/completion/sources/sources.ts';
import { WORD_KINDS } from '../../src/cli/completion/words.ts';
import type { CommandSpec } from '../../src/cli/program.ts';
import type { JobRecord } from '../../src/jobs/record.ts';

const TOOLS = [
  {
    name: 'deploy',
    description: 'Roll out. Carefully.',
    inputSchema: {
      type: 'object',
      properties: {
        environment: { enum: ['staging', 'production', 3, ''] },
        version: { type: 'string', description: 'Which version. Such as 2.0.', examples: ['2.0'] },
        dryRun: { type: 'boolean' },
        maxTokens: { type: 'integer', default: 7 },
        token: { type: 'string', format: 'password', default: 'secret' },
        size: { type: 'object', properties: { width: { type: 'integer', enum: [1, 2] } } },
        tags: { type: 'array', items: { enum: ['x', 'y'] } },
        maybe: { type: ['boolean', 'null'] },
        timeout: { type: 'string', enum: ['never'] },
      },
      required: ['version'],
    },
  },
  { name: 'email.send' },
  { name: 'email.read', title: 'Read' },
  { name: 'email', inputSchema: { type: 'object', properties: { box: { type: 'string' } } } },
  { name: 'batchProcess' },
  { name: 'getURL' },
  { name: 'get_url' },
  { name: 'jobs' },
  { name: 'jobs.sweep' },
  { name: '--evil' },
  { name: 'new\nline' },
  { name: '$(reboot)' },
  { name: 'secret_tool', inputSchema: { type: 'object', properties: { depth: { type: 'integer' } } } },
  { name: 'execute-job', inputSchema: { type: 'object' } },
  { name: 'list-jobs' },
];
const DEFINITIONS = [
  {
    name: 'nightly',
    tool: 'deploy',
    description: 'Every night.',
    args: { environment: 'staging' },
    tags: ['etl'],
  },
];

const ids = ['job_03', 'job_02', 'job_01'];
const SUBCOMMANDS = ['add', 'discover', 'import', 'list', 'show', 'set', 'unset', 'remove', 'rename', 'use'];

const JOBS = ids.map((job_id, i) => ({
  job_id,
  capability: 'deploy',
  status: i === 1 ? 'running' : 'completed',
  created_at: '2026-11-21T07:47:23.123Z',
  finished_at: '2026-11-21T07:48:00.000Z',
  tags: i === 0 ? ['nightly run'] : [],
  labels: { team: 'data' },
})) as unknown as JobRecord[];

const WORK: KnownInstance = {
  entries: async () =>
    entriesOf({ tools: TOOLS, jobs: [], workflows: [] }, definitionEntries(DEFINITIONS, TOOLS)),
  listed: async () => (await WORK.entries()).filter(({ name }) => name !== 'secret_tool'),
  definitions: async () => [{ value: 'nightly' }, { value: 'hourly' }],
  extras: async () => [],
  serverValues: async () => [],
  jobs: async (prefix, live) => {
    const found = JOBS.filter(({ job_id }) => job_id.startsWith(prefix));
    return live
      ? [...found].sort((a, b) => Number(b.status === 'running') - Number(a.status === 'running'))
      : found;
  },
  settings: () => ({ elicit: 'ask', tools: { deploy: { retries: 3 } } }),
};

function sources(active = false): Sources {
  return {
    instances: () => [{ value: 'work', about: 'https://host/mcp' }, { value: 'other' }],
    instance: (typed) => (typed.toLowerCase() === 'work' ? WORK : undefined),
    active: () => (active ? WORK : undefined),
    ofFile: async () => sources(active),
    elsewhere: async () => [{ value: 'github' }, { value: 'cursor-files' }],
    explicit: async (flags) => (flags.get('instance') === 'work' || flags.has('url') ? WORK : undefined),
  };
}

/** Completes a line as it is typed, its words parted by single spaces. */
async function at(line: string, active = false): Promise<Completion> {
  const words = line.split(' ');
  return completeLine(words.slice(0, -1), words.at(-1) ?? '', sources(active));
}

async function values(line: string, active = false): Promise<string[]> {
  return (await at(line, active)).candidates.map(({ value }) => value);
}

describe('commands', () => {
  it('proposes instances and commands as the first word, and no tools without an active instance', async () => {
    const first = await values('');
    expect(first.slice(0, 2)).toEqual(['work', 'other']);
    expect(first).toEqual(
      expect.arrayContaining(['instances', 'link', 'completion', 'keeper', 'demo', 'help', 'version']),
    );
    expect(first).not.toContain('deploy');
    expect(await values('w')).toEqual(['work', 'worker']);
  });

  it('proposes the tools of the active instance, too', async () => {
    expect(await values('de', true)).toEqual(['deploy', 'demo']);
    expect(await values('ls', true)).toEqual(['ls']);
    expect(await values('deploy --environment s', true)).toEqual(['staging']);
    expect(await values('jobs show job_', true)).toEqual(ids);
    expect(await values('deploy --ver')).toEqual([]);
  });

  it.each([
    ['instances ', SUBCOMMANDS],
    ['instances show ', ['work', 'other']],
    [
      'instances show work ',
      [
        '--json',
        '--output',
        '--jq',
        '--quiet',
        '--verbose',
        '--timeout',
        '--connect-timeout',
        '--no-color',
        '--help',
      ],
    ],
    ['instances remove work --p', ['--purge']],
    ['instances set work e', ['elicit', 'enabled']],
    ['instances set work elicit ', ['ask', 'decline', 'defaults']],
    ['instances set work keep-alive ', ['true', 'false']],
    ['instances set work tools.dep', ['tools.deploy.']],
    ['instances import ', ['github', 'cursor-files']],
    ['instances import github ', ['cursor-files']],
    ['instances import --from co', ['copilot-cli', 'codex']],
    ['instances set work tools.deploy.out', ['tools.deploy.outputCheck']],
    ['instances set work tools.deploy.outputCheck ', ['true', 'false']],
    ['instances unset work ', ['elicit', 'tools', 'tools.deploy', 'tools.deploy.retries']],
    ['instances list --output ', ['human', 'json', 'ndjson']],
    ['instances --json sh', ['show']],
    ['link ', ['work', 'other']],
    ['keeper ', ['status', 'stop', 'logs', 'work', 'other']],
    ['keeper stop ', ['work', 'other']],
    [
      'keeper logs --',
      [
        '--follow',
        '--tail',
        '--json',
        '--output',
        '--jq',
        '--quiet',
        '--verbose',
        '--timeout',
        '--connect-timeout',
        '--no-color',
        '--help',
      ],
    ],
    ['completion ', ['bash', 'zsh', 'fish', 'powershell']],
    ['completion bash --name ', ['work', 'other']],
    ['demo start --dialect m', ['meta-task']],
    ['help inst', ['instances']],
    ['help instances ', SUBCOMMANDS],
    ['-o ', ['human', 'json', 'ndjson']],
    ['--output=n', ['--output=ndjson']],
    ['-i ', ['work', 'other']],
    ['--elicit d', ['decline', 'defaults']],
    ['nothing at ', []],
    ['version ', []],
  ])('%j', async (line, expected) => {
    expect(await values(line)).toEqual(expected);
  });

  it('proposes flags before a command, but for those that are given', async () => {
    expect(await values('--')).toEqual(expect.arrayContaining(['--json', '--instance', '--version']));
    expect(await values('--json --j')).toEqual(['--jq', '--jobs']);
    expect(await values('-i work --header x --h')).toEqual(['--help', '--header']);
  });

  it('leaves names of files to the shell', async () => {
    const { files } = await at('work jobs import ./x');
    expect(files).toEqual({ kind: 'files', prefix: '' });
    expect((await at('work deploy --args @x')).files).toEqual({ kind: 'files', prefix: '@' });
    expect((await at('work deploy --args=@x')).files).toEqual({ kind: 'files', prefix: '--args=@' });
    expect((await at('work deploy --save ')).files).toEqual({ kind: 'folders', prefix: '' });
    expect((await at('--stdio x --cwd ')).files).toEqual({ kind: 'folders', prefix: '' });
    expect(await at('work deploy --args ')).toEqual({
      candidates: [
        { value: '@', about: 'from a file', open: true },
        { value: '-', about: 'from stdin' },
      ],
    });
  });
});

describe('an instance', () => {
  it('proposes tools as they are typed, then commands', async () => {
    expect(await values('work ')).toEqual([
      'deploy',
      'email',
      'batch-process',
      // One kebab form, two tools: each by its exact name.
      'getURL',
      'get_url',
      'jobs.sweep',
      'evil',
      'new-line',
      'reboot',
      'execute-job',
      'list-jobs',
      'nightly',
      'ls',
      'call',
      'refresh',
      'jobs',
      'resources',
      'prompts',
      'info',
      'ping',
      'logs',
      'skill',
      'help',
    ]);
    const { candidates } = await at('-i work deploy');
    expect(candidates).toEqual([{ value: 'deploy', about: 'Roll out.' }]);
    expect((await at('work night')).candidates).toEqual([
      { value: 'nightly', about: 'definition: Every night.' },
    ]);
    expect(await values('WORK dep')).toEqual(['deploy']);
    expect(await values('--url http://x/ dep')).toEqual(['deploy']);
  });

  it('nests dotted names, and takes them with their dots', async () => {
    expect(await values('work email ')).toEqual(['send', 'read', '--box']);
    expect(await values('work email s')).toEqual(['send']);
    expect(await values('work email.')).toEqual(['email.send', 'email.read']);
    expect(await values('work email --b')).toEqual(['--box', '--background']);
  });

  it('calls by exact names', async () => {
    const names = await values('work call ');
    expect(names).toEqual(
      expect.arrayContaining(['jobs', 'getURL', '$(reboot)', 'nightly', '--evil', '--job', '--tool']),
    );
    expect(names).not.toContain('new\nline');
    expect(names).not.toContain('secret_tool');
    expect(await values('work call --definition ')).toEqual(['nightly']);
    expect(await values('work call --definition=n')).toEqual(['--definition=nightly']);
    expect(await values('work call --tool deploy --env')).toEqual(['--environment']);
    expect(await values('work call --json deploy --environment st')).toEqual(['staging']);
    expect(await values('work call nope ')).toEqual([]);
  });

  it('completes the flags of what is hidden, once its name is typed', async () => {
    expect(await values('work secret')).toEqual([]);
    expect(await values('work secret-tool ')).toEqual(['--depth']);
  });

  it('has a command win over a tool of its name', async () => {
    expect(await values('work jobs ')).toEqual([
      'list',
      'show',
      'wait',
      'watch',
      'answer',
      'logs',
      'cancel',
      'forget',
      'rerun',
      'resume',
      'prune',
      'migrate',
      'define',
      'undefine',
      'definitions',
      'export',
      'import',
    ]);
  });
});

describe("a tool's line", () => {
  it("proposes its flags, what must be given first, and the program's when one is begun", async () => {
    expect(await values('work deploy ')).toEqual([
      '--version',
      '--environment',
      '--dry-run',
      '--max-tokens',
      '--token',
      '--size',
      '--tags',
      '--maybe',
      '--timeout',
      '--size.width',
      '--no-dry-run',
      '--no-maybe',
    ]);
    const begun = await values('work deploy --');
    expect(begun).toEqual(expect.arrayContaining(['--json', '--background', '--no-output-check']));
    // The tool's own flag of that name.
    expect(begun.filter((name) => name === '--timeout')).toHaveLength(1);
    expect(begun).not.toContain('--instance');
    const [version] = (await at('work deploy --vers')).candidates;
    expect(version).toEqual({ value: '--version', about: 'required: Which version.' });
  });

  it.each([
    ['work deploy --environment ', ['staging', 'production', '3']],
    ['work deploy --environment=p', ['--environment=production']],
    ['work deploy --size.width ', ['1', '2']],
    ['work deploy --tags x --tags ', ['x', 'y']],
    ['work deploy --timeout ', ['never']],
    ['work deploy --version ', ['2.0']],
    ['work deploy --max-tokens ', ['7']],
    ['work deploy --maxTokens ', ['7']],
    ['work deploy --token ', []],
    ['work deploy --dry-run=', ['--dry-run=true', '--dry-run=false']],
    ['work deploy --maybe t', ['true']],
    ['work deploy --maybe n', ['null']],
    ['work deploy --version 1 --vers', []],
    ['work deploy --dry-run --no-d', []],
    ['work deploy --no-dry-run --dry', []],
    ['work deploy --dry-run true --dry', []],
    ['work deploy --tags x --tag', ['--tags', '--tag']],
    ['work deploy -o j', ['json']],
    ['work deploy -oj --out', ['--output-check']],
    ['work deploy --elicit=a', ['--elicit=ask']],
    ['work deploy --tag ', ['etl', 'nightly run']],
    ['work deploy --label ', ['team=data']],
    ['work deploy -- --', []],
    ['work deploy --version --json --vers', []],
    ['work nightly --en', []],
    ['work nightly --max', ['--max-tokens']],
  ])('%j', async (line, expected) => {
    expect(await values(line)).toEqual(expected);
  });
});

describe('jobs', () => {
  it('proposes ids, newest first, with what they are', async () => {
    const { candidates } = await at('work jobs show ');
    expect(candidates[0]).toEqual({ value: 'job_03', about: 'deploy  completed  2026-11-21T07:48:00Z' });
    expect(candidates.map(({ value }) => value)).toEqual(ids);
  });

  it.each([
    ['work jobs wait ', ['job_02', 'job_03', 'job_01']],
    ['work jobs wait job_02 ', ['job_03', 'job_01']],
    ['work jobs watch j', ['job_02', 'job_03', 'job_01']],
    ['work jobs cancel job_01', ['job_01']],
    [
      'work jobs show job_01 ',
      [
        '--latest',
        '--exit-status',
        '--json',
        '--output',
        '--jq',
        '--quiet',
        '--verbose',
        '--timeout',
        '--connect-timeout',
        '--no-color',
        '--help',
        '--save',
      ],
    ],
    ['work jobs show --latest ', []],
    ['work jobs list --status c', ['completed', 'canceled']],
    ['work jobs list --tag ', ['etl', 'nightly run']],
    ['work jobs logs ', ids],
    ['work jobs undefine ', ['nightly', 'hourly']],
    ['work jobs export nightly ', ['hourly']],
    ['work jobs define x --tool dep', ['deploy']],
    ['work jobs define x --trigger ', ['manual', 'webhook', 'event']],
    ['work --json jobs --quiet show job_03', ['job_03']],
    ['work jobs answer ', ['job_02', 'job_03', 'job_01']],
    ['work jobs answer job_02 --acc', ['--accept']],
  ])('%j', async (line, expected) => {
    expect(await values(line)).toEqual(expected);
  });
});

it('proposes the jobs and workflows of a FrontMCP server', async () => {
  const properties = { name: {}, background: {}, runId: {} };
  const tool = (name: string) => ({ name, inputSchema: { type: 'object', properties } });
  const input = { type: 'object', properties: { depth: { enum: ['shallow', 'deep'] } } };
  const entries = entriesOf({
    tools: [
      'list-jobs',
      'execute-job',
      'get-job-status',
      'list-workflows',
      'execute-workflow',
      'get-workflow-status',
    ].map(tool),
    jobs: [{ name: 'analyze-text', description: 'Read it.', inputSchema: input, tags: ['nlp'] }],
    workflows: [{ name: 'pipeline' }],
  });
  const instance = { ...WORK, entries: async () => entries, listed: async () => entries };
  const there = { ...sources(), instance: () => instance };
  const complete = async (...words: string[]) =>
    (await completeLine(['work', ...words.slice(0, -1)], words.at(-1) ?? '', there)).candidates;
  expect(await complete('ana')).toEqual([{ value: 'analyze-text', about: 'job: Read it.' }]);
  expect(await complete('pipe')).toEqual([{ value: 'pipeline', about: 'workflow' }]);
  expect(await complete('analyze-text', '--depth', 'd')).toEqual([{ value: 'deep' }]);
  expect(await complete('call', '--job', '')).toEqual([{ value: 'analyze-text', about: 'job: Read it.' }]);
  expect(await complete('call', '--job', 'analyze-text', '--dep')).toEqual([
    { value: '--depth', about: 'enum' },
  ]);
  expect(await complete('call', '--workflow=pipeline', '--backg')).toHaveLength(1);
  expect(await complete('jobs', 'undefine', '--workflow', '')).toEqual([
    { value: 'pipeline', about: 'workflow' },
  ]);
  expect(await complete('ls', '--tag', 'n')).toEqual([{ value: 'nlp' }, { value: 'nightly run' }]);
});

it('knows what the words of every command are', () => {
  const found = new Map<string, CommandSpec>();
  const collect = (specs: readonly CommandSpec[], path: readonly string[]) => {
    for (const spec of specs) {
      found.set([...path, spec.name].join(' '), spec);
      collect(spec.subcommands ?? [], [...path, spec.name]);
    }
  };
  collect([...HOST_SPECS, ...INSTANCE_SPECS], []);
  const worded = [...found].filter(([, { words = [] }]) => words.length > 0).map(([path]) => path);
  expect(worded.sort()).toEqual(Object.keys(WORD_KINDS).sort());
});
