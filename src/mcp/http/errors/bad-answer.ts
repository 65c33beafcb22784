import type { Scrub } from '../../connection/scrub.ts';
import { firstLine, isWebPage } from './first-line.ts';

/** How much of a text is searched for secrets, in characters: more than a line is taken from. */
const LOOKED_AT = 32_768;

/**
 * The server answered, but not with what was asked for. The message goes behind the server's name: `answered tools/list with no JSON`. What became of
 * the request is open.
 */
export class BadAnswer extends Error {
  readonly #what: string;
  readonly #text: string;

  /** `text` is what came instead. */
  constructor(what: string, text = '') {
    super(text === '' ? what : `${what}: ${firstLine(text)}`);
    this.#what = what;
    this.#text = text;
  }

  /** It is a page for browsers. */
  get isWebPage(): boolean {
    return isWebPage(this.#text);
  }

  /** The message without secrets. They are taken out before the text is cut: half a secret cannot be found. */
  told(scrub: Scrub): string {
    const line = firstLine(scrub(this.#text.slice(0, LOOKED_AT)));
    return scrub(this.#what) + (line === '' ? '' : `: ${line}`);
  }
}
