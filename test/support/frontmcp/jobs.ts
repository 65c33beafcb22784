/** The jobs and workflows that every fixture server has. */
import { z } from 'zod';
import { type Job, job, type Workflow } from './job.ts';

interface Greeting {
  message: string;
}

const PRICE = 2.5;
const TURNS = 4;

export const JOBS: readonly Job[] = [
  job({
    name: 'greet',
    description: 'Generate a personalized greeting',
    tags: ['greeting', 'text'],
    labels: { team: 'people' },
    inputSchema: {
      name: z.string().describe('Who is greeted'),
      formal: z.boolean().default(false),
    },
    run({ name, formal }, { log }) {
      log(`Generating greeting for ${name}`);
      return { message: `${formal ? 'Dear' : 'Hello'} ${name}!` };
    },
  }),
  job({
    name: 'analyze-text',
    description: 'Analyze text and return sentiment and key phrases',
    tags: ['analysis', 'text'],
    labels: { team: 'data', cost: 'low' },
    inputSchema: {
      text: z.string().describe('Text to analyze'),
      language: z.string().default('en').describe('Language code'),
    },
    run({ text, language }, { log }) {
      log('Starting text analysis');
      const sentiment = /good|great|hello/i.test(text) ? 'positive' : 'neutral';
      log(`Analysis complete: ${sentiment}`);
      return { sentiment, keyPhrases: text.split(' ').slice(0, 2), confidence: 0.9, language };
    },
  }),
  job({
    name: 'process-order',
    description: 'Process an order',
    tags: ['orders'],
    labels: { team: 'sales', cost: 'high' },
    inputSchema: {
      orderId: z.string().describe('Order ID'),
      items: z.array(z.object({ productId: z.string(), quantity: z.number().min(1) })),
      priority: z.enum(['low', 'normal', 'high']).default('normal'),
    },
    run({ orderId, items, priority }) {
      const quantity = items.reduce((sum, item) => sum + item.quantity, 0);
      return { orderId, status: 'processed', totalAmount: quantity * PRICE, priority };
    },
  }),
  job({
    name: 'flaky',
    description: 'Fail a number of times, then work',
    tags: ['test'],
    retry: { maxAttempts: 5, backoffMs: 200, backoffMultiplier: 1 },
    inputSchema: { failures: z.int().min(0) },
    run({ failures }, { attempt, log }) {
      log(`Attempt ${attempt}`);
      if (attempt <= failures) throw new Error(`Attempt ${attempt} failed`);
      return { attempts: attempt };
    },
  }),
  job({
    name: 'always-fails',
    description: 'Fail at once',
    tags: ['test'],
    inputSchema: {},
    run(_, { log }) {
      log('Looking for the warehouse');
      throw new RangeError('The warehouse is closed');
    },
  }),
  job({
    name: 'slow',
    description: 'Take a while',
    tags: ['test'],
    labels: { cost: 'high' },
    inputSchema: { ms: z.number().min(0).default(1000).describe('Milliseconds') },
    async run({ ms }, { log, progress, sleep }) {
      for (let turn = 1; turn <= TURNS; turn++) {
        await sleep(ms / TURNS);
        log(`Turn ${turn} of ${TURNS}`);
        progress(turn, TURNS, `Turn ${turn}`);
      }
      return { ms };
    },
  }),
  job({
    name: 'hidden',
    description: 'Answers, but is not listed',
    hideFromDiscovery: true,
    inputSchema: { word: z.string() },
    run: ({ word }) => ({ word }),
  }),
  job({
    name: 'nullable',
    description: 'Take things that may be null',
    inputSchema: {
      // zod writes the first as anyOf and the second as an array of types.
      note: z.string().describe('A note').nullable(),
      tag: z.string().nullish(),
    },
    run: ({ note, tag = 'none' }) => ({ note, tag }),
  }),
  job({ name: 'scalar', description: 'Return a number', inputSchema: {}, run: () => 42 }),
  // Without a description: the list does not have the key then.
  job({ name: 'nothing', inputSchema: {}, run: () => undefined }),
  job({
    name: 'large',
    description: 'Return a lot',
    inputSchema: { kb: z.int().min(1) },
    run: ({ kb }) => ({ text: 'x'.repeat(kb * 1024) }),
  }),
  job({ name: 'no-input', description: 'Take nothing', inputSchema: {}, run: () => ({ ok: true }) }),
];

export const WORKFLOWS: readonly Workflow[] = [
  {
    name: 'etl',
    description: 'Extract twice, then load',
    tags: ['data'],
    labels: { team: 'data' },
    trigger: 'manual',
    steps: [
      { id: 'users', jobName: 'slow', input: { ms: 200 } },
      { id: 'orders', jobName: 'greet', input: { name: 'orders' } },
      {
        id: 'load',
        jobName: 'analyze-text',
        dependsOn: ['users', 'orders'],
        input: (done) => ({ text: (done.get('orders')?.outputs as Greeting | undefined)?.message }),
      },
    ],
  },
  {
    name: 'fails-in-the-middle',
    description: 'Fail in the second of three steps',
    tags: ['data', 'broken'],
    trigger: 'manual',
    steps: [
      { id: 'first', jobName: 'greet', input: { name: 'first' } },
      {
        id: 'second',
        jobName: 'always-fails',
        dependsOn: ['first'],
        retry: { maxAttempts: 2, backoffMs: 100 },
      },
      { id: 'third', jobName: 'greet', input: { name: 'third' }, dependsOn: ['second'] },
    ],
  },
];
