/** Jobs of the user's own: defining them, looking at them, taking them elsewhere. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inProcesses, type RunResult, run, type StartOptions } from '../../support/cli.ts';
import { type FixtureServer, fixtureServer } from '../../support/fixture-http.ts';
import { freePort } from '../../support/free-port.ts';
import { dataOf, errorOf, homeAt } from '../../support/instance.ts';
import { demoServer } from '../../support/servers.ts';

const TOOLS = [
  {
    name: 'export',
    inputSchema: {
      type: 'object',
      properties: {
        dataset: { type: 'string', minLength: 2 },
        format: { type: 'string', enum: ['json', 'csv'] },
        maxRows: { type: 'integer' },
        dryRun: { type: 'boolean' },
        tags: { type: 'array', items: { type: 'string' } },
        options: {
          type: 'object',
          properties: { depth: { type: 'integer' }, target: { type: 'string' } },
          required: ['target'],
        },
        apiKey: { type: 'string', format: 'password' },
      },
      required: ['dataset', 'format'],
      additionalProperties: false,
    },
  },
  { name: 'batchProcess', inputSchema: { type: 'object' } },
];

interface Place {
  home: string;
  server: FixtureServer;
  /** The file that the definitions are kept in. */
  file: string;
  /** Runs `work jobs WORDS`. */
  jobs(words: string, options?: Partial<StartOptions>): Promise<RunResult>;
}

async function place(): Promise<Place> {
  const server = await fixtureServer(structuredClone(TOOLS));
  const home = await homeAt(server.url);
  return { home, server, ...jobsIn(home) };
}

function jobsIn(home: string): Pick<Place, 'file' | 'jobs'> {
  return {
    file: join(home, 'instances', 'work', 'definitions.json'),
    jobs: (words, options) =>
      run(['work', 'jobs', ...words.split(' ').map((word) => word.replaceAll('_', ' '))], {
        home,
        ...options,
      }),
  };
}

const ok = (stdout: string) => ({ code: 0, stdout, stderr: '' });
const refused = (stderr: string | RegExp, code = 2) => ({
  code,
  stdout: '',
  stderr: typeof stderr === 'string' ? `error: ${stderr}` : expect.stringMatching(stderr),
});

const NIGHTLY =
  'define nightly-export --tool export --arg dataset=full --retries 5 --timeout 10m --tag etl --tag etl';

