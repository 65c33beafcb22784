/** Collects what the fault tests tried and what was lost, and prints it as one table when all of them have ended. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FAKETIME } from '../support/faketime.ts';
import { type Row, TALLY } from '../support/ledger.ts';
import { canTrace } from '../support/strace.ts';

const COLUMNS = ['tried', 'lost', 'torn', 'twice', 'wrong'] as const;
const HEADINGS = ['fault', 'tried', 'lost', 'torn', 'sent twice', 'wrong exit code'];

/**
 * Vitest's global setup: one file for all workers to write to. FAULTS_TABLE names a file that gets the table, too. Each project of the
 * configuration runs it: the first one has begun the file.
 */
export default function setup(): () => void {
  if (process.env[TALLY]) return () => {};
  const missing = [
    ...(canTrace() ? [] : ['strace (system calls that fail or kill)']),
    ...(FAKETIME ? [] : ['libfaketime (clocks that jump)']),
    ...(process.platform === 'linux' ? [] : ['/proc (memory, argv and processes)']),
  ];
  if (missing.length > 0) process.stdout.write(`SKIPPED, not on this machine: ${missing.join('; ')}\n`);
  const dir = mkdtempSync(join(tmpdir(), 'mcp2cli-faults-'));
  const tally = join(dir, 'tally.jsonl');
  writeFileSync(tally, '');
  process.env[TALLY] = tally;
  return () => {
    const table = tableOf(readFileSync(tally, 'utf8'));
    rmSync(dir, { recursive: true });
    process.stdout.write(`\n${table}`);
    const path = process.env['FAULTS_TABLE'];
    if (path) writeFileSync(path, table);
  };
}

function tableOf(lines: string): string {
  const rows = new Map<string, Row>();
  for (const line of lines.split('\n').filter(Boolean)) {
    const row = JSON.parse(line) as Row;
    const sum = rows.get(row.fault);
    if (sum) for (const column of COLUMNS) sum[column] += row[column];
    else rows.set(row.fault, row);
  }
  const all = [...rows.values()].sort((a, b) => (a.fault < b.fault ? -1 : 1));
  const total = { fault: 'all' } as Row;
  for (const column of COLUMNS) total[column] = all.reduce((sum, row) => sum + row[column], 0);
  const cells = [...all, total].map((row) => [row.fault, ...COLUMNS.map((column) => String(row[column]))]);
  const widths = HEADINGS.map((heading, i) =>
    Math.max(heading.length, ...cells.map((row) => row[i]?.length ?? 0)),
  );
  const lineOf = (row: readonly string[]) =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |\n`;
  const rule = widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [HEADINGS, rule, ...cells].map(lineOf).join('');
}
