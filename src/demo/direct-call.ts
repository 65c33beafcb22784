import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { ElicitResultSchema } from '@modelcontextprotocol/sdk/types.js';
import type { Extra } from './http-host.ts';
import type { DemoService, PreparedCall } from './service.ts';
import { ANSWER_TIMEOUT_MS, canElicit } from './service.ts';

/** Runs a tool inside its `tools/call`: progress and questions go out on the stream of that request. The same in every dialect. */
export async function runAsCall(
  service: DemoService,
  server: Server,
  call: PreparedCall,
  extra: Extra,
): Promise<CallToolResult> {
  const progressToken = extra._meta?.progressToken;
  try {
    return await service.run(call, {
      signal: extra.signal,
      canElicit: canElicit(server.getClientCapabilities()),
      async progress({ progress, total, message }) {
        if (progressToken === undefined) return;
        await extra.sendNotification({
          method: 'notifications/progress',
          params: { progressToken, progress, total, message },
        });
      },
      elicit: (question) =>
        extra.sendRequest(
          { method: 'elicitation/create', params: { mode: 'form', ...question } },
          ElicitResultSchema,
          { signal: extra.signal, timeout: ANSWER_TIMEOUT_MS },
        ),
    });
  } catch (error) {
    if (extra.signal.aborted) service.stats.cancelledCalls += 1;
    throw error;
  }
}