describe('jobs define', () => {
  it('stores a tool with some of its arguments fixed, and settings that are its own', async () => {
    const { jobs, home, file } = await place();
    expect(await jobs(NIGHTLY)).toMatchObject(ok('defined nightly-export (export)\n'));
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      schema_version: 1,
      definitions: {
        'nightly-export': {
          tool: 'export',
          args: { dataset: 'full' },
          retries: 5,
          timeout: '10m',
          tags: ['etl'],
        },
      },
    });
    const all =
      'define all --tool batch-process --description Two_words --retries 3 --retry-backoff 1s --retry-multiplier 1.5 ' +
      '--retry-max-backoff 30 --no-output-check --label team=data --label a=b=c --hide --args {"any":[1]} --json';
    const defined = await jobs(all);
    expect(defined).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(defined.stdout)).toEqual({
      app_id: 'work',
      command: 'jobs define',
      summary: 'defined all (batchProcess)',
      data: {
        name: 'all',
        tool: 'batchProcess',
        description: 'Two words',
        args: { any: [1] },
        retries: 3,
        retryBackoff: '1s',
        retryMultiplier: 1.5,
        retryMaxBackoff: '30',
        outputCheck: false,
        labels: { team: 'data', a: 'b=c' },
        hideFromDiscovery: true,
      },
    });
    const listed = await jobs('definitions');
    expect(listed).toMatchObject(
      ok('all  batchProcess  {"any":[1]}  -\nnightly-export  export  {"dataset":"full"}  etl\n'),
    );
    // What was before the command is the program's, not the definition's.
    const before = await run(
      ['work', '--timeout', '30s', 'jobs', '--timeout', '20s', '--json', 'define', 'x', '--tool', 'export'],
      { home },
    );
    expect(dataOf(before)).toEqual({ name: 'x', tool: 'export' });
  });

  it('reads arguments as the flags of the tool are read', async () => {
    const { jobs } = await place();
    const words =
      '--arg max-rows=-3 --arg dryRun=true --arg tags=a --arg tags=b=c --arg options.target=_007_ --arg format=csv';
    const { stdout } = await jobs(
      `define typed --tool export ${words} --args {"maxRows":1,"dataset":"007"} --json`,
    );
    expect(JSON.parse(stdout).data.args).toEqual({
      maxRows: -3,
      dataset: '007',
      dryRun: true,
      tags: ['a', 'b=c'],
      options: { target: ' 007 ' },
      format: 'csv',
    });
    const input = '{"options":{"target":"a"}}';
    const refined = await jobs('define refined --tool export --args - --arg options.depth=2 --json', {
      input,
    });
    expect(JSON.parse(refined.stdout).data.args).toEqual({ options: { target: 'a', depth: 2 } });
  });

  it('tells all that is wrong with the arguments, and leaves open what they leave open', async () => {
    const { jobs, file } = await place();
    const bad = '--arg max-rows=x --arg formt=csv --arg dataset --arg dry-run=true --arg dry-run=true';
    expect(await jobs(`define bad --tool export ${bad}`)).toMatchObject(
      refused(`4 problems:
  --arg formt: export has no such flag (did you mean format?)
  --arg dataset: not NAME=VALUE
  --arg max-rows: must be an integer (given "x")
  --arg dry-run: is given more than once; it takes one value
hint: see: mcp2cli work export --help
`),
    );
    const wrong = '{"dataset":"x","other":1,"options":{"depth":"deep"},"apiKey":"hunter2"}';
    const { code, stderr, stdout } = await jobs(`define bad --tool export --args ${wrong}`);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe(`error: 4 problems:
  --dataset: must have at least 2 characters (given 1)
  --options.depth: must be an integer (given "deep")
  --args: unknown property "other"
  apiKey is a secret, which is not stored: give it with each call, as --apiKey or in --args @FILE
hint: see: mcp2cli work export --help
`);
    expect(await jobs('define bad --tool export --arg api-key=hunter2 --json')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.not.stringContaining('hunter2'),
    });
    expect(existsSync(file)).toBe(false);
    // Neither dataset nor options.target is there yet.
    expect(await jobs('define open --tool export --arg options.depth=2')).toMatchObject({
      code: 0,
      stderr: '',
    });
  });

  it('refuses names and settings that cannot be', async () => {
    const { jobs, file, server } = await place();
    for (const [words, message] of [
      ['define', /^error: which name\? jobs define NAME --tool TOOL, or jobs define FILE\n/],
      [
        'define x',
        /^error: no such file: .*\/x, and no --tool is given\nhint: .* work jobs define x --tool TOOL;/,
      ],
      [
        'define --name x',
        /^error: jobs define needs --tool: .*\nhint: mcp2cli work jobs define x --tool TOOL;/,
      ],
      ['define ls --tool export', /^error: "ls" is a command\n/],
      ['define --tool export -- -x', /^error: not a name for a job: "-x"/],
      ['define a/b --tool export', /^error: not a name for a job: "a\/b"/],
      ['define export --tool export', /^error: the server has a tool "export": choose another name\n/],
      ['define batch-process --tool export', /^error: the server has a tool "batchProcess"/],
      ['define x --tool exprt', /^error: work has no tool "exprt"\nhint: did you mean export\?\n/],
      ['define x --tool export --retries 0', /^error: --retries: not a whole number from 1 to 1000: "0"/],
      [
        'define x:y --tool export --retries 0 --timeout soon --label x',
        /^error: 4 problems:\n {2}not a name for a job: "x:y".*\n {2}--retries: .*\n {2}--timeout: .*\n {2}--label: /,
      ],
      ['define x --tool export --retry-backoff 1s', /^error: --retry-backoff needs --retries/],
      [
        'define x --tool export --timeout soon',
        /^error: --timeout: not a duration: "soon"\nhint: for example/,
      ],
      ['define x --tool export --label team', /^error: --label: not NAME=VALUE: "team"/],
      ['define x --tool export --label a=1 --label a=2', /^error: --label: a is given twice/],
      ['define x --tool export --args [1]', /^error: --args: must be a JSON object, not an array/],
      [
        'define x --tool export --retires 2',
        /^error: unknown option '--retires'\nhint: did you mean --retries\?/,
      ],
    ] as const)
      expect({ words, ...(await jobs(words)) }).toMatchObject({ words, ...refused(message) });
    expect(existsSync(file)).toBe(false);
    // A tool that the server learned meanwhile is found.
    server.tools.push({ name: 'later', inputSchema: { type: 'object' } });
    expect(await jobs('define x --tool later')).toMatchObject(ok('defined x (later)\n'));
  });

  it('replaces only with --force, and undefine removes', async () => {
    const { jobs, file } = await place();
    await jobs(NIGHTLY);
    const before = readFileSync(file, 'utf8');
    const again = 'define nightly-export --tool export --arg format=csv';
    expect(await jobs(again)).toMatchObject(
      refused(`nightly-export is defined already
hint: replace it with --force, or remove it first: mcp2cli work jobs undefine nightly-export
`),
    );
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(await jobs(`${again} --force`)).toMatchObject(ok('defined nightly-export (export)\n'));
    expect(dataOf(await jobs('definitions --json'))).toEqual({
      items: [{ name: 'nightly-export', tool: 'export', args: { format: 'csv' } }],
    });
    expect(await jobs('undefine nightly-exprt')).toMatchObject(
      refused('no definition "nightly-exprt"\nhint: did you mean nightly-export?\n'),
    );
    const removed = await jobs('undefine nightly-export --json');
    expect(JSON.parse(removed.stdout)).toEqual({
      app_id: 'work',
      command: 'jobs undefine',
      summary: 'removed nightly-export',
      data: { name: 'nightly-export' },
    });
    expect(await jobs('undefine nightly-export')).toMatchObject({ code: 2 });
    expect(await jobs('definitions')).toMatchObject(ok(''));
  });

  it('loses nothing when many write at once, and lets one win for a name', async () => {
    const { jobs } = await place();
    await jobs('define first --tool export');
    const names = Array.from({ length: 8 }, (_, i) => `job-${i}`);
    const ends = await inProcesses(() =>
      Promise.all([
        ...names.map((name) => jobs(`define ${name} --tool export`)),
        ...names.map((_, i) => jobs(`define same --tool export --arg max-rows=${i}`)),
      ]),
    );
    expect(ends.slice(0, 8).map(({ code, stderr }) => [code, stderr])).toEqual(names.map(() => [0, '']));
    const same = ends.slice(8);
    expect(same.map(({ code }) => code).sort()).toEqual([0, 2, 2, 2, 2, 2, 2, 2]);
    const { items } = dataOf<{ items: { name: string; args?: unknown }[] }>(await jobs('definitions --json'));
    expect(items.map(({ name }) => name)).toEqual(['first', ...names, 'same']);
    expect(items.at(-1)?.args).toEqual({ maxRows: same.findIndex(({ code }) => code === 0) });
  });
});

