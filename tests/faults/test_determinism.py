"""The same objects make the same plan, byte for byte, in whichever process."""

import concurrent.futures
import hashlib
import itertools
import json
import re

from figures import figure
from harness import crd, tidelock, write_operator

PROCESSES = 100
ZONES = ("UTC", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia", ":/nonexistent")
LANGUAGES = ("C", "C.UTF-8", "de_DE.UTF-8", "tr_TR.UTF-8", "ja_JP.EUC-JP")

# Everything that could depend on where a table's keys happen to lie.
OPERATOR = """
local tidelock = require "tidelock"
return tidelock.operator {
  api = 1, name = "order",
  resource = { "example.com/v1", "Order" },
  owns = { { "v1", "ConfigMap" }, { "v1", "Secret" } },
  reconcile = function(root, view, plan)
    local words, order, by_table = {}, {}, {}
    for i = 1, 200 do words["key-" .. i * 7919 % 1000] = i end
    for key, value in pairs(words) do
      order[#order + 1] = key .. "=" .. value
      words[key] = nil
    end
    for _, word in ipairs(order) do by_table[word] = word:upper() end
    for name in pairs { zebra = 1, ["über"] = 2, apple = 3, Apple = 4, ["10"] = 5, ["9"] = 6 } do
      order[#order + 1] = name
      plan:apply {
        apiVersion = "v1", kind = "Secret",
        metadata = { name = "s" .. #order },
        stringData = { name = name, time = tostring(1.5), at = string.format("%%.3f", 2.25) },
      }
    end
    table.sort(order, function(a, b) return #a < #b or (#a == #b and a < b) end)
    plan:apply {
      apiVersion = "v1", kind = "ConfigMap",
      metadata = { name = root.metadata.name, labels = by_table["none"] },
      data = { order = table.concat(order, " "), upper = ("istanbul"):upper(),
               next = tostring(next { b = 1, a = 2, c = 3 }) },
    }
    plan:event("Normal", "Planned", table.concat(order, ","):sub(1, 200))
  end,
}
""".replace("%%", "%")
ROOT_OBJECT = """\
apiVersion: example.com/v1
kind: Order
metadata: {name: one, namespace: default, uid: 6c1f6e5e-0000-4000-8000-000000000001}
spec: {}
"""


def in_many_processes(*arguments):
    """The texts of 100 processes, each in another place and language."""
    surroundings = itertools.islice(itertools.cycle(
        itertools.product(ZONES, LANGUAGES)), PROCESSES)

    def one(where):
        zone, language = where
        done = tidelock("plan", *arguments, "--offline", "-o", "json", env={
            "TZ": zone, "LANG": language, "LC_ALL": language, "LC_NUMERIC": language})
        assert done.returncode == 2, done.stderr
        return re.sub(r"\b20\d\d-\d\d-\d\dT[\d:.]+Z", "<time>", done.stdout)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, surroundings))


def distinct(texts):
    return len({hashlib.sha256(text.encode()).digest() for text in texts})


# rows: D12
# broken: pairs() of the stock library in place of the sorted one: 100 plans
def test_a_plan_is_the_same_bytes_in_a_hundred_processes(tmp_path):
    operator = write_operator(tmp_path / "order", OPERATOR)
    (tmp_path / "root.yaml").write_text(ROOT_OBJECT)
    (tmp_path / "crd.yaml").write_text(json.dumps(crd("example.com", "Order", "orders")))
    texts = in_many_processes(operator, "-f", tmp_path / "crd.yaml",
                              "-f", tmp_path / "root.yaml")
    assert all(word in texts[0] for word in ("key-919=1", "s206", "Planned"))
    figure("D12", f"distinct plans of {PROCESSES}", distinct(texts))
    assert distinct(texts) == 1
