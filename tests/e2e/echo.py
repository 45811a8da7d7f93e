"""An operator that declares what its root says, so that a test can state the
whole plan as data: `.spec.plan` is a list of [verb, argument...], called one
after the other; `.spec.finalize` is the same for finalize()."""

import json

from harness import crd, install_crd, tidelock, run_once, write_operator

GROUP = "echo.example.com"

OPERATOR = """\
local tidelock = require "tidelock"

local function declare(steps, plan)
  for _, step in ipairs(steps or {}) do
    plan[step[1]](plan, table.unpack(step, 2))
  end
end

return tidelock.operator {
  api = 1,
  name = "%(name)s",
  resource = { "echo.example.com/v1", "Echo" },
  owns = { %(owns)s },
  reads = { %(reads)s },
  reconcile = function(root, view, plan)
    declare(root.spec.plan, plan)
  end,
  %(finalize)s
}
"""

FINALIZE = """\
finalize = function(root, view, plan)
    declare(root.spec.finalize, plan)
    return root.spec.done ~= false
  end,
"""

OWNS = [("v1", "ConfigMap"), ("v1", "Secret"), ("v1", "Service"),
        ("apps/v1", "Deployment")]
READS = ['{ "v1", "ConfigMap", labels = { foreign = "yes" } }',
         '{ "apps/v1", "Deployment", labels = { foreign = "yes" } }']


def install(cluster):
    install_crd(cluster, crd(GROUP, "Echo", "echoes"))


def kind(api_version, name, retired=False):
    return f'{{ "{api_version}", "{name}"{", retired = true" * retired} }}'


def operator(folder, name="echo", owns=None, reads=None, finalize=False):
    """Writes one: its path."""
    return write_operator(folder / name, OPERATOR % {
        "name": name,
        "owns": ", ".join(kind(*k) for k in owns or OWNS),
        "reads": ", ".join(READS if reads is None else reads),
        "finalize": FINALIZE if finalize else ""})


# ---- objects ----

def configmap(name, data=None, **metadata):
    return {"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": name, **metadata}, "data": data or {}}


def secret(name, **data):
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name},
            "stringData": data}


def deployment(name, image="busybox:1.37", replicas=None, **metadata):
    spec = {"selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}},
                         "spec": {"containers": [{"name": "main", "image": image}]}}}
    if replicas is not None:
        spec["replicas"] = replicas
    return {"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": name, **metadata}, "spec": spec}


def ref(kind, name, api_version="v1"):
    return [api_version, kind, name]


class Echo:
    """One root in a namespace, its operator and its eyes on the cluster."""

    def __init__(self, cluster, ns, admin, operator, name="one"):
        self.cluster, self.ns, self.name = cluster, ns, name
        self.user, self.kubeconfig = admin
        self.operator = operator
        self.client = cluster.client()

    # The root.

    @property
    def path(self):
        return f"/apis/{GROUP}/v1/namespaces/{self.ns}/echoes/{self.name}"

    def document(self, *steps, **spec):
        return {"apiVersion": f"{GROUP}/v1", "kind": "Echo",
                "metadata": {"name": self.name, "namespace": self.ns},
                "spec": {"plan": [list(step) for step in steps], **spec}}

    def declare(self, *steps, **spec):
        """Makes the root say this and nothing else."""
        return self.client.apply(self.path, self.document(*steps, **spec))

    def root(self):
        return self.client.get(self.path)

    # Objects beside it.

    def path_of(self, plural, name=None):
        base = "/apis/apps/v1" if plural == "deployments" else "/api/v1"
        path = f"{base}/namespaces/{self.ns}/{plural}"
        return f"{path}/{name}" if name else path

    def get(self, plural, name):
        return self.client.get(self.path_of(plural, name))

    def find(self, plural, name):
        answer = self.client.request("GET", self.path_of(plural, name))
        return answer.json() if answer.status == 200 else None

    def create(self, plural, obj):
        return self.client.post(self.path_of(plural), obj)

    # tidelock.

    @property
    def arguments(self):
        return (self.operator, "--namespace", self.ns, "--lease-name",
                f"lease-{self.ns}")

    def plan(self, *arguments, **options):
        """The plan as a dict; fails the test on another exit code."""
        return json.loads(self.plan_text("-o", "json", *arguments, **options))

    def plan_text(self, *arguments, code=None, kubeconfig=None):
        done = tidelock("plan", *self.arguments, *arguments,
                        kubeconfig=kubeconfig or self.kubeconfig)
        assert code is None or done.returncode == code, \
            f"exit {done.returncode}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def run_once(self, *arguments, **options):
        return run_once(*self.arguments, *arguments,
                        kubeconfig=self.kubeconfig, **options)
