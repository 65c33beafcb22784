/** Big output into a pipe that is closed or slow: neither cut nor a stack trace. */
import { describe, expect, it } from 'vitest';
import { launchers, startShell } from '../../support/launcher.ts';
import { demoServer } from '../../support/servers.ts';
import { type Work, workAt } from '../../support/work.ts';

describe('a result of several megabytes', () => {
  const MANY = 3_000_000;

  async function big(): Promise<{ work: Work; input: string; bin: string }> {
    const work = await workAt((await demoServer()).url);
    return { work, input: JSON.stringify({ text: 'ä'.repeat(MANY / 2) }), bin: launchers('work') };
  }

  it('into `head -c`: a quiet end', async () => {
    const { work, input, bin } = await big();
    const snippet = 'work --json show-types --args - | head -c 100; echo " $PIPESTATUS"';
    const { code, stdout, stderr } = await startShell(snippet, { home: work.home, bin, input }).done;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^\{"app_id":"work",.* 0\n$/);
    expect(stdout.length).toBeLessThan(110);
  });

  it('into a slow reader: whole', async () => {
    const { work, input, bin } = await big();
    // Reads in small steps, and begins when the pipe has been full for long.
    const reader = `node -e "
      const chunks = [];
      process.stdin.on('data', (c) => { chunks.push(c); process.stdin.pause(); setTimeout(() => process.stdin.resume(), 2); });
      process.stdin.on('end', () => {
        const { data } = JSON.parse(Buffer.concat(chunks));
        console.log(data.structuredContent.text.length, data.content[0].text.length);
      });"`;
    const snippet = `set -o pipefail; work --json show-types --args - | ${reader}`;
    const { code, stdout, stderr } = await startShell(snippet, { home: work.home, bin, input }).done;
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: `${MANY / 2} ${MANY / 2 + '{"text":""}'.length}\n`,
      stderr: '',
    });
  });
});
