// What the measurements share: whole processes timed in turn, medians, a table.
import { spawnSync } from 'node:child_process';

/** Times whole processes of one Node in one environment. */
export function timer(node, env) {
  /** Wall time of one process in milliseconds. Throws unless it ends with 0. */
  return (args) => {
    const start = process.hrtime.bigint();
    const { status, stderr } = spawnSync(node, args, {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 1 << 30,
    });
    const ms = Number(process.hrtime.bigint() - start) / 1e6;
    if (status !== 0) throw new Error(`${args.join(' ')} exited ${status}: ${stderr}`);
    return ms;
  };
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/**
 * Runs some command lines in turn, so that a drifting machine is no difference between them. Returns the times of each round, a number a command line;
 * one round goes before and is not counted.
 */
export function inTurn(time, runs, ...lines) {
  const round = () => lines.map((line) => time(line));
  round();
  return Array.from({ length: runs }, round);
}

/** A table in Markdown; the first column is text, the others stand to the right. */
export function table(head, rows) {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const line = (cells) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
  return [line(head), `|${widths.map((w) => '-'.repeat(w + 2)).join('|')}|`, ...rows.map(line)].join('\n');
}
