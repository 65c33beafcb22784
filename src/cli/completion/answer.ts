import type { Completion } from './candidate.ts';
import { flagValues, jobIds } from './flag-values.ts';
import type { Place } from './sources/sources.ts';
import { completeFlags } from './tool.ts';
import { runtimeOption, walk } from './typed-flags.ts';

/** `jobs answer [ID]`: the fields of what the job asks are flags, as far as the question is in its record. */
export async function completeAnswer(
  before: readonly string[],
  current: string,
  { sources, instance }: Place,
): Promise<Completion> {
  // Forms are rarely at hand, and reading them loads more than everything else here.
  const [{ readHead }, { answerFlags, LINE_FLAGS }] = await Promise.all([
    import('../commands/jobs/answer/answer-line.ts'),
    import('../commands/jobs/answer/question.ts'),
  ]);
  const { id, own, rest } = readHead(before);
  const common = flagValues(sources, instance);
  const isNamed = id !== undefined || own.has('latest');
  const { wants } = walk(
    before,
    LINE_FLAGS.map((flag) => runtimeOption(flag, common)),
    false,
  );
  if (!isNamed && !wants && !current.startsWith('-')) return jobIds(instance, current, true);
  const [job] = isNamed ? ((await instance?.jobs(prefixOf(id), false)) ?? []) : [];
  const open = job?.pending_input ?? [];
  const key = own.get('request');
  const question = open.find((one) => String(one.request_id) === key) ?? open[0];
  const requests = () => ({ candidates: open.map((one) => ({ value: String(one.request_id) })) });
  return completeFlags(question ? answerFlags(question).flags : [], rest, current, LINE_FLAGS, (name) =>
    name === 'request' ? requests : common(name),
  );
}

function prefixOf(id = 'job_'): string {
  return id.startsWith('job_') ? id : `job_${id}`;
}
