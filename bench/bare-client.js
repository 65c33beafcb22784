// The least that a client can do: `tools/call` over keep-alive connections of `node:http`, in a session where the server has such. Its answers are JSON
// or an event stream of one event. Usage: bare-client.js URL CALLS PARALLEL
import { Agent, request } from 'node:http';

const [url, calls, parallel] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: Number(parallel) });
const headers = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' };

/** Posts a message. Resolves with the response, and the answer in it. */
function post(message) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => {
        const json = text.startsWith('{') ? text : /^data: (\{.*)$/m.exec(text)?.[1];
        resolve({ response, answer: json && JSON.parse(json) });
      });
    });
    sent.on('error', reject).end(JSON.stringify({ jsonrpc: '2.0', ...message }));
  });
}

/** One call. Rejects unless the answer has the text that was sent. */
async function call(id) {
  const { answer } = await post({
    id,
    method: 'tools/call',
    params: { name: 'echo', arguments: { message: 'hi' } },
  });
  if (!answer?.result.content[0].text.endsWith('hi')) throw new Error(JSON.stringify(answer));
}

const { response } = await post({
  id: 'first',
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'bare', version: '1' },
  },
});
const session = response.headers['mcp-session-id'];
if (session) headers['Mcp-Session-Id'] = session;
await post({ method: 'notifications/initialized' });

let next = 0;
async function lane() {
  while (next < Number(calls)) await call(next++);
}
await Promise.all(Array.from({ length: Number(parallel) }, lane));
agent.destroy();
