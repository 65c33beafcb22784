// Jobs with the names that the official server scenarios call, for `mcp2cli serve --jobs`.
import { setTimeout as sleep } from 'node:timers/promises';
import { job, z } from 'mcp2cli/jobs';

/** The output of each: a job's is an object. */
const words = { text: z.string() };
const define = (name, inputSchema, run) =>
  job({
    name,
    description: name.replaceAll('_', ' '),
    inputSchema,
    outputSchema: words,
    retry: { maxAttempts: 1 },
  })(async (input, ctx) => ({ text: await run(input, ctx) }));

export const simpleText = define('test_simple_text', {}, () => 'This is a simple text response for testing.');

export const failing = define('test_error_handling', {}, () => {
  throw new Error('This tool intentionally returns an error for testing');
});

export const withLogging = define('test_tool_with_logging', {}, async (_, ctx) => {
  for (const line of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
    ctx.log(line);
    await sleep(50);
  }
  return 'logged';
});

export const logging = define('test_logging_tool', {}, (_, ctx) => {
  ctx.log('a line');
  return 'logged';
});

export const withProgress = define('test_tool_with_progress', {}, async (_, ctx) => {
  for (const part of [0, 50, 100]) {
    await ctx.progress(part, 100);
    await sleep(50);
  }
  return 'done';
});

export const greet = define('greet', { name: z.string() }, ({ name }) => `Hello, ${name}!`);

export const slowCompute = define(
  'slow_compute',
  { seconds: z.number().default(1), label: z.string().optional() },
  async ({ seconds }, ctx) => {
    await sleep(seconds * 1000, undefined, { signal: ctx.signal });
    return `Computed for ${seconds} s`;
  },
);

export const failingJob = define('failing_job', {}, async () => {
  await sleep(1000);
  throw new Error('The job failed');
});
