import { describe, expect, it } from 'vitest';
import { Lines } from '../../src/lib/text/lines.ts';
import { readLine } from '../../src/mcp/stdio/read-line.ts';

describe('lines', () => {
  const text = 'one\ntwo\r\n\n{"é":"😀"}\nrest';

  it('are the same wherever the stream is cut', () => {
    const bytes = Buffer.from(text);
    for (let size = 1; size <= bytes.length; size++) {
      const lines = new Lines(100);
      const seen: string[] = [];
      for (let at = 0; at < bytes.length; at += size)
        for (const line of lines.push(bytes.subarray(at, at + size))) seen.push(line.toString());
      expect(seen).toEqual(['one', 'two', '', '{"é":"😀"}']);
      expect(lines.peek(2).toString()).toBe('re');
      expect(lines.rest().toString()).toBe('rest');
    }
  });

  it('of more than the limit are refused, each counted alone', () => {
    const lines = new Lines(4);
    expect([...lines.push(Buffer.from('1234\n1234\n'))]).toHaveLength(2);
    expect([...lines.push(Buffer.from('123'))]).toEqual([]);
    expect(() => [...lines.push(Buffer.from('45'))]).toThrow(RangeError);
  });
});

describe('a line of stdout', () => {
  const answer = '{"jsonrpc":"2.0","id":"a","result":{}}';
  const read = (line: string) => readLine(line, (id) => id === 'a');

  it.each([
    [answer, 1, ''],
    ['{"id":"a","result":{},"error":null}', 1, ''],
    ['{"jsonrpc":"2.0","method":"x"}', 1, ''],
    [`[${answer},${answer}]`, 2, ''],
    [`Loading... ${answer}`, 1, 'Loading... '],
    [`{x} ${answer}`, 1, '{x} '],
    // Of another's, or of what was logged, nothing is taken.
    ['sent {"jsonrpc":"2.0","id":"b","result":{}}', 0, 'sent {"jsonrpc":"2.0","id":"b","result":{}}'],
    ['got {"jsonrpc":"2.0","id":"a","method":"x"}', 0, 'got {"jsonrpc":"2.0","id":"a","method":"x"}'],
    [`${answer} tail`, 0, `${answer} tail`],
    ['{"level":"info","id":7}', 0, '{"level":"info","id":7}'],
    ['{"jsonrpc":"2.0","id":null,"error":{"code":1}}', 1, ''],
    ['{"id":null,"error":"disk"}', 0, '{"id":null,"error":"disk"}'],
    ['[]', 0, '[]'],
    ['null', 0, 'null'],
    ['', 0, ''],
  ])('%s', (line, messages, text) => {
    const heard = read(line);
    expect({ messages: heard.messages.length, text: heard.text }).toEqual({ messages, text });
  });

  it('is read in time that grows with it', () => {
    const before = performance.now();
    read('{"id"'.repeat(1_000_000));
    expect(performance.now() - before).toBeLessThan(30_000);
  });
});
