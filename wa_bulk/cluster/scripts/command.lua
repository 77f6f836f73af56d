#!lua flags=allow-oom
-- Pause a run, let it go on, or cancel it.
-- KEYS[1]  run     ARGV[1]  'pause', 'continue' or 'cancel'
-- Returns {the state before, the state now}.
local run = KEYS[1]
local facts = redis.call('HMGET', run, 'state', 'loading', 'done', 'chunks')
local before = facts[1] or 'gone'
local now = before
if ARGV[1] == 'pause' and before == 'active' then
  now = 'paused'
elseif ARGV[1] == 'continue' and (before == 'paused' or before == 'stopped') then
  now = (facts[2] == '0' and facts[3] == facts[4]) and 'finished' or 'active'
  redis.call('HDEL', run, 'why', 'detail', 'server')
elseif ARGV[1] == 'cancel' and (before == 'active' or before == 'paused' or before == 'stopped') then
  now = 'cancelled'
end
if now ~= before then redis.call('HSET', run, 'state', now) end
return { before, now }
