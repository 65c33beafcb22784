// The least that a client can do: `tools/call` over keep-alive connections of `node:http`. Usage: bare-client.js URL CALLS PARALLEL
import { Agent, request } from 'node:http';

const [url, calls, parallel] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: Number(parallel) });
const headers = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' };

/** One call. Rejects unless the answer is the text that was sent. */
function call(id) {
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name: 'echo', arguments: { message: 'hi' } },
  });
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => {
        const { result } = JSON.parse(text);
        if (result.content[0].text === 'hi') resolve();
        else reject(new Error(text));
      });
    });
    sent.on('error', reject).end(body);
  });
}

let next = 0;
async function lane() {
  while (next < Number(calls)) await call(next++);
}
await Promise.all(Array.from({ length: Number(parallel) }, lane));
agent.destroy();
