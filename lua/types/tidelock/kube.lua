---@meta tidelock.kube

--- Made by lua/types/generate.lua from lua/tidelock/kube.lua.
---
--- What resource-interpreter scripts get from `require "kube"` under
--- `tidelock eval`: sums of quantities, what a pod template asks for, and what
--- it depends on.
---@class tidelock.kube
local kube = {}

--- The sum of quantities; nil counts as nothing.
---
---     kube.resourceAdd("500m", "1", nil)   --> "1500m"
---     kube.resourceAdd()                   --> "0"
---@param ... any texts or nil
---@return string
function kube.resourceAdd(...) end

--- A quantity as a number; nil is 0.
---
---     kube.getResourceQuantity("2Gi")    --> 2147483648
---     kube.getResourceQuantity("500m")   --> 0.5
---@param what any
---@return number
function kube.getResourceQuantity(what) end

--- What one replica of a pod template needs: `nodeClaim` (where it may run) and
--- `resourceRequest`, each only when there is something to say.
---
---     local template = { spec = { containers = {
---       { resources = { requests = { cpu = "250m" } } },
---       { resources = { limits = { cpu = "1", memory = "1Gi" } } } } } }
---     kube.accuratePodRequirements(template).resourceRequest.cpu      --> "1250m"
---     kube.accuratePodRequirements(template).resourceRequest.memory   --> "1Gi"
---@param template table
---@return table|nil # nil when it needs nothing
function kube.accuratePodRequirements(template) end

--- References to the objects that a pod of this template mounts or names,
--- sorted by kind (config maps, secrets, service account, claims), then name.
---
---     local template = { spec = { serviceAccountName = "web",
---       volumes = { { configMap = { name = "site" } } } } }
---     kube.getPodDependencies(template, "shop")[1].name   --> "site"
---     kube.getPodDependencies(template, "shop")[2].kind   --> "ServiceAccount"
---@param template table
---@param namespace? string "default" when it is nil
---@return table # a list of { apiVersion =, kind =, namespace =, name = }
function kube.getPodDependencies(template, namespace) end

return kube
