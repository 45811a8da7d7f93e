"""The roles that `tidelock rbac` prints, given to a user of their own, and
what that user was then seen to do with them."""

import itertools
import json
import shlex
import tempfile

from harness import Tidelock, tidelock, wait_for

RBAC = "/apis/rbac.authorization.k8s.io/v1"
numbers = itertools.count(1)


def rbac(*arguments, kubeconfig=None, code=0):
    """What `tidelock rbac` prints; fails the test on another exit code."""
    done = tidelock("rbac", *arguments, kubeconfig=kubeconfig)
    assert done.returncode == code, \
        f"rbac {shlex.join(map(str, arguments))}: exit {done.returncode}: " \
        f"{done.stdout}{done.stderr}"
    return done.stdout


def rules_of(roles):
    """[(index of the role, index of the rule, its resource)] of all rules."""
    return [(i, k, rule["resources"][0]) for i, role in enumerate(roles)
            for k, rule in enumerate(role["rules"])]


def grants_of(roles):
    """{(namespace or "", group, resource, verb, name or None)} of all rules."""
    return {(role["metadata"].get("namespace", ""), group, resource, verb, name)
            for role in roles for rule in role["rules"]
            for group in rule["apiGroups"] for resource in rule["resources"]
            for verb in rule["verbs"]
            for name in rule.get("resourceNames", [None])}


class Tenant:
    """A user that has just the roles of some operators, and runs them."""

    def __init__(self, plane, operator, ns, scope=()):
        """scope: ("--namespace", ns) or nothing."""
        self.plane, self.operator, self.ns = plane, operator, ns
        self.client = plane.client()
        self.user = f"tenant-{next(numbers)}"
        self.kubeconfig = plane.user(self.user)
        self.scope = scope
        self.lease = f"lease-{self.user}"
        self.roles = json.loads(self.print("-o", "json"))["items"]

    @property
    def arguments(self):
        return (self.operator, *self.scope, "--lease-name", self.lease)

    def print(self, *more, **options):
        return rbac(*self.arguments, "--name", self.user, *more,
                    kubeconfig=options.pop("kubeconfig", self.plane.kubeconfig),
                    **options)

    # Rights.

    def give(self, roles=None):
        """Binds the roles (by default as printed) and waits until they are in
        force: `tidelock rbac --check` says the same."""
        for role in self.roles if roles is None else roles:
            self.bind(role)
        missing = sum(map(_count, self.roles)) - \
            sum(map(_count, self.roles if roles is None else roles))
        return wait_for(lambda: self._checked(missing), "the roles to be in force")

    def _checked(self, missing):
        text = self.print("--check", kubeconfig=self.kubeconfig,
                          code=1 if missing else 0)
        assert text.count("missing: ") == missing, text
        return text

    def bind(self, role):
        """Creates one role, or ClusterRole, and binds the user to it."""
        ns = role["metadata"].get("namespace")
        base = f"{RBAC}/namespaces/{ns}" if ns else RBAC
        kind = role["kind"]
        name = role["metadata"]["name"]
        self.client.post(f"{base}/{kind.lower()}s", role)
        self.client.post(f"{base}/{kind.lower()}bindings", {
            "apiVersion": role["apiVersion"], "kind": f"{kind}Binding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind,
                        "name": name},
            "subjects": [{"kind": "User", "name": self.user,
                          "apiGroup": "rbac.authorization.k8s.io"}]})

    def without(self, i, k):
        """The roles without the k-th rule of the i-th."""
        roles = json.loads(json.dumps(self.roles))
        del roles[i]["rules"][k]
        return roles

    # Running.

    def run_once(self):
        """The exit code, and the log."""
        done = tidelock("run", *self.arguments, "--once", kubeconfig=self.kubeconfig)
        assert "Sanitizer" not in done.stderr, done.stderr
        return done

    def lead(self):
        """Once, until it gives its Lease back."""
        with tempfile.TemporaryDirectory() as folder, \
                Tidelock("run", *self.arguments, "--leader-elect=true",
                         kubeconfig=self.kubeconfig, folder=folder) as process:
            wait_for(lambda: "this process leads" in process.log, "it to lead")

    # What it was seen to do.

    def requests(self, since):
        """Its requests of objects, and the paths of the others."""
        objects, paths = [], set()
        for event in self.plane.audit(since=since, user=self.user):
            if "objectRef" in event and event["objectRef"].get("resource"):
                if event["objectRef"]["resource"] != "selfsubjectaccessreviews":
                    objects.append(event)
            else:
                paths.add(event["requestURI"].split("?")[0])
        return objects, paths

    def refused(self, since):
        """["patch websites/status", ...] of what was answered with 403."""
        return [f"{e['verb']} {resource_of(e)}" for e in self.requests(since)[0]
                if e.get("responseStatus", {}).get("code") == 403]

    def used(self, since):
        """The grants without which some request would have been refused."""
        found = set()
        for event in self.requests(since)[0]:
            ref = event["objectRef"]
            verbs = [event["verb"]]
            if event["verb"] == "patch" and event["responseStatus"].get("code") == 201:
                verbs.append("create")      # an apply that made the object
            for verb in verbs:
                found |= {g for g in grants_of(self.roles)
                          if g[1:4] == (ref.get("apiGroup", ""), resource_of(event), verb)
                          and g[0] in ("", ref.get("namespace", ""))
                          and g[4] in (None, ref.get("name"))}
        return found


def resource_of(event):
    ref = event["objectRef"]
    sub = ref.get("subresource")
    return f"{ref['resource']}/{sub}" if sub else ref["resource"]


def _count(role):
    return sum(len(rule["verbs"]) for rule in role["rules"])
