/** `help --json`: the commands of the program as data, for programs that read help. */
import { HOST_SPECS } from '../commands/host-specs.ts';
import { INSTANCE_SPECS } from '../commands/instance-specs.ts';
import { RUNTIME_FLAGS } from '../global-flags/table.ts';
import type { CommandSpec } from '../program.ts';

interface CommandNode {
  /** The words that run it, without the program's name. */
  command: string;
  summary: string;
  aliases?: string[];
  /** Positional words: `<name>` must be there, `[id]` may, `[ids...]` any number. */
  words?: string[];
  flags?: { flags: string; help: string }[];
  commands?: CommandNode[];
}

/** All of them: of the program, and of an instance; and the flags that every command takes. */
export function commandTree(): object {
  return {
    program: HOST_SPECS.map((spec) => node(spec, '')),
    instance: [
      { command: 'TOOL', summary: 'a tool by its name; its flags come from its schema' },
      { command: 'call', summary: 'a tool by its exact name', words: ['<name>'] },
      ...INSTANCE_SPECS.map((spec) => node(spec, '')),
    ],
    flags: RUNTIME_FLAGS.map(({ name, short, value, help, scope }) => ({
      flags: `${short ? `-${short}, ` : ''}--${name}${value ? ` <${value}>` : ''}`,
      help,
      scope,
    })),
  };
}

function node(spec: CommandSpec, before: string): CommandNode {
  const command = `${before}${spec.name}`;
  const options = (spec.options ?? []).filter(({ hidden }) => hidden !== true);
  return {
    command,
    summary: spec.summary,
    ...(spec.aliases ? { aliases: [...spec.aliases] } : {}),
    ...(spec.words ? { words: [...spec.words] } : {}),
    ...(options.length > 0 ? { flags: options.map(({ flags, help }) => ({ flags, help })) } : {}),
    ...(spec.subcommands ? { commands: spec.subcommands.map((sub) => node(sub, `${command} `)) } : {}),
  };
}
