"""One API server as the comparer sees it: a kubeconfig, requests, watches."""

import base64
import pathlib
import sys
import tempfile
import urllib.parse

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cluster"))

import apiclient                                            # noqa: E402
from apiclient import ApiError                              # noqa: E402
import crds                                                 # noqa: E402
from component import wait_for                              # noqa: E402

__all__ = ["ApiError", "Server"]

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_SERVED_SECONDS = 60
_ANSWER_SECONDS = 20


class Server:
    """A connection of one worker. `name` is for reports: "sim" or "real"."""

    def __init__(self, name, kubeconfig):
        self.name = name
        self._folder = tempfile.TemporaryDirectory(prefix="tidelock-conformance-")
        self._client = _client(kubeconfig, pathlib.Path(self._folder.name))

    def request(self, method, path, body=None, content_type="application/json",
                headers=None, query=None):
        """Any request, any answer: an apiclient.Response."""
        return self._client.request(method, urllib.parse.quote(path, safe="/%"), body,
                                    content_type, headers, **(query or {}))

    def watch(self, path, timeout, query):
        """A generator of watch events."""
        return self._client.watch(path, timeout, **query)

    def close(self):
        self._client.close()
        self._folder.cleanup()

    def install_crds(self):
        """The kinds of crds.py, served when this returns."""
        for definition in crds.DEFINITIONS:
            answer = self.request("POST", CRDS, definition)
            if answer.status == 409:        # of an earlier version of crds.py
                path = f"{CRDS}/{definition['metadata']['name']}"
                answer = self.request("PATCH", path, {"spec": definition["spec"]},
                                      "application/merge-patch+json")
            if answer.status not in (200, 201):
                raise RuntimeError(f"{self.name}: no CRD: {answer.json()}")
        for definition in crds.DEFINITIONS:
            spec = definition["spec"]
            for version in spec["versions"]:
                path = f"/apis/{spec['group']}/{version['name']}/{spec['names']['plural']}"
                wait_for(lambda p=path: self._served(p), f"{path} of {self.name}", _SERVED_SECONDS)

    def _served(self, path):
        return self.request("GET", path).status == 200


def _client(kubeconfig, folder):
    """apiclient.Client for the current context of a kubeconfig."""
    with open(kubeconfig, encoding="utf-8") as file:
        config = yaml.safe_load(file)
    cluster = config["clusters"][0]["cluster"]
    user = config["users"][0]["user"]
    url = urllib.parse.urlsplit(cluster["server"])
    authority = folder / "ca.crt"
    authority.write_bytes(_inline(cluster, "certificate-authority"))
    certificate = None
    if "client-certificate-data" in user or "client-certificate" in user:
        certificate = (folder / "client.crt", folder / "client.key")
        certificate[0].write_bytes(_inline(user, "client-certificate"))
        certificate[1].write_bytes(_inline(user, "client-key"))
    token = user.get("token")
    if "tokenFile" in user:
        token = pathlib.Path(user["tokenFile"]).read_text(encoding="ascii").strip()
    return apiclient.Client(url.port, authority, certificate, token, host=url.hostname,
                            timeout=_ANSWER_SECONDS)


def _inline(holder, key):
    if f"{key}-data" in holder:
        return base64.b64decode(holder[f"{key}-data"])
    return pathlib.Path(holder[key]).read_bytes()
