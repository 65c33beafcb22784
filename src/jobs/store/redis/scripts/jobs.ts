/**
 * What is decided in Redis itself, so that it is decided once: each script is one step, whoever runs it, and running it twice does no more than
 * running it once (a connection that breaks leaves open whether it ran, and it is sent again).
 *
 * KEYS are always the same: 1 ids, 2 glance, 3 ends, 4 the job, or what its key begins with. A job is a hash whose values are JSON;
 * `glance` has a copy of each without its result and plan, put together as text: numbers of any size pass through untouched.
 */
import { COMMON } from './common.ts';

/**
 * ARGV: 1 the record, 2 the random digits of its id, 3 the digits of base 32, 4 and 5 the holder's lease and its milliseconds (0: none), 6 what
 * a channel begins with, 7 the schema, 8 the plan of a workflow, or empty; of a call for workers 9 their target, 10 the call, 11 how often it may
 * be sent, otherwise 9 is empty; of the job of a workflow's step 12 its id, 13 the workflow, 14 its round, 15 the token of the claim whose worker
 * drives it. Such a job is made once, and by nobody whom another one has taken the workflow over from: then there is no id. Returns the id, the time, and how many workers of the target live. KEYS[4] is what the keys of jobs begin with.
 * An id sorts after all there are.
 */
const CREATE = `${COMMON}
local token = KEYS[4] .. 'token:' .. ARGV[2]
local done = redis.call('GET', token)
local at = now()
local queued = ARGV[9] ~= '' and keysOf(ARGV[9])
local alive = queued and redis.call('ZCOUNT', queued .. 'workers', whole(at), '+inf') or 0
local given = ARGV[12] or ''
if given ~= '' then
  local step, workflow = KEYS[4] .. given, KEYS[4] .. ARGV[13]
  if redis.call('HEXISTS', step, 'job') == 1 then return {given, redis.call('HGET', step, 'created'), alive} end
  local sent = redis.call('HGET', workflow, 'sent')
  local mine = sent and cjson.decode(sent).token == ARGV[15] and redis.call('HEXISTS', workflow, 'end') == 0
  if not mine or (redis.call('HGET', workflow, 'resumed') or '0') ~= ARGV[14] then return {'', '0', alive} end
  redis.call('RPUSH', workflow .. ':jobs', given)
end
if done then return {done, redis.call('HGET', KEYS[4] .. done, 'created'), alive} end
local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local time = at
if last[2] and tonumber(last[2]) >= at then time = tonumber(last[2]) + 1 end
local digits, rest = '', time
for i = 1, 10 do
  local d = rest % 32
  digits = string.sub(ARGV[3], d + 1, d + 1) .. digits
  rest = math.floor(rest / 32)
end
local id = given ~= '' and given or 'job_' .. digits .. ARGV[2]
local prefix = KEYS[4]
KEYS[4] = prefix .. id
redis.call('HSET', KEYS[4], 'v', ARGV[7], 'job', ARGV[1], 'created', whole(at))
if ARGV[8] ~= '' then redis.call('HSET', KEYS[4], 'plan', ARGV[8]) end
if given ~= '' then
  redis.call('HSET', KEYS[4], 'of', '"' .. ARGV[13] .. '"')
else
  redis.call('ZADD', KEYS[1], whole(time), id)
  redis.call('SET', token, id, 'EX', 600)
end
if ARGV[5] ~= '0' then redis.call('SET', ARGV[4], '1', 'PX', ARGV[5]) end
if queued then enqueue(id, ARGV[9], ARGV[10], ARGV[11], whole(at)) end
changed(id, ARGV[6] .. id)
return {id, whole(at), alive}
`;

/** ARGV: 1 id, 2 channel, 3 the fact, 4 the task's id as JSON, 5 and 6 the holder's lease. Returns ok, missing or other. */
const ACCEPT = `${COMMON}
if redis.call('HEXISTS', KEYS[4], 'job') == 0 then return 'missing' end
if redis.call('HEXISTS', KEYS[4], 'end') == 1 then return 'ok' end
local known = redis.call('HGET', KEYS[4], 'task_id')
if known then return known == ARGV[4] and 'ok' or 'other' end
redis.call('HSET', KEYS[4], 'task', ARGV[3], 'task_id', ARGV[4], 'accepted', whole(now()))
if ARGV[6] ~= '0' then redis.call('SET', ARGV[5], '1', 'PX', ARGV[6]) end
changed(ARGV[1], ARGV[2])
tellDriver(ARGV[1])
return 'ok'
`;

