/** Exit codes of the program; scripts build on them (docs/reference.md, "Exit codes"). */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  auth: 4,
  unsupported: 5,
  unfinished: 8,
  internal: 70,
  io: 74,
  config: 78,
  timeout: 124,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = number;

export interface ErrorOptions {
  /** What the person can type or do next. */
  hint?: string | undefined;
  /** The words of a command of the instance that helps; the hint says what for (`see`, where there is none). */
  command?: readonly string[] | undefined;
  cause?: unknown;
  /** Machine-readable extras for `--json`. */
  details?: Record<string, unknown> | undefined;
}

/**
 * The one base class of errors that a person sees. `code` is stable and machine-readable, `exitCode` is the process's
 * exit code, `hint` says what to do. Thrown when a command could not do its work; an outcome of the work is data.
 */
export class CliError extends Error {
  readonly code: string;
  readonly exitCode: ExitCode;
  readonly hint: string | undefined;
  /** Behind the hint; how the person types it is for the program to say. */
  readonly command: readonly string[] | undefined;
  readonly details: Record<string, unknown> | undefined;

  constructor(code: string, exitCode: ExitCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.exitCode = exitCode;
    this.hint = options.hint;
    this.command = options.command;
    this.details = options.details;
  }
}

/** A bad flag or argument, an unknown tool, instance or job. */
export class UsageError extends CliError {
  constructor(message: string, options: ErrorOptions & { code?: string } = {}) {
    super(options.code ?? 'usage', EXIT.usage, message, options);
  }
}

/** The server could not be reached, or polling failed past its budget. Nothing is known about the work itself. */
export class UnreachableError extends CliError {
  /** True when the request may have arrived: then its effect is unknown. */
  readonly maybeSent: boolean;
  /** Milliseconds that the server asked to wait (`Retry-After`). */
  readonly retryAfterMs: number | undefined;
  /** HTTP status, where there was one. */
  readonly status: number | undefined;

  constructor(
    message: string,
    options: ErrorOptions & {
      maybeSent?: boolean | undefined;
      retryAfterMs?: number | undefined;
      status?: number | undefined;
    } = {},
  ) {
    super('unreachable', EXIT.unreachable, message, options);
    this.maybeSent = options.maybeSent ?? false;
    this.retryAfterMs = options.retryAfterMs;
    this.status = options.status;
  }
}

/** The keeper that holds a job is not to be found from here: it is ending, or on another machine. */
export class KeeperAbsentError extends UnreachableError {}

/** What a login could do about a refusal. */
export interface LoginAdvice {
  /** There was a login already. */
  again?: boolean | undefined;
  /** The login is good, and does not reach far enough (HTTP 403, `insufficient_scope`). */
  stepUp?: boolean | undefined;
  /** The scopes to ask for, separated by spaces: what the server wants, beside what the login has. */
  scope?: string | undefined;
  /** Where the server has the metadata of its login. */
  resourceMetadata?: string | undefined;
}

/** Authentication is required or was refused (HTTP 401, 403). */
export class AuthError extends CliError {
  /** Undefined where a login would change nothing: the credentials are configured, or it is not about the server. */
  readonly login: LoginAdvice | undefined;

  constructor(message: string, options: ErrorOptions & { login?: LoginAdvice | undefined } = {}) {
    super('auth', EXIT.auth, message, options);
    this.login = options.login;
  }
}

/** A rule of the instance's own permissions does not let it happen. Nothing was sent. */
export class PermissionError extends CliError {
  constructor(message: string, options: ErrorOptions = {}) {
    super('permission_denied', EXIT.auth, message, options);
  }
}

/** The server cannot do what was asked (no cancel, no such capability). */
export class UnsupportedError extends CliError {
  constructor(message: string, options: ErrorOptions = {}) {
    super('unsupported', EXIT.unsupported, message, options);
  }
}

/**
 * The session is gone at the server (HTTP 404, or 400 with JSON-RPC -32000). A task that belongs to it is lost with it; a request that was about
 * none was not taken, as if the server had not been reached.
 */
export class SessionGoneError extends CliError {
  /** HTTP status, where there was one. */
  readonly status: number | undefined;

  constructor(message: string, options: ErrorOptions & { status?: number | undefined } = {}) {
    super('session_gone', EXIT.unreachable, message, options);
    this.status = options.status;
  }
}

/** What a JSON-RPC error may have beside its code and its message; nothing else is in it. */
export interface RpcErrorData {
  data?: unknown;
}

/** A JSON-RPC error response: the server understood the request and refused it, or the tool failed as a protocol error. */
export class RpcError extends CliError {
  readonly rpcCode: number;
  /** The `data` of the error, in the object that holds it: that has the text of a bare number, too (lib/json/exact-json.ts). */
  readonly more: RpcErrorData;

  constructor(rpcCode: number, message: string, more: RpcErrorData = {}, options: ErrorOptions = {}) {
    super('rpc_error', EXIT.failed, message, { ...options, details: { rpc_code: rpcCode, ...more } });
    this.rpcCode = rpcCode;
    this.more = more;
  }

  get data(): unknown {
    return this.more.data;
  }
}

/** Whether a server has answered that it knows no such method (JSON-RPC 2.0, section 5.1). */
export function isNoMethod(error: unknown): boolean {
  return error instanceof RpcError && error.rpcCode === -32601;
}

/** The server no longer knows a task that it once gave out: its outcome can no longer be learned. */
export class TaskUnknownError extends CliError {
  constructor(cause: CliError) {
    super('task_unknown', EXIT.failed, `the server no longer knows the task: ${cause.message}`, { cause });
  }
}

/** The server broke the protocol: an answer to another question, another task's state, no JSON. */
export class ProtocolError extends CliError {
  constructor(message: string, options: ErrorOptions = {}) {
    super('protocol', EXIT.failed, message, options);
  }
}

/** The machine failed us: disk full, read-only, no permission, output cannot be written. */
export class IoError extends CliError {
  constructor(message: string, options: ErrorOptions & { code?: string } = {}) {
    super(options.code ?? 'io', EXIT.io, message, options);
  }
}

/** The configuration or a record is damaged, or was written by a newer version. */
export class ConfigError extends CliError {
  constructor(message: string, options: ErrorOptions & { code?: string } = {}) {
    super(options.code ?? 'config', EXIT.config, message, options);
  }
}

/** Work that goes on: input is required, or a live job was asked for its exit status. */
export class UnfinishedError extends CliError {
  constructor(code: string, message: string, options: ErrorOptions = {}) {
    super(code, EXIT.unfinished, message, options);
  }
}

/** `--timeout` ran out. */
export class TimeoutError extends CliError {
  constructor(message: string, options: ErrorOptions = {}) {
    super('timeout', EXIT.timeout, message, options);
  }
}

/** A signal ended the command. */
export class InterruptedError extends CliError {
  constructor(message: string, exitCode: ExitCode = EXIT.interrupted, options: ErrorOptions = {}) {
    super('interrupted', exitCode, message, options);
  }
}
