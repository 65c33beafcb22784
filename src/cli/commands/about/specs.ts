import type { CommandSpec } from '../../program.ts';

/** Commands about the server of an instance itself. */
export const ABOUT_SPECS: readonly CommandSpec[] = [
  {
    name: 'info',
    summary: 'what the server says of itself: versions, protocol, capabilities, instructions',
    run: async (app) => (await import('./info.ts')).info(app),
  },
  {
    name: 'ping',
    summary: 'whether the server answers, and how fast',
    run: async (app) => (await import('./ping.ts')).ping(app),
  },
  {
    name: 'logs',
    summary: "the log messages of the server's session, as they come, until ^C or --timeout",
    options: [
      {
        flags: '--level <LEVEL>',
        help: 'from this level up (default info): debug, info, notice, warning, error, ...',
      },
      {
        flags: '-f, --follow',
        help: 'said for those who are used to it: a session has no messages of before',
      },
    ],
    more: [
      'Servers up to 2025-11-25 have these. With 2026-07-28 log messages come with a call: TOOL --log-level LEVEL.',
      'Messages of one call, on any server: the same flag.',
    ].join('\n'),
    run: async (app, _words, options) => (await import('./logs.ts')).serverLogs(app, options),
  },
  {
    name: 'skill',
    summary: 'a SKILL.md of the instance for agents: what it is for, its tools in a line each',
    run: async (app) => (await import('./skill.ts')).skill(app),
  },
];
