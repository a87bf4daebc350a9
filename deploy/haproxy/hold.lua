-- Keeps the requests of a tenant waiting while it is held, for haproxy.cfg's `http-request lua.hold`.
--
-- held.map: tenant -> when the hold ends (Unix milliseconds), set and taken away over the runtime
-- API. What becomes of the request is in txn.hold: "passed", "held" (it waited), "too_many" or
-- "too_long" (answer 503).

local function bound(name, default)
    return tonumber(os.getenv(name) or "") or default
end

local most_of_tenant = bound("EDGE_HOLD_REQUESTS", 200)
local most_of_all = bound("EDGE_HOLD_REQUESTS_ALL", 2000)
local longest_ms = bound("EDGE_HOLD_MS", 20000)

local held = Map.new(os.getenv("EDGE_FOLDER") .. "/held.map", Map._str)

-- tenant -> { request -> when it was last seen }. A visitor who hangs up ends the request without a
-- word to us: what was not seen for a while is gone.
local waiting = {}
local waiting_of = {}
local waiting_of_all = 0
local request_number = 0
local GONE_MS = 2000
local swept_at = 0

local function now_ms()
    local now = core.now()
    return now.sec * 1000 + now.usec // 1000
end

local function is_held(tenant)
    local until_ms = tonumber(held:lookup(tenant) or "")
    return until_ms ~= nil and now_ms() < until_ms
end

local function forget(tenant, request)
    local requests = waiting[tenant]
    if requests == nil or requests[request] == nil then return end
    requests[request] = nil
    waiting_of[tenant] = waiting_of[tenant] - 1
    waiting_of_all = waiting_of_all - 1
    if waiting_of[tenant] == 0 then
        waiting[tenant] = nil
        waiting_of[tenant] = nil
    end
end

local function sweep()
    local now = now_ms()
    if now - swept_at < GONE_MS / 2 then return end
    swept_at = now
    local gone = {}
    for tenant, requests in pairs(waiting) do
        for request, seen_at in pairs(requests) do
            if now - seen_at > GONE_MS then gone[#gone + 1] = { tenant, request } end
        end
    end
    for _, one in ipairs(gone) do forget(one[1], one[2]) end
end

local function is_full(tenant)
    return (waiting_of[tenant] or 0) >= most_of_tenant or waiting_of_all >= most_of_all
end

local function enter(tenant)
    if is_full(tenant) then sweep() end
    if is_full(tenant) then return nil end
    request_number = request_number + 1
    waiting[tenant] = waiting[tenant] or {}
    waiting[tenant][request_number] = now_ms()
    waiting_of[tenant] = (waiting_of[tenant] or 0) + 1
    waiting_of_all = waiting_of_all + 1
    return request_number
end

-- The more wait, the less often each looks.
local function step_ms()
    return math.max(10, math.min(250, waiting_of_all // 5))
end

core.register_action("hold", { "http-req" }, function(txn)
    local tenant = txn:get_var("txn.tenant")
    if tenant == nil or not is_held(tenant) then
        txn:set_var("txn.hold", "passed")
        return
    end
    local request = enter(tenant)
    if request == nil then
        txn:set_var("txn.hold", "too_many")
        return
    end
    local since = now_ms()
    local outcome = "held"
    while is_held(tenant) do
        if now_ms() - since >= longest_ms then
            outcome = "too_long"
            break
        end
        core.msleep(step_ms())
        -- Swept away meanwhile: the machine was asleep. It has waited long enough.
        if waiting[tenant] == nil or waiting[tenant][request] == nil then break end
        waiting[tenant][request] = now_ms()
    end
    forget(tenant, request)
    txn:set_var("txn.hold", outcome)
end)

-- Runtime API: `show held` prints "TENANT NUMBER" for each tenant of whom requests wait.
core.register_cli({ "show", "held" }, "show held: how many requests wait of each held tenant", function(applet)
    sweep()
    local lines = {}
    for tenant, number in pairs(waiting_of) do lines[#lines + 1] = tenant .. " " .. number .. "\n" end
    applet:send(table.concat(lines))
end)
