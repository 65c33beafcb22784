import type { Palette } from './palette.ts';

/** Aligned columns under a heading, for a terminal. `paint` colours a cell of a row (both counted from 0). */
export function table(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  palette: Palette,
  paint: (cell: string, row: number, column: number) => string = (cell) => cell,
): string {
  const widths = heading.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[], painted: (cell: string, column: number) => string) =>
    row
      .map((cell, i) => painted(i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0), i))
      .join('  ')
      .trimEnd();
  return [
    line(heading, (cell) => palette.dim(cell)),
    ...rows.map((row, n) => line(row, (cell, i) => paint(cell, n, i))),
  ].join('\n');
}
