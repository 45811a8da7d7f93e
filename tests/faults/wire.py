"""A TCP proxy for faults that happen below HTTP: it knows bytes and connections.

    with Wire(fake.port) as wire:
        kubeconfig = wire.kubeconfig(fake.kubeconfig, folder)
        wire.delay = 0.2                # seconds, each piece on its way back
        wire.rate = 1000                # bytes a second of each connection, None: all
        wire.cut_after(1234, then="reset")      # the next connection, once
        wire.cut_no_more()              # what was announced and has not come
        wire.stop_reading()             # the peer is there and takes nothing
        wire.refuse()                   # nobody listens
        wire.last_comes_first(3)        # three answers wait, and come in reverse

One thread with a loop of its own; everything may be called from any other.
A connection is a Connection: when it began, and how much it has carried.
"""

import asyncio
import itertools
import pathlib
import socket
import struct
import threading
import time

PIECE = 1 << 16


class Connection:
    def __init__(self, cut, then):
        self.at = time.monotonic()
        self.up = self.down = 0         # bytes from and to the client
        self.turn = 0                   # of the last piece to it, among all pieces
        self.cut, self.then = cut, then
        self.open = True


class Wire:
    def __init__(self, port, at=("127.0.0.1", 0)):
        self._to = ("127.0.0.1", port)
        self.delay, self.rate = 0, None
        self.connections = []           # all there ever were
        self.refused = []               # when somebody was turned away
        self._cuts = []                 # (offset, then) of connections to come
        self._refusing, self._reading = False, True
        self._late, self._wanted_late = [], 0
        self._turns = itertools.count(1)
        self._tasks = set()
        self._loop = asyncio.new_event_loop()
        self._flow = asyncio.Condition()
        self._socket = socket.create_server(at, backlog=512)
        self.port = self._socket.getsockname()[1]

    def __enter__(self):
        started = threading.Event()
        threading.Thread(target=self._run, args=(started,), daemon=True).start()
        started.wait()
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread_ended.wait()

    def kubeconfig(self, path, folder):
        """A kubeconfig like that one, which leads through here."""
        text = pathlib.Path(path).read_text().replace(f":{self._to[1]}", f":{self.port}")
        made = pathlib.Path(folder) / f"wire-{self.port}.kubeconfig"
        made.write_text(text)
        return str(made)

    # What a test does.

    def cut_after(self, offset, then="end"):
        """The next new connection ends after that many bytes to the client:
        "end" as a server that closes, "reset" as one that crashed."""
        self._do(self._cuts.append, (offset, then))

    def cut_no_more(self):
        """No connection to come is cut: those that were announced, too."""
        self._do(self._cuts.clear)

    def stop_reading(self):
        self._do(self._set, "_reading", False)

    def read_on(self):
        self._do(self._set, "_reading", True)

    def refuse(self):
        """Ends all connections, and every new one as soon as it is made."""
        self._do(self._set, "_refusing", True)

    def accept(self):
        self._do(self._set, "_refusing", False)

    def last_comes_first(self, count):
        """The next pieces of `count` connections wait for each other."""
        self._do(self._set, "_wanted_late", count)

    @property
    def announced(self):
        """Cuts whose connections have not come."""
        return len(self._cuts)

    @property
    def late(self):
        """Pieces that wait."""
        return len(self._late)

    # The loop.

    def _do(self, function, *arguments):
        async def call():
            function(*arguments)
            async with self._flow:
                self._flow.notify_all()
        asyncio.run_coroutine_threadsafe(call(), self._loop).result(10)

    def _set(self, name, value):
        setattr(self, name, value)
        if name == "_refusing" and value:
            for task in self._tasks:
                task.cancel()

    def _run(self, started):
        self._thread_ended = threading.Event()
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._begin, sock=self._socket, limit=PIECE))
        self._loop.call_soon(started.set)
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.01))
        self._loop.close()
        self._thread_ended.set()

    async def _begin(self, reader, writer):
        if self._refusing:
            self.refused.append(time.monotonic())
            _reset(writer)
            return
        connection = Connection(*(self._cuts.pop(0) if self._cuts else (None, None)))
        self.connections.append(connection)
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            await self._carry(connection, reader, writer)
        except (OSError, asyncio.CancelledError):
            _reset(writer)
        finally:
            self._tasks.discard(task)
            connection.open = False
            writer.close()

    async def _carry(self, connection, reader, writer):
        theirs, ours = await asyncio.open_connection(*self._to, limit=PIECE)
        try:
            up = asyncio.ensure_future(self._pump(connection, reader, ours, False))
            down = asyncio.ensure_future(self._pump(connection, theirs, writer, True))
            try:
                await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
            finally:
                up.cancel()
                down.cancel()
        finally:
            ours.close()

    async def _pump(self, connection, reader, writer, down):
        while True:
            await self._may_flow()
            data = await reader.read(PIECE)
            await self._may_flow()
            if not data:
                return
            if not down:
                connection.up += len(data)
                writer.write(data)
            elif not await self._hand_on(connection, writer, data):
                return
            await writer.drain()

    async def _may_flow(self):
        async with self._flow:
            await self._flow.wait_for(lambda: self._reading)

    async def _hand_on(self, connection, writer, data):
        """False: the connection is cut."""
        if self.delay:
            await asyncio.sleep(self.delay)
        if self._wanted_late:
            await self._wait_for_later_ones()
        left = None if connection.cut is None else connection.cut - connection.down
        cut = left is not None and len(data) >= left
        await self._write(connection, writer, data[:left] if cut else data)
        if cut and connection.then == "reset":
            await writer.drain()
            _reset(writer)
        return not cut

    async def _write(self, connection, writer, data):
        size = max(1, self.rate // 20) if self.rate else len(data) or 1
        for start in range(0, len(data), size):
            piece = data[start:start + size]
            connection.down += len(piece)
            connection.turn = next(self._turns)
            writer.write(piece)
            if self.rate:
                await writer.drain()
                await asyncio.sleep(len(piece) / self.rate)

    async def _wait_for_later_ones(self):
        turn = self._loop.create_future()
        self._late.append(turn)
        if len(self._late) >= self._wanted_late:
            self._wanted_late = 0
            for waiting in reversed(self._late):
                waiting.set_result(None)
            self._late = []
        await turn


def _reset(writer):
    sock = writer.get_extra_info("socket")
    if sock and sock.fileno() >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
