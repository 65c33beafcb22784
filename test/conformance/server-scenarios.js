// The official scenarios of the tasks extension against the fixture server of protocol 2026-07-28: the server that our client is tested against has to be
// right itself.
import { spawn } from 'node:child_process';
import { bundled } from '../support/bundle.js';
import { dir, run } from './runner.js';

/** As many as this version has: should it one day list fewer, that is not to pass unnoticed. */
const SCENARIOS = 10;

/** Starts the fixture server. It ends with its stdin, so also when this process is killed. */
async function startServer() {
  const server = await bundled('tasks-2026', new URL('../support/tasks-2026/child.ts', import.meta.url));
  const child = spawn(process.execPath, [server, 'http'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const line = await new Promise((resolve, reject) => {
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      output += chunk;
      if (output.includes('\n')) resolve(output);
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
  return { url: JSON.parse(line).url, close: () => child.stdin.end() };
}

/** Runs one scenario: whether it passed, what it counted, and everything it said. */
async function runScenario(node, runner, url, scenario) {
  const args = [runner, 'server', '--url', url, '--scenario', scenario];
  const { stdout, stderr, failed } = await run(node, args, { cwd: dir, timeout: 60_000 }).then(
    (output) => ({ ...output, failed: false }),
    (error) => ({ stdout: error.stdout ?? '', stderr: error.stderr || error.message, failed: true }),
  );
  const [, passed, all] = /^Passed: (\d+)\/(\d+)/m.exec(stdout) ?? [];
  return {
    failed: failed || passed === undefined || passed !== all,
    passed,
    all,
    output: `${stdout}${stderr}`,
  };
}

/** One line a scenario. Returns how many failed. */
export async function checkServer(node, runner) {
  const { stdout: list } = await run(node, [runner, 'list', '--server'], { cwd: dir, timeout: 60_000 });
  const scenarios = [...list.matchAll(/^\s*- (tasks-[\w-]+)/gm)].map(([, name]) => name);
  const server = await startServer();
  let failures = 0;
  for (const scenario of scenarios) {
    const { failed, passed = '0', all = '?', output } = await runScenario(node, runner, server.url, scenario);
    const verdict = failed ? 'FAIL' : all === '0' ? 'skip' : 'ok  ';
    console.log(
      `${verdict} ${scenario}: ${all === '0' ? 'skipped by the runner' : `${passed} of ${all} checks`}`,
    );
    if (!failed) continue;
    failures += 1;
    console.log(output);
  }
  server.close();
  if (scenarios.length < SCENARIOS) {
    failures += 1;
    console.log(`FAIL the runner lists ${scenarios.length} scenarios, not ${SCENARIOS}`);
  }
  return failures;
}
