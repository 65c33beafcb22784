/** Questions before there is a task: the call is answered by `input_required`, and comes again with the answers and the state that it was given. */
import { randomBytes } from 'node:crypto';
import type { InputRequiredResult, ServerContext } from '@modelcontextprotocol/server';
import { createRequestStateCodec, ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import type { Arguments } from '../../../src/demo/tool.ts';
import type { Answers, Questions } from './input.ts';
import { badAnswer } from './input.ts';

/** What the client carries from one round to the next, signed. */
interface RoundState {
  tool: string;
  args: string;
  /** Everything asked so far, and what of it has been answered. */
  questions: Questions;
  given: Answers;
}

/** Signs states, and checks the signatures: for `ServerOptions.requestState`. */
export const stateCodec = createRequestStateCodec<RoundState>({ key: randomBytes(32) });

/** Thrown through a tool that needs an answer first. */
class AnswersNeeded extends Error {
  readonly questions: Questions;

  constructor(questions: Questions) {
    super('answers are needed');
    this.questions = questions;
  }
}

/** One round of a call. */
export class Round {
  readonly #tool: string;
  readonly #args: string;
  readonly #context: ServerContext;
  readonly #state: RoundState | undefined;
  readonly given: Answers;

  /** Error: ProtocolError -32602 for a state that belongs to another call, and for answers that do not fit. */
  constructor(tool: string, args: Arguments, context: ServerContext) {
    this.#tool = tool;
    this.#args = JSON.stringify(args);
    this.#context = context;
    this.#state = context.mcpReq.requestState<RoundState>();
    if (this.#state && (this.#state.tool !== tool || this.#state.args !== this.#args))
      throw invalid('requestState belongs to another call');
    this.given = { ...this.#state?.given };
    const { inputResponses = {}, droppedInputResponseKeys = [] } = context.mcpReq;
    for (const [name, question] of Object.entries(this.#state?.questions ?? {})) {
      if (droppedInputResponseKeys.includes(name))
        throw invalid(`inputResponses.${name} must be the bare result`);
      if (!Object.hasOwn(inputResponses, name)) continue;
      const problem = badAnswer(question, inputResponses[name]);
      if (problem !== undefined) throw invalid(`inputResponses.${name} ${problem}`);
      this.given[name] = inputResponses[name] as Answers[string];
    }
  }

  /** The answers, or else the end of this round. */
  readonly ask = async (questions: Questions): Promise<Answers> => {
    // Other members than the expected ones are to be ignored, but answers without the state come from a client that lost it.
    if (!this.#state && this.#context.mcpReq.inputResponses !== undefined)
      throw invalid('inputResponses came without the requestState of the answer that asked');
    const open = Object.entries(questions).filter(([name]) => !Object.hasOwn(this.given, name));
    if (open.length > 0) throw new AnswersNeeded(Object.fromEntries(open));
    return Object.fromEntries(Object.keys(questions).map((name) => [name, this.given[name] ?? {}]));
  };

  /** The answer to the call when `error` is a question of `ask`; undefined for any other error. */
  async questionsOf(error: unknown): Promise<InputRequiredResult | undefined> {
    if (!(error instanceof AnswersNeeded)) return undefined;
    const questions = { ...this.#state?.questions, ...error.questions };
    const state = { tool: this.#tool, args: this.#args, questions, given: this.given };
    return {
      resultType: 'input_required',
      inputRequests: error.questions as NonNullable<InputRequiredResult['inputRequests']>,
      requestState: await stateCodec.mint(state),
    };
  }
}

/** Whether a tool threw it to end the round. */
export function endsRound(error: unknown): boolean {
  return error instanceof AnswersNeeded;
}

function invalid(message: string): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, message);
}
