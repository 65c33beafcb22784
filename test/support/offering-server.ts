/** A server of protocol 2026-07-28 over HTTP with resources, prompts, completion and log messages, by version 2 of the official SDK. */
import { ProtocolError, Server } from '@modelcontextprotocol/server';
import { modernServer } from './modern-server.ts';

/** Addresses that are hard to write, to show, or to save. */
export const ODD_URIS = [
  'file:///with space/a b.txt',
  'file:///unicode/déjà-vu-日本.txt',
  'file:///../../../etc/passwd',
  'file:///..',
  'file:///control/\u001b[31mred\u0007.txt',
  'file:///windows/con.txt',
  'custom:no-slashes',
];

const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const CONTENTS: Record<string, object[]> = {
  'doc://plain': [{ uri: 'doc://plain', mimeType: 'text/plain', text: 'no newline at the end' }],
  'doc://numbers': [
    { uri: 'doc://numbers', mimeType: 'application/json', text: '{"id": 725653563933458432}\n' },
  ],
  'doc://several': [
    { uri: 'doc://several/1', mimeType: 'text/plain', text: 'first' },
    { uri: 'doc://several/2', mimeType: 'text/plain', text: 'second\n' },
    { uri: 'doc://several/pixel.png', mimeType: 'image/png', blob: PIXEL },
  ],
  'doc://pixel.png': [{ uri: 'doc://pixel.png', mimeType: 'image/png', blob: PIXEL }],
  'doc://empty': [],
  ...Object.fromEntries(ODD_URIS.map((uri) => [uri, [{ uri, text: `text of ${JSON.stringify(uri)}` }]])),
};

/** The URIs that the server lists, and gives out. */
export const URIS = Object.keys(CONTENTS);

const TEMPLATES = [
  { uriTemplate: 'db://{table}{?limit,columns*}', name: 'rows', description: 'Rows of a table.' },
];

const PROMPTS = [
  { name: 'plain', description: 'No arguments.' },
  {
    name: 'review',
    title: 'Review',
    description: 'Reviews code. In detail.',
    arguments: [
      { name: 'code', description: 'what to review', required: true },
      { name: 'tone', description: 'how' },
    ],
  },
  { name: 'picture', description: 'An image and an embedded resource.' },
  { name: 'asks', description: 'Asks for a name first.' },
];

const LANGUAGES = ['german', 'greek', 'georgian', 'french'];

export interface OfferingServer {
  url: string;
  /** Changes a resource, and tells whoever has subscribed to it. */
  change(uri: string): void;
  /** Tells that the list of tools is another. */
  toolsChanged(names: readonly string[]): void;
  /** Tells that the list of resources is another. */
  resourcesChanged(): void;
}

/** Starts the server; closed when the test has finished. `kinds`: what it has. */
export async function offeringServer(
  kinds: readonly ('tools' | 'resources' | 'prompts')[] = ['tools', 'resources', 'prompts'],
): Promise<OfferingServer> {
  const state = { tools: ['shout'], changed: new Map<string, number>(), more: 0 };
  const { url, notify } = await modernServer(() => instance(kinds, state));
  return {
    url,
    change(uri) {
      state.changed.set(uri, (state.changed.get(uri) ?? 0) + 1);
      notify.resourceUpdated(uri);
    },
    toolsChanged(names) {
      state.tools = [...names];
      notify.toolsChanged();
    },
    resourcesChanged() {
      state.more += 1;
      notify.resourcesChanged();
    },
  };
}

interface State {
  tools: string[];
  changed: Map<string, number>;
  /** Resources that came later. */
  more: number;
}

