import type { CatalogEntry } from '../../../catalog/entry.ts';
import type { Extra } from '../../../catalog/extras.ts';
import type { TypedArgument } from '../../../instance/complete-values.ts';
import type { JobRecord } from '../../../jobs/record.ts';
import type { FlagValues } from '../../global-flags/scan.ts';
import type { Candidate } from '../candidate.ts';

/**
 * What is known without asking anybody, for completion: files of this machine. Nothing here fails: what is missing, damaged, of another
 * version or not permitted is not there.
 */
export interface Sources {
  /** The configured instances. */
  instances(): readonly Candidate[];
  /** The one that is typed so, in any case. */
  instance(typed: string): KnownInstance | undefined;
  /** The one of MCP2CLI_INSTANCE or `instances use`. */
  active(): KnownInstance | undefined;
  /** What `--instance`, `--url` or `--stdio` name. */
  explicit(flags: FlagValues): Promise<KnownInstance | undefined>;
  /** The same for another program's file in place of the configuration; as it is where that cannot be read. */
  ofFile(path: string): Promise<Sources>;
  /** Servers that other programs have, by the names that they would have here. */
  elsewhere(): Promise<readonly Candidate[]>;
}

export interface KnownInstance {
  /** Everything that can be run, from the cached catalogue and the definitions, as far as the rules let it be listed. */
  entries(): Promise<readonly CatalogEntry[]>;
  /** Of these, those that are not set to be hidden. */
  listed(): Promise<readonly CatalogEntry[]>;
  /** The names of the definitions, those too that are set to be hidden, as far as the rules let them be listed. */
  definitions(): Promise<readonly Candidate[]>;
  /** Resources, templates and prompts from the cache, as far as the rules let them be listed. */
  extras(): Promise<readonly Extra[]>;
  /** What the server proposes for a value, where the instance's settings let it be asked. */
  serverValues(argument: TypedArgument): Promise<readonly string[]>;
  /** Some jobs whose ids begin so, newest first. `liveFirst`: those that have not ended come before the others. */
  jobs(prefix: string, liveFirst: boolean): Promise<readonly JobRecord[]>;
  /** The settings that are set, as they are stored. */
  settings(): Readonly<Record<string, unknown>>;
}

/** Where in the program the words are. */
export interface Place {
  sources: Sources;
  /** What commands of an instance are about. */
  instance?: KnownInstance | undefined;
}
