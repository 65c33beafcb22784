import type { CommandSpec } from '../../program.ts';
import { option } from '../option.ts';

/** Commands about the server of an instance itself. */
export const ABOUT_SPECS: readonly CommandSpec[] = [
  {
    name: 'info',
    summary: 'print what the server says of itself: versions, protocol, capabilities, instructions',
    examples: ['info'],
    run: async (app) => (await import('./info.ts')).info(app),
  },
  {
    name: 'ping',
    summary: 'tell whether the server answers, and how fast',
    examples: ['ping'],
    run: async (app) => (await import('./ping.ts')).ping(app),
  },
  {
    name: 'logs',
    summary: "print the log messages of the server's session as they come, until ^C or --timeout",
    examples: ['logs --level warning'],
    options: [
      option(
        '--level <LEVEL>',
        'from this level up (default info): debug, info, notice, warning, error, ...',
      ),
      option('-f, --follow', 'the default, as a session has no earlier messages'),
    ],
    more: [
      'Servers up to 2025-11-25 have these. With 2026-07-28 log messages come with a call: TOOL --log-level LEVEL.',
      'Messages of one call, on any server: the same flag.',
    ].join('\n'),
    run: async (app, _words, options) => (await import('./logs.ts')).serverLogs(app, options),
  },
  {
    name: 'skill',
    summary: 'print a SKILL.md of the instance for agents: what it is for, its tools in a line each',
    examples: ['skill'],
    run: async (app) => (await import('./skill.ts')).skill(app),
  },
];
