import { problemsInPlace } from '../../tools/checks/check.ts';
import type { Answer, Answerer } from '../ports.ts';
import type { PendingInput } from '../record.ts';
import { formDefaults, formFields, formProblems } from './form.ts';

/**
 * Somebody who answers by rule what a server asks (MCP elicitation), or undefined where the rule is to ask. `decline` declines everything;
 * `defaults` accepts a form with the values that it proposes, and leaves everything else to others. `onAnswer` hears of every answer.
 */
export function policyAnswerer(
  policy: 'ask' | 'decline' | 'defaults' | undefined,
  onAnswer: (question: PendingInput, answer: Answer) => void = () => {},
): Answerer | undefined {
  if (policy !== 'decline' && policy !== 'defaults') return undefined;
  return async (question) => {
    // What may be another call's question is nothing to answer by this one's rule.
    if (question.method !== 'elicitation/create' || question.shared) return undefined;
    const answer: Answer | undefined =
      policy === 'decline' ? { action: 'decline' } : await defaultsAnswer(question.params);
    if (answer) onAnswer(question, answer);
    return answer;
  };
}

/**
 * The form with its defaults, as a person would send it who changes nothing. Undefined for a page to open, a form that proposes nothing (to
 * accept that would be a consent that nobody gave), one with a required field without a default, one whose defaults do not fit, and one that
 * takes long to check.
 */
async function defaultsAnswer(params: PendingInput['params']): Promise<Answer | undefined> {
  if (params['mode'] !== undefined && params['mode'] !== 'form') return undefined;
  const schema = params['requestedSchema'];
  const fields = formFields(schema);
  const content = formDefaults(fields);
  if (Object.keys(content).length === 0 || fields.some(({ flag }) => flag.mustBeGiven)) return undefined;
  // Of a schema that cannot be used the server is the judge.
  const found = await problemsInPlace({ schema, value: content }).catch(() => []);
  const fits = found?.length === 0 && formProblems(fields, content).length === 0;
  return fits ? { action: 'accept', content } : undefined;
}
