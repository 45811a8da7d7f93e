"""Kubeconfigs made by tests, and what the API server saw of who used them."""

import base64
import datetime
import json
import pathlib
import shutil

from harness import tidelock, wait_for


def data(path):
    """A file as the *-data fields want it."""
    return base64.b64encode(pathlib.Path(path).read_bytes()).decode()


def cluster_entry(plane, **changes):
    """`cluster:` of a control plane; a change to None takes a field out."""
    entry = {"server": f"https://127.0.0.1:{plane.port}",
             "certificate-authority-data": data(plane.authority)}
    for name, value in changes.items():
        entry[name.replace("_", "-")] = value
    return {name: value for name, value in entry.items() if value is not None}


def kubeconfig(path, cluster, user, context="here", namespace="default"):
    """Writes a kubeconfig with one context (JSON is YAML): its path."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": context,
        "clusters": [{"name": f"{context}-cluster", "cluster": cluster}],
        "users": [{"name": f"{context}-user", "user": user}],
        "contexts": [{"name": context, "context": {
            "cluster": f"{context}-cluster", "user": f"{context}-user",
            "namespace": namespace}}]}))
    return path


def certificate(plane, name, groups=("system:masters",)):
    """A fresh client certificate of that user: (certificate file, key file)."""
    return plane.credentials(plane.user(name, groups))["certificate"]


def by_certificate(plane, name):
    """`user:` with the certificate's text in it."""
    pair = certificate(plane, name)
    return {"client-certificate-data": data(pair[0]), "client-key-data": data(pair[1])}


def copy_pair(pair, folder, names=("tls.crt", "tls.key")):
    folder.mkdir(parents=True, exist_ok=True)
    for source, name in zip(pair, names):
        shutil.copy(source, folder / name)


class ServiceAccount:
    """One with every right, whose tokens can be told apart and taken back."""

    def __init__(self, plane, namespace, name="robot"):
        self._plane, self._namespace, self._name = plane, namespace, name
        self._base = f"/api/v1/namespaces/{namespace}"
        self.user = f"system:serviceaccount:{namespace}:{name}"
        client = plane.client()
        client.post(f"{self._base}/serviceaccounts", {"metadata": {"name": name}})
        client.post("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {
            "metadata": {"name": f"{namespace}-{name}"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io",
                        "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"kind": "ServiceAccount", "name": name,
                          "namespace": namespace}]})

    def token(self, bound_to):
        """A token that is good as long as a Secret of that name exists."""
        client = self._plane.client()
        secret = client.post(f"{self._base}/secrets", {"metadata": {"name": bound_to}})
        answer = client.post(
            f"{self._base}/serviceaccounts/{self._name}/token", {
                "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
                "spec": {"boundObjectRef": {
                    "apiVersion": "v1", "kind": "Secret", "name": bound_to,
                    "uid": secret["metadata"]["uid"]}}})
        token = answer["status"]["token"]
        self._wait_for_rights(token)
        return token

    def take_back(self, bound_to):
        self._plane.client().delete(f"{self._base}/secrets/{bound_to}")

    def _wait_for_rights(self, token):
        client = type(self._plane.client())(self._plane.port, self._plane.authority,
                                            token=token)
        wait_for(lambda: client.request("GET", "/api/v1/nodes").status == 200,
                 "the service account to have its rights")
        client.close()


def token_id(token):
    """The id by which the audit log calls a service account's token."""
    body = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return f"JTI={claims['jti']}"


def token_ids(events):
    """Of the tokens that these requests were sent with."""
    return {name for event in events for name in event["user"].get("extra", {})
            .get("authentication.kubernetes.io/credential-id", [])}


class Seen:
    """The requests of tidelock that the API server was sent from now on. A
    watch of an earlier test that only ends later is none of them."""

    def __init__(self, plane):
        self._plane = plane
        self._mark = plane.audit_mark()
        self._start = datetime.datetime.now(datetime.timezone.utc).strftime(
            "%Y-%m-%dT%H:%M:%S.%fZ")

    @property
    def events(self):
        return [event for event in self._plane.audit(since=self._mark)
                if event.get("userAgent", "").startswith("tidelock/")
                and event["requestReceivedTimestamp"] >= self._start]

    @property
    def users(self):
        return {event["user"].get("username") for event in self.events}


def plan(config, namespace, *more, env=None, code=(0, 2), deadline=60):
    """`tidelock plan operators/website`; the exit code must be one of these."""
    done = tidelock("plan", "operators/website", "-n", namespace, *more,
                    kubeconfig=config, env=env, deadline=deadline)
    text = f"exit {done.returncode}:\n{done.stdout}{done.stderr}"
    assert done.returncode in code, text
    assert "Sanitizer" not in text, text
    return done


def refused(config, namespace, *words, more=(), env=None, deadline=60):
    """The same must fail, and say these words: what it said."""
    done = plan(config, namespace, *more, env=env, code=(1,), deadline=deadline)
    for word in words:
        assert word in done.stderr, f"no {word!r} in:\n{done.stderr}"
    return done.stderr
