#!/usr/bin/env node
// The client that the official scenarios are run against: the real program, used as a person would. It adds the server, looks at what it has, calls its
// tools, and does what the hints say: where one says `auth login`, it logs in with a browser that agrees to everything. The exit code is that of
// the last command. The server's URL is the last argument; the scenario and what the person knows come in the environment.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const url = process.argv.at(-1);
/** Where the exit code is written for whoever judges: the runner keeps it to itself. */
const exitFlag = process.argv.indexOf('--exit-file');
const exitFile = exitFlag < 0 ? undefined : process.argv[exitFlag + 1];
const scenario = process.env.MCP_CONFORMANCE_SCENARIO ?? '';
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}');
const home = mkdtempSync(join(tmpdir(), 'mcp2cli-conformance-'));
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const NAME = 'server';

/** How often somebody logs in for the same command: the first time, and for more scopes. */
const MOST_LOGINS = 2;

const env = {
  PATH: process.env.PATH,
  HOME: home,
  MCP2CLI_HOME: home,
  MCP2CLI_TOKEN_STORE: 'file',
  BROWSER: `${process.execPath} ${path('../support/oauth/browser.js')}`,
  CLIENT_SECRET: context.client_secret,
};

/** Runs the program. */
function mcp2cli(...args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [path('../../bin/mcp2cli.js'), ...args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'])
      child[name].setEncoding('utf8').on('data', (text) => {
        output[name] += text;
      });
    child.once('close', (code) => {
      console.error(`$ mcp2cli ${args.join(' ')}\n${output.stdout}${output.stderr}[exit ${code}]`);
      resolve({ code, ...output });
    });
  });
}

/** What the person knows of clients that are registered with the server. */
function clientFlags() {
  if (scenario === 'auth/basic-cimd')
    return ['--client-metadata-url', 'https://conformance-test.local/client-metadata.json'];
  if (context.private_key_pem !== undefined) {
    const file = join(home, 'key.pem');
    writeFileSync(file, context.private_key_pem, { mode: 0o600 });
    const alg = context.signing_algorithm === undefined ? [] : ['--alg', context.signing_algorithm];
    return ['--client-credentials', '--client-id', context.client_id, '--private-key', file, ...alg];
  }
  if (context.client_id === undefined) return [];
  const secret = context.client_secret === undefined ? [] : ['--client-secret-env', 'CLIENT_SECRET'];
  const machine = scenario.startsWith('auth/client-credentials') ? ['--client-credentials'] : [];
  return [...machine, '--client-id', context.client_id, ...secret];
}

/** Runs a command, and logs in where its hint says so. */
async function withLogins(...args) {
  for (let logins = 0; ; logins++) {
    const result = await mcp2cli('--json', ...args);
    const hint = /"hint":"[^"]*: mcp2cli (auth login [^"]*)"/.exec(result.stderr)?.[1];
    if (result.code !== 4 || hint === undefined || logins === MOST_LOGINS) return result;
    const [, words, scope] = /^(.*?)(?: --scope (.*))?$/.exec(hint);
    const scopes = scope === undefined ? [] : ['--scope', scope.replace(/^'|'$/g, '')];
    const login = await mcp2cli(...words.split(' '), ...scopes, ...clientFlags());
    if (login.code !== 0) return login;
  }
}

/** Arguments that fit a schema, by its types; a tool that wants a schema gets one of those that were listed. */
function argumentsFor({ properties = {}, required = [] } = {}, schema = {}) {
  if (properties.schema !== undefined) return { schema };
  const values = { number: 1, integer: 1, boolean: true, array: [], object: {}, string: 'test' };
  const of = ({ type, enum: words, default: given }) => given ?? words?.[0] ?? values[type] ?? 'test';
  return Object.fromEntries(required.map((name) => [name, of(properties[name] ?? {})]));
}

/** What is called, in this order. */
function callsOf(items) {
  const tools = items.filter(({ kind }) => kind === 'tool');
  if (context.toolCalls) return context.toolCalls;
  // A server that has a tool to look at, and none to call.
  if (scenario === 'json-schema-ref-no-deref') return [];
  // One that is to be looked at, and another that gets what was seen.
  const [focal] = tools;
  const echoes = tools.filter(({ inputSchema }) => inputSchema.properties?.schema !== undefined);
  return (echoes.length > 0 ? echoes : tools).map(({ name, inputSchema }) => ({
    name,
    arguments: argumentsFor(inputSchema, focal.inputSchema),
  }));
}

/** Calls a tool that asks something as a person does who has no terminal for it: in the background, with the answer by another command. */
async function callAndAnswer(words) {
  const submitted = await mcp2cli('--json', ...words, '--detach');
  if (submitted.code !== 0) return submitted;
  const { job_id: id } = JSON.parse(submitted.stdout).data;
  for (;;) {
    const waited = await mcp2cli('--json', NAME, 'jobs', 'wait', id);
    if (waited.code !== 8) return waited;
    const { pending_input: open = [] } = JSON.parse(
      (await mcp2cli('--json', NAME, 'jobs', 'show', id)).stdout,
    ).data;
    const { properties = {} } = open[0]?.params.requestedSchema ?? {};
    const answer = argumentsFor({ properties, required: Object.keys(properties) });
    const flags = Object.entries(answer).map(([name, value]) => `--${name}=${value}`);
    const { code } = await mcp2cli(NAME, 'jobs', 'answer', id, ...flags);
    if (code !== 0) return { code };
  }
}

/** Looks at everything beside the tools that the server has. */
async function lookAround() {
  const resources = await mcp2cli('--json', NAME, 'resources');
  const [resource] = resources.code === 0 ? JSON.parse(resources.stdout).data.items : [];
  if (resource) await mcp2cli('--json', NAME, 'resources', 'read', resource.uri);
  const prompts = await mcp2cli('--json', NAME, 'prompts');
  const [prompt] = prompts.code === 0 ? JSON.parse(prompts.stdout).data.items : [];
  if (prompt) await mcp2cli('--json', NAME, 'prompts', 'get', prompt.name);
}

async function main() {
  await mcp2cli('instances', 'add', NAME, url);
  const listed = await withLogins(NAME, 'ls');
  if (listed.code !== 0) return listed.code;
  if (scenario === 'http-standard-headers') await lookAround();
  let code = 0;
  for (const { name, arguments: args } of callsOf(JSON.parse(listed.stdout).data.items)) {
    const words = [NAME, 'call', name, '--args', JSON.stringify(args ?? {})];
    // The runner itself names arguments that the schema of its tool refuses (null for a boolean).
    if (context.toolCalls) words.push('--no-input-check');
    const asks = scenario === 'sep-2322-client-request-state';
    const result = asks ? await callAndAnswer(words) : await withLogins('--elicit', 'defaults', ...words);
    if (result.code !== 0) code = result.code;
    if (asks) await mcp2cli('keeper', 'stop', '--all');
  }
  return code;
}

process.exitCode = await main().finally(() => rmSync(home, { recursive: true, force: true }));
if (exitFile) writeFileSync(exitFile, String(process.exitCode));
