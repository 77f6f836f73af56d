#!lua
-- Take a chunk: one whose owner is gone, or else the next one. What that owner had announced and not settled
-- may have been sent, and is cut off.
--
-- A Redis that was restarted without an append-only file has the books of its last snapshot: rows that were sent
-- since count as never sent. Nothing more is taken then until a person says so.
--
-- KEYS     run, chunks, leases, books, requests
-- ARGV[1]  owner   ARGV[2] request   ARGV[3] ms after which an owner counts as gone
-- ARGV[4]  most bytes of results that may wait to be collected
--
-- Returns {state} where there is nothing to take, 'late' to a request that its owner has given up, else {state, chunk, fence, first, last, data, states, and how many
-- rows of the run have code 1, 2, …}.

local CUT_OFF = 6
local run, chunks, leases, books, requests = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local owner, request = ARGV[1], ARGV[2]

local facts = redis.call('HMGET', run, 'state', 'result_bytes')
local state = facts[1] or 'gone'
if state ~= 'active' then return { state } end
local info = redis.call('INFO', 'server', 'persistence')
local server, known = string.match(info, 'run_id:(%x+)') or '', redis.call('HGET', run, 'server')
if server ~= known then
  if known and string.find(info, 'aof_enabled:0', 1, true) then
    redis.call('HSET', run, 'state', 'stopped', 'why', 'fatal', 'detail',
      'Redis was restarted, and keeps no append-only file: rows that were sent since its last snapshot may count '
      .. 'as never sent. Collect what there is; to go on all the same: wa-bulk cluster continue')
    return { 'stopped' }
  end
  redis.call('HSET', run, 'server', server)
end

local entry, fence
local last, id, its_fence = string.match(redis.call('HGET', requests, owner) or '0', '^(%d+) ?(%S*) ?(%S*)$')
if tonumber(request) < tonumber(last) then return { 'late' } end
if request == last then
  entry, fence = redis.call('XRANGE', chunks, id, id)[1], its_fence
else
  if tonumber(facts[2] or 0) > tonumber(ARGV[4]) then return { 'full' } end
  local cursor = '0-0'
  repeat
    local claimed = redis.call('XAUTOCLAIM', chunks, 'workers', owner, ARGV[3], cursor, 'COUNT', 1)
    cursor, entry = claimed[1], claimed[2][1]
  until entry or cursor == '0-0'
  if not entry then
    local read = redis.call('XREADGROUP', 'GROUP', 'workers', owner, 'COUNT', 1, 'STREAMS', chunks, '>')
    entry = read and read[1][2][1]
  end
  if not entry then return { 'empty' } end
  fence = tostring(redis.call('HINCRBY', run, 'fence', 1))
  redis.call('HSET', leases, entry[1], fence .. ' ' .. owner)
  redis.call('HSET', requests, owner, request .. ' ' .. entry[1] .. ' ' .. fence)
end

local fields = {}
for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end
local first, last_row = tonumber(fields.first), tonumber(fields.last)
local states = redis.call('GETRANGE', books, first - 1, last_row - 1)
if string.find(states, '[\128-\255]') then
  local counts = {}
  states = string.gsub(states, '[\128-\255]', function(byte)
    local code = string.byte(byte) - 128
    counts[code] = (counts[code] or 0) - 1
    counts[CUT_OFF] = (counts[CUT_OFF] or 0) + 1
    return string.char(CUT_OFF)
  end)
  redis.call('SETRANGE', books, first - 1, states)
  for code, count in pairs(counts) do
    if code > 0 and count ~= 0 then redis.call('HINCRBY', run, 'code:' .. code, count) end
  end
end
local totals = redis.call('HMGET', run, 'code:1', 'code:2', 'code:3', 'code:4', 'code:5', 'code:6', 'code:7',
  'code:8', 'code:9')
for code = 1, #totals do totals[code] = totals[code] or '0' end
return { state, entry[1], fence, fields.first, fields.last, fields.data, states, unpack(totals) }
