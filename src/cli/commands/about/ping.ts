import { shownName } from '../../../config/configured-instance.ts';
import { EXIT, RpcError } from '../../../errors.ts';
import type { App } from '../../app.ts';

/**
 * `ping`: the time of one question and its answer, connecting apart. Up to 2025-11-25 that is `ping`; 2026-07-28 has none, and is asked
 * `server/discover`. Errors: those of connecting.
 */
export async function ping(app: App): Promise<number> {
  const { clock } = app.context;
  using stop = app.stop('the server did not answer in time');
  const begun = clock.monotonic();
  const reader = await (await app.session()).reader(stop.signal);
  const { era, protocolVersion, transport } = await reader.facts();
  const connected = clock.monotonic();
  const method = era === 'modern' ? 'server/discover' : 'ping';
  const refusal = await reader.request(method, {}).then(
    () => undefined,
    (error: unknown) => {
      // Whoever refuses has answered.
      if (error instanceof RpcError) return error.message;
      throw error;
    },
  );
  const ms = rounded(clock.monotonic() - connected);
  const data = {
    method,
    ms,
    connected_ms: rounded(connected - begun),
    protocol_version: protocolVersion,
    transport,
    keeper: reader.kept,
    ...(refusal === undefined ? {} : { refusal }),
  };
  const who = shownName(app.instance);
  const summary = `${who} answered ${method} in ${ms} ms`;
  if (app.printer.json) app.printer.envelope('ping', summary, data);
  else
    app.printer.out(
      `${summary} (protocol ${protocolVersion ?? 'unknown'}; ${reader.kept ? 'through its keeper' : `connected in ${data.connected_ms} ms`})`,
    );
  if (refusal !== undefined) app.printer.note(`it knows no ${method}, which is an answer, too: ${refusal}`);
  return EXIT.ok;
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
