import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What to drive: a file or folder of jobs, or an instance of this program. */
export type DirectClientTarget = { readonly jobs: string } | { readonly instance: string };

export interface DirectClientOptions {
  /** The environment of the jobs. Default: this process's. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** What jobs print and the host warns of, as text. Default: this process's stderr. */
  readonly onOutput?: ((text: string) => void) | undefined;
}

export interface ExecuteOptions {
  /** Resolve at once with the id of the run. Default: false, stay to the end. */
  readonly background?: boolean | undefined;
  /** Ends the waiting, and the run where it is not in the background. */
  readonly signal?: AbortSignal | undefined;
}

/** A run of a job or workflow, as it stands. */
export interface JobRun<Result = unknown> {
  readonly runId: string;
  readonly state: 'pending' | 'running' | 'completed' | 'failed' | 'cancelled' | (string & {});
  readonly result?: Result | undefined;
  readonly error?: unknown;
  readonly logs?: readonly unknown[] | undefined;
  readonly attempt?: number | undefined;
  /** Of a workflow, by step. */
  readonly stepResults?: Readonly<Record<string, unknown>> | undefined;
  readonly [extra: string]: unknown;
}

/** What a tool has given (MCP `CallToolResult`). */
export interface ToolResult {
  readonly content: readonly {
    readonly type: string;
    readonly text?: string;
    readonly [extra: string]: unknown;
  }[];
  readonly structuredContent?: Readonly<Record<string, unknown>> | undefined;
  readonly isError?: boolean | undefined;
  readonly [extra: string]: unknown;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** Jobs and workflows from a script of one's own: starts their host as a child process, and asks it. */
export class DirectClient {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, Waiting>();
  readonly #gone: Promise<void>;
  #said = '';
  #ids = 0;

  /** Use `connect`. */
  private constructor(child: ChildProcessWithoutNullStreams, options: DirectClientOptions) {
    this.#child = child;
    const onOutput = options.onOutput ?? ((text: string) => process.stderr.write(text));
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#said = `${this.#said}${text}`.slice(-2_000);
      onOutput(text);
    });
    let rest = '';
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = text.split('\n');
      lines[0] = rest + lines[0];
      rest = lines.pop() ?? '';
      for (const line of lines) this.#onLine(line);
    });
    // Told by 'close': what is written after the end is nobody's concern.
    this.#child.stdin.on('error', () => {});
    this.#gone = new Promise((resolve) => {
      this.#child
        .on('error', (error) => this.#fail(error))
        .on('close', (code) => {
          const why = this.#said.trim() || `exit code ${code}`;
          this.#fail(new Error(`the host of the jobs has ended: ${why}`));
          resolve();
        });
    });
  }

  /** Starts the host. Error: where there is nothing to host; says what the host says. */
  static async connect(target: DirectClientTarget, options: DirectClientOptions = {}): Promise<DirectClient> {
    // Jobs load this file, too, and start nothing.
    const { spawn } = await import('node:child_process');
    const args = 'jobs' in target ? ['serve', '--jobs', target.jobs] : ['serve', target.instance];
    const program = fileURLToPath(new URL('../../bin/mcp2cli.js', import.meta.url));
    const child = spawn(process.execPath, [program, ...args], { env: options.env as NodeJS.ProcessEnv });
    const client = new DirectClient(child, options);
    try {
      await client.#request('initialize', {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'mcp2cli/jobs', version: '1' },
      });
    } catch (error) {
      await client.close();
      throw error;
    }
    client.#send({ method: 'notifications/initialized' });
    return client;
  }

  /** The jobs that are not hidden. */
  async listJobs(): Promise<readonly unknown[]> {
    return listOf(await this.#ask('list_jobs', {}), 'jobs');
  }

  /** Runs a job. Resolves when it has ended, also when it has failed (`state`); in the background at once. Error: input that does not fit. */
  async executeJob<Result = unknown>(
    name: string,
    input: object = {},
    options: ExecuteOptions = {},
  ): Promise<JobRun<Result>> {
    return this.#execute('execute_job', name, input, options);
  }

  /** How a run of a job stands. Error: where there is no such run. */
  async getJobStatus<Result = unknown>(runId: string): Promise<JobRun<Result>> {
    return (await this.#ask('get_job_status', { runId })) as JobRun<Result>;
  }

  /** The workflows that are not hidden. */
  async listWorkflows(): Promise<readonly unknown[]> {
    return listOf(await this.#ask('list_workflows', {}), 'workflows');
  }

  /** Runs a workflow, as `executeJob` runs a job. */
  async executeWorkflow<Result = unknown>(
    name: string,
    input: object = {},
    options: ExecuteOptions = {},
  ): Promise<JobRun<Result>> {
    return this.#execute('execute_workflow', name, input, options);
  }

  /** How a run of a workflow stands. Error: where there is no such run. */
  async getWorkflowStatus<Result = unknown>(runId: string): Promise<JobRun<Result>> {
    return (await this.#ask('get_workflow_status', { runId })) as JobRun<Result>;
  }

  async #execute<Result>(
    tool: string,
    name: string,
    input: object,
    { background = false, signal }: ExecuteOptions,
  ): Promise<JobRun<Result>> {
    return (await this.#ask(tool, { name, input, background }, signal)) as JobRun<Result>;
  }

  /** Calls a tool: a job by its name, or what else the host offers. A tool that fails is a result with `isError`. */
  async callTool(
    name: string,
    args: object = {},
    options: { signal?: AbortSignal } = {},
  ): Promise<ToolResult> {
    return (await this.#request('tools/call', { name, arguments: args }, options.signal)) as ToolResult;
  }

  /** Ends the host, and with it what runs in the foreground. */
  async close(): Promise<void> {
    this.#child.stdin.end();
    await this.#gone;
  }

  /** What a management tool answers. */
  async #ask(tool: string, args: object, signal?: AbortSignal): Promise<unknown> {
    const result = await this.callTool(tool, args, signal ? { signal } : {});
    const text = result.content.find(({ type }) => type === 'text')?.text ?? '';
    if (result.structuredContent !== undefined && 'runId' in result.structuredContent)
      return result.structuredContent;
    if (result.isError === true) throw new Error(text);
    return result.structuredContent ?? JSON.parse(text);
  }

  #request(method: string, params: object, signal?: AbortSignal): Promise<unknown> {
    signal?.throwIfAborted();
    const id = ++this.#ids;
    const onAbort = () => {
      this.#send({ method: 'notifications/cancelled', params: { requestId: id } });
      this.#take(id)?.reject(signal?.reason);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    return new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      if (this.#child.exitCode === null) this.#send({ id, method, params });
      else this.#fail(new Error('the host of the jobs has ended'));
    }).finally(() => signal?.removeEventListener('abort', onAbort));
  }

  #send(message: object): void {
    this.#child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }

  #onLine(line: string): void {
    const message = JSON.parse(line) as {
      id?: number;
      method?: string;
      result?: unknown;
      error?: { message: string };
    };
    if (message.method !== undefined || message.id === undefined) return;
    const waiting = this.#take(message.id);
    if (message.error) waiting?.reject(new Error(message.error.message));
    else waiting?.resolve(message.result);
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #fail(error: Error): void {
    for (const id of [...this.#waiting.keys()]) this.#take(id)?.reject(error);
  }
}

function listOf(answer: unknown, field: string): readonly unknown[] {
  const list = (answer as Record<string, unknown>)[field];
  return Array.isArray(list) ? list : [];
}
