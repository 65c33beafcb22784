import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makePrivateDir, replaceFile } from '../lib/disk/durable-file.ts';
import { sweepFolder } from '../lib/disk/sweep.ts';
import { parseJson, stringifyJson } from '../lib/json/exact-json.ts';
import type { ToolDefinition } from '../tools/tool.ts';
import type { Catalogue, ListedJob } from './catalog.ts';
import { packTools, unpackTools } from './lazy-tools.ts';
import type { LeftOut } from './left-out.ts';

const SCHEMA_VERSION = 2;

/** Bytes from where on a file is not parsed as a whole: 1 MB takes about 5 ms. */
const LARGE = 500_000;

/**
 * The file is one JSON document. Its first line is everything but the tools, which come after it a line each: `index` says where, so that one
 * can be read without the others (lazy-tools.ts).
 */
const TOOLS = ',"tools":[\n';
const END = '\n]}\n';

interface Saved {
  schema_version?: unknown;
  target?: unknown;
  fetched_at?: unknown;
  tools?: unknown;
  jobs?: unknown;
  workflows?: unknown;
  left_out?: unknown;
}

/**
 * The cached catalogue, or undefined when there is none for this target. A cache that is damaged or from another version is as good as none:
 * it is only a copy of what the server says, and asking again mends it. `onProblem` hears of it.
 */
export function readCatalogue(
  path: string,
  target: string,
  onProblem: (message: string) => void,
): Catalogue | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      onProblem(`cannot read the cached catalogue ${path}: ${(error as Error).message}`);
    return undefined;
  }
  try {
    const value = (bytes.length > LARGE ? readLarge(bytes) : undefined) ?? readWhole(bytes);
    const { tools, jobs = [], workflows = [], left_out: leftOut = [] } = value;
    if (
      value.schema_version !== SCHEMA_VERSION ||
      !areNamed(tools) ||
      !areNamed(jobs) ||
      !areNamed(workflows) ||
      !areLeftOut(leftOut)
    )
      throw new Error('not a catalogue of this version');
    if (value.target !== target) return undefined;
    return { target, fetchedAt: String(value.fetched_at), tools, jobs, workflows, leftOut };
  } catch (error) {
    onProblem(
      `the cached catalogue is damaged and will be fetched again: ${path}: ${(error as Error).message}`,
    );
    return undefined;
  }
}

/** Saves the catalogue. Error: IoError. */
export function writeCatalogue(path: string, catalogue: Catalogue): void {
  makePrivateDir(dirname(path));
  sweepFolder(dirname(path));
  const { target, fetchedAt, tools, jobs, workflows, leftOut } = catalogue;
  const more = {
    ...(jobs.length > 0 ? { jobs } : {}),
    ...(workflows.length > 0 ? { workflows } : {}),
    ...(leftOut.length > 0 ? { left_out: leftOut } : {}),
  };
  const { index, text } = packTools(tools);
  const head = stringifyJson({
    schema_version: SCHEMA_VERSION,
    target,
    fetched_at: fetchedAt,
    ...more,
    index,
  });
  replaceFile(path, `${head.slice(0, -1)}${TOOLS}${text}${END}`);
}

function readWhole(bytes: Buffer): Saved {
  return parseJson(bytes.toString('utf8')) as Saved;
}

/** The tools are read when they are asked for. Undefined where that cannot be: of another version, or damaged. */
function readLarge(bytes: Buffer): Saved | undefined {
  const start = bytes.indexOf(TOOLS);
  if (
    start < 0 ||
    start + TOOLS.length !== bytes.indexOf('\n') + 1 ||
    !bytes.subarray(-END.length).equals(Buffer.from(END))
  )
    return undefined;
  const { index, ...head } = parseJson(`${bytes.toString('utf8', 0, start)}}`) as Saved & { index?: unknown };
  const tools = unpackTools(index, bytes.subarray(start + TOOLS.length, -END.length));
  return tools && { ...head, tools };
}

function areNamed(value: unknown): value is (ToolDefinition & ListedJob)[] {
  return Array.isArray(value) && value.every(isNamed);
}

function areLeftOut(value: unknown): value is LeftOut[] {
  return (
    areNamed(value) &&
    (value as Partial<LeftOut>[]).every(
      ({ reason, about = [] }) => typeof reason === 'string' && Array.isArray(about),
    )
  );
}

function isNamed(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && typeof (value as { name?: unknown }).name === 'string'
  );
}
