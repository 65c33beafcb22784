import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/lib/json/json.ts';
import { throughInputRounds } from '../../src/mcp/input-rounds.ts';

const params = { name: 'book', arguments: { city: 'Rome' } };
const asks = (...keys: string[]) => ({
  resultType: 'input_required',
  requestState: 'opaque',
  inputRequests: Object.fromEntries(
    keys.map((key) => [key, { method: 'elicitation/create', params: { message: `${key}?` } }]),
  ),
});

/** A server that answers with these results, and remembers what it was sent. */
function server(...results: unknown[]) {
  const sent: JsonObject[] = [];
  return { sent, send: async (round: JsonObject) => results[sent.push(round) - 1] };
}

test('a result that asks nothing is the answer', async () => {
  const { sent, send } = server({ content: [] });
  expect(await throughInputRounds(send, params, () => Promise.reject(new Error('asked')))).toEqual({
    content: [],
  });
  expect(sent).toEqual([params]);
});

test('answers go back under their keys, with the state as it came, round after round', async () => {
  const { sent, send } = server(asks('date', 'seat'), asks('sure'), { content: ['booked'] });
  const asked: unknown[] = [];
  const result = await throughInputRounds(send, params, async ({ params: { message } }) => {
    asked.push(message);
    return { action: 'accept', content: { said: message } };
  });
  expect(result).toEqual({ content: ['booked'] });
  expect(asked).toEqual(['date?', 'seat?', 'sure?']);
  expect(sent[1]).toEqual({
    ...params,
    requestState: 'opaque',
    inputResponses: {
      date: { action: 'accept', content: { said: 'date?' } },
      seat: { action: 'accept', content: { said: 'seat?' } },
    },
  });
  expect(Object.keys(sent[2]?.['inputResponses'] as object)).toEqual(['sure']);
});

test('a state alone is sent back without answers', async () => {
  const { sent, send } = server({ resultType: 'input_required', requestState: 'later' }, { content: [] });
  await throughInputRounds(send, params, () => Promise.reject(new Error('asked')));
  expect(sent[1]).toEqual({ ...params, requestState: 'later' });
});

test('asking for nothing, for what nobody knows, and without end are errors', async () => {
  const accept = async () => ({ action: 'accept' });
  await expect(
    throughInputRounds(server({ resultType: 'input_required' }).send, params, accept),
  ).rejects.toThrow('does not say which');
  const unknown = { resultType: 'input_required', inputRequests: { a: { method: 'mind/read' } } };
  await expect(throughInputRounds(server(unknown).send, params, accept)).rejects.toThrow('mind/read');
  await expect(throughInputRounds(async () => asks('again'), params, accept)).rejects.toThrow(
    'more than 20 times',
  );
});
