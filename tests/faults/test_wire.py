"""The TCP proxy does to bytes what it says."""

import contextlib
import socket
import threading
import time

import pytest

from harness import wait_for
from wire import Wire


@pytest.fixture
def echo():
    """(port) of a server that sends back what it gets, piece by piece."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve(sock):
        with sock:
            while data := sock.recv(1 << 16):
                sock.sendall(data)

    def accept():
        while True:
            try:
                sock, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(sock,), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()
    yield server.getsockname()[1]
    server.close()


@pytest.fixture
def wire(echo):
    with Wire(echo) as wire:
        yield wire


def call(wire, timeout=10):
    return socket.create_connection(("127.0.0.1", wire.port), timeout=timeout)


def read_all(sock):
    data = b""
    try:
        while piece := sock.recv(1 << 16):
            data += piece
    except ConnectionResetError:
        return data, "reset"
    return data, "end"


def test_it_carries_bytes(wire):
    text = bytes(range(256)) * 4000
    with call(wire) as sock:
        threading.Thread(target=sock.sendall, args=(text,)).start()
        got = b""
        while len(got) < len(text):
            got += sock.recv(1 << 16)
        assert got == text
        assert (wire.connections[0].up, wire.connections[0].down) == (len(text),) * 2


@pytest.mark.parametrize("offset", [0, 1, 99])
@pytest.mark.parametrize("then", ["end", "reset"])
def test_it_cuts_behind_the_byte(wire, offset, then):
    wire.cut_after(offset, then)
    with call(wire) as sock:
        sock.sendall(b"x" * 100)
        data, how = read_all(sock)
    assert (len(data) if then == "end" else offset, how) == (offset, then)
    assert len(data) <= offset
    with call(wire) as sock:        # once only
        sock.sendall(b"y" * 100)
        assert sock.recv(100) == b"y" * 100


def test_a_cut_is_taken_back(wire):
    wire.cut_after(0)
    wire.cut_no_more()
    with call(wire) as sock:
        sock.sendall(b"x")
        assert sock.recv(1) == b"x"


def test_it_delays_and_throttles(wire):
    wire.delay = 0.1
    with call(wire) as sock:
        began = time.monotonic()
        sock.sendall(b"x")
        sock.recv(1)
        assert time.monotonic() - began >= 0.1
        wire.delay, wire.rate = 0, 200
        sock.sendall(b"x" * 40)
        got = b""
        while len(got) < 40:
            got += sock.recv(100)
        assert time.monotonic() - began >= 0.1 + 0.1    # a fifth of a second, but the last wait


def test_a_peer_that_does_not_read(wire):
    with call(wire, 0.2) as sock:
        wire.stop_reading()
        sock.sendall(b"x")
        with pytest.raises(TimeoutError):
            sock.recv(1)
        wire.read_on()
        sock.settimeout(10)
        assert sock.recv(1) == b"x"


def test_it_refuses(wire):
    with call(wire) as old:
        old.sendall(b"x")
        assert old.recv(1) == b"x"
        wire.refuse()
        assert read_all(old)[0] == b""
        with contextlib.suppress(ConnectionResetError), call(wire) as sock:
            assert read_all(sock)[0] == b""
    wait_for(lambda: len(wire.refused) == 1, "it to be counted")
    wire.accept()
    with call(wire) as sock:
        sock.sendall(b"x")
        assert sock.recv(1) == b"x"


def test_the_last_comes_first(wire):
    wire.last_comes_first(3)
    socks = [call(wire) for _ in range(3)]
    for number, sock in enumerate(socks):
        wait_for(lambda: len(wire.connections) == 3, "three connections")
        sock.sendall(b"x")
        if number < 2:
            wait_for(lambda: wire.late == number + 1, "it to wait")
    for sock in socks:
        assert sock.recv(1) == b"x"
        sock.close()
    assert [c.turn for c in wire.connections] == [3, 2, 1]
