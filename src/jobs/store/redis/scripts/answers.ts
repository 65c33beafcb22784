/**
 * Answers that machines leave for whoever holds a job, in a hash of the job's; as in jobs.ts each script is one step, and has the same keys. A field is
 * a question, its value JSON: {token, answer}, once it is settled {token, state, message}; members in this order.
 */
import { COMMON } from './common.ts';

/**
 * ARGV: 1 id, 2 channel, 3 the question, 4 the token, 5 the value. Whoever holds the job hears of it. Returns given, also to whoever gave that answer
 * before; answered, ended or missing.
 */
const GIVE = `${COMMON}
if redis.call('HEXISTS', KEYS[4], 'job') == 0 then return 'missing' end
local known = redis.call('HGET', KEYS[4] .. ':answers', ARGV[3])
if known and string.match(known, '^{"token":"([^"]*)"') == ARGV[4] then return 'given' end
if redis.call('HEXISTS', KEYS[4], 'end') == 1 then return 'ended' end
if known and not string.find(known, '^{"token":"[^"]*","state":"refused"') then return 'answered' end
redis.call('HSET', KEYS[4] .. ':answers', ARGV[3], ARGV[5])
redis.call('PUBLISH', ARGV[2], ARGV[1])
local sent = redis.call('HGET', KEYS[4], 'sent')
if sent then redis.call('PUBLISH', string.sub(KEYS[1], 1, -4) .. 'mail:' .. cjson.decode(sent).worker, ARGV[1]) end
return 'given'
`;

/** ARGV: 1 id, 2 channel, 3 the question, 4 what has become of its answer, 5 why, JSON. Whoever left it hears of it. */
const SETTLE = `${COMMON}
local known = redis.call('HGET', KEYS[4] .. ':answers', ARGV[3])
if not known then return 'none' end
local token = string.match(known, '^{"token":"[^"]*"')
redis.call('HSET', KEYS[4] .. ':answers', ARGV[3], token .. ',"state":"' .. ARGV[4] .. '","message":' .. ARGV[5] .. '}')
redis.call('PUBLISH', ARGV[2], ARGV[1])
return 'ok'
`;

export const ANSWER_SCRIPTS = { answerGive: GIVE, answerSettle: SETTLE } as const;
