#!lua flags=allow-oom
-- Leave nothing of a run that is over and collected but its description and books, for a while. The results stay
-- as an empty stream: it remembers its last id, so that later ones come behind it, whatever the clock says.
--
-- KEYS     run, results, leases, books, chunks, requests, workers, loader
-- ARGV[1]  s they stay   ARGV[2] the first entry of the results that is not collected
--
-- Returns {'ok'}, or {'no'} where there is something to be done for it, or to be collected.

local run, results, leases, books = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local state = redis.call('HGET', run, 'state')
redis.call('XTRIM', results, 'MINID', ARGV[2])
if (state ~= 'finished' and state ~= 'cancelled') or redis.call('HLEN', leases) > 0
  or redis.call('XLEN', results) > 0 then return { 'no' } end
redis.call('DEL', unpack(KEYS, 5))
redis.call('DEL', leases)
for _, key in ipairs({ run, books, results }) do redis.call('EXPIRE', key, ARGV[1]) end
return { 'ok' }
