import { SSEClientTransport, type SSEClientTransportOptions } from '@modelcontextprotocol/client';

/**
 * HTTP+SSE, the transport of MCP 2024-11-05, for servers that know no other. In a file of its own: importing the SDK dynamically by its
 * package name would keep all of it, 300 kB that are loaded with every call.
 */
export function sseTransport(url: string, options: SSEClientTransportOptions): SSEClientTransport {
  return new SSEClientTransport(new URL(url), options);
}
