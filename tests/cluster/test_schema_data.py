"""src/kube/schema.data is what the API server says, and can be searched."""

import pathlib
import subprocess

GENERATOR = pathlib.Path(__file__).resolve().parents[2] / "src" / "kube" / "schema_gen.py"
DATA = GENERATOR.parent / "schema.data"


def lines():
    return [x.split("\t") for x in DATA.read_text(encoding="utf-8").splitlines()
            if not x.startswith("#")]


def generator(*arguments):
    return subprocess.run([GENERATOR, *arguments], capture_output=True, text=True)


def test_the_file_is_what_the_api_server_says():
    done = generator("--check")
    assert done.returncode == 0, done.stderr


def test_one_changed_attribute_is_noticed(tmp_path):
    planted = tmp_path / "schema.data"
    text = DATA.read_text(encoding="utf-8")
    planted.write_text(text.replace("list=map:containerPort,protocol",
                                    "list=map:containerPort", 1), encoding="utf-8")
    done = generator("--check", "--output", planted)
    assert done.returncode == 1
    assert "differs" in done.stderr


def test_lines_are_in_the_order_of_their_bytes_and_keys_are_unique():
    raw = DATA.read_bytes().splitlines()
    header = [x for x in raw if x.startswith(b"#")]
    assert raw[:len(header)] == header
    assert raw[len(header):] == sorted(raw[len(header):])
    keys = [key for key, *_ in lines()]
    assert len(set(keys)) == len(keys)


def test_every_reference_leads_to_a_definition():
    keys = {key for key, *_ in lines()}
    for key, kind, *_ in lines():
        target = kind.lstrip("[]{}")
        if target.startswith("@"):
            assert target[1:] in keys, key


def test_a_kind_is_called_what_urls_call_it():
    kinds = {key: attributes for key, _, *attributes in lines()}
    assert "plural=deployments" in kinds["apps/v1 Deployment"]
    assert {"namespaced", "status", "scale", "short=deploy"} < set(kinds["apps/v1 Deployment"])
    assert "namespaced" not in kinds["v1 Node"]
    assert kinds["v1 PodList"] == []
