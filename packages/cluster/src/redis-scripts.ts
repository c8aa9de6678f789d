import { createHash } from 'node:crypto';

/** A Lua script, known to the server by its digest. */
export type Script = { text: string; sha1: string };

const script = (text: string): Script => ({ text, sha1: createHash('sha1').update(text).digest('hex') });

/** Lua writes large numbers as 1.7e+12; all that goes out is whole. */
const common = `
local function whole(n) return string.format('%.0f', n) end
local function nowMs() local t = redis.call('TIME') return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000) end
`;

/**
 * One change of a room. KEYS: state, records, ended. ARGV: what to check (JSON), channel, then as JSON texts that pass
 * through unread: set, delete and events of the record, and the value of each key to set.
 * State fields: `r` the revision, `e:KEY` "VERSION:JSON", `f:LEASE` the highest fence that wrote here.
 */
export const commitScript = script(`${common}
local state, records, ended = KEYS[1], KEYS[2], KEYS[3]
local c = cjson.decode(ARGV[1])
local held = redis.call('HGET', state, 'r')
local last
if held then last = tonumber(held)
else
  local gone = redis.call('GET', ended)
  last = gone and tonumber(gone) + 1 or 0
end
if c.fence then
  local newest = tonumber(redis.call('HGET', state, 'f:' .. c.fence[1]) or '0')
  if newest > c.fence[2] then return { 'fenced' } end
end
for _, expected in ipairs(c.expect) do
  local entry = redis.call('HGET', state, 'e:' .. expected[1])
  local version = entry and tonumber(string.match(entry, '^%d+'))
  local is = expected[2]
  local holds
  if is == 'absent' then holds = not version
  elseif is == 'present' then holds = version
  else holds = version == is end
  if not holds then return { 'failed', expected[1] } end
end
if c.atMost then
  local prefix, count, known = c.atMost[1], 0, {}
  local function counts(key) return string.sub(key, 1, #prefix) == prefix end
  for _, key in ipairs(c.set) do known[key] = true if counts(key) then count = count + 1 end end
  for _, key in ipairs(c.delete) do known[key] = true end
  for _, field in ipairs(redis.call('HKEYS', state)) do
    local key = string.sub(field, 3)
    if string.sub(field, 1, 2) == 'e:' and counts(key) and not known[key] then count = count + 1 end
  end
  if count > c.atMost[2] then return { 'failed', prefix } end
end
local revision, at = whole(last + 1), whole(nowMs())
local record = '{"revision":' .. revision .. ',"at":' .. at .. ',"set":' .. ARGV[3] .. ',"delete":' .. ARGV[4]
  .. ',"events":' .. ARGV[5] .. ',"end":' .. tostring(c['end']) .. '}'
if c['end'] then
  redis.call('DEL', state, records)
  redis.call('SET', ended, revision, 'PX', c.keepEndedMs)
else
  redis.call('HSET', state, 'r', revision)
  if c.fence then redis.call('HSET', state, 'f:' .. c.fence[1], whole(c.fence[2])) end
  for _, key in ipairs(c.delete) do redis.call('HDEL', state, 'e:' .. key) end
  for i, key in ipairs(c.set) do redis.call('HSET', state, 'e:' .. key, revision .. ':' .. ARGV[5 + i]) end
  redis.call('XADD', records, 'MAXLEN', '=', c.keepEvents, revision .. '-0', 'r', record)
end
redis.call('SPUBLISH', ARGV[2], record)
return { 'ok', revision, at, held and 'old' or 'new' }
`);

/** The records after a revision. KEYS: state, records. ARGV: the revision. */
export const sinceScript = script(`
local held = redis.call('HGET', KEYS[1], 'r')
if not held then return { 'gone' } end
local missed = tonumber(held) - tonumber(ARGV[1])
if missed < 0 or missed > redis.call('XLEN', KEYS[2]) then return { 'gone' } end
if missed == 0 then return { 'ok' } end
local answer = { 'ok' }
local entries = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', missed)
for i = #entries, 1, -1 do answer[#answer + 1] = entries[i][2][2] end
return answer
`);

/**
 * KEYS: lease, fence. ARGV: owner, ttl, value, how long the last fence is remembered. The fence is the time, or one more
 * than the last: it grows also where it was forgotten, and where the clock was set back.
 */
export const acquireScript = script(`${common}
local owner = redis.call('HGET', KEYS[1], 'owner')
if owner and owner ~= ARGV[1] then return false end
local now = nowMs()
local fence = owner and redis.call('HGET', KEYS[1], 'fence')
if not fence then
  local last = tonumber(redis.call('GET', KEYS[2]) or '0')
  fence = whole(math.max(last + 1, now))
  redis.call('SET', KEYS[2], fence, 'PX', ARGV[4])
end
local expiresAt = whole(now + tonumber(ARGV[2]))
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'fence', fence, 'value', ARGV[3], 'expiresAt', expiresAt)
redis.call('PEXPIREAT', KEYS[1], expiresAt)
return { ARGV[1], fence, ARGV[3], expiresAt }
`);

/** KEYS: lease. ARGV: owner, fence, ttl, and the value if it is a new one. */
export const renewScript = script(`${common}
local held = redis.call('HMGET', KEYS[1], 'owner', 'fence')
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then return 0 end
local expiresAt = whole(nowMs() + tonumber(ARGV[3]))
redis.call('HSET', KEYS[1], 'expiresAt', expiresAt)
if ARGV[4] then redis.call('HSET', KEYS[1], 'value', ARGV[4]) end
redis.call('PEXPIREAT', KEYS[1], expiresAt)
return 1
`);

/** KEYS: lease. ARGV: owner, fence. */
export const releaseScript = script(`
local held = redis.call('HMGET', KEYS[1], 'owner', 'fence')
if held[1] == ARGV[1] and held[2] == ARGV[2] then redis.call('DEL', KEYS[1]) end
return 1
`);

/** Takes a name out of an index unless it was put in anew. KEYS: index. ARGV: name, its score when it was looked at. */
export const pruneScript = script(`
if redis.call('ZSCORE', KEYS[1], ARGV[1]) == ARGV[2] then redis.call('ZREM', KEYS[1], ARGV[1]) end
return 1
`);
