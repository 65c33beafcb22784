/** What a server lists, as the official SDK's client gets it, before anything looks at it. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { cleanEnv } from '../support/env.ts';

export interface Tool {
  name: string;
  inputSchema: Record<string, unknown>;
  [more: string]: unknown;
}

/** All pages of `tools/list`, verbatim. `home` is the server's home and folder. */
export async function listTools(
  { command, args, env }: { command: string; args: string[]; env: Record<string, string> },
  home: string,
): Promise<Tool[]> {
  const transport = new StdioClientTransport({
    command,
    args,
    env: cleanEnv(home, env),
    cwd: home,
    stderr: 'ignore',
  });
  const client = new Client(
    { name: 'mcp2cli', version: '1' },
    // What the program declares, too: a server may offer more to whoever can be asked.
    { capabilities: { elicitation: { form: {}, url: {} } } },
  );
  await client.connect(transport);
  const tools: Tool[] = [];
  // The SDK's own reading drops what it does not know: the message is taken as it came.
  const forward = transport.onmessage;
  transport.onmessage = (message) => {
    const { result } = message as { result?: { tools?: Tool[] } };
    if (Array.isArray(result?.tools)) tools.push(...(structuredClone(result.tools) as Tool[]));
    forward?.(message);
  };
  try {
    let cursor: string | undefined;
    do ({ nextCursor: cursor } = await client.listTools(cursor === undefined ? {} : { cursor }));
    while (cursor !== undefined);
  } finally {
    await client.close();
  }
  return tools;
}
