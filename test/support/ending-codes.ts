/** What a command may come to after a wrong answer. */
import type { Case, Ending } from './endings.ts';

/** No command takes longer, on a busy machine: its own limits are seconds. */
const LONGEST_MS = 30_000;

/** What is wrong with an ending; undefined when all is as it should be. */
export function flawOf(one: Case, { end, ms, calls }: Ending): string | undefined {
  const { code, stdout, stderr } = end;
  const said = `${one.name}: ${code} ${stdout.slice(0, 200)}${stderr.slice(0, 500)}`;
  if (!allowedCodes(one).includes(code ?? -1)) return said;
  if (ms > LONGEST_MS) return `took ${Math.round(ms)} ms: ${said}`;
  if (calls > 1) return `${calls} calls: ${said}`;
  // What was answered wrongly was heard.
  if (calls === 0 && one.step.method === 'tools/call') return `no call was counted: ${said}`;
  if (/^ {4}at /m.test(stderr)) return `a stack trace: ${said}`;
  const errors = stderr.split('\n').filter((line) => line.startsWith('error: '));
  if (errors.length !== (code === 0 ? 0 : 1)) return `${errors.length} errors: ${said}`;
  return isWhole(one, code === 0, stdout) ? undefined : `another stdout: ${said}`;
}

/** What a command prints is its answer: nothing when it has none. */
function isWhole({ answer: name, step }: Case, isDone: boolean, stdout: string): boolean {
  if (step.words.includes('--background')) return isDone === stdout.startsWith('Job submitted: ') || !isDone;
  if (!isDone) return stdout === '';
  if (step.words === 'ls') return stdout === 'work\n';
  if (/^(work|jobs wait)/.test(step.words)) return stdout === 'worked\n' || name === 'an empty result';
  return stdout !== '';
}

/**
 * The exit codes that a wrong answer may come to. 3: no answer, or none that can be used; 124: none in time; 1: the server refused, or answered
 * with something else than was asked for. Never 70.
 */
function allowedCodes({ means, answer: name, step, transport }: Case): number[] {
  const isHttp = transport === 'JSON' || transport === 'event stream';
  // Each job that cannot be asked about is told in a warning.
  if (step.words === 'jobs list --refresh') return means === 'silence' ? [3, 124] : [0, 124];
  if (step.method === 'server/discover') {
    // An answer that comes too late, as on a busy machine, counts as silence: the old handshake is tried then, and passes.
    if (means === 'auth') return name === 'HTTP 403' ? [0, 4] : [4];
    // A server that knows no such question has the old handshake; one that says nothing may, too.
    return means === 'busy'
      ? [3, 124]
      : means === 'silence' || !isHttp || name.includes('huge')
        ? [0, 3, 124]
        : [0, 3];
  }
  // The keeper asks, again and again; a server that has ended takes the task with it.
  if (transport === 'stdio' && step.job) return means === 'right' ? [0, 124] : [0, 1, 3, 124];
  if (transport === 'stdio' && step.words.includes('--background')) return [0, 1, 3, 124];
  const waits = step.words.startsWith('jobs wait');
  switch (means) {
    case 'silence':
    case 'none':
    case 'lost':
    case 'busy':
      return [3, 124];
    case 'auth':
      return [4];
    case 'gone':
      return [1, 3];
    case 'right':
      return step.method === 'tasks/get' && waits ? [124] : [0];
    case 'refused':
      if (step.method === 'tasks/cancel') return [0, 1];
      // An error that names no request is for the one that it answers, where answers belong to requests.
      if (!isHttp && name.includes('id null')) return [1, 3, 124];
      return step.job ? [3, 124] : [1];
    case 'shape':
      if (name === 'an empty result' && step.method !== 'initialize' && step.method !== 'tools/list')
        return step.method === 'tasks/get' && waits ? [124] : [0];
      return waits ? [3, 124] : [1];
    case 'state':
      return waits ? [3, 124] : [0, 1];
    default:
      // Odd, and to be read in one way or another.
      return [0, 1, 3, 124];
  }
}
