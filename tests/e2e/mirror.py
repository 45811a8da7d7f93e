"""The operator of the fake server's tests: each root becomes a ConfigMap with
the root's spec.value, so what tidelock believes can be read off the server."""

import itertools

from harness import DEADLINE, Tidelock, wait_for, write_operator

OPERATOR = """
local tidelock = require "tidelock"
return tidelock.operator {
  api = 1, name = "%(name)s",
  resource = { "fake.example.com/v1", "%(kind)s" },
  owns = { { "v1", "ConfigMap" } },
  reconcile = function(root, view, plan)
    plan:apply {
      apiVersion = "v1", kind = "ConfigMap",
      metadata = { name = root.metadata.name .. "-%(name)s" },
      data = { value = root.spec.value },
    }
  end,
}
"""

_numbers = itertools.count(1)


def mirror(folder, kind="Mirror"):
    """The operator's folder for roots of that kind."""
    name = kind.lower()
    return write_operator(folder / name, OPERATOR % {"name": name, "kind": kind})


def run_mirror(fake, folder, kinds=("Mirror",), *arguments):
    """tidelock at work on these kinds."""
    return Tidelock("run", *(mirror(folder, k) for k in kinds), *arguments,
                    kubeconfig=fake.kubeconfig, folder=folder)


def agree(fake, *kinds, deadline=DEADLINE):
    """Waits until what was made is what is declared, also after one more change
    that comes through the same watch as everything before it."""
    kinds = kinds or ("Mirror",)

    def same():
        made = {k: v for k, v in fake.mirrored().items() if k[0] in kinds}
        declared = fake.values(*kinds)
        assert made == declared, f"{made} instead of {declared}"
        return True
    wait_for(same, "the roots to be mirrored", deadline)
    for kind in kinds:
        fake.put(kind, "nudge", {"value": f"nudge-{next(_numbers)}"})
    wait_for(same, "a last change to be mirrored", deadline)


# ---- what tests do to a fake server ----

def end_now(exchange, _):
    """The watch ends as if its time were over."""
    exchange.end()


def end_watch(fake, kind="Mirror", how=end_now):
    """Ends the running watch. The changes made since the caller took the
    transaction are not told."""
    once(fake, kind, how)
    fake.bookmark(kind)


def once(fake, kind, function):
    """Tampers with the next events of the kind, and ends the watch."""
    def tamper(exchange, lines):
        fake.tamper(kind, None)     # first: the next watch may be here at once
        function(exchange, lines)
        return False
    fake.tamper(kind, tamper)


def change_everything(fake, kind="Mirror"):
    """An object less, one more, one changed, one made anew."""
    fake.remove(kind, "one")
    fake.put(kind, "four", {"value": "new"})
    fake.put(kind, "two", {"value": "changed"})
    fake.remove(kind, "three")
    fake.put(kind, "three", {"value": "again"})
