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
      summary: 'the prompts',
      options: LIST,
      isDefault: true,
      run: async (app, _words, options) =>
        (await import('../resources/list.ts')).listExtras(app, ['prompt'], options),
    },
    {
      name: 'get',
      aliases: ['show'],
      summary: 'a prompt, its arguments filled in: NAME --ARGUMENT value...',
      words: ['[name]'],
      scopes: ['input', 'result'],
      // Its flags are the prompt's arguments, so the line is not commander's (route.ts).
      run: async (app, words) => (await import('./get.ts')).getPrompt(app, words),
    },
  ],
};
