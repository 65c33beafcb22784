import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { attempt, failed } from '../../src/doctor/finding.ts';
import { calledBy } from '../../src/doctor/launchers.ts';
import { probeDisk } from '../../src/doctor/probe-disk.ts';
import { secretsOf, withoutSecrets } from '../../src/doctor/secrets.ts';
import { clockSkew } from '../../src/doctor/skew.ts';
import { ConfigError, IoError } from '../../src/errors.ts';
import { isIndexDamaged, missingResult, setAside } from '../../src/jobs/store/job-health.ts';
import { age } from '../../src/lib/text/age.ts';
import { freshDir } from '../support/home.ts';
import { completed, diskStore, endedJobs, newJob, taskFact } from '../support/store-fixtures.ts';

const NOW = new Date('2026-03-30T12:00:00.000Z');

describe('a check that fails', () => {
  it('says what the error says', () => {
    const error = new IoError('cannot read x', { hint: 'mend it', details: { path: '/x' } });
    expect(failed('disk', error)).toEqual({
      check: 'disk',
      status: 'problem',
      message: 'cannot read x',
      hint: 'mend it',
      path: '/x',
    });
    expect(
      attempt('disk', () => {
        throw new Error('anything');
      }),
    ).toEqual([{ check: 'disk', status: 'problem', message: 'anything' }]);
  });

  it('does not quote the text that is no JSON: there may be secrets in it', () => {
    for (const text of ['{"token": "Bearer geheim"', '{"a": geheim}', 'geheim']) {
      const cause = (() => {
        try {
          return JSON.parse(text) as never;
        } catch (error) {
          return error as Error;
        }
      })();
      const { message } = failed('x', new ConfigError(`it is damaged: /x: ${cause.message}`, { cause }));
      expect(message).toMatch(/^it is damaged: \/x: not valid JSON( \(at character \d+\))?$/);
    }
  });
});

it.each([
  ['Mon, 30 Mar 2026 12:00:00 GMT', 'ok', "as the server's"],
  ['Mon, 30 Mar 2026 12:01:00 GMT', 'ok', "as the server's"],
  ['Mon, 30 Mar 2026 12:01:01 GMT', 'warning', "61 s behind the server's"],
  ['Mon, 30 Mar 2026 11:00:00 GMT', 'warning', "3600 s ahead of the server's"],
])('a clock: %s', (date, status, message) => {
  expect(clockSkew(date, NOW)).toMatchObject({ check: 'clock', status, message });
});

it('a date that is none says nothing', () => {
  expect(clockSkew('yesterday', NOW)).toBeUndefined();
});

it.each([
  ['2026-03-30T11:59:30Z', '30s ago'],
  ['2026-03-30T11:59:00Z', '1m ago'],
  ['2026-03-30T09:00:00Z', '3h ago'],
  ['2026-03-01T12:00:00Z', '29d ago'],
  ['2026-04-01T12:00:00Z', '0s ago'],
  ['then', 'at an unknown time'],
])('an age: %s', (iso, text) => {
  expect(age(iso, NOW)).toBe(text);
});

describe('secrets', () => {
  it('are values of headers and variables, and what a URL carries', () => {
    const secrets = secretsOf(
      {
        name: 'work',
        identity: {
          kind: 'http',
          url: 'https://me:p%40ssword@host/mcp?key=k-1234&v=1',
          headers: {
            Authorization: 'Bearer ${TOKEN}',
            'X-Key': 'literal-key',
            'X-Other': '${EMPTY:-default-key}',
          },
        },
      },
      { TOKEN: 'geheim-1', EMPTY: '' },
    );
    const text =
      'host said: geheim-1, Bearer geheim-1, default-key, literal-key, k-1234, p%40ssword and p@ssword are wrong (v=1)';
    const hint = 'not literal-key';
    expect(withoutSecrets({ check: 'connection', status: 'problem', message: text, hint }, secrets)).toEqual({
      check: 'connection',
      status: 'problem',
      message:
        'host said: [redacted], [redacted], [redacted], [redacted], [redacted], [redacted] and [redacted] are wrong (v=1)',
      hint: 'not [redacted]',
    });
  });

  it('of a command are its environment and what its arguments refer to', () => {
    const secrets = secretsOf(
      {
        name: 'work',
        identity: {
          kind: 'stdio',
          command: 'server',
          args: ['--token', '${TOKEN}', '--verbose'],
          env: { KEY: 'from-env', PIN: '123' },
        },
      },
      { TOKEN: 'geheim-1' },
    );
    expect(secrets.sort()).toEqual(['from-env', 'geheim-1']);
  });
});

