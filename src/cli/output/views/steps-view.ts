/** The steps of a workflow that this program runs, as a tree with states and times. */
import type { JobRecord, StepRecord } from '../../../jobs/record.ts';
import { elapsed } from '../../../lib/elapsed.ts';
import { visibleLine, visibleName } from '../../../lib/text/visible.ts';

/** What stands before a state, where nothing is coloured. */
const MARKS: Record<StepRecord['state'], string> = {
  pending: '.',
  running: '>',
  completed: '+',
  failed: 'x',
  skipped: '-',
  canceled: 'x',
  lost: '?',
};

/** A line a step; each is indented below the last of those that it waits for. `now`: what running steps are timed by. */
export function stepLines({ steps = [] }: Pick<JobRecord, 'steps'>, now: Date): string[] {
  const depths = depthsOf(steps);
  const widest = Math.max(0, ...steps.map(({ id }) => (depths.get(id) ?? 0) * 2 + id.length));
  return steps.map((step) => {
    const lead = '  '.repeat(depths.get(step.id) ?? 0);
    const name = `${lead}${step.id}`.padEnd(widest);
    const runs = step.name === step.id ? '' : `  ${visibleName(step.name)}`;
    return `  ${MARKS[step.state]} ${name}  ${stateText(step, now)}${runs}${whyText(step)}`;
  });
}

function stateText({ state, attempt, started_at, finished_at }: StepRecord, now: Date): string {
  const tries = attempt > 1 ? ` (attempt ${attempt})` : '';
  const end = finished_at === null ? now.getTime() : Date.parse(finished_at);
  const isTimed = started_at !== null && state !== 'skipped' && state !== 'lost';
  return `${state}${tries}${isTimed ? ` ${elapsed(Math.max(0, end - Date.parse(started_at)))}` : ''}`;
}

function whyText({ error, blocked }: StepRecord): string {
  if (error) return `  ${visibleLine(error.message)}`;
  return blocked ? '  a step before it failed' : '';
}

/** How many steps stand before each, along the longest way. */
function depthsOf(steps: readonly StepRecord[]): Map<string, number> {
  const depths = new Map<string, number>();
  const ids = new Set(steps.map(({ id }) => id));
  for (let before = -1; before < depths.size; ) {
    before = depths.size;
    for (const { id, depends_on } of steps) {
      const known = depends_on.filter((other) => ids.has(other)).map((other) => depths.get(other));
      if (depths.has(id) || known.includes(undefined)) continue;
      depths.set(id, 1 + Math.max(-1, ...known.map((depth) => depth ?? 0)));
    }
  }
  return depths;
}

/** What has changed between two looks, a line a step, for a pipe. */
export function stepChanges(before: readonly StepRecord[], after: readonly StepRecord[]): string[] {
  const told = new Map(before.map((step) => [step.id, `${step.state} ${step.attempt}`]));
  return after
    .filter(({ id, state, attempt }) => state !== 'pending' && told.get(id) !== `${state} ${attempt}`)
    .map(
      (step) =>
        `${step.id}  ${step.state}${step.attempt > 1 ? ` (attempt ${step.attempt})` : ''}${whyText(step)}`,
    );
}
