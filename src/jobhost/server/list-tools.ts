import { ENTRY_KEY } from '../../catalog/host-mark.ts';
import { PROBLEM_KEY } from '../../catalog/left-out.ts';
import { isObject, type JsonObject } from '../../lib/json/json.ts';
import type { ServedEntry } from '../provider.ts';
import type { Call } from './call.ts';
import { managementTools } from './management/tools.ts';

/** `tools/list`: every entry that is not hidden, then the tools for managing jobs. In one page: a client shows them all. */
export async function listTools({ host, modern, tasks }: Call): Promise<JsonObject> {
  const entries = await host.provider.list();
  const workflows = entries.some(({ kind }) => kind === 'workflow');
  const management = host.ours ? [] : managementTools({ workflows, registers: host.provider.registers });
  const own = new Set(management.map(({ name }) => name));
  const tools: JsonObject[] = [];
  for (const entry of entries) {
    // A tool of this name is reached through execute_job: the server behind may be one of jobs itself.
    if (entry.hidden || own.has(entry.name)) continue;
    const tool = toolOf(entry, !modern && tasks ? support(entry, host.ours) : undefined);
    const mark = markFor(entry, host.ours);
    tools.push(mark ? { ...tool, _meta: { [ENTRY_KEY]: mark } } : tool);
  }
  // Only our own client knows these from tools.
  const problems = host.ours ? ((await host.provider.problems?.()) ?? []) : [];
  // Of two tools of one name a client takes one: what is wrong at one place is one.
  for (const place of new Set(problems.map((problem) => problem.place))) {
    const here = problems.filter((problem) => problem.place === place);
    const message = here.map((one) => one.message).join('; ');
    const about = here.flatMap(({ name }) => (name === undefined ? [] : [name]));
    const problem = { file: here[0]?.file, message, about };
    tools.push({ name: place, inputSchema: { type: 'object' }, _meta: { [PROBLEM_KEY]: problem } });
  }
  for (const { name, description, inputSchema, annotations } of management)
    tools.push({ name, description, inputSchema, annotations });
  return { tools, ...(modern ? { ttlMs: 0, cacheScope: 'private' } : {}) };
}

/** What our own client makes of the entry beside the tool; a tool of the server behind is a tool. */
function markFor({ kind, tags, labels, workflow }: ServedEntry, ours: boolean): JsonObject | undefined {
  if (kind === 'tool') return undefined;
  return {
    kind,
    ...(tags.length > 0 ? { tags } : {}),
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
    // It is on record with the run before this host hears of it.
    ...(ours && workflow?.plan ? { plan: workflow.plan } : {}),
  };
}

/** Our own commands make a record of every workflow, and a task is what they make one of. */
function support({ kind }: ServedEntry, ours: boolean): string {
  return ours && kind === 'workflow' ? 'required' : 'optional';
}

function toolOf(entry: ServedEntry, taskSupport: string | undefined): JsonObject {
  const { name, title, description, inputSchema, outputSchema, annotations } = entry;
  return {
    name,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    inputSchema: isObject(inputSchema) ? { type: 'object', ...unmarked(inputSchema) } : { type: 'object' },
    // A result that is no object has no structured content that a schema could be of.
    ...(isObject(outputSchema) && outputSchema['type'] === 'object' ? { outputSchema } : {}),
    ...(annotations === undefined ? {} : { annotations }),
    ...(taskSupport === undefined ? {} : { execution: { taskSupport } }),
  };
}

/** Marks of arguments that are repeated in headers are between this program and the server behind: what comes here is not looked for in headers. */
function unmarked(schema: JsonObject): JsonObject {
  if (!JSON.stringify(schema).includes('"x-mcp-header":"')) return schema;
  const strip = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(strip);
    if (!isObject(value)) return value;
    const kept = Object.entries(value).filter(
      ([key, one]) => key !== 'x-mcp-header' || typeof one !== 'string',
    );
    return Object.fromEntries(kept.map(([key, one]) => [key, strip(one)]));
  };
  return strip(schema) as JsonObject;
}
