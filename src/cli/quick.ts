import { fitLines } from '../lib/text/word-wrap.ts';
import { VERSION } from '../version.ts';
import { hostHelp } from './help/program.ts';

/**
 * The answer to a line that needs no command at all (`--version`, `--help`, nothing), or undefined. Keeps their start-up at Node's own. `width`
 * tells the columns of the terminal, if there is one.
 */
export function quickAnswer(
  argv: readonly string[],
  program: string | undefined,
  width: () => number | undefined,
): string | undefined {
  const [word] = argv;
  if (argv.length > 1 || program !== undefined) return undefined;
  if (word === '--version' || word === 'version') return `${VERSION}\n`;
  if (word !== undefined && word !== '--help' && word !== '-h' && word !== 'help') return undefined;
  const help = hostHelp('mcp2cli');
  const room = width();
  return room ? fitLines(help, room) : help;
}
