"""A root whose operator is at work behind a gate, and what it was seen to do."""

import pytest

import echo
from echo import Echo
from gate import Gate
from harness import Tidelock, condition, wait_for, writes
from proxy import ApiProxy

READY = ("condition", "Ready", True, "Is")


class Live(Echo):
    """A root whose operator runs behind a gate."""

    def start(self, folder, *arguments):
        self.gate = Gate()
        self.proxy = ApiProxy(self.cluster, self.kubeconfig, folder, self.gate)
        self.proxy.__enter__()
        self.process = Tidelock("run", *self.arguments, "-v", *arguments,
                                kubeconfig=self.proxy.kubeconfig, folder=folder)
        return self

    def stop(self):
        self.gate.open()
        try:
            code = self.process.stop()
        finally:
            self.proxy.__exit__()
        print(self.process.log[-8000:])     # shown when the test failed
        assert code == 0

    def settle(self, *steps, **spec):
        """Declares this and waits until it is said to be applied."""
        generation = self.declare(*steps, **spec)["metadata"]["generation"]
        wait_for(lambda: self.root()["status"]["observedGeneration"] == generation,
                 "the root to be observed")
        return self.cluster.audit_mark()

    def wait_reason(self, reason):
        return wait_for(lambda: (condition(self.root(), "Reconciled") or {}).get(
            "reason") == reason and self.root(), f"reason {reason}")

    # What tidelock sent: [(method, name, code, body)].

    def sent(self, since, plural="configmaps"):
        return [(e["verb"], e["objectRef"]["name"], e["responseStatus"]["code"],
                 e.get("requestObject") or {})
                for e in writes(self.cluster, since, self.user)
                if e["objectRef"]["resource"] == plural]

    def looked_at_root(self, since):
        """Codes of its live GETs of the root."""
        return [e["responseStatus"]["code"] for e in
                self.cluster.audit(since=since, user=self.user, verbs=["get"])
                if e["objectRef"]["resource"] == "echoes"]


@pytest.fixture
def live(echo_cluster, bare_namespace, bare_admin, tmp_path):
    found = Live(echo_cluster, bare_namespace, bare_admin,
                 echo.operator(tmp_path)).start(tmp_path)
    try:
        wait_for(lambda: "in sync" in found.process.log, "tidelock to be in sync")
        yield found
    finally:
        found.stop()
