--- What resource-interpreter scripts get from `require "kube"` under
-- `tidelock eval`: sums of quantities, what a pod template asks for, and what
-- it depends on.
--
-- @module tidelock.kube

local quantity = require "tidelock.quantity"

local kube = {}

--- The sum of quantities; nil counts as nothing.
--
--     kube.resourceAdd("500m", "1", nil)   --> "1500m"
--     kube.resourceAdd()                   --> "0"
--
-- @param ... texts or nil
-- @treturn string
function kube.resourceAdd(...)
  local sum
  for i = 1, select("#", ...) do
    local item = select(i, ...)
    if item ~= nil then
      sum = sum and quantity.add(sum, item) or quantity.canonical(item)
    end
  end
  return sum or "0"
end

--- A quantity as a number; nil is 0.
--
--     kube.getResourceQuantity("2Gi")    --> 2147483648
--     kube.getResourceQuantity("500m")   --> 0.5
--
-- @param what
-- @treturn number
function kube.getResourceQuantity(what)
  if what == nil then
    return 0
  end
  local whole = quantity.value(what)
  if quantity.equal(whole, what) then
    return whole
  end
  return quantity.milli(what) / 1000
end

-- What a container asks for: a limit stands for a request that is not there.
local function requests_of(container)
  local resources = container.resources or {}
  local requests = {}
  for name, amount in pairs(resources.limits or {}) do
    requests[name] = amount
  end
  for name, amount in pairs(resources.requests or {}) do
    requests[name] = amount
  end
  return requests
end

local function add_all(total, requests)
  for name, amount in pairs(requests) do
    total[name] = kube.resourceAdd(total[name], amount)
  end
end

-- Init containers run one after the other, before the others run together.
local function pod_requests(spec)
  local total = {}
  for _, container in ipairs(spec.containers or {}) do
    add_all(total, requests_of(container))
  end
  for _, container in ipairs(spec.initContainers or {}) do
    for name, amount in pairs(requests_of(container)) do
      total[name] = quantity.canonical(quantity.max(total[name] or 0, amount))
    end
  end
  add_all(total, spec.overhead or {})
  return total
end

local function node_claim(spec)
  local affinity = spec.affinity and spec.affinity.nodeAffinity
  local hard = affinity and affinity.requiredDuringSchedulingIgnoredDuringExecution
  local tolerations = spec.tolerations or {}
  if not spec.nodeSelector and not hard and #tolerations == 0 then
    return nil
  end
  return {
    nodeSelector = spec.nodeSelector,
    tolerations = #tolerations > 0 and tolerations or nil,
    hardNodeAffinity = hard,
  }
end

--- What one replica of a pod template needs: `nodeClaim` (where it may run) and
-- `resourceRequest`, each only when there is something to say.
--
--     local template = { spec = { containers = {
--       { resources = { requests = { cpu = "250m" } } },
--       { resources = { limits = { cpu = "1", memory = "1Gi" } } } } } }
--     kube.accuratePodRequirements(template).resourceRequest.cpu      --> "1250m"
--     kube.accuratePodRequirements(template).resourceRequest.memory   --> "1Gi"
--
-- @tparam table template
-- @treturn table|nil nil when it needs nothing
function kube.accuratePodRequirements(template)
  local spec = template.spec or {}
  local requests = pod_requests(spec)
  local claim = node_claim(spec)
  if next(requests) == nil then
    requests = nil
  end
  if not claim and not requests then
    return nil
  end
  return { nodeClaim = claim, resourceRequest = requests }
end

-- Names of one kind, each once.
local function add_name(names, name)
  if name ~= nil and name ~= "" then
    names[name] = true
  end
end

local function containers_of(spec)
  local all = {}
  for _, field in ipairs { "initContainers", "containers", "ephemeralContainers" } do
    for _, container in ipairs(spec[field] or {}) do
      all[#all + 1] = container
    end
  end
  return all
end

-- Fields of a volume's source that hold { secretRef = { name = } }, or
-- nodePublishSecretRef of a CSI volume.
local SECRET_REFS = { "cephfs", "cinder", "flexVolume", "iscsi", "rbd", "scaleIO", "storageos" }

local function add_volume(found, volume)
  add_name(found.ConfigMap, volume.configMap and volume.configMap.name)
  add_name(found.Secret, volume.secret and volume.secret.secretName)
  add_name(found.Secret, volume.azureFile and volume.azureFile.secretName)
  add_name(found.PersistentVolumeClaim,
    volume.persistentVolumeClaim and volume.persistentVolumeClaim.claimName)
  for _, source in ipairs(volume.projected and volume.projected.sources or {}) do
    add_name(found.ConfigMap, source.configMap and source.configMap.name)
    add_name(found.Secret, source.secret and source.secret.name)
  end
  for _, field in ipairs(SECRET_REFS) do
    local ref = volume[field] and volume[field].secretRef
    add_name(found.Secret, ref and ref.name)
  end
  local csi = volume.csi and volume.csi.nodePublishSecretRef
  add_name(found.Secret, csi and csi.name)
end

local function add_container(found, container)
  for _, from in ipairs(container.envFrom or {}) do
    add_name(found.ConfigMap, from.configMapRef and from.configMapRef.name)
    add_name(found.Secret, from.secretRef and from.secretRef.name)
  end
  for _, variable in ipairs(container.env or {}) do
    local from = variable.valueFrom or {}
    add_name(found.ConfigMap, from.configMapKeyRef and from.configMapKeyRef.name)
    add_name(found.Secret, from.secretKeyRef and from.secretKeyRef.name)
  end
end

local KINDS = { "ConfigMap", "Secret", "ServiceAccount", "PersistentVolumeClaim" }

--- References to the objects that a pod of this template mounts or names,
-- sorted by kind (config maps, secrets, service account, claims), then name.
--
--     local template = { spec = { serviceAccountName = "web",
--       volumes = { { configMap = { name = "site" } } } } }
--     kube.getPodDependencies(template, "shop")[1].name   --> "site"
--     kube.getPodDependencies(template, "shop")[2].kind   --> "ServiceAccount"
--
-- @tparam table template
-- @tparam[opt] string namespace "default" when it is nil
-- @treturn table a list of { apiVersion =, kind =, namespace =, name = }
function kube.getPodDependencies(template, namespace)
  local spec = template.spec or {}
  local found = { ConfigMap = {}, Secret = {}, ServiceAccount = {}, PersistentVolumeClaim = {} }
  for _, volume in ipairs(spec.volumes or {}) do
    add_volume(found, volume)
  end
  for _, container in ipairs(containers_of(spec)) do
    add_container(found, container)
  end
  for _, reference in ipairs(spec.imagePullSecrets or {}) do
    add_name(found.Secret, reference.name)
  end
  if spec.serviceAccountName ~= "default" then
    add_name(found.ServiceAccount, spec.serviceAccountName)
  end

  local references = {}
  for _, kind in ipairs(KINDS) do
    for name in pairs(found[kind]) do
      references[#references + 1] = {
        apiVersion = "v1", kind = kind, namespace = namespace or "default", name = name,
      }
    end
  end
  return references
end

return kube
