#!lua flags=allow-oom
-- Say that an owner is alive, and keep what it has taken.
--
-- KEYS     run, chunks, leases, workers
-- ARGV[1]  owner   ARGV[2] what it says of itself   ARGV[3…] pairs: a chunk, and its fence
--
-- Returns {state, chunks that were taken from it …}.

local run, chunks, leases, workers = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local reply = { redis.call('HGET', run, 'state') or 'gone' }
if reply[1] == 'gone' then return reply end
for i = 3, #ARGV, 2 do
  if redis.call('HGET', leases, ARGV[i]) == ARGV[i + 1] .. ' ' .. ARGV[1] then
    redis.call('XCLAIM', chunks, 'workers', ARGV[1], 0, ARGV[i], 'JUSTID')
  else
    reply[#reply + 1] = ARGV[i]
  end
end
local time = redis.call('TIME')
redis.call('HSET', workers, ARGV[1], time[1] .. ' ' .. ARGV[2])
return reply
