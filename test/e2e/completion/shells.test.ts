/** The completion scripts in real shells: what is typed for a TAB, and that nothing that a server named is ever evaluated. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Handle } from '../../support/cli.ts';
import { run, startCommand } from '../../support/cli.ts';
import { freshDir } from '../../support/home.ts';
import { homeWith } from '../../support/instance.ts';
import { launchers } from '../../support/launcher.ts';
import { ptyTool, startCommandOnPty } from '../../support/pty.ts';

const LISTING_SERVER = fileURLToPath(new URL('../../support/listing-server.js', import.meta.url));
const has = (shell: string, ...args: string[]) =>
  process.platform !== 'win32' && spawnSync(shell, args, { stdio: 'ignore' }).status === 0;
const BASH = has('bash', '--version');
const ZSH = has('zsh', '--version');
const FISH = has('fish', '--version');
const PWSH = has('pwsh', '-Version');

const LEVELS = [
  'two words',
  "it's",
  'say "hi"',
  'a:b',
  'a:c',
  '$HOME',
  '$(touch pwned)',
  '`touch pwned`',
  'semi;touch pwned',
  'back\\slash',
  'bang!x',
  'h\u00f6he',
  '~/x',
  '{p,q}',
  '*',
  'x\ny',
];
const TOOLS = [
  {
    name: 'pick',
    description: 'Pick one. $(touch pwned) `touch pwned` %F{red}',
    inputSchema: { type: 'object', properties: { level: { enum: LEVELS } } },
  },
  { name: '$(touch pwned)', description: 'x', inputSchema: { type: 'object' } },
];

interface CommandServer {
  home: string;
  /** Where the shells are: `file one.json` and the folder `subdir` are there, and never `pwned`. */
  cwd: string;
  env: Record<string, string>;
  script: string;
  noHarm(): void;
}

/** A home with the tools at `work`, which is linked, and the completion script of a shell in a file. */
async function commandServer(shell: string): Promise<CommandServer> {
  const cwd = freshDir('desk');
  writeFileSync(join(cwd, 'file one.json'), '{}');
  mkdirSync(join(cwd, 'subdir'));
  const file = join(freshDir('tools'), 'tools.json');
  writeFileSync(file, JSON.stringify(TOOLS));
  const home = await homeWith(['--', process.execPath, LISTING_SERVER, file]);
  expect(await run(['work', 'refresh'], { home })).toMatchObject({ code: 0 });
  const bin = launchers('unused');
  const links = join(freshDir('links'), "a 'bin'");
  const env = {
    PATH: [links, bin, process.env['PATH']].join(delimiter),
    LC_ALL: 'C.UTF-8',
    HISTFILE: '',
    COLUMNS: '100',
  };
  expect(await run(['link', 'work', '--dir', links], { home })).toMatchObject({ code: 0 });
  const script = join(freshDir('script'), `completion.${shell}`);
  writeFileSync(script, (await run(['completion', shell], { home, env })).stdout);
  return { home, cwd, env, script, noHarm: () => expect(existsSync(join(cwd, 'pwned'))).toBe(false) };
}

/** What the completion function of bash replies to a line; `word` is the end of it that bash takes for the word. */
async function replies(
  { home, cwd, env, script }: CommandServer,
  line: string,
  word: string,
  type = 9,
): Promise<string[]> {
  const driver = `
    source "$1"
    COMP_LINE=$2 COMP_POINT=\${#2} COMP_TYPE=$4
    compopt() { printf 'option %s\\n' "$*"; }
    _mcp2cli "\${2%% *}" "$3" ''
    (( \${#COMPREPLY[@]} )) && printf '%s\\n' "\${COMPREPLY[@]}"
    :`;
  const args = ['-c', driver, 'bash', script, line, word, String(type)];
  const { code, stdout, stderr } = await startCommand('bash', args, { home, cwd, env }).done;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.split('\n').slice(0, -1);
}

