/** YAML, of which one host makes use: a file of its own, so that it is loaded for that one only. */
import { parse } from 'yaml';

/** Every scalar is the text that it is written as, so that numbers keep their digits. @throws an error with `linePos` */
export function parseYaml(text: string): unknown {
  return parse(text, { schema: 'failsafe', logLevel: 'error' });
}
