"""YAML means to tidelock what it means to kubectl (note 12).

Each text becomes the `.spec` of an object. kubectl says what it reads by
`create --dry-run=client -o json`; tidelock by `plan --offline -o json` with an
operator that copies the spec of a root into a child. Both get all texts that
mean something in one file; those that are refused, one file each.
"""

import json
import textwrap

import pytest

from harness import crd, install_crd, tidelock, write_operator

OPERATOR = """
local tidelock = require "tidelock"
return tidelock.operator {
  api = 1,
  name = "echo",
  resource = { "yaml.example.com/v1", "Scalar" },
  owns = { { "yaml.example.com/v1", "Echo" } },
  reconcile = function(root, view, plan)
    plan:apply { apiVersion = "yaml.example.com/v1", kind = "Echo",
      metadata = { name = root.metadata.name }, spec = root.spec }
  end,
}
"""

# Words between bars, because a list of lines would hide what is in them.
SCALARS = """
y|Y|n|N|yes|Yes|YES|yEs|no|No|NO|nO|on|On|ON|oN|off|Off|OFF|oFF
true|True|TRUE|tRue|false|False|FALSE|fALSE|yess|t|f|T|F|1y
~|null|Null|NULL|nULL|~~|none|nil|Nil
0|-0|+0|00|1|+1|-1|--1|+-1|1-|7|08|09|010|017|018|0777|-017|+017|0_17|017_
0o17|0o|0o8|-0o17|0O17|0x|0x1f|0X1F|0xfg|-0x1f|+0x1F|0x_1f|0b101|0b|0b2|-0b11|0B1
1_000|1__0|_1|1_|-1_000|0.1_5|1_0.5|._5|.5_|.5_5
1.|1.0|.5|-.5|+.5|.|-.|+.|..|...x|1.5.2|1,5|1,000|1e3|1E3|1e+3|1e-3|-1e3|+1e3|1e|1e+
.1e2|1.e2|e3|1e400|-1e400|1e-400|1e308|1e21|1e20|123456789012345678901234567890
0.1|0.10|1.10|3.14159|100.0|1e0|1.0e0|-0.0|0.0|5e-324|0.30000000000000004
9007199254740992|9007199254740993|9223372036854775807|9223372036854775808
-9223372036854775808|-9223372036854775809|18446744073709551615|18446744073709551616
0x7fffffffffffffff|0x8000000000000000|0xffffffffffffffff|0x10000000000000000
0777777777777777777777|01000000000000000000000|+9223372036854775808
9007199254740993.0|9223372036854775807.0|1e15|1e16|123456789.123456789
12:30|1:30:45|190:20:30|-1:30|1:2:3:4|08:00|22:22
2001-12-14|2001-12-14T21:59:43Z|2001-12-14 21:59:43.10 -5|2001-1-1|2001-13-45|20011214
"017"|'017'|"yes"|'no'|"null"|'~'|""|''|"1e3"|"a\\tb"|"\\u00e9"|"\\x41"|"\\U0001F600"
"a\\nb"|'it''s'|"say \\"x\\""|"\\e"|"\\_"|"\\L"|'a\\nb'|" x "
=|<<x|<|a#b|a #b|#a|a:b|:a|?a|-a|--|---a|!|x!
a b|a  b|1 2|100m|1Gi|0.5|12e6|1.5Gi|v1|1.27|1.30|0x|é|ü ö|😀
[]|{}|[1, yes, 017]|{a: 1, b: no}|{a, b}|[a: 1]|[1,2,]|{a: 1,}|[[], {}]|{"a":1}|["a",'b']
!!str 017|!!str yes|!!str|!!int "017"|!!int 0x1f|!!float 1|!!float "1.5"|!!bool "yes"
!!null ""|!!binary aGVsbG8=|!!timestamp 2001-12-14|! 017|!foo 017|!!str {}
"""

