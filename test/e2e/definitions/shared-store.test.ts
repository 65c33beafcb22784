/** Definitions that machines share in a real Redis: a machine is another home here. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { readAddress } from '../../../src/config/settings/store-address.ts';
import type { SharedDefinitions } from '../../../src/definitions/shared-port.ts';
import { openShared } from '../../../src/jobs/store/open-store.ts';
import { atTestEnd, run, type StartOptions } from '../../support/cli.ts';
import { BIN, cleanEnv } from '../../support/env.ts';
import { fixtureServer } from '../../support/fixture-http.ts';
import { freshDir } from '../../support/home.ts';
import { dataOf, homeAt } from '../../support/instance.ts';
import { noRedis, startRedis } from '../../support/redis.ts';
import { redisForAll } from '../../support/redis-for-all.ts';

const TOOLS = [
  { name: 'export', inputSchema: { type: 'object', properties: { dataset: { type: 'string' } } } },
];
const LOCAL = { MCP2CLI_STORE: '' };

describe.skipIf(noRedis !== undefined)('definitions in a shared store', () => {
  const redis = redisForAll(['appendonly yes', 'appendfsync always']);
  let number = 0;

  /** Machines with the same server and the same store. */
  const machines = async (count: number, host = redis.host) => {
    const { url } = await fixtureServer(structuredClone(TOOLS));
    const env = { MCP2CLI_STORE: `redis://${host}/0?prefix=d${number++}:` };
    const machine = async () => {
      const home = await homeAt(url);
      const work = (words: string, options: Partial<StartOptions> = {}) =>
        run(['work', ...words.split(' ')], { home, env, ...options });
      const names = async () =>
        dataOf<{ items: { name: string }[] }>(await work('jobs definitions --json')).items.map(
          ({ name }) => name,
        );
      return { home, env, work, names, folder: join(home, 'instances', 'work') };
    };
    return Promise.all(Array.from({ length: count }, machine));
  };
  /** The store of the machines that were made last. */
  const inRedis = async () => {
    const raw = new Redis(Number(redis.host.split(':')[1]), '127.0.0.1');
    atTestEnd(() => raw.disconnect());
    return { prefix: `d${number - 1}:`, raw };
  };
  type Machine = Awaited<ReturnType<typeof machines>>[number];
  const two = async () => (await machines(2)) as [Machine, Machine];
  const define = (name: string, dataset = 'full') =>
    `jobs define ${name} --tool export --arg dataset=${dataset}`;
  const ok = (stdout: string | RegExp) => ({
    code: 0,
    stdout: typeof stdout === 'string' ? stdout : expect.stringMatching(stdout),
    stderr: '',
  });

  it('defined on one machine are run, listed, exported and removed on another', async () => {
    const [a, b] = await two();
    expect(await a.work(define('nightly'))).toMatchObject(ok('defined nightly (export)\n'));
    expect(existsSync(join(a.folder, 'definitions.json'))).toBe(false);
    expect(await b.work('nightly')).toMatchObject(ok(/full/));
    expect(await b.work('ls')).toMatchObject(ok(/nightly/));
    expect(await b.work('jobs definitions')).toMatchObject(ok(/^nightly {2}export/));
    expect(await b.work('jobs export')).toMatchObject(await a.work('jobs export'));
    expect(await b.work(define('nightly', 'half'))).toMatchObject({ code: 2 });
    expect(await b.work(`${define('nightly', 'half')} --force`)).toMatchObject(ok(/nightly/));
    expect(await a.work('nightly')).toMatchObject(ok(/half/));
    expect(await b.work('jobs undefine nightly')).toMatchObject(ok('removed nightly\n'));
    expect(await a.work('nightly')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no tool "nightly"'),
    });
    expect(await a.names()).toEqual([]);
  });

  it('imports and workflows go the same way', async () => {
    const [a, b] = await two();
    const workflow = JSON.stringify({ name: 'twice', steps: [{ id: 'one', tool: 'nightly' }] });
    const document = JSON.stringify([{ name: 'nightly', tool: 'export' }]);
    expect(await a.work('jobs import -', { input: document })).toMatchObject(ok('imported 1\n'));
    expect(await b.work('jobs import -', { input: document })).toMatchObject(
      ok('imported 1 (1 unchanged)\n'),
    );
    expect(await b.work('jobs define -', { input: workflow })).toMatchObject(ok(/^defined twice/));
    expect(await a.names()).toEqual(['nightly', 'twice']);
    expect(await a.work('twice')).toMatchObject({ code: 0 });
  });

  it('machines that define at once lose nothing, and of one name one wins', async () => {
    const all = await machines(4);
    const runs = all.flatMap(({ work }, m) => [0, 1, 2].map((n) => work(define(`own-${m}-${n}`))));
    const contested = all.map(({ work }, m) => work(define('one', `set-${m}`)));
    expect((await Promise.all(runs)).map(({ code, stderr }) => ({ code, stderr }))).toEqual(
      runs.map(() => ({ code: 0, stderr: '' })),
    );
    expect((await Promise.all(contested)).map(({ code }) => code).toSorted()).toEqual([0, 2, 2, 2]);
    const expected = all.flatMap((_, m) => [0, 1, 2].map((n) => `own-${m}-${n}`));
    for (const { names } of all) expect(await names()).toEqual(['one', ...expected].toSorted());
  });

  it('without the store are listed as they were, with a warning, and neither run nor changed', async () => {
    const own = await startRedis();
    const [a, b] = (await machines(2, own.host)) as [Machine, Machine];
    await a.work(define('nightly'));
    expect(await b.work('ls')).toMatchObject(ok(/nightly/));
    await own.kill();
    const warned = {
      code: 0,
      stderr: expect.stringMatching(/^warning: definitions are told as they were .*cannot be reached/),
    };
    expect(await b.work('ls')).toMatchObject({ ...warned, stdout: expect.stringContaining('nightly') });
    expect(await b.work('jobs definitions')).toMatchObject({
      ...warned,
      stdout: expect.stringMatching(/^nightly {2}export/),
    });
    for (const words of [
      'nightly',
      define('other'),
      'jobs undefine nightly',
      'jobs export',
      'call --definition nightly',
    ])
      expect({ words, ...(await b.work(words)) }).toMatchObject({
        words,
        code: 3,
        stdout: '',
        stderr: expect.stringContaining('cannot be reached'),
      });
    expect(await b.work('export --dataset few')).toMatchObject(ok(/few/));
    const tab = await run(['__complete', '--', 'work', 'jobs', 'undefine', ''], { home: b.home, env: b.env });
    expect(tab).toMatchObject(ok(/^nightly/));
  });

  it('of this machine from before stay in its file, and go to the store with jobs migrate', async () => {
    const [a, b] = await two();
    await a.work(define('mine'), { env: LOCAL });
    await a.work(define('both', 'old'), { env: LOCAL });
    const file = join(a.folder, 'definitions.json');
    const before = readFileSync(file, 'utf8');
    await b.work(define('both', 'new'));
    const first = await a.work('ls');
    expect(first.stderr).toMatch(
      /^warning: .*: both, mine; to bring them over: mcp2cli work jobs migrate\n$/,
    );
    expect(first.stdout).not.toContain('mine');
    expect(await a.work('ls')).toMatchObject({ stderr: '' });
    expect(await a.work('jobs migrate --dry-run')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Would copy 0 jobs and 1 definition /),
    });
    expect(await a.names()).toEqual(['both']);
    expect(await a.work('jobs migrate')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Copied 0 jobs and 1 definition from files to redis/),
      stderr: expect.stringMatching(/the definition both is another one/),
    });
    expect(await b.names()).toEqual(['both', 'mine']);
    expect(await b.work('both')).toMatchObject(ok(/new/));
    expect(dataOf(await a.work('jobs migrate --json'))).toMatchObject({
      definitions: { copied: [], present: ['mine'], differ: ['both'] },
    });
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(await a.work('both', { env: LOCAL })).toMatchObject(ok(/old/));
  });

  it('registered at a server are those of the machines, over an instance and over job files', async () => {
    const [a, b] = await two();
    const dir = freshDir('jobs');
    writeFileSync(
      join(dir, 'greet.job.mjs'),
      `import { job, z } from 'mcp2cli/jobs';
export default job({ name: 'greet', inputSchema: { name: z.string() }, outputSchema: { message: z.string() } })(
  async ({ name }) => ({ message: 'Hello ' + name }));
`,
    );
    const served = async ({ home, env }: Machine, ...words: string[]) => {
      const client = new Client({ name: 'test', version: '1' });
      const args = [BIN, 'serve', ...words];
      const child = {
        command: process.execPath,
        args,
        env: { ...cleanEnv(home), ...env },
        stderr: 'ignore' as const,
      };
      await client.connect(new StdioClientTransport(child));
      atTestEnd(() => client.close());
      return {
        call: async (name: string, input: Record<string, unknown>) =>
          (await client.callTool({ name, arguments: input })).structuredContent,
        names: async () => (await client.listTools()).tools.map(({ name }) => name),
      };
    };
    const instance = await served(a, 'work');
    expect(await instance.call('register_job', { name: 'nightly', tool: 'export' })).toMatchObject({
      success: true,
    });
    expect(await b.names()).toEqual(['nightly']);
    await b.work(define('other'));
    expect(await instance.names()).toEqual(expect.arrayContaining(['nightly', 'other']));
    const [here, there] = [await served(a, '--jobs', dir), await served(b, '--jobs', dir)];
    const ada = { name: 'greet-ada', tool: 'greet', args: { name: 'Ada' } };
    expect(await here.call('register_job', ada)).toMatchObject({ success: true });
    expect(await there.names()).toContain('greet-ada');
    expect(await there.call('greet-ada', {})).toEqual({ message: 'Hello Ada' });
    expect(await there.call('remove_job', { name: 'greet-ada' })).toMatchObject({ success: true });
    expect(await here.names()).not.toContain('greet-ada');
  });

  it('that are damaged in the store are an error, and left alone', async () => {
    const [a] = await two();
    await a.work(define('nightly'));
    const { prefix, raw } = await inRedis();
    const key = `${prefix}{work}:definitions`;
    await raw.hset(key, 'text', '{"nonsense');
    const damaged = { code: 78, stderr: expect.stringContaining(`the definitions are damaged: ${key}`) };
    expect(await a.work('nightly')).toMatchObject(damaged);
    expect(await a.work(define('other'))).toMatchObject(damaged);
    expect(await a.work('export')).toMatchObject({ code: 0 });
    expect(await raw.hget(key, 'text')).toBe('{"nonsense');
  });

  it('an address that is none spoils no list of tools, and is told', async () => {
    const [a] = await two();
    const env = { MCP2CLI_STORE: 'nonsense://' };
    expect(await a.work('ls', { env })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('export'),
      stderr: expect.stringMatching(/^warning: definitions .*MCP2CLI_STORE/),
    });
    expect(await a.work('jobs export', { env })).toMatchObject({ code: 78 });
  });

  it('a change is made once, over the version that was read', async () => {
    const open = () => {
      const store = openShared(
        readAddress(`redis://${redis.host}/0?prefix=cas:&name=work`, 'test'),
        'work',
        0,
      );
      atTestEnd(() => store.close());
      return store.definitions as SharedDefinitions;
    };
    const [one, two] = [open(), open()];
    expect(await one.read()).toMatchObject({ revision: 0, text: undefined });
    expect(await two.replace(0, 'two')).toBe(true);
    expect(await one.replace(0, 'one')).toBe(false);
    // Sent again, because the connection broke before the answer.
    expect(await two.replace(0, 'two')).toBe(true);
    expect(await one.read()).toMatchObject({ revision: 1, text: 'two' });
  });
});
