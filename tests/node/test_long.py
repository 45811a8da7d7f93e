"""Installed and at work, for longer: upgrades, edited scripts, other users,
secrets. Each test has an installation of its own."""

import base64
import json
import pathlib
import secrets
import shutil
import threading

import pytest

from figures import figure
from installed import DEADLINE, ROOT, Installed, Site, every_edit_once
from node import wait_for

pytestmark = pytest.mark.long


@pytest.fixture
def installed(node, image):
    found = Installed(node)
    found.apply()
    found.wait_for_pods(2)
    found.wait_for_leader()
    yield found
    found.delete()
    wait_for(lambda: node.client().request(
        "GET", f"/api/v1/namespaces/{found.name}").status == 404, "it to be gone", DEADLINE)


class Edits(threading.Thread):
    """A user who never rests: edits several Websites in turn until stopped."""

    def __init__(self, node, sites):
        super().__init__(daemon=True)
        self.sites = sites
        self.ports = {site.name: [] for site in sites}
        self._over = threading.Event()
        self._client = node.new_client()

    def run(self):
        port = 2000
        while not self._over.wait(0.1):
            port += 1
            for site in self.sites:
                self._client.patch(site.path, {"spec": {"port": port}})
                self.ports[site.name].append(port)

    def stop(self):
        self._over.set()
        self.join()
        self._client.close()


def test_no_edit_is_lost_in_a_rolling_upgrade(node, installed):
    sites = [Site(node, "upgrade", f"site-{i}") for i in range(5)]
    for site in sites:
        site.apply(replicas=0, port=2000)
    wait_for(lambda: all(site.port() == 2000 for site in sites), "the Services", DEADLINE)
    before = {p["metadata"]["uid"] for p in installed.pods()}
    mark = node.audit_mark()
    edits = Edits(node, sites)
    edits.start()
    installed.client.patch(installed.path, {"spec": {"template": {"metadata": {
        "annotations": {"tests/version": "next"}}}}})
    wait_for(lambda: not before & {p["metadata"]["uid"] for p in installed.pods(running=False)}
             and len(installed.pods()) == 2, "the new pods alone", DEADLINE)
    installed.wait_for_leader()
    edits.stop()

    last = edits.ports[sites[0].name][-1]
    wait_for(lambda: all(site.port() == last for site in sites), "the last edits", DEADLINE)
    writes = installed.writes(mark, "services")
    for site in sites:
        every_edit_once([w for w in writes if w[1]["metadata"]["name"] == site.name],
                        edits.ports[site.name])
    assert installed.refused(mark) == []


def edit_script(installed, old, new):
    """As `kubectl edit configmap` would."""
    path = f"/api/v1/namespaces/{installed.name}/configmaps/website-scripts"
    text = installed.client.get(path)["data"]["operator.lua"]
    assert old in text
    installed.client.patch(path, {"data": {"operator.lua": text.replace(old, new, 1)}})


def restarts(installed):
    return {p["metadata"]["uid"]: p["status"]["containerStatuses"][0]["restartCount"]
            for p in installed.pods()}


def test_an_edited_script_takes_charge_without_a_restart(node, installed):
    """And a broken one does not: it is told where it is broken, and the one in
    charge goes on."""
    site = Site(node, "edited")
    site.apply(replicas=0, port=1000)
    wait_for(lambda: site.port() == 1000, "the Service", DEADLINE)
    before = restarts(installed)
    edit_script(installed, "port = site.spec.port or 80", "port = site.spec.port + 1")
    wait_for(lambda: site.port() == 1001, "the edited script", DEADLINE * 2)

    edit_script(installed, "plan:apply(service(site))", "plan:apply(service(site)")
    leader = installed.wait_for_leader()
    wait_for(lambda: "the new version is refused" in installed.log(leader), "the refusal",
             DEADLINE * 2)
    line, = [json.loads(x) for x in installed.log(leader).splitlines()
             if "the new version is refused" in x][:1]
    assert "operator.lua:" in line["err"] and line["level"] == "error"
    events = wait_for(lambda: [e for e in installed.client.get(
        f"/apis/events.k8s.io/v1/namespaces/{installed.name}/events")["items"]
        if e["reason"] == "ReloadRefused"], "an Event", DEADLINE)
    assert "operator.lua:" in events[0]["note"]
    site.apply(replicas=0, port=3000)
    wait_for(lambda: site.port() == 3001, "the good script to go on", DEADLINE)
    assert restarts(installed) == before
    assert set(before.values()) == {0}


