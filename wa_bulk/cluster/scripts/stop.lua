#!lua flags=allow-oom
-- Stop a run for all workers. KEYS[1] the run; ARGV: why, and what a person should know of it.
if redis.call('HGET', KEYS[1], 'state') == 'active' then
  redis.call('HSET', KEYS[1], 'state', 'stopped', 'why', ARGV[1], 'detail', ARGV[2])
end
return { 'ok' }
