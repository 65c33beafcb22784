/** What a field of an object takes that somebody else has written: in words for messages, and as a test. */
import { deeperThan, isObject } from './json.ts';

export interface Field {
  takes: string;
  fits(value: unknown): boolean;
}

/** Deeper objects than anybody means. */
const DEEPEST = 200;

export function isText(value: unknown): value is string {
  return typeof value === 'string';
}

export function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText);
}

export const TEXT: Field = { takes: 'text', fits: isText };
export const NAME: Field = {
  takes: 'text that is not empty',
  fits: (value) => isText(value) && value !== '',
};
export const FLAG: Field = { takes: 'true or false', fits: (value) => typeof value === 'boolean' };
export const TEXTS: Field = { takes: 'a list of texts', fits: isTexts };
export const LABELS: Field = {
  takes: 'an object of texts',
  fits: (value) => isObject(value) && isTexts(Object.values(value)),
};
export const OBJECT: Field = {
  takes: 'an object',
  fits: (value) => isObject(value) && !deeperThan(value, DEEPEST),
};
export const STEPS: Field = {
  takes: 'a list of steps, at least one',
  fits: (value) => Array.isArray(value) && value.length > 0,
};
