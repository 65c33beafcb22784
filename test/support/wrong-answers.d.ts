export interface WrongAnswer {
  say(id: unknown, right: Record<string, unknown>): string[];
  every?(): string[];
  cut?: boolean;
  after: 'done' | 'open' | 'end' | 'reset';
  means: 'silence' | 'lost' | 'none' | 'odd' | 'refused' | 'right' | 'shape' | 'state';
  /** About the state of a task. */
  task?: boolean;
  /** More than one message: no JSON body can have that. */
  many?: boolean;
}
export const WRONG_ANSWERS: Record<string, WrongAnswer>;
export const TASK_ID: string;
export function rightResult(
  method: string,
  params: Record<string, unknown>,
  ended: boolean,
): Record<string, unknown> | undefined;
