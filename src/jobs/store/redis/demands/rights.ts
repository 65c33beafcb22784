/** What the user of a store may not do there, and has to: found out by doing it, on a key and a channel of its own. */
import type { StoreAddress } from '../../../../config/settings/store-address.ts';
import { AuthError, UnreachableError } from '../../../../errors.ts';
import type { StoreConnection } from '../connection.ts';

/** A command that was refused, and how Redis puts it. */
export interface Refusal {
  what: string;
  why: string;
}

/** Commands of scripts, of each kind that an ACL may refuse by itself. What is between two DEL is about a key of one type. */
const OF_ALL = [
  ['TIME'],
  ['SET', 'KEY', '1', 'PX', '1000'],
  ['EXISTS', 'KEY'],
  ['DEL', 'KEY'],
  ['HSET', 'KEY', 'f', '1'],
  ['HGETALL', 'KEY'],
  ['PEXPIRE', 'KEY', '1000'],
  ['DEL', 'KEY'],
  ['RPUSH', 'KEY', '1'],
  ['LRANGE', 'KEY', '0', '-1'],
  ['DEL', 'KEY'],
  ['ZADD', 'KEY', '1', 'm'],
  ['ZRANGEBYSCORE', 'KEY', '-inf', '+inf'],
  ['DEL', 'KEY'],
  ['PUBLISH', 'CHANNEL', ''],
];

/** What BullMQ's scripts do beside that. */
const OF_WORKERS = [
  ['INCR', 'KEY'],
  ['GET', 'KEY'],
  ['PTTL', 'KEY'],
  ['TYPE', 'KEY'],
  ['UNLINK', 'KEY'],
  ['HMSET', 'KEY', 'f', '1'],
  ['HMGET', 'KEY', 'f'],
  ['HINCRBY', 'KEY', 'f', '1'],
  ['HDEL', 'KEY', 'f'],
  ['DEL', 'KEY'],
  ['LPUSH', 'KEY', '1'],
  ['LPOS', 'KEY', '1'],
  ['RPOPLPUSH', 'KEY', 'KEY'],
  ['LTRIM', 'KEY', '0', '5'],
  ['LREM', 'KEY', '1', '1'],
  ['DEL', 'KEY'],
  ['SADD', 'KEY', '1'],
  ['SMEMBERS', 'KEY'],
  ['SREM', 'KEY', '1'],
  ['DEL', 'KEY'],
  ['ZADD', 'KEY', '1', 'm'],
  ['ZSCORE', 'KEY', 'm'],
  ['ZCOUNT', 'KEY', '-inf', '+inf'],
  ['ZPOPMIN', 'KEY'],
  ['ZREMRANGEBYSCORE', 'KEY', '0', '1'],
  ['DEL', 'KEY'],
  ['XADD', 'KEY', '*', 'f', '1'],
  ['XTRIM', 'KEY', 'MAXLEN', '1'],
  ['DEL', 'KEY'],
];

const PROBE = `
local refused = {}
for _, line in ipairs(cjson.decode(ARGV[2])) do
  for i, word in ipairs(line) do line[i] = word == 'KEY' and KEYS[1] or word == 'CHANNEL' and ARGV[1] or word end
  local said = redis.pcall(unpack(line))
  if type(said) == 'table' and said.err then refused[#refused + 1] = {line[1], said.err} end
end
return refused
`;

/** What is refused to the user of a connection of what every command needs. Errors: those of a store that is away. */
export async function refusalsOf(connection: StoreConnection, address: StoreAddress): Promise<Refusal[]> {
  const { redis } = connection;
  const { key, channel, refused, tried, triedInScript } = probe(connection, address);
  await triedInScript(OF_ALL);
  await tried('MEMORY USAGE', () => redis.memory('USAGE', key));
  const heard = redis.duplicate({ lazyConnect: true, retryStrategy: () => null });
  heard.on('error', () => {});
  await tried('SUBSCRIBE', () => heard.subscribe(channel));
  heard.disconnect();
  return refused;
}

/** What is refused of what workers need beside that. Errors: as there. */
export async function workersRefusalsOf(
  connection: StoreConnection,
  address: StoreAddress,
): Promise<Refusal[]> {
  const { redis } = connection;
  const { key, refused, tried, triedInScript } = probe(connection, address);
  await triedInScript(OF_WORKERS);
  const hash = '0'.repeat(40);
  // There is no such script, which is another answer than that it may not be run.
  const run = async () => redis.evalsha(hash, 1, key).catch((error: Error) => unlessUnknown(error));
  await tried('EVALSHA', run);
  await tried('BZPOPMIN', () => redis.bzpopmin(key, 0.01));
  await tried('BLMOVE', () => redis.blmove(key, key, 'LEFT', 'LEFT', 0.01));
  await tried('LPOP', () => redis.lpop(key, 1));
  await tried('CLIENT SETNAME', () => redis.client('SETNAME', 'mcp2cli'));
  return refused;
}

/** Ways to try a command, and what was refused so far. */
function probe({ redis, ask }: StoreConnection, { prefix, name }: StoreAddress) {
  const key = `${prefix}{${name}}:doctor`;
  const channel = `${prefix}{${name}}:changes:doctor`;
  const refused: Refusal[] = [];
  const tried = async (what: string, work: () => Promise<unknown>) => {
    try {
      await ask(work);
    } catch (error) {
      if (error instanceof UnreachableError) throw error;
      refused.push({ what, why: ((error as Error).cause as Error | undefined)?.message ?? String(error) });
    }
  };
  const triedInScript = (lines: readonly string[][]) =>
    tried('EVAL', async () => {
      const said = (await redis.eval(PROBE, 1, key, channel, JSON.stringify(lines))) as [string, string][];
      for (const [what, why] of said) refused.push({ what, why: why.replace(/,? script: .*$/s, '') });
    });
  return { key, channel, refused, tried, triedInScript };
}

function unlessUnknown(error: Error): void {
  if (!error.message.startsWith('NOSCRIPT')) throw error;
}

/** The rights that the user of an address needs, as ACL SETUSER takes them. */
export function neededRights(prefix: string): string {
  return `~${prefix}* &${prefix}* +@all -@admin -@dangerous +info`;
}

/** Refuses to work where something is refused that workers need: delivery would try it for ever. Error: AuthError. */
export async function checkWorkersRights(connection: StoreConnection, address: StoreAddress): Promise<void> {
  const refused = [
    ...(await refusalsOf(connection, address)),
    ...(await workersRefusalsOf(connection, address)),
  ];
  if (refused.length === 0) return;
  const { shown, prefix } = address;
  throw new AuthError(
    `${userOf(address)} of the store ${shown} may not do what a worker needs: ${inOneLine(refused)}`,
    { hint: `what it needs: ${neededRights(prefix)}` },
  );
}

export function userOf({ username }: StoreAddress): string {
  return username === undefined ? 'the default user' : `the user ${username}`;
}

/** The commands that were refused, and why the first of them was. */
export function inOneLine(refused: readonly Refusal[]): string {
  return `${[...new Set(refused.map(({ what }) => what))].join(', ')} (${refused[0]?.why})`;
}
