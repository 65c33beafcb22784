/**
 * Preloaded into mcp2cli (NODE_OPTIONS=--import=...): stops the process (SIGSTOP) before the n-th time that it reads or renames a file
 * while it holds the lock of STOP_FILE. STOP_AT is n; `stopped CALL` goes to stderr just before.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { STOP_FILE, STOP_AT } = process.env;
const { existsSync, writeSync } = fs;
let left = Number(STOP_AT);

for (const name of ['readFileSync', 'renameSync']) {
  const call = fs[name];
  fs[name] = (...args) => {
    if (existsSync(`${STOP_FILE}.lock`) && --left === 0) {
      writeSync(2, `stopped ${name}\n`);
      process.kill(process.pid, 'SIGSTOP');
      // Another thread may be the one that takes the signal.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    }
    return call(...args);
  };
}
syncBuiltinESMExports();