describe.skipIf(!BASH)('bash: its function', () => {
  it('replies with what is to be inserted', async () => {
    const at = await commandServer('bash');
    expect(await replies(at, 'mcp2cli wor', 'wor')).toEqual(['work', 'worker']);
    expect(await replies(at, 'work pic', 'pic')).toEqual(['pick']);
    expect(await replies(at, './work pic', 'pic')).toEqual(['pick']);
    expect(await replies(at, 'work pick --level=a:', '')).toEqual(['b', 'c']);
    expect(await replies(at, 'work pick --level=a', 'a')).toEqual(['a:b', 'a:c']);
    expect(await replies(at, "work pick --level 'it", 'it')).toEqual(["it'\\''s"]);
    expect(await replies(at, 'work pick --level "\\$H', '\\$H')).toEqual(['\\$HOME']);
    expect(await replies(at, 'work pick --level ', '')).toEqual([
      'two\\ words',
      "it\\'s",
      'say\\ \\"hi\\"',
      'a:b',
      'a:c',
      '\\$HOME',
      '\\$\\(touch\\ pwned\\)',
      '\\`touch\\ pwned\\`',
      'semi\\;touch\\ pwned',
      'back\\\\slash',
      'bang\\!x',
      'h\u00f6he',
      '\\~/x',
      '\\{p,q\\}',
      '\\*',
    ]);
    // A variable, if anything.
    expect(await replies(at, 'work call $', '$')).toEqual([]);
    expect(await replies(at, 'work call \\$', '\\$')).toEqual(['\\$\\(touch\\ pwned\\)']);
    expect(await replies(at, 'work pick --args @fi', '@fi')).toEqual([
      'option -o nospace',
      '@file\\ one.json',
    ]);
    expect(await replies(at, 'work pick --args=@fi', 'fi')).toEqual(['option -o default']);
    expect(await replies(at, 'work pick --save s', 's')).toEqual(['option -o dirnames']);
    expect(await replies(at, 'mcp2cli instances set work tools', 'tools')).toEqual(
      ['tools.', 'option -o nospace'].reverse(),
    );
    // Described where they are only listed.
    expect(await replies(at, 'work ', '', 63)).toEqual(
      expect.arrayContaining([
        'pick         (Pick one. $(touch pwned) `touch pwned` %F{red})',
        "refresh      (read the server's catalogue again)",
      ]),
    );
    at.noHarm();
  });
});

/** Types into a shell on a terminal; each step is typed when the screen shows the pattern before it. */
async function typed(handle: Handle, steps: readonly [RegExp, string][]): Promise<string> {
  let seen = 0;
  for (const [pattern, text] of steps) {
    // Only what came after the step before.
    const from = seen;
    await handle.waitForStdout(new RegExp(`^[^]{${from},}?${pattern.source}`, pattern.flags));
    seen = handle.stdout.length;
    handle.write(text);
  }
  return (await handle.done).stdout;
}

describe.skipIf(!BASH || !ptyTool())('bash on a terminal', () => {
  it('completes, and gets back what it completed as it was meant', async () => {
    const at = await commandServer('bash');
    const out = join(at.home, 'out');
    const handle = startCommandOnPty(['bash', '--norc', '-i'], {
      home: at.home,
      cwd: at.cwd,
      columns: 200,
      env: { ...at.env, PS1: 'ready> ', TERM: 'dumb' },
    });
    // What a line that was completed comes to is written down.
    const check = `args() { printf '%s\\n' "$@" >> '${out}'; }; complete -F _mcp2cli args`;
    await typed(handle, [
      [/ready> /, `source '${at.script}'; ${check}\r`],
      [/ready> /, 'work pic\t'],
      [/work pick /, '\x15mcp2cli work pick --le\t'],
      [/--level /, 'tw\t'],
      [/two\\ words /, '\x15args work pick --level \\$\\(\t\r'],
      [/ready> /, "args work pick --level 'it\t\r"],
      [/ready> /, 'args work pick --level "ban\t\r'],
      [/ready> /, 'args work pick --level=sem\t\r'],
      [/ready> /, 'args work pick --args @fi\t\r'],
      [/ready> /, 'args work call \\$\t\r'],
      [/ready> /, 'args instances set work too\tpick.ou\t\r'],
      [/ready> /, 'exit\r'],
    ]);
    expect(readFileSync(out, 'utf8').split('\n').slice(0, -1)).toEqual([
      ...['work', 'pick', '--level', '$(touch pwned)'],
      ...['work', 'pick', '--level', "it's"],
      ...['work', 'pick', '--level', 'bang!x'],
      ...['work', 'pick', '--level=semi;touch pwned'],
      ...['work', 'pick', '--args', '@file one.json'],
      ...['work', 'call', '$(touch pwned)'],
      ...['instances', 'set', 'work', 'tools.pick.outputCheck'],
    ]);
    at.noHarm();
  });
});

