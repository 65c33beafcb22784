import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type LoadOptions, loadFolder } from '../../src/jobhost/files/load.ts';

const made: string[] = [];
afterEach(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true });
});

/** A folder with these files, outside of any project: nothing is installed there. */
function folder(files: Record<string, string>): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'job-files-')));
  made.push(dir);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return dir;
}

function load(path: string, options: Partial<LoadOptions> = {}) {
  return loadFolder(path, { cacheDir: undefined, ...options });
}

/** A job in JavaScript. */
function greet(name = 'greet'): string {
  return `import { job, z } from 'mcp2cli/jobs';
export default job({ name: '${name}', inputSchema: { name: z.string() }, outputSchema: { message: z.string() } })(
  (input) => ({ message: 'Hello ' + input.name }));
`;
}

const names = (all: readonly { name: string }[]) => all.map(({ name }) => name);

test('TypeScript and JavaScript, several exports, classes with decorators, enums, files in folders', async () => {
  const dir = folder({
    'greet.job.js': greet(),
    'one.job.mjs': greet('one')
      .replace('job, z', 'job')
      .replace('export', "import { z } from 'zod';\nexport"),
    'required.job.js': greet('required')
      .replace(/^import .*/, "const { job, z } = require('mcp2cli/jobs');")
      .replace('export default', 'module.exports ='),
    'deep/er/class.job.ts': `
import { Job, JobContext } from 'mcp2cli/jobs';
import { z } from 'zod';
import { double } from '../../lib.ts';
enum Tone { Warm = 'warm', Cold = 'cold' }
@Job({
  name: 'tone',
  description: 'Sets a tone',
  inputSchema: { tone: z.enum(Tone).default(Tone.Warm).describe('Which tone'), times: z.int().optional() },
  outputSchema: z.object({ tone: z.string() }),
  retry: { maxAttempts: 5, backoffMs: 2000 },
  timeout: double(30_000),
  tags: ['text'],
  labels: { team: 'words' },
  hideFromDiscovery: true,
  permissions: [{ action: 'execute', roles: ['admin'] }, { action: 'execute', custom: async () => true }],
})
export class ToneJob extends JobContext {
  private tone: Tone = Tone.Cold;
  async execute(input: { tone: Tone }) {
    return { tone: input.tone ?? this.tone };
  }
}
`,
    'lib.ts': 'export const double = (n: number): number => 2 * n;',
    'two.workflow.mts': `
import { job, workflow, z } from 'mcp2cli/jobs';
const shape = { n: z.number() };
export const first = job({ name: 'first', inputSchema: shape, outputSchema: shape })((input) => input);
export const second = job({ name: 'second', inputSchema: shape, outputSchema: shape })((input) => input);
export default workflow({ name: 'both', steps: [
  { id: 'a', jobName: 'first', input: { n: 1 } },
  { id: 'b', jobName: 'second', dependsOn: ['a'], input: (steps) => ({ n: steps.get('a').outputs.n }), condition: () => true,
    continueOnError: true, timeout: 5, retry: { maxAttempts: 2 } },
] });
`,
    'node_modules/pack/not.job.ts': greet('not-here'),
    'notes.ts': 'throw new Error("nobody imports this");',
  });
  const found = await load(dir);
  expect(found.problems).toEqual([]);
  expect(names(found.jobs)).toEqual(['first', 'greet', 'one', 'required', 'second', 'tone']);
  expect(found.jobs.find(({ name }) => name === 'tone')).toMatchObject({
    description: 'Sets a tone',
    inputSchema: {
      type: 'object',
      properties: { tone: { enum: ['warm', 'cold'], default: 'warm', description: 'Which tone' } },
    },
    outputSchema: { type: 'object', required: ['tone'] },
    retry: { attempts: 5, backoffMs: 2000, multiplier: 2, maxBackoffMs: 60_000 },
    timeout: 60_000,
    tags: ['text'],
    labels: { team: 'words' },
    hideFromDiscovery: true,
    permissions: [
      { action: 'execute', roles: ['admin'], custom: false },
      { action: 'execute', custom: true },
    ],
  });
  // What has a default need not be given.
  expect(found.jobs.find(({ name }) => name === 'tone')?.inputSchema).not.toHaveProperty('required');
  expect(found.workflows).toMatchObject([
    {
      name: 'both',
      maxConcurrency: 5,
      timeout: 600_000,
      steps: [
        { id: 'a', jobName: 'first', input: { kind: 'values', values: { n: 1 } }, conditional: false },
        {
          ...{
            id: 'b',
            dependsOn: ['a'],
            input: { kind: 'function' },
            conditional: true,
            continueOnError: true,
          },
          ...{ timeout: 5, retry: { attempts: 2, backoffMs: 1000 } },
        },
      ],
    },
  ]);
  // Whoever waits for changes looks at what the job files import, too.
  expect(found.sources.map(({ file }) => file)).toContain(join(dir, 'lib.ts'));
});

