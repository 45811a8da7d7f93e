"""The kinds of the generator's own: everything that a schema can say."""

GROUP = "conf.example.com"

_CONDITIONS = {
    "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"],
    "items": {"type": "object", "required": ["type", "status"], "properties": {
        "type": {"type": "string"}, "status": {"type": "string", "enum": ["True", "False", "Unknown"]},
        "reason": {"type": "string"}, "message": {"type": "string"},
        "lastTransitionTime": {"type": "string", "format": "date-time"}}}}


def _widget_schema(mode):
    return {"type": "object", "required": ["spec"], "properties": {
        "spec": {"type": "object", "required": ["size"], "properties": {
            "size": {"type": "string", "enum": ["small", "large"]},
            "replicas": {"type": "integer", "minimum": 0, "maximum": 9, "default": 1},
            "port": {"x-kubernetes-int-or-string": True, "default": 8080},
            "ratio": {"type": "number", "minimum": 0, "exclusiveMinimum": True},
            "title": {"type": "string", "minLength": 2, "maxLength": 20, "pattern": "^[A-Z]"},
            "since": {"type": "string", "format": "date-time"},
            "tags": {"type": "array", "x-kubernetes-list-type": "set", "maxItems": 4,
                     "items": {"type": "string"}},
            "items": {"type": "array", "x-kubernetes-list-type": "map",
                      "x-kubernetes-list-map-keys": ["name", "proto"], "items": {
                          "type": "object", "required": ["name"], "properties": {
                              "name": {"type": "string"},
                              "proto": {"type": "string", "default": "TCP"},
                              "value": {"type": "integer", "format": "int32"}}}},
            "rules": {"type": "array", "x-kubernetes-list-type": "atomic", "items": {
                "type": "object", "x-kubernetes-preserve-unknown-fields": True,
                "properties": {"allow": {"type": "boolean", "default": False}}}},
            "config": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            "limits": {"type": "object", "additionalProperties": {
                "anyOf": [{"type": "integer"}, {"type": "string"}],
                "x-kubernetes-int-or-string": True,
                "pattern": "^[0-9.]+m?$"}},
            "env": {"type": "object", "x-kubernetes-map-type": "atomic",
                    "additionalProperties": {"type": "string"}},
            "nested": {"type": "object", "default": {}, "properties": {
                "mode": {"type": "string", "default": mode},
                "level": {"type": "integer", "multipleOf": 1, "maximum": 5}}},
            "maybe": {"type": "string", "nullable": True},
            "template": {"type": "object", "x-kubernetes-embedded-resource": True,
                         "x-kubernetes-preserve-unknown-fields": True}}},
        "status": {"type": "object", "properties": {
            "replicas": {"type": "integer"}, "selector": {"type": "string"},
            "phase": {"type": "string"}, "conditions": _CONDITIONS}}}}


def _version(name, storage, mode):
    return {"name": name, "served": True, "storage": storage,
            "schema": {"openAPIV3Schema": _widget_schema(mode)},
            "subresources": {"status": {}, "scale": {
                "specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas",
                "labelSelectorPath": ".status.selector"}},
            "additionalPrinterColumns": [
                {"name": "Size", "type": "string", "jsonPath": ".spec.size"},
                {"name": "Level", "type": "integer", "jsonPath": ".spec.nested.level", "priority": 1},
                {"name": "Ready", "type": "string",
                 "jsonPath": ".status.conditions[?(@.type==\"Ready\")].status"}]}


def _definition(kind, plural, scope, versions):
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{GROUP}"},
            "spec": {"group": GROUP, "scope": scope, "versions": versions,
                     "names": {"kind": kind, "plural": plural, "singular": kind.lower(),
                               "shortNames": [plural[:3]], "categories": ["all"]}}}


DEFINITIONS = (
    _definition("Widget", "widgets", "Namespaced",
                [_version("v1", True, "auto"), _version("v1beta1", False, "manual")]),
    _definition("Gadget", "gadgets", "Cluster", [
        {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
            "type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {
                "spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {
                    "text": {"type": "string", "default": "none"},
                    "deep": {"type": "object", "x-kubernetes-preserve-unknown-fields": True,
                             "properties": {"x": {"type": "object", "properties": {
                                 "y": {"type": "integer"}, "z": {"type": "integer", "default": 7}}}}}}}}}}}]),
)


def small(r, group):
    """A definition that is an object of a sequence itself."""
    properties = {"size": {"type": "integer", "default": r.choice((1, 2))}, **(
        {"tags": {"type": "array", "items": {"type": "string"},
                  "x-kubernetes-list-type": r.choice(("set", "atomic"))}} if r.random() < .5 else {})}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
        "type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}}}
    if r.random() < .4:
        version["subresources"] = {"status": {}}
    names = {"kind": "Thing", "plural": "things"}
    if r.random() < .4:
        names.update(shortNames=["th"], singular="thing")
    return {"spec": {"group": group, "scope": r.choice(("Namespaced", "Cluster")),
                     "names": names, "versions": [version]}}
