import { fileURLToPath } from 'node:url';
import { completionAsked } from './cli/completion/request.ts';
import { quickAnswer } from './cli/quick.ts';
import { keepCompiled } from './config/compile-cache.ts';
import { DEMO_CONFIG } from './demo/background-config.ts';
import { EXIT } from './errors.ts';
import { KEEPER_MARK } from './keeper/env.ts';

const argv = process.argv.slice(2);
const quick = quickAnswer(argv, process.env['MCP2CLI_PROGRAM'], () => process.stdout.columns);
const asked = completionAsked(argv);
if (quick === undefined) keepCompiled();

if (quick !== undefined) {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A reader that has gone is a quiet end (`--help | head -1`).
    if (error.code === 'EPIPE') return;
    process.stderr.write(`error: cannot write the output: ${error.message}\n`);
    process.exitCode = EXIT.io;
  });
  process.stdout.write(quick);
} else if (process.env[DEMO_CONFIG] !== undefined && argv[0] === 'demo' && argv[1] === 'serve') {
  // The demo server's own process: it has signals of its own, so nothing else is set up for it.
  void import('./demo/background.ts').then(({ runDetachedDemo }) => runDetachedDemo());
} else if (process.env[KEEPER_MARK] !== undefined && argv[0] === 'keeper' && argv[1] === 'serve') {
  void import('./keeper/server/process.ts').then(({ runKeeper }) => runKeeper());
} else if (asked) {
  // Somebody waits with a finger on TAB: one file that has all it needs (build.js).
  void import('./cli/completion/complete.ts').then(({ complete }) => complete(asked));
} else {
  void runCommand();
}

async function runCommand(): Promise<void> {
  // Node ends a program that waits for something which can never come, with exit code 0.
  let ended = false;
  process.on('exit', (code) => {
    if (ended || code !== 0) return;
    process.stderr.write('error: a defect of mcp2cli: it has nothing left to wait for, and no answer\n');
    process.exitCode = EXIT.internal;
  });
  const { run } = await import('./run.ts');
  process.exitCode = await run(argv, fileURLToPath(new URL('../bin/mcp2cli.js', import.meta.url)));
  ended = true;
}
