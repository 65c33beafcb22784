/** What a fault test tried, and every promise that it saw broken: a row of the table at the end of the fault suite. */
import { appendFileSync } from 'node:fs';
import { expect } from 'vitest';
import { atTestEnd } from './cli.ts';

/** The variable with the path that rows are appended to. */
export const TALLY = 'FAULTS_TALLY';

export interface Row {
  fault: string;
  tried: number;
  lost: number;
  torn: number;
  twice: number;
  wrong: number;
}

type Broken = 'lost' | 'torn' | 'twice' | 'wrong';

export interface Ledger {
  /** One more time that the fault was brought about. */
  tried(): void;
  /** Something that was acknowledged is not there any more. */
  lost(what: string): void;
  /** Something that was there is not whole, or was left half-made. */
  torn(what: string): void;
  /** A call went out more than once. */
  twice(what: string): void;
  /** Another exit code (or output) than was promised. */
  wrong(what: string): void;
  /** Fails the test when anything was broken. */
  settle(): void;
}

/** A row for one kind of fault; written when the test has finished, also when it failed. */
export function ledger(fault: string): Ledger {
  const row: Row = { fault, tried: 0, lost: 0, torn: 0, twice: 0, wrong: 0 };
  const problems: string[] = [];
  const note = (kind: Broken) => (what: string) => {
    row[kind] += 1;
    problems.push(`${kind}: ${what}`);
  };
  atTestEnd(() => {
    const path = process.env[TALLY];
    if (path) appendFileSync(path, `${JSON.stringify(row)}\n`);
  });
  return {
    tried: () => {
      row.tried += 1;
    },
    lost: note('lost'),
    torn: note('torn'),
    twice: note('twice'),
    wrong: note('wrong'),
    settle: () => expect(problems).toEqual([]),
  };
}

/** Random numbers that can be had again: FAULTS_SEED is printed with the first failure of a test that uses it. */
export function seeded(): { seed: number; random: () => number } {
  const seed = Number(process.env['FAULTS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  let state = seed >>> 0;
  // Mulberry32: small, and good enough to spread kills.
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { seed, random };
}
