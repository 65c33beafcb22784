/** Who holds a running local call: a pid alone is not an identity. */
export interface HolderFacts {
  pid: number;
  /** Process start time as the kernel has it, where it can be read. */
  started: string | null;
  boot_id: string | null;
  /** The namespace that the pid is of (pid_namespaces(7)), where there are such: containers share a boot, not their pids. */
  pid_ns?: string | null;
  host: string;
  /** A background process of this program that holds servers; without it, a command that somebody typed. */
  keeper?: boolean;
  /** A worker of that id, whose jobs others take over. */
  worker?: string;
}
