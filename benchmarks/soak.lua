-- The requests of soaked.py, in an order of each thread's own: wrk -s soak.lua URL -- FILE SEED
local formed = {}

function init(args)
  local thread = tonumber(tostring(wrk.thread):match("0x(%x+)") or "1", 16) or 1
  math.randomseed(tonumber(args[2]) + thread % 1000)
  for i, r in ipairs(dofile(args[1])) do
    formed[i] = wrk.format(r[1], r[2], r[3], r[4])
  end
end

function request()
  return formed[math.random(#formed)]
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("SUMMARY %d %d %d %d %d %d %d\n", summary.requests, summary.duration,
    e.connect, e.read, e.write, e.status, e.timeout))
end
