"""What the made-up API server keeps: objects, their versions, what happened to
them, and what server-side apply and the garbage collector make of them.
"""

import collections
import copy
import itertools
import threading

GROUP = "fake.example.com"
INITIAL_END = "k8s.io/initial-events-end"


def status_body(code, reason, message, **details):
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": reason, "details": details, "code": code}


REASONS = {400: "BadRequest", 403: "Forbidden", 404: "NotFound", 409: "Conflict",
           410: "Expired", 422: "Invalid", 429: "TooManyRequests",
           500: "InternalError", 503: "ServiceUnavailable", 504: "Timeout"}


class Kind:
    """A kind that the server has, its objects, and what happened to them."""

    def __init__(self, kind, group=GROUP, status=False):
        self.kind, self.group, self.status = kind, group, status
        self.plural = kind.lower() + "s"
        self.api_version = f"{group}/v1" if group else "v1"
        self.objects = {}       # (namespace, name) -> object
        self.applied = {}       # (namespace, name, manager) -> body
        self.history = []       # (version, type, object)
        self.oldest = 0         # a watch from before it is too old
        self.tamper = None      # see FakeApi.tamper()
        self.changed = None     # a Condition: history has grown

    def list_path(self, namespace=None):
        base = f"/apis/{self.group}/v1" if self.group else "/api/v1"
        return f"{base}/namespaces/{namespace}/{self.plural}" if namespace \
            else f"{base}/{self.plural}"


class Objects:
    """All kinds of a server. Every change gets the next version."""

    def __init__(self, kinds):
        self.kinds = {k.kind: k for k in kinds}
        self.collecting = True      # False: until collect() is called
        self.collected = []         # (kind, name) of what lost its owner
        self._version = 100000      # always six digits
        self._uids = itertools.count(1)
        self._living = set()        # uids
        self._owned = collections.defaultdict(set)      # uid -> {(kind, key)}
        self._lock = threading.RLock()
        for kind in kinds:
            kind.changed = threading.Condition(self._lock)

    @property
    def version(self):
        with self._lock:
            return self._version

    def transaction(self):
        """`with fake.transaction():` a watch sees all of it at once."""
        return self._lock

    def put(self, kind, name, spec, namespace="default", labels=None):
        """As a user would: creates or changes an object."""
        with self._lock:
            kind = self.kinds[kind]
            old = kind.objects.get((namespace, name))
            new = copy.deepcopy(old) if old else self._fresh(kind, namespace, name)
            new["spec"] = spec
            if labels is not None:
                new["metadata"]["labels"] = labels
            if old:
                new["metadata"]["generation"] += 1
            return self._commit(kind, "MODIFIED" if old else "ADDED", new)

    def remove(self, kind, name, namespace="default"):
        with self._lock:
            self._delete(self.kinds[kind], self.kinds[kind].objects[namespace, name])

    def meddle(self, kind, name, patch, namespace="default"):
        """As somebody else would: what is changed is no longer its manager's."""
        with self._lock:
            kind = self.kinds[kind]
            obj = copy.deepcopy(kind.objects[namespace, name])
            _lay_over(obj, patch)
            for entry in obj["metadata"].get("managedFields", []):
                _disown(entry["fieldsV1"], _fields(patch))
            return self._commit(kind, "MODIFIED", obj)

    def collect(self):
        """The garbage collector goes to work again."""
        with self._lock:
            self.collecting = True
            for children in list(self._owned.values()):
                for kind, key in sorted(children):
                    self._collect(self.kinds[kind], key)

    def values(self, *kinds):
        """{(kind, name): spec.value} of all objects of the kinds."""
        with self._lock:
            return {(k, name): o["spec"].get("value") for k in kinds
                    for (_, name), o in self.kinds[k].objects.items()}

    def mirrored(self):
        """The same of what operators made of them: ConfigMaps."""
        with self._lock:
            found = {}
            for child in self.kinds["ConfigMap"].objects.values():
                for owner in child["metadata"].get("ownerReferences", []):
                    found[owner["kind"], owner["name"]] = child["data"].get("value")
            return found

    def find(self, kind, key):
        with self._lock:
            return copy.deepcopy(kind.objects.get(key))

    def select(self, kind, namespace):
        with self._lock:
            return [copy.deepcopy(o) for (ns, _), o in sorted(kind.objects.items())
                    if namespace in ("", ns)]

    def delete(self, kind, key, options):
        """As a request: (status, answer)."""
        with self._lock:
            obj = kind.objects.get(key)
            if not obj:
                return 404, status_body(404, "NotFound", "not found", name=key[1])
            for name, value in options.get("preconditions", {}).items():
                if obj["metadata"][name] != value:
                    return 409, status_body(409, "Conflict", "precondition failed")
            self._delete(kind, obj)
        return 200, {"kind": "Status", "apiVersion": "v1", "metadata": {},
                     "status": "Success"}

    def _fresh(self, kind, namespace, name):
        return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {
            "name": name, "namespace": namespace, "uid": f"uid-{next(self._uids):06}",
            "generation": 1, "creationTimestamp": "2026-01-02T03:04:05Z"}}

    def _commit(self, kind, event, obj):
        self._version += 1
        meta = obj["metadata"]
        meta["resourceVersion"] = str(self._version)
        key = meta["namespace"], meta["name"]
        if event == "DELETED":
            del kind.objects[key]
            self._living.discard(meta["uid"])
        else:
            kind.objects[key] = obj
            self._living.add(meta["uid"])
            for owner in meta.get("ownerReferences", []):
                self._owned[owner["uid"]].add((kind.kind, key))
        kind.history.append((self._version, event, copy.deepcopy(obj)))
        kind.changed.notify_all()
        return obj

    def _delete(self, kind, obj):
        self._commit(kind, "DELETED", copy.deepcopy(obj))
        for other, key in sorted(self._owned.get(obj["metadata"]["uid"], ())):
            self._collect(self.kinds[other], key)

    def _collect(self, kind, key):
        """The garbage collector: a child without a living owner goes."""
        obj = kind.objects.get(key)
        owners = obj["metadata"].get("ownerReferences") if obj else None
        if self.collecting and owners and not any(o["uid"] in self._living for o in owners):
            self.collected.append((obj["kind"], obj["metadata"]["name"]))
            self._delete(kind, obj)

    def bookmark(self, kind):
        """A bookmark for the watches of the kind, in order with the events."""
        with self._lock:
            self._version += 1
            kind = self.kinds[kind]
            kind.history.append((self._version, "BOOKMARK",
                                 bookmark_object(kind, self._version)))
            kind.changed.notify_all()

    def apply(self, kind, key, body, query, subresource=None):
        """Server-side apply: (status, answer)."""
        with self._lock:
            return self._apply(kind, key, copy.deepcopy(body), query, subresource)

    def _apply(self, kind, key, body, query, subresource):
        old = kind.objects.get(key)
        meta = body.get("metadata", {})
        version, uid = meta.pop("resourceVersion", None), meta.pop("uid", None)
        if old is None and (subresource or uid or version not in (None, "1")):
            return 404, status_body(404, "NotFound", "not found", name=key[1])
        if old and (version not in (None, old["metadata"]["resourceVersion"])
                    or uid not in (None, old["metadata"]["uid"])):
            return 409, status_body(409, "Conflict", "the object has been modified",
                                    name=key[1])
        return self._merge(kind, key, old, body, query, subresource)

    def _merge(self, kind, key, old, body, query, subresource):
        manager = query["fieldManager"]
        mark = (*key, manager, subresource)
        new = copy.deepcopy(old) if old else self._fresh(kind, *key)
        if subresource:
            body = {"status": body.get("status", {})}
        _withdraw(new, kind.applied.get(mark, {}), body)
        _lay_over(new, body)
        _note_manager(new, manager, kind.api_version, subresource, body)
        if old == new:
            return 200, new
        if "dryRun" not in query:
            kind.applied[mark] = body
            new = copy.deepcopy(self._commit(kind, "MODIFIED" if old else "ADDED", new))
            self._collect(kind, key)
        return (200 if old else 201), new


