// Runs the official conformance scenarios of the tasks extension against the fixture server of protocol 2026-07-28: the server that our client is
// tested against has to be right itself. One line a scenario; exit code 1 when one fails.
//
// The runner is not among the devDependencies: it needs Node 22 or later and brings 22 MB. It is installed into .tmp/ at its first use.
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundled } from '../support/bundle.js';

const RUNNER = '@modelcontextprotocol/conformance';
const VERSION = '0.2.0-alpha.12';
/** As many as this version has: should it one day list fewer, that is not to pass unnoticed. */
const SCENARIOS = 10;

const run = promisify(execFile);
const dir = fileURLToPath(new URL('../../.tmp/conformance/', import.meta.url));

/** Installs one package, with what it needs, into a folder of its own. */
async function install(folder, name, version, ...flags) {
  const root = join(dir, folder);
  console.log(`installing ${name}@${version} into .tmp/conformance`);
  mkdirSync(root, { recursive: true });
  // The package `node` fetches its program by an install script, which newer versions of npm run for those who say so.
  writeFileSync(join(root, 'package.json'), JSON.stringify({ private: true, allowScripts: { node: true } }));
  const spec = `${name}@${version}`;
  await run('npm', ['install', '--save-exact', '--no-audit', '--no-fund', ...flags, spec], { cwd: root });
}

/** The runner's program, installed when it is not there in this version. */
async function theRunner() {
  const root = join(dir, `runner-${VERSION}`, 'node_modules', RUNNER);
  if (!existsSync(root)) await install(`runner-${VERSION}`, RUNNER, VERSION, '--ignore-scripts');
  return join(root, 'dist/index.js');
}

/** A Node that the runner can be run with: this one, or else one from the package `node`. */
async function theRunnersNode() {
  if (Number(process.versions.node.split('.')[0]) >= 22) return process.execPath;
  const program = join(dir, 'node', 'node_modules/node/bin/node');
  if (!existsSync(program)) await install('node', 'node', 'latest');
  return program;
}

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

const [runner, node] = [await theRunner(), await theRunnersNode()];
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
process.exitCode = failures === 0 ? 0 : 1;
