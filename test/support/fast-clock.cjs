/**
 * Preloaded (NODE_OPTIONS=--require=...): the clock of durations, and that of the processor's time, run CLOCK_SPEED times as fast. A limit that
 * the program looks for on them is over sooner; timers are as they are.
 */
const speed = Number(process.env.CLOCK_SPEED);

const { hrtime, cpuUsage } = process;

process.hrtime = Object.assign(
  (since = [0, 0]) => {
    const now = hrtime.bigint() * BigInt(speed) - (BigInt(since[0]) * 1_000_000_000n + BigInt(since[1]));
    return [Number(now / 1_000_000_000n), Number(now % 1_000_000_000n)];
  },
  { bigint: () => hrtime.bigint() * BigInt(speed) },
);

process.cpuUsage = (since = { user: 0, system: 0 }) => {
  const { user, system } = cpuUsage();
  return { user: user * speed - since.user, system: system * speed - since.system };
};
