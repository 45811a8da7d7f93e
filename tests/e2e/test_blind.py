"""A kind that cannot be seen is the trouble of every root, and each says so."""

import pytest

from fakeapi import FakeApi, Kind, refuse
from harness import wait_for
from mirror import agree, run_mirror

FORBIDDEN = 'configmaps is forbidden: User "nobody" cannot list resource "configmaps"'


@pytest.fixture
def fake(tmp_path):
    with FakeApi(tmp_path, [Kind("Mirror", status=True)]) as server:
        for name in ("one", "two"):
            server.put("Mirror", name, {"value": name})
        yield server


def reconciled(fake, name):
    """The condition of a root: (status, reason, message)."""
    root = fake.find(fake.kinds["Mirror"], ("default", name)) or {}
    for condition in root.get("status", {}).get("conditions", []):
        if condition["type"] == "Reconciled":
            return condition["status"], condition["reason"], condition["message"]
    return None


# rows: S83
# broken: with may_begin() as it was, no root says anything while the kind cannot be seen
@pytest.mark.parametrize("code, message, reason", [
    (403, FORBIDDEN, "Forbidden"),
    (404, "the server could not find the requested resource", "KindMissing")])
def test_a_root_says_which_kind_cannot_be_seen(fake, tmp_path, code, message, reason):
    for verb in ("stream", "list"):
        fake.always(verb, "ConfigMap", refuse(code, message))
    with run_mirror(fake, tmp_path) as process:
        for name in ("one", "two"):
            wait_for(lambda name=name: (reconciled(fake, name) or "")[:2] == ("False", reason),
                     f"{name} to say why")
            assert "configmaps" in reconciled(fake, name)[2]
        assert not fake.asked("apply", "ConfigMap")
        assert process.log.count("level=error") == 0, process.log
        for verb in ("stream", "list"):
            fake.always(verb, "ConfigMap", None)
        agree(fake)
        wait_for(lambda: not reconciled(fake, "one"), "it to be over")
