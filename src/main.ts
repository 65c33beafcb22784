import { createRequire } from 'node:module';
import { join } from 'node:path';
import { completionAsked } from './cli/completion/request.ts';
import { quickAnswer } from './cli/quick.ts';
import { compiledCodeFile } from './config/compile-cache.ts';
import { DEMO_CONFIG } from './demo/background-config.ts';
import { EXIT } from './errors.ts';
import { KEEPER_MARK } from './keeper/env.ts';
import { Loader } from './lib/compiled/loader.ts';

const argv = process.argv.slice(2);
const quick = quickAnswer(argv, process.env['MCP2CLI_PROGRAM'], () => process.stdout.columns);
if (quick !== undefined) {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A reader that has gone is a quiet end (`--help | head -1`).
    if (error.code === 'EPIPE') return;
    process.stderr.write(`error: cannot write the output: ${error.message}\n`);
    process.exitCode = EXIT.io;
  });
  process.stdout.write(quick);
} else {
  void runFile();
}

/** Loads the file that does what is asked for (build.js), and runs it. */
async function runFile(): Promise<void> {
  const loader = new Loader(import.meta.dirname, createRequire(import.meta.filename), compiledCodeFile(argv));
  process.on('exit', (code) => {
    if (code === EXIT.ok) loader.keep();
  });
  const asked = completionAsked(argv);
  if (process.env[DEMO_CONFIG] !== undefined && argv[0] === 'demo' && argv[1] === 'serve') {
    // The demo server's own process: it has signals of its own, so nothing else is set up for it.
    const demo = loader.load('demo-background.cjs') as typeof import('./demo/background.ts');
    await demo.runDetachedDemo();
  } else if (process.env[KEEPER_MARK] !== undefined && argv[0] === 'keeper' && argv[1] === 'serve') {
    const keeper = loader.load('keeper-server-process.cjs') as typeof import('./keeper/server/process.ts');
    await keeper.runKeeper();
  } else if (asked) {
    // Somebody waits with a finger on TAB: one file that has all it needs.
    const completion = loader.load(
      'completion/complete.cjs',
    ) as typeof import('./cli/completion/complete.ts');
    await completion.complete(asked);
    endAtOnce();
  } else {
    await runCommand(loader.load('run.cjs') as typeof import('./run.ts'));
  }
}

async function runCommand({ run }: typeof import('./run.ts')): Promise<void> {
  // Node ends a program that waits for something which can never come, with exit code 0.
  let ended = false;
  process.on('exit', (code) => {
    if (ended || code !== 0) return;
    process.stderr.write('error: a defect of mcp2cli: it has nothing left to wait for, and no answer\n');
    process.exitCode = EXIT.internal;
  });
  process.exitCode = await run(argv, join(import.meta.dirname, '../bin/mcp2cli.js'));
  ended = true;
  endAtOnce();
}

/** All that was written has left. Node's own end takes its heap apart first, which nobody needs (docs/measurements.md). */
function endAtOnce(): void {
  process.exit();
}