describe('jobs export and jobs import', () => {
  it('take definitions elsewhere, byte for byte', async () => {
    const { jobs, server, home } = await place();
    await jobs(NIGHTLY);
    await jobs('define b --tool export --args {"options":{"target":"t","depth":1},"format":"csv"} --hide');
    const file = join(home, 'jobs.json');
    const extra = '[{"tool":"batchProcess","later":{"z":1,"a":[]},"name":"A"}]';
    expect(await jobs('import -', { input: extra })).toMatchObject(ok('imported 1\n'));
    const exported = await jobs('export');
    expect(exported).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(exported.stdout)).toEqual({
      mcp2cli_definitions: 1,
      definitions: [
        { name: 'A', tool: 'batchProcess', later: { z: 1, a: [] } },
        {
          name: 'b',
          tool: 'export',
          args: { options: { target: 't', depth: 1 }, format: 'csv' },
          hideFromDiscovery: true,
        },
        {
          name: 'nightly-export',
          tool: 'export',
          args: { dataset: 'full' },
          retries: 5,
          timeout: '10m',
          tags: ['etl'],
        },
      ],
    });
    expect(exported.stdout).toMatch(/^\{\n {2}"mcp2cli_definitions": 1,\n[\s\S]*\}\n$/);
    expect((await jobs('export --json')).stdout).toBe(exported.stdout);
    writeFileSync(file, exported.stdout);

    const other = jobsIn(await homeAt(server.url));
    expect(await other.jobs(`import ${file} --dry-run`)).toMatchObject(ok('would import 3\n'));
    expect(existsSync(other.file)).toBe(false);
    expect(await other.jobs('import jobs.json', { cwd: home })).toMatchObject(ok('imported 3\n'));
    expect((await other.jobs('export')).stdout).toBe(exported.stdout);
    expect(readFileSync(other.file, 'utf8')).toBe(readFileSync(jobsIn(home).file, 'utf8'));
    expect(await other.jobs(`import ${file}`)).toMatchObject(ok('imported 3 (3 unchanged)\n'));

    const some = await jobs('export nightly-export A');
    expect(JSON.parse(some.stdout).definitions.map(({ name }: { name: string }) => name)).toEqual([
      'A',
      'nightly-export',
    ]);
    expect(await jobs('export nightly')).toMatchObject(
      refused('no definition "nightly"\nhint: did you mean nightly-export?\n'),
    );
  });

  it('are all or nothing, and replace only with --force', async () => {
    const { jobs, file } = await place();
    await jobs('define a --tool export --arg format=csv');
    await jobs('define b --tool export --arg format=csv');
    const input = JSON.stringify([
      { name: 'a', tool: 'export', args: { format: 'csv' } },
      { name: 'b', tool: 'export', args: { format: 'json' } },
      { name: 'c', tool: 'export' },
    ]);
    const before = readFileSync(file, 'utf8');
    for (const words of ['import -', 'import - --dry-run'])
      expect(await jobs(words, { input })).toMatchObject(
        refused('nothing was imported: defined already, with other content: b\nhint: replace with --force\n'),
      );
    expect(readFileSync(file, 'utf8')).toBe(before);
    const forced = await jobs('import - --force --json', { input });
    expect(dataOf(forced)).toEqual({
      dry_run: false,
      created: 1,
      replaced: 1,
      unchanged: 1,
      items: [
        { name: 'a', tool: 'export', outcome: 'unchanged' },
        { name: 'b', tool: 'export', outcome: 'replaced' },
        { name: 'c', tool: 'export', outcome: 'created' },
      ],
    });
    const single = { name: 'd', tool: 'export' };
    expect(await jobs('import -', { input: JSON.stringify(single) })).toMatchObject(ok('imported 1\n'));
    expect(await jobs('import -', { input: '[]' })).toMatchObject(ok('imported 0\n'));
  });

  it('refuse what could not have been defined here, in one message', async () => {
    const { jobs, file } = await place();
    const input = JSON.stringify([
      { name: 'a', tool: 'export', args: { dataset: 'x', apiKey: 'hunter2' } },
      { name: 'b', tool: 'exprt' },
      { name: 'batch-process', tool: 'export' },
      { name: 'fine', tool: 'export' },
    ]);
    expect(await jobs('import -', { input })).toMatchObject(
      refused(`nothing was imported: 4 problems:
  a: --dataset: must have at least 2 characters (given 1)
  a: apiKey is a secret, which is not stored: give it with each call, as --apiKey or in --args @FILE
  b: the server has no tool "exprt" (did you mean export?)
  batch-process: the server has a tool "batchProcess": choose another name
`),
    );
    for (const [text, message, code] of [
      [
        '{"mcp2cli_definitions":1,"definitions":',
        'stdin: not valid JSON: it ends too early or is not JSON\n',
      ],
      ['{"tools":[]}', /^error: stdin: no definitions of jobs in it\nhint: /],
      ['{"definitions":[]}', /^error: stdin: no definitions of jobs in it\nhint: /],
      [
        '{"mcp2cli_definitions":2}',
        'stdin: it was written by a newer version of mcp2cli\nhint: update mcp2cli\n',
        78,
      ],
      [
        '[1,{"name":"x"}]',
        'nothing was imported: 2 problems:\n  definition 1: not a JSON object\n  x: tool is missing\n',
      ],
      [
        '[{"name":"x","tool":"t"},{"name":"x","tool":"t"}]',
        'nothing was imported: x: defined twice in here\n',
      ],
      ['[{"name":"ls","tool":"t"}]', 'nothing was imported: ls: "ls" is a command\n'],
      [
        '[{"name":"x","tool":"t","retries":0}]',
        /^error: nothing was imported: x: --retries: not a whole number/,
      ],
      [
        '[{"name":"x","tool":"t","timeout":"soon","retries":0}]',
        /^error: nothing was imported: 2 problems:\n {2}x: --retries: .*\n {2}x: --timeout: /,
      ],
      [
        '[{"name":"x","tool":"t","timeout":"soon"}]',
        /^error: nothing was imported: x: --timeout: not a duration/,
      ],
    ] as const)
      expect({ text, ...(await jobs('import -', { input: text })) }).toMatchObject({
        text,
        ...refused(message, code),
      });
    expect(await jobs('import none.json')).toMatchObject(refused(/^error: no such file: .*none\.json\n$/));
    expect(existsSync(file)).toBe(false);
  });

  it('work without network, with a word about what was not checked', async () => {
    const input = JSON.stringify([
      { name: 'a', tool: 'export', args: { dataset: 'x' } },
      { name: 'b', tool: 'unheard-of' },
    ]);
    const away = jobsIn(await homeAt(`http://127.0.0.1:${await freePort()}/mcp`));
    const first = await away.jobs('import -', { input });
    expect(first).toMatchObject({ code: 0, stdout: 'imported 2\n' });
    expect(first.stderr).toMatch(/^warning: not checked against the server's tools: a, b \(.*\)\n$/);
    expect((await away.jobs('definitions')).stdout).toBe(
      'a  export  {"dataset":"x"}  -\nb  unheard-of  -  -\n',
    );
    const failed = await away.jobs('define c --tool export --json');
    expect(failed).toMatchObject({ code: 3, stdout: '' });
    expect(errorOf(failed)).toMatchObject({ code: 'unreachable' });

    // What the cache knows is checked all the same.
    const server = await demoServer();
    const home = await homeAt(server.url);
    await run(['work', 'ls'], { home });
    await server.close();
    const cached = jobsIn(home);
    expect(await cached.jobs('import -', { input: '[{"name":"a","tool":"export"}]' })).toMatchObject(
      ok('imported 1\n'),
    );
    expect(
      await cached.jobs('import -', { input: '[{"name":"c","tool":"export","args":{"dataset":1}}]' }),
    ).toMatchObject(refused('nothing was imported: c: --dataset: must be text (given 1)\n'));
    const unknown = await cached.jobs('import -', { input: '[{"name":"b","tool":"unheard-of"}]' });
    expect(unknown).toMatchObject({ code: 0, stdout: 'imported 1\n' });
    expect(unknown.stderr).toMatch(/^warning: not checked against the server's tools: b \(/);
  });
});

it('a damaged or newer file is an error for all of them, and stays as it is', async () => {
  const { jobs, file } = await place();
  mkdirSync(join(file, '..'), { recursive: true });
  for (const [text, message] of [
    ['{"schema_version": 1, "defin', /^error: the definitions are damaged: .*definitions\.json: /],
    [
      '{"schema_version": 2, "definitions": {}}',
      /^error: the definitions were written by a newer version .*\.json\n/,
    ],
  ] as const) {
    writeFileSync(file, text);
    for (const words of ['definitions', 'export', 'define x --tool export', 'undefine x', 'import -'])
      expect({ words, ...(await jobs(words, { input: '[{"name":"x","tool":"export"}]' })) }).toMatchObject({
        words,
        ...refused(message, 78),
      });
    expect(readFileSync(file, 'utf8')).toBe(text);
  }
});
