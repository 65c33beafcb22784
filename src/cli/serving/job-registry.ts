/** Jobs that a client of `serve --jobs` registers: documents, checked and stored as `--jobs PATH jobs define FILE` does it. */
import type { Instance } from '../../config/configured-instance.ts';
import { storeOf } from '../../config/settings/store-address.ts';
import { readOwn } from '../../instance/own-definitions.ts';
import type { JobRegistry } from '../../jobhost/files/registered.ts';
import type { JobStore } from '../../jobs/ports.ts';
import { stringifyJson } from '../../lib/json/exact-json.ts';
import { parseDuration } from '../../lib/text/duration.ts';
import type { App } from '../app.ts';
import { retryFlags } from '../global-flags/retry.ts';
import { toolDefaults } from '../global-flags/tool-defaults.ts';
import { textFlag } from '../global-flags/values.ts';
import { asCommand } from './own-app.ts';

/** `instance`: the one that the path of the job files stands for. `file`: where the definitions of those are that the host is of. */
export function jobRegistry(app: App, instance: Instance, file: string): JobRegistry {
  const command = (store: JobStore, work: (own: App) => Promise<void>) =>
    asCommand(app, instance, new Map(), app.context.interrupted, async (own) => {
      own.lend(store);
      await work(own);
    });
  const areShared = storeOf(instance.name, instance.settings, app.context.env) !== undefined;
  return {
    file,
    async look(store) {
      if (!areShared) return;
      await command(store, async (own) => {
        await readOwn(own, 'listed');
      });
    },
    define: (document, store) =>
      command(store, async (own) => {
        const { defineText } = await import('../commands/definitions/define.ts');
        using stop = own.stop('the job files were not read in time');
        // By the files as they are now.
        await (await own.session()).refresh(stop.signal);
        await defineText(own, stringifyJson(document), 'the document', {}, 'nothing was registered');
      }),
    remove: (name, store) =>
      command(store, async (own) => {
        const { undefineJob } = await import('../commands/definitions/define.ts');
        await undefineJob(own, name, {});
      }),
    attempts(definition) {
      const flags = toolDefaults(definition);
      const timeout = textFlag(flags, 'timeout');
      return {
        retry: flags.has('retries') ? retryFlags(flags) : undefined,
        timeoutMs: timeout === undefined ? undefined : parseDuration(timeout, '--timeout'),
      };
    },
  };
}
