#!lua flags=allow-oom
-- Note what happened to rows of a chunk: intents and results at once. Refused to whom the chunk was taken from.
-- What was sent must not be lost for want of memory: it is written even beyond maxmemory.
--
-- KEYS     run, chunks, leases, books, requests, results
-- ARGV[1]  owner   ARGV[2] request   ARGV[3] chunk   ARGV[4] fence
-- ARGV[5]  what becomes of the chunk: 'keep', 'done' (all its rows are settled) or 'return' (to be taken by others)
-- ARGV[6]  the first changed row, from 1   ARGV[7] the bytes of the rows from there on; empty: none
-- ARGV[8]  results, encoded; empty: none
-- ARGV[9]  rows that were reopened: 'first last reason'; empty: none
-- ARGV[10…] pairs: a code, and how many more rows have it
--
-- Returns {'ok' or 'lost', state}.

local run, chunks, leases, books, requests, results = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local owner, request, chunk, fence = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

local state = redis.call('HGET', run, 'state') or 'gone'
local last = string.match(redis.call('HGET', requests, owner) or '0', '^%d+')
if tonumber(request) <= tonumber(last) then return { 'ok', state } end -- had before, or late and given up
if redis.call('HGET', leases, chunk) ~= fence .. ' ' .. owner then return { 'lost', state } end

redis.call('HSET', requests, owner, request)
if ARGV[7] ~= '' then redis.call('SETRANGE', books, ARGV[6] - 1, ARGV[7]) end
for i = 10, #ARGV, 2 do redis.call('HINCRBY', run, 'code:' .. ARGV[i], ARGV[i + 1]) end
if ARGV[8] ~= '' then
  redis.call('XADD', results, '*', 'results', ARGV[8])
  redis.call('HINCRBY', run, 'result_bytes', #ARGV[8])
end
if ARGV[9] ~= '' then
  redis.call('XADD', results, '*', 'reopened', ARGV[9])
  redis.call('HINCRBY', run, 'result_bytes', #ARGV[9])
end
if ARGV[5] == 'done' then
  local entry = redis.call('XRANGE', chunks, chunk, chunk)[1]
  local size = 0
  for i = 1, #entry[2], 2 do
    if entry[2][i] == 'data' then size = #entry[2][i + 1] end
  end
  redis.call('XACK', chunks, 'workers', chunk)
  redis.call('XDEL', chunks, chunk)
  redis.call('HDEL', leases, chunk)
  redis.call('HINCRBY', run, 'queued_bytes', -size)
  local done = redis.call('HINCRBY', run, 'done', 1)
  local load = redis.call('HMGET', run, 'loading', 'chunks')
  if load[1] == '0' and done == tonumber(load[2]) and (state == 'active' or state == 'paused') then
    redis.call('HSET', run, 'state', 'finished')
    state = 'finished'
  end
elseif ARGV[5] == 'return' then
  redis.call('XCLAIM', chunks, 'workers', owner, 0, chunk, 'IDLE', 2147483647, 'JUSTID')
  redis.call('HDEL', leases, chunk)
end
return { 'ok', state }
