"""The operator of the fake server's tests: each root becomes a ConfigMap with
the root's spec.value, so what tidelock believes can be read off the server."""

import itertools

from harness import Tidelock, wait_for, write_operator

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


def agree(fake, *kinds):
    """Waits until what was made is what is declared, also after one more change
    that comes through the same watch as everything before it."""
    kinds = kinds or ("Mirror",)

    def same():
        made = {k: v for k, v in fake.mirrored().items() if k[0] in kinds}
        return made == fake.values(*kinds) or (made, fake.values(*kinds)) and False
    wait_for(same, f"{kinds} to be mirrored")
    for kind in kinds:
        fake.put(kind, "nudge", {"value": f"nudge-{next(_numbers)}"})
    wait_for(same, f"a change of {kinds} to be mirrored")
