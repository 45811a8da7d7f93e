--- cronhpa: scales a workload, or the floor of its autoscaler, by the clock.
--
-- Level, not edge: every pass asks which runs lie between what is decided and
-- now. A controller that was down, a clock that jumps and a pass that failed
-- are all the same to it.

local tidelock = require "tidelock"
local jobs = require "lib.jobs"
local target = require "lib.target"

local HISTORY = 10

local function observe(cronhpa, view)
  local list = jobs.read(cronhpa, view.now)
  local status = cronhpa.status or {}
  local state = {
    now = view.now, jobs = list, ref = cronhpa.spec.scaleTargetRef,
    suspended = cronhpa.spec.suspend, history = status.history or {},
    lifted = status.autoscaler,
    invalid = tidelock.tables.find(list, function(job) return job.invalid end),
    object = target.find(cronhpa, view),
    conflict = target.conflict(cronhpa, view),
    due = jobs.latest(list),
    missed = tidelock.tables.filter(list, function(job) return job.missed end),
  }
  if state.due and state.object then
    state.change = target.change(state.object, state.due.size, state.lifted)
  end
  return state
end

-- ---- status ----

local function text_of(at)
  return at and tidelock.time.format(at) or nil
end

-- `decided`: the runs that are due are dealt with in this pass.
local function job_status(job, decided)
  if job.invalid then
    return { name = job.name, targetSize = job.size, state = "Invalid", message = job.invalid }
  end
  local ran = decided and job.due and not job.missed
  local completed = job.completed or ran and job.once or decided and not job.next
  return {
    name = job.name, schedule = job.text, targetSize = job.size,
    state = completed and "Completed" or "Waiting",
    handledUntil = text_of(decided and job.due or job.handled),
    lastRun = ran and text_of(job.due) or job.last,
    nextRun = not completed and text_of(job.next) or nil,
  }
end

local function next_of(list)
  local at

  for _, job in ipairs(list) do
    if job.next and (not at or job.next < at) then
      at = job.next
    end
  end
  return at
end

-- One entry for each run that this pass deals with, the newest first.
local function history_of(state)
  local list = {}

  for _, job in ipairs(state.jobs) do
    if job.due then
      local result, message = "Superseded", nil
      if job.missed then
        result = "Missed"
      elseif job == state.due then
        result = state.change.same and "Unchanged" or "Scaled"
        message = ("%s -> %s"):format(state.change.was, state.change.is)
      end
      list[#list + 1] = {
        job = job.name, due = text_of(job.due), at = text_of(state.now), result = result,
        message = message, order = job.due,
      }
    end
  end
  list = tidelock.tables.sort_by(list, function(entry) return -entry.order end)
  for _, entry in ipairs(list) do
    entry.order = nil
  end
  return { table.unpack(tidelock.tables.concat(list, state.history), 1, HISTORY) }
end

-- The status of a pass, and when the next one is.
local function report(state, plan, decided)
  local at = not state.suspended and next_of(state.jobs) or nil
  local lifted = state.lifted

  if decided and state.change then
    lifted = state.change.lifted
  end
  plan:status {
    suspended = state.suspended or nil,
    nextRun = text_of(at),
    jobs = tidelock.array(tidelock.tables.map(state.jobs, function(job)
      return job_status(job, decided)
    end)),
    history = decided and history_of(state) or #state.history > 0 and state.history or nil,
    autoscaler = lifted,
  }
  if at then
    plan:requeue_at(at)
  end
end

local function tell_missed(state, plan)
  for _, job in ipairs(state.missed) do
    plan:event("Warning", "MissedRun", ("job '%s' did not run at %s, it is too late now"):format(
      job.name, text_of(job.due)))
  end
end

-- A row that only says how things are; runs that are due stay due.
local function waits(ready, reason, message)
  return function(state, plan)
    report(state, plan, false)
    plan:condition("Ready", ready, reason, message(state))
  end
end

local function name_of(ref)
  return ref.kind .. " '" .. ref.name .. "'"
end

-- ---- the table ----

local function said_invalid(state)
  return ("job '%s': %s"):format(state.invalid.name, state.invalid.invalid)
end

local function said_suspended()
  return "spec.suspend is set"
end

local function said_absent(state)
  return name_of(state.ref) .. " is not there"
end

local function said_conflict(state)
  return name_of(state.ref) .. ": " .. state.conflict
end

local function said_due(state)
  return ("job '%s' of %s: %s %s -> %s"):format(state.due.name, text_of(state.due.due),
    name_of(state.ref), state.change.was, state.change.is)
end

local function said_missed(state)
  local names = tidelock.tables.map(state.missed, function(job) return "'" .. job.name .. "'" end)
  return "too late for job " .. table.concat(names, ", ")
end

local function said_waiting(state)
  local at = next_of(state.jobs)
  return at and "the next run is at " .. text_of(at) or "no job will run again"
end

local rows = {
  { id = "invalid",
    description = "A schedule, a time zone or an excluded date cannot be read. Ends when the spec is put right.",
    hold = true,
    when = function(state) return state.invalid ~= nil end,
    why = said_invalid,
    plan = waits(false, "Invalid", said_invalid) },

  { id = "suspended",
    description = "Nothing runs. What would have run is not made up for when it ends.",
    hold = true,
    when = function(state) return state.suspended end,
    why = said_suspended,
    plan = waits(false, "Suspended", said_suspended) },

  { id = "no-target",
    description = "The target is not there. A run that is due waits for it, up to its deadline.",
    hold = true,
    when = function(state) return state.object == nil end,
    why = said_absent,
    plan = waits(false, "NoTarget", said_absent) },

  { id = "conflict",
    description = "Somebody else decides the size of the target. Two hands on one wheel: this one lets go.",
    hold = true,
    when = function(state) return state.conflict ~= nil end,
    why = said_conflict,
    plan = waits(false, "Conflict", said_conflict) },

  { id = "due",
    description = "A run is due. Of several the latest counts: it has the last word about the size.",
    hold = true,
    when = function(state) return state.due ~= nil end,
    why = said_due,
    plan = function(state, plan)
      if not state.change.same then
        state.change.declare(plan)
        plan:event("Normal", "Scaled", said_due(state))
      end
      tell_missed(state, plan)
      report(state, plan, true)
      plan:condition("Ready", true, "Scheduled", said_waiting(state))
    end },

  { id = "missed",
    description = "Runs were missed, and by spec.missedRuns or the deadline they are not made up for.",
    hold = true,
    when = function(state) return #state.missed > 0 end,
    why = said_missed,
    plan = function(state, plan)
      tell_missed(state, plan)
      report(state, plan, true)
      plan:condition("Ready", true, "Scheduled", said_waiting(state))
    end },

  { id = "waiting",
    description = "Nothing is due.",
    hold = true,
    when = function() return true end,
    why = said_waiting,
    plan = waits(true, "Scheduled", said_waiting) },
}

return tidelock.operator {
  api = 1,
  name = "cronhpa",
  description = "Scales a workload, or the floor of its autoscaler, by the clock.",
  resource = { "example.com/v1", "CronHPA" },
  owns = {},
  reads = {
    { "apps/v1", "Deployment", names = target.names "Deployment" },
    { "apps/v1", "StatefulSet", names = target.names "StatefulSet" },
    { "autoscaling/v2", "HorizontalPodAutoscaler" },
    { "example.com/v1", "CronHPA" },
  },
  memory = { "jobs", "history", "suspended", "autoscaler" },
  observe = observe,
  rows = rows,
}
