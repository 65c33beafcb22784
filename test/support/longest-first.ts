import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * A sequencer that begins with these files (parts of paths, the longest first), so that none of them is left for the end. Projects come one after the
 * other: a worker that gets a file of another project is started anew.
 */
export function longestFirst(slow: readonly string[]): typeof BaseSequencer {
  const rank = ({ moduleId }: TestSpecification) => {
    const at = slow.findIndex((name) => moduleId.includes(`/${name}.`));
    return at < 0 ? slow.length : at;
  };
  return class extends BaseSequencer {
    override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      const sorted = await super.sort(files);
      const projects = [...new Set(sorted.map(({ project }) => project))];
      const place = ({ project }: TestSpecification) => projects.indexOf(project);
      return sorted.sort((a, b) => place(a) - place(b) || rank(a) - rank(b));
    }
  };
}
