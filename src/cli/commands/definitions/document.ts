import { type Definition, inOrder, shapeProblems } from '../../../definitions/definition.ts';
import { nameProblem } from '../../../definitions/name.ts';
import {
  OWN_STEPS_HINT,
  type ServerDefinition,
  serverDefinitionProblems,
  serverKind,
} from '../../../definitions/server-definition.ts';
import { ConfigError, UsageError } from '../../../errors.ts';
import { parseJson } from '../../../lib/json/exact-json.ts';
import { isObject } from '../../../lib/json/json.ts';
import { problemText } from '../../../lib/text/counted.ts';
import { brokenAt } from '../../../tools/flags/build-arguments.ts';
import { defaultsErrors } from '../../global-flags/definition-flags.ts';
import { toolDefaults } from '../../global-flags/tool-defaults.ts';

/** The version of the document that `jobs export` prints and `jobs import` takes. */
export const EXPORT_VERSION = 1;

/**
 * The definitions of a document of `jobs export`, a list of them, or a single one. `source` names the text. Errors: UsageError for what is no such
 * thing, one for all that is wrong with the definitions; ConfigError for a document of a newer version.
 */
export function definitionsIn(text: string, source: string, outcome: string): Definition[] {
  const values = valuesIn(parsed(text, source), source);
  const problems: string[] = [];
  const names = new Set<string>();
  for (const [i, value] of values.entries()) {
    const found = problemsOf(value);
    const name = isObject(value) && typeof value['name'] === 'string' ? value['name'] : '';
    const shown = name === '' ? `definition ${i + 1}` : name;
    if (name !== '' && names.has(name)) found.push('defined twice in here');
    names.add(name);
    problems.push(...found.map((problem) => `${shown}: ${problem}`));
  }
  if (problems.length > 0) throw importError(problems, outcome);
  return values.map((value) => inOrder(value as Definition));
}

/**
 * The jobs and workflows for a server in a document: one, or a list of them; undefined when they are definitions of our own. Errors: UsageError
 * for a mixture, and one for all that is wrong with them.
 */
export function serverDefinitionsIn(text: string, source: string): ServerDefinition[] | undefined {
  const document = parsed(text, source);
  const values = Array.isArray(document) ? document : [document];
  const kinds = values.map(serverKind);
  if (values.length === 0 || kinds.every((kind) => kind === undefined)) return undefined;
  if (kinds.includes(undefined))
    throw new UsageError(`${source}: definitions of your own and of the server's are mixed`, {
      hint: "put them into two files: those with a script or with steps are the server's",
    });
  const problems: string[] = [];
  const definitions = values.flatMap((value, i): ServerDefinition[] => {
    const kind = kinds[i];
    if (!isObject(value) || !kind) return [];
    const name = String(value['name'] ?? `definition ${i + 1}`);
    problems.push(...serverDefinitionProblems(value, kind).map((problem) => `${name}: ${problem}`));
    return [{ kind, name, args: value }];
  });
  if (problems.length > 0)
    throw importError(
      problems,
      'nothing was registered',
      kinds.includes('workflow') ? OWN_STEPS_HINT : undefined,
    );
  return definitions;
}

/** One error for all that is wrong with a document's definitions. */
export function importError(problems: readonly string[], outcome: string, hint?: string): UsageError {
  return new UsageError(`${outcome}: ${problemText(problems)}`, {
    code: 'invalid_definitions',
    hint,
    details: { problems },
  });
}

function parsed(text: string, source: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new UsageError(`${source}: not valid JSON: ${brokenAt(text, error)}`);
  }
}

function valuesIn(document: unknown, source: string): unknown[] {
  if (Array.isArray(document)) return document;
  if (!isObject(document)) throw noDefinitions(source);
  const version = document['mcp2cli_definitions'];
  if (version === undefined && !Object.hasOwn(document, 'definitions')) {
    if (!Object.hasOwn(document, 'tool')) throw noDefinitions(source);
    return [document];
  }
  if (typeof version === 'number' && version > EXPORT_VERSION)
    throw new ConfigError(`${source}: it was written by a newer version of mcp2cli`, {
      code: 'newer',
      hint: 'update mcp2cli',
    });
  const { definitions } = document;
  if (version !== EXPORT_VERSION || !Array.isArray(definitions)) throw noDefinitions(source);
  return definitions;
}

function noDefinitions(source: string): UsageError {
  return new UsageError(`${source}: no definitions of jobs in it`, {
    hint: 'it takes what jobs export prints, a list of definitions, or a single one: {"name": "...", "tool": "..."}',
  });
}

function problemsOf(value: unknown): string[] {
  const shape = shapeProblems(value);
  if (shape.length > 0) return shape;
  const definition = value as Definition;
  const name = nameProblem(definition.name);
  const problems = defaultsErrors(toolDefaults(definition)).map(({ message }) => message);
  return name === undefined ? problems : [name, ...problems];
}
