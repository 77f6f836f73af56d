#!lua flags=allow-oom
-- Drop results that are on the collector's disk.
--
-- KEYS     run, results, collector
-- ARGV[1]  who collects   ARGV[2] ms it stays the collector
-- ARGV[3]  the last entry collected   ARGV[4] the first that is not   ARGV[5] bytes of results dropped; 0: none
-- ARGV[6]  the log's name   ARGV[7] the last entry collected before these
--
-- The role ends where Redis was away for longer than it lasts. It is taken again, if nobody has collected meanwhile.
--
-- Returns {'ok' or 'other', state}.

local run, results, collector = KEYS[1], KEYS[2], KEYS[3]
local who = redis.call('GET', collector)
local state = redis.call('HGET', run, 'state') or 'gone'
local before = redis.call('HGET', run, 'collected') or '0-0'
if who ~= ARGV[1] and (who or (before ~= ARGV[7] and before ~= ARGV[3])) then return { 'other', state } end
redis.call('SET', collector, ARGV[1], 'PX', ARGV[2])
local function is_after(id, other)
  local ms, number = string.match(id, '^(%d+)-(%d+)$')
  local other_ms, other_number = string.match(other, '^(%d+)-(%d+)$')
  if ms ~= other_ms then return tonumber(ms) > tonumber(other_ms) end
  return tonumber(number) > tonumber(other_number)
end

if ARGV[5] ~= '0' and state ~= 'gone' and is_after(ARGV[3], before) then
  redis.call('XTRIM', results, 'MINID', ARGV[4])
  redis.call('HSET', run, 'collected', ARGV[3], 'log', ARGV[6])
  redis.call('HINCRBY', run, 'result_bytes', -ARGV[5])
end
return { 'ok', state }
