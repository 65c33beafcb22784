import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** A sequencer that begins with these files (parts of paths, the longest first), so that none of them is left for the end. */
export function longestFirst(slow: readonly string[]): typeof BaseSequencer {
  const rank = ({ moduleId }: TestSpecification) => {
    const at = slow.findIndex((name) => moduleId.includes(`/${name}.`));
    return at < 0 ? slow.length : at;
  };
  return class extends BaseSequencer {
    override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
    }
  };
}
