import type { CommandSpec } from '../../program.ts';
import { LIST } from '../resources/specs.ts';

/** `prompts`: texts that a server has prepared for models. */
export const PROMPT_SPECS: CommandSpec = {
  name: 'prompts',
  summary: 'prompts that the server has prepared: list, get',
  subcommands: [
    {
      name: 'list',
      aliases: ['ls'],
      summary: 'list the prompts',
      examples: ['prompts list'],
      options: LIST,
      isDefault: true,
      run: async (app, _words, options) =>
        (await import('../resources/list.ts')).listExtras(app, ['prompt'], options),
    },
    {
      name: 'get',
      aliases: ['show'],
      summary: 'print a prompt, with its arguments filled in: NAME --ARGUMENT value...',
      examples: ['prompts get args-prompt --city Paris'],
      words: ['[name]'],
      scopes: ['input', 'result'],
      // Its flags are the prompt's arguments, so the line is not commander's (route.ts).
      run: async (app, words) => (await import('./get.ts')).getPrompt(app, words),
    },
  ],
};
