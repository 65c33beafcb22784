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

  async give(id: string, question: Question, { token, answer }: Parameters<AnswerBox['give']>[2]) {
    const args = [fieldOf(question), token, jsonText({ token, answer })];
    return (await this.#access.change('answerGive', id, args)) as 'given' | 'answered' | 'ended';
  }

  async left(id: string, question: Question): Promise<LeftAnswer | undefined> {
    const key = this.#access.keys.answers(checkedId(id));
    const text = await this.#access.ask((redis) => redis.hget(key, fieldOf(question)));
    return text === null ? undefined : (parseJson(text) as LeftAnswer);
  }

  async settle(id: string, question: Question, state: 'taken' | 'refused', message = ''): Promise<void> {
    await this.#access.change('answerSettle', id, [fieldOf(question), state, jsonText(message)]);
  }
}

/** An id is a connection's own: with its time a question is like no other of the job. */
function fieldOf({ request_id, received_at }: Question): string {
  return jsonText([request_id, received_at]);
}
