import type { CommandSpec, OptionSpec } from '../../program.ts';
import { option } from '../option.ts';

/** Flags of every list. */
export const LIST: readonly OptionSpec[] = [
  option('--filter <TEXT>', 'only those with this text in their address, name or description'),
  option('--limit <N>', 'only the first N'),
];

/** `resources`: what a server has to read. */
export const RESOURCE_SPECS: CommandSpec = {
  name: 'resources',
  summary: 'what the server has to read: list, templates, read, watch',
  subcommands: [
    {
      name: 'list',
      aliases: ['ls'],
      summary: 'list the resources, and the templates that make more of them',
      examples: ['resources list --limit 20'],
      options: LIST,
      isDefault: true,
      run: async (app, _words, options) =>
        (await import('./list.ts')).listExtras(app, ['resource', 'template'], options),
    },
    {
      name: 'templates',
      summary: 'list the templates',
      examples: ['resources templates'],
      options: LIST,
      run: async (app, _words, options) => (await import('./list.ts')).listExtras(app, ['template'], options),
    },
    {
      name: 'read',
      aliases: ['get', 'cat'],
      summary: 'print a resource: its URI, or a template with --VARIABLE value...',
      examples: ['resources read demo://resource/dynamic/text/1'],
      words: ['[target]'],
      scopes: ['input', 'result'],
      flagHelp: { save: 'write it to this file, or into this folder under a safe name' },
      more: [
        "resources read 'db://{table}' --table users fills in a template; a list is typed by repeating the flag.",
        'Text comes out as it is. Of binary content a line tells; --save keeps it.',
      ].join('\n'),
      // Its flags come from the template, so the line is not commander's (route.ts).
      run: async (app, words) => (await import('./read.ts')).readResource(app, words),
    },
    {
      name: 'watch',
      summary: 'print a line for each change of resources, until ^C or --timeout',
      examples: ['resources watch demo://resource/dynamic/text/1 --timeout 1m'],
      words: ['[uris...]'],
      options: [
        option(
          '--poll <INTERVAL>',
          'read them this often and compare, where the server tells no changes: 30s',
        ),
      ],
      run: async (app, uris, options) => (await import('./watch.ts')).watchUris(app, uris, options),
    },
  ],
};
