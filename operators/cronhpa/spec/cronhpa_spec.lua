--- cronhpa: what the clock makes of a CronHPA.

local testing = require "tidelock.testing"

local cronhpa = testing.operator()

local function deployment(replicas)
  return {
    apiVersion = "apps/v1", kind = "Deployment",
    metadata = { name = "shop", namespace = "default" }, spec = { replicas = replicas },
  }
end

local function autoscaler(spec)
  spec.scaleTargetRef = { apiVersion = "apps/v1", kind = "Deployment", name = "shop" }
  return {
    apiVersion = "autoscaling/v2", kind = "HorizontalPodAutoscaler",
    metadata = { name = "shop", namespace = "default" }, spec = spec,
  }
end

-- A CronHPA of these fields of its spec; all of its jobs were last looked at
-- then.
local function object(spec, looked_at, status)
  spec.scaleTargetRef = spec.scaleTargetRef
    or { apiVersion = "apps/v1", kind = "Deployment", name = "shop" }
  status = status or {}
  if looked_at then
    status.jobs = {}
    for i, job in ipairs(spec.jobs) do
      status.jobs[i] = {
        name = job.name, handledUntil = looked_at,
        schedule = job.schedule .. " " .. (job.timeZone or spec.timeZone or "UTC"),
      }
    end
  end
  return {
    apiVersion = "example.com/v1", kind = "CronHPA",
    metadata = { name = "shop", namespace = "default" }, spec = spec, status = status,
  }
end

local function plan(root, at, objects)
  return cronhpa:plan { object = root, objects = objects or { deployment(2) }, at = at }
end

local function office_hours(more)
  local spec = {
    timeZone = "Europe/Berlin",
    jobs = {
      { name = "morning", schedule = "0 8 * * *", targetSize = 10 },
      { name = "evening", schedule = "0 19 * * *", targetSize = 2 },
    },
  }
  for key, value in pairs(more or {}) do
    spec[key] = value
  end
  return spec
end

