#!lua
-- Put the next chunk into the queue. One that is there already, by an earlier try, is not put in again.
--
-- KEYS     run, chunks, books, loader
-- ARGV[1]  who loads   ARGV[2] ms it stays the loader   ARGV[3] most bytes of the queue
-- ARGV[4]  the chunk's number, from 1   ARGV[5] first row   ARGV[6] last row   ARGV[7] data; none: all are there
--
-- Returns {'ok', 'full', 'other', or 'behind' where chunks before this one are lost, state}.

local run, chunks, books, loader = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local who = redis.call('GET', loader)
local facts = redis.call('HMGET', run, 'state', 'chunks', 'done', 'queued_bytes')
local state = facts[1] or 'gone'
if who and who ~= ARGV[1] then return { 'other', state } end
redis.call('SET', loader, ARGV[1], 'PX', ARGV[2])
if state == 'gone' or state == 'cancelled' then return { 'ok', state } end

local count = tonumber(facts[2])
if tonumber(ARGV[4]) > count + 1 then return { 'behind', state } end
if not ARGV[5] then
  redis.call('HSET', run, 'loading', 0)
  redis.call('DEL', loader)
  if tonumber(facts[3]) == count and (state == 'active' or state == 'paused') then
    redis.call('HSET', run, 'state', 'finished')
    state = 'finished'
  end
  return { 'ok', state }
end
if tonumber(ARGV[4]) <= count then return { 'ok', state } end
local queued = tonumber(facts[4])
if queued > 0 and queued + #ARGV[7] > tonumber(ARGV[3]) then return { 'full', state } end
if redis.call('STRLEN', books) < tonumber(ARGV[6]) then
  redis.call('SETRANGE', books, ARGV[6] - 1, '\0')
end
redis.call('XADD', chunks, ARGV[4] .. '-0', 'first', ARGV[5], 'last', ARGV[6], 'data', ARGV[7])
redis.call('HSET', run, 'chunks', ARGV[4])
redis.call('HINCRBY', run, 'queued_bytes', #ARGV[7])
return { 'ok', state }
