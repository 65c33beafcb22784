/** `instances set|unset NAME tools.TOOL.KEY`: what is configured for single tools, or for those that a pattern fits. */

import { parseLabels } from '../../../config/settings/tags.ts';
import {
  readToolSettings,
  TOOL_SETTING_KEYS,
  type ToolSettingKey,
} from '../../../config/settings/tool-settings.ts';
import type { ServerConfig } from '../../../config/target/server-entry.ts';
import { UsageError } from '../../../errors.ts';
import { parseJson } from '../../../lib/json/exact-json.ts';
import { nearestNames } from '../../../lib/text/nearest-names.ts';
import type { App } from '../../app.ts';
import { toolSettingText } from '../../output/views/setting-view.ts';
import { change, flag, only, plainKey, printed } from './set.ts';

const WORDS: Record<ToolSettingKey, (words: readonly string[], where: string) => unknown> = {
  retries: number,
  retryBackoff: only,
  retryMultiplier: number,
  retryMaxBackoff: only,
  timeout: only,
  outputCheck: flag,
  inputCheck: flag,
  tags: (words) => [...words],
  labels: parseLabels,
  hideFromDiscovery: flag,
  name: only,
  aliases: (words) => [...words],
  group: only,
  flags: json,
};

type Tools = Record<string, Record<string, unknown>>;

/** `instances set NAME tools.TOOL.KEY VALUE...`. Error: UsageError for a key that is none, and for a value that it does not take. */
export async function setToolSetting(
  app: App,
  typed: string,
  typedKey: string,
  words: readonly string[],
): Promise<number> {
  const { tool, last, key } = parts(typedKey);
  if (tool === '' || key === undefined) throw noSetting(typedKey, tool, last);
  const where = `tools.${tool}.${key}`;
  if (words.length === 0 || words.includes(''))
    throw new UsageError(`${where}: which value?`, { hint: 'see: mcp2cli instances set --help' });
  const value = WORDS[key](words, where);
  readToolSettings({ [key]: value }, (_, takes) => {
    throw new UsageError(`${where} must be ${takes} (given ${words.join(' ')})`);
  });
  const server = await change(app, typed, (_, config) => {
    const tools = toolsOf(config);
    config['tools'] = { ...tools, [tool]: { ...entryOf(tools, tool), [key]: value } };
  });
  return printed(app, 'instances set', `${server.name}: ${where} is ${toolSettingText(key, value)}`, server);
}

/** `instances unset NAME tools.TOOL.KEY`, all of a tool (`tools.TOOL`), or of all tools (`tools`). Error: UsageError for a key that is none. */
export async function unsetToolSetting(app: App, typed: string, typedKey: string): Promise<number> {
  let taken = typedKey;
  let had = false;
  const server = await change(app, typed, (_, config) => {
    if (typedKey === 'tools') {
      had = config['tools'] !== undefined;
      delete config['tools'];
      return;
    }
    const tools = toolsOf(config);
    const whole = typedKey.slice('tools.'.length);
    const { tool, last, key } = parts(typedKey);
    const entry = entryOf(tools, tool);
    // A tool may be called like the setting of another.
    if (key !== undefined && entry[key] === undefined && Object.hasOwn(tools, whole)) {
      had = delete tools[whole];
    } else if (key !== undefined && tool !== '') {
      taken = `tools.${tool}.${key}`;
      had = entry[key] !== undefined;
      delete entry[key];
      if (had && Object.keys(entry).length === 0) delete tools[tool];
    } else if (Object.hasOwn(tools, whole)) had = delete tools[whole];
    else if (Object.hasOwn(tools, tool)) throw noSetting(typedKey, tool, last);
    if (had && Object.keys(tools).length === 0) delete config['tools'];
  });
  if (!had) app.printer.note(`${taken} was not set`);
  return printed(app, 'instances unset', `${server.name}: ${taken} is not set`, server);
}

/** `tools.TOOL.KEY`: a tool's name may have dots, a setting's has none. */
function parts(typed: string): { tool: string; last: string; key: ToolSettingKey | undefined } {
  const [, ...rest] = typed.split('.');
  const last = rest.at(-1) ?? '';
  const key = TOOL_SETTING_KEYS.find((one) => plainKey(one) === plainKey(last));
  return { tool: rest.slice(0, -1).join('.'), last, key };
}

function noSetting(typed: string, tool: string, last: string): UsageError {
  const all = `one of ${TOOL_SETTING_KEYS.join(', ')}`;
  if (tool === '')
    return new UsageError(`${typed}: which setting of which tool? tools.TOOL.KEY`, { hint: `KEY is ${all}` });
  const [near] = nearestNames(last, TOOL_SETTING_KEYS);
  return new UsageError(`no setting ${JSON.stringify(typed)}`, {
    hint: near ? `did you mean tools.${tool}.${near}?` : all,
  });
}

/** What is stored, to be edited in place. Error: UsageError where it is nothing that settings could be put into. */
function toolsOf(config: ServerConfig): Tools {
  const tools = config['tools'] ?? {};
  if (typeof tools !== 'object' || Array.isArray(tools))
    throw new UsageError('tools is something else in the configuration, not the settings of tools', {
      hint: 'fix it there, or take it out: mcp2cli instances unset NAME tools',
    });
  return tools as Tools;
}

function entryOf(tools: Tools, tool: string): Record<string, unknown> {
  const entry = Object.hasOwn(tools, tool) ? tools[tool] : undefined;
  return typeof entry === 'object' && entry !== null && !Array.isArray(entry) ? entry : {};
}

function json(words: readonly string[]): unknown {
  try {
    return parseJson(words.join(' '));
  } catch {
    return words;
  }
}

function number(words: readonly string[]): unknown {
  const word = only(words);
  return typeof word === 'string' && word.trim() !== '' ? Number(word) : word;
}
