"""A made-up API server whose answers a test scripts.

It speaks HTTP/1.1 on loopback, plain until speak_tls(), and knows just enough of Kubernetes for an
operator to live on it: discovery, lists in pages, watches from any version on,
streaming lists, server-side apply with managedFields, deletes with
preconditions, and a garbage collector. What a test does not script is answered
as a real API server would.

    with FakeApi(folder, [Kind("Mirror")]) as fake:
        fake.script("list", "Mirror", refuse(503), hang_up)     # the next two
        fake.put("Mirror", "one", {"value": "1"})
        ...                                     # run tidelock on fake.kubeconfig
        assert fake.asked("list", "Mirror")[0].query["limit"] == "500"

Verbs: discover openapi list watch stream get apply status post delete.
A "stream" is a watch that begins with the whole list (WatchList).

An answer is a function that gets an Exchange and answers it, or calls
exchange.default().
"""

import bisect
import collections
import http.server
import json
import pathlib
import socket
import struct
import threading
import time
import urllib.parse
import weakref

from fakeobjects import REASONS, Kind, Objects, bookmark_object, status_body

KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters:
- name: fake
  cluster: {{server: "http://127.0.0.1:{port}"}}
contexts:
- name: fake
  context: {{cluster: fake, user: nobody}}
users:
- name: nobody
  user: {{token: none}}
