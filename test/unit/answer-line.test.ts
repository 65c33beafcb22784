/** A line of `jobs answer` before its fields are known. */
import { expect, test } from 'vitest';
import { readHead } from '../../src/cli/commands/jobs/answer/answer-line.ts';

test.each([
  ['ID --name Ada', 'ID', ['--name', 'Ada'], {}, true],
  ['--latest --name Ada', undefined, ['--latest', '--name', 'Ada'], { latest: true }, true],
  ['--request k ID --decline', 'ID', ['--request', 'k', '--decline'], { request: 'k', decline: true }, true],
  ['-qv ID', 'ID', ['-qv'], { quiet: true, verbose: true }, false],
  ['--timeout=5s -o json ID', 'ID', ['--timeout=5s', '-o', 'json'], { timeout: '5s', output: 'json' }, false],
  ['ID --args -', 'ID', ['--args', '-'], { args: '-' }, true],
  ['--name Ada ID', undefined, ['--name', 'Ada', 'ID'], {}, true],
  ['ID --json --help', 'ID', ['--json', '--help'], { json: true, help: true }, false],
  ['', undefined, [], {}, false],
])('%s', (line, id, rest, own, answers) => {
  const head = readHead(line.split(' ').filter((word) => word !== ''));
  expect({ ...head, own: Object.fromEntries(head.own) }).toEqual({ id, rest, own, answers });
});
