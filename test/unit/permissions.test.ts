/** Permissions: what rules take and refuse, where roles and scopes come from, and how a guard is asked. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { accessSettings } from '../../src/config/settings/permission-settings.ts';
import { ConfigError, IoError } from '../../src/errors.ts';
import { globMatches } from '../../src/lib/text/glob.ts';
import { grantsOf, tokenGrants } from '../../src/permissions/grants.ts';
import { recordRefusal } from '../../src/permissions/refusals.ts';
import { concerns, firstRefusal, type Grants, rulesOf, unmet } from '../../src/permissions/rules.ts';
import { runRuleCommand } from '../../src/permissions/run-command-rule.ts';
import { freshDir } from '../support/home.ts';

const NOBODY: Grants = { roles: [], scopes: [] };
const rules = (...permissions: unknown[]) => accessSettings('work', { permissions }).permissions;

test.each([
  ['*', '', true],
  ['*', 'anything', true],
  ['', '', true],
  ['', 'a', false],
  ['?', 'a', true],
  ['?', '', false],
  ['?', '\u{1f600}', true],
  ['delete-*', 'delete-user', true],
  ['delete-*', 'delete-', true],
  ['delete-*', 'undelete-user', false],
  ['*-user', 'delete-user', true],
  ['*-user', 'delete-users', false],
  ['a*b*c', 'a-b-b-c', true],
  ['a*b*c', 'a-c-b', false],
  ['**a?', 'xxab', true],
  ['email.*', 'email.send', true],
  ['a.c', 'abc', false],
  ['[ab]', 'a', false],
  ['Deploy', 'deploy', false],
])('the pattern %j fits %j: %s', (pattern, text, fits) => {
  expect(globMatches(pattern, text)).toBe(fits);
});

it('a pattern that would keep a backtracking matcher busy for ages is answered at once', () => {
  expect(globMatches(`${'*a'.repeat(60)}*b`, 'a'.repeat(2_000))).toBe(false);
});

describe('a rule', () => {
  it('is about its actions, and about its tools by either of their names', () => {
    const [one, all, several] = rules(
      { action: 'execute', tools: ['delete-*', 'drop?'], roles: ['admin'] },
      { action: ['list', 'read'], roles: ['admin'] },
      { action: ['execute'], name: 'scoped', scopes: ['x'] },
    );
    if (!one || !all || !several) throw new Error('three');
    expect(rulesOf([one, all, several], 'execute').map((rule) => rule.label)).toEqual([
      'permissions[0]',
      'scoped',
    ]);
    expect(rulesOf([one, all, several], 'read').map((rule) => rule.label)).toEqual(['permissions[1]']);
    expect(rulesOf([one, all, several], 'create')).toEqual([]);
    for (const tool of ['delete-user', 'delete_user', 'deleteUser', 'drop1'])
      expect(concerns(one, tool)).toBe(true);
    for (const tool of ['undelete', 'drop', undefined]) expect(concerns(one, tool)).toBe(false);
    for (const tool of ['delete-user', undefined]) expect(concerns(all, tool)).toBe(true);
  });

  it('wants any of its roles, and any of its scopes', () => {
    const [rule] = rules({ action: 'execute', roles: ['admin', 'data-officer'], scopes: ['data:delete'] });
    if (!rule) throw new Error('one');
    expect(unmet(rule, NOBODY)).toBe(
      'requires one of the roles admin, data-officer and the scope data:delete',
    );
    expect(unmet(rule, { roles: ['data-officer'], scopes: ['data:read'] })).toBe(
      'requires the scope data:delete',
    );
    expect(unmet(rule, { roles: ['Admin'], scopes: ['data:delete'] })).toMatch(/^requires one of the roles/);
    expect(unmet(rule, { roles: ['data-officer', 'x'], scopes: ['data:delete'] })).toBeUndefined();
  });

  it('must pass like all the others; a command is asked last, and only when it matters', async () => {
    const asked: string[] = [];
    const judge = (grants: Grants, objection?: string) =>
      firstRefusal(
        rulesOf(
          rules(
            { action: 'execute', command: { command: 'guard' } },
            { action: 'execute', roles: ['admin'] },
            { action: 'execute', scopes: ['s'], command: { command: 'other' } },
          ),
          'execute',
        ),
        grants,
        async (rule) => {
          asked.push(rule.label);
          return rule.label === 'permissions[2]' ? objection : undefined;
        },
      );
    expect(await judge({ roles: [], scopes: ['s'] })).toMatchObject({
      rule: { label: 'permissions[1]' },
      reason: 'requires the role admin',
      byCommand: false,
    });
    expect(asked).toEqual([]);
    const all = { roles: ['admin'], scopes: ['s'] };
    expect(await judge(all, 'no')).toMatchObject({
      rule: { label: 'permissions[2]' },
      reason: 'no',
      byCommand: true,
    });
    expect(await judge(all)).toBeUndefined();
    expect(asked).toEqual(['permissions[0]', 'permissions[2]', 'permissions[0]', 'permissions[2]']);
    expect(await firstRefusal([], NOBODY, async () => 'no')).toBeUndefined();
  });
});

it.each([
  [{}, 'permissions must be a list of rules'],
  [null, 'permissions must be a list of rules'],
  [['x'], 'permissions[0] must be an object'],
  [[{ action: 'execute' }], 'permissions[0] must be a rule with roles, scopes or a command'],
  [[{ action: 'run', roles: ['a'] }], 'permissions[0].action must be one or several of create, read'],
  [[{ action: ['read', 'run'], roles: ['a'] }], 'permissions[0].action must be'],
  [[{ action: [], roles: ['a'] }], 'permissions[0].action must be'],
  [[{ roles: ['a'] }], 'permissions[0].action must be'],
  [
    [
      { action: 'read', roles: ['a'] },
      { action: 'read', roles: 'a' },
    ],
    'permissions[1].roles must be a list of names',
  ],
  [[{ action: 'read', roles: [] }], 'permissions[0].roles must be a list with at least one name'],
  [[{ action: 'read', scopes: [''] }], 'permissions[0].scopes must be a list of names'],
  [
    [{ action: 'read', scopes: ['a'], tools: [] }],
    'permissions[0].tools must be a list with at least one name',
  ],
  [[{ action: 'read', scopes: ['a'], tool: ['x'] }], 'permissions[0] must be made of name, action, tools'],
  [[{ action: 'read', scopes: ['a'], name: ' ' }], 'permissions[0].name must be a name'],
  [[{ action: 'read', command: 'x' }], 'permissions[0].command must be {"command"'],
  [[{ action: 'read', command: { command: '' } }], 'permissions[0].command must be'],
  [[{ action: 'read', command: { command: 'x', args: [1] } }], 'permissions[0].command must be'],
])('rules like %j are refused', (permissions, message) => {
  const read = () => accessSettings('work', { permissions });
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(`instance work: ${message}`);
});

it('roles and scopes of the configuration are lists of names', () => {
  expect(accessSettings('work', {})).toEqual({ permissions: [], roles: [], scopes: [] });
  expect(() => accessSettings('work', { roles: 'admin' })).toThrow('roles must be a list of names');
  expect(() => accessSettings('work', { scopes: [1] })).toThrow('scopes must be a list of names');
});

describe('grants', () => {
  const jwt = (claims: unknown) =>
    `Bearer ${['{"alg":"none"}', typeof claims === 'string' ? claims : JSON.stringify(claims), 'sig']
      .map((part) => Buffer.from(part).toString('base64url'))
      .join('.')}`;

  it('come from configuration, environment and token, each once', () => {
    const env = { MCP2CLI_ROLES: 'ops, admin', MCP2CLI_SCOPES: ' a b,c ' };
    const token = jwt({ scope: 'c d', scp: ['e'], roles: ['viewer'], realm_access: { roles: ['realm'] } });
    expect(grantsOf({ roles: ['admin'], scopes: ['z'] }, env, tokenGrants(token))).toEqual({
      roles: ['admin', 'ops', 'viewer', 'realm'],
      scopes: ['z', 'a', 'b', 'c', 'd', 'e'],
    });
    expect(grantsOf({ roles: [], scopes: [] }, {})).toEqual(NOBODY);
  });

  it.each([
    [jwt({ scp: 'a b' }), { roles: [], scopes: ['a', 'b'] }],
    [
      jwt({ scope: '' })
        .toLowerCase()
        .replace(/^bearer/, 'bearer'),
      NOBODY,
    ],
    [jwt({ scope: 7, scp: { a: 1 }, roles: 'admin', realm_access: ['admin'] }), NOBODY],
    [jwt({ roles: ['a', 7, '', null] }), { roles: ['a'], scopes: [] }],
    [jwt('["admin"]'), NOBODY],
    [jwt('null'), NOBODY],
    [jwt('{'), NOBODY],
    [jwt({ roles: ['a'] }).replace('Bearer', 'bearer'), { roles: ['a'], scopes: [] }],
    [jwt({ roles: ['a'] }).replace('Bearer', 'Basic'), NOBODY],
    [`${jwt({ roles: ['a'] })}.more.parts`, NOBODY],
    ['Bearer opaque', NOBODY],
    ['Bearer a.b', NOBODY],
    ['Bearer ..', NOBODY],
    ['Bearer a.%%%.c', NOBODY],
    ['Bearer', NOBODY],
    ['', NOBODY],
    [undefined, NOBODY],
  ])('of the header %j are what the token says, or nothing', (header, grants) => {
    expect(tokenGrants(header)).toEqual(grants);
  });
});

describe('a guard', () => {
  const question = {
    instance: 'work',
    action: 'execute' as const,
    tool: 'deploy',
    arguments: { version: '2' },
    roles: ['ops'],
    scopes: [],
  };
  const node = (code: string) => ({ command: process.execPath, args: ['-e', code] });
  const ask = (code: string, limitMs?: number) =>
    runRuleCommand(node(code), question, { env: process.env, cwd: '/', limitMs });

  it('gets the question on stdin, and allows by exit code 0, whatever it says', async () => {
    const dir = freshDir();
    const copy = `require('fs').writeFileSync(process.env.OUT, require('fs').readFileSync(0)); console.log('no')`;
    const env = { ...process.env, OUT: join(dir, 'question.json') };
    expect(await runRuleCommand(node(copy), question, { env, cwd: dir })).toBeUndefined();
    expect(JSON.parse(readFileSync(env.OUT, 'utf8'))).toEqual(question);
    expect(await ask('')).toBeUndefined();
  });

  it.each([
    ['console.error("not at night\\nmore"); process.exit(1)', 'its command refused: not at night'],
    ['console.log("\\n  not today\\r\\nmore"); process.exitCode = 3', 'its command refused: not today'],
    ['console.log("out"); console.error("err"); process.exit(2)', 'its command refused: err'],
    ['process.exit(7)', 'its command failed with exit code 7'],
    ['console.error("x"); process.kill(process.pid, "SIGKILL")', 'its command was ended by SIGKILL'],
    [`console.log("x".repeat(1000)); process.exit(1)`, `its command refused: ${'x'.repeat(300)}`],
    ['console.log("x".repeat(100_000))', 'its command refused: it said more than 64 KiB'],
  ])('%s is a refusal', async (code, reason) => {
    expect(await ask(code)).toBe(reason);
  });

  it('that throws refuses', async () => {
    expect(await ask('throw new Error("broken")')).toMatch(/^its command refused: /);
  });

  it('that cannot be started refuses, and says so', async () => {
    const options = { env: {}, cwd: '/' };
    expect(await runRuleCommand({ command: '/no/such/guard', args: [] }, question, options)).toBe(
      'its command could not be started: no such command: /no/such/guard',
    );
    expect(await runRuleCommand({ command: '${GUARD}', args: [] }, question, options)).toMatch(
      /^its command could not be started: environment variable GUARD is not set/,
    );
    expect(await runRuleCommand({ command: 'a\0b', args: [] }, question, options)).toMatch(
      /^its command could not be started: /,
    );
  });

  it.each(['', 'trap "" TERM; '])(
    'that hangs refuses when its time is over, and is ended: %ssleep',
    async (trap) => {
      const dir = freshDir();
      const guard = { command: 'sh', args: ['-c', `${trap}echo $$ > pid; sleep 60`] };
      expect(await runRuleCommand(guard, question, { env: process.env, cwd: dir, limitMs: 1_000 })).toBe(
        'its command did not answer within 1 s',
      );
      const pid = Number(readFileSync(join(dir, 'pid'), 'utf8'));
      expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    },
  );

  it('is ended with the command that asks it', async () => {
    const over = new AbortController();
    const asked = runRuleCommand(node('setInterval(() => {}, 1000)'), question, {
      env: process.env,
      cwd: '/',
      signal: over.signal,
    });
    over.abort(new Error('interrupted'));
    await expect(asked).rejects.toThrow('interrupted');
  });
});

it('a refusal is a line of a private file in a private folder', () => {
  const dir = freshDir();
  const path = join(dir, 'instances/work/refusals.jsonl');
  const refusal = {
    time: '2026-01-01T00:00:00.000Z',
    action: 'execute' as const,
    tool: 'a\nb',
    rule: 'permissions[0]',
    reason: 'requires the role admin',
    roles: [],
    scopes: ['x'],
  };
  recordRefusal(path, refusal);
  recordRefusal(path, { ...refusal, tool: null });
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual([refusal, { ...refusal, tool: null }]);
  if (process.platform !== 'win32') {
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir, 'instances/work')).mode & 0o777).toBe(0o700);
  }
  writeFileSync(join(dir, 'file'), '');
  expect(() => recordRefusal(join(dir, 'file/refusals.jsonl'), refusal)).toThrow(IoError);
  mkdirSync(join(dir, 'taken'));
  expect(() => recordRefusal(join(dir, 'taken'), refusal)).toThrow(IoError);
});
