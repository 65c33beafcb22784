/** What job files import, without a host: what a job is given, and how an attempt ends. */
import { expect, test } from 'vitest';
import { openContainer } from '../../src/jobhost/library/container.ts';
import { definitionOf, type JobDefinition } from '../../src/jobhost/library/definitions.ts';
import { evaluateStep, execute, parseValue } from '../../src/jobhost/library/execute.ts';
import { FINAL, type JobPort } from '../../src/jobhost/library/job-context.ts';
import { Job, JobContext, job, Token, workflow, z } from '../../src/jobhost/library/jobs.ts';
import type { Provider } from '../../src/jobhost/library/token.ts';

const Clock = new Token<{ now(): number }>('Clock');
const shape = { n: z.number() };

async function runOf(
  carrier: object,
  input: unknown,
  port: Partial<JobPort> = {},
  providers: Provider[] = [],
) {
  const definition = definitionOf(carrier) as JobDefinition;
  const all: JobPort = {
    ...{
      runId: 'run',
      attempt: 1,
      signal: new AbortController().signal,
      authInfo: { roles: [], scopes: [] },
    },
    ...{ log: () => {}, progress: async () => true, mark: () => {}, call: async () => undefined },
    ...port,
  };
  return execute(definition, input, all, await openContainer(providers));
}

test('a job gets what providers give: values, classes, factories that wait for each other', async () => {
  class Counter {
    static made = 0;
    readonly n = ++Counter.made;
  }
  class Given extends JobContext {
    readonly counter = this.get(Counter);

    async execute() {
      expect(this.tryGet('nothing')).toBeUndefined();
      return { n: this.get(Clock).now() + this.counter.n + this.get<number>('late') };
    }
  }
  // As the decorator does it: these tests are not compiled with decorators.
  Job({ name: 'given', inputSchema: {}, outputSchema: shape })(Given);
  const providers: Provider[] = [
    { provide: 'late', useFactory: async (clock: { now(): number }) => clock.now() * 10, inject: [Clock] },
    { provide: Clock, useFactory: async () => ({ now: () => 5 }) },
    Counter,
  ];
  expect(await runOf(Given, {}, {}, providers)).toEqual({ n: 56 });
  expect(Counter.made).toBe(1);
});

test('what no provider gives, and providers that go round in a circle, are told by name', async () => {
  const needy = job({ name: 'needy', inputSchema: {}, outputSchema: shape })((_, ctx) => ({
    n: ctx.get(Clock).now(),
  }));
  await expect(runOf(needy, {})).rejects.toThrow('no provider gives Clock: name one in "providers"');
  const circle: Provider[] = [
    { provide: 'a', useFactory: () => 1, inject: ['b'] },
    { provide: 'b', useFactory: () => 1, inject: ['a'] },
  ];
  await expect(openContainer(circle)).rejects.toThrow('providers need each other: "a" -> "b" -> "a"');
  await expect(openContainer([{ provide: 'a' } as never])).rejects.toThrow('not a provider');
  expect(() => new JobContext()).toThrow('a job is made by mcp2cli when it runs');
});

test('respond ends an attempt with a value; fail ends the run; what is thrown may be tried again', async () => {
  const ends = job({ name: 'ends', inputSchema: { how: z.string() }, outputSchema: shape })(
    async ({ how }, ctx) => {
      if (how === 'respond') ctx.respond({ n: 7 });
      if (how === 'fail') ctx.fail('no more');
      throw new Error('again');
    },
  );
  expect(await runOf(ends, { how: 'respond' })).toEqual({ n: 7 });
  const failed = await runOf(ends, { how: 'fail' }).catch((error: unknown) => error);
  expect(failed).toMatchObject({ message: 'no more', [FINAL]: true });
  const thrown = await runOf(ends, { how: 'throw' }).catch((error: unknown) => error);
  expect(thrown).toMatchObject({ message: 'again' });
  expect(FINAL in (thrown as object)).toBe(false);
});

test('log lines have their time; tools are functions; a fetch ends with the attempt', async () => {
  const calls: unknown[] = [];
  const lines: string[] = [];
  const attempt = new AbortController();
  attempt.abort(new Error('over'));
  const busy = job({ name: 'busy', inputSchema: {}, outputSchema: { logs: z.array(z.string()) } })(
    async (_, ctx) => {
      ctx.log('one');
      expect(ctx.getLogs()).toEqual([expect.stringMatching(/^\[\d{4}-\d\d-\d\dT[\d:.]+Z\] one$/)]);
      await ctx.tools('work')['deploy']?.({ version: '2' });
      await expect(ctx.fetch('http://127.0.0.1:9/')).rejects.toThrow('over');
      return { logs: [String(ctx.attempt)] };
    },
  );
  const port: Partial<JobPort> = {
    attempt: 3,
    signal: attempt.signal,
    log: (message) => lines.push(message),
    call: async (...words) => calls.push(words),
  };
  expect(await runOf(busy, {}, port)).toEqual({ logs: ['3'] });
  expect(lines).toEqual(['one']);
  expect(calls).toEqual([['work', 'deploy', { version: '2' }, {}]]);
});

test('values are checked by the schemas, with defaults, and every field that is wrong is named', async () => {
  const schema = { name: z.string(), times: z.number().min(1).default(2) };
  expect(await parseValue(schema, { name: 'a', more: 1 })).toEqual({ name: 'a', times: 2 });
  await expect(parseValue(schema, { times: 0 })).rejects.toMatchObject({
    name: 'InvalidValueError',
    issues: [{ path: ['name'] }, { path: ['times'] }],
  });
  await expect(parseValue(z.object(schema).strict(), { name: 'a', more: 1 })).rejects.toThrow('more');
});

test('functions of a workflow see the steps so far, and its input', async () => {
  const flow = workflow({
    name: 'flow',
    inputSchema: shape,
    steps: [
      { id: 'a', jobName: 'x', input: { n: 1 } },
      {
        ...{ id: 'b', jobName: 'x', dependsOn: ['a'] },
        input: (steps, input) => ({ n: steps.get('a').outputs.n + input.n }),
        condition: (steps) => steps.get('a').state === 'completed' && steps.get('b').state === 'pending',
      },
      { id: 'c', jobName: 'x', condition: (steps) => steps.get('nothing').state === 'failed' },
    ],
  }) as never;
  const steps = { a: { state: 'completed', outputs: { n: 4 } } } as const;
  expect(await evaluateStep(flow, 'a', 'input', {}, { n: 1 })).toEqual({ n: 1 });
  expect(await evaluateStep(flow, 'b', 'input', steps, { n: 1 })).toEqual({ n: 5 });
  expect(await evaluateStep(flow, 'b', 'condition', steps, {})).toBe(true);
  await expect(evaluateStep(flow, 'c', 'condition', steps, {})).rejects.toThrow(
    'the workflow has no step "nothing": it has a, b, c',
  );
});
