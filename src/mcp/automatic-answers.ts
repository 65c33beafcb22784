import { UnfinishedError } from '../errors.ts';
import type { AutomaticAnswers } from '../jobs/ports.ts';
import type { ClientFeatures } from './client-features/client-features.ts';

/**
 * The client features as the jobs see them, for questions that come as `inputRequests` (MCP 2026-07-28); undefined where there are none. There
 * is no way to refuse one of these: a sampling command that fails leaves its question open, with an UnfinishedError that says so.
 */
export function automaticAnswers(features: ClientFeatures): AutomaticAnswers | undefined {
  if (features.declared === '') return undefined;
  return {
    answer(question, signal) {
      const { method, params } = question;
      return features.answer(method, params, signal as AbortSignal)?.catch((error: unknown) => {
        if (signal.aborted) throw error;
        throw new UnfinishedError('input_required', (error as Error).message, {
          cause: error,
          details: { pending_input: [question] },
        });
      });
    },
    get busy() {
      return features.busy;
    },
  };
}
