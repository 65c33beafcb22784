/** The tools that the official conformance scenarios `tasks-*` call, by the names and behaviour that these ask for. */
import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { failure, numberOr, stringOr, text } from '../../../src/demo/tool.ts';
import type { TaskTool } from './tool.ts';
import { form, taskDefinition } from './tools.ts';

const confirm = { confirm: { type: 'boolean', title: 'Confirm' } };

export const CONFORMANCE_TOOLS: readonly TaskTool[] = [
  {
    definition: {
      name: 'greet',
      description: 'Greet somebody, at once.',
      inputSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
    },
    run: (args) => text(`Hello, ${stringOr(args['name'], '')}!`),
  },
  {
    definition: taskDefinition('slow_compute', 'Compute for a number of seconds.', {
      seconds: { type: 'number', minimum: 0 },
      label: { type: 'string' },
    }),
    async run(args, context) {
      await context.sleep(numberOr(args['seconds'], 1));
      return text(`Computed ${stringOr(args['label'], 'nothing')}`);
    },
  },
  {
    definition: taskDefinition('failing_job', 'Fail as a tool does, after a second.', {}, 'required'),
    async run(_, context) {
      await context.sleep(1);
      return failure('The job failed');
    },
  },
  {
    definition: taskDefinition('protocol_error_job', 'Fail as the protocol does.'),
    run() {
      throw new ProtocolError(ProtocolErrorCode.InternalError, 'The job fell over');
    },
  },
  {
    definition: taskDefinition('confirm_delete', 'Delete a file, once that is confirmed.', {
      filename: { type: 'string' },
    }),
    async run(args, context) {
      const file = stringOr(args['filename'], 'nothing');
      const answers = await context.ask({ confirm: form(`Delete ${file}?`, confirm, ['confirm']) });
      const { content } = answers['confirm'] as { content?: { confirm?: boolean } };
      return text(content?.confirm ? `Deleted ${file}` : `Kept ${file}`);
    },
  },
  {
    definition: taskDefinition('multi_input', 'Ask two things at once.'),
    async run(_, context) {
      const answers = await context.ask({
        first: form('Who?', { name: { type: 'string' } }),
        second: form('Really?', confirm),
      });
      return text(`Got ${Object.keys(answers).length} answers`);
    },
  },
  {
    definition: taskDefinition(
      'test_tool_with_task',
      'Ask for a name, then greet as a task.',
      {},
      'required',
    ),
    async before(_, ask) {
      const { user_name } = await ask({
        user_name: form('What is your name?', { name: { type: 'string' } }, ['name']),
      });
      return user_name?.['action'] === 'accept' ? undefined : text('Nobody to greet');
    },
    run(_, { given }) {
      const { content } = given['user_name'] as { content: { name: string } };
      return text(`Hello, ${content.name}!`);
    },
  },
];
