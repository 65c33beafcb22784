/** The demo server as a program of its own; test/support/servers.ts bundles it, since Node 20 does not run TypeScript. */
import { runDetachedDemo } from '../../src/demo/background.ts';
import { DEMO_CONFIG } from '../../src/demo/background-config.ts';
import type { DemoServerOptions } from '../../src/demo/server.ts';
import { startDemoServer } from '../../src/demo/server.ts';

if (process.env[DEMO_CONFIG] !== undefined) {
  await runDetachedDemo();
} else {
  const server = await startDemoServer(JSON.parse(process.argv[2] ?? '') as DemoServerOptions);
  process.stdout.write(`${JSON.stringify({ url: server.url })}\n`);
  const end = () => void server.close().then(() => process.exit());
  process.once('SIGTERM', end);
  // A test that was killed leaves nothing behind: its end of the pipe closes.
  process.stdin.once('end', end).resume();
}
