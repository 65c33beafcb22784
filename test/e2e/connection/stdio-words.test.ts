/** What stdio servers say beside messages, and messages that are framed in unusual ways. */
import { describe, expect, it } from 'vitest';
import { run, start } from '../../support/cli.ts';
import { errorOf, homeWith } from '../../support/instance.ts';
import { FAULTY_STDIO } from '../../support/servers.ts';

const faulty = (mode: string) => homeWith(['--', process.execPath, FAULTY_STDIO, mode]);

describe('messages', () => {
  it.each(['partial', 'banner', 'logs', 'bom', 'crlf', 'split', 'batch', 'probe-ends', 'probe-spoils'])(
    'are found in the output of a server of the kind "%s"',
    async (mode) => {
      const home = await faulty(mode);
      // The first call asks for the version, too.
      for (const n of [1, 2])
        expect(await run(['work', 'argv', '--timeout', '20s'], { home }), `call ${n}`).toMatchObject({
          code: 0,
          stdout: `["${mode}"]\n`,
          stderr: '',
        });
    },
  );

  it('of many kilobytes are joined, wherever they are split', async () => {
    const home = await faulty('split');
    const { code, stdout } = await run(['work', 'text', '--size', '2000'], { home });
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${'é😀'.repeat(2000)}\n` });
  });

  it('keep the text of their numbers', async () => {
    const home = await faulty('plain');
    const { code, stdout } = await run(['work', 'numbers', '--json'], { home });
    expect(code).toBe(0);
    expect(stdout).toMatch(/"big": ?725653563933458432,\s*"huge": ?1e400,\s*"price": ?1\.10\b/);
  });
});

describe('text on stdout', () => {
  it('is shown with --verbose', async () => {
    const home = await faulty('banner');
    const { code, stdout, stderr } = await run(['work', '--verbose', 'noise'], { home });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'noise done\n' });
    for (const line of [
      '◇ injected env (0) from .env',
      '[INFO] starting',
      '{"level":"info","id":7}',
      '"text"',
      '[1,2]',
      'null',
      '123',
      'debug: working...',
      '{"progress": 1}',
    ])
      expect(stderr).toContain(`server stdout: ${line}\n`);
  });

  it('before an answer on the same line is shown with --verbose', async () => {
    const home = await faulty('partial');
    const { code, stderr } = await run(['work', '--verbose', 'argv'], { home });
    expect(code).toBe(0);
    expect(stderr).toMatch(/server stdout: Loading model\.\.\.\n.*answer followed on the same line/);
  });

  it('is told when the server ends without an answer', async () => {
    const home = await faulty('usage');
    const { code, stdout, stderr } = await run(['work', 'ls'], { home });
    expect({ code, stdout, stderr }).toEqual({
      code: 3,
      stdout: '',
      stderr:
        'error: cannot reach work: the server process ended; its last words on stdout:\n' +
        'Usage: server [options]\n  --token TOKEN  required\n',
    });
  });

  it('is told with what stands on stderr', async () => {
    const how = `console.log('Usage: x'); console.error('no token'); process.exit(1)`;
    const home = await homeWith(['--', process.execPath, '-e', how]);
    const json = await run(['work', '--json', 'ls'], { home });
    expect(json.code).toBe(3);
    expect(errorOf(json).message).toMatch(/ended; its last words:\nno token\non stdout:\nUsage: x$/);
  });

  it('is told when a server waits for something else than messages', async () => {
    const home = await faulty('prompt');
    const call = start(['work', '--timeout', '8s', 'ls'], { home });
    const { code, stderr } = await call.done;
    expect(code).toBe(124);
    expect(stderr).toContain('Password:');
  });
});

describe('a server that cannot go on', () => {
  it('because its stdout is closed is not waited for', async () => {
    const home = await faulty('closes');
    const { code, stderr } = await run(['work', 'close'], { home });
    expect(code).toBe(3);
    expect(stderr).toContain('the server closed its stdout');
  });

  it('because its folder is not there: the folder is named', async () => {
    const home = await homeWith(['--cwd', '/no/such/folder', '--', process.execPath, FAULTY_STDIO]);
    const { code, stderr } = await run(['work', 'ls'], { home });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^error: cannot start work: no such working directory: \/no\/such\/folder\nhint: /,
    );
    const file = await homeWith(['--cwd', FAULTY_STDIO, '--', process.execPath, FAULTY_STDIO]);
    expect((await run(['work', 'ls'], { home: file })).stderr).toContain(
      `cannot start work: the working directory is no folder: ${FAULTY_STDIO}\n`,
    );
  });
});
