import { VERSION } from '../version.ts';
import { hostHelp } from './help/program.ts';

/** The answer to a line that needs no command at all (`--version`, `--help`, nothing), or undefined. Keeps their start-up at Node's own. */
export function quickAnswer(argv: readonly string[], program: string | undefined): string | undefined {
  const [word] = argv;
  if (argv.length > 1 || program !== undefined) return undefined;
  if (word === '--version' || word === 'version') return `${VERSION}\n`;
  if (word === undefined || word === '--help' || word === '-h' || word === 'help') return hostHelp('mcp2cli');
  return undefined;
}
