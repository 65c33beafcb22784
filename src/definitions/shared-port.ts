/** Definitions that machines share: one text, each version of which has a number. */

export interface SharedText {
  /** 0 where there is none yet. */
  revision: number;
  /** As in a file of definitions. */
  text: string | undefined;
  /** What errors call it. */
  where: string;
}

/** Where that text is kept. Declared here, and implemented by stores that machines share. */
export interface SharedDefinitions {
  /** Errors: those of the store. */
  read(): Promise<SharedText>;
  /** Puts a text in the place of the version that was read; false when there is a newer one, and nothing was written. */
  replace(revision: number, text: string): Promise<boolean>;
}
