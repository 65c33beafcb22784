import { existsSync } from 'node:fs';

/** libfaketime, where Debian and its kin put it: gives a process a clock of its own. Undefined where it is not installed. */
export const FAKETIME = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib']
  .map((dir) => `${dir}/faketime/libfaketime.so.1`)
  .find(existsSync);
