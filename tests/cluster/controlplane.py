"""A real Kubernetes control plane for one test (or one person).

    from controlplane import ControlPlane

    with ControlPlane() as cluster:
        cluster.kubectl("create", "namespace", "demo")
        mark = cluster.audit_mark()
        cluster.client().post("/api/v1/namespaces/demo/configmaps",
                              {"metadata": {"name": "settings"}})
        assert len(cluster.audit(since=mark, verbs=["create"])) == 1

Everything is on loopback ports nobody else can take, in one temporary folder.
At the end, also after an exception, the programs are stopped by their pids and
the folder is removed. README.md beside this file has the rest.
"""

import atexit
import base64
import contextlib
import fcntl
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import uuid

from apiclient import ApiError, Client, PATCH_TYPES, Response
from certificates import Authority
from component import ClusterError, Component, wait_for
from replica import Relay, Replica

__all__ = ["ApiError", "Client", "ClusterError", "ControlPlane", "PATCH_TYPES",
           "Response", "wait_for"]

HERE = pathlib.Path(__file__).resolve().parent
FOLDER_PREFIX = "tidelock-cluster-"
MARKER_AGENT = "tidelock-audit-mark"

_KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters:
- name: test
  cluster:
    server: https://127.0.0.1:{port}
    certificate-authority-data: {authority}
users:
- name: "{user}"
  user:
{credentials}
contexts:
- name: test
  context:
    cluster: test
    user: "{user}"
