/** Tools that answer at once: the small change of a demo, and the ones that tests look closely at. */
import { ErrorCode, McpError } from '@modelcontextprotocol/sdk/types.js';
import type { DemoTool } from './tool.ts';
import { numberOr, objectOf, stringOr, text } from './tool.ts';

/** An 8 x 8 picture: blue and white squares. */
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAMAAADz0U65AAAADFBMVEUkY+sAAAAAAAD///8oVPe8AAAAEElEQVR42mNgYEaDDGSJAAANyABh' +
  'HP+uPgAAAABJRU5ErkJggg==';

const echo: DemoTool = {
  definition: {
    name: 'echo',
    title: 'Echo',
    description: 'Say something back.',
    inputSchema: {
      type: 'object',
      properties: { message: { type: 'string', description: 'What to say' } },
      required: ['message'],
    },
    annotations: { readOnlyHint: true },
  },
  run: (args) => text(stringOr(args['message'], '')),
};

const add: DemoTool = {
  definition: {
    name: 'add',
    title: 'Add',
    description: 'Add two numbers.',
    inputSchema: objectOf(['a', 'b'], {
      a: { type: 'number', description: 'First number' },
      b: { type: 'number', description: 'Second number' },
    }),
    outputSchema: { type: 'object', properties: { sum: { type: 'number' } }, required: ['sum'] },
    annotations: { readOnlyHint: true },
    // Said out loud here; every other plain tool leaves it out, which means the same.
    execution: { taskSupport: 'forbidden' },
  },
  run(args) {
    const a = numberOr(args['a'], 0);
    const b = numberOr(args['b'], 0);
    return text(`${a} + ${b} = ${a + b}`, { sum: a + b });
  },
};

const showTypes: DemoTool = {
  definition: {
    name: 'show-types',
    title: 'Show types',
    description: 'Return the arguments exactly as they arrived. Has a flag of every type.',
    inputSchema: objectOf([], {
      text: { type: 'string', description: 'Any text' },
      ratio: { type: 'number', description: 'Any number' },
      count: { type: 'integer', description: 'A whole number' },
      enabled: { type: 'boolean', description: 'Yes or no' },
      level: { type: 'string', enum: ['low', 'medium', 'high'], description: 'One of three words' },
      priority: { type: 'integer', enum: [1, 2, 3], description: 'One of three numbers' },
      tags: { type: 'array', items: { type: 'string' }, description: 'Words' },
      scores: { type: 'array', items: { type: 'number' }, description: 'Numbers' },
      owner: {
        type: 'object',
        description: 'A person',
        properties: {
          name: { type: 'string', description: 'Name' },
          age: { type: 'integer', description: 'Age in years' },
          address: { type: 'object', properties: { city: { type: 'string', description: 'City' } } },
        },
      },
      note: { type: ['string', 'null'], description: 'Text, or null' },
      limit: { anyOf: [{ type: 'integer' }, { type: 'null' }], description: 'A whole number, or null' },
      maxTokens: { type: 'integer', description: 'A name in camel case' },
      HTTPProxy: { type: 'string', description: 'A name with an acronym' },
      secret: { type: 'string', format: 'password', description: 'Not for everybody to see' },
    }),
    annotations: { readOnlyHint: true },
  },
  // What a client sends is what a test wants to see, right or wrong.
  unchecked: true,
  run: (args) => text(JSON.stringify(args), args),
};

const picture: DemoTool = {
  definition: {
    name: 'picture',
    title: 'Picture',
    description: 'Return text, an image, a file and a link, one of each.',
    inputSchema: { type: 'object', properties: {} },
    annotations: { readOnlyHint: true },
  },
  run: () => ({
    content: [
      { type: 'text', text: 'A small picture' },
      { type: 'image', data: PNG, mimeType: 'image/png' },
      {
        type: 'resource',
        resource: { uri: 'demo://files/squares.png', mimeType: 'image/png', blob: PNG },
      },
      {
        type: 'resource_link',
        uri: 'https://files.example.com/squares.png',
        name: 'squares.png',
        description: 'The same picture, somewhere else',
        mimeType: 'image/png',
      },
    ],
  }),
};

const protocolError: DemoTool = {
  definition: {
    name: 'protocol-error',
    title: 'Protocol error',
    description: 'Answer with a JSON-RPC error rather than a result.',
    inputSchema: { type: 'object', properties: {} },
  },
  run() {
    throw new McpError(ErrorCode.InternalError, 'The demo failed on purpose', { reason: 'demo' });
  },
};

export const PLAIN_TOOLS: readonly DemoTool[] = [echo, add, showTypes, picture, protocolError];
