--- What each job of a CronHPA says at one moment: which run is due, which were
-- missed, when the next one is.
--
-- Nothing is kept in memory and no timer is trusted: a job's status says up to
-- which moment its runs are decided, everything else follows from the clock. A
-- run is due when it lies behind that moment and not in the future.

local tidelock = require "tidelock"
local time = require "tidelock.time"

local jobs = {}

-- A run that is late by no more than this was not missed.
local GRACE = 60
-- The clock was set back by more than this: what the status says is of a
-- future that will not come.
local SET_BACK = 3600
-- Runs on excluded days are looked through, but not without end.
local LOOKS = 400

-- ---- days on which nothing runs ----

--- The excluded days of the spec for one zone: a list of functions of a year,
-- month, day and the instants at which that day begins and ends; or nil and why.
local function read_excludes(spec, zone)
  local tests = {}

  for _, text in ipairs(spec.excludeDates or {}) do
    local year, month, day = text:match("^(%d%d%d%d)-(%d%d)-(%d%d)$")
    local schedule, why

    if not year then
      schedule, why = tidelock.cron.parse(text, { zone = zone })
      if not schedule then
        return nil, "excludeDates " .. why
      end
    end
    tests[#tests + 1] = function(fields, first, behind)
      if year then
        return fields.year == tonumber(year) and fields.month == tonumber(month)
          and fields.day == tonumber(day)
      end
      local at = schedule:next(first - 1)
      return at ~= nil and at < behind
    end
  end
  return tests
end

-- The first and the last second of the local day of an instant when nothing
-- runs on it, else nil.
local function excluded_day(job, at)
  if #job.excludes == 0 then
    return nil
  end
  local fields = time.fields(at, job.zone)
  local day = { year = fields.year, month = fields.month, day = fields.day }
  local first = time.instant(day, job.zone)
  day.day = day.day + 1
  local behind = time.instant(day, job.zone)

  if tidelock.tables.any(job.excludes, function(test) return test(fields, first, behind) end) then
    return first, behind
  end
  return nil
end

-- The last run up to an instant, and the next one behind it, on days that count.
local function last_run(job, at, not_before)
  local run = job.schedule:prev(at + 1)

  for _ = 1, LOOKS do
    local first = run and run > not_before and excluded_day(job, run)
    if not first then
      return run
    end
    run = job.schedule:prev(first)
  end
  return nil
end

local function next_run(job, at)
  local run = job.schedule:next(at)

  for _ = 1, LOOKS do
    local _, behind = nil, nil
    if run then
      _, behind = excluded_day(job, run)
    end
    if not behind then
      return run
    end
    run = job.schedule:next(behind - 1)
  end
  return nil
end

-- ---- one job ----

local function parse(spec, given)
  local name = given.timeZone or spec.timeZone or "UTC"
  local job = { name = given.name, size = given.targetSize, once = given.runOnce }
  local why

  job.text = given.schedule .. " " .. name
  job.zone, why = tidelock.zone.find(name)
  if job.zone then
    job.schedule, why = tidelock.cron.parse(given.schedule, { zone = job.zone })
  end
  if job.schedule then
    job.excludes, why = read_excludes(spec, job.zone)
  end
  job.invalid = why
  return job
end

-- Up to when its runs are decided. A job that is new, or has another schedule
-- than before, has missed nothing; so has one that was suspended.
local function handled_until(job, before, resumed, now)
  local known = before and before.schedule == job.text and before.handledUntil
  local at = known and time.parse(known)

  if not at or resumed or at > now + SET_BACK then
    return now
  end
  return at
end

local function decide(job, before, given, now)
  job.handled = handled_until(job, before, given.resumed, now)
  job.last = before and before.schedule == job.text and before.lastRun or nil
  job.completed = job.once and job.last ~= nil
  if job.completed or given.suspended then
    return
  end
  job.due = last_run(job, now, job.handled)
  if not job.due or job.due <= job.handled then
    job.due = nil
    return
  end
  local late = now - job.due
  job.missed = late > GRACE and given.missed_runs == "Skip"
    or given.deadline and late > math.max(given.deadline, GRACE) or false
end

--- Every job of a CronHPA: its schedule, what is due, what was missed.
--
-- @tparam table cronhpa
-- @tparam integer now
-- @treturn {table,...}
function jobs.read(cronhpa, now)
  local spec, status = cronhpa.spec, cronhpa.status or {}
  local known = tidelock.tables.index_by(status.jobs or {}, "name")
  local given = {
    suspended = spec.suspend, resumed = status.suspended and not spec.suspend,
    missed_runs = spec.missedRuns or "RunLatest", deadline = spec.startingDeadlineSeconds,
  }

  return tidelock.tables.map(spec.jobs, function(item)
    local job = parse(spec, item)

    if not job.invalid then
      decide(job, known[job.name], given, now)
      job.next = not job.completed and not spec.suspend and next_run(job, now) or nil
      if not job.next and not job.due then
        job.completed = job.completed or not spec.suspend
      end
    end
    return job
  end)
end

--- Of all jobs with a run that is due and was not missed, the one whose run is
-- the latest: it has the last word about the target's size.
--
-- @tparam table list of jobs.read
-- @treturn table|nil
function jobs.latest(list)
  local latest

  for _, job in ipairs(list) do
    if job.due and not job.missed and (not latest or job.due >= latest.due) then
      latest = job
    end
  end
  return latest
end

return jobs
