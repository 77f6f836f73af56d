#!lua
-- Keep what a receiver took in until it is collected, as far as there is room for it.
--
-- KEYS     facts, a stream, collector, then a key for each nonce
-- ARGV[1]  what the stream's bytes are called among the facts   ARGV[2] most of them
-- ARGV[3]  ms for which a nonce is remembered   ARGV[4] the entries' format
-- ARGV[5…] of each entry: which of the keys its nonce's is (0: it has none), the digest of its body, the entry
--
-- Returns {bytes that wait, 1 where somebody collects them, of each entry 'ok', 'full' or 'replayed' …}.

local facts, stream, collector = KEYS[1], KEYS[2], KEYS[3]
local name, most = ARGV[1], tonumber(ARGV[2])
local bytes = tonumber(redis.call('HGET', facts, name) or 0)
local fates = {}
for i = 5, #ARGV, 3 do
  local nonce, digest, data = KEYS[tonumber(ARGV[i])], ARGV[i + 1], ARGV[i + 2]
  local known = nonce and redis.call('GET', nonce)
  if known and known ~= digest then
    fates[#fates + 1] = 'replayed'
  elseif bytes + #data > most then
    fates[#fates + 1] = 'full'
  else
    redis.call('XADD', stream, '*', 'format', ARGV[4], 'data', data)
    if nonce then redis.call('SET', nonce, digest, 'PX', ARGV[3]) end
    bytes = redis.call('HINCRBY', facts, name, #data)
    fates[#fates + 1] = 'ok'
  end
end
return { bytes, redis.call('EXISTS', collector), unpack(fates) }
