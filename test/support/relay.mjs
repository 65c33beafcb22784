/**
 * The network of a machine that has none: each argument is PORT=PATH, and what connects to the port here is connected to the Unix socket at the path,
 * which is another machine's.
 */
import { connect, createServer } from 'node:net';

const listening = process.argv.slice(2).map((pair) => {
  const [port, path] = pair.split('=');
  const server = createServer((client) => {
    const other = connect(path);
    for (const socket of [client, other])
      socket
        .on('error', () => {})
        .on('close', () => {
          client.destroy();
          other.destroy();
        });
    client.pipe(other).pipe(client);
  });
  return new Promise((resolve) => server.listen(Number(port), '127.0.0.1', resolve));
});
await Promise.all(listening);
process.stdout.write('up\n');
