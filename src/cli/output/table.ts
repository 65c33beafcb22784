import { columns, padColumns } from '../../lib/text/word-wrap.ts';
import type { Palette } from './palette.ts';

/** Spaces between two columns. */
export const GAP = 2;

/** Aligned columns under a heading, for a terminal, by display width. `paint` colours a cell of a row (both counted from 0). */
export function table(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  palette: Palette,
  paint: (cell: string, row: number, column: number) => string = (cell) => cell,
): string {
  const widths = heading.map((title, i) =>
    rows.reduce((widest, row) => Math.max(widest, columns(row[i] ?? '')), title.length),
  );
  const line = (row: readonly string[], painted: (cell: string, column: number) => string) =>
    row
      .map((cell, i) => painted(i === row.length - 1 ? cell : padColumns(cell, widths[i] ?? 0), i))
      .join(' '.repeat(GAP))
      .trimEnd();
  return [
    line(heading, (cell) => palette.dim(cell)),
    ...rows.map((row, n) => line(row, (cell, i) => paint(cell, n, i))),
  ].join('\n');
}
