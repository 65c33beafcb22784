/** Every code example of the document "Jobs": loaded and run with nothing changed but the import lines. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { loadFolder } from '../../../src/jobhost/files/load.ts';
import { atTestEnd, run, startCommand } from '../../support/cli.ts';
import { freshDir, freshHome } from '../../support/home.ts';
import { dataOf, errorOf } from '../../support/instance.ts';
import { examples, withImports } from '../../support/reference-jobs.ts';

const LIBRARY = "import { App, FrontMcp, Job, JobContext, job } from 'mcp2cli/jobs';";
const ZOD = "import { z } from 'zod';";
/** What the document's service is: it names the token, and leaves the rest to its reader. */
const NLP = `import { Token } from 'mcp2cli/jobs';
export interface Nlp { analyze(text: string, language: string): Promise<{ sentiment: string; keyPhrases: string[]; confidence: number }> }
export const NlpServiceToken = new Token<Nlp>('NlpServiceToken');
export const providers = [{
  provide: NlpServiceToken,
  useValue: { analyze: async (text: string, language: string) => ({ sentiment: 'positive', keyPhrases: [text, language], confidence: 1 }) },
}];`;

/** In the document's order. */
const [analyze, greet, app, server, order, fetchData, deleteData, viaTool, viaClient, batch, redis] =
  examples() as [string, string, string, string, string, string, string, string, string, string, string];

/** The document shows some jobs as a decorator alone: its class is left to the reader. */
const bare = (body: string) => `class Bare extends JobContext { ${body} }`;

/** The examples that are job files, by the name of the file. */
const FILES = {
  'nlp.ts': NLP,
  // These build on each other: a page of the document is a file.
  'text.job.ts': withImports(
    [analyze, greet, app, server].join('\n'),
    LIBRARY,
    ZOD,
    "import { NlpServiceToken } from './nlp.ts';",
    "export { providers } from './nlp.ts';",
  ),
  'order.job.ts': withImports(
    `${order}\n${bare("execute(input) { return { orderId: input.orderId, status: 'processed', totalAmount: input.items.length, processedAt: input.priority }; }")}`,
    LIBRARY,
    ZOD,
  ),
  'fetch.job.ts': withImports(fetchData, LIBRARY, ZOD),
  'delete.job.ts': withImports(
    `${deleteData}\n${bare('execute() { return { deleted: true }; }')}`,
    LIBRARY,
    ZOD,
  ),
  'import.job.ts': withImports(batch, LIBRARY, ZOD),
  'redis.job.ts': withImports(`${redis}\nclass Redis {}`, LIBRARY),
};

function folderOf(files: Record<string, string>): string {
  const dir = freshDir('jobs');
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return dir;
}

test('the examples load, as the document says', async () => {
  expect(examples()).toHaveLength(11);
  const found = await loadFolder(folderOf(FILES), { cacheDir: undefined });
  expect(found.problems).toEqual([]);
  expect(found.server).toEqual({ name: 'My Server', version: '1.0.0' });
  const jobs = Object.fromEntries(found.jobs.map((one) => [one.name, one]));
  const common = {
    ...{ timeout: 300_000, retry: undefined, tags: [], labels: {} },
    ...{ hideFromDiscovery: false, permissions: [] },
  };
  expect(jobs).toMatchObject({
    'analyze-text': {
      ...common,
      id: 'analyze-text',
      description: 'Analyze text and return sentiment and key phrases',
      inputSchema: {
        type: 'object',
        properties: {
          text: { type: 'string', description: 'Text to analyze' },
          language: { type: 'string', description: 'Language code', default: 'en' },
        },
        required: ['text'],
      },
      outputSchema: {
        properties: {
          sentiment: { enum: ['positive', 'negative', 'neutral'] },
          keyPhrases: { type: 'array', items: { type: 'string' } },
          confidence: { type: 'number' },
        },
        required: ['sentiment', 'keyPhrases', 'confidence'],
      },
    },
    greet: { ...common, inputSchema: { required: ['name'] } },
    'process-order': {
      inputSchema: { properties: { items: { items: { properties: { quantity: { minimum: 1 } } } } } },
    },
    'fetch-external-data': {
      retry: { attempts: 5, backoffMs: 2_000, multiplier: 2, maxBackoffMs: 30_000 },
    },
    'delete-user-data': {
      permissions: [
        { action: 'execute', roles: ['admin', 'data-officer'], custom: false },
        { action: 'execute', scopes: ['data:delete'], custom: false },
      ],
    },
    'batch-import': common,
  });
  expect(found.jobs).toHaveLength(6);
});

