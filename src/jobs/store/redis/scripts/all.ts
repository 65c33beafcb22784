/** The scripts by name. */
import { ANSWER_SCRIPTS } from './answers.ts';
import { SCRIPTS } from './jobs.ts';
import { QUEUE_SCRIPTS } from './queue.ts';

export const ALL_SCRIPTS = { ...SCRIPTS, ...QUEUE_SCRIPTS, ...ANSWER_SCRIPTS };

export type ScriptName = keyof typeof ALL_SCRIPTS;
