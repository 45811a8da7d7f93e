"""Requests that are wrong, on `tidelock sim` and on a real API server: the same
codes and reasons, and both go on serving."""

import json
import os
import socket
import ssl

import pytest

from conftest import make_namespace
from harness import DEADLINE, wait_for
from simplane import SimPlane

MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"
GOOD = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "good"}}
DEPLOYMENT = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {
    "selector": {"matchLabels": {"app": "web"}}, "template": {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "c", "image": "nginx"}]}}}}
MAPS, APPS = "/api/v1/namespaces/{ns}/configmaps", "/apis/apps/v1/namespaces/{ns}/deployments"
BIG = 4 << 20


@pytest.fixture(scope="module")
def bare_sim():
    before = os.environ.get("ASAN_OPTIONS", "")
    os.environ["ASAN_OPTIONS"] = f"{before}:quarantine_size_mb=1"       # memory is measured
    try:
        with SimPlane(controllers="none") as plane:
            yield plane
    finally:
        os.environ["ASAN_OPTIONS"] = before


@pytest.fixture(params=["real", "sim"])
def plane(request):
    return request.getfixturevalue({"real": "bare_cluster", "sim": "bare_sim"}[request.param])


@pytest.fixture
def ns(plane):
    return make_namespace(plane)


def changed(**metadata):
    return {**GOOD, "metadata": {**GOOD["metadata"], **metadata}}


# name: (method, path, body, content type, (code, reason, fields of causes))
CASES = {
    "malformed JSON": ("POST", MAPS, "{\"metadata\": {", None, (400, "BadRequest", [])),
    "no JSON at all": ("POST", MAPS, "hello", None, (400, "BadRequest", [])),
    "malformed YAML": ("POST", MAPS, "a: [b", "application/yaml", (400, "BadRequest", [])),
    "empty body": ("POST", MAPS, "", None, (400, "BadRequest", [])),
    "JSON of another kind": ("POST", MAPS, "[1, 2]", None, (400, "BadRequest", [])),
    "wrong content type": ("POST", MAPS, GOOD, "text/plain", (415, "UnsupportedMediaType", [])),
    "patch without its type": ("PATCH", MAPS + "/good", {}, None, (415, "UnsupportedMediaType", [])),
    "apply without a manager": ("PATCH", MAPS + "/good", GOOD, APPLY, (422, "Invalid", ["fieldManager"])),
    "malformed apply": ("PATCH", MAPS + "/good?fieldManager=x", "a: [b", APPLY, (400, "BadRequest", [])),
    "unknown kind of resource": ("GET", "/apis/apps/v1/namespaces/{ns}/potatoes", None, None, (404, "NotFound", None)),
    "unknown group": ("GET", "/apis/potatoes.example.com/v1/potatoes", None, None, (404, "NotFound", None)),
    "kind of another path": ("POST", MAPS, {**GOOD, "kind": "Secret"}, None, (400, "BadRequest", [])),
    "version of another path": ("POST", MAPS, {**GOOD, "apiVersion": "apps/v1"}, None, (400, "BadRequest", [])),
    "unknown field, strictly": ("POST", MAPS + "?fieldValidation=Strict", {**GOOD, "date": {}}, None,
                                (400, "BadRequest", [])),
    "field twice, strictly": ("POST", MAPS + "?fieldValidation=Strict",
                              '{"metadata": {"name": "a", "name": "b"}}', None, (400, "BadRequest", [])),
    "invalid name": ("POST", MAPS, changed(name="Not_Valid"), None, (422, "Invalid", ["metadata.name"])),
    "name too long": ("POST", MAPS, changed(name="a" * 254), None, (422, "Invalid", ["metadata.name"])),
    "no name": ("POST", MAPS, {"metadata": {}}, None, (422, "Invalid", ["metadata.name"])),
    "invalid label": ("POST", MAPS, changed(labels={"a b": "x y"}), None,
                      (422, "Invalid", ["metadata.labels", "metadata.labels"])),
    "invalid annotation": ("POST", MAPS, changed(annotations={"a b": ""}), None,
                           (422, "Invalid", ["metadata.annotations"])),
    "other namespace": ("POST", MAPS, changed(namespace="elsewhere"), None, (400, "BadRequest", [])),
    "wrong type": ("POST", MAPS, {**GOOD, "data": {"a": 1}}, None, (400, "BadRequest", [])),
    "required field missing": ("POST", APPS, {"metadata": {"name": "x"}, "spec": {}}, None, (422, "Invalid", None)),
    "stale resourceVersion": ("PUT", MAPS + "/good", changed(resourceVersion="1"), None, (409, "Conflict", [])),
    "resourceVersion that is none": ("PUT", MAPS + "/good", changed(resourceVersion="x"), None, (500, "", [])),
    "wrong uid": ("PUT", MAPS + "/good", changed(uid="00000000-0000-0000-0000-000000000001"), None,
                  (409, "Conflict", [])),
    "name of another object": ("PUT", MAPS + "/good", changed(name="other"), None, (400, "BadRequest", [])),
    "immutable field": ("PATCH", APPS + "/web", {"spec": {"selector": {"matchLabels": {"app": "x"}}}}, MERGE,
                        (422, "Invalid", None)),
    "nobody there": ("GET", MAPS + "/nobody", None, None, (404, "NotFound", [])),
    "update of nobody": ("PUT", MAPS + "/nobody", changed(name="nobody", resourceVersion="5"), None, None),
    "there already": ("POST", MAPS, GOOD, None, (409, "AlreadyExists", [])),
    "method of no use": ("POST", MAPS + "/good", GOOD, None, (405, "MethodNotAllowed", [])),
    "dryRun of another word": ("POST", MAPS + "?dryRun=Some", GOOD, None, None),
    "selector that is none": ("GET", MAPS + "?labelSelector=a%20b%20c", None, None, (400, "BadRequest", [])),
    "field that nobody selects by": ("GET", MAPS + "?fieldSelector=data.a%3D1", None, None, (400, "BadRequest", [])),
    "continue that is none": ("GET", MAPS + "?limit=1&continue=junk", None, None, (400, "BadRequest", [])),
    "limit that is none": ("GET", MAPS + "?limit=many", None, None, (400, "BadRequest", [])),
    "precondition": ("DELETE", MAPS + "/good", {"preconditions": {"uid": "00000000-0000-0000-0000-000000000001"}},
                     None, (409, "Conflict", [])),
    "policy that is none": ("DELETE", MAPS + "/good", {"propagationPolicy": "Maybe"}, None, None),
    "body too large": ("POST", MAPS, {**GOOD, "data": {"a": "x" * BIG}}, None, (413, "RequestEntityTooLarge", [])),
}


