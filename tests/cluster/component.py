"""One program of the control plane: a child process, its log, its end.

A child never outlives the harness: the kernel kills it when the thread that
started it ends (PR_SET_PDEATHSIG), whatever the reason. So start a control
plane from a thread that lives as long as it does; the main one is best.

Children have a process group of their own, so that ^C on a terminal reaches
the harness alone, which then stops them in order.
"""

import ctypes
import os
import signal
import subprocess
import time

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.005

_libc = ctypes.CDLL(None, use_errno=True)


class ClusterError(Exception):
    """The control plane did not do what was asked; the text says what."""


def wait_for(probe, what, deadline=60):
    """Calls probe() until it returns something true, and returns that.

    Exceptions of the probe count as "not yet" (a refused connection, an
    absent object); the last one is shown when the deadline passes.
    """
    end = time.monotonic() + deadline
    last = None
    while True:
        try:
            result = probe()
            if result:
                return result
        except (OSError, ValueError, LookupError, ClusterError) as error:
            last = error
        if time.monotonic() >= end:
            because = f": {last}" if last else ""
            raise ClusterError(f"waited {deadline} s for {what}{because}")
        time.sleep(POLL_SECONDS)


def _die_with(parent):
    """Runs in the child, before the program does."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:      # it died before prctl could notice
        os._exit(1)


class Component:
    """A program that is started, paused, stopped and started again."""

    def __init__(self, name, binary, log):
        self.name = name
        self.log = log
        self._binary = binary
        self._process = None

    @property
    def pid(self):
        return self._process.pid if self._process else None

    @property
    def running(self):
        return self._process is not None and self._process.poll() is None

    def start(self, arguments):
        if self.running:
            raise ClusterError(f"{self.name} is running already")
        parent = os.getpid()
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen(
                [self._binary, *arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=lambda: _die_with(parent), process_group=0)

    def wait_until(self, probe, what, deadline=60):
        """wait_for(), but gives up at once when the program has ended."""
        def alive_and_ready():
            if not self.running:
                return "ended"
            return probe() and "ready"
        if wait_for(alive_and_ready, what, deadline) == "ended":
            raise ClusterError(f"{self.name} ended with status "
                               f"{self._process.returncode} instead of {what}")

    def stop(self, sig=signal.SIGTERM, deadline=30):
        """Ends the program and waits for it. Nothing to do is fine."""
        if not self._process:
            return
        if self.running:
            self._process.send_signal(sig)
            self._process.send_signal(signal.SIGCONT)
        try:
            self._process.wait(deadline)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def pause(self):
        """Stops every thread where it is; connections stay open and silent."""
        self._process.send_signal(signal.SIGSTOP)
        wait_for(lambda: self._state() == "T", f"{self.name} to be stopped")

    def resume(self):
        self._process.send_signal(signal.SIGCONT)
        wait_for(lambda: self._state() != "T", f"{self.name} to go on")

    def _state(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0]

    def tail(self, lines=20):
        """The last lines of the log."""
        try:
            with open(self.log, "rb") as log:
                log.seek(max(0, os.fstat(log.fileno()).st_size - 64 * 1024))
                text = log.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return ""
        return "\n".join(text.splitlines()[-lines:])
