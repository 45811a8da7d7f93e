"""A small JSON client for one API server, as one user.

Keeps one connection open. Requests are never sent twice: a connection that the
server has closed is noticed before the next request is written, and a failure
after that is the caller's to see.
"""

import http.client
import json
import select
import ssl
import urllib.parse

from component import ClusterError

PATCH_TYPES = {
    "apply": "application/apply-patch+yaml",
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
}


class ApiError(ClusterError):
    """An answer of 400 or above."""

    def __init__(self, method, path, status, body):
        self.status = status
        self.body = body
        self.reason = body.get("reason", "") if isinstance(body, dict) else ""
        message = body.get("message", "") if isinstance(body, dict) else str(body)
        super().__init__(f"{method} {path}: {status} {self.reason}: {message}")


def identity(token=None, user=None):
    """Headers that say who asks: whoever has the token, in the name of `user`."""
    said = {"Authorization": token and f"Bearer {token}", "Impersonate-User": user}
    return {name: value for name, value in said.items() if value}


class Response:
    """What came back: status, headers (lower case names), body (bytes)."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = {name.lower(): value for name, value in headers}
        self.body = body

    def json(self):
        """The parsed body, or its text where it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return self.body.decode("utf-8", "replace")


class Client:
    """One user's view of one API server."""

    def __init__(self, port, authority, certificate=None, token=None, user=None,
                 host="127.0.0.1", timeout=60):
        self._address = (host, port)
        self._timeout = timeout
        self._context = ssl.create_default_context(cafile=str(authority))
        if certificate:
            self._context.load_cert_chain(*map(str, certificate))
        self._headers = {"User-Agent": "tidelock-tests", "Accept": "application/json"}
        self._headers.update(identity(token, user))
        self._connection = None

    # One verb, one method. Each returns the parsed answer or raises ApiError;
    # `query` are parameters of the URL: client.get(path, limit=1).

    def get(self, path, **query):
        return self._checked("GET", path, query)

    def post(self, path, body, **query):
        return self._checked("POST", path, query, body)

    def put(self, path, body, **query):
        return self._checked("PUT", path, query, body)

    def delete(self, path, body=None, **query):
        return self._checked("DELETE", path, query, body)

    def patch(self, path, body, kind="merge", **query):
        """kind: one of PATCH_TYPES."""
        return self._checked("PATCH", path, query, body, PATCH_TYPES[kind])

    def apply(self, path, body, manager="tests", **query):
        """Server-side apply. force="true" takes what others own."""
        return self.patch(path, body, "apply", fieldManager=manager, **query)

    def watch(self, path, timeout=60, **query):
        """Yields the watch events of a list path, each parsed, to the stream's end.

        Uses a connection of its own, closed with the generator. `timeout` is
        the longest silence; after it the generator raises TimeoutError.
        """
        connection = self._connect(timeout)
        try:
            connection.request("GET", _url(path, {"watch": "true", **query}),
                               headers=self._headers)
            answer = connection.getresponse()
            if answer.status != 200:
                body = Response(answer.status, (), answer.read()).json()
                raise ApiError("WATCH", path, answer.status, body)
            while line := answer.readline():
                yield json.loads(line)
        except http.client.HTTPException as error:      # cut off in the middle
            raise ConnectionError(f"WATCH {path}: {error!r}") from error
        finally:
            connection.close()

    def request(self, method, path, body=None, content_type="application/json",
                headers=None, **query):
        """Any request, any answer: a Response, whatever its status."""
        if self._connection and _closed_by_peer(self._connection.sock):
            self.close()
        if not self._connection:
            self._connection = self._connect(self._timeout)
        sent = dict(self._headers, **(headers or {}))
        data = None
        if body is not None:
            data = body if isinstance(body, (bytes, str)) else json.dumps(body)
            sent.setdefault("Content-Type", content_type)
        try:
            self._connection.request(method, _url(path, query), data, sent)
            answer = self._connection.getresponse()
            return Response(answer.status, answer.getheaders(), answer.read())
        except (OSError, http.client.HTTPException) as error:
            self.close()
            if isinstance(error, OSError):
                raise
            raise ConnectionError(f"{method} {path}: {error!r}") from error

    def close(self):
        if self._connection:
            self._connection.close()
            self._connection = None

    def _connect(self, timeout):
        return http.client.HTTPSConnection(*self._address, timeout=timeout,
                                           context=self._context)

    def _checked(self, method, path, query, body=None,
                 content_type="application/json"):
        answer = self.request(method, path, body, content_type, **query)
        if answer.status >= 400:
            raise ApiError(method, path, answer.status, answer.json())
        return answer.json()


def _url(path, query):
    return f"{path}?{urllib.parse.urlencode(query)}" if query else path


def _closed_by_peer(sock):
    """Between requests a readable connection is one that was closed."""
    if sock is None:
        return True
    readable, _, _ = select.select([sock], [], [], 0)
    return bool(readable)