current-context: test
"""


def binary():
    """The path of the control plane's executable, built when it is not there."""
    done = subprocess.run([HERE / "build"], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise ClusterError("cannot build the control plane")
    return done.stdout.splitlines()[-1]


class ControlPlane:
    """etcd, kube-apiserver and (unless told not to) kube-controller-manager.

    apiserver_flags           added to the API server's, e.g. ["--watch-cache=false"];
                              a later flag wins over an earlier one
    controller_manager        False: nothing reconciles, nothing is collected
    controller_manager_flags  added to the controller manager's
    tokens                    {"name": ["group", ...]}: users with a bearer token
    folder                    use this folder and leave it there at the end
    """

    def __init__(self, apiserver_flags=(), controller_manager=True,
                 controller_manager_flags=(), tokens=None, folder=None):
        self._apiserver_flags = list(apiserver_flags)
        self._controller_manager_flags = list(controller_manager_flags)
        self._with_controllers = controller_manager
        self._tokens = {name: (uuid.uuid4().hex, groups)
                        for name, groups in (tokens or {}).items()}
        self._kept_folder = folder
        self._forget()

    def _forget(self):
        self.folder = None
        self.components = {}            # name -> Component, in order of start
        self._held = []                 # open files: reserved ports, folder lock
        self._clients = {}              # kubeconfig -> Client
        self._replicas = []
        self._credentials = {}          # kubeconfig -> arguments of Client

    # Start and stop.

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, error, trace):
        if kind and issubclass(kind, Exception):
            self.print_logs()
        self.stop()

    def start(self):
        """Returns when the API server is ready (and controllers are at work)."""
        if self.folder:
            raise ClusterError("this control plane is running already")
        atexit.register(self.stop)
        try:
            self._prepare_folder()
            self._start_etcd()
            self._prepare_credentials()
            self.start_apiserver()
            if self._with_controllers:
                self.start_controller_manager()
        except BaseException as error:
            if isinstance(error, Exception):
                self.print_logs()
            self.stop()
            raise
        return self

    def stop(self):
        """Ends every program, frees the ports, removes the folder. Idempotent."""
        atexit.unregister(self.stop)
        for open_thing in (*self._clients.values(), *self._replicas):
            open_thing.close()
        for component in reversed(self.components.values()):
            component.stop(signal.SIGKILL)      # the data is thrown away
        if self.folder and not self._kept_folder:
            shutil.rmtree(self.folder, ignore_errors=True)
        for held in self._held:
            held.close()
        self._forget()

    def print_logs(self, lines=20, file=None):
        """The end of each program's log, to standard error or `file`."""
        for component in self.components.values():
            state = "running" if component.running else "not running"
            print(f"--- {component.name} ({state}): {component.log}\n"
                  f"{component.tail(lines)}", file=file or sys.stderr)

    @property
    def pids(self):
        """{component name: pid} of what runs now."""
        return {name: c.pid for name, c in self.components.items() if c.running}

    # Users.

    def user(self, name, groups=()):
        """A kubeconfig of a user with a fresh client certificate: its path."""
        pair = self._authority.client(f"user-{uuid.uuid4().hex[:12]}", name, groups)
        return self._write_kubeconfig(name, certificate=pair)

    def token_user(self, name, as_file=False):
        """A kubeconfig of a user of `tokens=`, known by its token: its path.

        as_file: the kubeconfig names a file that holds the token, whose path
        is that of the kubeconfig with ".token" appended.
        """
        if name not in self._tokens:
            raise ClusterError(f"no token for '{name}': name it in tokens=")
        return self._write_kubeconfig(name, token=self._tokens[name][0],
                                      token_in_file=as_file)

    def service_account(self, namespace, name, seconds=3600):
        """A kubeconfig of an existing service account, token from TokenRequest."""
        answer = self.client().post(
            f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token",
            {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
             "spec": {"expirationSeconds": seconds}})
        return self._write_kubeconfig(f"system:serviceaccount:{namespace}:{name}",
                                      token=answer["status"]["token"])

    def client(self, kubeconfig=None):
        """The Client of a kubeconfig made here (default: the administrator's)."""
        path = str(kubeconfig or self.kubeconfig)
        if path not in self._clients:
            self._clients[path] = self.new_client(path)
        return self._clients[path]

    def new_client(self, kubeconfig=None, timeout=60):
        """A Client with a connection of its own; the caller closes it."""
        return Client(self.port, self.authority, timeout=timeout,
                      **self.credentials(kubeconfig))

    def credentials(self, kubeconfig=None):
        """Of a kubeconfig made here: {"certificate": (file, key file) or None,
        "token": text or None}."""
        return self._credentials[str(kubeconfig or self.kubeconfig)]

    @property
    def authority(self):
        """The file of the certificate by which the API server is known."""
        return self._authority.certificate

    def kubeconfig_at(self, port, kubeconfig=None):
        """The same user at another port of this machine (a proxy with a
        certificate of ours, a replica): a new kubeconfig."""
        source = pathlib.Path(kubeconfig or self.kubeconfig)
        path = source.with_name(f"{port}-{source.name}")
        path.write_text(source.read_text(encoding="utf-8").replace(
            f"https://127.0.0.1:{self.port}", f"https://127.0.0.1:{port}"),
            encoding="utf-8")
        path.chmod(0o600)
        return str(path)

    def kubectl(self, *arguments, input=None, check=True, kubeconfig=None):
        """Runs kubectl: a CompletedProcess with text in stdout and stderr."""
        done = subprocess.run(
            [self.folder / "bin" / "kubectl", *map(str, arguments)],
            input=input, capture_output=True, text=True,
            env=dict(os.environ, **self.environment(kubeconfig)))
        if check and done.returncode != 0:
            raise ClusterError(f"kubectl {' '.join(map(str, arguments))}: "
                               f"{done.stderr.strip()}")
        return done

    def environment(self, kubeconfig=None):
        """What kubectl needs: nothing is read from or written to ~/.kube."""
        return {"KUBECONFIG": str(kubeconfig or self.kubeconfig), "KUBERC": "off",
                "KUBECACHEDIR": str(self.folder / "kubectl-cache")}

    # What the API server was asked.

    def audit_mark(self):
        """An offset for audit(since=): behind every request answered so far.

        An event is written when its request is answered, some moments after
        the answer where that was long. A marker request that has appeared in
        the log bounds those moments; two of them, one after the other, give
        the slowest writer time for two whole requests.
        """
        for _ in range(2):
            self._write_marker()
        return self._audit_log.stat().st_size

    def audit(self, since=0, user=None, verbs=None, resource=None):
        """The audit events after an offset, oldest first, narrowed down by name
        of the user, verbs ("create", "watch" ...), resource ("configmaps")."""
        self.audit_mark()
        events = []
        for line in self._audit_lines(since):
            event = json.loads(line)
            if event.get("userAgent") == MARKER_AGENT:
                continue
            if user is not None and event["user"].get("username") != user:
                continue
            if verbs is not None and event["verb"] not in verbs:
                continue
            if resource is not None and \
                    event.get("objectRef", {}).get("resource") != resource:
                continue
            events.append(event)
        return events

    def apiserver_metrics(self):
        """{metric name: [(labels, value)]} of the API server."""
        return parse_metrics(self.client().get("/metrics"))

    # Faults.

    def pause(self, component):
        """SIGSTOP: "etcd", "kube-apiserver" or "kube-controller-manager"."""
        self.components[component].pause()

    def resume(self, component):
        self.components[component].resume()

    def stop_apiserver(self, kill=False):
        """In good order (watches end, connections close) or by SIGKILL."""
        self.components["kube-apiserver"].stop(
            signal.SIGKILL if kill else signal.SIGTERM)

    def start_apiserver(self, flags=()):
        """Same port, same data. `flags` are for this run only."""
        component = self._component("kube-apiserver")
        component.start([*self._apiserver_arguments(self.port, self._etcd_port, "audit"),
                         *self._apiserver_flags, *flags])
        component.wait_until(self._apiserver_ready, "kube-apiserver to be ready")

    def restart_apiserver(self, flags=(), kill=False):
        self.stop_apiserver(kill)
        self.start_apiserver(flags)

    def stop_controller_manager(self):
        self.components["kube-controller-manager"].stop(signal.SIGKILL)

    def start_controller_manager(self):
        component = self._component("kube-controller-manager")
        component.start([*self._controller_manager_arguments(),
                         *self._controller_manager_flags])
        component.wait_until(self._controllers_ready,
                             "kube-controller-manager to be at work")

    def add_replica(self, flags=()):
        """One more API server on the same etcd: a Replica."""
        name = f"kube-apiserver-{len(self._replicas) + 2}"
        relay = Relay(self._etcd_port)
        replica = Replica(self, name, self._reserve_port(), relay)
        self._replicas.append(replica)
        component = self._component(name, "kube-apiserver")
        component.start([*self._apiserver_arguments(replica.port, relay.port, name),
                         *self._apiserver_flags, *flags])
        component.wait_until(
            lambda: replica.client().request("GET", "/readyz").status == 200,
            f"{name} to be ready")
        return replica

    def backup_etcd(self):
        """A copy of everything, taken while etcd is stopped: for restore_etcd()."""
        backup = self.folder / f"etcd-{uuid.uuid4().hex[:8]}"
        self.components["etcd"].stop(signal.SIGKILL)
        shutil.copytree(self.folder / "etcd", backup)
        self._start_etcd()
        self.components["kube-apiserver"].wait_until(
            self._apiserver_ready, "kube-apiserver to find etcd again")
        return backup

    def restore_etcd(self, backup, restart_apiserver=True):
        """Back to then: resourceVersions are given out a second time.

        restart_apiserver=False leaves a server that remembers the future.
        """
        if restart_apiserver:
            self.stop_apiserver(kill=True)
        self.components["etcd"].stop(signal.SIGKILL)
        shutil.rmtree(self.folder / "etcd")
        shutil.copytree(backup, self.folder / "etcd")
        self._start_etcd()
        self.components["etcd"].wait_until(self.revision, "etcd to be ready")
        if restart_apiserver:
            self.start_apiserver()

    def compact_etcd(self):
        """Forgets all history up to now; returns the revision kept.

        Done as the API server does it every five minutes: the revision is
        written to `compact_rev_key` (by which API servers drop what they hold
        in memory of older revisions), then etcd is told to compact.
        """
        put = self.etcd("kv/put", {"key": _base64(b"compact_rev_key"),
                                   "value": _base64(str(self.revision()).encode())})
        revision = put["header"]["revision"]
        self.etcd("kv/compaction", {"revision": revision, "physical": True})
        return int(revision)

    def revision(self):
        """etcd's revision: the newest resourceVersion that was given out."""
        return int(self.etcd("maintenance/status", {})["header"]["revision"])

    def etcd(self, method, request):
        """A call of etcd's v3 API in JSON: etcd("kv/range", {"key": base64})."""
        connection = http.client.HTTPConnection("127.0.0.1", self._etcd_port, timeout=60)
        with contextlib.closing(connection):
            connection.request("POST", f"/v3/{method}", json.dumps(request))
            answer = connection.getresponse()
            body = answer.read()
        if answer.status != 200:
            raise ClusterError(f"etcd {method}: {answer.status} {body.decode()}")
        return json.loads(body)

    # How it is put together.

    def _prepare_folder(self):
        if self._kept_folder:
            folder = pathlib.Path(self._kept_folder).absolute()
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                raise ClusterError(f"folder '{folder}' is not empty")
            self.folder = folder
        else:
            _sweep()
            self.folder = pathlib.Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX))
        self._held.append(_lock(self.folder))
        executable = binary()
        for name in ("bin", "logs", "users"):
            (self.folder / name).mkdir()
        for name in ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl"):
            (self.folder / "bin" / name).symlink_to(executable)
        self._audit_log = self.folder / "audit.log"
        self._etcd_port, self._etcd_peer_port, self.port = (
            self._reserve_port() for _ in range(3))

    def _reserve_port(self):
        """A port that stays ours, across restarts, whether or not it is served.

        A socket that is bound but does not listen takes no connections, and
        with SO_REUSEPORT our servers can bind beside it; nobody else can.
        """
        held = socket.socket()
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(("127.0.0.1", 0))
        self._held.append(held)
        return held.getsockname()[1]

    def _prepare_credentials(self):
        self._authority = Authority(self.folder / "pki",
                                    "DNS:localhost, DNS:kubernetes.default.svc, "
                                    "IP:127.0.0.1, IP:10.0.0.1")
        self._server_pair = self._authority.server("apiserver")
        self._token_key = self._authority.signing_key("service-accounts")
        self._token_file = self.folder / "pki" / "tokens.csv"
        self._token_file.write_text("".join(
            f'{token},{name},{name},"{",".join(groups)}"\n'
            for name, (token, groups) in self._tokens.items()), encoding="utf-8")
        self.kubeconfig = self.user("admin", ["system:masters"])

    def _write_kubeconfig(self, user, certificate=None, token=None, token_in_file=False):
        path = self.folder / "users" / f"{uuid.uuid4().hex[:12]}.kubeconfig"
        if certificate:
            lines = [f"client-certificate-data: {_base64(certificate[0].read_bytes())}",
                     f"client-key-data: {_base64(certificate[1].read_bytes())}"]
        elif token_in_file:
            token_path = pathlib.Path(f"{path}.token")
            token_path.write_text(token, encoding="ascii")
            lines = [f"tokenFile: {token_path}"]
        else:
            lines = [f"token: {token}"]
        path.write_text(_KUBECONFIG.format(
            port=self.port, user=user, credentials="\n".join(f"    {x}" for x in lines),
            authority=_base64(self._authority.certificate.read_bytes())), encoding="utf-8")
        path.chmod(0o600)
        self._credentials[str(path)] = {"certificate": certificate, "token": token}
        return str(path)

    def _component(self, name, program=None):
        if name not in self.components:
            self.components[name] = Component(name, self.folder / "bin" / (program or name),
                                              self.folder / "logs" / f"{name}.log")
        return self.components[name]

    def _start_etcd(self):
        client = f"http://127.0.0.1:{self._etcd_port}"
        peer = f"http://127.0.0.1:{self._etcd_peer_port}"
        self._component("etcd").start([
            "--name=test", f"--data-dir={self.folder / 'etcd'}", "--unsafe-no-fsync",
            f"--listen-client-urls={client}", f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=test={peer}", "--socket-reuse-port",
            # As kubeadm and most others do: without it the watches of a kind
            # at rest get no bookmarks.
            "--watch-progress-notify-interval=5s",
            "--log-level=warn"])

    def _apiserver_arguments(self, port, etcd_port, audit):
        certificate, key = self._server_pair
        tokens = [f"--token-auth-file={self._token_file}"] if self._tokens else []
        return [
            f"--etcd-servers=http://127.0.0.1:{etcd_port}",
            "--bind-address=127.0.0.1", f"--secure-port={port}",
            "--external-hostname=127.0.0.1", "--advertise-address=127.0.0.1",
            "--permit-port-sharing", "--endpoint-reconciler-type=none",
            f"--tls-cert-file={certificate}", f"--tls-private-key-file={key}",
            f"--client-ca-file={self._authority.certificate}", *tokens,
            f"--service-account-issuer=https://127.0.0.1:{self.port}",
            f"--service-account-key-file={self._token_key}",
            f"--service-account-signing-key-file={self._token_key}",
            "--authorization-mode=Node,RBAC", "--allow-privileged",
            "--service-cluster-ip-range=10.0.0.0/16",
            # On SIGTERM end the watches, or they keep the server for 60 s.
            "--shutdown-watch-termination-grace-period=10s",
            f"--audit-policy-file={HERE / 'audit-policy.yaml'}",
            f"--audit-log-path={self.folder / f'{audit}.log'}",
            "--audit-log-maxsize=1000000",      # megabytes: never rotated
        ]

    def _controller_manager_arguments(self):
        return [
            f"--kubeconfig={self.user('system:kube-controller-manager')}",
            f"--service-account-private-key-file={self._token_key}",
            f"--root-ca-file={self._authority.certificate}",
            "--use-service-account-credentials", "--leader-elect=false",
            "--secure-port=0", "--kube-api-qps=1000", "--kube-api-burst=2000",
        ]

    def _apiserver_ready(self):
        return self.client().request("GET", "/readyz").status == 200

    def _controllers_ready(self):
        return self.client().get("/api/v1/namespaces/default/serviceaccounts/default")

    def _write_marker(self):
        start = self._audit_log.stat().st_size
        marker = uuid.uuid4().hex
        self.client().request("GET", "/version", headers={"User-Agent": MARKER_AGENT},
                              marker=marker)
        wait_for(lambda: any(marker in line for line in self._audit_lines(start)),
                 "the audit log to be written")

    def _audit_lines(self, since):
        """Complete lines only: the last one may be half written."""
        with open(self._audit_log, encoding="utf-8", newline="\n") as log:
            log.seek(since)
            for line in log:
                if line.endswith("\n"):
                    yield line


def parse_metrics(text):
    """{name: [(labels, value)]} of Prometheus' text format."""
    metrics = {}
    for line in text.splitlines():
        match = re.match(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)", line)
        if match:
            labels = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match[2] or ""))
            metrics.setdefault(match[1], []).append((labels, float(match[3])))
    return metrics


def _base64(data):
    return base64.b64encode(data).decode("ascii")


def _lock(folder):
    """Held as long as the folder is in use: see _sweep()."""
    lock = open(folder / "lock.new", "w", encoding="ascii")
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.rename(folder / "lock.new", folder / "lock")     # never seen unlocked
    return lock


def _sweep():
    """Removes folders of harnesses that were killed before they could."""
    for folder in pathlib.Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*"):
        with contextlib.suppress(OSError):
            with open(folder / "lock", "r+", encoding="ascii") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
