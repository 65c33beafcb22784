/** What README.md says: its sessions are typed here word for word, on a terminal of 100 columns, and what it says comes out. */
import { mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { startCommand } from '../../support/cli.ts';
import { freshHome } from '../../support/home.ts';
import { endKeepers } from '../../support/keeper.ts';
import { launchers } from '../../support/launcher.ts';
import { ptyTool, startCommandOnPty } from '../../support/pty.ts';
import { screen } from '../../support/screen.ts';
import { everythingStdio } from '../../support/servers.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const COLUMNS = 100;

interface Step {
  line: string;
  /** What comes out, by lines; `...` stands for any number of them. */
  output: string[];
}

interface Session {
  steps: Step[];
  /** Files that the reader is told to save: name and text. */
  files: [string, string][];
}

/** The `console` blocks of a part of the README, and what stands there to be saved (`Save this as NAME` and a block). */
function sessionOf(text: string): Session {
  const steps: Step[] = [];
  for (const [, block = ''] of text.matchAll(/^```console\n(.*?)^```$/gms)) {
    for (const line of block.trimEnd().split('\n')) {
      if (line.startsWith('$ ')) steps.push({ line: line.slice(2), output: [] });
      else steps.at(-1)?.output.push(line);
    }
  }
  const files = [...text.matchAll(/^.*Save this as `([^`]+)`:\n\n```bash\n(.*?)^```$/gms)];
  return { steps, files: files.map(([, name = '', body = '']) => [name, body]) };
}

const [beginning = '', rest = ''] = README.split(/^## Ten minutes$/m);
const tenMinutes = sessionOf(rest.split(/^## /m)[0] ?? '');

/**
 * A person's machine: a home, the program, `~/.local/bin` in the PATH, and the server where npx finds it without a network. npx itself takes longer than all
 * that it starts: `quick` is a machine that starts the same program in its place.
 */
function machine(npx: 'npx' | 'quick') {
  // As the program tells its paths.
  const home = realpathSync(freshHome());
  mkdirSync(join(home, '.local/bin'), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(home, 'node_modules'));
  endKeepers(home);
  const bin = launchers();
  if (npx === 'quick') {
    const { command, args } = everythingStdio();
    const start = `[ "$*" = '-y @modelcontextprotocol/server-everything' ] && exec '${command}' '${args.join("' '")}'`;
    writeFileSync(join(bin, 'npx'), `#!/bin/sh\n${start}\n`, { mode: 0o755 });
  }
  const path = [join(home, '.local/bin'), bin, process.env['PATH']].join(delimiter);
  const env = { PATH: path, npm_config_offline: 'true', npm_config_update_notifier: 'false' };
  return { home, env };
}

type Machine = ReturnType<typeof machine>;

/** Types a line on a terminal, and returns what stands on its screen then. */
async function typed({ home, env }: Machine, line: string): Promise<string> {
  const { stdout } = await startCommandOnPty(['bash', '-c', line], {
    home,
    env,
    columns: COLUMNS,
    timeoutMs: 120_000,
  }).done;
  return (await screen(stdout, COLUMNS)).lines.join('\n');
}

/** What differs from one run to the next. */
function plain(text: string, home: string): string {
  return text
    .replaceAll(home, '/home/me')
    .replace(/\bjob_[0-9a-z]{26}\b/g, 'JOB')
    .replace(/\b[0-9a-f]{32}\b/g, 'TASK')
    .replace(/\b\d+s\b/g, 'SECONDS')
    .replace(/ {2,}/g, '  ');
}

/** A pattern of the whole output. */
function expected({ output }: Step, home: string): RegExp {
  const lines = plain(output.join('\n'), home).split('\n');
  const pattern = lines.map((line) => {
    if (line === '...') return '(?:.*\n)*?';
    return `${line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\n`;
  });
  return new RegExp(`^${pattern.join('')}$`);
}

async function follow({ steps, files }: Session, where: Machine): Promise<void> {
  for (const [name, text] of files) writeFileSync(join(where.home, name), text);
  for (const step of steps) {
    const shown = plain(await typed(where, step.line), where.home);
    expect(`${shown.trimEnd()}\n`, `$ ${step.line}`).toMatch(expected(step, where.home));
  }
}

it.skipIf(!ptyTool())('shows a first session that anybody can type', async () => {
  const session = sessionOf(beginning);
  expect(session.steps.map(({ line }) => line)).toHaveLength(4);
  // The first screen: what it is, a session, both ways to install, the two commands.
  const screen = beginning.split('\n').slice(0, 45).join('\n');
  for (const part of ['## Install', 'npm install -g', 'npm ci && npm run demo', 'npm ci && npm test'])
    expect(screen).toContain(part);
  await follow(session, machine('npx'));
});

it.skipIf(!ptyTool())('leads through ten minutes that work word for word', async () => {
  expect(tenMinutes.steps.length).toBeGreaterThanOrEqual(12);
  expect(tenMinutes.files.map(([name]) => name)).toEqual(['nightly.sh']);
  await follow(tenMinutes, machine('quick'));
});

it.skipIf(process.platform === 'win32')(
  'has a script that does the same where there is no terminal',
  async () => {
    const { home, env } = machine('quick');
    const [name, text] = tenMinutes.files[0] ?? ['', ''];
    writeFileSync(join(home, name), text);
    const { code, stdout } = await startCommand('bash', [name], { home, env, timeoutMs: 120_000 }).done;
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^# Research Report: tides\n# Research Report: winds\n/m),
    });
  },
);

it('leads to every document, over the index of docs/', () => {
  const index = new URL('docs/README.md', pathToFileURL(ROOT));
  const listed = new Set(
    [README, readFileSync(index, 'utf8')].flatMap((text, at) =>
      [...text.matchAll(/\]\(([^)#:\s]+)/g)].map(
        ([, link = '']) => new URL(link, at === 0 ? pathToFileURL(ROOT) : index).href,
      ),
    ),
  );
  for (const name of documents())
    expect([...listed], name).toContain(new URL(name, pathToFileURL(ROOT)).href);
});

function documents(): string[] {
  const docs = readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`);
  return [...docs, 'CONTRIBUTING.md', 'SECURITY.md', 'LICENSE'];
}
