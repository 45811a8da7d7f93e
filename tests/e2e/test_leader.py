"""Leader election: of several processes one works, the others are warm; who
lost the Lease writes nothing any more."""

import os
import signal

import pytest

from harness import ROOT, Tidelock, tidelock, wait_for
from sims import bare_cluster                                   # noqa: F401
from test_website import Site

WEBSITE = ROOT / "operators/website"
TIMES = ("--leader-elect=true", "--leader-elect-lease-duration=2s",
         "--leader-elect-renew-deadline=1.4s", "--leader-elect-retry-period=300ms")
LEASES = "/apis/coordination.k8s.io/v1/namespaces/default/leases"


class Crew:
    """Processes that stand for one Lease, in a namespace of their own."""

    def __init__(self, cluster, ns, folder):
        self.cluster, self.ns, self.folder = cluster, ns, folder
        self.client = cluster.client()
        self.client.post("/api/v1/namespaces", {"metadata": {"name": ns}})
        self.lease_name = f"lease-{ns}"
        self.members = []
        self.configs = {}

    def start(self, name):
        """Each has a user of its own, so that the audit log tells them apart."""
        config = self.cluster.user(f"{self.ns}-{name}", ("system:masters",))
        member = Tidelock("run", WEBSITE, "--namespace", self.ns, "--lease-name",
                          self.lease_name, *TIMES, kubeconfig=config, folder=self.folder)
        member.name = f"{self.ns}-{name}"
        self.members.append(member)
        return member

    def close(self):
        for member in self.members:
            if member.running:
                member.process.send_signal(signal.SIGCONT)
                member.kill()

    @property
    def lease(self):
        return self.client.get(f"{LEASES}/{self.lease_name}")

    def wait_for_leader(self, member):
        wait_for(lambda: "this process leads" in member.log, f"{member.name} to lead")

    def writes(self, since):
        """(user, resource, name) of every write that was carried out, in order."""
        return [(e["user"]["username"], e["objectRef"]["resource"],
                 e["objectRef"].get("name"))
                for e in self.cluster.audit(since=since)
                if e["verb"] in ("create", "update", "patch", "delete")
                and e["objectRef"]["resource"] != "leases"
                and e["user"]["username"].startswith(self.ns)
                and e["responseStatus"]["code"] < 300]


@pytest.fixture
def crew(request, bare_cluster, tmp_path):
    ns = request.node.name.replace("_", "-").replace("[", "-").replace("]", "")[-50:].strip("-")
    crew = Crew(bare_cluster, ns, tmp_path)
    yield crew
    crew.close()


def test_one_works_and_the_other_is_warm(crew):
    first = crew.start("a")
    crew.wait_for_leader(first)
    second = crew.start("b")
    wait_for(lambda: "another process leads" in second.log, "a standby")
    kinds = {"websites", "configmaps", "deployments", "services"}
    wait_for(lambda: kinds <= {e["objectRef"]["resource"] for e in
                               crew.cluster.audit(user=second.name) if e["verb"] == "watch"},
             "a warm standby")
    mark = crew.cluster.audit_mark()
    Site(crew.cluster, crew.ns).apply()
    wait_for(lambda: len(crew.writes(mark)) >= 3, "three children")
    assert {user for user, _, _ in crew.writes(mark)} == {first.name}
    spec = crew.lease["spec"]
    assert spec["leaseDurationSeconds"] == 2 and spec["leaseTransitions"] == 0


def test_a_leader_that_ends_gives_the_lease_back_after_its_last_write(crew):
    first = crew.start("a")
    crew.wait_for_leader(first)
    second = crew.start("b")
    wait_for(lambda: "another process leads" in second.log, "a standby")
    assert first.stop() == 0
    crew.wait_for_leader(second)
    assert crew.lease["spec"]["leaseTransitions"] == 1
    verbs = [e for e in crew.cluster.audit(user=first.name)
             if e["verb"] in ("create", "patch")]
    assert verbs[-1]["objectRef"]["resource"] == "leases"


