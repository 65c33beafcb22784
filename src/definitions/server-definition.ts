/** Jobs and workflows as they are registered at a FrontMCP server (`register_job`, `register_workflow`). Pure. */
import { type Field, isTexts, NAME, STEPS, TEXT, TEXTS } from '../lib/json/fields.ts';
import { isObject, type JsonObject } from '../lib/json/json.ts';

export interface ServerDefinition {
  kind: 'job' | 'workflow';
  name: string;
  /** What the server's tool takes. */
  args: JsonObject;
}

/** What helps with a workflow that was taken for a server's, and may have been meant as one of our own. */
export const OWN_STEPS_HINT =
  'steps with "jobName" are for a FrontMCP job server; those of your own have "tool" in its place: {"id": "a", "tool": "TOOL"}';

const SCHEMA: Field = { takes: 'an object (JSON Schema)', fits: isObject };
const TRIGGERS: readonly unknown[] = ['manual', 'webhook', 'event'];

const COMMON: Record<string, Field> = { description: TEXT, tags: TEXTS };
const FIELDS: Record<ServerDefinition['kind'], Record<string, Field>> = {
  job: { ...COMMON, script: TEXT, inputSchema: SCHEMA, outputSchema: SCHEMA },
  workflow: {
    ...COMMON,
    steps: STEPS,
    trigger: { takes: `one of ${TRIGGERS.join(', ')}`, fits: (value) => TRIGGERS.includes(value) },
  },
};

/** What a value would define at a server: a `script` makes it a job, `steps` a workflow; undefined for neither. */
export function serverKind(value: unknown): ServerDefinition['kind'] | undefined {
  if (!isObject(value)) return undefined;
  if (Object.hasOwn(value, 'steps')) return 'workflow';
  return Object.hasOwn(value, 'script') ? 'job' : undefined;
}

/** What is wrong with it, a line each. Unknown fields count: the server would drop them without a word. */
export function serverDefinitionProblems(value: JsonObject, kind: ServerDefinition['kind']): string[] {
  const fields = FIELDS[kind];
  const problems = NAME.fits(value['name']) ? [] : [`name must be ${NAME.takes}`];
  for (const [field, content] of Object.entries(value)) {
    if (field === 'name' || content === undefined) continue;
    const known = Object.hasOwn(fields, field) ? fields[field] : undefined;
    if (!known) problems.push(`${field}: a ${kind} of the server has no such field`);
    else if (!known.fits(content)) problems.push(`${field} must be ${known.takes}`);
  }
  if (problems.length === 0 && Array.isArray(value['steps'])) problems.push(...stepProblems(value['steps']));
  return problems;
}

/** Servers take any steps and let the run fail: ids, what a step waits for, and circles are looked at here. */
function stepProblems(steps: readonly unknown[]): string[] {
  const problems: string[] = [];
  const waits = new Map<string, string[]>();
  for (const [i, step] of steps.entries()) {
    const { id, jobName, dependsOn = [] } = isObject(step) ? step : {};
    const shown = typeof id === 'string' && id !== '' ? id : `${i + 1}`;
    if (shown !== id) problems.push(`step ${shown}: id must be ${NAME.takes}`);
    if (!NAME.fits(jobName)) problems.push(`step ${shown}: jobName is missing`);
    if (!isTexts(dependsOn)) problems.push(`step ${shown}: dependsOn must be ${TEXTS.takes}`);
    if (waits.has(shown)) problems.push(`step ${shown} is there twice`);
    waits.set(shown, isTexts(dependsOn) ? dependsOn : []);
  }
  for (const [id, others] of waits)
    for (const other of others)
      if (!waits.has(other)) problems.push(`step ${id} waits for ${other}, which is no step`);
  const circle = problems.length === 0 ? inCircle(waits) : [];
  if (circle.length > 0) problems.push(`steps wait for each other: ${circle.join(', ')}`);
  return problems;
}

/** The steps that can never begin. */
function inCircle(waits: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  for (let before = -1; before < done.size; ) {
    before = done.size;
    for (const [id, others] of waits) if (others.every((other) => done.has(other))) done.add(id);
  }
  return [...waits.keys()].filter((id) => !done.has(id));
}
