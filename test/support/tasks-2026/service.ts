/** What all instances of a fixture server share: the tools, the tasks, and what was counted. And how a tool is run, as a call or as a task. */
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import type { ClientCapabilities, ServerContext } from '@modelcontextprotocol/server';
import { canElicit, count, DemoService, sleep, TOOLS } from '../../../src/demo/service.ts';
import type { Arguments, ToolContext } from '../../../src/demo/tool.ts';
import { failure } from '../../../src/demo/tool.ts';
import { CONFORMANCE_TOOLS } from './conformance-tools.ts';
import { demandCapabilities } from './input.ts';
import { endsRound, type Round } from './round.ts';
import { type Task, Tasks, type TaskTimes } from './task.ts';
import type { TaskTool, TaskToolContext } from './tool.ts';
import { EXTENSION_TOOLS } from './tools.ts';

const OWN_TOOLS = [...EXTENSION_TOOLS, ...CONFORMANCE_TOOLS];

export const ALL_TOOLS: readonly TaskTool[] = [...TOOLS, ...OWN_TOOLS];

export interface PreparedTask {
  tool: TaskTool;
  args: Arguments;
}

/** A context without what is the same for every run. */
type Surroundings = Omit<TaskToolContext, 'sleep' | 'elicit'>;

export class Service {
  readonly tasks: Tasks;
  readonly #demo: DemoService;
  readonly #byName = new Map(OWN_TOOLS.map((tool) => [tool.definition.name, tool]));

  constructor(speed: number, times: TaskTimes) {
    this.#demo = new DemoService({ speed, pollIntervalMs: times.pollIntervalMs });
    this.tasks = new Tasks(times);
  }

  get stats(): DemoService['stats'] {
    return this.#demo.stats;
  }

  /** Finds the tool; the demo's tools have their arguments checked. Error: -32602 for an unknown tool and for arguments that do not fit. */
  prepare(name: string, args: Arguments): PreparedTask {
    const tool = this.#byName.get(name);
    if (!tool) return this.#demo.prepare(name, args);
    count(this.stats.calls, name);
    return { tool, args };
  }

  /** Runs a tool inside its `tools/call`. It asks by ending the round; then everything begins anew with the next one. */
  async runAsCall(
    call: PreparedTask,
    round: Round,
    declared: ClientCapabilities,
    { mcpReq }: ServerContext,
  ): Promise<CallToolResult> {
    const progressToken = mcpReq._meta?.progressToken;
    try {
      return await this.#run(call, {
        signal: mcpReq.signal,
        canElicit: canElicit(declared),
        given: round.given,
        ask: round.ask,
        ignoreCancellation() {},
        async progress(progress) {
          if (progressToken === undefined) return;
          await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, ...progress } });
        },
      });
    } catch (error) {
      if (mcpReq.signal.aborted) this.stats.cancelledCalls += 1;
      throw error;
    }
  }

  /** Starts a task that runs the tool, and goes on without its caller. */
  startTask(call: PreparedTask, round: Round, declared: ClientCapabilities): Task {
    const task = this.tasks.create();
    this.stats.tasksCreated += 1;
    void this.#runTask(call, task, round, declared);
    return task;
  }

  /** Never rejects: whoever asks learns of the end through the task. */
  async #runTask(call: PreparedTask, task: Task, round: Round, declared: ClientCapabilities): Promise<void> {
    // The caller hears of a working task, whatever the tool does first.
    await Promise.resolve();
    try {
      const result = await this.#run(call, {
        signal: task.signal,
        canElicit: canElicit(declared),
        given: round.given,
        async ask(questions) {
          demandCapabilities(questions, declared);
          return task.ask(questions);
        },
        ignoreCancellation: () => task.ignoreCancellation(),
        // Tasks have no progress notifications: the status message is all there is.
        progress: async ({ message }) => task.say(message),
      });
      task.complete(result);
    } catch (error) {
      const { code, message, data } = error as Error & { code?: number; data?: unknown };
      task.fail({ code: code ?? -32603, message, ...(data === undefined ? {} : { data }) });
    }
  }

  /** What goes wrong inside is a result with `isError`, but for JSON-RPC errors that a tool throws on purpose. */
  async #run({ tool, args }: PreparedTask, surroundings: Surroundings): Promise<CallToolResult> {
    let asked = 0;
    const context: TaskToolContext = {
      ...surroundings,
      sleep: (seconds) => sleep((seconds * 1000) / this.#demo.options.speed, surroundings.signal),
      async elicit({ message, requestedSchema }) {
        asked += 1;
        const name = `elicitation-${asked}`;
        const params = { mode: 'form', message, requestedSchema };
        const answers = await surroundings.ask({ [name]: { method: 'elicitation/create', params } });
        return answers[name] as Awaited<ReturnType<ToolContext['elicit']>>;
      },
    };
    try {
      return await tool.run(args, context);
    } catch (error) {
      const onPurpose = endsRound(error) || typeof (error as { code?: unknown }).code === 'number';
      if (surroundings.signal.aborted || onPurpose) throw error;
      return failure(
        `${tool.definition.name} failed: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}
