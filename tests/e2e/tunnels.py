"""What may stand between tidelock and an API server: byte for byte, no TLS of
its own (but for an https proxy, whose outer TLS is).

    with HttpProxy(login="robin:secret") as proxy:
        proxy.url           # http://robin:secret@127.0.0.1:...
        proxy.targets       # ["127.0.0.1:6443", ...]: where it was asked to go
"""

import base64
import socket
import socketserver
import threading


def _copy(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def join(one, other):
    """Passes bytes both ways until either side closes."""
    back = threading.Thread(target=_copy, args=(other, one), daemon=True)
    back.start()
    _copy(one, other)
    back.join()
    other.close()


class Tunnel(socketserver.ThreadingTCPServer):
    """A server on loopback whose subclasses know where to lead a client."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, host="127.0.0.1", context=None):
        self.targets = []
        self._context = context
        super().__init__((host, 0), _Handler)
        self.host, self.port = self.server_address[:2]

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.05,),
                         daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        pass                    # a client that goes away is its own business

    def wrapped(self, client):
        return self._context.wrap_socket(client, server_side=True) \
            if self._context else client

    def lead(self, client):
        """Talks to the client until it is clear where it wants to go; that
        address, or None."""
        raise NotImplementedError


class _Handler(socketserver.BaseRequestHandler):
    def handle(self):
        client = self.server.wrapped(self.request)
        target = self.server.lead(client)
        if target:
            self.server.targets.append(f"{target[0]}:{target[1]}")
            join(client, socket.create_connection(target, 30))


class Relay(Tunnel):
    """Leads everybody to one port, under another address."""

    def __init__(self, port, host="127.0.0.2"):
        super().__init__(host)
        self._target = ("127.0.0.1", port)

    def lead(self, client):
        return self._target


class HttpProxy(Tunnel):
    """CONNECT, with a name and a password when `login` is given; https with
    the `context` of its certificate."""

    def __init__(self, login=None, context=None):
        super().__init__(context=context)
        self.heads = []         # of requests, as text
        self._login = login
        at = f"{login}@" if login else ""
        self.url = f"{'https' if context else 'http'}://{at}127.0.0.1:{self.port}"

    def lead(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            data = client.recv(4096)
            if not data:
                return None
            head += data
        head = head.decode()
        self.heads.append(head)
        method, target, _ = head.split(" ", 2)
        known = not self._login or \
            base64.b64encode(self._login.encode()).decode() in head
        if method != "CONNECT" or not known:
            status = "407 Proxy Authentication Required" if not known else \
                "405 Method Not Allowed"
            client.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
            client.close()
            return None
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        host, _, port = target.rpartition(":")
        return host, int(port)


class SocksProxy(Tunnel):
    """SOCKS 5 without authentication (RFC 1928)."""

    def __init__(self):
        super().__init__()
        self.url = f"socks5://127.0.0.1:{self.port}"

    def lead(self, client):
        def read(count):
            data = b""
            while len(data) < count:
                part = client.recv(count - len(data))
                if not part:
                    raise OSError("the client went away")
                data += part
            return data

        _, methods = read(2)
        read(methods)
        client.sendall(b"\x05\x00")
        kind = read(4)[3]
        host = socket.inet_ntoa(read(4)) if kind == 1 else \
            read(read(1)[0]).decode()
        port = int.from_bytes(read(2), "big")
        client.sendall(b"\x05\x00\x00\x01" + bytes(6))
        return host, port
