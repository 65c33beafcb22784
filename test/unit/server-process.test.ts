/** A server over stdio as a process, where nobody listens any more. */
import { expect, it, onTestFinished } from 'vitest';
import { ServerProcess } from '../../src/mcp/stdio/server-process.ts';

it('many writes to a server that reads no more fail without a word about listeners', async () => {
  const warnings: Error[] = [];
  const warned = (warning: Error) => warnings.push(warning);
  process.on('warning', warned);
  onTestFinished(() => void process.off('warning', warned));
  let closed = () => {};
  const deaf = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const server = await ServerProcess.start(
    { command: '/bin/sh', args: ['-c', 'exec <&-; echo deaf; exec sleep 1'], env: {}, cwd: undefined },
    { stdout: () => closed(), stderr() {}, gone() {} },
  );
  onTestFinished(() => server.end());
  await server.started;
  await deaf;
  const writes = await Promise.allSettled(Array.from({ length: 20 }, () => server.write('x')));
  expect(writes.map(({ status }) => status)).toEqual(Array(20).fill('rejected'));
  // Warnings are told in a turn of their own.
  await new Promise((resolve) => setImmediate(resolve));
  expect(warnings).toEqual([]);
});
