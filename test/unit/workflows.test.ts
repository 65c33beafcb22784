import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StepFact, WorkflowPlan } from '../../src/jobs/record.ts';
import { NO_RETRY } from '../../src/jobs/retry.ts';
import { keptSteps, stepsOf } from '../../src/jobs/workflow/steps.ts';
import { stopAfter } from '../../src/lib/stop.ts';
import { linkProblems } from '../../src/workflows/checks.ts';
import { next } from '../../src/workflows/next.ts';
import { runWorkflow, type WorkflowPorts } from '../../src/workflows/run.ts';
import type { Step, StepStatus, Workflow } from '../../src/workflows/workflow.ts';

/** A step and how it behaves: a function of what is before it, so that two interpreters can be compared. */
interface Scripted extends Step {
  /** Attempts that fail before one succeeds. */
  failures: number;
  condition: 'none' | 'true' | 'false' | 'throws' | 'all completed' | 'some failed';
  /** Turns of the event loop that an attempt takes. */
  turns: number;
}

const never = new Promise<never>(() => {});
const clock = {
  now: () => new Date(0),
  monotonic: () => 0,
  // Pauses between attempts are over at once; limits never come.
  sleep: (ms: number, signal?: AbortSignal) =>
    signal?.aborted ? Promise.reject(signal.reason) : ms < 60_000 ? Promise.resolve() : never,
};
const noStop = () => stopAfter(clock, undefined, undefined, '');

function step(id: string, dependsOn: string[] = [], more: Partial<Scripted> = {}): Scripted {
  return {
    id,
    jobName: id,
    dependsOn,
    hasCondition: false,
    continueOnError: false,
    failures: 0,
    condition: 'none',
    turns: 1,
    ...more,
  };
}

function workflow(steps: readonly Scripted[], maxConcurrency = 5): Workflow & { steps: readonly Scripted[] } {
  return { name: 'w', steps, maxConcurrency, timeoutMs: undefined };
}

type Before = ReadonlyMap<string, StepStatus>;

function conditionOf({ condition }: Scripted, before: Before): boolean {
  const states = [...before.values()].map(({ state }) => state);
  if (condition === 'throws') throw new Error('no');
  if (condition === 'all completed') return states.every((state) => state === 'completed');
  if (condition === 'some failed') return states.includes('failed');
  return condition !== 'false';
}

/** What a step makes of those before it: wrong inputs show in wrong outputs. */
function outputsOf({ id, dependsOn }: Scripted, before: Before): string {
  return `${id}(${dependsOn.map((other) => String(before.get(other)?.outputs ?? before.get(other)?.state)).join(',')})`.slice(
    0,
    200,
  );
}

/** One step after the other, by the words of the documents and nothing else. */
function naively({ steps }: { steps: readonly Scripted[] }): Map<string, string> {
  const byId = new Map(steps.map((one) => [one.id, one]));
  const done = new Map<string, StepStatus>();
  const ancestors = new Map<string, Set<string>>();
  const visit = (one: Scripted): void => {
    if (done.has(one.id)) return;
    const above = new Set<string>();
    for (const id of one.dependsOn) {
      visit(byId.get(id) as Scripted);
      above.add(id);
      for (const other of ancestors.get(id) ?? []) above.add(other);
    }
    ancestors.set(one.id, above);
    const before = new Map([...done].filter(([id]) => above.has(id)));
    const broken = one.dependsOn.some((id) => {
      const other = done.get(id) as StepStatus;
      return other.blocked || (other.state === 'failed' && !byId.get(id)?.continueOnError);
    });
    done.set(one.id, broken ? { state: 'skipped', blocked: true } : alone(one, before));
  };
  for (const one of steps) visit(one);
  return shown(done);
}

function alone(one: Scripted, before: Before): StepStatus {
  try {
    if (!conditionOf(one, before)) return { state: 'skipped' };
  } catch {
    return { state: 'skipped' };
  }
  if (one.failures >= (one.retry?.attempts ?? 1)) return { state: 'failed' };
  return { state: 'completed', outputs: outputsOf(one, before) };
}

function shown(states: Before): Map<string, string> {
  return new Map([...states].map(([id, { state, outputs = '' }]) => [id, `${state} ${outputs}`]));
}

interface Run {
  facts: StepFact[];
  ran: string[];
  most: number;
}

/** The process that runs it is gone after this many facts. */
class Killed extends Error {}

function hosting(run: Run, killAfter = Number.POSITIVE_INFINITY): WorkflowPorts {
  let under = 0;
  let records = 0;
  const scripted = (one: Step) => one as Scripted;
  return {
    clock,
    evaluate: async (one, what, before) =>
      what === 'condition' ? conditionOf(scripted(one), before) : outputsOf(scripted(one), before),
    async runStep(one, input, { attempt }) {
      run.ran.push(one.id);
      under += 1;
      run.most = Math.max(run.most, under);
      for (let turn = 0; turn < scripted(one).turns; turn++) await Promise.resolve();
      under -= 1;
      if (attempt <= scripted(one).failures) throw new Error(`attempt ${attempt} of ${one.id}`);
      return input;
    },
    record(fact) {
      records += 1;
      if (records > killAfter) throw new Killed('killed');
      run.facts.push(fact);
    },
  };
}

