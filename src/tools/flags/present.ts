/** Which flags of a tool have a value in arguments. Pure. */
import type { ToolFlag } from './flag.ts';

/** Flags that must be typed and were not; of an object whose parts have flags the parts. */
export function missingFlags(flags: readonly ToolFlag[], args: Record<string, unknown>): ToolFlag[] {
  const must = flags.filter((flag) => flag.mustBeGiven && !isGiven(flag, args));
  return must.filter((flag) => !must.some((inner) => isInside(inner, flag)));
}

/** Whether a flag is for a part of what another one is for. */
export function isInside(inner: ToolFlag, outer: ToolFlag): boolean {
  return inner.path.length > outer.path.length && outer.path.every((name, i) => inner.path[i] === name);
}

/** Whether the arguments have a value at the flag's place. */
export function isGiven({ path }: ToolFlag, args: Record<string, unknown>): boolean {
  let at: unknown = args;
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return false;
    at = (at as { [step: string | number]: unknown })[step];
  }
  return true;
}
