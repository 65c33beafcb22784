/** Keeping secrets out of what is told: servers, and systems, put into their errors what they were given. */

import { percentDecoded } from '../lib/text/percent-decoded.ts';
import { textsOf, variablesOf } from './configuration.ts';
import type { Check } from './finding.ts';
import type { Subject } from './subject.ts';

/** Shorter texts are in too many words to be taken out of them. */
const MIN_SECRET = 4;

/**
 * What must not be told of an instance: values of headers and of the environment, what its variables stand for, passwords and parameters in
 * its URL and its proxy's. Longest first.
 */
export function secretsOf(subject: Subject, env: Readonly<Record<string, string | undefined>>): string[] {
  const { identity } = subject;
  const texts = textsOf(subject);
  const values =
    identity?.kind === 'http' ? Object.values(identity.headers) : Object.values(identity?.env ?? {});
  const variables = variablesOf(texts).map(({ name, fallback = '' }) => env[name] || fallback);
  const filled = values.map((value) => filledIn(value, env));
  // A scheme word (`Bearer`) is no secret, what follows it is.
  const parts = [...values, ...filled].flatMap((value) => [value, value.replace(/^\w+ +/, '')]);
  const found = [
    ...variables,
    ...parts,
    ...(identity?.kind === 'http' ? [identity.url, identity.proxy ?? ''].flatMap(inUrl) : []),
  ];
  return [...new Set(found)]
    .filter((one) => one.length >= MIN_SECRET && !/^\$\{[^}]*\}$/.test(one))
    .sort((a, b) => b.length - a.length);
}

/** A text with its variables filled in, as far as they are set. */
function filledIn(text: string, env: Readonly<Record<string, string | undefined>>): string {
  return variablesOf([text]).reduce(
    (rest, { name, fallback }) =>
      rest.replace(
        `\${${name}${fallback === undefined ? '' : `:-${fallback}`}}`,
        () => env[name] || (fallback ?? ''),
      ),
    text,
  );
}

/** Read as a text: one with a variable for its host is no URL yet. */
function inUrl(url: string): string[] {
  const [, user = '', password = ''] = /^[a-z]+:\/\/([^/?#@:]*):?([^/?#@]*)@/i.exec(url) ?? [];
  const values = [...url.matchAll(/[?&][^=&#]+=([^&#]+)/g)].map(([, value = '']) => value);
  return [user, password, ...values].flatMap((one) => [one, percentDecoded(one)]);
}

export function withoutSecrets(check: Check, secrets: readonly string[]): Check {
  const clean = (text: string) =>
    secrets.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text);
  return {
    ...check,
    message: clean(check.message),
    ...(check.hint === undefined ? {} : { hint: clean(check.hint) }),
  };
}