test('an app registers the jobs of other files, and theirs are its providers', async () => {
  const dir = folder({
    'greet.job.ts': greet(),
    'app.job.ts': `
import { App, FrontMcp } from 'mcp2cli/jobs';
import greet from './greet.job.ts';
import { hidden } from './more.ts';
@App({ id: 'a', name: 'A', jobs: [greet, hidden], providers: [] })
class TextApp {}
@FrontMcp({ info: { name: 'My Server', version: '1.0.0' }, apps: [TextApp], jobsConfig: { enabled: true } })
export default class MyServer {}
`,
    'more.ts': greet('hidden').replace('export default', 'export const hidden ='),
  });
  const found = await load(dir);
  expect(found.problems).toEqual([]);
  expect(found.server).toEqual({ name: 'My Server', version: '1.0.0' });
  expect(found.jobs.map(({ name, file, site }) => [name, file, site.file])).toEqual([
    ['greet', join(dir, 'app.job.ts'), join(dir, 'greet.job.ts')],
    ['hidden', join(dir, 'app.job.ts'), join(dir, 'more.ts')],
  ]);
});

test('each wrong file has its own message with its place, and costs itself alone', async () => {
  const dir = folder({
    'a-good.job.ts': greet('good'),
    'again.job.ts': `\n\n${greet('good')}`,
    'broken-helper.ts': 'export const a = 1;\nexport const b = = 2;\n',
    'stranger.job.ts': `import { App } from 'mcp2cli/jobs';\n@App({ jobs: [undefined] })\nclass Nothing {}\n`,
    'circle.workflow.ts': `import { workflow } from 'mcp2cli/jobs';
workflow({ name: 'round', steps: [
  { id: 'a', jobName: 'good' },
  { id: 'b', jobName: 'good', dependsOn: ['c'] },
  { id: 'c', jobName: 'good', dependsOn: ['b'] },
] });
workflow({ name: 'twice', steps: [
  { id: 'one', jobName: 'good' },
  { id: 'one', jobName: 'good' },
] });
workflow({ name: 'lacks', steps: [{ id: 'x', jobName: 'nobody' }] });
workflow({ name: 'fine', steps: [{ id: 'x', jobName: 'good' }] });
workflow({ name: 'waits', steps: [
  { id: 'a', jobName: 'good', dependsOn: ['z'] },
] });
`,
    'empty.job.ts': 'export const nothing = 1;\n',
    'exits.job.js': 'process.exit(3);\n',
    'helper.job.ts': `import { b } from './broken-helper.ts';\nconsole.log(b);\n${greet('helped')}`,
    'json.job.ts': `import { job } from 'mcp2cli/jobs';
export default job({ name: 'json', inputSchema: { type: 'object', properties: {} }, outputSchema: {} } as never)(() => ({}));\n`,
    'loop.job.ts': 'for (;;) {}\n',
    'missing.job.mjs': `${greet('missing')}import 'left-pad-of-nobody';\n`,
    'name.job.ts': greet('not a name'),
    'never.job.mjs': `${greet('never')}await new Promise(() => {});\n`,
    'number.job.ts': greet('number').replace('{ message: z.string() }', 'z.number()'),
    'rejects.job.ts': `Promise.reject(new Error('nobody waits for this'));\nawait new Promise(() => {});\n`,
    'syntax.job.js': 'import { job } from "mcp2cli/jobs";\nexport const a = ;\n',
    'syntax.job.ts': 'import { job } from "mcp2cli/jobs";\nconst a: string = ;\n',
    'throws.job.ts': `const fail = (): never => {\n  throw new Error('no database');\n};\nfail();\n`,
  });
  const found = await load(dir);
  expect(names(found.jobs)).toEqual(['good']);
  expect(names(found.workflows)).toEqual(['fine']);
  const said = Object.fromEntries(
    found.problems.map(({ file, line, code, message }) => [
      `${file.slice(dir.length + 1)}${line === undefined ? '' : `:${line}`} ${code}`,
      message.replaceAll(dir, ''),
    ]),
  );
  expect(said).toEqual({
    'again.job.ts:4 doubled': 'the name "good" is taken by /a-good.job.ts:2: this job is left out',
    'broken-helper.ts:2 syntax': 'Unexpected token (imported by helper.job.ts)',
    'stranger.job.ts:3 invalid':
      'jobs[0] is nothing that mcp2cli/jobs has made: list classes with a decorator, or what job() and workflow() give',
    'circle.workflow.ts:4 invalid':
      'the workflow "round": steps wait for each other in a circle: b -> c -> b',
    'circle.workflow.ts:9 invalid': 'the workflow "twice": two steps have the id "one"',
    'circle.workflow.ts:11 invalid':
      'the step "x" of the workflow "lacks" runs "nobody", and there is no such job here',
    'circle.workflow.ts:14 invalid': 'the workflow "waits": a depends on "z", which is no step',
    'empty.job.ts empty':
      'no job is defined here: make one with job({ name, inputSchema, outputSchema })(...)',
    'exits.job.js exits': 'it ends its process while it is imported (exit code 3)',
    'json.job.ts:2 invalid':
      'inputSchema of the job "json" is a JSON Schema, and must be a zod schema: write it with z of mcp2cli/jobs, or zod 4',
    'loop.job.ts hangs': 'its import does not come to an end (3 s): what takes long belongs into the job',
    'missing.job.mjs:4 import':
      'it imports "left-pad-of-nobody", which is not installed: npm install left-pad-of-nobody in the folder of the job files',
    'name.job.ts:2 invalid':
      'not a name for a job: "not a name" (letters, digits, "_", "-" and ".", at most 128)',
    'never.job.mjs hangs': 'its import does not come to an end (3 s): what takes long belongs into the job',
    'number.job.ts:2 invalid':
      'outputSchema of the job "number" must be of an object: put the value into a field, as in outputSchema: { value: ... }',
    'rejects.job.ts:1 import': 'its import failed: nobody waits for this',
    'syntax.job.js:2 syntax': 'Unexpected token',
    'syntax.job.ts:2 syntax': 'Unexpected token',
    'throws.job.ts:2 import': 'its import failed: no database',
  });
});

