"""What the end-to-end tests share: the program under test and waiting.

No test sleeps: `wait_for` looks again and again until a condition holds or a
generous deadline has passed, and then says what it saw last.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "cluster"))
sys.path.append(str(ROOT / "tests" / "faults"))     # wire.py

# seconds; an order of magnitude above what is usual
DEADLINE = int(os.environ.get("TIDELOCK_TEST_DEADLINE") or 60)


def program():
    """The binary under test: $TIDELOCK_BIN, else the one with sanitizers."""
    path = os.environ.get("TIDELOCK_BIN") or ROOT / "build/dev/bin/tidelock"
    return str(path)


def wait_for(condition, what, deadline=DEADLINE, every=0.02):
    """Returns the first true result of condition(). AssertionError otherwise,
    with the last exception or false result."""
    end = time.monotonic() + deadline
    last = None
    while True:
        try:
            last = condition()
            if last:
                return last
        except Exception as error:      # the object may not be there yet
            last = error
        if time.monotonic() > end:
            raise AssertionError(f"waited {deadline} s for {what}; last: {last!r}")
        time.sleep(every)


class Tidelock:
    """One process of tidelock in the background; its log is kept."""

    def __init__(self, *arguments, kubeconfig, folder, env=None):
        folder = pathlib.Path(folder)
        self.log_path = folder / f"tidelock-{time.monotonic_ns()}.log"
        self.out_path = self.log_path.with_suffix(".out")
        self._log = open(self.log_path, "wb")
        self._out = open(self.out_path, "wb")
        self.process = subprocess.Popen(
            [program(), *map(str, arguments)], stdin=subprocess.DEVNULL,
            stdout=self._out, stderr=self._log, cwd=ROOT,
            env=dict(os.environ, KUBECONFIG=str(kubeconfig), **(env or {})))

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind:
            print(f"--- log of tidelock:\n{self.log[-8000:]}", file=sys.stderr)
        code = self.stop()
        if kind is None:
            assert code in (0, 2, -signal.SIGKILL), \
                f"tidelock ended with {code}:\n{self.log[-8000:]}"

    @property
    def log(self):
        return self.log_path.read_text(errors="replace")

    @property
    def output(self):
        return self.out_path.read_text(errors="replace")

    @property
    def running(self):
        return self.process.poll() is None

    def stop(self, signum=signal.SIGTERM, deadline=DEADLINE):
        """Ends it and returns its exit code."""
        if self.running:
            self.process.send_signal(signum)
        try:
            self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"tidelock did not stop:\n{self.log[-8000:]}")
        finally:
            self._log.close()
            self._out.close()
        return self.process.returncode

    def kill(self):
        self.process.kill()
        self.process.wait()


def tidelock(*arguments, kubeconfig=None, input=None, deadline=DEADLINE, env=None,
             cwd=ROOT):
    """Runs a command to its end: a CompletedProcess with text."""
    environment = dict(os.environ, **(env or {}))
    environment["KUBECONFIG"] = str(kubeconfig or "/nonexistent/kubeconfig")
    return subprocess.run([program(), *map(str, arguments)], input=input,
                          capture_output=True, text=True, timeout=deadline,
                          cwd=cwd, env=environment)


def run_once(*arguments, kubeconfig, code=0, deadline=DEADLINE):
    """tidelock run --once; fails the test on another exit code."""
    done = tidelock("run", *arguments, "--once", kubeconfig=kubeconfig,
                    deadline=deadline)
    assert done.returncode == code, f"exit {done.returncode}:\n{done.stderr}"
    return done


WRITES = ("create", "update", "patch", "delete", "deletecollection")


def is_dry(event):
    return "dryRun=" in event.get("requestURI", "")


def writes(cluster, since, user, lease=False):
    """The requests of `user` that changed something, from the audit log. Those
    of the Lease only when asked for."""
    return [e for e in cluster.audit(since=since, user=user, verbs=WRITES)
            if not is_dry(e) and e["stage"] == "ResponseComplete"
            and (lease or e["objectRef"].get("resource") != "leases")]


def write_operator(folder, text, crd=None):
    """An operator's folder with this operator.lua: its path."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "operator.lua").write_text(text)
    if crd:
        (folder / "crd.yaml").write_text(
            crd if isinstance(crd, str) else json.dumps(crd))
    return folder


def crd(group, kind, plural, spec=None, status=True):
    """A CustomResourceDefinition as a dict; `spec` are properties of .spec."""
    schema = {
        "type": "object",
        "properties": {
            "spec": {"type": "object", "properties": spec or {},
                     "x-kubernetes-preserve-unknown-fields": True},
            "status": {"type": "object",
                       "x-kubernetes-preserve-unknown-fields": True,
                       "properties": {
                           "observedGeneration": {"type": "integer"},
                           "conditions": CONDITIONS_SCHEMA}},
        },
    }
    version = {"name": "v1", "served": True, "storage": True,
               "schema": {"openAPIV3Schema": schema}}
    if status:
        version["subresources"] = {"status": {}}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{group}"},
            "spec": {"group": group, "scope": "Namespaced",
                     "names": {"kind": kind, "plural": plural,
                               "singular": kind.lower()},
                     "versions": [version]}}


CONDITIONS_SCHEMA = {
    "type": "array", "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["type"],
    "items": {"type": "object", "required": ["type", "status"],
              "properties": {
                  "type": {"type": "string"}, "status": {"type": "string"},
                  "reason": {"type": "string"}, "message": {"type": "string"},
                  "lastTransitionTime": {"type": "string", "format": "date-time"},
                  "observedGeneration": {"type": "integer"}}},
}


def install_crd(cluster, definition):
    """Applies a CRD (a dict or a path) and waits until it is served."""
    if isinstance(definition, (str, pathlib.Path)):
        cluster.kubectl("apply", "--server-side", "-f", definition)
        name = json.loads(cluster.kubectl("get", "-f", definition, "-o", "json")
                          .stdout)["metadata"]["name"]
    else:
        name = definition["metadata"]["name"]
        cluster.client().apply(
            f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}",
            definition, force="true")
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=60s",
                    f"crd/{name}")
    spec = cluster.client().get(
        f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}")["spec"]
    path = f"/apis/{spec['group']}/{spec['versions'][0]['name']}/{spec['names']['plural']}"
    wait_for(lambda: cluster.client().request("GET", path).status == 200,
             f"{name} to be served")
    wait_for(lambda: spec["names"]["kind"] in discovered_kinds(cluster, spec["group"]),
             f"{name} to be discovered")
    return name


def discovered_kinds(cluster, group):
    """The kinds of a group in the one document that tidelock reads."""
    document = cluster.client().request("GET", "/apis", headers={
        "Accept": "application/json;g=apidiscovery.k8s.io;v=v2;"
                  "as=APIGroupDiscoveryList"}).json()
    return {resource["responseKind"]["kind"]
            for item in document["items"] if item["metadata"]["name"] == group
            for version in item["versions"]
            for resource in version["resources"]}


def condition(obj, kind):
    """The condition of that type of an object, or None."""
    for c in obj.get("status", {}).get("conditions", []):
        if c["type"] == kind:
            return c
    return None
