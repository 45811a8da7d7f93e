"""Runs one sequence on one server: a list of masked answers to be compared."""

import copy
import json

import masks
from kinds import KINDS
from servers import ApiError

ACCEPT = {
    "Table": "application/json;as=Table;v=v1;g=meta.k8s.io",
    "Partial": "application/json;as=PartialObjectMetadata{};v=v1;g=meta.k8s.io"}
TYPES = {"merge": "application/merge-patch+json", "json": "application/json-patch+json",
         "strategic": "application/strategic-merge-patch+json"}
APPLY = "application/apply-patch+yaml"
WATCH_SECONDS = 20
PAGES = 8
PODS = ("Pod",)


class Answer:
    """One answer: what was asked (words for people), code, masked body."""

    def __init__(self, asked, kind, code, body, warnings=False):
        self.asked, self.kind, self.code = asked, kind, code
        self.body, self.warnings = body, warnings

    def comparable(self):
        return {"code": self.code, "warnings": self.warnings, "body": self.body}


class Run:
    """A sequence in a namespace of its own. `mistakes` are for self-tests."""

    def __init__(self, server, ns, ops):
        self.server, self.ns, self.ops = server, ns, ops
        self.masks = masks.Masks(ns, json.dumps(ops))
        self._seen = {}         # "Kind/name" -> [(uid, resourceVersion), ...]
        self._made = {}         # id of an operation -> generated name
        self._marks = {}        # id of an operation -> resourceVersion before it

    def go(self):
        """[(operation or None, [Answer, ...]), ...]; the last is the final state."""
        self._prepare()
        steps = []
        for op in self.ops:
            self._marks[op["id"]] = self.masks.newest
            steps.append((op, getattr(self, "_" + op["do"])(op, KINDS[op["kind"]])))
        steps.append((None, self._final()))
        return steps

    def _prepare(self):
        made = self.server.request("POST", "/api/v1/namespaces", {
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.ns}})
        if made.status != 201:
            raise RuntimeError(f"{self.server.name}: no namespace: {made.status} {made.json()}")
        self.masks.newest = int(made.json()["metadata"]["resourceVersion"])
        if any(op["kind"] in PODS for op in self.ops):      # admission asks for it
            self.server.request("POST", f"/api/v1/namespaces/{self.ns}/serviceaccounts", {
                "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}})

    # Requests.

    def _ask(self, kind, method, path, body=None, content_type="application/json",
             query=None, headers=None, raw=None, shape=None):
        data = raw if raw is not None else None if body is None else json.dumps(self._fill(body))
        query = {key: self._fill(value) for key, value in (query or {}).items()}
        asked = f"{method} {path.replace(self.ns, 'NS')}" + (
            "?" + "&".join(f"{k}={v}" for k, v in query.items()) if query else "")
        try:
            answer = self.server.request(method, path, data, content_type, headers, query)
        except OSError as error:
            return None, Answer(asked, kind.name, 0, {"text": f"no answer: {type(error).__name__}"})
        value = answer.json()
        self._remember(kind, value)
        return value, Answer(asked, kind.name, answer.status,
                             self._masked(answer, value, shape, method != "GET"),
                             _warnings(answer))

    def _masked(self, answer, value, shape, written):
        if not isinstance(value, dict):
            return {"text": answer.headers.get("content-type", "").partition(";")[0]}
        if value.get("kind") == "Status":
            return self.masks.body(masks.status(value))
        if value.get("kind") == "Table":
            return self.masks.table(value)
        return self.masks.body(value, written)

    def _remember(self, kind, value):
        if not isinstance(value, dict):
            return
        for item in [value, *(value.get("items") or ())]:
            meta = item.get("metadata") if isinstance(item, dict) else None
            if isinstance(meta, dict) and meta.get("uid") and meta.get("resourceVersion"):
                known = self._seen.setdefault(f"{kind.name}/{self._short(kind, meta['name'])}", [])
                version = (meta["uid"], meta["resourceVersion"])
                if version not in known:
                    known.append(version)

    def _fill(self, value):
        """What texts with `$` stand for."""
        if isinstance(value, dict):
            return {self._fill(k): self._fill(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self._fill(item) for item in value]
        if not isinstance(value, str) or "$" not in value:
            return value
        if value == "$now":
            return str(self.masks.newest)
        what, _, key = value.partition(":")
        if what in ("$uid", "$rv", "$stale"):
            return self._version(what, key)
        return value.replace("$ns", self.ns)

    def _version(self, what, key):
        known = self._seen.get(key)
        if not known:
            return "00000000-0000-0000-0000-000000000000" if what == "$uid" else "1"
        uid, newest = known[-1]
        if what == "$uid":
            return uid
        if what == "$rv":
            return newest
        older = [version for u, version in known if u == uid and version != newest]
        return older[0] if older else "1"

    # Names: objects without a namespace carry it in their names.

    def _long(self, kind, name):
        return name if kind.namespaced or not name else f"{self.ns}-{name}"

    def _short(self, kind, name):
        return name if kind.namespaced else name.removeprefix(f"{self.ns}-")

    def _path(self, op, kind, name=None):
        return kind.path(self.ns, self._long(kind, name or op.get("name")), op.get("subresource"))

    def _named(self, kind, body):
        """The body for this run: with the long name."""
        body = copy.deepcopy(body)
        meta = body.get("metadata")
        if not kind.namespaced and isinstance(meta, dict):
            for key in ("name", "generateName"):
                if isinstance(meta.get(key), str) and meta[key]:
                    meta[key] = f"{self.ns}-{meta[key]}"
            if meta.get("namespace") == "$ns":
                del meta["namespace"]
        return body

    # Operations: each returns its answers.

    def _create(self, op, kind):
        value, answer = self._ask(kind, "POST", kind.path(self.ns), self._named(kind, op["body"]),
                                  query=op.get("query"))
        return [answer]

    def _get(self, op, kind):
        return [self._ask(kind, "GET", self._path(op, kind))[1]]

    def _update(self, op, kind):
        path = self._path(op, kind)
        live, answer = self._ask(kind, "GET", path)
        if answer.code != 200:
            return [answer]
        body = merge(live, self._fill(op["changes"]))
        meta = body.get("metadata")
        if isinstance(meta, dict) and op["rv"] != "current":
            meta["resourceVersion"] = {
                "none": "", "future": "99999999999", "junk": "junk",
                "stale": self._version("$stale", f"{kind.name}/{op['name']}")}[op["rv"]]
        return [answer, self._ask(kind, "PUT", path, body, query=op.get("query"))[1]]

    def _patch(self, op, kind):
        return [self._ask(kind, "PATCH", self._path(op, kind), op["patch"], TYPES[op["how"]],
                          op.get("query"))[1]]

    def _apply(self, op, kind):
        return [self._ask(kind, "PATCH", self._path(op, kind), self._named(kind, op["body"]),
                          APPLY, op.get("query"))[1]]

    def _post(self, op, kind):
        return [self._ask(kind, "POST", self._path(op, kind), self._named(kind, op["body"]),
                          query=op.get("query"))[1]]

    def _delete(self, op, kind):
        options = op.get("options") or None
        if options:
            options = {"apiVersion": "v1", "kind": "DeleteOptions", **options}
        return [self._ask(kind, "DELETE", self._path(op, kind), options, query=op.get("query"))[1]]

    def _deletecollection(self, op, kind):
        options = op.get("options") or None
        if options:
            options = {"apiVersion": "v1", "kind": "DeleteOptions", **options}
        return [self._ask(kind, "DELETE", kind.path(self.ns), options, query=op.get("query"))[1]]

    def _list(self, op, kind):
        """All pages of it."""
        query, answers = dict(op["query"]), []
        if not kind.namespaced:
            return [self._ask(kind, "GET", self._path(op, kind, "a"))[1]]
        while len(answers) < PAGES:
            value, answer = self._ask(kind, "GET", kind.path(self.ns), query=query)
            answers.append(answer)
            following = isinstance(value, dict) and value.get("metadata", {}).get("continue")
            if not following:
                break
            query["continue"] = following
            query.pop("resourceVersion", None), query.pop("resourceVersionMatch", None)
            answer.asked = answer.asked.partition("continue=")[0]
        return answers

    def _shown(self, op, kind):
        if not kind.namespaced and "name" not in op:
            op = {**op, "name": "a"}
        accept = ACCEPT[op["as"]].format("" if op.get("name") else "List")
        return [self._ask(kind, "GET", self._path(op, kind), query=op["query"],
                          headers={"Accept": accept})[1]]

    def _raw(self, op, kind):
        path = self._fill(op["path"])
        if not kind.namespaced:
            path = kind_path_with_long_name(path, kind, self.ns)
        body = self._named(kind, op["body"]) if isinstance(op.get("body"), dict) else op.get("body")
        data = op.get("data")
        if data and not kind.namespaced:
            data = data.replace('"name":"', f'"name":"{self.ns}-')
        return [self._ask(kind, op["method"], path, body, op.get("type", "application/json"),
                          op.get("query"), op.get("headers"), raw=data)[1]]

    # Watches.

    def _watch(self, op, kind):
        """Everything up to an object that is made as the end mark."""
        if not kind.namespaced:
            return self._get({**op, "name": "a"}, kind)
        query = {"watch": "true", **op["query"]}
        if op["start"] == "mark":
            at = max((i for i in self._marks if i <= op["after"]), default=min(self._marks))
            query["resourceVersion"] = str(self._marks[at])
        if op["start"] == "bad":
            return [self._ask(kind, "GET", kind.path(self.ns), query={"timeoutSeconds": "1", **query})[1]]
        return self._collect(op, kind, query)

    def _collect(self, op, kind, query):
        name = f"zz-{op['id']}"
        asked = f"WATCH {kind.plural} from {op['start']} {op['query']}"
        sentinel = copy.deepcopy(op["sentinel"])
        sentinel["metadata"]["name"] = name
        _, answer = self._ask(kind, "POST", kind.path(self.ns), sentinel)
        if answer.code != 201:
            return [answer]
        events, code = [], 200
        stream = self.server.watch(kind.path(self.ns), WATCH_SECONDS, query)
        try:
            for event in stream:
                events.append(event)
                if is_last(event, name, op["start"]):
                    break
        except OSError as error:
            events.append({"type": "CUT", "object": {"because": type(error).__name__}})
        except ApiError as error:
            code, events = error.status, [{"type": "REFUSED", "object": masks.status(error.body)}]
        finally:
            stream.close()
        return [answer, Answer(asked, kind.name, code, self._events(op, events))]

    def _events(self, op, events):
        found = []
        for event in events:
            value = event.get("object", {})
            if event["type"] == "BOOKMARK":
                continue
            value = masks.status(value) if value.get("kind") == "Status" else value
            found.append({"type": event["type"], "object": self.masks.body(value)})
        if op["start"] != "mark":
            found.sort(key=lambda e: str(e["object"].get("metadata", {}).get("name")))
        return {"kind": "Events", "events": found}

    # The end.

    def _final(self):
        """Everything that is there now, of the kinds of the sequence."""
        answers = []
        for name in dict.fromkeys(op["kind"] for op in self.ops):
            kind = KINDS[name]
            if kind.namespaced:
                answers.append(self._ask(kind, "GET", kind.path(self.ns))[1])
                continue
            for short in ("a", "b", "c"):
                answers.append(self._ask(kind, "GET", kind.path(self.ns, self._long(kind, short)))[1])
        return answers


def is_last(event, name, start):
    meta = event.get("object", {}).get("metadata", {})
    if start == "initial" and event["type"] != "ERROR":
        return event["type"] == "BOOKMARK" and "k8s.io/initial-events-end" in meta.get("annotations", {})
    return meta.get("name") == name or event["type"] == "ERROR"


def kind_path_with_long_name(path, kind, ns):
    """The path of an object without a namespace, its name made long."""
    base = kind.path(ns) + "/"
    return base + f"{ns}-{path[len(base):]}" if path.startswith(base) else path


def merge(value, patch):
    """RFC 7386."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    found = dict(value) if isinstance(value, dict) else {}
    for key, item in patch.items():
        if item is None:
            found.pop(key, None)
        else:
            found[key] = merge(found.get(key), item)
    return found


def _warnings(answer):
    return "warning" in answer.headers
