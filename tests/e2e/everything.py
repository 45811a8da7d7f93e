"""An operator with a child of each kind that the API server says in other words
than it was given, and a root of it. operators/everything is its script."""

import pathlib

from harness import crd, install_crd, wait_for

EVERYTHING = pathlib.Path(__file__).resolve().parent / "operators/everything"


def everything_crds():
    part = crd("everything.example.com", "Part", "parts", {
        "half": {"type": "number"}, "one": {"type": "number"},
        "big": {"type": "integer"}, "text": {"type": "string"},
        "quantity": {"x-kubernetes-int-or-string": True},
        "port": {"x-kubernetes-int-or-string": True},
        "portName": {"x-kubernetes-int-or-string": True},
        "at": {"type": "string", "format": "date-time"},
        "map": {"type": "array", "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
                "items": {"type": "object", "required": ["name"],
                          "properties": {"name": {"type": "string"},
                                         "value": {"type": "integer", "default": 7}}}},
        "set": {"type": "array", "x-kubernetes-list-type": "set",
                "items": {"type": "string"}},
        "atomic": {"type": "array", "items": {"type": "string"}},
        "nested": {"type": "object", "properties": {
            "filled": {"type": "string", "default": "by the server"}}},
        "defaulted": {"type": "object", "default": {"a": 1},
                      "properties": {"a": {"type": "integer"}}},
        "anything": {"x-kubernetes-preserve-unknown-fields": True},
        "nothing": {"type": "array", "items": {"type": "string"}},
        "object": {"type": "object", "additionalProperties": {"type": "string"}},
        "nullable": {"type": "string", "nullable": True},
    })
    root = crd("everything.example.com", "Everything", "everythings",
               {"note": {"type": "string"}})
    root["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"][
        "status"]["properties"]["children"] = {"type": "integer"}
    return part, root


class Everything:
    """One root of the operator `everything` in a namespace of its own."""

    def __init__(self, cluster, ns):
        for definition in everything_crds():
            install_crd(cluster, definition)
        self.cluster, self.ns = cluster, ns
        self.client = cluster.client()
        self.path = (f"/apis/everything.example.com/v1/namespaces/{self.ns}"
                     "/everythings/everything")

    def apply(self, note):
        return self.client.apply(self.path, {
            "apiVersion": "everything.example.com/v1", "kind": "Everything",
            "metadata": {"name": "everything"}, "spec": {"note": note}})

    def child(self, group, plural):
        base = f"/api/{group}" if "/" not in group else f"/apis/{group}"
        return self.client.get(f"{base}/namespaces/{self.ns}/{plural}/everything")

    def change(self, note):
        """Changes every child and waits until that is done."""
        generation = self.apply(note)["metadata"]["generation"]
        wait_for(lambda: self.client.get(self.path)["status"]
                 ["observedGeneration"] == generation, f"note '{note}'")
        assert self.child("v1", "configmaps")["metadata"]["annotations"][
            "note"] == note

    def settled(self):
        """The controllers have looked at each child of theirs."""
        for kind in ("deployments", "statefulsets", "daemonsets"):
            found = self.child("apps/v1", kind)
            if found["status"].get("observedGeneration") != \
                    found["metadata"]["generation"]:
                return False
        return "disruptionsAllowed" in self.child(
            "policy/v1", "poddisruptionbudgets").get("status", {})
