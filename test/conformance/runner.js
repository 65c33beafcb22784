// The official conformance runner, and the Inspector. They are not among the devDependencies: they need Node 22 or later, and bring 22 and 111 MB. They are
// installed into .tmp/ at their first use.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const RUNNER = '@modelcontextprotocol/conformance';
const VERSION = '0.2.0-alpha.12';
const INSPECTOR = '@modelcontextprotocol/inspector';
const INSPECTOR_VERSION = '2.12.0';

export const run = promisify(execFile);
export const dir = fileURLToPath(new URL('../../.tmp/conformance/', import.meta.url));

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
export async function theRunner() {
  const root = join(dir, `runner-${VERSION}`, 'node_modules', RUNNER);
  if (!existsSync(root)) await install(`runner-${VERSION}`, RUNNER, VERSION, '--ignore-scripts');
  return join(root, 'dist/index.js');
}

/** The program of the official Inspector, installed in the same way. */
export async function theInspector() {
  const folder = `inspector-${INSPECTOR_VERSION}`;
  const root = join(dir, folder, 'node_modules', INSPECTOR);
  if (!existsSync(root)) await install(folder, INSPECTOR, INSPECTOR_VERSION, '--ignore-scripts');
  return join(root, 'clients/launcher/build/index.js');
}

/** A Node that the runner can be run with: this one, or else one from the package `node`. */
export async function theRunnersNode() {
  if (Number(process.versions.node.split('.')[0]) >= 22) return process.execPath;
  const program = join(dir, 'node', 'node_modules/node/bin/node');
  if (!existsSync(program)) await install('node', 'node', 'latest');
  return program;
}
