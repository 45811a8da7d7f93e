"""Images made by the tests: a folder of files as a docker archive.

No registry is reachable, so what pods run is written here: one layer, one
configuration, one manifest in a tar file, which containerd imports.
"""

import hashlib
import io
import json
import pathlib
import platform
import shutil
import tarfile

ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
BUSYBOX_COMMANDS = ("sh", "sleep", "httpd", "cat", "ls", "wget", "id", "touch", "grep")


def archive(path, name, files, config):
    """Writes an image called `name` to `path`: files maps paths to (mode, bytes)
    or to the target of a symbolic link."""
    layer = _tar({entry: files[entry] for entry in sorted(files)})
    digest = hashlib.sha256(layer).hexdigest()
    image = _json({"architecture": ARCHITECTURE, "os": "linux", "config": config,
                   "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]}})
    image_file = f"{hashlib.sha256(image).hexdigest()}.json"
    manifest = _json([{"Config": image_file, "RepoTags": [name],
                       "Layers": [f"{digest}/layer.tar"]}])
    pathlib.Path(path).write_bytes(_tar({
        image_file: (0o644, image), f"{digest}/layer.tar": (0o644, layer),
        "manifest.json": (0o644, manifest)}))
    return path


def busybox(path, name):
    """busybox with the commands that pods and tests call."""
    program = pathlib.Path(shutil.which("busybox")).read_bytes()
    files = {"bin/busybox": (0o755, program)}
    files.update({f"bin/{command}": "busybox" for command in BUSYBOX_COMMANDS})
    return archive(path, name, files, {"Cmd": ["/bin/sh"], "Env": ["PATH=/bin"]})


def pause(path, name):
    """What holds a pod's namespaces: it does nothing, for as long as it takes."""
    program = pathlib.Path(shutil.which("busybox")).read_bytes()
    return archive(path, name, {"busybox": (0o755, program)},
                   {"Entrypoint": ["/busybox", "sleep", "2147483647"], "User": "65535:65535"})


def _json(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _tar(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            if isinstance(content, str):
                entry.type, entry.linkname, data = tarfile.SYMTYPE, content, b""
            else:
                entry.mode, data = content
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()
