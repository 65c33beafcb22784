/** Questions to the client and their answers: the same shapes inside a task (`tasks/update`) and before it (a retried `tools/call`). */

import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv';
import type { ClientCapabilities } from '@modelcontextprotocol/server';
import { isSpecType, MissingRequiredClientCapabilityError } from '@modelcontextprotocol/server';

export interface InputRequest {
  method: 'elicitation/create' | 'sampling/createMessage' | 'roots/list';
  params?: Record<string, unknown>;
}

/** Questions by name. */
export type Questions = Record<string, InputRequest>;
/** Answers by the names of their questions, each fitting its question. */
export type Answers = Record<string, Record<string, unknown>>;

type FormSchema = Parameters<AjvJsonSchemaValidator['getValidator']>[0];

const validator = new AjvJsonSchemaValidator();

/** What is wrong with an answer, as the end of a sentence about it; undefined when it fits. */
export function badAnswer({ method, params }: InputRequest, answer: unknown): string | undefined {
  if (method === 'roots/list') return isSpecType.ListRootsResult(answer) ? undefined : 'is no list of roots';
  if (method === 'sampling/createMessage')
    return isSpecType.CreateMessageResult(answer) ? undefined : 'is no sampled message';
  if (!isSpecType.ElicitResult(answer)) return 'is no answer to an elicitation';
  if (params?.['mode'] === 'url') return answer.content === undefined ? undefined : 'must have no content';
  if (answer.action !== 'accept') return undefined;
  const verdict = validator.getValidator(params?.['requestedSchema'] as FormSchema)(answer.content ?? {});
  return verdict.valid ? undefined : `does not fit the form: ${verdict.errorMessage}`;
}

/** A client is asked only what it said it can answer. Error: MissingRequiredClientCapabilityError (-32021) that names the rest. */
export function demandCapabilities(questions: Questions, declared: ClientCapabilities): void {
  const missing: Record<string, object> = {};
  for (const { method, params } of Object.values(questions)) {
    if (method === 'roots/list' && !declared.roots) missing['roots'] = {};
    if (method === 'sampling/createMessage' && !declared.sampling) missing['sampling'] = {};
    if (method !== 'elicitation/create') continue;
    const mode = params?.['mode'] === 'url' ? 'url' : 'form';
    const { elicitation } = declared;
    // A bare `elicitation: {}` means forms.
    const bare = elicitation && Object.keys(elicitation).length === 0;
    if (elicitation?.[mode] === undefined && !(bare && mode === 'form'))
      missing['elicitation'] = { ...missing['elicitation'], [mode]: {} };
  }
  if (Object.keys(missing).length > 0)
    throw new MissingRequiredClientCapabilityError({ requiredCapabilities: missing as ClientCapabilities });
}
