/** Milliseconds of processor time that this process has used. Unlike the clock it does not run while a busy machine lets the process wait. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
