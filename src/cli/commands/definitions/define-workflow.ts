import { nameProblem, toolOfName } from '../../../definitions/name.ts';
import type { StoredWorkflow } from '../../../definitions/read.ts';
import { EXIT, UsageError } from '../../../errors.ts';
import { editOwn, readOwn } from '../../../instance/own-definitions.ts';
import { counted } from '../../../lib/text/counted.ts';
import { permitAll } from '../../../permissions/permit.ts';
import { checkedWorkflow, workflowError } from '../../../workflows/documents/read-document.ts';
import type { App } from '../../app.ts';
import { entriesOfSteps } from '../workflows/plan.ts';

/**
 * `jobs define FILE` for a workflow: checked, and stored beside the definitions. Errors: one UsageError for all that is wrong, with file and line;
 * UsageError for a name that is taken; those of reading the catalogue; ConfigError, IoError.
 */
export async function defineWorkflow(
  app: App,
  value: unknown,
  text: string,
  source: string,
  { force = false }: { force?: boolean },
): Promise<number> {
  const document = await checkedWorkflow(value, text, source);
  const { name } = document;
  const wrong = nameProblem(name);
  if (wrong !== undefined) throw workflowError([{ path: ['name'], message: wrong }], text, source);
  const isStored = (await readOwn(app, 'current')).workflows.some((one) => one.name === name);
  await permitAll(app, isStored ? 'update' : 'create', [name]);
  using stop = app.stop('the catalogue was not read in time');
  const { problems, entries } = await entriesOfSteps(app, document.steps, stop.signal);
  const { tools } = await (await app.session()).catalogue(stop.signal);
  const taken = toolOfName(name, tools);
  if (taken !== undefined)
    problems.push({
      path: ['name'],
      message: `the server has a tool ${JSON.stringify(taken)}: choose another name`,
    });
  if (problems.length > 0) throw workflowError(problems, text, source);
  for (const entry of new Set(entries))
    if (entry) await permitAll(app, isStored ? 'update' : 'create', [name, entry.name]);
  await editOwn(app, (definitions, workflows) => {
    if (definitions.has(name) || (workflows.has(name) && !force))
      throw new UsageError(`${name} is defined already`, {
        code: 'exists',
        hint: `${definitions.has(name) ? 'choose another name' : 'replace it with --force'}, or remove it first: ${app.command('jobs undefine', name)}`,
      });
    workflows.set(name, document as unknown as StoredWorkflow);
  });
  const said = `${isStored ? 'replaced' : 'defined'} ${name} (workflow, ${counted(document.steps.length, 'step')})`;
  app.printer.answer('jobs define', said, { kind: 'workflow', ...document });
  return EXIT.ok;
}
