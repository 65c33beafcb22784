// The official scenarios for clients, against the program as a person uses it (client.js). The verdict is stricter than the runner's own: each check is a
// success, and the program ends as it should. A client that does nothing passes some of them in the runner's eyes.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dir, run } from './runner.js';

/** What must pass, by the version that it is run for; the extensions for none. */
const REQUIRED = {
  '2025-03-26': ['auth/2025-03-26-oauth-metadata-backcompat', 'auth/2025-03-26-oauth-endpoint-fallback'],
  '2025-11-25': [
    'initialize',
    'tools_call',
    'elicitation-sep1034-client-defaults',
    'sse-retry',
    'json-schema-2020-12-preservation',
    ...auth(),
  ],
  '2026-07-28': [
    'tools_call',
    'http-standard-headers',
    'http-custom-headers',
    'http-invalid-tool-headers',
    'request-metadata',
    'sep-2322-client-request-state',
    'json-schema-ref-no-deref',
    'json-schema-2020-12-preservation',
    ...auth(),
    ...auth2026(),
  ],
  '': ['auth/client-credentials-jwt', 'auth/client-credentials-basic'],
};

/** What does not pass, and why; whether it does by now is told. */
const MISSING = {
  '': {
    'auth/dpop': 'not supported',
    'auth/dpop-nonce': 'not supported',
    'auth/enterprise-managed-authorization': 'not supported',
    'auth/wif-jwt-bearer': 'not supported',
  },
};

function auth() {
  return [
    ...['metadata-default', 'metadata-var1', 'metadata-var2', 'metadata-var3', 'basic-cimd'],
    ...['scope-from-www-authenticate', 'scope-from-scopes-supported', 'scope-omitted-when-undefined'],
    ...['scope-step-up', 'scope-retry-limit', 'pre-registration'],
    ...['token-endpoint-auth-basic', 'token-endpoint-auth-post', 'token-endpoint-auth-none'],
  ].map((name) => `auth/${name}`);
}

function auth2026() {
  return [
    ...['resource-mismatch', 'metadata-issuer-mismatch', 'authorization-server-migration'],
    ...['offline-access-scope', 'offline-access-not-supported', 'iss-supported', 'iss-not-advertised'],
    ...['iss-supported-missing', 'iss-wrong-issuer', 'iss-unexpected', 'iss-normalized'],
  ].map((name) => `auth/${name}`);
}

/** Servers that nobody may log in to, or that are never content. */
const REFUSED = new Set(
  [
    ...['resource-mismatch', 'metadata-issuer-mismatch', 'iss-supported-missing', 'iss-wrong-issuer'],
    ...['iss-unexpected', 'iss-normalized', 'scope-retry-limit'],
  ].map((name) => `auth/${name}`),
);

/** Checks that are about something which a client need not do at all, by scenario. */
const MAY_SKIP = {
  // Those that are of the next version, and the handshake of the one before.
  'json-schema-2020-12-preservation': /^sep-2106-/,
  'http-standard-headers': /initialize/,
  // Only capabilities that are configured are declared.
  'request-metadata': /declares-(roots|sampling)-capability/,
};

/** One line a scenario, of all or of those named. Returns how many failed that must pass. */
export async function checkClient(node, runner, names = []) {
  const wanted = (name) => names.length === 0 || names.includes(name);
  let failures = 0;
  for (const [version, scenarios] of Object.entries(REQUIRED))
    for (const scenario of scenarios.filter(wanted)) {
      const { problems, successes, output } = await runScenario(node, runner, version, scenario);
      const shown = `${scenario}${version === '' ? '' : ` (${version})`}`;
      if (problems.length === 0) {
        console.log(`ok   ${shown}: ${successes} checks`);
        continue;
      }
      failures += 1;
      console.log(`FAIL ${shown}: ${problems.join('; ')}\n${output}`);
    }
  for (const [version, scenarios] of Object.entries(MISSING))
    for (const [scenario, why] of Object.entries(scenarios).filter(([name]) => wanted(name))) {
      const { problems } = await runScenario(node, runner, version, scenario);
      const now = problems.length === 0 ? 'passes by now: make it required' : why;
      console.log(`--   ${scenario}${version === '' ? '' : ` (${version})`}: ${now}`);
    }
  return failures;
}

/** Runs one scenario: what is wrong, how many checks were successes, and everything that was said. */
async function runScenario(node, runner, version, scenario) {
  const folder = mkdtempSync(join(tmpdir(), 'mcp2cli-conformance-'));
  const exitFile = join(folder, 'exit');
  const client = fileURLToPath(new URL('client.js', import.meta.url));
  const command = `${node} ${client} --exit-file ${exitFile}`;
  const args = [
    runner,
    'client',
    '--command',
    command,
    '--scenario',
    scenario,
    '-o',
    folder,
    '--timeout',
    '90000',
  ];
  const spec = version === '' ? [] : ['--spec-version', version];
  const output = await run(node, [...args, ...spec], { cwd: dir, timeout: 120_000 }).then(
    ({ stdout, stderr }) => stdout + stderr,
    ({ stdout = '', stderr = '', message }) => stdout + stderr + message,
  );
  const file = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((name) =>
    name.endsWith('checks.json'),
  );
  const checks = file === undefined ? [] : JSON.parse(readFileSync(join(folder, file), 'utf8'));
  const exit = existsSync(exitFile) ? Number(readFileSync(exitFile, 'utf8')) : undefined;
  rmSync(folder, { recursive: true, force: true });
  const successes = checks.filter(({ status }) => status === 'SUCCESS').length;
  const problems = checks
    .filter(({ status }) => !['SUCCESS', 'INFO'].includes(status))
    .filter(
      ({ status, id, errorMessage = '' }) =>
        !(status === 'SKIPPED' && MAY_SKIP[scenario]?.test(`${id} ${errorMessage}`)),
    )
    .map(({ id, status, errorMessage, description }) => `${id} ${status}: ${errorMessage ?? description}`);
  const shouldEnd = REFUSED.has(scenario) ? 4 : 0;
  if (exit !== shouldEnd) problems.push(`the program ended with ${exit}, not ${shouldEnd}`);
  if (successes === 0) problems.push('no check was a success');
  return { problems, successes, output };
}
