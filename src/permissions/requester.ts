import type { Instance } from '../config/configured-instance.ts';
import type { Paths } from '../config/paths.ts';
import type { Context } from '../context.ts';
import type { Log } from '../lib/log.ts';

/** Who wants something of an instance, and where its rules find what they need. */
export interface Requester {
  readonly instance: Instance;
  readonly context: Context;
  readonly paths: Paths;
  readonly printer: Log;
}
