/**
 * What is decided in Redis about calls for workers: who may send one, and what becomes of one whose worker is gone. As in jobs.ts each is one
 * step, and has the same keys. A job's `sent` says who may send its call: {attempt, worker, token}; a claim has a token of its own, so that
 * a script which is sent again after a broken connection is the same claim.
 */
import { COMMON } from './common.ts';

/** How long a reader leaves a job to other workers after its own has gone, in milliseconds, before it may write that the job is lost. */
const READER_WAITS_MS = 60_000;

/** How long something is known of a worker that is gone, in milliseconds. */
const REMEMBERED_MS = 3_600_000;

/**
 * Decides about one delivery of a job; whoever delivers may do so any number of times. ARGV: 1 id, 2 channel, 3 the worker, or empty for a reader,
 * who begins nothing, 4 the token, 5 the worker's facts as a holder, 6 milliseconds that its lease lasts, 7 the end of a job that is lost, 8 of one
 * that was cancelled before it was sent, 9 milliseconds that an ended job stays, 10 the worker's lease as a holder. Returns what is to be done,
 * the number of the attempt, when the lease of the worker ended that had it, and for send and drive the job's hash: drop (it has ended, or is none), wait (another worker has it),
 * send, drive (the server has made a task of it, or it is a workflow, whose steps are on record), lost, canceled (both are written).
 */
const CLAIM = `${COMMON}
local job, id, channel, me = KEYS[4], ARGV[1], ARGV[2], ARGV[3]
if redis.call('HEXISTS', job, 'job') == 0 or redis.call('HEXISTS', job, 'end') == 1 then return {'drop', 0, ''} end
local queue = queueOf()
if queue == '' then return {'drop', 0, ''} end
local queued = keysOf(queue)
local at = now()
local attempts = tonumber(redis.call('HGET', job, 'attempts') or '1')
local sent = redis.call('HGET', job, 'sent')
local task = redis.call('HGET', job, 'task')
local cancel = redis.call('HEXISTS', job, 'cancel') == 1
local attempt = 1
local doing = 'send'
local dies
local gone = ''
if sent then
  sent = cjson.decode(sent)
  attempt = sent.attempt
  if me ~= '' and sent.token == ARGV[4] then return {task and 'drive' or 'send', attempt, '', redis.call('HGETALL', job)} end
  if sent.worker ~= me then
    local lease = tonumber(redis.call('ZSCORE', queued .. 'workers', sent.worker) or '0')
    if lease > at then return {'wait', attempt, ''} end
    gone = whole(lease)
    if me == '' then
      if at - lease < ${READER_WAITS_MS} then return {'wait', attempt, gone} end
      if redis.call('ZCOUNT', queued .. 'workers', whole(at), '+inf') > 0 then return {'wait', attempt, gone} end
    end
  end
  -- The child of a worker has gone with it, and its tasks with the child.
  dies = task and cjson.decode(task).holder
  if (task and not dies) or redis.call('HEXISTS', job, 'plan') == 1 then
    doing = 'drive'
  elseif attempt >= attempts or cancel then
    finish(id, channel, ARGV[7], tonumber(ARGV[9]))
    return {'lost', attempt, gone}
  else
    attempt = attempt + 1
  end
end
if me == '' then return {'wait', attempt, gone} end
-- A store that lost power may bring a submission back that it had forgotten, and that was made again: the later one is sent.
local made = redis.call('GET', string.sub(KEYS[1], 1, -4) .. 'job:token:' .. string.sub(id, 15))
if not sent and (cancel or (made and made ~= id)) then
  finish(id, channel, ARGV[8], tonumber(ARGV[9]))
  return {'canceled', attempt, gone}
end
if dies then redis.call('HDEL', job, 'task', 'task_id', 'accepted') end
local stamp = whole(at)
redis.call('HSET', job, 'sent', cjson.encode({attempt = attempt, worker = me, token = ARGV[4]}), 'holder', ARGV[5], 'updated', stamp)
redis.call('ZADD', queued .. 'workers', whole(at + tonumber(ARGV[6])), me)
redis.call('SET', ARGV[10], '1', 'PX', ARGV[6])
redis.call('ZREM', queued .. 'waiting', id)
redis.call('ZADD', queued .. 'running', stamp, id)
if doing == 'send' then
  redis.call('HSET', job, 'seen_status', '"running"', 'seen_attempt', attempt, 'seen_at', stamp)
  redis.call('RPUSH', job .. ':log', '[' .. stamp .. ',"attempt ' .. attempt .. ' of ' .. attempts .. '"]')
end
return {doing, attempt, gone, changed(id, channel)}
`;

/** Goes on only where the job is still that of the claim whose token is ARGV[3]. */
const OWN_CLAIM = `
local job = KEYS[4]
local sent = redis.call('HGET', job, 'sent')
if not sent or redis.call('HEXISTS', job, 'end') == 1 then return 'taken' end
sent = cjson.decode(sent)
if sent.token ~= ARGV[3] then return 'taken' end`;

