#!/usr/bin/env node
// jq for machines without it: `jq [-r] [-c] ... EXPRESSION` over stdin, on jq's own code compiled to WebAssembly.
import { readFileSync } from 'node:fs';
import jq from 'jq-wasm';

const words = process.argv.slice(2);
const flags = words.filter((word) => /^-[a-zA-Z-]/.test(word));
const [filter = '.', ...files] = words.filter((word) => !flags.includes(word));
const exitStatus = flags.some((flag) => flag === '--exit-status' || /^-[a-zA-Z]*e/.test(flag));

try {
  const input =
    files.length > 0 ? files.map((file) => readFileSync(file, 'utf8')).join('\n') : readFileSync(0, 'utf8');
  const output = await jq.raw(input, filter, flags);
  // The library takes the last newline off.
  if (output !== '') process.stdout.write(`${output}\n`);
  if (exitStatus) {
    const last = output.trim().split('\n').at(-1);
    process.exitCode = last === '' ? 4 : last === 'null' || last === 'false' ? 1 : 0;
  }
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 5;
}
