#!lua flags=allow-oom
-- Drop what is in the collector's memory by now, and give what comes next.
--
-- KEYS     facts, a stream, collector
-- ARGV[1]  who collects   ARGV[2] ms it stays the collector
-- ARGV[3]  what the stream's bytes are called among the facts
-- ARGV[4]  the last entry that is in the memory; empty: none   ARGV[5] the first that is not   ARGV[6] their bytes
-- ARGV[7]  most entries to give   ARGV[8] bytes after which no more are given
--
-- Returns {'other'}, or {'ok', entries …}, each an id and its fields.

local facts, stream, collector, name = KEYS[1], KEYS[2], KEYS[3], ARGV[3]
local who = redis.call('GET', collector)
if who and who ~= ARGV[1] then return { 'other' } end
redis.call('SET', collector, ARGV[1], 'PX', ARGV[2])  -- again, where Redis was away for longer than that
if ARGV[4] ~= '' and redis.call('HGET', facts, name .. ' collected') ~= ARGV[4] then
  redis.call('XTRIM', stream, 'MINID', ARGV[5])
  redis.call('HINCRBY', facts, name, -ARGV[6])
  redis.call('HSET', facts, name .. ' collected', ARGV[4])
end
if redis.call('XLEN', stream) == 0 then redis.call('HSET', facts, name, 0) end

local reply, bytes, from = { 'ok' }, 0, '-'
while #reply <= tonumber(ARGV[7]) and bytes < tonumber(ARGV[8]) do
  local entry = redis.call('XRANGE', stream, from, '+', 'COUNT', 1)[1]
  if not entry then break end
  reply[#reply + 1] = entry
  for i = 1, #entry[2] do bytes = bytes + #entry[2][i] end
  from = '(' .. entry[1]
end
return reply
