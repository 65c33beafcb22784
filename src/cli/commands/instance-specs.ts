import type { CommandSpec } from '../program.ts';
import { ABOUT_SPECS } from './about/specs.ts';
import { DEFINITION_SPECS } from './definitions/specs.ts';
import { listJobs } from './jobs/list.ts';
import { PROMPT_SPECS } from './prompts/specs.ts';
import { RESOURCE_SPECS } from './resources/specs.ts';

const JOB_ID = '[id]';
const LATEST = { flags: '--latest', help: 'the newest job' };

/**
 * Commands of an instance. Their code is loaded when they run; `jobs list` alone is at hand, being what scripts call most. `call` and tools are not
 * commander's: their flags come from schemas.
 */
export const INSTANCE_SPECS: readonly CommandSpec[] = [
  {
    name: 'ls',
    summary: 'what the server offers: tools, jobs, workflows, resources, prompts',
    options: [
      {
        flags: '--kind <KIND>',
        help: 'tool, definition, job, workflow, resource, template or prompt; several: a,b',
        repeatable: true,
      },
      { flags: '--tag <TAG>', help: 'with this tag (repeatable: any of them)', repeatable: true },
      { flags: '--label <K=V>', help: 'with this label (repeatable: all of them)', repeatable: true },
      { flags: '--all', help: 'those too that are set to be hidden' },
      { flags: '--filter <TEXT>', help: 'with this in the name or the description' },
      { flags: '--query <TEXT>', help: 'the same', hidden: true },
      { flags: '-l, --long', help: 'with the flags of each' },
    ],
    run: async (app, _words, options) => (await import('./ls.ts')).list(app, options),
  },
  {
    name: 'refresh',
    summary: "read the server's catalogue again",
    run: async (app) => (await import('./ls.ts')).refresh(app),
  },
  {
    name: 'jobs',
    summary: 'background jobs: list, show, wait, watch, answer, cancel, forget, rerun, logs, prune',
    subcommands: [
      {
        name: 'list',
        aliases: ['ls'],
        summary: 'saved jobs, newest first',
        options: [
          { flags: '--refresh', help: 'ask about those that have not ended first, however long that takes' },
          {
            flags: '--no-refresh',
            help: 'ask nobody; without a flag a list on a terminal asks for a second',
          },
          { flags: '--limit <N>', help: 'the newest N only (default on a terminal: 30)' },
          { flags: '--wide', help: 'on a terminal: all columns, whole, the task ids too' },
          {
            flags: '--status <STATUS>',
            help: 'queued, running, input_required, completed, failed, canceled or lost; several: a,b',
            repeatable: true,
          },
          { flags: '--tag <TAG>', help: 'with this tag; repeated: with any of them', repeatable: true },
          { flags: '--label <K=V>', help: 'with this label; repeated: with all of them', repeatable: true },
        ],
        run: (app, _words, options) => listJobs(app, options),
      },
      {
        name: 'show',
        aliases: ['get'],
        summary: 'the state of a job now',
        words: [JOB_ID],
        options: [
          LATEST,
          { flags: '--exit-status', help: 'exit 0 completed, 1 ended otherwise, 8 not finished' },
        ],
        scopes: ['result'],
        run: async (app, [id], options) => (await import('./jobs/show.ts')).showOne(app, id, options),
      },
      {
        name: 'wait',
        summary: 'block until jobs end; exit 0 if all completed, 1 if not',
        words: ['[ids...]'],
        options: [LATEST],
        scopes: ['input', 'result'],
        run: async (app, ids, options) => (await import('./jobs/wait.ts')).waitForJobs(app, ids, options),
      },
      {
        name: 'watch',
        summary: 'wait, showing state and progress as they change',
        words: [JOB_ID],
        options: [LATEST],
        scopes: ['input', 'result'],
        run: async (app, [id], options) => (await import('./jobs/watch.ts')).watchJob(app, id, options),
      },
      {
        name: 'answer',
        summary: 'answer what a job asks: --FIELD value..., --accept, --decline, --cancel',
        words: [JOB_ID],
        options: [LATEST],
        // Its flags come from the question's form, so the line is not commander's (route.ts).
        run: async (app, words) => (await import('./jobs/answer.ts')).answerJob(app, words),
      },
      {
        name: 'logs',
        summary: "log of each attempt (local jobs), or the job server's log",
        words: [JOB_ID],
        options: [LATEST, { flags: '-f, --follow', help: 'go on until the job ends' }],
        run: async (app, [id], options) => (await import('./jobs/logs.ts')).jobLogs(app, id, options),
      },
      {
        name: 'cancel',
        summary: 'ask for cancellation',
        words: [JOB_ID],
        options: [LATEST],
        run: async (app, [id], options) => (await import('./jobs/cancel.ts')).cancelOne(app, id, options),
      },
      {
        name: 'forget',
        summary: 'give up a job that can never end: its server is gone, or another one now',
        words: [JOB_ID],
        options: [
          LATEST,
          { flags: '--force', help: 'do not ask the server; nor spare a process that cannot be seen' },
        ],
        more: [
          'The job is `lost` from then on, and its record says by whom it was given up, when, and what was last seen. A job that the server',
          'still knows, or that a live process holds, is refused (exit 8). `jobs prune` removes the record.',
        ].join('\n'),
        run: async (app, [id], options) => (await import('./jobs/forget.ts')).forgetOne(app, id, options),
      },
      {
        name: 'rerun',
        summary: 'the call of a job once more, as a new job',
        words: [JOB_ID],
        options: [LATEST],
        scopes: ['tool', 'input', 'result'],
        run: async (app, [id], options) => (await import('./jobs/rerun.ts')).rerunJob(app, id, options),
      },
      {
        name: 'prune',
        aliases: ['rm'],
        summary: 'remove the records of jobs that have ended: these, or all that the flags mean',
        words: ['[ids...]'],
        options: [
          { flags: '--older-than <AGE>', help: 'that ended so long ago: 30d, 2w, 12h; 0: whenever' },
          { flags: '--keep <N>', help: 'but for the newest N of them' },
          {
            flags: '--status <STATUS>',
            help: 'completed, failed, canceled or lost; several: a,b',
            repeatable: true,
          },
          { flags: '--tag <TAG>', help: 'with this tag; repeated: with any of them', repeatable: true },
          { flags: '--label <K=V>', help: 'with this label; repeated: with all of them', repeatable: true },
          { flags: '--dry-run', help: 'list them, remove nothing' },
          { flags: '--yes', help: 'do not ask on the terminal' },
        ],
        more: [
          'All that is given must hold; --keep counts the jobs that --status, --tag and --label leave. Jobs that run, and records that',
          'are damaged or of a newer version, are never removed. The results go with the records.',
        ].join(' '),
        run: async (app, ids, options) => (await import('./jobs/prune.ts')).pruneJobs(app, ids, options),
      },
      ...DEFINITION_SPECS,
    ],
  },
  RESOURCE_SPECS,
  PROMPT_SPECS,
  ...ABOUT_SPECS,
];