/** ARGV: 1 id, 2 channel, 3 whether a status was seen, then fields and values. */
const OBSERVE = `${COMMON}
if redis.call('HEXISTS', KEYS[4], 'job') == 0 then return 'missing' end
if redis.call('HEXISTS', KEYS[4], 'end') == 1 then return 'ok' end
local at = whole(now())
for i = 4, #ARGV, 2 do redis.call('HSET', KEYS[4], ARGV[i], ARGV[i + 1]) end
redis.call('HSET', KEYS[4], 'updated', at)
if ARGV[3] == '1' then redis.call('HSET', KEYS[4], 'seen_at', at) end
changed(ARGV[1], ARGV[2])
return 'ok'
`;

/**
 * ARGV: 1 id, 2 channel, 3 the end of a call that no worker has begun, 4 milliseconds that it stays. The first request counts. A worker that has
 * the call hears of it.
 */
const CANCEL = `${COMMON}
if redis.call('HEXISTS', KEYS[4], 'job') == 0 then return 'missing' end
if redis.call('HEXISTS', KEYS[4], 'end') == 1 then return 'ok' end
if redis.call('HSETNX', KEYS[4], 'cancel', whole(now())) == 0 then return 'ok' end
local sent = redis.call('HGET', KEYS[4], 'sent')
if queueOf() ~= '' and not sent then
  finish(ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]))
  return 'ok'
end
changed(ARGV[1], ARGV[2])
if sent then redis.call('PUBLISH', string.sub(KEYS[1], 1, -4) .. 'mail:' .. cjson.decode(sent).worker, ARGV[1]) end
return 'ok'
`;

/**
 * ARGV: 1 id, 2 channel, 3 the end, 4 the result, 5 how: none, inline, or parts (then 4 is the name of a list, JSON), 6 milliseconds that it
 * stays (0: for good), 7 the round, or empty, 8 a last line of the log as JSON, or empty, 9 the most lines, 10 what the last of so many says. The
 * first end counts: returns won and its hash (without the result), kept where it is this end that the script has written before, late, or earlier for the end of a round that is not the present one.
 */
const FINISH = `${COMMON}
if redis.call('HEXISTS', KEYS[4], 'job') == 0 then return 'missing' end
local ended = redis.call('HEXISTS', KEYS[4], 'end') == 1
-- An end that is sent again after a broken connection has its line there already.
local known = ended and redis.call('LINDEX', KEYS[4] .. ':log', -1)
if known and string.sub(known, -#ARGV[8] - 2) == ',' .. ARGV[8] .. ']' then ARGV[8] = '' end
if ARGV[8] ~= '' then addLine(ARGV[8], tonumber(ARGV[9]), ARGV[10]) end
if ended then
  return {ARGV[5] == 'parts' and redis.call('HGET', KEYS[4], 'parts') == ARGV[4] and 'kept' or 'late'}
end
if ARGV[7] ~= '' and ARGV[7] ~= (redis.call('HGET', KEYS[4], 'resumed') or '0') then return {'earlier'} end
if ARGV[5] == 'parts' then redis.call('HSET', KEYS[4], 'parts', ARGV[4]) end
-- Before the end: of a script that a power failure has cut, half may come back.
if ARGV[5] == 'inline' then redis.call('HSET', KEYS[4], 'result', ARGV[4]) end
local all = finish(ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[6]))
for i = #all - 1, 1, -2 do
  if all[i] == 'result' then all[i + 1] = 'null' end
end
return {'won', all}
`;

/** ARGV: 1 id, 2 channel, 3 the round, 4 the plan that it goes by. Returns ok, missing or superseded. */
const PLAN = `${COMMON}
if redis.call('HEXISTS', KEYS[4], 'job') == 0 then return 'missing' end
if ARGV[3] ~= (redis.call('HGET', KEYS[4], 'resumed') or '0') then return 'superseded' end
redis.call('HSET', KEYS[4], 'plan', ARGV[4])
return 'ok'
`;

