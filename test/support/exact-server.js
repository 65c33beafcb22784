// An MCP server by hand whose numbers are text: it never parses a number, so that what comes back is what was sent, digit for digit.
// Over stdio where it is run (`node exact-server.js`), over HTTP with `exactHttp(answersAsEventStream)`.
//
// Tools: `echo` answers with its arguments, `refuse` with an error that has them as its data, `refuse-bare` with one whose data is the id, `task` is a task whose result has them, `ask` puts
// a form and answers with what was filled in (over stdio, where a request may be the answer to a line). With `jobResult` it is a FrontMCP job
// server whose one job `count` returns that text.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

export const SCHEMA =
  '{"type":"object","properties":{"id":{"type":"integer","minimum":-9223372036854775808,"maximum":9223372036854775807,"default":725653563933458432},' +
  '"ids":{"type":"array","items":{"type":"integer"}},"x":{"type":"number","maximum":1.0e40},"a":{"type":"object","properties":{"id":{"type":"integer"},"e":{"type":"number"}}}}}';

export const TOOLS = ['echo', 'refuse', 'refuse-bare', 'task', 'ask']
  .map(
    (name) =>
      `{"name":"${name}","description":"Say it again.","inputSchema":${SCHEMA},"_meta":{"weight":1.50}` +
      `${name === 'task' ? ',"execution":{"taskSupport":"required"}' : ''}}`,
  )
  .join(',');

/** The form of `ask`. */
const FORM =
  '{"type":"object","properties":{"id":{"type":"integer","default":725653563933458432},"x":{"type":"number","default":1.10},' +
  '"y":{"type":"number","default":2.50},"name":{"type":"string"}}}';

const JOB_TOOLS =
  '{"name":"execute_job","inputSchema":{"type":"object","properties":{"name":{"type":"string"},"background":{"type":"boolean"}}}},' +
  '{"name":"get_job_status","inputSchema":{"type":"object","properties":{"runId":{"type":"string"}}}}';

/** What a task is told to be, beside its status. */
export const TASK_EXTRA = '"seq":725653563933458433,"ttl":60000.0';

/** The text of the object that stands behind `"name":` in JSON without spaces. */
function objectIn(raw, name) {
  const start = raw.indexOf(`"${name}":{`);
  if (start < 0) return '{}';
  let at = start + name.length + 3;
  const from = at;
  for (let depth = 0, text = false; at < raw.length; at++) {
    if (raw[at] === '"' && raw[at - 1] !== '\\') text = !text;
    if (text) continue;
    if (raw[at] === '{') depth += 1;
    if (raw[at] === '}' && --depth === 0) return raw.slice(from, at + 1);
  }
  return '{}';
}

const result = (args) =>
  `{"content":[{"type":"text","text":${JSON.stringify(`you said ${args}`)}}],"structuredContent":${args},"_meta":{"cost":1.10,"big":1e400}}`;

/** Answers messages; undefined for a notification. `taskExtra` is in place of TASK_EXTRA, `toolResult` what `echo` answers. */
export function exactAnswers({ taskExtra = TASK_EXTRA, jobResult, toolResult } = {}) {
  let kept = '{}';
  let asking;
  const run = (text) => `{"content":[],"structuredContent":{"runId":"r1",${text}}}`;
  return (raw) => {
    const { id, method, params = {} } = JSON.parse(raw);
    if (id === undefined) return undefined;
    const ok = (text, to = id) => `{"jsonrpc":"2.0","id":${JSON.stringify(to)},"result":${text}}`;
    const task = (status) =>
      `{"taskId":"t1","status":"${status}","createdAt":"2026-01-01T00:00:00Z","lastUpdatedAt":"2026-01-01T00:00:00Z","pollInterval":10,${taskExtra}}`;
    switch (method) {
      case 'initialize':
        return ok(
          `{"protocolVersion":"2025-11-25","capabilities":{"tools":{},"tasks":{"list":{},"cancel":{},"requests":{"tools":{"call":{}}}},"experimental":{"n":{"v":1.0}}},` +
            `"serverInfo":{"name":"exact","version":"1"}}`,
        );
      case 'tools/list':
        return ok(`{"tools":[${jobResult === undefined ? TOOLS : JOB_TOOLS}]}`);
      case 'tools/call':
        kept = objectIn(raw, 'arguments');
        if (params.name === 'list_jobs') return ok(run(`"jobs":[{"name":"count","description":"Counts."}]`));
        if (params.name === 'execute_job') return ok(run('"state":"pending"'));
        if (params.name === 'get_job_status') return ok(run(`"state":"completed","result":${jobResult}`));
        if (params.name === 'ask') {
          asking = id;
          return `{"jsonrpc":"2.0","id":"q1","method":"elicitation/create","params":{"message":"Which?","requestedSchema":${FORM}}}`;
        }
        if (params.name === 'refuse')
          return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":{"code":-32000,"message":"no","data":${kept}}}`;
        if (params.name === 'refuse-bare') {
          const [, bare = 'null'] = /"id":([^,}]+)/.exec(kept) ?? [];
          return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":{"code":-32000,"message":"no","data":${bare}}}`;
        }
        return ok(params.name === 'task' ? `{"task":${task('working')}}` : (toolResult ?? result(kept)));
      case 'tasks/get':
        return ok(task('completed'));
      case 'tasks/result':
        return ok(result(kept));
      case undefined:
        return ok(result(objectIn(raw, 'content')), asking);
      case 'ping':
        return ok('{}');
      default:
        return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":{"code":-32601,"message":"unknown"}}`;
    }
  };
}

/** Serves over HTTP until `close`. */
export async function exactHttp(asEventStream, { errorStatus, ...options } = {}) {
  const answer = exactAnswers(options);
  const server = createServer(async (request, response) => {
    if (request.method !== 'POST') return response.writeHead(405).end();
    let raw = '';
    for await (const chunk of request.setEncoding('utf8')) raw += chunk;
    const text = answer(raw);
    if (text === undefined) return response.writeHead(202).end();
    // An error may have a status of its own.
    const status = text.includes('"message":"no"') && errorStatus ? errorStatus : 200;
    if (!asEventStream) return response.writeHead(status, { 'content-type': 'application/json' }).end(text);
    return response
      .writeHead(200, { 'content-type': 'text/event-stream' })
      .end(`event: message\ndata: ${text}\n\n`);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}/mcp`, close: () => server.close() };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const answer = exactAnswers();
  createInterface({ input: process.stdin }).on('line', (line) => {
    const text = answer(line);
    if (text !== undefined) process.stdout.write(`${text}\n`);
  });
}
