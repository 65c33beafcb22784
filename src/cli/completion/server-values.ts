import { completeValues, type TypedArgument } from '../../instance/complete-values.ts';
import { orAborted } from '../../lib/stop.ts';
import type { App } from '../app.ts';

/** How long a server is waited for behind TAB, in milliseconds. */
const PATIENCE_MS = 300;

/** How long taking leave may take, in milliseconds: somebody waits for the prompt. */
const FAREWELL_MS = 50;

/**
 * What the server proposes for a value: asked through a running keeper, else over HTTP; none is started, and no stdio server either. Nothing after 300
 * ms, whatever the server does. Rejects when it cannot be asked.
 */
export async function serverValues(app: App, argument: TypedArgument): Promise<string[]> {
  const late = AbortSignal.timeout(PATIENCE_MS);
  const session = await app.session();
  try {
    const asked = (async () => {
      const running = await session.keptReader(false, late);
      if (!running && app.instance.identity.kind === 'stdio') return [];
      return completeValues(running ?? (await session.reader(late)), argument);
    })();
    return await orAborted(asked, late);
  } finally {
    await Promise.race([
      session.close().catch(() => {}),
      new Promise((done) => setTimeout(done, FAREWELL_MS)),
    ]);
  }
}