current-context: fake
"""

DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


class Request:
    """What was asked, when, and with which status it was answered (None: not at
    all)."""

    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers = method, path, headers
        self.body = json.loads(body) if body else None
        parts = urllib.parse.urlsplit(path)
        self.query = dict(urllib.parse.parse_qsl(parts.query))
        self.segments = parts.path.strip("/").split("/")
        self.verb, self.kind, self.key = None, None, None
        self.status = None
        self.at = time.monotonic()

    def __repr__(self):
        return f"<{self.verb} {self.path} {self.status}>"


# ---- answers ----

def refuse(code, message="scripted", retry_after=None):
    """An answer with a Status, as the API server gives it."""
    headers = {"Retry-After": retry_after} if retry_after is not None else {}

    def answer(exchange):
        exchange.send(code, status_body(code, REASONS.get(code, ""), message), headers)
    return answer


def plain(code, text, content_type="text/html", **headers):
    """An answer that no API server gives."""
    def answer(exchange):
        exchange.send(code, text.encode(), {"Content-Type": content_type, **headers})
    return answer


def hang_up(exchange):
    """The connection ends without an answer."""
    exchange.cut()


def silence(exchange):
    """The request is taken, and nothing ever comes."""
    exchange.server.closed.wait()
    exchange.cut()


def default(exchange):
    exchange.default()


# ---- the server ----

class FakeApi(Objects):
    def __init__(self, folder, kinds, page=500):
        super().__init__([Kind("ConfigMap", ""), Kind("Lease", "coordination.k8s.io"),
                          *kinds])
        self.page = page            # objects of a page, whatever the limit says
        self.closed = threading.Event()
        self.requests = []
        self.wrong = []             # mistakes in a test's own functions
        self._lists = {}            # version -> what was there, for later pages
        self._scripts = collections.defaultdict(collections.deque)
        self._always = {}
        server = self

        class Handler(_Handler):
            owner = server
        self._http = _Server(("127.0.0.1", 0), Handler)
        self.port = self._http.server_address[1]
        path = pathlib.Path(folder) / f"fake-{self.port}.kubeconfig"
        path.write_text(KUBECONFIG.format(port=self.port))
        self.kubeconfig = str(path)

    def __enter__(self):
        threading.Thread(target=self._http.serve_forever, args=(0.05,),
                         daemon=True).start()
        return self

    def __exit__(self, *_):
        with self._lock:
            self.closed.set()
            for kind in self.kinds.values():
                kind.changed.notify_all()
        self._http.shutdown()
        self._http.server_close()

    # What a test scripts.

    def script(self, verb, kind, *answers):
        """The next requests of that verb and kind (None: any) get these
        answers, one each."""
        with self._lock:
            self._scripts[verb, kind].extend(answers)

    def forget(self):
        """What is scripted and was not asked for is no more."""
        with self._lock:
            self._scripts.clear()

    def always(self, verb, kind, answer):
        """All of them get this one; None: as usual again."""
        with self._lock:
            self._always[verb, kind] = answer

    def tamper(self, kind, function):
        """function(exchange, lines) is called in place of sending the lines of
        a watch; each is one event that is due. False ends the watch. None: as
        usual again."""
        with self._lock:
            self.kinds[kind].tamper = function

    def compact(self, kind):
        """Watches of the kind from before now are too old."""
        with self._lock:
            self.kinds[kind].oldest = self._version

    def unscripted(self):
        """Is every scripted answer given?"""
        with self._lock:
            return not any(self._scripts.values())

    def speak_tls(self, context):
        """Connections from now on are made by this ssl.SSLContext; those that
        requests came over are cut."""
        self._http.context = context
        self._http.cut_all()

    # What was asked.

    def asked(self, verb, kind=None, since=0):
        with self._lock:
            return [r for r in self.requests[since:]
                    if r.verb == verb and kind in (None, r.kind and r.kind.kind)]

    def mark(self):
        """For asked(since=)."""
        with self._lock:
            return len(self.requests)

    # Requests.

    def answer(self, exchange):
        request = exchange.request
        with self._lock:
            self._classify(request)
            self.requests.append(request)
            for verb, kind in ((request.verb, request.kind and request.kind.kind),
                               (request.verb, None)):
                if self._scripts[verb, kind]:
                    scripted = self._scripts[verb, kind].popleft()
                    break
                if self._always.get((verb, kind)):
                    scripted = self._always[verb, kind]
                    break
            else:
                scripted = default
        scripted(exchange)

    def _classify(self, request):
        parts = request.segments
        if parts in (["api"], ["apis"]):
            request.verb = "discover"
        elif parts[0] == "openapi":
            request.verb = "openapi"
        else:
            self._classify_resource(request)

    def _classify_resource(self, request):
        parts = request.segments
        group = "" if parts[0] == "api" else parts[1]
        parts = parts[2:] if parts[0] == "api" else parts[3:]
        namespace = ""
        if len(parts) > 2 and parts[0] == "namespaces":
            namespace, parts = parts[1], parts[2:]
        for kind in self.kinds.values():
            if parts and kind.plural == parts[0] and kind.group == group:
                request.kind = kind
        request.key = namespace, parts[1] if len(parts) > 1 else None
        request.verb = self._verb(request, parts)

    @staticmethod
    def _verb(request, parts):
        if request.method == "GET" and len(parts) > 1:
            return "get"
        if request.query.get("sendInitialEvents") == "true":
            return "stream"
        if request.method == "GET":
            return "watch" if request.query.get("watch") == "true" else "list"
        if request.method == "PATCH" and parts[-1] == "status":
            return "status"
        return {"PATCH": "apply", "POST": "post", "DELETE": "delete"}[request.method]

    def usual(self, exchange):
        """What a real API server would answer."""
        request = exchange.request
        if request.verb == "discover":
            self._discover(exchange)
        elif request.verb == "openapi":
            self._openapi(exchange)
        elif request.kind is None:
            exchange.send(404, status_body(404, "NotFound",
                                           "the server could not find the requested resource"))
        else:
            getattr(self, "_on_" + request.verb)(exchange, request.kind)

    def _discover(self, exchange):
        legacy = exchange.request.segments == ["api"]
        groups = collections.defaultdict(list)
        for kind in self.kinds.values():
            if (kind.group == "") == legacy:
                groups[kind.group].append(kind)
        items = [{"metadata": {"name": group} if group else {}, "versions": [{
            "version": "v1", "freshness": "Current",
            "resources": [_resource(k) for k in kinds]}]}
            for group, kinds in groups.items()]
        exchange.send(200, {"kind": "APIGroupDiscoveryList", "metadata": {},
                            "apiVersion": "apidiscovery.k8s.io/v2", "items": items},
                      {"Content-Type": DISCOVERY})

    def _openapi(self, exchange):
        """A schema that lets everything pass, so that nobody asks again."""
        schemas = {k.kind: {
            "type": "object", "x-kubernetes-preserve-unknown-fields": True,
            "x-kubernetes-group-version-kind": [
                {"group": k.group, "version": "v1", "kind": k.kind}]}
            for k in self.kinds.values()}
        exchange.send(200, {"openapi": "3.0.0", "info": {"title": "", "version": ""},
                            "paths": {}, "components": {"schemas": schemas}})

    def _on_get(self, exchange, kind):
        with self._lock:
            obj = self.find(kind, exchange.request.key)
        if obj:
            exchange.send(200, obj)
        else:
            exchange.send(404, status_body(404, "NotFound", "not found",
                                           name=exchange.request.key[1]))

    def _on_list(self, exchange, kind):
        """A continue token is "version/index": the list is that of the first
        page, as in etcd."""
        query = exchange.request.query
        with self._lock:
            items = self.select(kind, exchange.request.key[0])
            version, start = self._version, 0
            if "continue" in query:
                version, start = map(int, query["continue"].split("/"))
                items = self._lists[version]
            else:
                self._lists[version] = items
        limit = int(query.get("limit") or 0)
        size = min(limit, self.page) if limit else len(items) + 1
        meta = {"resourceVersion": str(version)}
        if start + size < len(items):
            meta["continue"] = f"{version}/{start + size}"
        exchange.send(200, {"kind": kind.kind + "List", "apiVersion": kind.api_version,
                            "metadata": meta, "items": items[start:start + size]})

    def _on_stream(self, exchange, kind):
        with self._lock:
            first = [_line("ADDED", o)
                     for o in self.select(kind, exchange.request.key[0])]
            position = self._version
        first.append(_line("BOOKMARK", bookmark_object(kind, position, end=True)))
        exchange.begin_stream()
        exchange.write(b"".join(first))
        self._follow(exchange, kind, position)

    def _on_watch(self, exchange, kind):
        position = int(exchange.request.query.get("resourceVersion", "0"))
        with self._lock:
            too_old = position < kind.oldest
        if too_old:
            refuse(410, f"too old resource version: {position}")(exchange)
            return
        exchange.begin_stream()
        self._follow(exchange, kind, position)

    def _follow(self, exchange, kind, position):
        """Events as they come, all that are due in one go."""
        namespace = exchange.request.key[0]
        while True:
            with self._lock:
                while not kind.history or kind.history[-1][0] <= position:
                    if self.closed.is_set():
                        exchange.cut()
                        return
                    kind.changed.wait()
                due = kind.history[bisect.bisect(kind.history, position,
                                                 key=lambda event: event[0]):]
                tamper = kind.tamper
            position = due[-1][0]
            lines = [_line(event, obj) for _, event, obj in due
                     if namespace in ("", obj["metadata"].get("namespace", namespace))]
            if tamper is None:
                exchange.write(b"".join(lines))
            elif tamper(exchange, lines) is False:
                return

    def _on_apply(self, exchange, kind):
        self._patch(exchange, kind, None)

    def _on_status(self, exchange, kind):
        self._patch(exchange, kind, "status")

    def _patch(self, exchange, kind, subresource):
        request = exchange.request
        exchange.send(*self.apply(kind, request.key, request.body, request.query,
                                  subresource))

    def _on_delete(self, exchange, kind):
        request = exchange.request
        exchange.send(*self.delete(kind, request.key, request.body or {}))

    def _on_post(self, exchange, _):
        exchange.send(201, exchange.request.body)


# ---- texts and objects ----

def _line(event, obj):
    return json.dumps({"type": event, "object": obj}, separators=(",", ":")).encode() \
        + b"\n"


def error_line(code, message="scripted"):
    """An ERROR event."""
    return _line("ERROR", status_body(code, REASONS.get(code, ""), message))


def _resource(kind):
    resource = {"resource": kind.plural, "scope": "Namespaced",
                "responseKind": {"group": kind.group, "version": "v1", "kind": kind.kind},
                "singularResource": kind.kind.lower(),
                "verbs": ["create", "delete", "get", "list", "patch", "watch"]}
    if kind.status:
        resource["subresources"] = [{
            "subresource": "status", "verbs": ["get", "patch"],
            "responseKind": resource["responseKind"]}]
    return resource


# ---- one exchange ----

class Exchange:
    """One request that waits for its answer."""

    def __init__(self, handler, request):
        self._handler, self.request = handler, request
        self.server = handler.owner

    def default(self):
        self.server.usual(self)

    def send(self, status, body, headers=None):
        """A whole answer; a body that is not bytes is sent as JSON."""
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body)),
                   **(headers or {})}
        self.head(status, headers)
        self.raw(body)

    def head(self, status, headers):
        self.request.status = status
        self._handler.send_response(status)
        for name, value in headers.items():
            self._handler.send_header(name, str(value))
        self._handler.end_headers()

    def begin_stream(self, content_type="application/json"):
        self.head(200, {"Content-Type": content_type, "Transfer-Encoding": "chunked"})
        self._handler.close_connection = True

    def write(self, data, announced=None):
        """A piece of a stream; `announced` is the length it claims to have."""
        if data:
            self.raw(b"%x\r\n" % (announced or len(data)) + data)
            if announced in (None, len(data)):
                self.raw(b"\r\n")

    def end(self):
        """The stream ends as it should."""
        self.raw(b"0\r\n\r\n")

    def raw(self, data):
        self._handler.wfile.write(data)

    def cut(self):
        """The connection ends here."""
        self._handler.close_connection = True

    def serial(self):
        """Of the certificate that the client showed; None without one."""
        return (self._handler.connection.getpeercert() or {}).get("serialNumber")

    def reset(self):
        """The connection is torn down: the other side sees a reset."""
        sock = self._handler.connection
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._handler.close_connection = True
        self._handler.rfile.close()
        sock.close()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512
    context = None              # of TLS

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.connections = weakref.WeakSet()    # over which a request came

    def get_request(self):
        """The handshake is made by the connection's own thread, when it reads."""
        connection, address = super().get_request()
        if self.context:
            connection = self.context.wrap_socket(connection, server_side=True,
                                                  do_handshake_on_connect=False)
        return connection, address

    def cut_all(self):
        for connection in list(self.connections):
            try:        # below TLS, which its own thread may be using
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
            except OSError:
                pass    # it is gone

    def handle_error(self, request, client_address):
        """The client went away: that is its right."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    owner = None

    def log_message(self, *_):
        pass

    def _serve(self):
        self.server.connections.add(self.connection)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else None
        request = Request(self.command, self.path, self.headers, body)
        try:
            self.owner.answer(Exchange(self, request))
        except OSError:
            self.close_connection = True
        except Exception as error:      # a mistake in a test: make it visible
            self.owner.wrong.append(f"{request}: {error!r}")
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve
