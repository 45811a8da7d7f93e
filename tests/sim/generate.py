"""Random sequences of operations: generate(seed) is a list of dicts that can be
kept as JSON, cut down and run again.

An operation says what is asked in terms of names, not of answers, so it means
something whatever happened before: texts that begin with `$` are filled in when
it is run ($ns, $uid:Kind/name, $rv:Kind/name, $stale:Kind/name, $made:ID).
"""

import copy
import random

from bodies import chance, labels
from kinds import APART, KINDS

NAMES = ("a", "b", "c")
MANAGERS = ("one", "two", "three")
SELECTORS = (           # (labelSelector, labels that match it)
    ("app=web", {"app": "web"}), ("app!=web", {}), ("app in (web,db)", {"app": "db"}),
    ("!tier", {}), ("tier", {"tier": "front"}), ("app=web,env notin (prod)", {"app": "web"}),
    ("app=db,tier=back", {"app": "db", "tier": "back"}))
BAD_SELECTORS = ("app in", "=x", "app=a b", "a,,b", "app in (x")
BAD_NAMES = ("Upper", "under_score", "-dash", "dot.", "a" * 254, "sp ace", "a/b", "")
FINALIZERS = ("example.com/one", "example.com/two")


def generate(seed, only=None):
    """A list of operations, each with an id that stays when others go."""
    r = random.Random(f"sequence {seed}")
    kinds = _choose_kinds(r, only)
    length = min(50, 1 + int(r.expovariate(1 / 13)))
    ops = []
    for number in range(length):
        kind = r.choices(kinds, [3] + [1] * (len(kinds) - 1))[0]
        op = _first(r, kind) if number == 0 else _any(r, kind, number)
        ops.append({"id": number, "kind": kind.name, **op})
    return ops


def kinds_of(ops):
    """The kinds that a sequence is about, in order of appearance."""
    return list(dict.fromkeys(op["kind"] for op in ops))


def _choose_kinds(r, only):
    pool = [k for k in KINDS.values() if not only or k.kind == only or k.name == only]
    first = r.choices(pool, [k.weight for k in pool])[0]
    chosen = [first]
    for other in r.choices(pool, [k.weight for k in pool], k=r.choice((0, 0, 1, 2))):
        apart = APART.get(other.name, ())
        if other not in chosen and not any(k.name in apart for k in chosen):
            chosen.append(other)
    return chosen


def _first(r, kind):
    return _create(r, kind, 0)


def _any(r, kind, number):
    choices = [(_create, 16), (_get, 6), (_update, 14), (_patch, 18), (_apply, 20), (_delete, 9),
               (_list, 6), (_watch, 4), (_bad, 7), (_deletecollection, 2), (_finalizers, 5),
               (_shown, 2)]
    if kind.status:
        choices.append((_status, 8))
    if kind.scale:
        choices.append((_scale, 5))
    if kind.name == "Pod":
        choices.append((_pod_subresource, 6))
    make = r.choices([c[0] for c in choices], [c[1] for c in choices])[0]
    return make(r, kind, number)


# ---- parts ----

def _name(r):
    return r.choices(NAMES, (6, 2, 1))[0]


def _metadata(r, kind, name):
    meta = {"name": name} if name else {}
    if chance(r, 0.5):
        meta["labels"] = labels(r)
    if chance(r, 0.2):
        meta["annotations"] = {"example.com/note": r.choice(("x", "y"))}
    if chance(r, 0.08):
        meta["finalizers"] = list(FINALIZERS[:r.randint(1, 2)])
    if chance(r, 0.06) and kind.namespaced:
        meta["ownerReferences"] = [{"apiVersion": "v1", "kind": "ConfigMap", "name": "a",
                                    "uid": "$uid:ConfigMap/a",
                                    **({"controller": True} if chance(r, .5) else {})}]
    if kind.namespaced and chance(r, 0.3):
        meta["namespace"] = "$ns"
    return meta


def body(r, kind, name):
    found = copy.deepcopy(kind.make(r))
    return {"apiVersion": kind.api_version, "kind": kind.kind,
            "metadata": _metadata(r, kind, name), **found}


