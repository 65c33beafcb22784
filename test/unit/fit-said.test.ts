/** Notes, hints and errors on a terminal: lines fit, and the commands in them can still be copied. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { fitSaid } from '../../src/cli/output/fit-said.ts';
import { columns } from '../../src/lib/text/word-wrap.ts';

const ID = 'job_01m8mjdy1wf08e8apn0ey6zz8w';
const PROGRAMS = ['mcp2cli', 'work'];
const HINTS = [
  `hint: come back with: mcp2cli work jobs wait ${ID}`,
  `hint: end it with: work jobs cancel ${ID}; or give it up: work jobs forget ${ID} --force`,
  'hint: a job of your own: work jobs define NAME --tool TOOL; the tools: work ls',
  `hint: wait for them, or end them first: mcp2cli work jobs cancel ${ID}; --force gives them up, and removes their records`,
  "hint: mcp2cli instances add files -- 'a program' --with 'one long argument of several words' and more words of it",
  'error: cannot reach work: the server ended before it had answered (exit code 1), and said nothing',
  'warning: 部署说明会显示给所有的用户看 部署说明会显示给所有的用户看 部署说明会显示给所有的用户看',
];

/** The commands of a text, as a shell reads them: a backslash at the end of a line joins it with the next. */
function commandsIn(text: string): string[] {
  const joined = text.replace(/ \\\n */g, ' ');
  return [...joined.matchAll(/(?:^ *|[:;,] )((?:mcp2cli|work) [^;\n]*?)(?=[;\n]|, |$)/gm)].map(
    ([, command = '']) => command.trim(),
  );
}

describe.each([40, 60, 80, 120])('on %d columns', (width) => {
  it.each(HINTS)('%s', (hint) => {
    const fitted = fitSaid(hint, width, PROGRAMS);
    const tooWide = fitted.split('\n').filter((line) => columns(line) > width);
    // What has no place to break it stands alone.
    expect(tooWide.filter((line) => /\S \S/.test(line.trim().replaceAll(/'[^']*'/g, '')))).toEqual([]);
    expect(commandsIn(fitted)).toEqual(commandsIn(hint));
    const words = (text: string) =>
      text
        .replace(/ \\$|;/gm, '')
        .split(/\s+/)
        .join(' ');
    expect(words(fitted)).toBe(words(hint));
  });
});

it.skipIf(process.platform === 'win32')('breaks a command so that a shell reads the same words', () => {
  const command =
    "work call 'two words' --args '{\"a\": 1}' --note \"it is 'quoted'\" --more words and words";
  const fitted = fitSaid(`hint: try: ${command}`, 40, PROGRAMS);
  const [, ...lines] = fitted.split('\n');
  expect(lines.length).toBeGreaterThan(1);
  const words = (line: string) =>
    execFileSync('sh', ['-c', `work() { printf '%s\\n' "$@"; }\n${line}`], { encoding: 'utf8' });
  expect(words(lines.join('\n'))).toBe(words(command));
});

it('leaves what fits as it is, line by line', () => {
  const text = 'error: 2 problems:\n  --a: must be a number (given "two")\n  missing required --b';
  expect(fitSaid(text, 80, PROGRAMS)).toBe(text);
  expect(fitSaid(text, 30, PROGRAMS)).toBe(
    'error: 2 problems:\n  --a: must be a number (given\n    "two")\n  missing required --b',
  );
});