describe.skipIf(!ZSH || !ptyTool())('zsh on a terminal', () => {
  it('completes, quotes, and evaluates nothing', async () => {
    const at = await commandServer('zsh');
    const handle = startCommandOnPty(['zsh', '-f', '-i'], {
      home: at.home,
      cwd: at.cwd,
      columns: 200,
      env: { ...at.env, PS1: 'ready> ', TERM: 'dumb' },
    });
    await typed(handle, [
      [/ready> /, `autoload -U compinit && compinit -u -D && source '${at.script}'\r`],
      [/ready> /, 'work pic\t'],
      [/work pick /, '\x15mcp2cli work pick --le\t'],
      [/--level /, 'tw\t'],
      [/two\\ words /, "\x15work pick --level 'it\t"],
      [/'it'\\''s' /, '\x15work pick --level=semi\t'],
      [/--level=semi\\;touch\\ pwned /, '\x15work call \\$\t'],
      [/\\\$\\\(touch\\ pwned\\\) /, '\x15work pick --args @fi\t'],
      [/@file\\ one\.json/, '\x15mcp2cli instances set work too\t'],
      [/ tools\./, '\x15exit\r'],
    ]);
    at.noHarm();
  });
});

describe.skipIf(!ZSH || !ptyTool())('zsh without compinit', () => {
  it('loads it', async () => {
    const at = await commandServer('zsh');
    const handle = startCommandOnPty(['zsh', '-f', '-i'], {
      home: at.home,
      cwd: at.cwd,
      columns: 200,
      env: { ...at.env, PS1: 'ready> ', TERM: 'dumb' },
    });
    const screen = await typed(handle, [
      [/ready> /, `source '${at.script}'\r`],
      [/ready> /, 'work pic\t'],
      [/work pick /, '\x15exit\r'],
    ]);
    expect(screen).not.toContain('command not found');
  });
});

describe.skipIf(!FISH)('fish', () => {
  it('completes, and evaluates nothing', async () => {
    const at = await commandServer('fish');
    const candidates = async (line: string) => {
      const args = ['--no-config', '-c', 'source $argv[1]; complete -C "$argv[2]"', at.script, line];
      const { code, stdout } = await startCommand('fish', args, at).done;
      expect(code).toBe(0);
      return stdout.split('\n').slice(0, -1);
    };
    expect(await candidates('mcp2cli wor')).toEqual([
      expect.stringMatching(/^work\t/),
      expect.stringMatching(/^worker\t/),
    ]);
    expect(await candidates('work pic')).toEqual(['pick\tPick one. $(touch pwned) `touch pwned` %F{red}']);
    expect(await candidates('work pick --level=a')).toEqual(['--level=a:b', '--level=a:c']);
    expect(await candidates('work pick --level ')).toEqual(LEVELS.filter((level) => !level.includes('\n')));
    expect(await candidates("work pick --level 'it")).toEqual(["it's"]);
    expect(await candidates('work pick --args @fi')).toEqual(['@file one.json']);
    expect(await candidates('work pick --save sub')).toEqual(['subdir/']);
    expect(await candidates('work call \\$')).toEqual(['$(touch pwned)\tx']);
    at.noHarm();
  });
});

describe.skipIf(!PWSH)('PowerShell', () => {
  it('completes, and quotes what needs it', async () => {
    const at = await commandServer('powershell');
    const texts = async (line: string) => {
      const command = '. $args[0]; (TabExpansion2 $args[1] $args[1].Length).CompletionMatches.CompletionText';
      const driver = join(at.home, 'driver.ps1');
      writeFileSync(driver, command);
      const { code, stdout } = await startCommand(
        'pwsh',
        ['-NoProfile', '-File', driver, at.script, line],
        at,
      ).done;
      expect(code).toBe(0);
      return stdout.split('\n').slice(0, -1);
    };
    expect(await texts('mcp2cli wor')).toEqual(['work', 'worker']);
    expect(await texts('work pic')).toEqual(['pick']);
    expect(await texts('work pick --level tw')).toEqual(["'two words'"]);
    expect(await texts('work pick --level ')).toContain("'$(touch pwned)'");
    at.noHarm();
  });
});
