import type { CommandSpec } from '../program.ts';
import { ABOUT_SPECS } from './about/specs.ts';
import { DEFINITION_SPECS } from './definitions/specs.ts';
import { listJobs } from './jobs/list.ts';
import { option } from './option.ts';
import { PROMPT_SPECS } from './prompts/specs.ts';
import { RESOURCE_SPECS } from './resources/specs.ts';

const JOB_ID = '[id]';
const ALL_INSTANCES = option('-A, --all-instances', 'the jobs of all instances');
const TAG = option('--tag <TAG>', 'only jobs with this tag (repeatable: any of the tags)', true);
const LABEL = option('--label <K=V>', 'only jobs with this label (repeatable: all of the labels)', true);
const LATEST = option('--latest', 'the newest job');

/**
 * Commands of an instance. Their code is loaded when they run; `jobs list` alone is at hand, being what scripts call most. `call` and tools are not
 * commander's: their flags come from schemas.
 */
export const INSTANCE_SPECS: readonly CommandSpec[] = [
  {
    name: 'ls',
    summary: 'list what the server offers: tools, jobs, workflows, resources, prompts',
    examples: ['ls --filter export --long'],
    options: [
      option(
        '--kind <KIND>',
        'only tool, definition, job, workflow, resource, template or prompt; several: a,b',
        true,
      ),
      option('--tag <TAG>', 'only those with this tag (repeatable: any of the tags)', true),
      option('--label <K=V>', 'only those with this label (repeatable: all of the labels)', true),
      option('--all', 'include hidden ones'),
      option('--filter <TEXT>', 'only those with this text in their name or description'),
      { flags: '--query <TEXT>', help: 'the same', hidden: true },
      option('-l, --long', 'show the flags of each'),
      option('-A, --all-instances', 'what all instances offer, as it is cached: no server is asked'),
    ],
    run: async (app, _words, options) =>
      options['allInstances']
        ? (await import('./ls-all.ts')).listEverywhere(app, options)
        : (await import('./ls.ts')).list(app, options),
  },
  {
    name: 'refresh',
    summary: "read the server's catalogue again",
    examples: ['refresh'],
    run: async (app) => (await import('./ls.ts')).refresh(app),
  },
  {
    name: 'jobs',
    summary:
      'background jobs: list, show, wait, watch, answer, cancel, forget, rerun, resume, logs, prune, migrate',
    subcommands: [
      {
        name: 'list',
        aliases: ['ls'],
        summary: 'list jobs, newest first',
        examples: ['jobs list --status running,input_required', 'jobs list --limit 100 --wide'],
        options: [
          option('--refresh', 'first ask about jobs that have not ended, however long that takes'),
          option('--no-refresh', 'ask no server (default: on a terminal ask for one second, in a pipe not)'),
          option('--limit <N>', 'only the newest N (default on a terminal: 30)'),
          option('--wide', 'on a terminal: all columns in full, with the task ids'),
          option(
            '--status <STATUS>',
            'only queued, running, input_required, completed, failed, canceled or lost; several: a,b',
            true,
          ),
          TAG,
          LABEL,
          option('--tool <TOOL>', 'only jobs of this tool (repeatable: any of the tools)', true),
          option('--since <AGE>', 'only jobs that are newer: 30m, 2h, 7d, or a date'),
          option('--name <NAME>', 'only jobs of this name'),
          ALL_INSTANCES,
        ],
        run: async (app, _words, options) =>
          options['allInstances']
            ? (await import('./jobs/list-all.ts')).listEverywhere(app, options)
            : listJobs(app, options),
      },
      {
        name: 'show',
        aliases: ['get'],
        summary: 'show the present state of a job',
        examples: ['jobs show --latest'],
        words: [JOB_ID],
        options: [
          LATEST,
          option('--exit-status', 'exit code by the state: 0 completed, 1 ended otherwise, 8 not finished'),
        ],
        scopes: ['result'],
        run: async (app, [id], options) => (await import('./jobs/show.ts')).showOne(app, id, options),
      },
      {
        name: 'wait',
        summary: 'wait until jobs end; exit 0 if all completed, 1 if not',
        more: 'By ids or names, --latest, tags or labels; with --all-instances alone, for all that have not ended.',
        examples: ['jobs wait --latest --timeout 10m'],
        words: ['[ids...]'],
        options: [LATEST, TAG, LABEL, ALL_INSTANCES],
        scopes: ['input', 'result'],
        run: async (app, ids, options) => (await import('./jobs/wait.ts')).waitForJobs(app, ids, options),
      },
      {
        name: 'watch',
        summary: 'wait for a job, and show its state and progress meanwhile',
        more: 'With --all-instances a table of all jobs that have not ended, until they have.',
        examples: ['jobs watch --latest'],
        words: [JOB_ID],
        options: [LATEST, ALL_INSTANCES],
        scopes: ['input', 'result'],
        run: async (app, [id], options) => (await import('./jobs/watch.ts')).watchJob(app, id, options),
      },
      {
        name: 'answer',
        summary: 'answer the question of a job: --FIELD value..., --accept, --decline, --cancel',
        examples: ['jobs answer --latest --help'],
        words: [JOB_ID],
        options: [LATEST],
        // Its flags come from the question's form, so the line is not commander's (route.ts).
        run: async (app, words) => (await import('./jobs/answer/answer.ts')).answerJob(app, words),
      },
      {
        name: 'logs',
        summary: "log of each attempt (local jobs), or the job server's log",
        examples: ['jobs logs --latest --follow'],
        words: [JOB_ID],
        options: [LATEST, option('-f, --follow', 'print new lines until the job ends')],
        run: async (app, [id], options) => (await import('./jobs/logs.ts')).jobLogs(app, id, options),
      },
      {
        name: 'cancel',
        summary: 'ask the server to cancel a job',
        examples: ['jobs cancel --latest'],
        words: [JOB_ID],
        options: [LATEST],
        run: async (app, [id], options) => (await import('./jobs/cancel.ts')).cancelOne(app, id, options),
      },
      {
        name: 'forget',
        summary: 'give up a job that can never end, as its server is gone or was replaced',
        examples: ['jobs forget --latest'],
        words: [JOB_ID],
        options: [
          LATEST,
          option('--force', 'do not ask the server first; also if the process of the job cannot be checked'),
        ],
        more: [
          'The job is `lost` from then on; its record says who gave it up, when, and what was last seen. A job that the server',
          'still knows, or that a live process holds, is refused (exit 8). `jobs prune` removes the record.',
        ].join('\n'),
        run: async (app, [id], options) => (await import('./jobs/forget.ts')).forgetOne(app, id, options),
      },
      {
        name: 'rerun',
        summary: 'make the call of a job again, as a new job',
        examples: ['jobs rerun --latest'],
        words: [JOB_ID],
        options: [LATEST],
        scopes: ['tool', 'input', 'result'],
        run: async (app, [id], options) => (await import('./jobs/rerun.ts')).rerunJob(app, id, options),
      },
      {
        name: 'resume',
        summary: 'go on with a workflow that failed, was canceled or lost its process',
        examples: ['jobs resume --latest'],
        words: [JOB_ID],
        options: [LATEST],
        more: [
          'The workflow goes on in the background, under the same id: steps that have completed are not run again, all others are.',
          'Wait for it with `jobs wait`.',
        ].join('\n'),
        run: async (app, [id], options) => (await import('./jobs/resume.ts')).resumeJob(app, id, options),
      },
      {
        name: 'prune',
        aliases: ['rm'],
        summary: 'remove records of jobs that have ended: by id, or by these flags',
        examples: ['jobs prune --older-than 30d --dry-run'],
        words: ['[ids...]'],
        options: [
          option('--older-than <AGE>', 'only jobs that ended at least this long ago: 30d, 2w, 12h; 0: all'),
          option('--keep <N>', 'keep the newest N of them'),
          option('--status <STATUS>', 'only completed, failed, canceled or lost; several: a,b', true),
          TAG,
          LABEL,
          option('--dry-run', 'only list them'),
          option('--yes', 'do not ask before removing'),
          ALL_INSTANCES,
        ],
        more: [
          'A job is removed only if all given flags fit; --keep counts the jobs that --status, --tag and --label leave. Jobs that run, and records that',
          'are damaged or of a newer version, are never removed. Results go with their records.',
        ].join(' '),
        run: async (app, ids, options) => (await import('./jobs/prune.ts')).pruneJobs(app, ids, options),
      },
      {
        name: 'migrate',
        summary: 'copy all jobs to another store: from files to Redis, or back',
        examples: ['jobs migrate --dry-run', "jobs migrate --from 'redis://host:6379/0' --to files"],
        options: [
          option('--from <STORE>', 'files, or the address of a store in Redis'),
          option('--to <STORE>', 'the same'),
          option('--remove', 'remove from the first store what is the same in the second'),
          option('--dry-run', 'only count them'),
        ],
        more: [
          'Without --from and --to: from files to the store that is set. With one of them, the store that is set is the other. Ids, times, results, logs',
          'and steps stay as they are; what is there already is passed over, so that it may be repeated. A job that runs in a process stays where it is, and',
          'is named (exit 8): it can be copied once it has ended.',
        ].join(' '),
        run: async (app, _words, options) => (await import('./jobs/migrate.ts')).migrate(app, options),
      },
      ...DEFINITION_SPECS,
    ],
  },
  RESOURCE_SPECS,
  PROMPT_SPECS,
  ...ABOUT_SPECS,
];