def ask(plane, ns, method, path, body, content_type):
    client = plane.new_client()
    try:
        return client.request(method, path.format(ns=ns), body, content_type or "application/json")
    finally:
        client.close()


def shown(answer):
    """(code, reason, fields of causes) of a refusal."""
    status = answer.json()
    if not isinstance(status, dict):
        return answer.status, "", []
    causes = (status.get("details") or {}).get("causes", [])
    return answer.status, status.get("reason", ""), sorted(c.get("field", "") for c in causes)


def prepare(plane, ns):
    plane.client().post(MAPS.format(ns=ns), GOOD)
    plane.client().post(APPS.format(ns=ns), DEPLOYMENT)


@pytest.mark.parametrize("what", CASES)
def test_both_say_the_same(what, bare_cluster, bare_sim):
    method, path, body, content_type, wanted = CASES[what]
    answers = []
    for plane in (bare_cluster, bare_sim):
        ns = make_namespace(plane)
        prepare(plane, ns)
        answers.append(shown(ask(plane, ns, method, path, body, content_type)))
        good = plane.client().get(f"{MAPS.format(ns=ns)}/good")
        assert "data" not in good and good["metadata"]["name"] == "good"
    real, sim = answers
    assert sim == real
    assert real[0] >= 400
    if wanted:
        assert real[:2] == wanted[:2] or wanted[1] == "NotFound" and real[0] == 404
        assert wanted[2] is None or real[2] == wanted[2]


def test_who_has_no_token_is_refused(bare_sim):
    for value in ("Bearer nonsense", "Bearer ", "Basic YTpi", "nonsense"):
        answer = bare_sim.client().request("GET", "/api/v1/namespaces", headers={"Authorization": value})
        assert shown(answer)[:2] == (401, "Unauthorized"), value


def open_socket(plane):
    context = ssl.create_default_context(cafile=str(plane.authority))
    credentials = plane.credentials()
    if credentials["certificate"]:
        context.load_cert_chain(*map(str, credentials["certificate"]))
    raw = socket.create_connection(("127.0.0.1", plane.port))
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    return context.wrap_socket(raw, server_hostname="127.0.0.1")


def token(plane):
    found = plane.credentials()["token"]
    return f"Authorization: Bearer {found}\r\n" if found else ""


def memory(plane):
    with open(f"/proc/{plane.pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * 4096


WATCHERS, CHANGES, SIZE = 10, 60, 100_000


def test_watches_that_never_read_cost_nothing(bare_sim):
    """They are cut off or wait; the server serves others, and holds no copy of
    everything for each of them."""
    ns = make_namespace(bare_sim)
    client, path = bare_sim.client(), MAPS.format(ns=ns)
    sockets = []
    try:
        for _ in range(WATCHERS):
            sock = open_socket(bare_sim)
            sock.sendall(f"GET {path}?watch=true HTTP/1.1\r\nHost: x\r\n{token(bare_sim)}\r\n".encode())
            sockets.append(sock)
        client.post(path, {"metadata": {"name": "big"}})
        before = memory(bare_sim)
        for number in range(CHANGES):
            client.patch(f"{path}/big", {"data": {"text": f"{number % 10}" * SIZE}})
        assert client.get(f"{path}/big")["data"]["text"] == "9" * SIZE
        grown = memory(bare_sim) - before
        # the history holds each once; a copy for each watch would be ten times that
        assert grown < CHANGES * SIZE * WATCHERS / 2, f"{grown} bytes"
    finally:
        for sock in sockets:
            sock.close()
    wait_for(lambda: client.get(path)["items"], "it to serve", DEADLINE)


@pytest.mark.parametrize("bytes_", [
    b"\x00\x01\x02\x03", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 1000,
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 10_000,
    b"POST /api/v1/namespaces HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
    b"POST /api/v1/namespaces HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST /api/v1/namespaces HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"],
    ids=range(9))
def test_bytes_that_are_no_request(bare_sim, bytes_):
    with open_socket(bare_sim) as sock:
        sock.settimeout(1)          # where it waits for more, and rightly
        try:
            sock.sendall(bytes_)
            answer = sock.recv(1000)
        except OSError:
            answer = b""
    assert answer == b"" or answer.split()[1][:1] in (b"4", b"5"), answer
    assert bare_sim.client().request("GET", "/readyz").status == 200
    assert json.loads(bare_sim.client().request("GET", "/version").body)["major"] == "1"
