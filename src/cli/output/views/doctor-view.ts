import type { CheckStatus, Finding } from '../../../doctor/finding.ts';
import { counted } from '../../../lib/text/counted.ts';
import { visible, visibleLine } from '../../../lib/text/visible.ts';
import type { Palette } from '../palette.ts';

const MARKS: Record<CheckStatus, string> = { ok: 'ok', warning: '--', problem: '!!' };

/** What an examination found, a line a check, grouped by instance; what to do is indented below it. */
export function findingLines(findings: readonly Finding[], palette: Palette): string {
  const groups = new Map<string | null, Finding[]>();
  for (const finding of findings) {
    const { instance } = finding;
    groups.set(instance, [...(groups.get(instance) ?? []), finding]);
  }
  return [...groups]
    .map(([name, group]) =>
      [palette.bold(visibleLine(name ?? 'mcp2cli')), ...group.map((one) => lineOf(one, palette))].join('\n'),
    )
    .join('\n');
}

function lineOf({ check, status, message, hint, path }: Finding, palette: Palette): string {
  const color = { ok: palette.green, warning: palette.yellow, problem: palette.red }[status];
  // A message has its path often enough.
  const where = path === undefined || message.includes(path) ? '' : ` (${path})`;
  // A server's last words have lines of their own.
  const text = visible(`${message}${where}`).replaceAll('\n', '\n        ');
  const lines = [`  ${color(MARKS[status])}  ${check}: ${text}`];
  if (hint !== undefined) lines.push(palette.dim(`        ${visible(hint)}`));
  return lines.join('\n');
}

/** `2 problems, 1 warning`, or `no problems`. */
export function findingSummary(problems: number, warnings: number): string {
  const bad = problems === 0 ? 'no problems' : counted(problems, 'problem');
  return warnings === 0 ? bad : `${bad}, ${counted(warnings, 'warning')}`;
}
