---@meta _
-- Written by 'tidelock check --types': not to be changed.

---@class (exact) shop_example_com.v1beta1.WidgetSpecByName
---@field weight? integer

---@class (exact) shop_example_com.v1beta1.WidgetSpecPorts
--- 1 to 65535
---@field port integer
---@field hosts? string[]

---@class (exact) shop_example_com.v1beta1.WidgetSpec
---@field mode "Fast"|"Not \"so\" fast"
---@field level? 1|2|3
---@field share? number
---@field enabled? boolean
---@field limit? integer|string
---@field limits? (integer|string)[]
---@field modes? ("a"|"b")[]
---@field labels? table<string, string>
---@field byName? table<string, shop_example_com.v1beta1.WidgetSpecByName>
---@field anything? table<string, any>
---@field template? table<string, any>
---@field choice? string|nil
--- a keyword of Lua
---@field ["end"]? string
---@field ["app.kubernetes.io/name"]? string
---@field ports shop_example_com.v1beta1.WidgetSpecPorts[]

---@class (exact) shop_example_com.v1beta1.WidgetStatus
---@field lastRun? string
---@field ready? boolean

--- A thing with every kind of field.
--- In two lines.
---@class (exact) shop_example_com.v1beta1.Widget
---@field apiVersion "shop.example.com/v1beta1"
---@field kind "Widget"
---@field metadata meta.v1.ObjectMeta
---@field spec shop_example_com.v1beta1.WidgetSpec
---@field status? { lastRun?: string }

---@class (exact) widget.Params
--- what runs
---@field image string
---@field ["max-size"] integer

---@class widget.View : tidelock.View
---@field params widget.Params
---@field get fun(self: widget.View, apiVersion: "apps/v1", kind: "Deployment", name: string, namespace?: string): apps.v1.Deployment?
---@field list fun(self: widget.View, apiVersion: "apps/v1", kind: "Deployment", options?: table): apps.v1.Deployment[]
---@field get fun(self: widget.View, apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", name: string, namespace?: string): apiextensions.v1.CustomResourceDefinition?
---@field list fun(self: widget.View, apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", options?: table): apiextensions.v1.CustomResourceDefinition[]
---@field get fun(self: widget.View, apiVersion: "other.example.com/v1", kind: "Unheard", name: string, namespace?: string): any?
---@field list fun(self: widget.View, apiVersion: "other.example.com/v1", kind: "Unheard", options?: table): any[]

---@class widget.Plan : tidelock.Plan
---@field status fun(self: widget.Plan, fields: shop_example_com.v1beta1.WidgetStatus)
