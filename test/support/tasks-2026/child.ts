/** The fixture server as a program of its own, bundled by bundle.js since Node 20 does not run TypeScript: `node FILE [http|stdio] [OPTIONS]`. */
import { startTasks2026, type Tasks2026Options } from './host.ts';
import { serveTasks2026 } from './stdio.ts';

const [transport = 'stdio', json = '{}'] = process.argv.slice(2);
const options = JSON.parse(json) as Tasks2026Options;

if (transport === 'stdio') {
  serveTasks2026(options);
} else {
  const server = await startTasks2026(options);
  process.stdout.write(`${JSON.stringify({ url: server.url })}\n`);
  const end = () => void server.close().then(() => process.exit());
  process.once('SIGTERM', end);
  // Whoever started it and was killed leaves nothing behind: its end of the pipe closes.
  process.stdin.once('end', end).resume();
}
