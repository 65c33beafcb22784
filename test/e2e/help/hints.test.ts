/** Hints are lines that run as they stand, for a linked command too. */
import { expect, it } from 'vitest';
import { homeAt, submitted } from '../../support/instance.ts';
import { launchers, shell, typed } from '../../support/launcher.ts';
import { ptyTool, startOnPty } from '../../support/pty.ts';
import { demoServer } from '../../support/servers.ts';

/** Command lines of an instance that end with an error, and say what to do about it. */
const MISTAKES = [
  ['jobs', 'show'],
  ['jobs', 'show', 'nosuchjob'],
  ['jobs', 'show', '../x'],
  ['jobs', 'wait'],
  ['jobs', 'cancel', 'nosuchjob'],
  ['jobs', 'answer'],
  ['jobs', 'answer', '--latest'],
  ['jobs', 'logs'],
  ['jobs', 'list', '--status', 'gone'],
  ['jobs', 'list', '--nope'],
  ['jobs', 'prune'],
  ['jobs', 'prune', '--status', 'running'],
  ['jobs', 'nope'],
  ['jobs', 'define'],
  ['jobs', 'define', 'x'],
  ['jobs', 'undefine', 'x'],
  ['jobs', 'wait', '--latest', '--timeout', '100ms'],
  ['call'],
  ['call', 'nope'],
  ['nope'],
  ['deploy'],
  ['deploy', '--nope', '1'],
  ['ls', '--nope'],
  ['--nope', 'ls'],
];

const PROGRAM_MISTAKES = [
  ['instances', 'add', 'work', 'https://host.invalid/mcp'],
  ['instances', 'set', 'work', 'nope', '1'],
  ['instances', 'set', 'work', 'detach'],
  ['instances', 'set', 'work', 'tools.x'],
  ['instances', 'show', 'wrok'],
  ['instances', 'nope'],
  ['keeper', 'logs'],
  ['keeper', 'stop', 'nope'],
  ['link', 'nope'],
  ['completion', 'csh'],
  ['completion', 'bash', '--name', 'nope'],
  ['doctor', 'nope'],
  ['wrok', 'ls'],
  ['ls'],
];

/** A word of a hint that stands for another one: such a line is a pattern, not a command. */
const PATTERN = /\b[A-Z]{2,}\b|\.\.\./;
/** A command without the program that it is of. */
const BARE = /(^|: |; )(jobs|ls|call|refresh|instances|keeper|link|doctor) /;

it.skipIf(process.platform === 'win32')(
  'every hint that begins with the program runs as it stands',
  async () => {
    const { url } = await demoServer();
    const home = await homeAt(url);
    const bin = launchers('nobody');
    expect(await typed(`mcp2cli link work --dir ${bin}`, { home, bin })).toMatchObject({ code: 0 });
    expect(await shell('work jobs list', { home, bin })).toMatchObject({ code: 0 });
    await submitted(home, ['work', 'deploy', '--version', '2.0', '--duration', '3600']);
    const lines = [
      ...MISTAKES.flatMap((words) => [`mcp2cli work ${words.join(' ')}`, `work ${words.join(' ')}`]),
      ...PROGRAM_MISTAKES.map((words) => `mcp2cli ${words.join(' ')}`),
    ];
    const commands = new Set<string>();
    for (const line of lines) {
      const { code, stderr } = await typed(line, { home, bin });
      expect({ line, code }).not.toEqual({ line, code: 0 });
      const hint = /^hint: (.*)$/m.exec(stderr)?.[1] ?? '';
      expect({ line, hint }).not.toEqual({ line, hint: expect.stringMatching(BARE) });
      const typedAs = line.startsWith('work') ? 'work' : 'mcp2cli';
      for (const [, command = ''] of hint.matchAll(/(?:^|: |; |, )((?:mcp2cli|work) [^;]*)/g)) {
        if (!PATTERN.test(command)) commands.add(command);
        // Of the instance it is typed as the person has typed it.
        if (/^(mcp2cli work|work) /.test(command))
          expect({ line, command }).toEqual({
            line,
            command: expect.stringMatching(new RegExp(`^${typedAs} `)),
          });
      }
    }
    expect(commands.size).toBeGreaterThan(15);
    const failed: string[] = [];
    for (const command of commands) {
      // Those that would wait for the job, and those that take something away, are asked for their help.
      const safe = /wait|remove|stop|undefine/.test(command) ? `${command} --help` : command;
      const { code, stderr } = await typed(safe, { home, bin });
      if (code !== 0) failed.push(`${command}: ${stderr}`);
    }
    expect(failed).toEqual([]);
  },
);

it.skipIf(!ptyTool())(
  'show, watch and logs without an id mean the newest job on a terminal, and say so',
  async () => {
    const { url } = await demoServer({ speed: 50 });
    const home = await homeAt(url);
    await submitted(home, ['work', 'deploy', '--version', '1.0', '--duration', '1']);
    const id = await submitted(home, ['work', 'deploy', '--version', '2.0', '--duration', '1']);
    for (const verb of ['show', 'watch', 'logs']) {
      const { code, stdout } = await startOnPty(['work', 'jobs', verb], { home }).done;
      expect({ verb, code }).toEqual({ verb, code: 0 });
      expect(stdout).toContain(`the newest job: ${id}\r\n`);
    }
    // What changes something wants to be told.
    const cancel = await startOnPty(['work', 'jobs', 'cancel'], { home }).done;
    expect(cancel.code).toBe(2);
    expect(cancel.stdout).toContain('hint: see: mcp2cli work jobs list');
  },
);
