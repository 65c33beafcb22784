import {
  OWN_STEPS_HINT,
  type ServerDefinition,
  serverDefinitionProblems,
} from '../../../definitions/server-definition.ts';
import { UsageError } from '../../../errors.ts';
import { parseJson } from '../../../lib/json/exact-json.ts';
import { brokenAt } from '../../../tools/flags/build-arguments.ts';
import type { App } from '../../app.ts';
import { readArgsText } from '../../arguments/input-file.ts';
import { importError } from './document.ts';

/** The flags of `jobs define` that make a job or a workflow of the server's. */
export interface ServerDefinitionOptions {
  script?: string;
  inputSchema?: string;
  outputSchema?: string;
  steps?: string;
  trigger?: string;
  description?: string;
  tag?: string[];
}

/** Flags that are for jobs of our own: a server takes none of that with a definition. */
const OWN_ONLY = [
  'tool',
  'arg',
  'args',
  'retries',
  'retryBackoff',
  'retryMultiplier',
  'retryMaxBackoff',
  'timeout',
  'label',
  'hide',
] as const;

/** The definition that the flags describe. Error: UsageError for flags that do not go together, and for all that is wrong with it. */
export async function serverDefinition(
  app: App,
  name: string,
  options: ServerDefinitionOptions & { readonly [flag in (typeof OWN_ONLY)[number]]?: unknown },
): Promise<ServerDefinition> {
  const { script, steps, description, tag: tags, trigger } = options;
  const kind = steps === undefined ? 'job' : 'workflow';
  const stray = OWN_ONLY.find((flag) => options[flag] !== undefined);
  if (stray)
    throw new UsageError(
      `--${dashed(stray)} is for a job of your own; a ${kind} of the server does not take it`,
      {
        hint: `see: ${app.command('jobs define --help')}`,
      },
    );
  const args = defined({
    name,
    description,
    script: script === undefined ? undefined : (await readArgsText(app, script, '--script'))[0],
    inputSchema: await json(app, options.inputSchema, '--input-schema'),
    outputSchema: await json(app, options.outputSchema, '--output-schema'),
    steps: await json(app, steps, '--steps'),
    trigger,
    tags,
  });
  const problems = serverDefinitionProblems(args, kind);
  if (problems.length > 0)
    throw importError(problems, 'nothing was registered', steps === undefined ? undefined : OWN_STEPS_HINT);
  return { kind, name, args };
}

async function json(app: App, given: string | undefined, flag: string): Promise<unknown> {
  if (given === undefined) return undefined;
  const [text, source] = await readArgsText(app, given, flag);
  try {
    return parseJson(text);
  } catch (error) {
    throw new UsageError(`${source}: not valid JSON: ${brokenAt(text, error)}`);
  }
}

function defined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function dashed(flag: string): string {
  return flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
