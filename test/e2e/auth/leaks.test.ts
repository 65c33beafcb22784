/** No token, code, verifier or secret is where it does not belong: on the wire, in the arguments of a process, in outputs, in files. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { eachInItsProcess, type RunResult, run } from '../../support/cli.ts';
import { fixtureServer } from '../../support/fixture-http.ts';
import { type ForwardProxy, forwardProxy } from '../../support/forward-proxy.ts';
import { oauthRig } from '../../support/oauth/rig.ts';

eachInItsProcess();

const TOOLS = [
  { name: 'echo', inputSchema: { type: 'object', properties: { message: { type: 'string' } } } },
];

/** The command lines of all processes, looked at every few milliseconds until the test has finished. */
function commandLines(): ReadonlySet<string> {
  const seen = new Set<string>();
  const look = () => {
    for (const name of readdirSync('/proc'))
      if (/^\d+$/.test(name))
        try {
          seen.add(readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' '));
        } catch {
          // It has ended.
        }
  };
  const watch = setInterval(look, 5);
  onTestFinished(() => clearInterval(watch));
  return seen;
}

/** What the token endpoint was sent under a name, in all requests. */
function sentAs(name: string, { seen }: ForwardProxy): string[] {
  return seen.flatMap(({ line, body }) =>
    /\/token( |$)/.test(line) ? new URLSearchParams(body).getAll(name) : [],
  );
}

function filesBelow(home: string): string[] {
  return readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(join(home, path), { throwIfNoEntry: false })?.isFile(),
  );
}

test.skipIf(!existsSync('/proc/self/cmdline'))('a login, its refresh and its end leak nothing', async () => {
  const rig = await oauthRig((await fixtureServer(TOOLS)).url);
  const proxy = await forwardProxy();
  const lines = commandLines();
  const { home } = rig;
  const env = { ...rig.env, HTTP_PROXY: `http://${proxy.address}` };
  const authFile = join(home, 'instances', 'work', 'auth.json');
  const secretsNow = () => JSON.parse(readFileSync(authFile, 'utf8')).secrets as Record<string, string>;
  const said: RunResult[] = [];
  const done = async (...words: string[]) => {
    const result = await run(words, { home, env });
    said.push(result);
    expect(result).toMatchObject({ code: 0 });
  };

  await done('-v', 'auth', 'login', 'work');
  const first = secretsNow();
  await done('-v', 'work', 'echo', '--message', 'hi');
  await done('-v', 'work', 'echo', '--message', 'hi', '--background', '--detach');
  await done('work', 'jobs', 'wait', '--latest');
  // It has expired: the next call refreshes it, and so does a keeper later.
  const record = JSON.parse(readFileSync(authFile, 'utf8'));
  writeFileSync(authFile, JSON.stringify({ ...record, expires_at: '2020-01-01T00:00:00.000Z' }));
  await done('-v', '--json', 'work', 'echo', '--message', 'again');
  const second = secretsNow();
  await done('--json', 'auth', 'status');
  const leftOnDisk = filesBelow(home).map((path): [string, string] => [
    path,
    readFileSync(join(home, path), 'latin1'),
  ]);
  await done('-v', 'auth', 'logout', 'work');
  await run(['keeper', 'stop', '--all'], { home, env });

  const codes = sentAs('code', proxy);
  const verifiers = sentAs('code_verifier', proxy);
  const access = [first['access_token'] ?? '', second['access_token'] ?? ''];
  const refresh = [first['refresh_token'] ?? '', second['refresh_token'] ?? ''];
  // Each has been seen, so that nothing is looked for in vain.
  for (const kind of [codes, verifiers, access, refresh])
    expect(kind.every((one) => one.length > 20)).toBe(true);
  expect([codes.length, verifiers.length, new Set(access).size, new Set(refresh).size]).toEqual([1, 1, 2, 2]);
  const all = [...codes, ...verifiers, ...access, ...refresh];

  const issuer = new URL(rig.authorization.issuer).host;
  const server = new URL(rig.server.url).host;
  const astray = proxy.seen.flatMap(({ line, headers, body }) => {
    const { host } = new URL(line.split(' ')[1] ?? '');
    const { authorization = '', ...others } = headers;
    const bearer = access.some((token) => authorization === `Bearer ${token}`);
    const wrong = [
      ...(bearer && host !== server ? [`a token was sent to ${host}`] : []),
      ...all.filter((one) => line.includes(one)).map(() => `in the URL: ${line}`),
      ...all.filter((one) => JSON.stringify(others).includes(one)).map(() => `in a header: ${line}`),
      ...(host === issuer ? [] : all.filter((one) => body.includes(one)).map(() => `in a body: ${line}`)),
    ];
    return wrong;
  });
  expect(astray).toEqual([]);
  expect(proxy.seen.some(({ headers }) => headers.authorization === `Bearer ${second['access_token']}`)).toBe(
    true,
  );

  expect([...lines].some((line) => line.includes('auth login work'))).toBe(true);
  expect([...lines].filter((line) => all.some((one) => line.includes(one)))).toEqual([]);
  const outputs = said.map(({ stdout, stderr }) => stdout + stderr);
  expect(outputs.filter((text) => all.some((one) => text.includes(one)))).toEqual([]);
  expect(
    leftOnDisk.filter(([, text]) => all.some((one) => text.includes(one))).map(([path]) => path),
  ).toEqual(['instances/work/auth.json']);
  const holds = (one: string) => leftOnDisk.some(([, text]) => text.includes(one));
  expect([...codes, ...verifiers].filter(holds)).toEqual([]);
});