def _query(r, apply=False):
    query = {}
    if chance(r, 0.12):
        query["dryRun"] = "All"
    if chance(r, 0.15):
        query["fieldValidation"] = r.choice(("Strict", "Warn", "Ignore"))
    if chance(r, 0.3) or apply:
        query["fieldManager"] = r.choice(MANAGERS)
    return query


def _meta(tree):
    """The metadata of what may have been spoiled."""
    found = tree.get("metadata")
    return found if isinstance(found, dict) else {}


def leaves(tree, path=()):
    """Paths of everything below, lists taken as a whole and by their items."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in items:
        yield path + (key,)
        if isinstance(value, (dict, list)):
            yield from leaves(value, path + (key,))


def at(tree, path):
    for key in path:
        tree = tree[key]
    return tree


def fragment(r, tree, keep=()):
    """A part of a tree: some of its fields, lists whole."""
    if not isinstance(tree, dict):
        return tree
    found = {}
    for key, value in tree.items():
        if key in keep or chance(r, 0.5):
            found[key] = value if chance(r, 0.3) else fragment(r, value, keep)
    return found


def _changes(r, kind):
    """A merge patch of the kind of change that people make."""
    made = body(r, kind, None)
    made.pop("apiVersion"), made.pop("kind")
    patch = fragment(r, made)
    patch.pop("metadata", None)
    meta = {}
    if chance(r, 0.6) or not patch:
        meta["labels"] = {r.choice(("app", "extra")): r.choice(("web", "new", None))}
    if chance(r, 0.3):
        meta["annotations"] = {"example.com/note": r.choice(("x", "z", None))}
    if meta:
        patch["metadata"] = meta
    if chance(r, 0.15):
        _put(patch, r.choice([p for p in leaves(patch) if isinstance(p[-1], str)]), None)
    return patch


def _put(tree, path, value):
    at(tree, path[:-1])[path[-1]] = value


WRONG = (None, "text", "", 7, -1, 1.5, True, [], {}, ["x"], {"x": "y"}, "Not Valid!", 99999999999,
         {"unknownField": 1})


def _spoil(r, tree):
    """One thing about an object is made wrong."""
    paths = [p for p in leaves(tree) if p[0] not in ("apiVersion", "kind")]
    path = r.choice(paths)
    how = r.random()
    if how < 0.4:
        _put(tree, path, copy.deepcopy(r.choice(WRONG)))
    elif how < 0.6:
        parent = at(tree, path[:-1])
        del parent[path[-1]]
    elif how < 0.8:
        parents = [p for p in paths if isinstance(at(tree, p), dict)] + [()]
        at(tree, r.choice(parents))[r.choice(("unknownField", "Name", "replicass"))] = r.choice((1, {"a": 1}))
    elif how < 0.9:
        lists = [p for p in paths if isinstance(at(tree, p), list) and at(tree, p)]
        if lists:       # twice the same
            found = at(tree, r.choice(lists))
            found.append(copy.deepcopy(found[0]))
    else:
        tree["metadata"][r.choice(("labels", "annotations"))] = {
            r.choice(("bad key!", "a/b/c", "ok", "")): r.choice(("bad value!", "x" * 64, "fine"))}
    return tree


# ---- operations ----

def _create(r, kind, number):
    name = _name(r)
    made = body(r, kind, name)
    if chance(r, 0.1):
        del made["metadata"]["name"]
        made["metadata"]["generateName"] = f"made{number}-"
    query = _query(r)
    if number and chance(r, 0.25) or chance(r, 0.07):
        made = _spoil(r, made)
    if chance(r, 0.03):
        _meta(made).update(r.choice(({"resourceVersion": "1"}, {"uid": "00000000-0000-0000-0000-000000000001"},
                                          {"namespace": "elsewhere"}, {"generation": 7})))
    return {"do": "create", "body": made, "query": query}


def _get(r, kind, number):
    return {"do": "get", "name": r.choice((_name(r), _name(r), "nobody"))}


def _update(r, kind, number):
    changes = _changes(r, kind) if chance(r, 0.85) else {}
    op = {"do": "update", "name": _name(r), "changes": changes, "query": _query(r),
          "rv": r.choices(("current", "none", "stale", "future", "junk"), (60, 20, 10, 5, 2))[0]}
    if chance(r, 0.1):
        op["changes"] = _spoil(r, {**op["changes"], "metadata": {"labels": {"app": "web"}}})
    if chance(r, 0.04):
        op["changes"] = {"metadata": {"uid": r.choice(("00000000-0000-0000-0000-000000000001", None))}}
    if chance(r, 0.03):
        op["changes"] = {"metadata": {"managedFields": r.choice(([], [{}], None))}}
    return op


def _patch(r, kind, number):
    how = r.choice(("merge", "json", "strategic" if kind.builtin else "merge"))
    if how == "json":
        patch = _json_patch(r, kind)
    else:
        patch = _changes(r, kind)
        if how == "strategic":
            patch = _strategic(r, kind, patch)
    op = {"do": "patch", "name": r.choices((_name(r), "nobody"), (15, 1))[0], "how": how,
          "patch": patch, "query": _query(r)}
    if how != "json" and chance(r, 0.12):
        op["patch"] = _spoil(r, {**patch, "metadata": {"labels": {"app": "web"}}})
    meta = op["patch"].setdefault("metadata", {}) if how != "json" else None
    if isinstance(meta, dict) and chance(r, 0.12):
        meta["resourceVersion"] = r.choice(
            (f"$rv:{kind.name}/{op['name']}", f"$stale:{kind.name}/{op['name']}"))
    return op


def _pointer(path):
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in path)


def _json_patch(r, kind):
    made = body(r, kind, "a")
    steps = []
    for _ in range(r.choice((1, 1, 2, 3))):
        path = r.choice(list(leaves(made)))
        value = at(made, path)
        steps.append(r.choice((
            {"op": "add", "path": _pointer(path), "value": value},
            {"op": "replace", "path": _pointer(path), "value": value},
            {"op": "remove", "path": _pointer(path)},
            {"op": "test", "path": "/metadata/name", "value": r.choice(("a", "x"))},
            {"op": "add", "path": "/metadata/labels", "value": {"app": "web"}},
            {"op": "add", "path": "/metadata/labels/app", "value": "db"},
            {"op": "copy", "from": "/metadata/name", "path": "/metadata/annotations"},
            {"op": "move", "from": "/metadata/labels", "path": "/metadata/annotations"},
            {"op": r.choice(("add", "frobnicate")), "path": r.choice(("/metadata/labels/-", "nowhere", ""))})))
    return steps


def _strategic(r, kind, patch):
    """Directives where they make sense."""
    if not isinstance(patch.get("metadata", {}), dict):
        return patch
    spec = patch.get("spec") if isinstance(patch.get("spec"), dict) else None
    pods = None
    if spec is not None:
        pods = spec.get("template", {}).get("spec") if isinstance(spec.get("template"), dict) else \
            spec if kind.name == "Pod" else None
    if chance(r, 0.15):
        patch.setdefault("metadata", {})["labels"] = {"$patch": "replace", "app": "new"}
    if chance(r, 0.1):
        patch.setdefault("metadata", {})["$deleteFromPrimitiveList/finalizers"] = [FINALIZERS[0]]
    if isinstance(pods, dict) and chance(r, 0.5):
        pods["containers"] = r.choice((
            [{"name": "c1", "image": "nginx:1.26"}],
            [{"name": "c9", "image": "busybox"}, {"name": "c1", "$patch": "delete"}],
            [{"$patch": "replace"}, {"name": "only", "image": "busybox"}],
            [{"name": "c1", "env": [{"name": "PLAIN", "value": "new"}, {"name": "KEY", "$patch": "delete"}]}],
            [{"name": "c1", "ports": [{"containerPort": 80, "name": "web"}]}],
            [{"image": "nameless"}]))
        if chance(r, 0.3):
            pods["$setElementOrder/containers"] = [{"name": "c2"}, {"name": "c1"}]
    if kind.name == "Service" and spec is not None and chance(r, 0.6):
        spec["ports"] = r.choice(([{"port": 80, "targetPort": 9}], [{"port": 443, "$patch": "delete"}],
                                  [{"port": 99, "name": "more"}]))
    if kind.name == "Deployment" and spec is not None and chance(r, 0.3):
        spec["strategy"] = {"$retainKeys": ["type"], "type": "Recreate"}
    return patch


def _apply(r, kind, number):
    name = r.choices((_name(r), "fresh"), (9, 1))[0]
    config = body(r, kind, name)
    if chance(r, 0.1):
        config = {key: config[key] for key in ("apiVersion", "kind", "metadata")}
        config["metadata"] = {"name": name}
    elif chance(r, 0.4):
        part = fragment(r, config)
        config = {**part, "apiVersion": config["apiVersion"], "kind": config["kind"],
                  "metadata": {**part.get("metadata", {}), "name": name}}
    if chance(r, 0.1):
        config = _spoil(r, config)
    if isinstance(config.get("metadata"), dict) and chance(r, 0.06):
        config["metadata"].update(r.choice(({"resourceVersion": "1"}, {"managedFields": []},
                                            {"uid": f"$uid:{kind.name}/{name}"},
                                            {"resourceVersion": f"$rv:{kind.name}/{name}"})))
    query = _query(r, apply=True)
    if chance(r, 0.4):
        query["force"] = "true"
    return {"do": "apply", "name": name, "body": config, "query": query}


def _delete_options(r, kind, name):
    options = {}
    if chance(r, 0.25):
        options["preconditions"] = r.choice((
            {"uid": f"$uid:{kind.name}/{name}"}, {"uid": "00000000-0000-0000-0000-000000000001"},
            {"resourceVersion": f"$rv:{kind.name}/{name}"},
            {"resourceVersion": f"$stale:{kind.name}/{name}"}))
    if chance(r, 0.3):
        options["propagationPolicy"] = r.choice(("Background", "Foreground", "Orphan", "Background", "Wrong"))
    elif chance(r, 0.08):
        options["orphanDependents"] = r.choice((True, False))
    if chance(r, 0.1):
        options["gracePeriodSeconds"] = r.choice((0, 1, 30, -1))
    if chance(r, 0.08):
        options["dryRun"] = ["All"]
    return options


def _delete(r, kind, number):
    name = r.choices((_name(r), "nobody"), (12, 1))[0]
    query = {}
    if chance(r, 0.1):
        query = r.choice(({"dryRun": "All"}, {"propagationPolicy": "Foreground"}, {"gracePeriodSeconds": "0"},
                          {"propagationPolicy": "Orphan"}))
    return {"do": "delete", "name": name, "options": _delete_options(r, kind, name), "query": query}


def _deletecollection(r, kind, number):
    if not kind.namespaced:
        return _delete(r, kind, number)
    query = {}
    if chance(r, 0.7):
        query["labelSelector"] = r.choice(SELECTORS)[0]
    options = {}
    if chance(r, 0.3):
        options["propagationPolicy"] = r.choice(("Orphan", "Foreground"))
    return {"do": "deletecollection", "query": query, "options": options}


def _finalizers(r, kind, number):
    value = r.choice(([], [], [FINALIZERS[0]], list(FINALIZERS), ["bad"], None))
    return {"do": "patch", "name": _name(r), "how": "merge",
            "patch": {"metadata": {"finalizers": value}}, "query": {}}


def _status(r, kind, number):
    status = copy.deepcopy(kind.status(r))
    name = _name(r)
    changes = {"status": status}
    if chance(r, 0.4):          # what the subresource must not write
        changes.update(metadata={"labels": {"app": "new"}}, spec={"replicas": 7})
        if kind.name in ("ConfigMap", "Secret"):
            del changes["spec"]
    if chance(r, 0.1):
        changes["metadata"] = {**changes.get("metadata", {}), "finalizers": []}
    if chance(r, 0.15):
        paths = [p for p in leaves(changes) if p[0] == "status" and len(p) > 1]
        if paths:
            _put(changes, r.choice(paths), copy.deepcopy(r.choice(WRONG)))
    how = r.choice(("update", "merge", "apply", "get", "main"))
    query = _query(r)
    if how == "get":
        return {"do": "get", "name": name, "subresource": "status"}
    if how == "update":
        return {"do": "update", "name": name, "subresource": "status", "changes": changes,
                "rv": r.choice(("current", "current", "none", "stale")), "query": query}
    if how == "main":           # status through the main resource is lost
        return {"do": "patch", "name": name, "how": "merge", "patch": changes, "query": query}
    if how == "merge":
        return {"do": "patch", "name": name, "subresource": "status", "how": "merge",
                "patch": changes, "query": query}
    query["fieldManager"] = r.choice(MANAGERS)
    if chance(r, 0.5):
        query["force"] = "true"
    return {"do": "apply", "name": name, "subresource": "status", "query": query, "body": {
        "apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": name}, **changes}}


def _scale(r, kind, number):
    name, query = _name(r), _query(r)
    how = r.choice(("get", "update", "merge", "apply"))
    replicas = r.choice((0, 1, 4, 4, -1, "x"))
    if how == "get":
        return {"do": "get", "name": name, "subresource": "scale"}
    if how == "update":
        return {"do": "update", "name": name, "subresource": "scale", "query": query,
                "changes": {"spec": {"replicas": replicas}}, "rv": r.choice(("current", "none", "stale"))}
    if how == "merge":
        return {"do": "patch", "name": name, "subresource": "scale", "how": "merge",
                "patch": {"spec": {"replicas": replicas}}, "query": query}
    query["fieldManager"] = r.choice(MANAGERS)
    if chance(r, 0.6):
        query["force"] = "true"
    return {"do": "apply", "name": name, "subresource": "scale", "query": query, "body": {
        "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": name},
        "spec": {"replicas": replicas}}}


def _pod_subresource(r, kind, number):
    name = _name(r)
    if chance(r, 0.5):
        return {"do": "post", "name": name, "subresource": "binding", "body": {
            "apiVersion": "v1", "kind": "Binding", "metadata": {"name": name},
            "target": {"apiVersion": "v1", "kind": "Node", "name": r.choice(("node-1", "node-2", ""))}}}
    return {"do": "post", "name": name, "subresource": "eviction", "query": r.choice(({}, {}, {"dryRun": "All"})),
            "body": {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name},
                     **({"deleteOptions": {"gracePeriodSeconds": 0}} if chance(r, .3) else {})}}


def _list(r, kind, number):
    query = {}
    if chance(r, 0.4):
        query["labelSelector"] = r.choice(SELECTORS)[0]
    if chance(r, 0.2):
        query["fieldSelector"] = r.choice(("metadata.name=a", "metadata.name!=a", "metadata.namespace=$ns"))
    if chance(r, 0.08):
        query.update(r.choice(({"labelSelector": r.choice(BAD_SELECTORS)}, {"fieldSelector": "spec.nothing=1"},
                               {"limit": "-1"}, {"limit": "x"}, {"continue": "junk"},
                               {"resourceVersionMatch": "Exact"}, {"resourceVersion": "junk"},
                               {"timeoutSeconds": "x"})))
    if chance(r, 0.4):
        query.setdefault("limit", str(r.randint(1, 2)))
    elif chance(r, 0.3):
        query.update(r.choice((
            {"resourceVersion": "$now", "resourceVersionMatch": "NotOlderThan"},
            {"resourceVersion": "$now", "resourceVersionMatch": "Exact"}, {"resourceVersion": "$now"})))
    return {"do": "list", "query": query}


def _shown(r, kind, number):
    """Table and PartialObjectMetadata."""
    what = r.choice(("Table", "Table", "Partial"))
    query = r.choice(({}, {"includeObject": "None"}, {"includeObject": "Object"})) if what == "Table" else {}
    name = r.choice((None, _name(r)))
    return {"do": "shown", "as": what, "query": query, **({"name": name} if name else {})}


def _watch(r, kind, number):
    choice, matching = None, {}
    query = {}
    if chance(r, 0.4):
        choice, matching = r.choice(SELECTORS)
        query["labelSelector"] = choice
    if chance(r, 0.15):
        query["fieldSelector"] = "metadata.name!=a"
    start = r.choices(("mark", "unset", "initial", "bad"), (70, 12, 15, 3))[0]
    op = {"do": "watch", "query": query, "labels": matching, "start": start}
    if start == "mark":
        op["after"] = r.randint(0, number)
    elif start == "initial":
        query.update(sendInitialEvents="true", resourceVersionMatch="NotOlderThan", allowWatchBookmarks="true")
    elif start == "bad":
        query.update(r.choice(({"sendInitialEvents": "true"}, {"resourceVersion": "junk"},
                               {"labelSelector": "app in"}, {"timeoutSeconds": "x"})))
    minimal = random.Random(f"sentinel {kind.name}")
    op["sentinel"] = {"apiVersion": kind.api_version, "kind": kind.kind,
                      "metadata": {"labels": matching}, **copy.deepcopy(kind.make(minimal))}
    return op


def _bad(r, kind, number):
    """Requests that are wrong in themselves."""
    name = _name(r)
    one, many = kind.path("$ns", name), kind.path("$ns")
    good = body(r, kind, name)
    bad_name = r.choice(BAD_NAMES)
    wrong = r.choice((
        dict(method="POST", path=many, data="{\"metadata\": {"),
        dict(method="POST", path=many, data=""),
        dict(method="POST", path=many, data="[]"),
        dict(method="POST", path=many, data="null"),
        dict(method="POST", path=many, data="apiVersion: [", type="application/yaml"),
        dict(method="POST", path=many, body=good, type="application/yaml"),
        dict(method="POST", path=many, body=good, type="text/plain"),
        dict(method="POST", path=many, body={**good, "kind": "Potato"}),
        dict(method="POST", path=many, body={**good, "apiVersion": "example.com/v9"}),
        dict(method="POST", path=many, body={k: v for k, v in good.items() if k != "kind"}),
        dict(method="POST", path=many, body={**good, "metadata": {"name": bad_name}}),
        dict(method="POST", path=many, body={**good, "metadata": {}}),
        dict(method="POST", path=many, body={**good, "metadata": "text"}),
        dict(method="POST", path=many, body=good, query={"dryRun": "Some"}),
        dict(method="POST", path=many, body=good, query={"fieldValidation": "Maybe"}),
        dict(method="POST", path=many, body=good, query={"fieldManager": "x" * 129}),
        dict(method="POST", path=many, query={"fieldValidation": r.choice(("Strict", "Warn"))},
             data='{"apiVersion":"%s","kind":"%s","metadata":{"name":"twice","name":"%s"}}'
             % (kind.api_version, kind.kind, name)),
        dict(method="PUT", path=one, body={**good, "metadata": {"name": "other"}}),
        dict(method="PUT", path=one, body=good, type="application/merge-patch+json"),
        dict(method="PUT", path=many, body=good),
        dict(method="POST", path=one, body=good),
        dict(method="PATCH", path=one, body={"metadata": {"labels": {"a": "b"}}}),
        dict(method="PATCH", path=one, body=[], type="application/merge-patch+json"),
        dict(method="PATCH", path=one, body={"a": 1}, type="application/json-patch+json"),
        dict(method="PATCH", path=one, data="{{{", type="application/strategic-merge-patch+json"),
        dict(method="PATCH", path=one, data="nonsense", type="application/apply-patch+yaml",
             query={"fieldManager": "one"}),
        dict(method="PATCH", path=one, body=good, type="application/apply-patch+yaml"),
        dict(method="PATCH", path=one, body={**good, "metadata": {"name": "other"}},
             type="application/apply-patch+yaml", query={"fieldManager": "one"}),
        dict(method="PATCH", path=one, body={"metadata": {"name": "other"}},
             type="application/merge-patch+json"),
        dict(method="DELETE", path=one, data="{"),
        dict(method="DELETE", path=one, body={"apiVersion": "v1", "kind": "Potato"}),
        dict(method="GET", path=one + "/potatoes"),
        dict(method="GET", path=many + "ish"),
        dict(method="GET", path=one, headers={"Accept": "text/html"}),
        dict(method="PUT", path=one + "/status", body=good),
        dict(method="PUT", path=one + "/scale", body={"apiVersion": "autoscaling/v1", "kind": "Scale",
                                                     "metadata": {"name": name}, "spec": {"replicas": 1}}),
        dict(method="DELETE", path=one + "/status"),
    ))
    return {"do": "raw", **wrong}
