"""`tidelock sim --data`: what was acknowledged is there after any death."""

import concurrent.futures
import hashlib
import os
import random
import threading
import time

import pytest

from apiclient import ApiError
from simplane import SimPlane

LANES = 4               # programs at a time
DEATHS = 50             # of each
WRITERS = 3             # connections that write
NAMES = 12              # objects of each writer
MAPS = "/api/v1/namespaces/default/configmaps"


def body(name, number):
    """Of a size that a torn write would show in."""
    text = f"{name} {number} " * (1 + number % 40)
    return {"metadata": {"name": name},
            "data": {"text": text, "sum": hashlib.sha256(text.encode()).hexdigest()}}


class Writer(threading.Thread):
    """Creates, replaces and deletes its own objects until the server dies;
    remembers what each may be now."""

    def __init__(self, client, number, seed, known):
        super().__init__(daemon=True)
        self._client, self._number = client, number
        self._random = random.Random(seed)
        self.known = known          # name -> possible states; a state is a number or None
        self.written = 0

    def run(self):
        try:
            while True:
                self._write()
        except (OSError, ApiError) as error:
            if isinstance(error, ApiError):
                self.known["error"] = [str(error)]

    def _write(self):
        name = f"w{self._number}-{self._random.randrange(NAMES)}"
        now = self.known.get(name, [None])[-1]
        wanted = self._random.randrange(1, 10 ** 6) if now is None or self._random.random() < 0.8 else None
        self.known[name] = [now, wanted]        # until it is acknowledged, either
        if wanted is None:
            self._client.delete(f"{MAPS}/{name}")
        elif now is None:
            self._client.post(MAPS, body(name, wanted))
        else:
            self._client.put(f"{MAPS}/{name}", body(name, wanted))
        self.known[name] = [wanted]
        self.written += 1


def states(plane):
    """{name: number} of what is there; every object whole."""
    found = {}
    for item in plane.client().get(MAPS)["items"]:
        name, data = item["metadata"]["name"], item["data"]
        assert hashlib.sha256(data["text"].encode()).hexdigest() == data["sum"], name
        found[name] = int(data["text"].split()[1])
        assert data == body(name, found[name])["data"]
        assert item["metadata"]["resourceVersion"].isdigit() and item["metadata"]["uid"]
    return found


def lane(folder, seed):
    """Dies DEATHS times on one file; returns the number of writes."""
    chance = random.Random(seed)
    known, written, version = {}, 0, 0
    plane = SimPlane(controllers="none", folder=folder, arguments=["--data", folder / "state.db"])
    try:
        plane.start()
        for death in range(DEATHS):
            clients = [plane.new_client() for _ in range(WRITERS)]
            writers = [Writer(c, n, f"{seed} {death} {n}", known) for n, c in enumerate(clients)]
            for writer in writers:
                writer.start()
            time.sleep(chance.uniform(0, 0.12))         # the moment is what is random here
            plane.kill()
            for writer in writers:
                writer.join()
                written += writer.written
            plane.start_program()
            assert "error" not in known, known["error"]
            found = states(plane)
            for name, possible in known.items():
                assert found.get(name) in possible, f"seed {seed}, death {death}: {name}"
                known[name] = [found.get(name)]
            assert set(found) <= set(known)
            newest = int(plane.client().get(MAPS, limit=1)["metadata"]["resourceVersion"])
            assert newest >= version, "resourceVersions are given out once"
            version = newest
    finally:
        plane.stop()
    return written


def test_no_acknowledged_write_is_lost_in_two_hundred_deaths(tmp_path):
    seed = os.environ.get("TIDELOCK_TEST_SEED") or str(time.time_ns())
    print("seed", seed)
    folders = [tmp_path / str(n) for n in range(LANES)]
    for folder in folders:
        folder.mkdir()
    with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
        written = sum(pool.map(lane, folders, [f"{seed} {n}" for n in range(LANES)]))
    print(f"{written} writes, {LANES * DEATHS} deaths")
    assert written > LANES * DEATHS


def test_an_ordinary_end_keeps_everything(tmp_path):
    with SimPlane(controllers="none", folder=tmp_path, arguments=["--data", tmp_path / "state.db"]) as plane:
        made = plane.client().post(MAPS, body("kept", 1))
        plane.stop_program()
        plane.start_program()
        assert plane.client().get(f"{MAPS}/kept") == made
        after = plane.client().put(f"{MAPS}/kept", body("kept", 2))
        assert int(after["metadata"]["resourceVersion"]) > int(made["metadata"]["resourceVersion"])


@pytest.mark.parametrize("damage", [b"", b"this is no database" * 300])
def test_a_file_that_is_none_is_refused_or_taken_as_new(tmp_path, damage):
    path = tmp_path / "state.db"
    path.write_bytes(damage)
    plane = SimPlane(controllers="none", folder=tmp_path, arguments=["--data", path])
    try:
        plane.start()
        assert damage == b""
    except Exception as error:
        assert damage != b"" and "ended with status" in str(error), error
        assert path.read_bytes() == damage, "nothing was written over it"
    finally:
        plane.stop()
