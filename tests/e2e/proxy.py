"""A TLS proxy between tidelock and a real API server, for faults in between.

Speaks HTTP/1.1 with its client and, as one user with a client certificate or a
token, with the API server. A hook sees each request before it is passed on and each
answer before it is handed back; whatever it raises or does happens there.
"""

import base64
import http.client
import http.server
import pathlib
import ssl
import threading
import urllib.parse

from apiclient import identity
from certificates import Authority

KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters:
- name: proxy
  cluster: {{server: "https://127.0.0.1:{port}", certificate-authority-data: {ca}}}
contexts:
- name: proxy
  context: {{cluster: proxy, user: nobody}}
users:
- name: nobody
  user: {{token: none}}
current-context: proxy
"""


class Cut(Exception):
    """Raised by a hook: close the client's connection without an answer."""


class Request:
    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, headers, body

    @property
    def query(self):
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))

    @property
    def is_watch(self):
        return self.query.get("watch") == "true"

    @property
    def is_write(self):
        """A request that changes something (and is no dryRun)."""
        return self.method in ("POST", "PUT", "PATCH", "DELETE") and \
            "dryRun" not in self.query and "selfsubject" not in self.path


class Hook:
    """Override what you need. Called from many threads."""

    def before(self, request):
        """The request is about to be passed on; raise Cut to drop it. A
        (status, headers, body) is answered without asking the API server."""

    def after(self, request, status, body):
        """The API server has answered; raise Cut to lose the answer."""

    def line(self, request, line):
        """A line of a watch stream; returns what is handed on (b"": nothing)."""
        return line


class ApiProxy:
    """`with ApiProxy(cluster, user_kubeconfig, folder, hook) as proxy:` and
    `proxy.kubeconfig` leads through it."""

    def __init__(self, cluster, kubeconfig, folder, hook=None):
        self.hook = hook or Hook()
        self._port = cluster.port
        credentials = cluster.credentials(kubeconfig)
        self._upstream = ssl.create_default_context(
            cafile=str(cluster.authority))
        if credentials["certificate"]:
            self._upstream.load_cert_chain(*map(str, credentials["certificate"]))
        self.identity = identity(credentials["token"], credentials.get("user"))
        authority = Authority(pathlib.Path(folder) / "proxy-pki",
                              "DNS:localhost, IP:127.0.0.1")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*map(str, authority.server("proxy")))
        context.set_alpn_protocols(["http/1.1"])
        proxy = self

        class Handler(_Handler):
            owner = proxy
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._server.server_address[1]
        path = pathlib.Path(folder) / "proxy.kubeconfig"
        path.write_text(KUBECONFIG.format(
            port=self.port,
            ca=base64.b64encode(authority.certificate.read_bytes()).decode()))
        self.kubeconfig = str(path)

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.05,),
                         daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def lead_to(self, port):
        """New connections go to another API server of the same cluster."""
        self._port = port

    def connect(self):
        return http.client.HTTPSConnection("127.0.0.1", self._port, timeout=120,
                                           context=self._upstream)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner = None

    def setup(self):
        self.request.settimeout(120)
        super().setup()
        self.upstream = None

    def finish(self):
        try:
            super().finish()
        except OSError:
            pass
        if self.upstream:
            self.upstream.close()

    def log_message(self, *_):
        pass

    def _serve(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else None
        request = Request(self.command, self.path, self.headers, body)
        hook = self.owner.hook
        try:
            answer = hook.before(request)
            if answer:
                self._answer(*answer)
                return
            if request.is_watch:
                self._stream(request)
                return
            status, headers, data = self._pass_on(request)
            hook.after(request, status, data)
            self._answer(status, headers, data)
        except (Cut, OSError, http.client.HTTPException):
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def _forwarded(self):
        dropped = ("host", "authorization", "content-length", "connection",
                   "accept-encoding", "transfer-encoding")
        kept = {k: v for k, v in self.headers.items() if k.lower() not in dropped}
        return {**kept, **self.owner.identity}

    def _pass_on(self, request):
        if not self.upstream:
            self.upstream = self.owner.connect()
        self.upstream.request(request.method, request.path, request.body,
                              self._forwarded())
        answer = self.upstream.getresponse()
        data = answer.read()
        keep = ("content-type", "retry-after", "etag", "warning")
        return answer.status, {k: v for k, v in answer.getheaders()
                               if k.lower() in keep}, data

    def _answer(self, status, headers, data):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, request):
        """Line by line: a watch event is one line."""
        self.close_connection = True
        connection = self.owner.connect()
        try:
            connection.request("GET", request.path, headers=self._forwarded())
            answer = connection.getresponse()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.getheader("Content-Type", ""))
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            while line := answer.readline():
                line = self.owner.hook.line(request, line)
                if line:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
                    self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")
        finally:
            connection.close()
