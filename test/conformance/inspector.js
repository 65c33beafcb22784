// The command line of the official Inspector, a client that is not ours, against `mcp2cli serve` over stdio.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './runner.js';

const BIN = fileURLToPath(new URL('../../bin/mcp2cli.js', import.meta.url));
const JOBS = fileURLToPath(new URL('jobs', import.meta.url));

/** What is asked, and whether the answer is right. */
const QUESTIONS = [
  [['tools/list'], ({ tools }) => tools.some(({ name }) => name === 'greet') && tools.some(isExecuteJob)],
  [call('greet', 'name=Ada'), ({ structuredContent }) => structuredContent.text === 'Hello, Ada!'],
  [
    call('execute_job', 'name=greet', 'input={"name":"Ada"}'),
    ({ structuredContent: { state, result } }) => state === 'completed' && result.text === 'Hello, Ada!',
  ],
  [call('list_jobs'), ({ structuredContent: { jobs } }) => jobs.some(({ name }) => name === 'slow_compute')],
];

function isExecuteJob({ name }) {
  return name === 'execute_job';
}

function call(name, ...args) {
  return ['tools/call', '--tool-name', name, ...args.flatMap((arg) => ['--tool-arg', arg])];
}

/** One line a question. Returns how many were answered wrongly. */
export async function checkInspector(node, inspector) {
  const home = mkdtempSync(join(tmpdir(), 'mcp2cli-inspector-'));
  const served = [process.execPath, BIN, 'serve', '--jobs', JOBS];
  let failures = 0;
  for (const [method, isRight] of QUESTIONS) {
    const patience = ['--connect-timeout', '60000'];
    const args = [
      inspector,
      '--cli',
      ...patience,
      '-e',
      `MCP2CLI_HOME=${home}`,
      ...served,
      '--method',
      ...method,
    ];
    const { stdout, stderr } = await run(node, args, { timeout: 120_000 }).catch((error) => error);
    let right = false;
    try {
      right = isRight(JSON.parse(stdout));
    } catch {
      // It is no answer then.
    }
    console.log(`${right ? 'ok  ' : 'FAIL'} inspector ${method.join(' ')}`);
    if (right) continue;
    failures += 1;
    console.log(`${stdout}${stderr}`);
  }
  rmSync(home, { recursive: true, force: true });
  return failures;
}
