/** Values as a host fills them in, as values that this program fills in: `${VAR}` and `${VAR:-default}` (../expand.ts). */
import type { Syntax } from './table.ts';

/** An entry cannot be taken over; the message says why, in a sentence without its end. */
export class NotImportable extends Error {}

export interface FillContext {
  /** The host, for people. */
  title: string;
  syntax: readonly Syntax[];
  home: string;
  /** Where the file lies. */
  dir: string;
  /** The project's folder. */
  folder?: string | undefined;
  /** What VS Code asks for, by its id. */
  inputs: ReadonlyMap<string, Input>;
  /** Hears what a person should know, in a sentence without its end. */
  note(text: string): void;
}

export interface Input {
  description?: string;
}

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The same value in our notation. @throws NotImportable for what only the host can fill in */
export function ourValue(value: string, context: FillContext): string {
  const { syntax } = context;
  let text = value.replace(/\$\{([^}]*)\}/g, (whole, inner: string) => reference(whole, inner, context));
  if (syntax.includes('bare')) text = text.replace(/\$([A-Za-z_][A-Za-z0-9_]*)/g, '${$1}');
  if (syntax.includes('curly'))
    text = text.replace(/\{(env|file):([^}]*)\}/g, (whole, kind: string, name: string) => {
      if (kind === 'env' && VARIABLE.test(name)) return `\${${name}}`;
      throw new NotImportable(`it has ${whole}, which only ${context.title} fills in`);
    });
  return text;
}

function reference(whole: string, inner: string, context: FillContext): string {
  const { syntax, title, home, folder, inputs, note } = context;
  if (syntax.includes('code')) {
    const place = placeOf(inner, home, folder);
    if (place !== undefined) return place;
    const env = /^env:(.*)$/.exec(inner)?.[1];
    if (env !== undefined && VARIABLE.test(env)) return `\${${env}}`;
    const id = /^input:(.+)$/.exec(inner)?.[1];
    if (id !== undefined) {
      const name = variableFor(id);
      const { description } = inputs.get(id) ?? {};
      note(
        `${title} asks for ${id}${description ? ` (${description})` : ''}; here it is the variable ${name}`,
      );
      return `\${${name}}`;
    }
  }
  if (/^[A-Za-z_][A-Za-z0-9_]*(:-.*)?$/s.test(inner)) {
    if (!syntax.includes('braces'))
      note(`${title} takes ${whole} as it stands; here it is filled in from the environment`);
    return whole;
  }
  // Text for a shell, say, which this program leaves alone, too.
  if (!syntax.includes('code') && !syntax.includes('braces')) return whole;
  throw new NotImportable(`it has ${whole}, which only ${title} fills in`);
}

/** The folders that VS Code and its kin know by name. */
function placeOf(inner: string, home: string, folder: string | undefined): string | undefined {
  if (inner === 'userHome') return home;
  if (inner === 'pathSeparator' || inner === '/') return home.includes('\\') ? '\\' : '/';
  if (folder === undefined) return undefined;
  if (inner === 'workspaceFolder' || inner === 'workspaceRoot') return folder;
  return inner === 'workspaceFolderBasename' ? folder.replace(/^.*[\\/]/, '') : undefined;
}

/** `github-token` as `GITHUB_TOKEN`. */
function variableFor(id: string): string {
  const name = id.replace(/[^A-Za-z0-9]+/g, '_').toUpperCase();
  return /^[0-9]/.test(name) ? `_${name}` : name;
}