/** A home whose instance `etl` is these files. */
async function etlOf(files: Record<string, string>) {
  const jobs = folderOf(files);
  const home = freshHome();
  expect(await run(['instances', 'add', 'etl', '--jobs', jobs], { home })).toMatchObject({ code: 0 });
  atTestEnd(async () => {
    await run(['keeper', 'stop', 'etl', '--force'], { home });
  });
  const etl = (...words: string[]) => run(['etl', ...words], { home });
  return { home, jobs, etl };
}

test('"Creating Jobs": by a class with what it is given, and by a function', async () => {
  const { etl } = await etlOf({ 'nlp.ts': NLP, 'text.job.ts': FILES['text.job.ts'] });
  const listed = await etl('--json', 'ls');
  expect(JSON.stringify(dataOf(listed))).toContain('Analyze text and return sentiment and key phrases');
  const analyzed = await etl('--json', 'analyze-text', '--text', 'Hello world');
  expect(dataOf(analyzed)).toMatchObject({
    structuredContent: { sentiment: 'positive', keyPhrases: ['Hello world', 'en'], confidence: 1 },
  });
  expect(dataOf(await etl('--json', 'greet', '--name', 'Ada', '--formal'))).toMatchObject({
    structuredContent: { message: 'Dear Ada !' },
  });
  const help = await etl('greet', '--help');
  expect(help.stdout).toMatch(/Required:\s+--name <string>\s+Optional:\s+--formal\s+\[default: false\]/);
  expect((await etl('greet')).code).toBe(2);
});

