/** A store that is opened by the first call of a method. One that could not be opened is tried again by the next. */
import type { SharedDefinitions } from '../../../definitions/shared-port.ts';
import type { CallQueue } from '../../call-queue.ts';
import type { JobStore } from '../../ports.ts';
import type { AnswerBox } from '../../questions/answer-box.ts';

type Opened = JobStore & { calls: CallQueue; definitions: SharedDefinitions; answers: AnswerBox };

export function lateStore(open: () => Promise<Opened>): Opened {
  let opened: Promise<Opened> | undefined;
  const store = () => {
    if (opened) return opened;
    const opening = open();
    opened = opening;
    opening.catch(() => {
      if (opened === opening) opened = undefined;
    });
    return opening;
  };
  return late(store, {
    calls: late(async () => (await store()).calls),
    definitions: late(async () => (await store()).definitions),
    answers: late(async () => (await store()).answers),
    changes(id) {
      let changed: ReturnType<NonNullable<JobStore['changes']>> | undefined;
      return async (signal) => {
        changed ??= (await store()).changes?.(id);
        await changed?.(signal);
      };
    },
    async close() {
      // One that was never opened, or could not be, has nothing open.
      await (await opened?.catch(() => undefined))?.close();
    },
  });
}

type Method = (...args: unknown[]) => unknown;

/** Each method opens what it is a method of, and calls it there; `own` are those that do not. */
function late<T extends object>(open: () => Promise<T>, own: Partial<T> = {}): T {
  return new Proxy(own as T, {
    get(known, name) {
      // What is awaited is asked for `then`, and this is no promise.
      if (name in known || name === 'then' || typeof name === 'symbol') return Reflect.get(known, name);
      return async (...args: unknown[]) => {
        const it = (await open()) as Record<string, Method>;
        return it[name]?.(...args);
      };
    },
  });
}
