"""What a plan says will be sent, and what the audit log says was sent, in one
form: a list of (method, path, body)."""

import json
import re

from harness import writes

METHODS = {"create": "POST", "update": "PUT", "patch": "PATCH",
           "delete": "DELETE", "deletecollection": "DELETE"}
TIMES = ("lastTransitionTime", "eventTime", "renewTime")


def planned(plan):
    """Every write of a plan document, in order."""
    found = list(plan["operatorWrites"])
    for item in plan["items"]:
        for change in item["changes"]:
            found += change["requests"]
    return [(r["method"], r["path"], masked(r.get("body"), r["path"]))
            for r in found]


def sent(cluster, since, user):
    """Every write of a user, the operator's Lease among them, in order."""
    return [(METHODS[e["verb"]], e["requestURI"],
             masked(e.get("requestObject"), e["requestURI"]))
            for e in writes(cluster, since, user, lease=True)]


def masked(body, path):
    """Without what differs from one moment to the next, and without what the
    audit log adds (nulls) or a plan hides (Secrets' data)."""
    if "/secrets/" in path:
        body = {**body, **{key: dict.fromkeys(body[key], "(sensitive)")
                           for key in ("data", "stringData") if key in body}}
    body = _mask(body)
    if isinstance(body, dict):
        body.pop("deprecatedSource", None)
        if body.get("kind") == "Event":     # named by the moment, told by a process
            body["metadata"].pop("name", None)
            body.pop("reportingInstance", None)
        if body.get("kind") == "DeleteOptions":
            del body["apiVersion"]  # the audit log has the internal one
    # The root's version moves on with every write of the plan itself.
    if isinstance(body, list):
        for test in body:
            if test.get("path") == "/metadata/resourceVersion":
                test["value"] = "(masked)"
    elif body and ("/status?" in path or "finalizers" in body.get("metadata", {})):
        body["metadata"].pop("resourceVersion", None)
    return body


def _mask(value):
    if isinstance(value, dict):
        return {k: "(time)" if k in TIMES else _mask(v)
                for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_mask(v) for v in value]
    return value


def actions(plan):
    """[(action, kind, name)] in order."""
    return [(c["action"], c["kind"], c["name"])
            for item in plan["items"] for c in item["changes"]]


def without_times(text):
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "(time)", text)


def show(requests):
    return "\n".join(f"{m} {p}\n    {json.dumps(b, sort_keys=True)}"
                     for m, p, b in requests)
