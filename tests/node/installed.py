"""tidelock as somebody installs it: an image, a bundle, kubectl."""

import pathlib
import ssl
import subprocess
import urllib.error
import urllib.request

from node import ApiError, wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/release"
WEBSITES = "/apis/example.com/v1/namespaces"
PAGE = "<h1>Under one roof</h1>\n"
POD_OF_REQUEST = "authentication.kubernetes.io/pod-name"
# seconds; far above what is usual: other work may take both cores
DEADLINE = 120


def tidelock(*arguments):
    """What a command of the release build prints."""
    done = subprocess.run([BUILD / "bin/tidelock", *map(str, arguments)],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def make_image(folder, tag="tidelock:test"):
    """The archive that deploy/image.sh makes of the release build."""
    path = folder / f"{tag.replace(':', '-')}.tar"
    done = subprocess.run([ROOT / "deploy/image.sh", "--build", BUILD, "-o", path, "--tag", tag],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return path


class Installed:
    """One operator in a namespace of its own, from `tidelock bundle`."""

    def __init__(self, node, *bundle, operator=ROOT / "operators/website",
                 name="tidelock-website"):
        self.node, self.name = node, name
        self.client = node.client()
        self.since = node.audit_mark()
        self.manifests = tidelock("bundle", operator, "--name", name,
                                  "--image", "tidelock:test", *bundle)
        self.path = f"/apis/apps/v1/namespaces/{name}/deployments/{name}"
        self.account = f"system:serviceaccount:{name}:{name}"

    def apply(self):
        """As the first example of `tidelock bundle --help`."""
        return self.node.kubectl("apply", "-f", "-", input=self.manifests)

    def delete(self):
        self.node.kubectl("delete", "--ignore-not-found", "-f", "-", input=self.manifests)

    # Its pods.

    def pods(self, running=True):
        return self.node.pods(self.name, f"app.kubernetes.io/instance={self.name}", running)

    def wait_for_pods(self, count=2):
        return wait_for(lambda: len(self.pods()) == count == len(self.pods(running=False))
                        and self.pods(), f"{count} pods that are ready", DEADLINE)

    def leader(self):
        """The name of the pod that holds the Lease, or None."""
        try:
            lease = self.client.get(f"/apis/coordination.k8s.io/v1/namespaces/{self.name}"
                                    f"/leases/{self.name}")
        except ApiError:
            return None
        holder = lease["spec"].get("holderIdentity") or ""
        names = [p["metadata"]["name"] for p in self.pods(running=False)]
        return next((name for name in names if holder.startswith(name)), None)

    def wait_for_leader(self, but=None):
        return wait_for(lambda: self.leader() not in (None, but) and self.leader(),
                        "a leader", DEADLINE)

    def process(self, pod):
        """The id of the pod's process, as this machine sees it."""
        uid = pod["metadata"]["uid"]
        found = []
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                groups = (folder / "cgroup").read_text()
                command = (folder / "cmdline").read_bytes().split(b"\0")[:2]
            except OSError:             # it ended meanwhile
                continue
            if uid in groups and command[1:] == [b"run"]:
                found.append(int(folder.name))
        assert len(found) == 1, f"{found} of pod {pod['metadata']['name']}"
        return found[0]

    def log(self, pod, *more):
        return self.node.kubectl("logs", "-n", self.name, pod, *more).stdout

    def page(self, pod, page, token):
        """(status, text) of a page that a pod serves, asked for with that token."""
        request = urllib.request.Request(f"https://{pod['status']['podIP']}:8443/{page}")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        trust = ssl.create_default_context()    # made by itself, for encryption only
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        try:
            with urllib.request.urlopen(request, timeout=10, context=trust) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    # What it did.

    def requests(self, since=None):
        return [e for e in self.node.audit(since=self.since if since is None else since,
                                           user=self.account)
                if e["stage"] == "ResponseComplete"]

    def refused(self, since=None):
        return [f"{e['verb']} {e['requestURI']}" for e in self.requests(since)
                if e["responseStatus"].get("code") == 403]

    def writes(self, since, resource):
        """[(pod, object)] of every write of that resource that was carried out."""
        return [(e["user"]["extra"][POD_OF_REQUEST][0], e["responseObject"])
                for e in self.requests(since)
                if e["verb"] in ("create", "patch", "update", "delete")
                and e["objectRef"]["resource"] == resource and not e["objectRef"].get("subresource")
                and e["responseStatus"]["code"] < 300 and "dryRun" not in e["requestURI"]]


class Site:
    """A Website in a namespace of its own."""

    def __init__(self, node, namespace, name="site"):
        self.node, self.client = node, node.client()
        self.namespace, self.name = namespace, name
        if self.client.request("GET", f"/api/v1/namespaces/{namespace}").status == 404:
            self.client.post("/api/v1/namespaces", {"metadata": {"name": namespace}})
        self.path = f"{WEBSITES}/{namespace}/websites/{name}"

    def apply(self, replicas=2, page=PAGE, port=80):
        return self.client.apply(self.path, {
            "apiVersion": "example.com/v1", "kind": "Website", "metadata": {"name": self.name},
            "spec": {"replicas": replicas, "port": port, "content": {"index.html": page}}},
            force="true")

    def is_ready(self):
        site = self.client.get(self.path)
        return any(c["type"] == "Ready" and c["status"] == "True" and
                   c["observedGeneration"] == site["metadata"]["generation"]
                   for c in site.get("status", {}).get("conditions", []))

    def service(self):
        return self.client.get(f"/api/v1/namespaces/{self.namespace}/services/{self.name}")

    def port(self):
        return self.service()["spec"]["ports"][0]["port"]

    def page(self):
        """What a visitor sees."""
        spec = self.service()["spec"]
        url = f"http://{spec['clusterIP']}:{spec['ports'][0]['port']}/"
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.read().decode()


def every_edit_once(writes, ports):
    """Of a stream of edits (rising ports) the last arrived, none twice, none in
    the wrong order; some may have been passed over for a later one."""
    written = [obj["spec"]["ports"][0]["port"] for _, obj in writes]
    assert written == sorted(set(written)), written
    assert written[-1] == ports[-1] and set(written) <= set(ports), written