# Whole values, from the line of the key on.
BLOCKS = [
    "|\n  a\n  b\n", "|-\n  a\n  b\n", "|+\n  a\n\n\n", ">\n  a\n  b\n\n  c\n",
    ">-\n  a\n   b\n  c\n", "|2\n    a\n   b\n", "|\n\n  a\n", ">+\n  a\n\n",
    "|\n  017\n", ">\n  yes\n", "|  # said so\n  a\n", "|-\n  a: b\n  - c\n",
    "\n  a\n  b\n", "\n  a\n\n  b\n", "'a\n  b'\n", "\"a\n  b\"\n", "\"a\\\n  b\"\n",
    "\n- 1\n- yes\n- - a\n  - b\n", "\n  - 1\n  -\n  - ~\n", "\n  a: 1\n  b:\n  c: {}\n",
    "\n  ? a\n  : b\n", "\n  - a: 1\n    b: 2\n  - a: 3\n", "a\tb\n", "a\t\n", "\t017\n",
    "1 # one\n", "'1' # one\n", "&x 017\n", "[&x a, *x, *x]\n", "[&x {a: yes}, *x]\n",
    "\n  a: &x {k: 1, l: 2}\n  b: *x\n", "\n  a: &x [1]\n  b: {c: *x}\n",
    "\n  a: &x {k: 1, l: 2}\n  b: {<<: *x, l: 3}\n",
    "\n  a: &x {k: 1, l: 2}\n  b: {l: 3, <<: *x}\n",
    "\n  a: &x {k: 1}\n  b: &y {k: 2, l: 2}\n  c: {<<: [*x, *y]}\n",
    "\n  b: {<<: {k: 1}, m: 2}\n", "\n  b: {'<<': 1}\n", "\n  a: &x {<<: {k: 1}}\n  b: {<<: *x}\n",
    "\n  1: a\n", "\n  yes: a\n", "\n  017: a\n", "\n  0x10: a\n", "\n  1.5: a\n",
    "\n  1e3: a\n", "\n  'yes': a\n", "\n  -1: a\n", "\n  12345678901: a\n", "\n  1.0: a\n",
    "\n  8080: {80: y}\n", "\n  2001-12-14: a\n", "\n  off: {on: n}\n", "\n  0.1: a\n",
    "\n  1_000: a\n", "\n  \"\": a\n", "\n  é: ü\n", "\n  a b: c d\n", "\n  a.b/c: d\n",
    "\r\n  a: 1\r\n  b: yes\r\n", "|\r\n  a\r\n  b\r\n", "\n  ! a: 1\n", "\n  !!str 1: a\n",
    "\n  " + "k: 1\n  ".join(f"a{i}" for i in range(30)) + "k: 1\n",
]

# Both refuse these.
BROKEN = [
    "@a", "`a", "%", "%a", "*", "&", ">x", "*nobody", "[1", "{a: 1", "'a", "\"a", "\"\\q\"", "a: b: c", "a: b", "a:", "::", "- ", "- a",
    "\n\ta: 1\n", "\n  a: 1\n\tb: 2\n", "\n  - a\n  b: 1\n", "|x\n  a\n", "|\n  \ta\n", "&x *x",
    ".nan", ".inf", "-.Inf", "!!int yes", "!!bool 1", "!!int a", "!!float x",
    "\n  [a]: 1\n", "\n  {a: 1}: 1\n", "\n  ~: 1\n", "\n  null: a\n", "\n  b: {<<: 1}\n",
]


def scalars():
    return [text for line in SCALARS.strip().splitlines() for text in line.split("|")]


def document(name, text):
    """An object whose spec is {value: <text>}."""
    if text.startswith(("\n", "\r\n")):
        value = text                # a block below its key
    elif "\n" in text:
        value = " " + text.replace("\n", "\n  ").rstrip(" ")
    else:
        value = f" {text}\n"
    return (f"apiVersion: yaml.example.com/v1\nkind: Scalar\n"
            f"metadata: {{name: {name}, namespace: default}}\nspec:\n"
            + textwrap.indent(f"value:{value}", "  ", lambda line: True))


def values(text):
    """The JSON documents of a text that is one after another."""
    decoder, at = json.JSONDecoder(), 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        value, at = decoder.raw_decode(text, at)
        yield value


def items(value):
    return value["items"] if value["kind"] == "List" else [value]


