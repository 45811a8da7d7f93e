"""A second API server on the same etcd, which can be made to lag behind."""

import contextlib
import socket
import threading

from apiclient import Client


class Relay:
    """Passes TCP connections on. While it is held, what comes back waits."""

    def __init__(self, target_port):
        self._target = ("127.0.0.1", target_port)
        self._flowing = threading.Event()
        self._flowing.set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._sockets = []
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def hold(self):
        self._flowing.clear()

    def release(self):
        self._flowing.set()

    def cut(self):
        """Ends the connections that there are; new ones are taken."""
        sockets, self._sockets = self._sockets, []
        _end(sockets)

    def close(self):
        self._flowing.set()
        _end([self._listener, *self._sockets])

    def _accept(self):
        with contextlib.suppress(OSError):      # closed
            while True:
                near, _ = self._listener.accept()
                self._connect(near)

    def _connect(self, near):
        try:
            far = socket.create_connection(self._target)
        except OSError:
            near.close()
            return
        self._sockets += [near, far]
        for source, sink, gate in ((near, far, None), (far, near, self._flowing)):
            threading.Thread(target=_pump, args=(source, sink, gate),
                             daemon=True).start()


def _end(sockets):
    for sock in sockets:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
        sock.close()


def _pump(source, sink, gate):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            if gate:
                gate.wait()
            sink.sendall(data)
    for sock in (source, sink):
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


class Replica:
    """What ControlPlane.add_replica() gives: another face of the same cluster.

    lag()       nothing reaches this API server from etcd any more: what it
                remembers grows old, and what it must ask etcd for hangs
    catch_up()  everything arrives, late
    """

    def __init__(self, cluster, name, port, relay):
        self._cluster = cluster
        self._relay = relay
        self._client = None
        self.name = name
        self.port = port

    def kubeconfig(self, kubeconfig=None):
        """The same user as in a kubeconfig of the cluster, but here."""
        return self._cluster.kubeconfig_at(self.port, kubeconfig)

    def client(self):
        """The administrator's Client at this API server."""
        if not self._client:
            self._client = Client(self.port, self._cluster.authority,
                                  **self._cluster.credentials())
        return self._client

    def lag(self):
        self._relay.hold()

    def catch_up(self):
        self._relay.release()

    def close(self):
        if self._client:
            self._client.close()
        self._relay.close()