def test_any_user_will_do(node, image):
    """As OpenShift gives them."""
    found = Installed(node)
    found.manifests = found.manifests.replace(
        "        runAsNonRoot: true\n", "        runAsNonRoot: true\n        runAsUser: 1000870000\n"
        "        runAsGroup: 0\n", 1)
    found.apply()
    try:
        pod, *_ = found.wait_for_pods(2)
        assert found.wait_for_leader()
        status = open(f"/proc/{found.process(pod)}/status").read()
        assert "Uid:\t1000870000\t1000870000\t" in status
        site = Site(node, "user")
        site.apply(replicas=0, port=1000)
        wait_for(lambda: site.port() == 1000, "the Service", DEADLINE)
    finally:
        found.delete()


SECRETS = """
local tidelock = require "tidelock"
return tidelock.operator {
  api = 1, name = "keeper",
  resource = { "example.com/v1", "Website" },
  owns = { { "v1", "ConfigMap" } },
  reads = { { "v1", "Secret", names = function() return { "given" } end } },
  reconcile = function(site, view, plan)
    local given = view:get("v1", "Secret", "given")
    if not given then
      return plan:nothing("there is no Secret")
    end
    plan:apply { apiVersion = "v1", kind = "ConfigMap", metadata = { name = site.metadata.name },
      data = { checksum = given.data.password:checksum() } }
    local _, said = pcall(tostring, given.data.password)
    log.warn("it is " .. said)
    plan:event("Normal", "Seen", "it is " .. said)
    plan:status { readyReplicas = 1 }
    plan:condition("Ready", true, "Seen", "it is " .. said)
  end,
}
"""


def planted(node, namespace):
    """Bytes in four places of a Secret, one of them what kubectl leaves there."""
    canary = [f"canary{secrets.token_hex(12)}" for _ in range(4)]
    node.client().apply(f"/api/v1/namespaces/{namespace}/secrets/given", {
        "apiVersion": "v1", "kind": "Secret", "metadata": {
            "name": "given", "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": json.dumps(
                    {"stringData": {"password": canary[0]}})}},
        "stringData": {"password": canary[1], "file": f"[default]\nkey={canary[2]}\n",
                       "long": canary[3] * 1000}}, force="true")
    return canary


def token_of(installed, pod):
    """The pod's own: the fifth place."""
    path = f"/proc/{installed.process(pod)}/root/var/run/secrets/kubernetes.io/serviceaccount/token"
    return pathlib.Path(path).read_text(encoding="ascii").strip()


def outputs(node, installed, site):
    """Everything that anybody but a reader of Secrets can see, by name."""
    client, ns = installed.client, site.namespace
    found = {"status": client.get(site.path),
             "configmap": client.get(f"/api/v1/namespaces/{ns}/configmaps"),
             "events": client.get("/apis/events.k8s.io/v1/events"),
             "lease": client.get(f"/apis/coordination.k8s.io/v1/namespaces/{installed.name}/leases")}
    found = {name: json.dumps(value) for name, value in found.items()}
    token = node.kubectl("create", "token", "reader", "-n", ns).stdout.strip()
    for pod in installed.pods():
        found[f"log of {pod['metadata']['name']}"] = installed.log(pod["metadata"]["name"])
        for page in ("metrics", "debug/queue", "debug/cache", "debug/plans", "debug/watches"):
            code, text = installed.page(pod, page, token)
            assert code == 200 and text, f"{page}: {code} {text}"
            found[page] = found.get(page, "") + text
            assert installed.page(pod, page, None)[0] in (401, 403)
    return found


def forms(text):
    """As it is, and as it is in a Secret."""
    return [text, base64.b64encode(text.encode()).decode().rstrip("=")[:-1]]


def test_secrets_are_nowhere_to_be_seen(node, image, tmp_path):
    """An operator that reads one, and tries to tell it on every way there is."""
    operator = tmp_path / "keeper"
    operator.mkdir()
    (operator / "operator.lua").write_text(SECRETS)
    shutil.copy(ROOT / "operators/website/crd.yaml", operator)
    site = Site(node, "secrets")
    canary = planted(node, site.namespace)
    node.kubectl("create", "serviceaccount", "reader", "-n", site.namespace)
    node.kubectl("create", "clusterrole", "reader", "--verb=get", "--non-resource-url=*")
    node.kubectl("create", "clusterrolebinding", "reader", "--clusterrole=reader",
                 f"--serviceaccount={site.namespace}:reader")
    found = Installed(node, operator=operator, name="keeper")
    found.apply()
    try:
        pods = found.wait_for_pods(2)
        site.apply(replicas=0)
        wait_for(site.is_ready, "its status", DEADLINE)
        canary += [token_of(found, pod) for pod in pods]
        seen = outputs(node, found, site)
        hits = [(name, text[:12]) for name, said in seen.items()
                for text in canary for form in forms(text) if form in said]
        figure("D54", "hits in a pod", len(hits))
        assert hits == []
    finally:
        found.delete()
        node.kubectl("delete", "clusterrole,clusterrolebinding", "reader")