/**
 * The worker that has a call goes on with its next attempt. ARGV: 1 id, 2 channel, 3 the token of its claim, 4 the number of the attempt. Returns
 * ok, or taken when the job is not this claim's any more: it has ended, or another worker goes on with it.
 */
const ATTEMPT = `${COMMON}${OWN_CLAIM}
local stamp, number = whole(now()), tonumber(ARGV[4])
if sent.attempt == number then return 'ok' end
sent.attempt = number
redis.call('HSET', job, 'sent', cjson.encode(sent), 'updated', stamp, 'seen_status', '"running"', 'seen_attempt', number, 'seen_at', stamp)
redis.call('RPUSH', job .. ':log', '[' .. stamp .. ',"attempt ' .. number .. ' of ' .. redis.call('HGET', job, 'attempts') .. '"]')
changed(ARGV[1], ARGV[2])
return 'ok'
`;

/** A worker that lives leaves a workflow to others. ARGV: 1 id, 2 channel, 3 the token of its claim. */
const LEAVE = `${COMMON}${OWN_CLAIM}
redis.call('HSET', job, 'sent', cjson.encode({attempt = sent.attempt, worker = '', token = ''}))
redis.call('RPUSH', keysOf(queueOf()) .. 'inbox', ARGV[1])
return 'ok'
`;

/**
 * A worker lives, or leaves. ARGV: 1 target, 2 the worker, 3 milliseconds that its lease lasts (0: it leaves), 4 what there is to know of it, JSON,
 * 5 its lease as a holder.
 */
const BEAT = `${COMMON}
local queued = keysOf(ARGV[1])
local at = now()
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', queued .. 'workers', '-inf', whole(at - ${REMEMBERED_MS}))) do
  redis.call('ZREM', queued .. 'workers', gone)
  redis.call('HDEL', queued .. 'about', gone)
end
redis.call('SADD', string.sub(KEYS[1], 1, -4) .. 'queues', ARGV[1])
if ARGV[3] == '0' then
  redis.call('ZREM', queued .. 'workers', ARGV[2])
  redis.call('HDEL', queued .. 'about', ARGV[2])
  redis.call('DEL', ARGV[5])
else
  redis.call('ZADD', queued .. 'workers', whole(at + tonumber(ARGV[3])), ARGV[2])
  redis.call('HSET', queued .. 'about', ARGV[2], ARGV[4])
  redis.call('SET', ARGV[5], '1', 'PX', ARGV[3])
end
return 'ok'
`;

/**
 * Jobs that should be delivered again: those whose worker is gone, and those that have waited for long, in case nobody has heard of them. One worker
 * looks at a time. ARGV: 1 target, 2 the worker, 3 milliseconds that it alone looks, 4 milliseconds that are long, 5 how many at most, 6 the
 * waiting since which to look. Returns where to go on with those that wait (0: at the beginning), and the ids; nothing where another one looks.
 */
const OVERDUE = `${COMMON}
local queued = keysOf(ARGV[1])
local lock = queued .. 'looks'
local looks = redis.call('GET', lock)
if looks and looks ~= ARGV[2] then return {0} end
redis.call('SET', lock, ARGV[2], 'PX', ARGV[3])
local at = now()
local prefix = string.sub(KEYS[1], 1, -4) .. 'job:'
local most = tonumber(ARGV[5])
local all = {0}
local function isOpen(list, id)
  KEYS[4] = prefix .. id
  local open = redis.call('HEXISTS', KEYS[4], 'job') == 1 and redis.call('HEXISTS', KEYS[4], 'end') == 0
  if not open then redis.call('ZREM', queued .. list, id) end
  return open
end
for _, id in ipairs(redis.call('ZRANGE', queued .. 'running', 0, -1)) do
  if isOpen('running', id) then
    local sent = cjson.decode(redis.call('HGET', KEYS[4], 'sent'))
    local lease = tonumber(redis.call('ZSCORE', queued .. 'workers', sent.worker) or '0')
    if lease <= at and #all <= most then all[#all + 1] = id end
  end
end
local waiting = redis.call('ZRANGEBYSCORE', queued .. 'waiting', ARGV[6], whole(at - tonumber(ARGV[4])), 'WITHSCORES', 'LIMIT', 0, most)
for i = 1, #waiting, 2 do
  if isOpen('waiting', waiting[i]) then all[#all + 1] = waiting[i] end
  if #waiting == most * 2 then all[1] = waiting[i + 1] end
end
return all
`;

export const QUEUE_SCRIPTS = {
  jobClaim: CLAIM,
  jobAttempt: ATTEMPT,
  jobLeave: LEAVE,
  workerBeat: BEAT,
  jobsOverdue: OVERDUE,
} as const;
