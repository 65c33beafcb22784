import { commandNames, reachable } from '../../../catalog/entry.ts';
import { EXIT } from '../../../errors.ts';
import { listedEntries } from '../../../instance/entries.ts';
import { extrasForList } from '../../../instance/extras.ts';
import { firstSentence } from '../../../lib/text/first-sentence.ts';
import { kebabCase } from '../../../lib/text/kebab-case.ts';
import { visibleLine } from '../../../lib/text/visible.ts';
import { overriddenFlags, shownFlags } from '../../../tools/flags/overrides.ts';
import { toolFlags } from '../../../tools/flags/tool-flags.ts';
import type { App } from '../../app.ts';
import { type SkillTool, skillText } from '../../output/views/skill-view.ts';

/** `skill`: prints a SKILL.md of the instance, from the cached catalogue. Errors: those of reading it. */
export async function skill(app: App): Promise<number> {
  using stop = app.stop('the catalogue was not read in time');
  const entries = reachable(await listedEntries(app, { signal: stop.signal }));
  const { resources, templates, prompts } = await extrasForList(app, stop.signal);
  const facts = await (await app.session()).facts();
  const names = commandNames(entries);
  const tools = entries.map(({ name, tool, flagOverrides = {} }, i): SkillTool => {
    const flags = shownFlags(
      overriddenFlags(toolFlags(tool.inputSchema ?? {}), flagOverrides),
      flagOverrides,
    );
    const top = flags.filter(({ path }) => path.length === 1);
    return {
      command: (names[i] ?? name).replaceAll('.', ' '),
      about: visibleLine(firstSentence(tool.description ?? tool.title ?? '')),
      required: top.filter(({ mustBeGiven }) => mustBeGiven).map((flag) => `--${flag.name}`),
      more: top.some(({ mustBeGiven }) => !mustBeGiven),
    };
  });
  const title = facts?.serverInfo?.['title'] ?? facts?.serverInfo?.['name'];
  const text = skillText({
    name:
      kebabCase(app.instance.name)
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^-|-$/g, '') || 'server',
    server: typeof title === 'string' ? visibleLine(title) : app.instance.name,
    instructions: facts?.instructions ?? '',
    command: app.command(),
    tools,
    hasResources: resources.length + templates.length > 0,
    hasPrompts: prompts.length > 0,
  });
  if (app.printer.json) app.printer.envelope('skill', `SKILL.md of ${app.instance.name}`, { text });
  else app.printer.serverText(text);
  return EXIT.ok;
}
