#!lua
-- Create a run, unless it is there already.
-- KEYS  run, chunks     ARGV[1]  its description
if redis.call('EXISTS', KEYS[1]) == 0 then
  local server = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') or ''
  redis.call('HSET', KEYS[1], 'server', server, 'description', ARGV[1], 'state', 'active', 'loading', 1, 'chunks', 0, 'done', 0,
    'queued_bytes', 0, 'result_bytes', 0)
  redis.call('DEL', KEYS[2])
  redis.call('XGROUP', 'CREATE', KEYS[2], 'workers', '0', 'MKSTREAM')
end
return { 'ok' }