/** ARGV: 1 id, 2 channel, 3 the round, 4 a fact about a step. Returns ok, missing or superseded. */
const STEP = `${COMMON}
if redis.call('HEXISTS', KEYS[4], 'job') == 0 then return 'missing' end
if ARGV[3] ~= (redis.call('HGET', KEYS[4], 'resumed') or '0') then return 'superseded' end
redis.call('RPUSH', KEYS[4] .. ':steps', ARGV[4])
local left = redis.call('PTTL', KEYS[4])
if left > 0 then redis.call('PEXPIRE', KEYS[4] .. ':steps', left) end
redis.call('PUBLISH', ARGV[2], ARGV[1])
return 'ok'
`;

/**
 * ARGV: 1 id, 2 channel, 3 the round that has ended, 4 the new holder, 5 and 6 its lease, 7 the lease of the holder that is gone, or empty, 8 a claim like no
 * other, JSON, of a workflow for workers 9 its target, 10 its call. Of several
 * at once the first wins: returns ok, missing or busy.
 */
const RESUME = `${COMMON}
if redis.call('HEXISTS', KEYS[4], 'job') == 0 then return 'missing' end
if redis.call('HGET', KEYS[4], 'claim') == ARGV[8] then return 'ok' end
if ARGV[3] ~= (redis.call('HGET', KEYS[4], 'resumed') or '0') then return 'busy' end
if redis.call('HEXISTS', KEYS[4], 'end') == 0 and (ARGV[7] == '' or redis.call('EXISTS', ARGV[7]) == 1) then return 'busy' end
local parts = redis.call('HGET', KEYS[4], 'parts')
if parts then redis.call('DEL', KEYS[4] .. ':result:' .. string.sub(parts, 2, -2)) end
for _, field in ipairs(redis.call('HKEYS', KEYS[4])) do
  if string.sub(field, 1, 5) == 'seen_' then redis.call('HDEL', KEYS[4], field) end
end
redis.call('DEL', KEYS[4] .. ':answers')
redis.call('HDEL', KEYS[4], 'end', 'ended', 'result', 'parts', 'task', 'task_id', 'accepted', 'cancel', 'sent')
redis.call('HSET', KEYS[4], 'resumed', whole(tonumber(ARGV[3]) + 1), 'holder', ARGV[4], 'claim', ARGV[8],
  'updated', whole(now()))
if ARGV[6] ~= '0' then redis.call('SET', ARGV[5], '1', 'PX', ARGV[6]) end
if ARGV[9] then enqueue(ARGV[1], ARGV[9], ARGV[10], '1', whole(now())) end
redis.call('ZREM', KEYS[3], ARGV[1])
follow(KEYS[4], 0)
changed(ARGV[1], ARGV[2])
return 'ok'
`;

/** ARGV: 1 id, 2 channel, 3 a line as JSON, 4 the most lines, 5 the last line. Written to a job that is there. */
const LOG = `${COMMON}
if redis.call('HEXISTS', KEYS[4], 'job') == 0 then return 'missing' end
if addLine(ARGV[3], tonumber(ARGV[4]), ARGV[5]) == 'full' then return 'full' end
redis.call('PUBLISH', ARGV[2], ARGV[1])
return 'ok'
`;

/** ARGV: 1 id, 2 channel, 3 the number of a call that the run makes, 4 what is known of it, 5 the most calls. The later one of a number counts. */
const CALL = `${COMMON}
if redis.call('HEXISTS', KEYS[4], 'job') == 0 then return 'missing' end
local calls = KEYS[4] .. ':calls'
if redis.call('HEXISTS', calls, ARGV[3]) == 0 and redis.call('HLEN', calls) >= tonumber(ARGV[5]) then return 'full' end
redis.call('HSET', calls, ARGV[3], ARGV[4])
redis.call('HSET', KEYS[4], 'calls', '1')
local left = redis.call('PTTL', KEYS[4])
if left > 0 then redis.call('PEXPIRE', calls, left) end
redis.call('PUBLISH', ARGV[2], ARGV[1])
return 'ok'
`;

