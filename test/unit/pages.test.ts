import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError, RpcError, UnreachableError } from '../../src/errors.ts';
import { listAll, MAX_PAGES } from '../../src/lib/pages.ts';

const nameOf = (entry: unknown) => (entry as { name?: string } | null)?.name;

/** Lists from a server that answers these pages one after the other (an error: throws it), and tells with which cursors it was asked. */
async function listed(pages: (page: number) => unknown) {
  const warnings: string[] = [];
  const cursors: unknown[] = [];
  const { entries, complete } = await listAll<{ name: string }>({
    method: 'tools/list',
    member: 'tools',
    nameOf,
    async request(_method, params) {
      cursors.push(params['cursor']);
      const page = pages(cursors.length);
      if (page instanceof Error) throw page;
      return page;
    },
    warn: (message) => warnings.push(message),
  });
  return { names: entries.map(({ name }) => name), complete, warnings, cursors };
}

const page = (name: string, nextCursor?: unknown) => ({ tools: [{ name }], nextCursor });

describe('pages', () => {
  it('end where no cursor is; an empty one is a cursor, null is none', async () => {
    const pages = [page('a', 'x'), page('b', ''), page('c', 0), page('d', null), page('e')];
    expect(await listed((n) => pages[n - 1])).toEqual({
      names: ['a', 'b', 'c', 'd'],
      complete: true,
      warnings: [],
      cursors: [undefined, 'x', '', 0],
    });
  });

  it('that refer back end the listing with what had come', async () => {
    const { names, complete, warnings } = await listed((n) => page(`t${n}`, n < 3 ? `${n}` : '1'));
    expect({ names, complete }).toEqual({ names: ['t1', 't2', 't3'], complete: true });
    expect(warnings).toEqual([
      'tools/list does not end: page 3 refers back to an earlier one; what had come is used',
    ]);
  });

  it('of a server that says the end with an empty cursor, and then begins anew, are read without a word', async () => {
    expect(await listed(() => page('a', ''))).toMatchObject({ names: ['a'], complete: true, warnings: [] });
  });

  it.each([
    ['no object', 7],
    ['nothing', null],
    ['a list', []],
  ])('that are %s cost no entry of another', async (_, bad) => {
    const { names, complete, warnings } = await listed((n) => (n === 1 ? page('a', 'x') : bad));
    expect({ names, complete }).toEqual({ names: ['a'], complete: false });
    expect(warnings).toEqual(['tools/list is not complete: page 2 has no tools in it']);
  });

  it.each([
    ['no tools', {}],
    ['tools that are no list', { tools: { name: 'x' } }],
  ])('with %s cost no entry of those behind them', async (_, bad) => {
    const pages = [{ ...bad, nextCursor: 'x' }, page('b', 'y'), { tools: [null, 7, [], {}, { name: 'c' }] }];
    const { names, complete, warnings } = await listed((n) => pages[n - 1]);
    expect({ names, complete }).toEqual({ names: ['b', 'c'], complete: false });
    expect(warnings).toHaveLength(2);
  });

  it('that are refused leave what had come; a lost connection does not', async () => {
    const refused = await listed((n) => (n === 1 ? page('a', 'x') : new RpcError(-32602, 'Invalid cursor')));
    expect(refused).toMatchObject({ names: ['a'], complete: false });
    expect(refused.warnings).toEqual(['tools/list is not complete: page 2 was refused: Invalid cursor']);
    await expect(listed((n) => (n === 1 ? page('a', 'x') : new UnreachableError('cut')))).rejects.toThrow(
      'cut',
    );
  });

  it('that are none at all are no list; a server without the method has none', async () => {
    await expect(listed(() => ({}))).rejects.toThrow(ProtocolError);
    await expect(listed((n) => ({ nextCursor: n === 1 ? 'x' : null }))).rejects.toThrow(ProtocolError);
    expect(await listed(() => new RpcError(-32601, 'Method not found'))).toMatchObject({
      names: [],
      complete: true,
    });
    await expect(listed(() => new RpcError(-32603, 'Internal error'))).rejects.toThrow('Internal error');
  });

  it('without end are stopped by their number', async () => {
    const { names, complete, warnings, cursors } = await listed((n) => page(`t${n}`, n));
    expect({ count: names.length, asked: cursors.length, complete }).toEqual({
      count: MAX_PAGES,
      asked: MAX_PAGES,
      complete: true,
    });
    expect(warnings).toEqual([
      `tools/list does not end: more than ${MAX_PAGES} pages; what had come is used`,
    ]);
  });

  it('without end are stopped by their size', async () => {
    const text = 'x'.repeat(20 * 1024 * 1024);
    const { names, warnings } = await listed((n) => ({ tools: [{ name: `t${n}`, text }], nextCursor: n }));
    expect(names).toEqual(['t1', 't2', 't3', 't4']);
    expect(warnings).toEqual(['tools/list does not end: more than 64 MiB; what had come is used']);
  });

  it('of any shape end, and never lose an entry of a good one', async () => {
    const any = fc.array(
      fc.oneof(fc.jsonValue(), fc.record({ tools: fc.jsonValue(), nextCursor: fc.jsonValue() })),
    );
    await fc.assert(
      fc.asyncProperty(any, async (pages) => {
        const { names } = await listed((n) => (n === 1 ? page('good', 'x') : pages[n - 2]));
        expect(names).toContain('good');
      }),
    );
  });
});
