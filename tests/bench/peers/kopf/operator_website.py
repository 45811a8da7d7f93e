"""The Website operator as the documentation of kopf recommends it: handlers for
create, update and resume, children adopted, the answers of a client library.

    kopf run --all-namespaces operator_website.py
"""

import hashlib
import json

import kopf
import kubernetes
from kubernetes.client.rest import ApiException

DEFAULT_IMAGE = "busybox:1.37"


@kopf.on.startup()
def configure(settings, **_):
    kubernetes.config.load_kube_config()
    settings.posting.enabled = False  # no Events: nobody else writes them either


def labels_of(name):
    return {"app.kubernetes.io/name": "website", "app.kubernetes.io/instance": name}


def checksum(content):
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def config_map(name, spec):
    return {"apiVersion": "v1", "kind": "ConfigMap", "data": dict(spec["content"])}


def deployment(name, spec):
    labels = labels_of(name)
    body = {
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": labels, "annotations": {
                "example.com/content": checksum(dict(spec["content"]))}},
            "spec": {
                "containers": [{
                    "name": "httpd",
                    "image": spec.get("image", DEFAULT_IMAGE),
                    "command": ["httpd", "-f", "-p", "8080", "-h", "/www"],
                    "ports": [{"name": "http", "containerPort": 8080}],
                    "readinessProbe": {"tcpSocket": {"port": "http"}},
                    "volumeMounts": [{"name": "content", "mountPath": "/www"}],
                }],
                "volumes": [{"name": "content", "configMap": {"name": name}}],
            },
        },
    }
    if "replicas" in spec:
        body["replicas"] = spec["replicas"]
    return {"apiVersion": "apps/v1", "kind": "Deployment", "spec": body}


def service(name, spec):
    return {"apiVersion": "v1", "kind": "Service", "spec": {
        "selector": labels_of(name),
        "ports": [{"name": "http", "port": spec.get("port", 80), "targetPort": "http"}],
    }}


def put(create, patch, body, name, namespace):
    """Creates the child, or patches the one that is there."""
    body["metadata"] = {"name": name, "labels": labels_of(name)}
    kopf.adopt(body)
    try:
        return create(namespace, body)
    except ApiException as error:
        if error.status != 409:
            raise
    return patch(name, namespace, body)


@kopf.on.resume("example.com", "v1", "websites")
@kopf.on.create("example.com", "v1", "websites")
@kopf.on.update("example.com", "v1", "websites", field="spec")
def converge(spec, name, namespace, meta, patch, **_):
    core, apps = kubernetes.client.CoreV1Api(), kubernetes.client.AppsV1Api()
    put(core.create_namespaced_config_map, core.patch_namespaced_config_map,
        config_map(name, spec), name, namespace)
    running = put(apps.create_namespaced_deployment, apps.patch_namespaced_deployment,
                  deployment(name, spec), name, namespace)
    put(core.create_namespaced_service, core.patch_namespaced_service,
        service(name, spec), name, namespace)
    patch.status["observedGeneration"] = meta["generation"]
    patch.status["readyReplicas"] = running.status.ready_replicas or 0
