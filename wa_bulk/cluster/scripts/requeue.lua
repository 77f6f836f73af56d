#!lua
-- Queue rows that are to be sent again.
--
-- KEYS     run, chunks, loader
-- ARGV[1]  who loads   ARGV[2] ms it stays the loader   ARGV[3] first row   ARGV[4] last row   ARGV[5] data
if redis.call('GET', KEYS[3]) ~= ARGV[1] then return { 'other' } end
redis.call('PEXPIRE', KEYS[3], ARGV[2])
local number = redis.call('HINCRBY', KEYS[1], 'chunks', 1)
redis.call('XADD', KEYS[2], number .. '-0', 'first', ARGV[3], 'last', ARGV[4], 'data', ARGV[5])
redis.call('HINCRBY', KEYS[1], 'queued_bytes', #ARGV[5])
return { 'ok' }
