/** The fixture server over stdio as a program of its own, bundled by bundle.ts since Node 20 does not run TypeScript: `node FILE [OPTIONS]`. */
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { createServer, type FrontmcpOptions, FrontmcpService } from './instance.ts';

const service = new FrontmcpService(JSON.parse(process.argv[2] ?? '{}') as FrontmcpOptions);
const server = createServer(service);
await server.connect(new StdioServerTransport());
// The transport does not look for the end of its input, and what still runs would keep the process alive.
process.stdin.once('end', () => {
  service.restart(false);
  void server.close();
});