/** ARGV: 1 id, 2 channel, 3 the lease of a holder that is gone, or empty. Returns 1 when it was there, and had ended. */
const REMOVE = `${COMMON}
if redis.call('HEXISTS', KEYS[4], 'job') == 0 then return 0 end
if redis.call('HEXISTS', KEYS[4], 'end') == 0 then
  if ARGV[3] == '' or redis.call('EXISTS', ARGV[3]) == 1 then return 0 end
end
local parts = redis.call('HGET', KEYS[4], 'parts')
if parts then redis.call('DEL', KEYS[4] .. ':result:' .. string.sub(parts, 2, -2)) end
for _, step in ipairs(redis.call('LRANGE', KEYS[4] .. ':jobs', 0, -1)) do
  local key = string.sub(KEYS[1], 1, -4) .. 'job:' .. step
  local large = redis.call('HGET', key, 'parts')
  if large then redis.call('DEL', key .. ':result:' .. string.sub(large, 2, -2)) end
  redis.call('DEL', key, key .. ':log', key .. ':calls', key .. ':answers')
end
redis.call('DEL', KEYS[4], KEYS[4] .. ':log', KEYS[4] .. ':steps', KEYS[4] .. ':jobs', KEYS[4] .. ':calls', KEYS[4] .. ':answers')
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('PUBLISH', ARGV[2], ARGV[1])
return 1
`;

/**
 * ARGV: 1 id, 2 channel, 3 the time that the id has, 4 milliseconds that it stays (0: for good), 5 the name of the list that has the result, JSON,
 * or empty; then, each with the number of its texts before it: fields and values of the hash, lines of the log, facts about steps, numbers and texts
 * of calls, ids of the jobs of steps. Returns copied, or there for an id that is taken.
 */
const COPY = `${COMMON}
if redis.call('EXISTS', KEYS[4]) == 1 then
  return ARGV[5] ~= '' and redis.call('HGET', KEYS[4], 'parts') == ARGV[5] and 'copied' or 'there'
end
local at = 6
local function each(size, write)
  local last = at + tonumber(ARGV[at])
  for i = at + 1, last, size do write(ARGV[i], ARGV[i + 1]) end
  at = last + 1
end
each(2, function(field, value) redis.call('HSET', KEYS[4], field, value) end)
each(1, function(line) redis.call('RPUSH', KEYS[4] .. ':log', line) end)
each(1, function(fact) redis.call('RPUSH', KEYS[4] .. ':steps', fact) end)
each(2, function(id, call) redis.call('HSET', KEYS[4] .. ':calls', id, call) end)
each(1, function(id) redis.call('RPUSH', KEYS[4] .. ':jobs', id) end)
local stays = tonumber(ARGV[4])
-- The job of a step is in no list.
if redis.call('HEXISTS', KEYS[4], 'of') == 0 then
  redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
  if stays > 0 then redis.call('ZADD', KEYS[3], whole(now() + stays), ARGV[1]) end
end
follow(KEYS[4], stays)
changed(ARGV[1], ARGV[2])
return 'copied'
`;

/** Takes jobs off the lists whose time is over, at most ARGV[1] of them. Returns how many. */
const SWEEP = `${COMMON}
local over = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', whole(now()), 'LIMIT', 0, ARGV[1])
for _, id in ipairs(over) do
  redis.call('ZREM', KEYS[1], id)
  redis.call('HDEL', KEYS[2], id)
  redis.call('ZREM', KEYS[3], id)
end
return #over
`;

/** ARGV: 1 the revision that was read, 2 the next, 3 the text. KEYS[4] are the definitions. Returns 1, or 0 where there is another revision. */
const DEFINE = `
local at, text = unpack(redis.call('HMGET', KEYS[4], 'revision', 'text'))
if at == ARGV[2] and text == ARGV[3] then return 1 end
if (at or '0') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[4], 'revision', ARGV[2], 'text', ARGV[3])
return 1
`;

/** The scripts by name; each has four keys. */
export const SCRIPTS = {
  jobCreate: CREATE,
  jobAccept: ACCEPT,
  jobObserve: OBSERVE,
  jobCancel: CANCEL,
  jobFinish: FINISH,
  jobPlan: PLAN,
  jobStep: STEP,
  jobResume: RESUME,
  jobLog: LOG,
  jobCall: CALL,
  jobRemove: REMOVE,
  jobCopy: COPY,
  jobSweep: SWEEP,
  define: DEFINE,
} as const;
