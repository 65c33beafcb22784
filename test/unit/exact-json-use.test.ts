/** JSON that comes from outside or goes there keeps its numbers: who reads or writes it otherwise says here why no number can be lost. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

/** The code of jobs is JavaScript, and has JavaScript's numbers: what goes to it, and comes from it, is plain JSON. */
const JOB_CODE: Record<string, string> = Object.fromEntries(
  ['files/describe', 'runs/run-job', 'runs/run-worker', 'runs/step-functions'].map((name) => [
    `jobhost/${name}.ts`,
    'values of the code of jobs',
  ]),
);

const PARSES: Record<string, string> = {
  'lib/json/exact-json.ts': 'it is made of it',
  'lib/compiled/code-file.ts': 'names and sizes of our own',
  'permissions/grants.ts': 'claims of a token, of which only words are used',
  'doctor/launchers.ts': 'the name and version of a package',
  'cli/completion/complete.ts': 'the words of a line, from our own shell scripts',
  'cli/commands/instances/set.ts': 'settings, which have no numbers of somebody else',
  'jobs/store/index/index-format.ts': 'an index that says that it has no such numbers',
  'keeper/server/read-config.ts': 'orders of our own',
  'keeper/client/start.ts': "a keeper's first line, of our own",
  'keeper/state.ts': 'a file of our own',
  'jobs/store/job-log.ts': 'lines of our own: names, times, words',
  ...JOB_CODE,
  'jobhost/library/direct-client.ts': "values for a script, which has JavaScript's numbers",
  'jobhost/runs/attempt.ts': "arguments from a job's code",
};

const WRITES: Record<string, string> = {
  'lib/json/exact-json.ts': 'it is made of it',
  'lib/compiled/code-file.ts': 'names and sizes of our own',
  'tools/flags/read-value.ts': 'a word for a message',
  'tools/flags/unexpected-arguments.ts': 'words for a message',
  'lib/json/json-pieces.ts': 'names, and scalars that are no numbers',
  'tools/flags/nested-flags.ts': 'a key of a map',
  'permissions/check.ts': 'a name for a message',
  'cli/ad-hoc.ts': 'a word for a message',
  'run.ts': 'words of an error',
  'doctor/configuration.ts': 'words of a check',
  'jobs/store/index/index-format.ts': 'a session: texts alone',
  'jobs/store/job-log.ts': 'calls of our own: names, times, words',
  'jobs/store/redis/demands/rights.ts': 'commands that are tried: words of our own',
  'keeper/client/access.ts': 'a key',
  'keeper/client/start.ts': 'orders of our own',
  'keeper/state.ts': 'a file of our own',
  'mcp/proxy/proxy.ts': 'a key',
  'config/target/target-hash.ts': 'a key',
  'lib/pages.ts': 'a key',
  ...JOB_CODE,
  'jobhost/runs/instance-calls.ts': "results for a job's code, and keys",
  'jobhost/runs/messages.ts': 'words of an error',
  'jobhost/server/http/server.ts': 'errors of our own',
  'jobhost/server/list-tools.ts': 'looked at, not written',
};

/** Files of `src` where the text is found. The demo server is a server, not this program. */
function filesWith(pattern: RegExp): string[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts') && !path.startsWith('demo/'))
    .filter((path) => pattern.test(withoutComments(readFileSync(join(SRC, path), 'utf8'))))
    .sort();
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

test('who reads JSON without the texts of its numbers has a reason', () => {
  expect(filesWith(/\bJSON\.parse\b/)).toEqual(Object.keys(PARSES).sort());
});

test('who writes JSON without them has a reason, but for words in messages', () => {
  expect(filesWith(/(?<!\$\{)\bJSON\.stringify\b/)).toEqual(Object.keys(WRITES).sort());
});

test('nobody copies by structuredClone, which loses them', () => {
  expect(filesWith(/\bstructuredClone\b/)).toEqual([]);
});