class Readers:
    """kubectl and tidelock, each as file -> {name of the object: spec}."""

    def __init__(self, plane, folder):
        self._plane, self._folder = plane, folder
        self._operator = write_operator(folder / "echo", OPERATOR, crd(
            "yaml.example.com", "Scalar", "scalars"))
        self._child = folder / "echo-crd.yaml"
        self._child.write_text(json.dumps(crd("yaml.example.com", "Echo", "echoes")))

    def write(self, text):
        path = self._folder / "roots.yaml"
        path.write_bytes(text.encode())
        return path

    def kubectl(self, path):
        """None: refused."""
        done = self._plane.kubectl("create", "--dry-run=client", "--validate=false",
                                   "-o", "json", "-f", path, check=False)
        if done.returncode:
            return None
        return {item["metadata"]["name"]: item.get("spec")
                for value in values(done.stdout) for item in items(value)}

    def tidelock(self, path):
        done = tidelock("plan", self._operator, "--offline", "-f", self._child,
                        "-f", path, "-o", "json")
        assert "Sanitizer" not in done.stderr, done.stderr
        if done.returncode == 1:
            return None
        found = {}
        for item in json.loads(done.stdout)["items"]:
            assert len(item["changes"]) == 1, item
            body = item["changes"][0]["requests"][0]["body"]
            found[item["root"]["name"]] = body.get("spec")
        return found


@pytest.fixture(scope="module")
def readers(cluster, tmp_path_factory):
    install_crd(cluster, crd("yaml.example.com", "Scalar", "scalars"))
    return Readers(cluster, tmp_path_factory.mktemp("yaml"))


def exact(value):
    """With the types of numbers, which == does not look at; what is beyond 64
    bits is a double, however it is written."""
    if isinstance(value, dict):
        value = {key: exact(item) for key, item in value.items()}
    elif isinstance(value, list):
        value = [exact(item) for item in value]
    elif isinstance(value, int) and not -2**63 <= value < 2**63:
        value = float(value)
    return json.dumps(value, sort_keys=True)


def test_every_text_means_what_it_means_to_kubectl(readers):
    texts = scalars() + BLOCKS
    assert len(texts) > 300
    names = [f"c-{i}" for i in range(len(texts))]
    path = readers.write("---\n".join(map(document, names, texts)))
    theirs, ours = readers.kubectl(path), readers.tidelock(path)
    assert theirs and ours and sorted(theirs) == sorted(names)
    wrong = [f"{text!r}: kubectl {exact(theirs[name])}, tidelock {exact(ours.get(name))}"
             for name, text in zip(names, texts)
             if exact(theirs[name]) != exact(ours.get(name))]
    assert not wrong, "\n".join(wrong)


def test_what_kubectl_cannot_read_is_refused(readers):
    for text in BROKEN:
        path = readers.write(document("one", text))
        assert readers.kubectl(path) is None, text
        assert readers.tidelock(path) is None, text


@pytest.mark.parametrize("text", ["\n  a: 1\n  a: 2\n", "\n  a: {b: 1, b: 2}\n",
                                  "\n  1: a\n  '1': b\n"])
def test_a_key_that_appears_twice_is_refused_on_purpose(readers, text):
    """kubectl takes the last one, without a word."""
    path = readers.write(document("one", text))
    assert readers.kubectl(path) is not None
    assert readers.tidelock(path) is None


def test_a_slash_may_be_escaped_as_in_json(readers):
    """kubectl's YAML is older than that."""
    path = readers.write(document("one", '"a\\/b"'))
    assert readers.kubectl(path) is None
    assert readers.tidelock(path) == {"one": {"value": "a/b"}}


def test_files_of_several_documents(readers):
    one, two = document("one", "017"), document("two", "yes")
    listed = ("apiVersion: v1\nkind: List\nitems:\n" + "".join(
        textwrap.indent(text, "  ").replace("  ", "- ", 1) for text in (one, two)))
    for text in (f"{one}---\n{two}", f"---\n{one}---\n{two}---\n", f"\n\n---\n---\n{one}---\n"
                 f"# nothing\n---\n{two}", f"# first\n{one}--- \n{two}", listed,
                 f"{one}...\n---\n{two}", json.dumps({"apiVersion": "v1", "kind": "List",
                                                      "items": []}) + f"\n---\n{one}---\n{two}",
                 one.replace("\n", "\r\n") + "---\r\n" + two, "\ufeff" + one):
        path = readers.write(text)
        theirs = readers.kubectl(path)
        assert theirs and readers.tidelock(path) == theirs, text
