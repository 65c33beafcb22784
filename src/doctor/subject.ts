import type { Paths } from '../config/paths.ts';
import type { InstanceSettings } from '../config/settings/settings.ts';
import type { Target } from '../config/target/target.ts';
import type { Context } from '../context.ts';

/** An instance that is looked at, as far as it is known. */
export interface Subject {
  /** A safe name: folders may be of it. */
  name: string;
  /** As it stands in the configuration; none for an ad hoc target and for what was removed. */
  server?: unknown;
  /** As configured, `${VAR}` unexpanded. */
  identity?: Target | undefined;
  settings?: InstanceSettings | undefined;
}

/** What an examination works with. */
export interface Machine {
  context: Context;
  paths: Paths;
  /** A target ready for use. Error: UsageError. */
  target: (identity: Target, name: string) => Target;
}