def test_a_standby_that_ends_leaves_the_lease_alone(crew):
    first = crew.start("a")
    crew.wait_for_leader(first)
    second = crew.start("b")
    wait_for(lambda: "another process leads" in second.log, "a standby")
    assert second.stop() == 0
    assert crew.lease["spec"]["holderIdentity"] in first.log


def test_a_leader_that_dies_is_followed(crew):
    first = crew.start("a")
    crew.wait_for_leader(first)
    site = Site(crew.cluster, crew.ns)
    site.apply(replicas=1)
    site.wait_for_children()
    second = crew.start("b")
    wait_for(lambda: "another process leads" in second.log, "a standby")
    first.kill()
    site.apply(replicas=3)
    crew.wait_for_leader(second)
    wait_for(lambda: site.get("deployments")["spec"]["replicas"] == 3, "three replicas")


@pytest.mark.parametrize("run", range(5))
def test_a_frozen_leader_writes_nothing_when_it_wakes(crew, run):
    """SIGSTOP for longer than the lease, in the middle of a stream of edits;
    checked by the order of the audit log. Takes the fence away and it fails."""
    site = Site(crew.cluster, crew.ns)
    site.apply(replicas=1)
    first = crew.start("a")
    crew.wait_for_leader(first)
    site.wait_for_children()
    second = crew.start("b")
    wait_for(lambda: "another process leads" in second.log, "a standby")
    mark = crew.cluster.audit_mark()
    site.apply(replicas=2 + run)
    first.process.send_signal(signal.SIGSTOP)
    crew.wait_for_leader(second)
    site.apply(replicas=20 + run)
    wait_for(lambda: site.get("deployments")["spec"]["replicas"] == 20 + run,
             "the edit at the new leader's hands")
    first.process.send_signal(signal.SIGCONT)
    assert wait_for(lambda: not first.running, "the old leader's end")
    assert first.process.wait() == 1
    assert "leader election lost" in first.log
    order = [user for user, _, _ in crew.writes(mark)]
    taken = order.index(second.name)
    assert first.name not in order[taken:], crew.writes(mark)


def test_a_lease_that_another_takes_ends_the_process(crew):
    first = crew.start("a")
    crew.wait_for_leader(first)
    crew.client.patch(f"{LEASES}/{crew.lease_name}", {"spec": {
        "holderIdentity": "thief", "leaseDurationSeconds": 3600}})
    wait_for(lambda: not first.running, "its end")
    assert first.process.wait() == 1
    assert "leader election lost" in first.log
    assert "hint" in first.log


@pytest.mark.parametrize("arguments,says", [
    (("--leader-elect-lease-duration=5s", "--leader-elect-renew-deadline=5s"),
     "must be below the lease duration"),
    (("--leader-elect-retry-period=9s",), "above 1.2 times the retry period"),
    (("--leader-elect-retry-period=soon",), "'soon' is no time such as 15s"),
    (("--dry-run",), "--dry-run writes nothing"),
])
def test_times_that_cannot_work_are_refused(arguments, says):
    done = tidelock("run", WEBSITE, "--leader-elect=true", *arguments)
    assert done.returncode == 3 and says in done.stderr


def test_in_a_pod_it_is_the_default(bare_cluster, tmp_path):
    env = {"KUBERNETES_SERVICE_HOST": "127.0.0.1"}
    with Tidelock("run", WEBSITE, "--lease-name", "in-a-pod", "--kubeconfig",
                  bare_cluster.kubeconfig, kubeconfig=bare_cluster.kubeconfig,
                  folder=tmp_path, env=env) as process:
        wait_for(lambda: "this process leads" in process.log, "it to lead")
    with Tidelock("run", WEBSITE, "--lease-name", "on-a-laptop",
                  kubeconfig=bare_cluster.kubeconfig, folder=tmp_path,
                  env={k: "" for k in os.environ if k == "KUBERNETES_SERVICE_HOST"}) as process:
        wait_for(lambda: "in sync" in process.log, "it to work")
        assert "standing for leader" not in process.log
