/** A SKILL.md for agents: short enough to be read with everything else that they have to read. */
import { stringifyJson } from '../../../lib/json/exact-json.ts';
import { visible } from '../../../lib/text/visible.ts';

export interface SkillTool {
  /** The words that run it. */
  command: string;
  /** The first sentence about it. */
  about: string;
  /** The flags that must be typed. */
  required: readonly string[];
  /** There are others. */
  more: boolean;
}

export interface Skill {
  /** Lower-case letters, digits and hyphens. */
  name: string;
  server: string;
  instructions: string;
  /** What is typed before a tool: `work`. */
  command: string;
  tools: readonly SkillTool[];
  hasResources: boolean;
  hasPrompts: boolean;
}

/** How much of a model's attention it may take, in tokens. */
const MOST_TOKENS = 2_000;

/** What is left out first, when it is too long: descriptions, flags, and at last tools. In characters of a description; 0 leaves the flags out, too. */
const LENGTHS = [120, 80, 50, 30, 0];

const LONGEST_INSTRUCTIONS = 800;

/** The text, of at most 2,000 tokens by a careful estimate. */
export function skillText(skill: Skill): string {
  for (const length of LENGTHS) {
    const text = whole(skill, length, skill.tools);
    if (tokensOf(text) <= MOST_TOKENS) return text;
  }
  let most = skill.tools.length;
  for (;;) {
    most = Math.floor(most * 0.8);
    const text = whole(skill, 0, skill.tools.slice(0, most));
    if (most === 0 || tokensOf(text) <= MOST_TOKENS) return text;
  }
}

/** About as many tokens as the common tokenizers make of it, or more: no word of more than five letters counts as one. */
export function tokensOf(text: string): number {
  return text.match(/\p{L}{1,5}|\p{N}{1,3}|[^\p{L}\p{N}\s]|\n/gu)?.length ?? 0;
}

function whole(skill: Skill, length: number, tools: readonly SkillTool[]): string {
  const { name, server, command, hasResources, hasPrompts } = skill;
  const about = `Use the tools of ${server} from a shell with \`${command}\`: ${tools
    .slice(0, 6)
    .map((tool) => tool.command)
    .join(', ')}${tools.length > 6 ? ' and more' : ''}.`;
  const instructions = cut(visible(skill.instructions).trim(), LONGEST_INSTRUCTIONS);
  const left = skill.tools.length - tools.length;
  const first = tools[0]?.command ?? 'TOOL';
  return [
    `---\nname: ${name}\ndescription: ${stringifyJson(cut(about, 600))}\n---`,
    `# ${server}`,
    ...(instructions === '' ? [] : [`The server says:\n\n${quoted(instructions)}`]),
    `Each tool is a command with flags of its own. \`${command} TOOL --help\` shows them, \`--json\` prints one JSON document (the result in \`data\`), \`--args JSON\` or \`--args -\` gives all arguments at once.`,
    `## Tools`,
    [
      ...tools.map((tool) => toolLine(tool, length)),
      ...(left > 0 ? [`- and ${left} more: \`${command} ls\``] : []),
      ...(skill.tools.length === 0 ? ['(none)'] : []),
    ].join('\n'),
    ...(hasResources || hasPrompts
      ? [
          [
            ...(hasResources
              ? [`Resources: \`${command} resources\`, \`${command} resources read URI\`.`]
              : []),
            ...(hasPrompts ? [`Prompts: \`${command} prompts\`, \`${command} prompts get NAME\`.`] : []),
          ].join(' '),
        ]
      : []),
    `## Background jobs`,
    `\`${command} ${first} ... --background --quiet\` prints a job's id at once. \`${command} jobs wait ID\` prints the result and ends as the call would have; \`jobs show ID --json\` tells its state (\`data.status\`), \`jobs list\`, \`jobs cancel ID\`. A job that asks something (exit 8): \`jobs answer ID --help\`.`,
    `## Exit codes`,
    `0 done; 1 the tool failed; 2 wrong flags, nothing was sent; 3 server unreachable; 4 login needed or refused; 5 the server cannot do that; 8 input required; 124 \`--timeout\` ran out. Errors are on stderr, with \`--json\` as one JSON line.\n`,
  ].join('\n\n');
}

/** As a quotation: its headings are none of this document. */
function quoted(text: string): string {
  return text
    .split('\n')
    .map((line) => `> ${line}`.trimEnd())
    .join('\n');
}

function toolLine({ command, about, required, more }: SkillTool, length: number): string {
  const flags = length === 0 ? [] : [...required, ...(more ? ['[flags]'] : [])];
  const text = cut(about, length);
  return `- \`${[command, ...flags].join(' ')}\`${text === '' ? '' : `: ${text}`}`;
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : length === 0 ? '' : `${text.slice(0, length - 3).trimEnd()}...`;
}
