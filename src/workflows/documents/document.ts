/** A workflow as a document: steps that name what an instance has, with jq for what flows between them. Pure. */
import { type Field, FLAG, LABELS, NAME, OBJECT, STEPS, TEXT, TEXTS } from '../../lib/json/fields.ts';
import { isObject, type JsonObject } from '../../lib/json/json.ts';
import { parseDuration } from '../../lib/text/duration.ts';
import { nearestNames } from '../../lib/text/nearest-names.ts';
import { linkProblems } from '../checks.ts';

export interface DocumentStep {
  id: string;
  /** A tool, a definition or a job of the instance. */
  tool: string;
  dependsOn?: string[];
  /** Text: a jq expression that makes an object of `{input, steps}`. An object: the arguments as they stand. */
  input?: string | JsonObject;
  /** A jq expression over the same; the step is skipped when it says false or null. */
  condition?: string;
  continueOnError?: boolean;
  /** A duration with its unit. */
  timeout?: string;
  retry?: { maxAttempts?: number; backoffMs?: number; backoffMultiplier?: number; maxBackoffMs?: number };
}

export interface WorkflowDocument {
  name: string;
  description?: string;
  /** JSON Schema of the workflow's own input: its flags. */
  inputSchema?: JsonObject;
  steps: DocumentStep[];
  maxConcurrency?: number;
  timeout?: string;
  tags?: string[];
  labels?: Record<string, string>;
  hideFromDiscovery?: boolean;
}

/** Something that is wrong, and where in the document. */
export interface DocumentProblem {
  path: (string | number)[];
  message: string;
}

const duration: Field = {
  takes: 'a duration with its unit, such as "30s" or "10m"',
  fits: (value) => typeof value === 'string' && /[a-z]/.test(value) && isDuration(value),
};
const number = (least: number, most: number, whole: boolean): Field => ({
  takes: `a ${whole ? 'whole number' : 'number'} from ${least} to ${most}`,
  fits: (value) =>
    typeof value === 'number' && value >= least && value <= most && (!whole || Number.isInteger(value)),
});
const expression: Field = { takes: 'a jq expression (text)', fits: NAME.fits };

const WORKFLOW: Record<string, Field> = {
  name: NAME,
  description: TEXT,
  inputSchema: OBJECT,
  steps: STEPS,
  maxConcurrency: number(1, 1_000, true),
  timeout: duration,
  tags: TEXTS,
  labels: LABELS,
  hideFromDiscovery: FLAG,
};
const STEP: Record<string, Field> = {
  id: {
    takes: 'letters, digits, "-", "_" and ".", starting with a letter or digit, at most 64',
    fits: (value) => typeof value === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(value),
  },
  tool: NAME,
  dependsOn: TEXTS,
  input: {
    takes: 'a jq expression (text), or the arguments as an object',
    fits: (value) => expression.fits(value) || OBJECT.fits(value),
  },
  condition: expression,
  continueOnError: FLAG,
  timeout: duration,
  retry: { takes: 'an object', fits: isObject },
};
const RETRY: Record<string, Field> = {
  maxAttempts: number(1, 100, true),
  backoffMs: number(0, 86_400_000, false),
  backoffMultiplier: number(1, 100, false),
  maxBackoffMs: number(0, 86_400_000, false),
};

/** All that keeps a value from being a workflow; expressions are judged by `checkExpression`, which throws for one that is none. */
export function documentProblems(value: unknown, checkExpression: (text: string) => void): DocumentProblem[] {
  if (!isObject(value)) return [{ path: [], message: 'a workflow is an object with name and steps' }];
  const problems = fieldProblems(value, WORKFLOW, ['name', 'steps'], []);
  const { steps } = value;
  if (!Array.isArray(steps)) return problems;
  for (const [i, step] of steps.entries())
    problems.push(...stepProblems(step, ['steps', i], checkExpression));
  if (problems.some(({ path }) => path[0] === 'steps')) return problems;
  const links = (steps as DocumentStep[]).map(({ id, dependsOn = [] }) => ({ id, dependsOn }));
  for (const { step, message } of linkProblems(links)) problems.push({ path: ['steps', step], message });
  return problems;
}

function stepProblems(
  step: unknown,
  path: (string | number)[],
  checkExpression: (text: string) => void,
): DocumentProblem[] {
  if (!isObject(step)) return [{ path, message: `step ${Number(path[1]) + 1} must be an object` }];
  const shown = `step ${typeof step['id'] === 'string' ? step['id'] : Number(path[1]) + 1}: `;
  const problems = fieldProblems(step, STEP, ['id', 'tool'], path);
  if (isObject(step['retry'])) problems.push(...fieldProblems(step['retry'], RETRY, [], [...path, 'retry']));
  for (const field of ['input', 'condition']) {
    const value = step[field];
    if (typeof value !== 'string' || value === '') continue;
    try {
      checkExpression(value);
    } catch (error) {
      problems.push({
        path: [...path, field],
        message: `${field} is no jq expression: ${(error as Error).message}`,
      });
    }
  }
  return problems.map((problem) => ({ ...problem, message: shown + problem.message }));
}

function fieldProblems(
  value: JsonObject,
  fields: Record<string, Field>,
  required: readonly string[],
  path: (string | number)[],
): DocumentProblem[] {
  const missing = required.filter((field) => !Object.hasOwn(value, field));
  const problems = missing.map((field) => ({ path, message: `${field} is missing` }));
  for (const [field, content] of Object.entries(value)) {
    const known = Object.hasOwn(fields, field) ? fields[field] : undefined;
    const at = [...path, field];
    if (!known)
      problems.push({
        path: at,
        message: `there is no field ${JSON.stringify(field)}${meant(field, fields)}`,
      });
    else if (!known.fits(content)) problems.push({ path: at, message: `${field} must be ${known.takes}` });
  }
  return problems;
}

function meant(field: string, fields: Record<string, Field>): string {
  const [near] = nearestNames(field, Object.keys(fields));
  return near === undefined ? `; there are ${Object.keys(fields).join(', ')}` : `: did you mean ${near}?`;
}

function isDuration(value: string): boolean {
  try {
    return parseDuration(value, '') !== undefined;
  } catch {
    return false;
  }
}
