// The official scenarios for servers, against `mcp2cli serve --http`: over an instance with the tools that they call (served-tools.js), and over job files
// (jobs/).
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { dir, run } from './runner.js';

const BIN = fileURLToPath(new URL('../../bin/mcp2cli.js', import.meta.url));
const TOOLS = fileURLToPath(new URL('served-tools.js', import.meta.url));

const JOBS = fileURLToPath(new URL('jobs', import.meta.url));

const CONTENT = ['simple-text', 'image', 'audio', 'embedded-resource', 'mixed-content', 'error'].map(
  (name) => `tools-call-${name}`,
);

/** What must pass over an instance, by the version that it is run for; the extensions for none. */
const REQUIRED = {
  '2025-11-25': [
    ...['server-initialize', 'server-session-lifecycle', 'logging-set-level', 'ping', 'tools-list'],
    ...['tools-call-with-logging', 'tools-call-with-progress', 'json-schema-2020-12'],
    ...['server-sse-multiple-streams', 'dns-rebinding-protection'],
    ...CONTENT,
  ],
  '2026-07-28': [
    ...['server-stateless', 'tools-list', 'tools-call-with-progress', 'json-schema-2020-12', 'caching'],
    ...['server-sse-multiple-streams', 'dns-rebinding-protection', 'http-header-validation'],
    ...CONTENT,
  ],
  '': [
    ...[
      'tasks-lifecycle',
      'tasks-capability-negotiation',
      'tasks-wire-fields',
      'tasks-request-state-removal',
    ],
    ...['tasks-request-headers', 'tasks-dispatch-and-envelope', 'tasks-status-notifications'],
  ],
};

/** What must pass over job files. Their results are values: no images, no schemas by hand. */
const REQUIRED_OF_JOBS = {
  '2025-11-25': [
    ...['server-initialize', 'tools-list', 'tools-call-simple-text', 'tools-call-error'],
    ...['tools-call-with-logging', 'tools-call-with-progress'],
  ],
  '2026-07-28': ['server-stateless', 'tools-list', 'tools-call-simple-text', 'tools-call-with-progress'],
  '': REQUIRED[''],
};

/**
 * Checks of these that cannot be passed: they are about what is not offered. What is left out as a whole is so, too: resources, prompts, completion,
 * skills; questions to the client (sampling, elicitation, input-required, tasks-mrtr-*), since runs ask nothing of it; arguments in headers, which no
 * served tool has; streams that can be resumed; tools that must be tasks.
 */
const NOT_OFFERED = {
  'server-stateless': {
    'sep-2575-server-rejects-undeclared-capability': 'no tool needs a capability of the client',
    'sep-2575-missing-capability-http-400': 'no tool needs a capability of the client',
    'sep-2575-http-server-no-independent-requests-on-stream': 'nothing is asked of the client',
  },
  caching: {
    'sep-2549-prompts-list-caching-hints': 'no prompts',
    'sep-2549-resources-list-caching-hints': 'no resources',
    'sep-2549-resources-templates-list-caching-hints': 'no resources',
  },
  'tasks-dispatch-and-envelope': {
    'tasks-result-type-complete-on-non-task-responses':
      'asks for a task that waits for an answer of the client',
  },
};

/** Of job files neither of these. */
const NOT_OF_JOBS = {
  ...NOT_OFFERED,
  'tasks-lifecycle': {
    'sep-2663-tasks-get-status-failed':
      'whatever a job throws is a result with isError, never an error of the protocol',
  },
  'tasks-request-headers': {
    'tasks-headers-tolerate-mcp-method-on-tools-call':
      'wants a greeting as plain text; the output of a job is an object',
  },
};

/** `mcp2cli serve` with its tools, in a home of its own. */
async function startServe(words) {
  const home = mkdtempSync(join(tmpdir(), 'mcp2cli-conformance-'));
  const env = { ...process.env, MCP2CLI_HOME: home };
  const mcp2cli = (...args) => promisify(execFile)(process.execPath, [BIN, ...args], { env });
  if (words[0] === 'fixture') await mcp2cli('instances', 'add', 'fixture', '--', process.execPath, TOOLS);
  const child = spawn(process.execPath, [BIN, 'serve', ...words, '--http', '127.0.0.1:0', '--quiet'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise((resolve, reject) => {
    child.stdout.setEncoding('utf8').once('data', (line) => resolve(line.trim()));
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
  return {
    url,
    async close() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      await mcp2cli('keeper', 'stop', '--all', '--force').catch(() => {});
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Runs one scenario: the ids of its checks that failed, how many there were, and everything it said. */
async function runScenario(node, runner, url, scenario, version) {
  const args = [runner, 'server', '--url', url, '--scenario', scenario];
  if (version !== '') args.push('--spec-version', version);
  const { stdout, stderr } = await run(node, args, { cwd: dir, timeout: 60_000 }).catch((error) => ({
    stdout: error.stdout ?? '',
    stderr: error.stderr || error.message,
  }));
  const plain = stdout.replace(/\x1b\[[0-9;]*m/g, '');
  const checks = [...plain.matchAll(/\[([\w-]+) *\] (SUCCESS|FAILURE)/g)];
  const failed = checks.filter(([, , verdict]) => verdict === 'FAILURE').map(([, id]) => id);
  return { checks: checks.length, failed, output: `${stdout}${stderr}` };
}

/** One line a scenario. Returns how many failed. */
export async function checkServe(node, runner) {
  const instance = await checkOne(node, runner, ['fixture'], REQUIRED, NOT_OFFERED);
  return instance + (await checkOne(node, runner, ['--jobs', JOBS], REQUIRED_OF_JOBS, NOT_OF_JOBS));
}

async function checkOne(node, runner, words, required, notOffered) {
  const server = await startServe(words);
  let failures = 0;
  try {
    for (const [version, scenarios] of Object.entries(required))
      for (const scenario of scenarios) {
        const { checks, failed, output } = await runScenario(node, runner, server.url, scenario, version);
        const allowed = notOffered[scenario] ?? {};
        const wrong = failed.filter((id) => !Object.hasOwn(allowed, id));
        // What the runner itself skips says so; a scenario that did nothing otherwise proves nothing.
        const skipped = checks === 0 && /SKIPPED|Passed: 0\/0, 0 failed/.test(output);
        const verdict = wrong.length > 0 || (checks === 0 && !skipped) ? 'FAIL' : skipped ? 'skip' : 'ok  ';
        const left = failed.length - wrong.length;
        const told = `${checks - failed.length} of ${checks} checks${left > 0 ? `, ${left} of what is not offered` : ''}`;
        console.log(
          `${verdict} serve ${words[0]} ${version} ${scenario}: ${skipped ? 'skipped by the runner' : told}${wrong.length > 0 ? `: ${wrong.join(', ')}` : ''}`,
        );
        if (verdict !== 'FAIL') continue;
        failures += 1;
        console.log(output);
      }
  } finally {
    await server.close();
  }
  return failures;
}
