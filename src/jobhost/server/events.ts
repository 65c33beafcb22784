import type { JsonObject } from '../../lib/json/json.ts';
import { isAtLeast } from '../../mcp/log-level.ts';
import type { RunEvents } from '../provider.ts';
import type { Call } from './call.ts';

/** What a run tells, as notifications of the request that started it; `meta` says of which task. */
export function toldEvents(
  { level, params }: Pick<Call, 'level' | 'params'>,
  name: string,
  tell: Call['notify'],
  meta?: JsonObject,
): RunEvents {
  const token = progressToken(params);
  const more = meta === undefined ? {} : { _meta: meta };
  /** Progress must increase (MCP 2025-11-25, basic/utilities/progress). */
  let last = Number.NEGATIVE_INFINITY;
  return {
    onProgress:
      token === undefined
        ? undefined
        : ({ progress, total, message }) => {
            if (progress <= last) return;
            last = progress;
            tell('notifications/progress', {
              progressToken: token,
              progress,
              ...(total === undefined ? {} : { total }),
              ...(message === undefined ? {} : { message }),
              ...more,
            });
          },
    onLog:
      level === undefined
        ? undefined
        : (line) => {
            if (isAtLeast(line, level))
              tell('notifications/message', { level: line.level, logger: name, data: line.text, ...more });
          },
  };
}

function progressToken({ _meta }: JsonObject): string | number | undefined {
  const token = (_meta as JsonObject | undefined)?.['progressToken'];
  return typeof token === 'string' || typeof token === 'number' ? token : undefined;
}
