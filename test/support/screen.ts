/** What a terminal shows of a program's output: xterm's own emulator, without a window. */
import { createRequire } from 'node:module';

// CommonJS, with a name that Node does not see through import.
const { Terminal } = createRequire(import.meta.url)('@xterm/headless') as typeof import('@xterm/headless');

export interface Screen {
  /** All that was shown, from the first line on, scrolled away or not; what was repainted is as it stood last. */
  lines: string[];
  /** Lines that the terminal began by itself, as the one before was too long for it. */
  wrapped: string[];
}

/** Plays the output of a program on a terminal of `columns` and `rows`, and reads its screen. */
export async function screen(output: string, columns = 80, rows = 24): Promise<Screen> {
  const terminal = new Terminal({ cols: columns, rows, scrollback: 10_000, allowProposedApi: true });
  try {
    await new Promise<void>((resolve) => terminal.write(output, resolve));
    const { active } = terminal.buffer;
    const all = Array.from({ length: active.length }, (_, row) => {
      const line = active.getLine(row);
      return { text: line?.translateToString(true).trimEnd() ?? '', isWrapped: line?.isWrapped === true };
    });
    while (all.at(-1)?.text === '') all.pop();
    return {
      lines: all.map(({ text }) => text),
      wrapped: all.filter(({ isWrapped }) => isWrapped).map(({ text }) => text),
    };
  } finally {
    terminal.dispose();
  }
}
