"""`tidelock sim` as a test's cluster: what ControlPlane offers, as far as sim
has it, so that a test can run on either.

    with SimPlane(controllers="all", nodes=2) as cluster:
        cluster.kubectl("create", "namespace", "demo")
"""

import base64
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid

import yaml

import harness
from apiclient import Client
from component import ClusterError, Component, wait_for
from controlplane import binary

MARKER_AGENT = "tidelock-audit-mark"


class SimPlane:
    def __init__(self, controllers="all", nodes=0, arguments=(), folder=None, port=0):
        self._arguments = ["--controllers", controllers, *map(str, arguments)]
        if nodes:
            self._arguments += ["--nodes", str(nodes)]
        self._kept_folder, self._port = folder, port
        self.folder = None
        self._component = None
        self._clients = {}

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, error, trace):
        if kind and issubclass(kind, Exception):
            print(f"--- log of sim:\n{self._component.tail(40)}", file=sys.stderr)
        self.stop()

    def start(self):
        """Returns when it is ready."""
        self.folder = pathlib.Path(self._kept_folder or tempfile.mkdtemp(prefix="tidelock-sim-"))
        (self.folder / "bin").mkdir(exist_ok=True)
        self._audit_log = self.folder / "audit.log"
        self.kubeconfig = str(self.folder / "admin.kubeconfig")
        self._component = Component("sim", harness.program(), self.folder / "sim.log")
        self.start_program()
        return self

    def start_program(self):
        """Starts the program; the folder is there."""
        pathlib.Path(self.kubeconfig).unlink(missing_ok=True)
        self._component.start(["sim", "--port", str(self._port), "--write-kubeconfig", self.kubeconfig,
                               "--audit", str(self._audit_log), *self._arguments])
        self._component.wait_until(self._ready, "sim to be ready", 20)

    def stop(self):
        self.stop_program()
        if self.folder and not self._kept_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def stop_program(self, sig=signal.SIGTERM):
        """Its folder stays; start_program() starts it again."""
        for client in self._clients.values():
            client.close()
        self._clients = {}
        if self._component:
            self._component.stop(sig)

    def kill(self):
        self.stop_program(signal.SIGKILL)

    @property
    def pid(self):
        return self._component.pid

    @property
    def running(self):
        return self._component.running

    @property
    def log(self):
        return self._component.tail(1000)

    def _ready(self):
        if not os.path.exists(self.kubeconfig):
            return False
        return self.client().request("GET", "/readyz").status == 200

    # Users: whoever has the token is who the kubeconfig says.

    def _config(self, kubeconfig=None):
        with open(kubeconfig or self.kubeconfig, encoding="utf-8") as file:
            return yaml.safe_load(file)

    @property
    def port(self):
        return int(self._config()["clusters"][0]["cluster"]["server"].rpartition(":")[2])

    @property
    def authority(self):
        path = self.folder / "ca.crt"
        data = self._config()["clusters"][0]["cluster"]["certificate-authority-data"]
        whole = self.folder / f"ca-{uuid.uuid4().hex}"      # seen whole by every thread
        whole.write_bytes(base64.b64decode(data))
        whole.replace(path)
        return path

    def credentials(self, kubeconfig=None):
        """As ControlPlane.credentials(), and whose name the requests are in."""
        user = self._config(kubeconfig)["users"][0]["user"]
        found = {"certificate": None, "token": user.get("token"), "user": user.get("as")}
        if found["token"]:
            return found
        pair = (self.folder / "client.crt", self.folder / "client.key")
        for path, key in zip(pair, ("client-certificate-data", "client-key-data")):
            path.write_bytes(base64.b64decode(user[key]))
        return {**found, "certificate": pair}

    def user(self, name, groups=()):
        """A kubeconfig that is told apart in the audit log by `name`."""
        config = self._config()
        entry = config["users"][0]["user"]
        entry["as"] = name
        if groups:
            entry["as-groups"] = list(groups)
        path = self.folder / f"{uuid.uuid4().hex[:12]}.kubeconfig"
        path.write_text(json.dumps(config), encoding="utf-8")
        path.chmod(0o600)
        return str(path)

    def kubeconfig_at(self, port, kubeconfig=None):
        """The same at another port of this machine."""
        source = pathlib.Path(kubeconfig or self.kubeconfig)
        path = source.with_name(f"{port}-{source.name}")
        path.write_text(source.read_text(encoding="utf-8").replace(
            f":{self.port}", f":{port}"), encoding="utf-8")
        path.chmod(0o600)
        return str(path)

    def client(self, kubeconfig=None):
        path = str(kubeconfig or self.kubeconfig)
        if path not in self._clients:
            self._clients[path] = self.new_client(path)
        return self._clients[path]

    def new_client(self, kubeconfig=None, timeout=60):
        return Client(self.port, self.authority, timeout=timeout, **self.credentials(kubeconfig))

    def kubectl(self, *arguments, input=None, check=True, kubeconfig=None):
        kubectl = self.folder / "bin" / "kubectl"
        if not kubectl.exists():
            kubectl.symlink_to(binary())
        done = subprocess.run([kubectl, *map(str, arguments)], input=input, capture_output=True,
                              text=True, env=dict(os.environ, **self.environment(kubeconfig)))
        if check and done.returncode != 0:
            raise ClusterError(f"kubectl {' '.join(map(str, arguments))}: {done.stderr.strip()}")
        return done

    def environment(self, kubeconfig=None):
        return {"KUBECONFIG": str(kubeconfig or self.kubeconfig), "KUBERC": "off",
                "KUBECACHEDIR": str(self.folder / "kubectl-cache")}

    # What it was asked.

    def audit_mark(self):
        marker = uuid.uuid4().hex
        self.client().request("GET", "/version", headers={"User-Agent": MARKER_AGENT}, marker=marker)
        wait_for(lambda: marker in self._audit_log.read_text(encoding="utf-8"), "the audit log")
        return self._audit_log.stat().st_size

    def audit(self, since=0, user=None, verbs=None, resource=None):
        """As ControlPlane.audit()."""
        self.audit_mark()
        with open(self._audit_log, encoding="utf-8") as log:
            log.seek(since)
            events = [json.loads(line) for line in log if line.endswith("\n")]
        return [e for e in events
                if e.get("userAgent") != MARKER_AGENT
                and (user is None or e["user"].get("username") == user)
                and (verbs is None or e["verb"] in verbs)
                and (resource is None or e.get("objectRef", {}).get("resource") == resource)]
