/** Templates of resources' addresses (RFC 6570): what stands between the braces. They are filled in by `url-template`, which accepts bad ones. */
import { UsageError } from '../errors.ts';

export interface TemplateVariable {
  name: string;
  /** Takes a list (`{?tags*}`). */
  isList: boolean;
  /** Left out, with its separator, where it is not defined. */
  isOptional: boolean;
}

/** Behind these operators what is not defined leaves nothing behind. */
const OPTIONAL = new Set(['?', '&', ';', '#', '.', '/']);

/** Names of RFC 6570, 2.3; hyphens too, which servers write and nothing here misreads. */
const NAME = /^(?:[\w-]|%[0-9a-f]{2})+(?:\.(?:[\w-]|%[0-9a-f]{2})+)*$/i;

/** Whether a text is a template rather than a URI: no URI has braces (RFC 3986, appendix A). */
export function isTemplate(text: string): boolean {
  return /[{}]/.test(text);
}

/** The variables in their order, each once. Error: UsageError that says what is wrong with the template. */
export function templateVariables(template: string): TemplateVariable[] {
  const wrong = (what: string) =>
    new UsageError(`not a template of RFC 6570: ${template}: ${what}`, {
      hint: 'for example: db://{table}/{?limit}',
    });
  const variables = new Map<string, TemplateVariable>();
  let rest = template;
  for (;;) {
    const at = rest.search(/[{}]/);
    if (at < 0) return [...variables.values()];
    if (rest[at] === '}') throw wrong('a } without a {');
    const end = rest.slice(at + 1).search(/[{}]/);
    if (end < 0 || rest[at + 1 + end] === '{') throw wrong('a { without a }');
    const expression = rest.slice(at + 1, at + 1 + end);
    rest = rest.slice(at + end + 2);
    const [, operator = '', list = ''] = /^([+#./;?&=,!@|]?)(.*)$/s.exec(expression) ?? [];
    if ('=,!@|'.includes(operator) && operator !== '') throw wrong(`${operator} is no operator`);
    for (const spec of list.split(',')) {
      const [, name = '', modifier = ''] = /^([^:*]*)(.*)$/s.exec(spec) ?? [];
      if (!NAME.test(name)) throw wrong(`${JSON.stringify(name)} is no name`);
      if (modifier !== '' && modifier !== '*' && !/^:[1-9]\d{0,3}$/.test(modifier))
        throw wrong(`${modifier} behind ${name}`);
      const before = variables.get(name);
      variables.set(name, {
        name,
        isList: modifier === '*' || (before?.isList ?? false),
        isOptional: OPTIONAL.has(operator) && (before?.isOptional ?? true),
      });
    }
  }
}

/** The URI that a template makes of these values. */
export async function expandTemplate(
  template: string,
  values: Readonly<Record<string, string | readonly string[]>>,
): Promise<string> {
  const { parseTemplate } = await import('url-template');
  return parseTemplate(template).expand(values as Record<string, string | string[]>);
}
