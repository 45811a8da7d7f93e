"""A proxy's hook for tests about what tidelock sees when: watches that are held
back, and things that happen right before or after a request."""

import threading

from proxy import Cut, Hook


def resource_of(request):
    """The plural at the end of a path, without its query: "configmaps"."""
    return request.path.split("?")[0].rsplit("/", 1)[-1]


class Gate(Hook):
    """Watches of a plural that is shut hand nothing on until it is opened.

    `before(match, do)` and `after(match, do)` do something once, around the
    first request for which match(request) holds. `lose(match)` passes one on
    and loses its answer.
    """

    def __init__(self):
        self._lock = threading.Condition()
        self._shut = set()
        self._actions = []              # [when, match, action]
        self.told = []                  # lines of watches that were handed on

    def shut(self, *plurals):
        with self._lock:
            self._shut.update(plurals)

    def open(self, *plurals):
        with self._lock:
            self._shut.difference_update(plurals or list(self._shut))
            self._lock.notify_all()

    def do_before(self, match, action):
        return self._add("before", match, action)

    def do_after(self, match, action):
        return self._add("after", match, action)

    def lose(self, match):
        def cut():
            raise Cut
        return self.do_after(match, cut)

    def _add(self, when, match, action):
        """An Event that is set when it was done."""
        done = threading.Event()
        with self._lock:
            self._actions.append((when, match, action, done))
        return done

    # The hook.

    def line(self, request, line):
        with self._lock:
            self._lock.wait_for(lambda: resource_of(request) not in self._shut)
            self.told.append(line)
        return line

    def before(self, request):
        self._act("before", request)

    def after(self, request, status, body):
        self._act("after", request)

    def _act(self, when, request):
        with self._lock:
            due = [a for a in self._actions if a[0] == when and a[1](request)][:1]
            for action in due:
                self._actions.remove(action)
        for _, _, action, done in due:
            try:
                action()
            finally:
                done.set()


def is_write(method, path):
    """Matches a real write whose path (without the query) ends so."""
    return lambda request: request.is_write and request.method == method and \
        request.path.split("?")[0].endswith(path)
