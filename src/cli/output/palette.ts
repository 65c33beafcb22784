/** Colours of the human forms. Plain unless a terminal wants them; chalk is loaded only then. */
export interface Palette {
  green: (text: string) => string;
  red: (text: string) => string;
  yellow: (text: string) => string;
  cyan: (text: string) => string;
  dim: (text: string) => string;
  bold: (text: string) => string;
}

const same = (text: string) => text;

export const PLAIN: Palette = { green: same, red: same, yellow: same, cyan: same, dim: same, bold: same };

/** Colours for a terminal that may have them (`NO_COLOR` and `--no-color` are the caller's business). */
export async function colors(): Promise<Palette> {
  const { Chalk } = await import('chalk');
  const chalk = new Chalk({ level: 1 });
  return {
    green: (t) => chalk.green(t),
    red: (t) => chalk.red(t),
    yellow: (t) => chalk.yellow(t),
    cyan: (t) => chalk.cyan(t),
    dim: (t) => chalk.dim(t),
    bold: (t) => chalk.bold(t),
  };
}