test('a job whose service nobody gives names the token', async () => {
  const files = {
    'nlp.ts': NLP,
    'text.job.ts': FILES['text.job.ts'].replace(/^export \{ providers.*$/m, ''),
  };
  const { etl } = await etlOf(files);
  const failed = await etl('analyze-text', '--text', 'x');
  expect(failed.code).toBe(1);
  expect(failed.stdout + failed.stderr).toContain('no provider gives NlpServiceToken');
});

test('"Jobs require both input and output schemas": what does not fit is refused before the run', async () => {
  const { etl } = await etlOf({ 'order.job.ts': FILES['order.job.ts'] });
  const items = '[{"productId":"p","quantity":2}]';
  expect(dataOf(await etl('--json', 'process-order', '--order-id', 'o', '--items', items))).toMatchObject({
    structuredContent: { orderId: 'o', status: 'processed', totalAmount: 1, processedAt: 'normal' },
  });
  const refused = await etl('process-order', '--order-id', 'o', '--items', items.replace('2', '0'));
  expect(refused).toMatchObject({ code: 2 });
});

test('"Retry Configuration": a second attempt after two seconds, told in the log', async () => {
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    response.writeHead(asked === 1 ? 503 : 200, { 'content-type': 'application/json' });
    response.end('{"rows":3}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atTestEnd(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const { etl } = await etlOf({ 'fetch.job.ts': FILES['fetch.job.ts'] });
  const before = performance.now();
  const submitted = await etl('fetch-external-data', '--url', url, '--background', '--quiet');
  expect(submitted).toMatchObject({ code: 0, stderr: '' });
  const done = await etl('--json', 'jobs', 'wait', submitted.stdout.trim());
  expect(dataOf(done)).toMatchObject({
    status: 'completed',
    result: { structuredContent: { data: { rows: 3 } } },
  });
  expect(performance.now() - before).toBeGreaterThanOrEqual(2_000);
  const log = await etl('jobs', 'logs', submitted.stdout.trim());
  expect(log.stdout).toMatch(/Attempt 1 : Fetching[\s\S]*Attempt 2 : Fetching/);
});

test('"Permissions": roles and scopes are those of the instance', async () => {
  const { home, etl } = await etlOf({ 'delete.job.ts': FILES['delete.job.ts'] });
  const refused = await etl('--json', 'delete-user-data', '--user-id', 'u');
  expect(refused.code).toBe(4);
  expect(errorOf(refused)).toMatchObject({ code: 'permission_denied' });
  for (const words of [
    ['roles', 'data-officer'],
    ['scopes', 'data:delete'],
  ])
    expect(await run(['instances', 'set', 'etl', ...words], { home })).toMatchObject({ code: 0 });
  expect(dataOf(await etl('--json', 'delete-user-data', '--user-id', 'u'))).toMatchObject({
    structuredContent: { deleted: true },
  });
});

test('"Progress Reporting": progress and log of a run, as the document has it', async () => {
  const { etl } = await etlOf({ 'import.job.ts': FILES['import.job.ts'] });
  const submitted = await etl('batch-import', '--records', '[{"a":1},{"b":2}]', '--background', '--quiet');
  const done = await etl('--json', 'jobs', 'wait', submitted.stdout.trim());
  // The document leaves `importRecord` to its reader: it is not there, and the job counts that as failures.
  expect(dataOf(done)).toMatchObject({
    status: 'completed',
    progress: { progress: 2, total: 2, message: 'Importing record 2' },
    result: { structuredContent: { imported: 0, failed: 2 } },
  });
  expect((await etl('jobs', 'logs', submitted.stdout.trim())).stdout).toMatch(
    /Processing record 1 \/ 2[\s\S]*Processing record 2 \/ 2/,
  );
});

test('"Background Execution": by the tools, and by DirectClient from a script', async () => {
  const { home, jobs } = await etlOf({ 'nlp.ts': NLP, 'text.job.ts': FILES['text.job.ts'] });
  mkdirSync(join(home, 'node_modules'));
  symlinkSync(resolve(import.meta.dirname, '../../..'), join(home, 'node_modules/mcp2cli'));
  const script = (code: string, run: string) => `
import { DirectClient } from 'mcp2cli/jobs';
const client = await DirectClient.connect({ jobs: ${JSON.stringify(jobs)} });
${code}
let last = status;
for (let i = 0; i < 400 && (last.state ?? last.structuredContent.state) === 'running'; i++) {
  await new Promise((resolve) => setTimeout(resolve, 50));
  last = await client.getJobStatus(${run});
}
console.log(JSON.stringify({ first: ${run}, last: last.structuredContent ?? last }));
await client.close();
`;
  const direct = script(viaClient, 'runId');
  const tool = script(
    viaTool.replace("'run-abc-123' ,\n});\n//", 'result.structuredContent.runId });\n//'),
    'result.structuredContent.runId',
  );
  for (const [name, text] of Object.entries({ direct, tool })) {
    writeFileSync(join(home, `${name}.mjs`), text);
    const { code, stdout, stderr } = await startCommand(process.execPath, [`${name}.mjs`], {
      home,
      cwd: home,
    }).done;
    expect({ name, code, stderr }).toEqual({ name, code: 0, stderr: '' });
    const { first, last } = JSON.parse(stdout) as { first: string; last: object };
    expect(first).toMatch(/^job_/);
    expect(last).toMatchObject({
      runId: first,
      state: 'completed',
      result: { sentiment: 'positive', keyPhrases: ['Hello world', 'en'], confidence: 1 },
    });
  }
});
