#!lua
-- Mark rows to be sent again, and say that they are being queued (`loading` 2): it is not finished before they
-- are. Nobody may be at the run meanwhile. Where an earlier retry was broken off, and workers are at what it had
-- queued, no further rows are marked.
--
-- KEYS     run, chunks, leases, books, results
-- ARGV[1]  pairs of bytes: a code, and the one that marks it
--
-- Returns {'ok', state before}, or {state, why not}.

local run, chunks, leases, books, results = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local state, loading = redis.call('HGET', run, 'state') or 'gone', redis.call('HGET', run, 'loading')
local is_worked = state == 'active' or redis.call('HLEN', leases) > 0
if loading == '2' and state ~= 'cancelled' and is_worked then return { 'ok', state } end
if state == 'gone' or state == 'cancelled' or state == 'active' then
  return { state, state == 'active' and 'pause it first' or 'no row of it is sent again' }
end
if loading == '1' then
  return { state, 'it is not submitted whole: submit it again first' }
end
if is_worked then
  return { state, 'workers have rows of it in hand: try again when they have let go of it' }
end
local codes, marks, moved = {}, {}, {}
for code, mark in string.gmatch(ARGV[1], '(.)(.)') do
  codes[#codes + 1], marks[code], moved[code] = code, mark, 0
end
local step = 65536
for at = 0, redis.call('STRLEN', books) - 1, step do
  local part = redis.call('GETRANGE', books, at, at + step - 1)
  local marked, count = part, 0
  for _, code in ipairs(codes) do
    marked, count = string.gsub(marked, '%' .. code, marks[code])
    moved[code] = moved[code] + count
  end
  if marked ~= part then redis.call('SETRANGE', books, at, marked) end
end
for code, count in pairs(moved) do
  if count > 0 then
    redis.call('HINCRBY', run, 'code:' .. string.byte(code), -count)
    redis.call('HINCRBY', run, 'code:' .. string.byte(marks[code]), count)
  end
end
redis.call('HSET', run, 'state', 'paused', 'loading', 2)
for _, key in ipairs({ run, books, results }) do redis.call('PERSIST', key) end
if redis.call('EXISTS', chunks) == 0 then redis.call('XGROUP', 'CREATE', chunks, 'workers', '0', 'MKSTREAM') end
return { 'ok', state }