test('a hundred files, one of which hangs', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 100 }, (_, n) => [`f${n}.job.js`, greet(`job-${n}`)]),
  );
  const dir = folder({ ...files, 'f1.job.js': 'for (;;) {}' });
  const found = await load(dir);
  expect(found.jobs).toHaveLength(99);
  expect(found.problems).toMatchObject([{ code: 'hangs', file: join(dir, 'f1.job.js') }]);
});

test('what TypeScript has become is kept for the user alone, and what a file prints goes where it is told to', async () => {
  const dir = folder({ 'greet.job.ts': `console.log('printed');\n${greet()}` });
  const cacheDir = join(dir, 'cache/files');
  let printed = '';
  for (const text of ['first', 'second']) {
    const found = await load(dir, { cacheDir, onOutput: (chunk) => (printed += chunk) });
    expect(names(found.jobs), text).toEqual(['greet']);
  }
  expect(statSync(cacheDir).mode & 0o777).toBe(0o700);
  expect(readdirSync(cacheDir)).toHaveLength(1);
  expect(printed).toBe('printed\nprinted\n');
});

test('a single file, links, and a path where nothing is', async () => {
  const dir = folder({ 'any-name.ts': greet(), 'sub/x.job.ts': greet('x'), 'jobs.yaml': '' });
  symlinkSync(dir, join(dir, 'sub/round'));
  expect(names((await load(join(dir, 'any-name.ts'))).jobs)).toEqual(['greet']);
  expect(names((await load(join(dir, 'sub'))).jobs)).toEqual(['x']);
  expect(await load(folder({}))).toMatchObject({ jobs: [], workflows: [], problems: [] });
  await expect(load(join(dir, 'nothing'))).rejects.toThrow('there is no such file or folder');
  await expect(load(join(dir, 'jobs.yaml'))).rejects.toThrow('not a job file');
});
