/** Reading a workflow's document, JSON or YAML; what is wrong is told with its line. */
import { isNode, LineCounter, parseDocument } from 'yaml';
import { UsageError } from '../../errors.ts';
import { checkJq, loadJq } from '../../lib/jq/jq.ts';
import { keepTexts, parseJson } from '../../lib/json/exact-json.ts';
import { isObject } from '../../lib/json/json.ts';
import { problemText } from '../../lib/text/counted.ts';
import { type DocumentProblem, documentProblems, type WorkflowDocument } from './document.ts';

/** What a text says, JSON or else YAML. Error: UsageError with file and line. */
export function parseText(text: string, source: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    // What begins like JSON is told by whoever reads JSON.
    if (/^\s*[{[]/.test(text) && !/\.ya?ml$/i.test(source)) throw error;
  }
  const document = parseDocument(text, { logLevel: 'error', prettyErrors: true, uniqueKeys: true });
  const [first] = document.errors;
  if (first) {
    const line = first.linePos?.[0].line;
    const why = first.message.split(/ at line \d+|\n/, 1)[0];
    throw new UsageError(`${source}${line === undefined ? '' : `:${line}`}: not valid YAML: ${why}`);
  }
  return document.toJS({ maxAliasCount: 100 });
}

/** Whether it is a workflow of our own: one step at least says by `tool` what it runs. Those of a job server say `jobName`. */
export function isOwnWorkflow(value: unknown): boolean {
  const steps = isObject(value) ? value['steps'] : undefined;
  return Array.isArray(steps) && steps.some((step) => isObject(step) && Object.hasOwn(step, 'tool'));
}

/** A workflow, checked. Error: one UsageError for all that is wrong, each with file and line. */
export async function checkedWorkflow(
  value: unknown,
  text: string,
  source: string,
): Promise<WorkflowDocument> {
  await loadJq();
  const problems = documentProblems(value, checkJq);
  if (problems.length === 0 && isObject(value))
    return keepTexts({ ...value }, value) as unknown as WorkflowDocument;
  throw workflowError(problems, text, source);
}

/** One error for all that is wrong with a document. */
export function workflowError(
  problems: readonly DocumentProblem[],
  text: string,
  source: string,
): UsageError {
  const lineOf = linesOf(text);
  const told = problems.map(({ path, message }) => `${source}:${lineOf(path)}: ${message}`);
  return new UsageError(`nothing was defined: ${problemText(told)}`, {
    code: 'invalid_workflow',
    details: { problems: told },
  });
}

/** The line on which something stands, or else what it should stand in. YAML's parser reads JSON, too, and knows the places. */
function linesOf(text: string): (path: readonly (string | number)[]) => number {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, logLevel: 'silent' });
  return (path) => {
    for (let length = path.length; length >= 0; length--) {
      const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return lineCounter.linePos(node.range[0]).line;
    }
    return 1;
  };
}