const plan = ({ name, steps }: Workflow): WorkflowPlan => ({
  name,
  steps: steps.map(({ id, jobName, dependsOn }) => ({ id, name: jobName, depends_on: dependsOn })),
});

const behaviour = fc.record({
  failures: fc.constantFrom(0, 0, 0, 1, 2),
  attempts: fc.constantFrom(1, 1, 2, 3),
  continueOnError: fc.boolean(),
  condition: fc.constantFrom<Scripted['condition']>(
    'none',
    'none',
    'none',
    'true',
    'false',
    'throws',
    'all completed',
    'some failed',
  ),
  turns: fc.nat(12),
});

/** Steps that wait for earlier ones, in any order. `links`: what each waits for, of the number of those before it. */
function graph(size: number, links: (at: number) => fc.Arbitrary<number[]>): fc.Arbitrary<Scripted[]> {
  const one = (at: number) =>
    fc.tuple(behaviour, links(at)).map(([{ attempts, ...how }, before]) =>
      step(
        `s${at}`,
        [...new Set(before)].map((i) => `s${i}`),
        {
          ...how,
          hasCondition: how.condition !== 'none',
          ...(attempts > 1 ? { retry: { ...NO_RETRY, attempts } } : {}),
        },
      ),
    );
  return fc
    .tuple(...Array.from({ length: size }, (_, at) => one(at)))
    .chain((steps) => fc.shuffledSubarray(steps, { minLength: steps.length }));
}

const anyGraph = fc
  .integer({ min: 1, max: 24 })
  .chain((size) =>
    graph(size, (at) => (at === 0 ? fc.constant([]) : fc.array(fc.nat(at - 1), { maxLength: 4 }))),
  );
/** One, then 48 side by side, then one. */
const diamond = graph(50, (at) =>
  fc.constant(at === 0 ? [] : at < 49 ? [0] : Array.from({ length: 48 }, (_, i) => i + 1)),
);
const chain = graph(200, (at) => fc.constant(at === 0 ? [] : [at - 1]));

async function checkRun(steps: readonly Scripted[], maxConcurrency: number): Promise<void> {
  const flow = workflow(steps, maxConcurrency);
  const run: Run = { facts: [], ran: [], most: 0 };
  const end = await runWorkflow(hosting(run), flow, new Map(), noStop());
  const wanted = naively(flow);
  expect(shown(end.states)).toEqual(new Map(steps.map(({ id }) => [id, wanted.get(id)])));
  expect(run.most).toBeLessThanOrEqual(maxConcurrency);
  const bad = steps.some(
    ({ id, continueOnError }) => end.states.get(id)?.state === 'failed' && !continueOnError,
  );
  expect(end.state).toBe(bad ? 'failed' : 'completed');
  // The facts alone tell the same, and none of a step before the end of what it waits for.
  const told = stepsOf(plan(flow), run.facts, end.state);
  expect(new Map(told.map(({ id, state, outputs = '' }) => [id, `${state} ${outputs}`]))).toEqual(wanted);
  const over = new Set<string>();
  for (const { step: id, state } of run.facts) {
    const waitsFor = steps.find((one) => one.id === id)?.dependsOn ?? [];
    if (state === 'running') expect(waitsFor.every((other) => over.has(other))).toBe(true);
    else over.add(id);
  }
}

async function checkKill(steps: readonly Scripted[], kills: readonly number[]): Promise<void> {
  const flow = workflow(steps);
  const run: Run = { facts: [], ran: [], most: 0 };
  for (const killAfter of [...kills, Number.POSITIVE_INFINITY]) {
    const kept = keptSteps(stepsOf(plan(flow), run.facts, 'lost'));
    const completed = new Set(kept.filter(({ state }) => state === 'completed').map(({ id }) => id));
    const earlier = new Map(kept.map(({ id, state, outputs }) => [id, { state, outputs } as StepStatus]));
    const before = run.ran.length;
    const ended = await runWorkflow(hosting(run, killAfter), flow, earlier, noStop()).catch(
      (error: unknown) => {
        expect(error).toBeInstanceOf(Killed);
      },
    );
    expect(run.ran.slice(before).filter((id) => completed.has(id))).toEqual([]);
    if (killAfter === Number.POSITIVE_INFINITY)
      expect(shown(ended?.states ?? new Map())).toEqual(naively(flow));
  }
}

