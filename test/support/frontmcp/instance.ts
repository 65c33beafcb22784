/** The protocol side: an SDK server for each session (HTTP) or for the process (stdio), all over one service. */
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { CallToolResult, Tool } from '@modelcontextprotocol/sdk/types.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import type { DemoStats } from '../../../src/demo/service.ts';
import { count } from '../../../src/demo/service.ts';
import { crash, invalidArguments, ToolFailure } from './failure.ts';
import { Registry } from './registry.ts';
import { type RunStats, Runs, type RunsOptions, type SendProgress } from './runs.ts';
import { type ManagementTool, TOOLS } from './tools.ts';

export interface FrontmcpOptions {
  /** 2 is twice as fast: every duration of a job, arguments and waits between tries included, is divided by it. */
  speed?: number;
  /** How `tools/list` spells the names: `hyphen` is a server from before they were changed. Both spellings always answer. */
  names?: 'snake' | 'hyphen';
  /** Hides what went wrong inside: only an id is told, except by `get_job_status`. */
  production?: boolean;
  /** Milliseconds that a run stays `pending`, as with a slow store; 0 is a store in memory. */
  pendingMs?: number;
  /** What waits in place of the clock, as `heldPauses` does. */
  sleep?: RunsOptions['sleep'];
  /** Tools of the server's own, beside those for jobs: each answers with its name and what it was given. */
  tools?: Tool[];
}

/** `calls` are counted by the name that was called, `executions` and `attempts` by the job or workflow. */
export type FrontmcpStats = DemoStats & RunStats;

export class FrontmcpService {
  readonly registry = new Registry();
  readonly runs: Runs;
  readonly stats: FrontmcpStats;
  readonly #hyphens: boolean;
  readonly #production: boolean;
  readonly #tools: Tool[];

  constructor({
    speed = 1,
    names = 'snake',
    production = false,
    pendingMs = 0,
    sleep,
    tools = [],
  }: FrontmcpOptions) {
    if (!(speed > 0)) throw new RangeError(`speed must be above 0, not ${speed}`);
    this.#hyphens = names === 'hyphen';
    this.#production = production;
    this.#tools = tools;
    this.runs = new Runs({ speed, pendingMs, sleep });
    const none = { sessions: 0, sessionsEnded: 0, cancelledCalls: 0, tasksCreated: 0, cancelledTasks: 0 };
    this.stats = { ...none, requests: {}, calls: {}, ...this.runs.stats };
  }

  /** What a new process knows: no definitions but its own, and no runs but those of a store that outlived the old one. */
  restart(keepStore: boolean): void {
    this.registry.forget();
    this.runs.restart(keepStore);
  }

  list(): Tool[] {
    const management = TOOLS.filter(({ listed }) => listed).map((tool) => ({
      name: this.#spell(tool.name),
      title: this.#spell(tool.name),
      description: this.#spell(tool.description),
      inputSchema: schemaOf(tool, (words) => this.#spell(words)),
    }));
    return [...this.#tools, ...management];
  }

  /** Never rejects: whatever goes wrong is a result. */
  async call(
    name: string,
    args: Record<string, unknown> | undefined,
    send: SendProgress,
  ): Promise<CallToolResult> {
    count(this.stats.calls, name);
    if (this.#tools.some((tool) => tool.name === name))
      return { content: [{ type: 'text', text: JSON.stringify({ tool: name, args }) }] };
    try {
      // A name that mixes both spellings is nobody's.
      const snake = name.includes('_') ? name : name.replaceAll('-', '_');
      const tool = TOOLS.find((one) => one.name === snake);
      if (!tool) throw new ToolFailure('TOOL_NOT_FOUND', `Tool "${name}" not found`);
      // Arguments that are missing altogether do not fit either, not even where none are needed.
      const parsed = tool.arguments.safeParse(args);
      if (!parsed.success) throw invalidArguments(parsed.error);
      const answer = await this.#run(tool, parsed.data, send);
      const text = JSON.stringify(answer);
      return { content: [{ type: 'text', text }], structuredContent: JSON.parse(text) };
    } catch (error) {
      return (error as ToolFailure).toResult(this.#production);
    }
  }

  async #run(tool: ManagementTool, args: Record<string, unknown>, send: SendProgress): Promise<object> {
    try {
      return await tool.run(args, { registry: this.registry, runs: this.runs, send });
    } catch (error) {
      throw error instanceof ToolFailure ? error : crash(this.#spell(tool.name), error);
    }
  }

  /** Only names have an underscore in any of these words. */
  #spell(words: string): string {
    return this.#hyphens ? words.replaceAll('_', '-') : words;
  }
}

function schemaOf(tool: ManagementTool, spell: (words: string) => string): Tool['inputSchema'] {
  const schema = z.toJSONSchema(tool.arguments) as Tool['inputSchema'];
  for (const property of Object.values(schema.properties ?? {}) as Array<{ description?: string }>)
    if (property.description !== undefined) property.description = spell(property.description);
  return schema;
}

export function createServer(service: FrontmcpService): Server {
  const server = new Server(
    { name: 'frontmcp-fixture', version: '1.0.0' },
    { capabilities: { tools: { listChanged: true } } },
  );
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: service.list() }));
  server.setRequestHandler(CallToolRequestSchema, ({ params }) =>
    service.call(params.name, params.arguments, (progressToken, progress, total, message) => {
      // The token is the job's name rather than that of any request, and no request's stream carries it.
      const notification = { progressToken, progress, total, message };
      server.notification({ method: 'notifications/progress', params: notification }).catch(() => {
        // The session is gone; the run goes on.
      });
    }),
  );
  return server;
}
