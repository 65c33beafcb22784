import { UsageError } from '../../../errors.ts';
import { stringifyJson } from '../../../lib/json/exact-json.ts';
import { shellQuote } from '../../../lib/text/shell-quote.ts';
import { permitJobs } from '../../../permissions/permit.ts';
import { redactedPlaces, withoutPlaces } from '../../../tools/schema/redact.ts';
import type { App } from '../../app.ts';
import { callByName } from '../tool.ts';
import { type JobOptions, oneJob } from './ids.ts';

/**
 * `jobs rerun`: the call of a job once more, with the stored arguments, tags and labels, as a new job; the job itself stays as it is. Of a
 * definition the tool is called with the arguments that it came to. Error: UsageError when arguments were secrets: they are not stored.
 */
export async function rerunJob(app: App, id: string | undefined, options: JobOptions): Promise<number> {
  const { store } = app;
  const wanted = await oneJob(store, id, options.latest);
  await permitJobs(app, 'read', store, [wanted]);
  const {
    kind,
    capability,
    tool,
    arguments: args,
    name: given,
    tags = [],
    labels = {},
  } = await store.read(wanted);
  const [called, name] =
    kind === 'job' || kind === 'workflow' ? [`--${kind}`, capability] : ['--tool', tool ?? capability];
  const secrets = redactedPlaces(args);
  if (secrets.length > 0) {
    const rest = stringifyJson(withoutPlaces(args, secrets));
    const flags = secrets.flatMap((path) => [`--${path.join('.')}`, '...']);
    throw new UsageError(
      `${wanted} had secrets in its arguments, which are not stored: type the call again`,
      {
        code: 'secrets_not_stored',
        hint: app.command(
          'call',
          called,
          shellQuote(name),
          '--args',
          shellQuote(rest),
          ...flags,
          '--background',
        ),
      },
    );
  }
  const metadata = [
    ...(given === undefined ? [] : ['--name', given]),
    ...tags.flatMap((tag) => ['--tag', tag]),
    ...Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
  ];
  return callByName(app, [...metadata, '--background', called, name, '--args', stringifyJson(args)]);
}
