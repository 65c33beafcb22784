/** Tools that show what the tasks extension can do, beside the demo's own. */
import { existsSync } from 'node:fs';
import type { Tool } from '@modelcontextprotocol/sdk/types.js';
import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { failure, numberOr, runSteps, text } from '../../../src/demo/tool.ts';
import type { InputRequest } from './input.ts';
import type { TaskTool } from './tool.ts';

const duration = { type: 'number', minimum: 0, description: 'How long the work takes, in seconds' } as const;

/** The definition of a tool that becomes a task for whoever can have one. */
export function taskDefinition(
  name: string,
  description: string,
  properties: Record<string, object> = {},
  taskSupport: 'optional' | 'required' = 'optional',
): Tool {
  return {
    name,
    description,
    inputSchema: { type: 'object', properties },
    execution: { taskSupport },
  };
}

/** A question that is answered by filling a form in. */
export function form(
  message: string,
  properties: Record<string, object>,
  required: string[] = [],
): InputRequest {
  return {
    method: 'elicitation/create',
    params: { mode: 'form', message, requestedSchema: { type: 'object', properties, required } },
  };
}

/** The field of an accepted form, or what became of the question instead. */
function told(field: string, answer: Record<string, unknown> | undefined, otherwise?: string): string {
  const { action, content } = answer ?? {};
  if (action === 'decline') return `${field} was declined`;
  if (action !== 'accept') return `${field} was cancelled`;
  return `${field} is ${String((content as Record<string, unknown> | undefined)?.[field] ?? otherwise)}`;
}

/** A tool that is always answered at once. */
const plainDefinition = (name: string, description: string): Tool => ({
  name,
  description,
  inputSchema: { type: 'object' },
});

const plain: TaskTool = {
  // The server decides call by call: this one decides against a task.
  definition: plainDefinition('plain', 'Could be a task, and never is.'),
  run: () => text('Done at once'),
};

const syncFail: TaskTool = {
  definition: plainDefinition('sync-fail', 'Fail at once, without a task.'),
  run: () => failure('Failed at once'),
};

const ask: TaskTool = {
  definition: taskDefinition('ask', 'Ask for a name and a colour at once, and tell both.'),
  async run(_, context) {
    const answers = await context.ask({
      name: form('What is your name?', { name: { type: 'string', title: 'Name', minLength: 1 } }, ['name']),
      color: form('Which colour?', {
        color: { type: 'string', title: 'Colour', enum: ['red', 'green', 'blue'], default: 'blue' },
      }),
    });
    return text(`${told('name', answers['name'])}, ${told('color', answers['color'], 'blue')}`, { answers });
  },
};

const askFirst: TaskTool = {
  definition: taskDefinition('ask-first', 'Ask where to, before there is a task; then go there.', {
    duration,
  }),
  async before(_, ask) {
    const { target } = await ask({
      target: form('Where to?', { target: { type: 'string', title: 'Target', minLength: 1 } }, ['target']),
    });
    return target?.['action'] === 'accept' ? undefined : text(`Nothing started: ${told('target', target)}`);
  },
  async run(args, context) {
    await runSteps(['Leaving', 'Arriving'], numberOr(args['duration'], 1), context);
    return text(`Arrived: ${told('target', context.given['target'])}`);
  },
};

const askUrl: TaskTool = {
  definition: taskDefinition('ask-url', 'Send the person to a page, and wait for them to come back.'),
  async run(_, context) {
    const { visit } = await context.ask({
      visit: {
        method: 'elicitation/create',
        params: {
          mode: 'url',
          message: 'Confirm in your browser',
          url: 'https://example.com/confirm?order=7',
        },
      },
    });
    return text(visit?.['action'] === 'accept' ? 'The page was visited' : told('visit', visit));
  },
};

const failRpc: TaskTool = {
  definition: taskDefinition('fail-rpc', 'End as a task that failed with a JSON-RPC error.', { duration }),
  async run(args, context) {
    await runSteps(['Heating'], numberOr(args['duration'], 1), context);
    throw new ProtocolError(ProtocolErrorCode.InternalError, 'The disk is on fire', { disk: 'sda' });
  },
};

const stubborn: TaskTool = {
  definition: taskDefinition('stubborn', 'Take note of a cancellation, and complete nevertheless.', {
    duration,
  }),
  async run(args, context) {
    context.ignoreCancellation();
    await runSteps(['Starting', 'Going on'], numberOr(args['duration'], 1), context);
    return text('Completed nevertheless');
  },
};

const forever: TaskTool = {
  definition: taskDefinition('forever', 'Never end, unless cancelled or told to.', {
    until: { type: 'string', description: 'A file: when it is there, this ends' },
  }),
  async run({ until }, context) {
    await context.progress({ progress: 0, total: 1, message: 'Waiting for the end of time' });
    if (typeof until !== 'string') for (;;) await context.sleep(24 * 60 * 60);
    while (!existsSync(until)) await context.sleep(0.05);
    return text('Time has ended');
  },
};

const roots: TaskTool = {
  definition: taskDefinition('roots', 'Ask for the roots of the client, and tell them.'),
  async run(_, context) {
    const { roots } = await context.ask({ roots: { method: 'roots/list', params: {} } });
    const { roots: list } = roots as { roots: { uri: string }[] };
    const uris = list.map(({ uri }) => uri);
    return text(uris.length === 0 ? 'No roots' : `Roots: ${uris.join(', ')}`, { uris });
  },
};

const sample: TaskTool = {
  definition: taskDefinition('sample', "Ask the client's model for a word, and tell it."),
  async run(_, context) {
    const { word } = await context.ask({
      word: {
        method: 'sampling/createMessage',
        params: {
          messages: [{ role: 'user', content: { type: 'text', text: 'Say one word.' } }],
          maxTokens: 10,
        },
      },
    });
    const content = word?.['content'] as { type: string; text?: string };
    return text(`The model says: ${content.text ?? content.type}`);
  },
};

export const EXTENSION_TOOLS: readonly TaskTool[] = [
  plain,
  syncFail,
  ask,
  askFirst,
  askUrl,
  failRpc,
  stubborn,
  forever,
  roots,
  sample,
];
