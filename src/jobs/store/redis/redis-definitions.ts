/** Definitions in Redis; a script decides whose change comes first. */
import type { SharedDefinitions, SharedText } from '../../../definitions/shared-port.ts';
import type { Access } from './access.ts';

export class RedisDefinitions implements SharedDefinitions {
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  async read(): Promise<SharedText> {
    const { definitions } = this.#access.keys;
    const [revision, text] = await this.#access.ask((redis) => redis.hmget(definitions, 'revision', 'text'));
    const where = `${definitions} in ${this.#access.address.shown}`;
    return { revision: Number(revision ?? 0), text: text ?? undefined, where };
  }

  async replace(revision: number, text: string): Promise<boolean> {
    const { definitions } = this.#access.keys;
    return (await this.#access.run('define', definitions, [revision, revision + 1, text])) === 1;
  }
}
