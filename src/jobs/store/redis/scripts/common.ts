/** What the scripts have in common: milliseconds since 1970 by Redis' clock, telling of a change, waiting for a worker, and an end. Keys are those of jobs.ts. */
export const COMMON = `
local function now()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end
--- Returns what the job's hash has, names and values in turn.
local function changed(id, channel)
  local all = redis.call('HGETALL', KEYS[4])
  local parts = {}
  for i = 1, #all, 2 do
    if all[i] ~= 'result' and all[i] ~= 'plan' and all[i] ~= 'call' then parts[#parts + 1] = '"' .. all[i] .. '":' .. all[i + 1] end
  end
  -- The job of a step is in no list: whoever wants it comes by the workflow.
  if redis.call('HEXISTS', KEYS[4], 'of') == 0 then redis.call('HSET', KEYS[2], id, '{' .. table.concat(parts, ',') .. '}') end
  redis.call('PUBLISH', channel, id)
  return all
end
local function whole(ms) return string.format('%.0f', ms) end
--- A job and what belongs to it stay for so many milliseconds, or for good.
local function follow(key, ms)
  for _, one in ipairs({key, key .. ':log', key .. ':steps', key .. ':jobs', key .. ':calls', key .. ':answers', key .. ':result:' .. string.sub(redis.call('HGET', key, 'parts') or '--', 2, -2)}) do
    if ms > 0 then redis.call('PEXPIRE', one, whole(ms)) else redis.call('PERSIST', one) end
  end
end
--- What the keys begin with of the calls that wait for workers of a target.
local function keysOf(target) return string.sub(KEYS[1], 1, -4) .. 'queue:' .. target .. ':' end
--- A job, with its call, waits for a worker of the target.
local function enqueue(id, target, call, attempts, stamp)
  local queued = keysOf(target)
  redis.call('HSET', KEYS[4], 'queue', '"' .. target .. '"', 'call', call, 'attempts', attempts)
  redis.call('ZADD', queued .. 'waiting', stamp, id)
  redis.call('RPUSH', queued .. 'inbox', id)
  redis.call('SADD', string.sub(KEYS[1], 1, -4) .. 'queues', target)
end
local function queueOf() return string.sub(redis.call('HGET', KEYS[4], 'queue') or '""', 2, -2) end
--- Tells the worker that drives a workflow of one of its steps.
local function tellDriver(id)
  local of = redis.call('HGET', KEYS[4], 'of')
  local all = string.sub(KEYS[1], 1, -4)
  local sent = of and redis.call('HGET', all .. 'job:' .. string.sub(of, 2, -2), 'sent')
  if sent then redis.call('PUBLISH', all .. 'mail:' .. cjson.decode(sent).worker, 'step ' .. id) end
end
--- A line, as JSON, goes to a log that has so many at most; what the last one says is given, too.
local function addLine(line, most, last)
  local log = KEYS[4] .. ':log'
  local lines = redis.call('LLEN', log)
  if lines >= most then return 'full' end
  if lines + 1 == most then line = last end
  redis.call('RPUSH', log, '[' .. whole(now()) .. ',' .. line .. ']')
  local left = redis.call('PTTL', KEYS[4])
  if left > 0 then redis.call('PEXPIRE', log, left) end
  return 'ok'
end
--- The job ends with this fact, now, whatever time it says; the parts of its result are written already. Returns its hash.
local function finish(id, channel, fact, stays)
  redis.call('HSET', KEYS[4], 'end', fact, 'ended', whole(now()))
  redis.call('HDEL', KEYS[4], 'call')
  -- What nobody has taken nobody needs any more.
  local left = redis.call('HGETALL', KEYS[4] .. ':answers')
  for i = 1, #left, 2 do
    if string.find(left[i + 1], '^{"token":"[^"]*","answer":') then redis.call('HDEL', KEYS[4] .. ':answers', left[i]) end
  end
  local queue = queueOf()
  if queue ~= '' then
    redis.call('ZREM', keysOf(queue) .. 'waiting', id)
    redis.call('ZREM', keysOf(queue) .. 'running', id)
  end
  local prefix = string.sub(KEYS[1], 1, -4) .. 'job:'
  local of = redis.call('HGET', KEYS[4], 'of')
  if of then
    -- What has become of a step is there for as long as its workflow may ask.
    if redis.call('HEXISTS', prefix .. string.sub(of, 2, -2), 'end') == 0 then stays = 0 end
  elseif stays > 0 then
    redis.call('ZADD', KEYS[3], whole(now() + stays), id)
  end
  follow(KEYS[4], stays)
  for _, step in ipairs(redis.call('LRANGE', KEYS[4] .. ':jobs', 0, -1)) do
    if redis.call('HEXISTS', prefix .. step, 'end') == 1 then follow(prefix .. step, stays) end
  end
  local all = changed(id, channel)
  tellDriver(id)
  return all
end
`;
