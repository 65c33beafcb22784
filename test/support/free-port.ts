import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below what systems give to connections, and to servers that leave the choice to them: 32768 on Linux, 49152 elsewhere. */
const [LEAST, MOST] = [10_000, 32_000];

/** A port that was free a moment ago, and that nobody gets by chance; also good for a URL where nothing answers. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LEAST + Math.floor(Math.random() * (MOST - LEAST));
    const probe = createServer().listen(port, '127.0.0.1');
    const isFree = await once(probe, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    probe.close();
    await once(probe, 'close');
    return port;
  }
}