def bookmark_object(kind, version, end=False):
    meta = {"resourceVersion": str(version)}
    if end:
        meta["annotations"] = {INITIAL_END: "true"}
    return {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": meta}


def _lay_over(obj, body):
    for key, value in body.items():
        if isinstance(value, dict) and isinstance(obj.get(key), dict):
            _lay_over(obj[key], value)
        else:
            obj[key] = value


def _withdraw(obj, old, new):
    """What was applied before and is no longer goes (SA-4)."""
    for key, value in old.items():
        if key not in new and not isinstance(value, dict):
            obj.pop(key, None)
        elif isinstance(value, dict) and isinstance(obj.get(key), dict):
            _withdraw(obj[key], value, new.get(key, {}))


def _disown(fields, theirs):
    for key, value in theirs.items():
        if not value:
            fields.pop(key, None)
        elif key in fields:
            _disown(fields[key], value)
            if not fields[key]:     # an empty set would stand for all of it
                del fields[key]


def _fields(body):
    fields = {}
    for key, value in body.items():
        if key == "ownerReferences":
            fields["f:" + key] = {
                'k:{"uid":"%s"}' % o["uid"]: {".": {}, **_fields(o)} for o in value}
        else:
            fields["f:" + key] = _fields(value) if isinstance(value, dict) else {}
    return fields


def _note_manager(obj, manager, api_version, subresource, body):
    owned = {k: v for k, v in body.items() if k not in ("apiVersion", "kind")}
    if "metadata" in owned:
        owned["metadata"] = {k: v for k, v in owned["metadata"].items()
                             if k not in ("name", "namespace")}
    entry = {"manager": manager, "operation": "Apply", "apiVersion": api_version,
             "time": "2026-01-02T03:04:05Z", "fieldsType": "FieldsV1",
             "fieldsV1": _fields(owned)}
    if subresource:
        entry["subresource"] = subresource
    entries = [e for e in obj["metadata"].get("managedFields", [])
               if (e["manager"], e.get("subresource")) != (manager, subresource)]
    obj["metadata"]["managedFields"] = [*entries, entry]
