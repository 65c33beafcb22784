/** A job file as users write it. The compiler checks what is inferred, here and as another package sees it (test/e2e/job-files/library-types.test.ts). */
import { DirectClient, Job, JobContext, job, Token, workflow, z } from 'mcp2cli/jobs';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function is<A, B>(_equal: Equal<A, B>): void {}

interface Clock {
  now(): number;
}
const ClockToken = new Token<Clock>('Clock');
class Mailer {
  send(to: string): boolean {
    return to !== '';
  }
}

declare module 'mcp2cli/jobs' {
  interface InstanceTools {
    work: { deploy(args: { version: string }): Promise<{ id: string }> };
  }
}

export const greet = job({
  name: 'greet',
  inputSchema: { name: z.string(), formal: z.boolean().default(false), age: z.number().optional() },
  outputSchema: {
    message: z.string(),
    at: z
      .string()
      .transform((text) => new Date(text))
      .optional(),
  },
})(async (input, ctx) => {
  is<typeof input, { name: string; formal: boolean; age?: number | undefined }>(true);
  const clock = ctx.get(ClockToken);
  is<typeof clock, Clock>(true);
  const mailer = ctx.tryGet(Mailer);
  is<typeof mailer, Mailer | undefined>(true);
  const deployed = await ctx.tools('work').deploy({ version: '2.0' });
  is<typeof deployed, { id: string }>(true);
  const other = await ctx.tools('other').anything?.({ a: 1 });
  is<typeof other, unknown>(true);
  const typed = await ctx.call<{ n: number }>('work', 'count', {});
  is<typeof typed, { n: number }>(true);
  // @ts-expect-error the message is text
  if (input.formal) ctx.respond({ message: 3 });
  // @ts-expect-error there is no such field
  input.nothing;
  if (input.formal) ctx.respond({ message: 'x', at: 'now' });
  return { message: `Hello ${input.name}` };
});

// @ts-expect-error the output has no message
job({ name: 'wrong', inputSchema: {}, outputSchema: { message: z.string() } })(() => ({}));
// @ts-expect-error not a zod schema
job({ name: 'wrong', inputSchema: { type: 'object' }, outputSchema: {} });

@Job({
  name: 'tone',
  inputSchema: z.object({ tone: z.enum(['a', 'b']) }),
  outputSchema: { tone: z.string() },
  retry: { maxAttempts: 2 },
})
export class Tone extends JobContext {
  async execute(input: { tone: 'a' | 'b' }) {
    const response = await this.fetch('https://example.com');
    is<typeof response, Response>(true);
    return { tone: input.tone + response.status };
  }
}

// @ts-expect-error its execute takes something else
@Job({ name: 'not', inputSchema: { n: z.number() }, outputSchema: { n: z.number() } })
export class Not extends JobContext {
  execute(input: { n: string }) {
    return { n: input.n.length };
  }
}

export default workflow({
  name: 'both',
  inputSchema: { name: z.string() },
  steps: [
    {
      id: 'a',
      jobName: 'greet',
      input: (_steps, input) => {
        is<typeof input, { name: string }>(true);
        return input;
      },
    },
    {
      id: 'b',
      jobName: 'tone',
      dependsOn: ['a'],
      condition: (steps) => steps.get('a').state === 'completed',
      input: { tone: 'a' },
    },
  ],
});

export async function drive() {
  const client = await DirectClient.connect({ jobs: './jobs' });
  const { runId } = await client.executeJob('greet', { name: 'Ada' }, { background: true });
  const status = await client.getJobStatus<{ message: string }>(runId);
  is<typeof status.result, { message: string } | undefined>(true);
}