describe('a workflow comes to what one step after the other would come to', () => {
  test('whatever the graph', async () => {
    await fc.assert(fc.asyncProperty(anyGraph, fc.integer({ min: 1, max: 6 }), checkRun), { numRuns: 150 });
  });

  test('a diamond of 50 steps', async () => {
    await fc.assert(fc.asyncProperty(diamond, fc.integer({ min: 1, max: 50 }), checkRun), { numRuns: 15 });
  });

  test('a chain of 200 steps', async () => {
    await fc.assert(fc.asyncProperty(chain, fc.constant(5), checkRun), { numRuns: 8 });
  });

  test('killed at any fact, and resumed, as often as it may be: nothing that has completed runs again', async () => {
    const kills = fc.array(fc.nat(40), { maxLength: 4 });
    await fc.assert(fc.asyncProperty(anyGraph, kills, checkKill), { numRuns: 150 });
  });
});

describe('what is next', () => {
  test('a step begins when what it waits for is over, not when a batch is', () => {
    const flow = workflow([step('a'), step('b'), step('c', ['a']), step('d', ['a', 'b'])]);
    const states = new Map<string, StepStatus>([
      ['a', { state: 'completed' }],
      ['b', { state: 'running' }],
    ]);
    expect(next(flow, states)).toMatchObject({ start: [{ id: 'c' }], skip: [], done: false });
  });

  test('everything behind a failure is skipped, however far, and nothing beside it', () => {
    const flow = workflow([step('c', ['b']), step('b', ['a']), step('a'), step('x')]);
    const { start, skip, done } = next(flow, new Map([['a', { state: 'failed' }]]));
    expect([start.map(({ id }) => id), skip.map(({ id }) => id), done]).toEqual([['x'], ['b', 'c'], false]);
  });

  test('a step that its condition has skipped counts as completed, and so does a failure that may be', () => {
    const flow = workflow([step('a'), step('b', [], { continueOnError: true }), step('c', ['a', 'b'])]);
    const states = new Map<string, StepStatus>([
      ['a', { state: 'skipped' }],
      ['b', { state: 'failed' }],
    ]);
    expect(next(flow, states)).toMatchObject({ start: [{ id: 'c' }], skip: [] });
  });
});

describe('an end from outside', () => {
  const flow = workflow([step('a'), step('b', ['a'])]);
  const hanging = (run: Run): WorkflowPorts => ({
    ...hosting(run),
    runStep: (_, __, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  });

  test('a cancellation ends what runs, and nothing more begins', async () => {
    const run: Run = { facts: [], ran: [], most: 0 };
    const stop = noStop();
    const ended = runWorkflow(hanging(run), flow, new Map(), stop);
    await new Promise(setImmediate);
    stop.abort(new Error('cancelled on request'));
    expect(await ended).toMatchObject({ state: 'canceled', error: { message: 'cancelled on request' } });
    expect(run.facts.map(({ step: id, state }) => `${id} ${state}`).at(-1)).toBe('a canceled');
  });

  test('the time of the whole and the time of a step are limits of their own', async () => {
    let fire = () => {};
    const late = {
      ...clock,
      sleep: () =>
        new Promise<void>((resolve) => {
          fire = resolve;
        }),
    };
    const run: Run = { facts: [], ran: [], most: 0 };
    const whole = { ...flow, timeoutMs: 90_000 };
    const ended = runWorkflow(
      { ...hanging(run), clock: late },
      whole,
      new Map(),
      stopAfter(late, undefined, undefined, ''),
    );
    await new Promise(setImmediate);
    fire();
    expect(await ended).toMatchObject({
      state: 'failed',
      error: { code: 'timeout', message: 'w did not end within 90 s' },
    });
    const steps = [step('a', [], { timeoutMs: 90_000, continueOnError: true })];
    const one = runWorkflow(
      { ...hanging(run), clock: late },
      workflow(steps),
      new Map(),
      stopAfter(late, undefined, undefined, ''),
    );
    await new Promise(setImmediate);
    fire();
    const { state, states } = await one;
    expect([state, states.get('a')?.error?.message]).toEqual([
      'completed',
      'the step did not end within 90 s',
    ]);
  });
});

describe('steps that are no workflow', () => {
  test('a circle is named step by step', () => {
    const steps = [step('a', ['c']), step('b', ['a']), step('c', ['b']), step('d', ['c']), step('e')];
    expect(linkProblems(steps)).toEqual([
      { step: 0, message: 'steps wait for each other in a circle: a -> c -> b -> a' },
    ]);
  });

  test('doubled ids and steps that are none, each with its place', () => {
    expect(linkProblems([step('a'), step('a'), step('b', ['z', 'b'])])).toEqual([
      { step: 1, message: 'two steps have the id "a"' },
      { step: 2, message: 'b depends on "z", which is no step' },
    ]);
    expect(linkProblems([step('b', ['b'])])[0]?.message).toContain('circle: b -> b');
  });
});