function instance(kinds: readonly string[], state: State): Server {
  const has = (kind: string) => kinds.includes(kind);
  const server = new Server(
    { name: 'offering', version: '1.2.3' },
    {
      capabilities: {
        logging: {},
        completions: {},
        ...(has('tools') ? { tools: { listChanged: true } } : {}),
        ...(has('resources') ? { resources: { subscribe: true, listChanged: true } } : {}),
        ...(has('prompts') ? { prompts: { listChanged: true } } : {}),
      },
      instructions: 'Ask for documents by their address.',
    },
  );
  if (has('tools')) withTools(server, state);
  if (has('resources')) withResources(server, state);
  if (has('prompts')) withPrompts(server);
  server.setRequestHandler('completion/complete', ({ params }) => {
    const { argument, context, ref } = params;
    const formal = context?.arguments?.['tone'] === 'formal' || context?.arguments?.['table'] === 'formal';
    const values = ref.type === 'ref/prompt' && argument.name === 'tone' ? ['formal', 'friendly'] : LANGUAGES;
    const fit = (formal ? ['sir'] : values).filter((value) => value.startsWith(argument.value));
    return { completion: { values: fit, total: fit.length, hasMore: false } };
  });
  return server;
}

function withTools(server: Server, { tools }: State): void {
  server.setRequestHandler('tools/list', () => ({
    tools: tools.map((name) => ({
      name,
      description: `Says it loudly (${name}).`,
      inputSchema: { type: 'object' as const, properties: { text: { type: 'string' } } },
    })),
  }));
  server.setRequestHandler('tools/call', async ({ params }, { mcpReq }) => {
    await mcpReq.log('debug', { step: 1 }, 'shouter');
    await mcpReq.log('warning', 'that is loud');
    return {
      content: [
        { type: 'text', text: String(params.arguments?.['text'] ?? '').toUpperCase() },
        ...URIS.map((uri) => ({ type: 'resource_link' as const, uri, name: 'a document' })),
      ],
    };
  });
}

function withResources(server: Server, state: State): void {
  server.setRequestHandler('resources/list', () => ({
    resources: [
      ...URIS.map((uri) => ({ uri, name: `name of ${uri.slice(0, 12)}`, size: 725653563933 })),
      ...Array.from({ length: state.more }, (_, i) => ({ uri: `doc://more/${i}`, name: 'more' })),
    ],
  }));
  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: TEMPLATES }));
  server.setRequestHandler('resources/read', ({ params: { uri } }) => {
    const times = state.changed.get(uri);
    const known = Object.hasOwn(CONTENTS, uri) ? CONTENTS[uri] : undefined;
    if (times !== undefined) return { contents: [{ uri, text: `changed ${times} times` }] };
    if (uri.startsWith('db://')) return { contents: [{ uri, text: `rows of ${uri}` }] };
    if (!known) throw new ProtocolError(-32602, `no such resource: ${uri}`, { uri });
    return { contents: known as never };
  });
}

function withPrompts(server: Server): void {
  server.setRequestHandler('prompts/list', () => ({ prompts: PROMPTS }));
  server.setRequestHandler('prompts/get', ({ params: { name, arguments: args = {} } }, { mcpReq }) => {
    const text = (what: string) => ({ type: 'text' as const, text: what });
    switch (name) {
      case 'plain':
        return { messages: [{ role: 'user' as const, content: text('hello') }] };
      case 'review':
        return {
          description: 'a review',
          messages: [
            { role: 'user' as const, content: text(`Review: ${args['code']}`) },
            { role: 'assistant' as const, content: text(`In a ${args['tone'] ?? 'usual'} tone.\nSoon.`) },
          ],
        };
      case 'picture':
        return {
          messages: [
            {
              role: 'user' as const,
              content: { type: 'image' as const, data: PIXEL, mimeType: 'image/png' },
            },
            {
              role: 'user' as const,
              content: { type: 'resource' as const, resource: { uri: 'doc://plain', text: 'embedded' } },
            },
          ],
        };
      case 'asks': {
        const answer = mcpReq.inputResponses?.['who'] as { content?: { name?: string } } | undefined;
        if (answer)
          return { messages: [{ role: 'user' as const, content: text(`hello ${answer.content?.name}`) }] };
        return {
          resultType: 'input_required' as const,
          inputRequests: {
            who: {
              method: 'elicitation/create' as const,
              params: {
                mode: 'form' as const,
                message: 'Who is it?',
                requestedSchema: {
                  type: 'object' as const,
                  properties: { name: { type: 'string' as const, default: 'Ada' } },
                },
              },
            },
          },
          requestState: 'asked',
        };
      }
      default:
        throw new ProtocolError(-32602, `no such prompt: ${name}`);
    }
  });
}
