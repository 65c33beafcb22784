/** What keeps steps from being a workflow: ids, what they wait for, circles. Pure. */

export interface StepLinks {
  id: string;
  dependsOn: readonly string[];
}

/** A problem, and which step has it (its index), so that whoever read a file can tell the line. */
export interface StepProblem {
  step: number;
  message: string;
}

/** Everything that is wrong with how the steps hang together. */
export function linkProblems(steps: readonly StepLinks[]): StepProblem[] {
  const problems: StepProblem[] = [];
  const first = new Map<string, number>();
  for (const [step, { id }] of steps.entries()) {
    if (first.has(id)) problems.push({ step, message: `two steps have the id ${JSON.stringify(id)}` });
    else first.set(id, step);
  }
  for (const [step, { id, dependsOn }] of steps.entries())
    for (const other of new Set(dependsOn))
      if (!first.has(other))
        problems.push({ step, message: `${id} depends on ${JSON.stringify(other)}, which is no step` });
  if (problems.length > 0) return problems;
  const circle = circleIn(steps);
  if (circle === undefined) return [];
  const step = first.get(circle[0] ?? '') ?? 0;
  return [{ step, message: `steps wait for each other in a circle: ${circle.join(' -> ')}` }];
}

/** The ids around a circle, the first one again at the end; undefined where there is none. */
function circleIn(steps: readonly StepLinks[]): string[] | undefined {
  const waits = new Map(steps.map(({ id, dependsOn }) => [id, dependsOn]));
  const done = new Set<string>();
  // What can be done is taken away, until only circles and what waits for them are left.
  for (let before = -1; before < done.size; ) {
    before = done.size;
    for (const [id, others] of waits)
      if (!done.has(id) && others.every((other) => done.has(other))) done.add(id);
  }
  const left = steps.find(({ id }) => !done.has(id));
  if (left === undefined) return undefined;
  const path: string[] = [];
  let at = left.id;
  while (!path.includes(at)) {
    path.push(at);
    at = waits.get(at)?.find((other) => !done.has(other)) ?? at;
  }
  return [...path.slice(path.indexOf(at)), at];
}
