import { readFileSync } from 'node:fs';
import { ConfigError } from '../errors.ts';
import { errnoOf, ioFailure } from '../lib/disk/io-failure.ts';
import { keepTexts, parseJson, stringifyJson } from '../lib/json/exact-json.ts';
import { isObject, type JsonObject, setOwn } from '../lib/json/json.ts';
import { decodeText } from '../lib/text/text.ts';
import { byName, type Definition, inOrder, shapeProblems } from './definition.ts';
import { nameProblem } from './name.ts';

export const DEFINITIONS_SCHEMA_VERSION = 1;

/** A workflow as it is stored; what is in it is judged when it is defined, and when it is run. */
export interface StoredWorkflow {
  name: string;
  steps: readonly unknown[];
  [field: string]: unknown;
}

export interface DefinitionsFile {
  definitions: Definition[];
  /** Ordered by name. */
  workflows: StoredWorkflow[];
  /** What else stands in the file. */
  extra: JsonObject;
}

export function noDefinitions(): DefinitionsFile {
  return { definitions: [], workflows: [], extra: {} };
}

/**
 * An instance's definitions, ordered by name; no file is none. Synchronous and light: every call of a tool asks. Errors: ConfigError for a file
 * that is damaged or from a newer version, which is never treated as empty; IoError.
 */
export function readDefinitions(path: string): Definition[] {
  return readDefinitionsFile(path).definitions;
}

/** The same with the rest of the file. */
export function readDefinitionsFile(path: string): DefinitionsFile {
  let text: string;
  try {
    text = decodeText(readFileSync(path));
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT') return noDefinitions();
    if (errno === 'EISDIR') throw damaged(path, 'it is a folder');
    throw ioFailure(error, 'read', path);
  }
  return parseDefinitions(text, path);
}

/** The same of a text; `where` it is from, for errors. Error: ConfigError. */
export function parseDefinitions(text: string, where: string): DefinitionsFile {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    throw damaged(where, (error as Error).message, error);
  }
  return parsed(value, where);
}

function parsed(value: unknown, path: string): DefinitionsFile {
  if (!isObject(value)) throw damaged(path, 'not a JSON object');
  const { schema_version: version, definitions: stored, workflows: flows = {}, ...extra } = value;
  if (typeof version !== 'number') throw damaged(path, 'schema_version is not a number');
  if (version > DEFINITIONS_SCHEMA_VERSION)
    throw new ConfigError(`the definitions were written by a newer version of mcp2cli: ${path}`, {
      code: 'newer',
      hint: 'update mcp2cli',
    });
  if (!isObject(stored)) throw damaged(path, 'definitions is not an object');
  const definitions = Object.entries(stored).map(([name, fields]) => {
    const definition = isObject(fields) ? { ...fields, name: fields['name'] ?? name } : fields;
    const [problem] = shapeProblems(definition);
    const wrong = problem ?? nameProblem(name);
    if (wrong !== undefined) throw damaged(path, `${JSON.stringify(name)}: ${wrong}`);
    if ((definition as Definition).name !== name)
      throw damaged(path, `${JSON.stringify(name)} has another name inside`);
    return inOrder(definition as Definition);
  });
  if (!isObject(flows)) throw damaged(path, 'workflows is not an object');
  const workflows = Object.entries(flows).map(([name, fields]): StoredWorkflow => {
    const wrong = nameProblem(name);
    if (wrong !== undefined) throw damaged(path, `${JSON.stringify(name)}: ${wrong}`);
    const steps = isObject(fields) ? fields['steps'] : undefined;
    if (!isObject(fields) || !Array.isArray(steps))
      throw damaged(path, `${JSON.stringify(name)} has no steps`);
    return { ...fields, name, steps };
  });
  return { definitions: definitions.sort(byName), workflows: workflows.sort(byName), extra };
}

/** The text of the file; the name of a definition is its key. */
export function definitionsText({ definitions, workflows, extra }: DefinitionsFile): string {
  const stored: JsonObject = {};
  for (const { name, ...fields } of [...definitions].sort(byName)) setOwn(stored, name, inOrder(fields));
  const flows: JsonObject = {};
  for (const { name, ...fields } of [...workflows].sort(byName))
    setOwn(flows, name, keepTexts(fields, fields));
  const file = {
    schema_version: DEFINITIONS_SCHEMA_VERSION,
    definitions: stored,
    ...(workflows.length > 0 ? { workflows: flows } : {}),
    ...extra,
  };
  return `${stringifyJson(file, 2)}\n`;
}

function damaged(path: string, what: string, cause?: unknown): ConfigError {
  return new ConfigError(`the definitions are damaged: ${path}: ${what}`, {
    cause,
    hint: 'fix it by hand, or move it away and import the definitions again',
  });
}
