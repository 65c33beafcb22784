/** The questions that a server asks in the course of one piece of work: each is put once, and answered at most once from here. */

import { stringifyJson } from '../../lib/json/exact-json.ts';
import type { Answerer, AutomaticAnswers, InputResponse } from '../ports.ts';
import type { PendingInput } from '../record.ts';

interface Entry {
  question: PendingInput;
  /** `left`: whoever was asked leaves it to somebody else. */
  state: 'open' | 'asking' | 'left' | 'ready';
  /** Answered without anybody being asked. */
  automatic: boolean;
  answer?: InputResponse;
  /** Was put to an earlier process, which did not answer it. */
  inherited: boolean;
  withdraw: AbortController;
}

export interface QuestionsOptions {
  ask: Answerer | undefined;
  /** Comes first, and is not told as an open question meanwhile. */
  automatic?: AutomaticAnswers | undefined;
  signal: AbortSignal;
  /** The open questions, whenever there are others than before. */
  onOpen: (open: PendingInput[]) => void;
  /** An answer is ready, or asking failed: come and see. */
  onReady: () => void;
}

/** Why somebody is asked no longer: the question was answered elsewhere, withdrawn, or the work has ended. */
export class QuestionWithdrawn extends Error {}

export class Questions {
  readonly #options: QuestionsOptions;
  readonly #entries = new Map<string, Entry>();
  /** Answered from here; a server's list that still has them lags behind. */
  readonly #delivered = new Set<string>();
  #failure: { error: unknown } | undefined;

  constructor(options: QuestionsOptions) {
    this.#options = options;
  }

  /** All that wait for somebody's answer, in the order in which they came. */
  get open(): PendingInput[] {
    return this.#waiting.map((entry) => entry.question);
  }

  /** There is something to answer, or an answer on its way. */
  get pending(): boolean {
    return this.#entries.size > 0;
  }

  /** Questions that an earlier process left behind. */
  get inherited(): PendingInput[] {
    return this.#waiting.filter((entry) => entry.inherited).map((entry) => entry.question);
  }

  /** Nobody here answers any of the open ones, and nothing is on its way. */
  get unanswerable(): boolean {
    const { ask } = this.#options;
    return [...this.#entries.values()].every(
      ({ state }) => state === 'left' || (state === 'open' && ask === undefined),
    );
  }

  get #waiting(): Entry[] {
    return [...this.#entries.values()].filter((entry) => !entry.automatic);
  }

  /** Takes over what an earlier process left open; it is on record already. */
  inherit(questions: readonly PendingInput[]): void {
    for (const question of questions) this.#add(question, true);
  }

  /** A question has arrived. Servers may put one once only, so it is told (and kept) before anybody is asked. */
  put(question: PendingInput): void {
    if (!this.#add(question, false).automatic) this.#options.onOpen(this.open);
  }

  /** The question is no longer open. */
  withdraw(requestId: string | number): void {
    const key = keyOf({ request_id: requestId });
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#remove(key, entry);
    this.#options.onOpen(this.open);
  }

  /** The server lists all its open questions: new ones are taken in, others are withdrawn. */
  sync(questions: readonly PendingInput[]): void {
    const listed = questions.filter((question) => !this.#delivered.has(keyOf(question)));
    const keys = new Set(listed.map(keyOf));
    const before = this.open.map(keyOf).join();
    for (const [key, entry] of this.#entries) if (!keys.has(key)) this.#remove(key, entry);
    for (const question of listed) {
      const known = this.#entries.get(keyOf(question));
      if (known) known.inherited = false;
      else this.#add(question, false);
    }
    if (this.open.map(keyOf).join() !== before) this.#options.onOpen(this.open);
  }

  /** Forgets inherited questions that have been put afresh. */
  dropRepeated(): void {
    const fresh = [...this.#entries.values()].filter((entry) => !entry.inherited);
    for (const [key, entry] of this.#entries)
      if (entry.inherited && fresh.some((other) => sameQuestion(other.question, entry.question)))
        this.#remove(key, entry);
  }

  /** Puts every question that was not put yet. Throws what asking failed with. */
  askAll(): void {
    if (this.#failure) throw this.#failure.error;
    const { ask, signal } = this.#options;
    if (!ask) return;
    for (const entry of this.#entries.values()) {
      if (entry.state !== 'open') continue;
      entry.state = 'asking';
      this.#await(entry, ask(entry.question, AbortSignal.any([signal, entry.withdraw.signal])));
    }
  }

  /** Answers that wait to be delivered. */
  get ready(): { question: PendingInput; answer: InputResponse }[] {
    return [...this.#entries.values()].flatMap(({ question, answer, state }) =>
      state === 'ready' && answer ? [{ question, answer }] : [],
    );
  }

  /** The server has the answer. */
  delivered(question: PendingInput): void {
    this.#delivered.add(keyOf(question));
    this.#entries.delete(keyOf(question));
    this.#options.onOpen(this.open);
  }

  /** Nobody is asked any more. */
  dispose(): void {
    for (const entry of this.#entries.values())
      entry.withdraw.abort(new QuestionWithdrawn('no longer asked'));
  }

  #add(question: PendingInput, inherited: boolean): Entry {
    const { automatic, signal } = this.#options;
    const withdraw = new AbortController();
    // The same again, told differently.
    this.#entries.get(keyOf(question))?.withdraw.abort(new QuestionWithdrawn('put afresh'));
    const answer = automatic?.answer(question, AbortSignal.any([signal, withdraw.signal]));
    const state = answer ? 'asking' : 'open';
    const entry: Entry = { question, state, automatic: answer !== undefined, inherited, withdraw };
    this.#entries.set(keyOf(question), entry);
    if (answer) this.#await(entry, answer);
    return entry;
  }

  #await(entry: Entry, answer: Promise<InputResponse | undefined>): void {
    const { signal, onReady } = this.#options;
    answer.then(
      (given) => {
        entry.state = given === undefined ? 'left' : 'ready';
        if (given !== undefined) entry.answer = given;
        onReady();
      },
      (error: unknown) => {
        if (entry.withdraw.signal.aborted || signal.aborted) return;
        this.#failure = { error };
        onReady();
      },
    );
  }

  #remove(key: string, entry: Entry): void {
    entry.withdraw.abort(new QuestionWithdrawn('the question was answered elsewhere, or withdrawn'));
    this.#entries.delete(key);
  }
}

/** JSON-RPC tells the id 1 from the id "1". */
function keyOf({ request_id }: Pick<PendingInput, 'request_id'>): string {
  return `${typeof request_id}:${request_id}`;
}

/** Whether two questions ask the same, whatever their ids. */
export function sameQuestion(a: PendingInput, b: PendingInput): boolean {
  return stringifyJson(a.params) === stringifyJson(b.params);
}

/** What a question asks, in a few words; undefined where it does not say. */
export function askedText(question: PendingInput | undefined): string | undefined {
  if (question?.method === 'sampling/createMessage') return 'an answer of a language model (sampling)';
  if (question?.method === 'roots/list') return 'the folders to work in (roots)';
  const { message, mode, url } = question?.params ?? {};
  const text = typeof message === 'string' && message !== '' ? message : undefined;
  // Shown whole: the person judges by it.
  return mode === 'url' && typeof url === 'string' ? `${text ?? 'open this page'}: ${url}` : text;
}
