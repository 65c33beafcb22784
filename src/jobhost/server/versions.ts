import type { JsonObject } from '../../lib/json/json.ts';

/** Versions of the initialize handshake, newest first. */
export const LEGACY_VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;

/** The one of them that has tasks (basic/utilities/tasks). */
export const TASKS_SINCE = '2025-11-25';

/** The version without a handshake. */
export const MODERN_VERSION = '2026-07-28';

export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

/** What the server can do, as `initialize` tells it. */
export function sessionCapabilities(version: string): JsonObject {
  return {
    tools: { listChanged: true },
    logging: {},
    ...(version === TASKS_SINCE
      ? { tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } }
      : {}),
  };
}

/** The same as `server/discover` tells it. */
export function modernCapabilities(): JsonObject {
  return { tools: { listChanged: true }, logging: {}, extensions: { [TASKS_EXTENSION]: {} } };
}