describe("cronhpa", function()
  it("starts with the next run: nothing was missed before it was there", function()
    plan(object(office_hours()), "2026-06-01T12:00:00Z"):expect {
      row = "waiting", steps = {},
      status = { nextRun = "2026-06-01T17:00:00Z" },
      conditions = { Ready = "True" },
    }
  end)

  it("scales when a run is due, and says so", function()
    plan(object(office_hours(), "2026-06-01T05:00:00Z"), "2026-06-01T06:00:00Z"):expect {
      row = "due", steps = { "scale Deployment shop to 10" },
      status = {
        nextRun = "2026-06-01T17:00:00Z",
        history = { { job = "morning", result = "Scaled", message = "2 -> 10" } },
      },
    }
  end)

  it("does not run again what it has run", function()
    plan(object(office_hours(), "2026-06-01T06:00:00Z"), "2026-06-01T06:00:30Z"):expect {
      row = "waiting", steps = {},
    }
  end)

  it("writes nothing where the size is right already", function()
    plan(object(office_hours(), "2026-06-01T05:00:00Z"), "2026-06-01T06:00:00Z",
      { deployment(10) }):expect { row = "due", steps = {},
      status = { history = { { result = "Unchanged" } } } }
  end)

  it("takes an edited schedule from its edit on", function()
    local root = object(office_hours(), "2026-06-01T05:00:00Z")
    root.spec.jobs[1].schedule = "0 7 * * *"
    plan(root, "2026-06-01T06:00:00Z"):expect { row = "waiting", steps = {} }
  end)

  -- ---- where the clock is changed ----

  -- By hand from the tz database: the days on which 02:00 is followed by 03:00,
  -- and those on which it comes twice.
  local table_of_runs = {
    { "Europe/Berlin skips it", "Europe/Berlin", "30 2 * * *", "2026-03-28T12:00:00Z",
      "2026-03-30T00:30:00Z" },
    { "Europe/Berlin has it twice", "Europe/Berlin", "30 2 * * *", "2026-10-24T12:00:00Z",
      "2026-10-25T00:30:00Z" },
    { "Europe/Berlin, the second time", "Europe/Berlin", "30 2 * * *", "2026-10-25T00:30:00Z",
      "2026-10-25T01:30:00Z" },
    { "America/New_York skips it", "America/New_York", "30 2 * * *", "2026-03-07T12:00:00Z",
      "2026-03-09T06:30:00Z" },
    { "America/New_York, the second time", "America/New_York", "30 1 * * *",
      "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z" },
    { "America/New_York, an hour further from UTC", "America/New_York", "0 8 * * *",
      "2026-11-01T00:00:00Z", "2026-11-01T13:00:00Z" },
    { "Australia/Lord_Howe skips half an hour", "Australia/Lord_Howe", "15 2 * * *",
      "2026-10-02T16:00:00Z", "2026-10-04T15:15:00Z" },
    { "Australia/Lord_Howe, half an hour later", "Australia/Lord_Howe", "45 1 * * *",
      "2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z" },
  }

  for _, case in ipairs(table_of_runs) do
    it("knows when " .. case[1], function()
      local root = object {
        timeZone = case[2], jobs = { { name = "a", schedule = case[3], targetSize = 1 } },
      }
      plan(root, case[4]):expect { status = { nextRun = case[5] } }
    end)
  end

  -- ---- nobody was there ----

  it("makes up for the latest of two runs when it was down over both", function()
    local down = object(office_hours(), "2026-06-01T05:00:00Z")
    plan(down, "2026-06-01T20:00:00Z", { deployment(5) }):expect {
      row = "due", steps = { "scale Deployment shop to 2" },
      status = { history = {
        { job = "evening", result = "Scaled" }, { job = "morning", result = "Superseded" },
      } },
    }
  end)

  it("makes up for nothing with Skip, and says so once", function()
    local down = object(office_hours { missedRuns = "Skip" }, "2026-06-01T05:00:00Z")
    plan(down, "2026-06-01T20:00:00Z", { deployment(5) }):expect {
      row = "missed", steps = {},
      status = { history = { { result = "Missed" }, { result = "Missed" } } },
    }
  end)

  it("makes up for a run up to its deadline", function()
    local root = object(office_hours { startingDeadlineSeconds = 600 }, "2026-06-01T05:00:00Z")
    plan(root, "2026-06-01T06:10:00Z"):expect { steps = { "scale Deployment shop to 10" } }
    plan(root, "2026-06-01T06:10:01Z"):expect { row = "missed", steps = {} }
  end)

  -- ---- a clock that jumps ----

  it("runs nothing twice when the clock is set back a little", function()
    plan(object(office_hours(), "2026-06-01T06:00:00Z"), "2026-06-01T05:30:00Z"):expect {
      row = "waiting", steps = {},
    }
  end)

  it("forgets a future that did not come", function()
    plan(object(office_hours(), "2036-01-01T00:00:00Z"), "2026-06-01T05:00:00Z"):expect {
      row = "waiting", steps = {},
      status = { nextRun = "2026-06-01T06:00:00Z", jobs = {
        { name = "morning", handledUntil = "2026-06-01T05:00:00Z" }, { name = "evening" },
      } },
    }
  end)

  it("takes a clock that jumps forward for a time when nobody was there", function()
    plan(object(office_hours(), "2026-06-01T05:00:00Z"), "2027-06-01T06:30:00Z"):expect {
      row = "due", steps = { "scale Deployment shop to 10" },
    }
  end)

  -- ---- days, once, suspended ----

  it("runs nothing on excluded days", function()
    local spec = office_hours { excludeDates = { "2026-06-01", "0 0 2 6 *" } }
    plan(object(spec, "2026-06-01T00:00:00Z"), "2026-06-01T06:00:00Z"):expect {
      row = "waiting", steps = {}, status = { nextRun = "2026-06-03T06:00:00Z" },
    }
  end)

  it("runs once what is to run once", function()
    local spec = {
      jobs = { { name = "a", schedule = "0 * * * *", targetSize = 7, runOnce = true } },
    }
    local first = plan(object(spec, "2026-06-01T05:30:00Z"), "2026-06-01T06:00:00Z")
    first:expect {
      steps = { "scale Deployment shop to 7" },
      status = { jobs = { { state = "Completed", lastRun = "2026-06-01T06:00:00Z" } } },
    }
    local root = object(spec, "2026-06-01T06:00:00Z")
    root.status.jobs[1].lastRun = "2026-06-01T06:00:00Z"
    plan(root, "2026-06-01T07:00:00Z"):expect { row = "waiting", steps = {} }
  end)

  it("completes a date that is over", function()
    local spec = {
      jobs = { { name = "a", schedule = "@date 2026-06-01 06:00:00", targetSize = 7 } },
    }
    plan(object(spec, "2026-06-01T05:30:00Z"), "2026-06-01T06:00:00Z"):expect {
      steps = { "scale Deployment shop to 7" }, status = { jobs = { { state = "Completed" } } },
    }
    plan(object(spec, "2026-06-01T06:00:00Z"), "2026-06-01T06:01:00Z"):expect {
      steps = {}, status = { jobs = { { state = "Completed" } } },
    }
  end)

  it("does nothing while suspended, and makes up for nothing afterwards", function()
    local root = object(office_hours { suspend = true }, "2026-06-01T05:00:00Z")
    plan(root, "2026-06-01T06:00:00Z"):expect {
      row = "suspended", steps = {}, status = { suspended = true },
    }
    root.spec.suspend = nil
    root.status.suspended = true
    plan(root, "2026-06-01T07:00:00Z"):expect { row = "waiting", steps = {} }
  end)

  -- ---- autoscalers ----

  local function of_autoscaler(size, status)
    return object({
      scaleTargetRef = { apiVersion = "autoscaling/v2", kind = "HorizontalPodAutoscaler",
        name = "shop" },
      jobs = { { name = "a", schedule = "0 6 * * *", targetSize = size } },
    }, "2026-06-01T05:00:00Z", status)
  end

  local function patches(root, hpa, min, max)
    plan(root, "2026-06-01T06:00:00Z", { autoscaler(hpa), deployment(2) }):expect {
      row = "due", patch = { { kind = "HorizontalPodAutoscaler", name = "shop",
        body = { spec = { minReplicas = min, maxReplicas = max } } } },
    }
  end

  it("raises the floor of an autoscaler, and its ceiling where it must", function()
    patches(of_autoscaler(5), { minReplicas = 2, maxReplicas = 10 }, 5, 10)
    patches(of_autoscaler(5), { maxReplicas = 10 }, 5, 10)
    patches(of_autoscaler(40), { minReplicas = 2, maxReplicas = 10 }, 40, 40)
    patches(of_autoscaler(0), { minReplicas = 2, maxReplicas = 10 }, 1, 10)
  end)

  it("gives the ceiling back that it has lifted, but not somebody else's", function()
    local lifted = { autoscaler = { maxReplicas = 10, raisedTo = 40 } }
    patches(of_autoscaler(3, lifted), { minReplicas = 40, maxReplicas = 40 }, 3, 10)
    lifted = { autoscaler = { maxReplicas = 10, raisedTo = 40 } }
    patches(of_autoscaler(3, lifted), { minReplicas = 40, maxReplicas = 60 }, 3, 60)
  end)

  -- ---- what is in the way ----

  it("lets go of a workload that an autoscaler scales", function()
    plan(object(office_hours(), "2026-06-01T05:00:00Z"), "2026-06-01T06:00:00Z",
      { deployment(2), autoscaler { maxReplicas = 5 } }):expect {
      row = "conflict", steps = {}, conditions = { Ready = "False" },
    }
  end)

  it("lets go of a target that an older CronHPA scales", function()
    local other = object(office_hours())
    other.metadata.name = "a-shop"
    other.metadata.creationTimestamp = "2020-01-01T00:00:00Z"
    local root = object(office_hours(), "2026-06-01T05:00:00Z")
    root.metadata.creationTimestamp = "2020-01-02T00:00:00Z"
    plan(root, "2026-06-01T06:00:00Z", { deployment(2), other }):expect {
      row = "conflict", steps = {},
    }
    root.metadata.creationTimestamp = "2019-01-02T00:00:00Z"
    plan(root, "2026-06-01T06:00:00Z", { deployment(2), other }):expect { row = "due" }
  end)

  it("waits for a target that is not there", function()
    plan(object(office_hours(), "2026-06-01T05:00:00Z"), "2026-06-01T06:00:00Z", {}):expect {
      row = "no-target", steps = {}, conditions = { Ready = "False" },
    }
  end)

  it("says what cannot be read in a spec", function()
    local function refuses(spec, message)
      plan(object(spec), "2026-06-01T06:00:00Z"):expect { row = "invalid", steps = {},
        why = message }
    end

    refuses({ jobs = { { name = "a", schedule = "61 * * * *", targetSize = 1 } } },
      "job 'a': '61 * * * *': minute '61' is not from 0 to 59")
    refuses({ timeZone = "Europe/Berln",
      jobs = { { name = "a", schedule = "0 * * * *", targetSize = 1 } } },
      "job 'a': there is no time zone 'Europe/Berln', did you mean 'Europe/Berlin'?")
    refuses({ excludeDates = { "christmas" },
      jobs = { { name = "a", schedule = "0 * * * *", targetSize = 1 } } },
      "job 'a': excludeDates 'christmas': it has 1 fields, expected 5, or 6 with seconds")
  end)
end)
