"""What `tidelock bundle` makes, read as those read it who install it."""

import os
import pathlib
import subprocess

import yaml

from harness import ROOT, program


def bundle(*arguments, code=0, cwd=ROOT, **options):
    done = subprocess.run([program(), "bundle", *map(str, arguments)], capture_output=True,
                          text=True, cwd=cwd, env=dict(os.environ, KUBECONFIG="/nonexistent"),
                          timeout=120, **options)
    assert done.returncode == code, done.stderr
    return done


def objects(text):
    """{(kind, namespace, name): object}; nothing comes twice."""
    found = {}
    for item in yaml.safe_load_all(text):
        if item:
            meta = item["metadata"]
            key = item["kind"], meta.get("namespace", ""), meta["name"]
            assert key not in found
            found[key] = item
    return found


def of_kind(found, kind):
    return [item for (k, _, _), item in sorted(found.items()) if k == kind]


def mount(found, folder):
    """Lays out the volumes of the Deployment as the kubelet would; returns
    the arguments of its container with their paths there."""
    (deployment,) = of_kind(found, "Deployment")
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    maps = {item["metadata"]["name"]: item["data"] for item in of_kind(found, "ConfigMap")}
    places = {m["name"]: m["mountPath"] for m in container["volumeMounts"]}
    for volume in pod["volumes"]:
        for source in volume["projected"]["sources"]:
            for item in source["configMap"]["items"]:
                assert ".." not in item["path"].split("/")
                path = pathlib.Path(f"{folder}{places[volume['name']]}") / item["path"]
                path.parent.mkdir(parents=True, exist_ok=True)
                assert not path.exists()
                path.write_bytes(maps[source["configMap"]["name"]][item["key"]].encode())
    return [a.replace("/operators", f"{folder}/operators").replace("/overlays", f"{folder}/overlays")
            for a in container["args"]]


def chart(*arguments):
    """Helm's linter and engine: a CompletedProcess."""
    built = subprocess.run([ROOT / "tests/bundle/build"], capture_output=True, text=True,
                           check=True)
    return subprocess.run([built.stdout.strip(), *map(str, arguments)],
                          capture_output=True, text=True, timeout=120)
