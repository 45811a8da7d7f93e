"""Container images as deploy/image.sh makes them: made and read."""

import hashlib
import io
import json
import os
import subprocess
import tarfile

from harness import ROOT

SCRIPT = ROOT / "deploy/image.sh"
RELEASE = ROOT / "build/release"


def make(archive, *arguments, build=RELEASE, root=ROOT, check=True, **environment):
    """Runs image.sh; the digest that it prints is its last line."""
    environment = {k: str(v) for k, v in environment.items()}
    return subprocess.run(
        [root / "deploy/image.sh", "-o", archive, "--build", build, *arguments],
        capture_output=True, text=True, check=check, env=dict(os.environ, **environment))


class Image:
    """An archive, every digest in it checked."""

    def __init__(self, path):
        with tarfile.open(path) as archive:
            self.files = {m.name: archive.extractfile(m).read()
                          for m in archive.getmembers() if m.isfile()}
        for name, data in self.files.items():
            if name.startswith("blobs/sha256/"):
                assert hashlib.sha256(data).hexdigest() == name.rsplit("/", 1)[1]
        index = json.loads(self.files["index.json"])
        (self.entry,) = index["manifests"]
        self.digest = self.entry["digest"]
        self.manifest = self._blob(self.entry)
        self.config = self._blob(self.manifest["config"])
        (layer,) = self.manifest["layers"]
        self.layer = tarfile.open(fileobj=io.BytesIO(self._bytes(layer)), mode="r:gz")

    def _bytes(self, descriptor):
        data = self.files["blobs/sha256/" + descriptor["digest"].removeprefix("sha256:")]
        assert len(data) == descriptor["size"]
        return data

    def _blob(self, descriptor):
        return json.loads(self._bytes(descriptor))

    def members(self):
        return self.layer.getmembers()

    def unpack(self, folder):
        self.layer.extractall(folder)
        return folder
