/** A promise, and what keeps it. */
export function promised<T = void>(): { promise: Promise<T>; keep: (value: T) => void } {
  let resolved: (value: T) => void = () => {};
  const promise = new Promise<T>((resolve) => {
    resolved = resolve;
  });
  return { promise, keep: (value) => resolved(value) };
}
