/** Workflows by chance, from a seed: any graph, with conditions, steps that fail, failures that are let pass, and retries. */

export interface RandomFlow {
  name: string;
  maxConcurrency: number;
  steps: {
    id: string;
    tool: string;
    dependsOn: string[];
    input: string;
    condition?: string;
    continueOnError?: boolean;
    retry: { maxAttempts: number; backoffMs: number };
  }[];
}

/** More attempts than calls are lost in a test. */
const SPARE = 3;

/** In [0, 1), the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The sum of a step that has completed, or null. One that has failed has outputs only if its last call was answered, and not lost. */
const sumOf = (id: string) => `.steps.${id} | if .state == "completed" then .outputs.sum else null end`;

/**
 * What comes of it hangs on neither time nor place: a step that can succeed has attempts to spare for calls that are lost, and of one that cannot no other
 * step reads the outputs. `name` is the beginning of its steps' ids.
 */
export function randomFlow(name: string, random: () => number): RandomFlow {
  const below = (limit: number) => Math.floor(random() * limit);
  const size = 4 + below(5);
  const steps = Array.from({ length: size }, (_, at): RandomFlow['steps'][number] => {
    const id = `${name}s${at}`;
    const dependsOn = Array.from({ length: at }, (__, i) => `${name}s${i}`).filter(() => random() < 0.4);
    const sums = dependsOn.map((other) => `(${sumOf(other)})`).join(', ');
    // So many times it fails: always, once, never.
    const times = [99, 1, 0, 0, 0][below(5)] ?? 0;
    const [first] = dependsOn;
    const condition = [`.steps.${first}.state == "completed"`, `(${sumOf(`${first}`)} // 0) % 2 == 1`];
    return {
      id,
      tool: 'fails',
      dependsOn,
      input: `{id: "${id}", times: ${times}, n: (([${sums}] | add // 0) + 1)}`,
      ...(first !== undefined && random() < 0.3 ? { condition: condition[below(2)] as string } : {}),
      ...(random() < 0.4 ? { continueOnError: true } : {}),
      retry: { maxAttempts: times === 99 ? 1 + below(2) : 1 + times + SPARE, backoffMs: 0 },
    };
  });
  // A step may stand before one that it waits for.
  if (random() < 0.5) steps.reverse();
  return { name, maxConcurrency: 1 + below(4), steps };
}