it('what a launcher calls', () => {
  const sh = (line: string) => `#!/bin/sh\n# mcp2cli launcher: work\nif true; then\n  ${line}\nfi\n`;
  expect(calledBy(sh('exec /usr/bin/node /opt/mcp2cli/bin/mcp2cli.js -i work "$@"'))).toEqual({
    node: '/usr/bin/node',
    entry: '/opt/mcp2cli/bin/mcp2cli.js',
  });
  expect(calledBy(sh(`exec '/my programs/node' '/it'\\''s/bin/mcp2cli.js' -i work "$@"`))).toEqual({
    node: '/my programs/node',
    entry: "/it's/bin/mcp2cli.js",
  });
  const cmd =
    '@echo off\r\nrem mcp2cli launcher: work\r\n"C:\\node.exe" "C:\\m\\bin\\mcp2cli.js" -i work %*\r\n';
  expect(calledBy(cmd)).toEqual({ node: 'C:\\node.exe', entry: 'C:\\m\\bin\\mcp2cli.js' });
  expect(calledBy('#!/bin/sh\n# mcp2cli launcher\nexec mcp2cli -i work "$@"\n')).toBeUndefined();
});

describe('a disk', () => {
  it('is tried without a trace', () => {
    const dir = freshDir();
    expect(probeDisk(dir)).toEqual({ links: true });
    expect(readdirSync(dir)).toEqual([]);
  });

  it('that is not there is an error with its path', () => {
    const dir = join(freshDir(), 'none');
    expect(() => probeDisk(dir)).toThrow(
      expect.objectContaining({ exitCode: 74, message: expect.stringContaining(dir) }),
    );
  });
});

describe('damaged records', () => {
  it('are set aside whole, each under a name of its own; others stay', () => {
    const home = freshDir();
    const { store, dir } = diskStore(home);
    const [whole = '', cut = '', newer = '', both = '', foreign = ''] = endedJobs(store, 5);
    writeFileSync(join(dir, cut, 'task.json'), '{');
    writeFileSync(join(dir, newer, 'task.json'), '{"schema_version":99}');
    // The first file that is read is damaged, another one is newer: somebody can still read that one.
    writeFileSync(join(dir, both, 'end.json'), '{');
    writeFileSync(join(dir, both, 'cancel.json'), '{"schema_version":99}');
    writeFileSync(join(dir, foreign, 'job.json'), readFileSync(join(dir, whole, 'job.json')));
    mkdirSync(join(dir, 'job_empty'));
    const to = join(home, 'damaged');
    const aside = (id: string) => setAside(dir, id, to, NOW);
    expect(aside(cut)).toBe(join(to, `${cut}-20260330T120000000Z`));
    expect(aside(foreign)).toBe(join(to, `${foreign}-20260330T120000000Z`));
    expect(aside('job_empty')).toBe(join(to, 'job_empty-20260330T120000000Z'));
    for (const id of [whole, newer, both, 'job_nobody']) expect(aside(id)).toBeUndefined();
    expect(readdirSync(dir).sort()).toEqual([whole, newer, both].sort());
    expect(readdirSync(join(to, `${cut}-20260330T120000000Z`)).sort()).toEqual([
      'end.json',
      'job.json',
      'task.json',
    ]);
    // The same id at the same moment, as after a restored backup.
    mkdirSync(join(dir, 'job_empty'));
    expect(aside('job_empty')).toBe(join(to, 'job_empty-20260330T120000000Z-1'));
  });

  it('and results that are missing, and an index that is damaged', () => {
    const { store, dir } = diskStore(freshDir());
    const { job_id } = store.create(newJob());
    store.accept(job_id, taskFact());
    store.finish(job_id, completed('x'.repeat(30_000)));
    expect(missingResult(dir, job_id)).toBeUndefined();
    const file = readdirSync(join(dir, job_id)).find((name) => name.startsWith('result.')) ?? '';
    writeFileSync(
      join(dir, job_id, 'end.json'),
      readFileSync(join(dir, job_id, 'end.json'), 'utf8').replace(file, 'result.0.json'),
    );
    expect(missingResult(dir, job_id)).toBe(join(dir, job_id, 'result.0.json'));
    expect(isIndexDamaged(dir)).toBe(false);
    for (const [text, damaged] of [
      ['{', true],
      ['{"version":3,"sessions":[],"rows":[["x"]]}', true],
      ['{"version":1}', false],
      ['{"version":3,"sessions":[],"rows":[]}', false],
    ] as const) {
      writeFileSync(join(dir, '.index.json'), text);
      expect(isIndexDamaged(dir)).toBe(damaged);
    }
  });
});
