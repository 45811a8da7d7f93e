--- What a CronHPA scales: is it there, may it be scaled, and what is to be done
-- for a size.

local tidelock = require "tidelock"

local target = {}

local HPA = "HorizontalPodAutoscaler"

local function same(a, b)
  return a.kind == b.kind and a.name == b.name
    and a.apiVersion:match("^[^/]*") == b.apiVersion:match("^[^/]*")
end

-- Of two objects the older one, by name when they are of one second.
local function is_older(a, b)
  local x, y = a.metadata.creationTimestamp or "", b.metadata.creationTimestamp or ""

  return x < y or x == y and a.metadata.name < b.metadata.name
end

--- Who else decides the size of the target; nil when nobody does.
--
-- @tparam table cronhpa
-- @tparam table view
-- @treturn string|nil
function target.conflict(cronhpa, view)
  local ref = cronhpa.spec.scaleTargetRef

  for _, other in ipairs(view:list("example.com/v1", "CronHPA")) do
    if other.metadata.name ~= cronhpa.metadata.name and same(other.spec.scaleTargetRef, ref)
        and is_older(other, cronhpa) then
      return ("CronHPA '%s' scales it, and is older"):format(other.metadata.name)
    end
  end
  for _, hpa in ipairs(ref.kind ~= HPA and view:list("autoscaling/v2", HPA) or {}) do
    if same(hpa.spec.scaleTargetRef, ref) then
      return ("%s '%s' scales it: name that one as scaleTargetRef"):format(HPA, hpa.metadata.name)
    end
  end
  return nil
end

-- The bounds of an autoscaler for a size. The size is the floor: the autoscaler
-- goes on scaling above it. The ceiling is lifted when the floor would be above
-- it, and comes down again with the floor, to what it was before; a ceiling that
-- somebody else has set since is taken for theirs.
--
--     min = max(size, 1)        max = max(ceiling, min)
local function bounds(hpa, size, lifted)
  local ceiling = hpa.spec.maxReplicas

  if lifted and lifted.raisedTo == ceiling then
    ceiling = lifted.maxReplicas
  end
  local min = math.max(size, 1)
  local max = math.max(ceiling, min)
  return min, max, max > ceiling and { maxReplicas = ceiling, raisedTo = max } or nil
end

local function change_autoscaler(hpa, size, lifted)
  local min, max, lift = bounds(hpa, size, lifted)
  local was = ("%d to %d"):format(hpa.spec.minReplicas or 1, hpa.spec.maxReplicas)
  local is = ("%d to %d"):format(min, max)

  return {
    lifted = lift, was = was, is = is, same = was == is,
    declare = function(plan)
      plan:patch(hpa, { spec = { minReplicas = min, maxReplicas = max } }, { type = "merge" })
    end,
  }
end

local function change_workload(object, size)
  local was = object.spec.replicas or 1

  return {
    was = was, is = size, same = was == size,
    declare = function(plan) plan:scale(object, size) end,
  }
end

-- The kinds that the operator declares to read.
local readers = {
  Deployment = function(view, name) return view:get("apps/v1", "Deployment", name) end,
  StatefulSet = function(view, name) return view:get("apps/v1", "StatefulSet", name) end,
  [HPA] = function(view, name) return view:get("autoscaling/v2", HPA, name) end,
}

--- The target, or nil when it is not there.
--
-- @tparam table cronhpa
-- @tparam table view
-- @treturn table|nil
function target.find(cronhpa, view)
  local ref = cronhpa.spec.scaleTargetRef

  return readers[ref.kind](view, ref.name)
end

--- What it takes to bring a target to a size: { was, is, same, lifted,
-- declare(plan) }. `lifted` is what the status remembers of an autoscaler.
--
-- @tparam table object
-- @tparam integer size
-- @tparam table|nil lifted
-- @treturn table
function target.change(object, size, lifted)
  if object.kind == HPA then
    return change_autoscaler(object, size, lifted)
  end
  return change_workload(object, size)
end

--- Names of the targets of one kind, for the declaration.
--
-- @tparam string kind
-- @treturn function
function target.names(kind)
  return function(cronhpa)
    local ref = tidelock.get(cronhpa, "spec", "scaleTargetRef") or {}
    return { ref.kind == kind and ref.name or nil }
  end
end

return target
