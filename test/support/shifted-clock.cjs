/** Preloaded (NODE_OPTIONS=--require=...): the time of day is CLOCK_AHEAD_MS milliseconds later than it is. Durations are as they are. */
const ahead = Number(process.env.CLOCK_AHEAD_MS);

globalThis.Date = new Proxy(Date, {
  get: (real, name) => (name === 'now' ? () => real.now() + ahead : Reflect.get(real, name)),
  construct: (real, given, target) =>
    Reflect.construct(real, given.length === 0 ? [real.now() + ahead] : given, target),
  apply: (real) => new real(real.now() + ahead).toString(),
});
