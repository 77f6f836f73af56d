#!lua
-- One sending number's pace, for all who send from it. Times are microseconds of the server's clock.
--
-- KEYS[1]  a hash: flow, next sequence number, and what is left of a 429
-- KEYS[2]  a sorted set of places: a token's number, and when its place is free again
-- ARGV[1]  tokens/s, more than 0
-- ARGV[2]  requests that do not leave, separated by blanks: their first token's number ':' how many tokens
-- ARGV[3]  requests that have left: the same, ':' how long ago; a held one leaves later, by what is less than 0
-- ARGV[4]  whether there was a 429, and its Retry-After in s; or an empty string
-- ARGV[5…] sizes of the requests that wait, in order: how many tokens each takes at once
--
-- Returns {now, the rate now, when a stop ends (0: none), the first token's number, when each of the first
-- requests may leave …}. Those that are left out would leave too late to be promised now.
--
-- A token occupies its place for a second from when it left. Until that is told, it is as if it left as late as it
-- may: nobody else gets its place too early, and it is told long before that would make anybody wait.

local WINDOW = 1.005   -- a second, and what differs between one token's way to the wire and another's
local LATE = 100000    -- a token leaves that much after its time, at most
local AHEAD = 100000   -- how far in the future a token may be promised
local DEPTH = 50000    -- how much of what was left unused may be made up for, at once
local RECOVERY = 30000000
local STOP_MIN = 1

local state, places_key = KEYS[1], KEYS[2]
local rate = tonumber(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local kept = redis.call('HMGET', state, 'flow', 'seq', 'at', 'stop', 'pace')
local flow, at = tonumber(kept[1]) or 0, tonumber(kept[3]) or now
-- No number is given twice, even where Redis lost the last second: what is said of one would free another's place.
local seq = math.max(tonumber(kept[2]) or 0, now)
local stop, pace_at_stop = tonumber(kept[4]) or 0, tonumber(kept[5]) or rate

local function whole(number) return string.format('%.0f', number) end

-- The server's clock was put back: what was promised stays as far away as it was.
if now < at then
  local back = at - now
  flow, stop = flow - back, stop > 0 and stop - back or 0
  local members = redis.call('ZRANGE', places_key, 0, -1)
  for i = 1, #members do redis.call('ZINCRBY', places_key, -back, members[i]) end
end

local function pace(when)
  if stop == 0 then return rate end
  return math.min(rate, pace_at_stop + math.max(0, when - stop) / RECOVERY * rate)
end

local places = math.max(1, math.floor(rate))

-- How long a request of so many tokens occupies its places.
local function length(tokens)
  return (tokens > places and tokens / rate or 1 / math.min(rate, 1)) * WINDOW * 1000000
end

-- The last of the numbers that a request of so many tokens has.
local function last_of(first, tokens) return first + math.min(tonumber(tokens), places) - 1 end

local unused = {}
for first, tokens in string.gmatch(ARGV[2], '(%d+):(%d+)') do
  for number = tonumber(first), last_of(first, tokens) do unused[#unused + 1] = whole(number) end
end
for i = 1, #unused, 1000 do
  local removed = redis.call('ZREM', places_key, unpack(unused, i, math.min(i + 999, #unused)))
  flow = flow - removed / rate * 1000000
end

local left = {}
for first, tokens, ago in string.gmatch(ARGV[3], '(%d+):(%d+):(-?%d+)') do
  local ends = whole(now - ago + length(tonumber(tokens)))
  for number = tonumber(first), last_of(first, tokens) do
    left[#left + 1] = ends
    left[#left + 1] = whole(number)
  end
end
for i = 1, #left, 1000 do
  redis.call('ZADD', places_key, 'XX', unpack(left, i, math.min(i + 999, #left)))
end

if ARGV[4] ~= '' then
  if now >= stop then pace_at_stop = math.max(pace(now) / 2, rate / 32) end
  stop = math.max(stop, now + math.max(tonumber(ARGV[4]), STOP_MIN) * 1000000)
end
if stop > 0 and now >= stop and pace(now) >= rate then stop = 0 end

redis.call('ZREMRANGEBYSCORE', places_key, '-inf', whole(now))
local taken = redis.call('ZCARD', places_key)
local reply = { whole(now), tostring(pace(now)), whole(stop), whole(seq) }
local earliest = math.max(now, stop)
local added = {}
for i = 5, #ARGV do
  local tokens = tonumber(ARGV[i])
  local needed = math.min(tokens, places)
  local due = math.max(earliest, flow)
  -- The place whose end makes room for this request: among those that were there, then those added here.
  local last = taken + #added / 2 - (places - needed) - 1
  if last >= 0 then
    local free
    if last < taken then
      free = tonumber(redis.call('ZRANGE', places_key, last, last, 'WITHSCORES')[2])
    else
      free = tonumber(added[(last - taken) * 2 + 1])
      if taken > 0 then
        free = math.max(free, tonumber(redis.call('ZRANGE', places_key, -1, -1, 'WITHSCORES')[2]))
      end
    end
    due = math.max(due, free)
  end
  if due > now + AHEAD then break end
  local ends = due + LATE + length(tokens)
  for _ = 1, needed do
    added[#added + 1] = whole(ends)
    added[#added + 1] = whole(seq)
    seq = seq + 1
  end
  local depth = stop > 0 and 0 or math.max(DEPTH, 2 / rate * 1000000)
  flow = math.max(flow, due - depth) + needed / pace(due) * WINDOW * 1000000
  reply[#reply + 1] = whole(due)
end
for i = 1, #added, 1000 do
  redis.call('ZADD', places_key, unpack(added, i, math.min(i + 999, #added)))
end

redis.call('HSET', state, 'flow', whole(flow), 'seq', whole(seq), 'at', whole(now),
  'stop', whole(stop), 'pace', tostring(pace_at_stop))
local keep = math.ceil((math.max(stop + RECOVERY, flow, now + length(1)) - now) / 1000000) + 60
redis.call('EXPIRE', state, keep)
redis.call('EXPIRE', places_key, keep)
return reply
