/** Errors between a keeper and a command: what a person would have seen in the one process is what they see in the other. */
import {
  AuthError,
  CliError,
  ConfigError,
  EXIT,
  IoError,
  type LoginAdvice,
  ProtocolError,
  RpcError,
  SessionGoneError,
  TaskUnknownError,
  TimeoutError,
  UnfinishedError,
  UnreachableError,
  UnsupportedError,
  UsageError,
} from '../errors.ts';
import { cutMember } from '../lib/caps.ts';

export interface WireError {
  code: string;
  exit_code: number;
  message: string;
  hint?: string;
  details?: Record<string, unknown>;
  /** What the classes have beside that. */
  more?: {
    maybe_sent?: boolean;
    retry_after_ms?: number;
    status?: number;
    rpc_code?: number;
    data?: unknown;
    said?: string;
    login?: LoginAdvice;
  };
}

export function errorToWire(error: unknown): WireError {
  if (!(error instanceof CliError))
    return { code: 'internal', exit_code: EXIT.internal, message: (error as Error).message ?? String(error) };
  return {
    code: error.code,
    exit_code: error.exitCode,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.details === undefined ? {} : { details: error.details }),
    more: moreOf(error),
  };
}

function moreOf(error: CliError): NonNullable<WireError['more']> {
  if (error instanceof UnreachableError)
    return {
      maybe_sent: error.maybeSent,
      ...(error.retryAfterMs === undefined ? {} : { retry_after_ms: error.retryAfterMs }),
      ...(error.status === undefined ? {} : { status: error.status }),
    };
  if (error instanceof AuthError) return error.login === undefined ? {} : { login: error.login };
  if (error instanceof RpcError) return { rpc_code: error.rpcCode, ...error.more };
  if (error instanceof TaskUnknownError) return { said: (error.cause as Error).message };
  return {};
}

/** The error that it was, of the class that it was as far as anybody asks for it. */
export function errorFrom(wire: WireError): CliError {
  const { code, exit_code, message, details, more = {} } = wire;
  const options = { hint: wire.hint, details };
  switch (code) {
    case 'unreachable':
      return new UnreachableError(message, {
        ...options,
        maybeSent: more.maybe_sent,
        retryAfterMs: more.retry_after_ms,
        status: more.status,
      });
    case 'rpc_error':
      return new RpcError(more.rpc_code ?? 0, message, cutMember(more, 'data'), options);
    case 'task_unknown':
      return new TaskUnknownError(new RpcError(-32602, more.said ?? message));
    case 'session_gone':
      return new SessionGoneError(message, options);
    case 'auth':
      return new AuthError(message, { ...options, login: more.login });
    case 'unsupported':
      return new UnsupportedError(message, options);
    case 'protocol':
      return new ProtocolError(message, options);
    case 'io':
      return new IoError(message, options);
    case 'timeout':
      return new TimeoutError(message, options);
  }
  if (exit_code === EXIT.usage) return new UsageError(message, { ...options, code });
  if (exit_code === EXIT.config) return new ConfigError(message, { ...options, code });
  if (exit_code === EXIT.unfinished) return new UnfinishedError(code, message, options);
  return new CliError(code, exit_code, message, options);
}
