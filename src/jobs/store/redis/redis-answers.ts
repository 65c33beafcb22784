/** Answers to what jobs ask, in Redis: scripts/answers.ts decides, layout.ts has the keys. */
import { parseJson } from '../../../lib/json/exact-json.ts';
import type { AnswerBox, LeftAnswer } from '../../questions/answer-box.ts';
import { checkedId } from '../job-id.ts';
import type { Access } from './access.ts';
import { jsonText } from './layout.ts';

type Question = Parameters<AnswerBox['left']>[1];

export class RedisAnswers implements AnswerBox {
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  /** Error besides: ConfigError for a key that is none. */
  async give(id: string, question: Question, { token, answer }: Parameters<AnswerBox['give']>[2]) {
    const { sealAnswer, storeKey } = await import('./sealed-call.ts');
    const kept = sealAnswer(answer, storeKey(this.#access.address.keyText));
    const args = [fieldOf(question), token, jsonText({ token, ...kept })];
    return (await this.#access.change('answerGive', id, args)) as 'given' | 'answered' | 'ended';
  }

  async left(id: string, question: Question): Promise<LeftAnswer | undefined> {
    const key = this.#access.keys.answers(checkedId(id));
    const text = await this.#access.ask((redis) => redis.hget(key, fieldOf(question)));
    if (text === null) return undefined;
    const { sealed, ...left } = parseJson(text) as LeftAnswer & { sealed?: string };
    if (sealed === undefined) return left;
    const { openAnswer, storeKey } = await import('./sealed-call.ts');
    return { ...left, ...openAnswer(sealed, storeKey(this.#access.address.keyText)) };
  }

  async settle(id: string, question: Question, state: 'taken' | 'refused', message = ''): Promise<void> {
    await this.#access.change('answerSettle', id, [fieldOf(question), state, jsonText(message)]);
  }
}

/** An id is a connection's own: with its time a question is like no other of the job. */
function fieldOf({ request_id, received_at }: Question): string {
  return jsonText([request_id, received_at]);
}
