import { INSTANCE_COMMANDS } from '../config/names.ts';
import { kebabCase } from '../lib/text/kebab-case.ts';

/** Why a definition cannot have this name; undefined when it can. */
export function nameProblem(name: string): string | undefined {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name))
    return `not a name for a job: ${JSON.stringify(name)} (letters, digits, "-", "_" and ".", starting with a letter or digit, at most 64)`;
  if ((INSTANCE_COMMANDS as readonly string[]).includes(name.toLowerCase()))
    return `${JSON.stringify(name)} is a command`;
  return undefined;
}

/** The tool that is typed by the same word, if there is one: it would be out of reach. */
export function toolOfName(name: string, tools: readonly { name: string }[]): string | undefined {
  const kebab = kebabCase(name);
  return tools.find((tool) => tool.name === name || kebabCase(tool.name) === kebab)?.name;
}
