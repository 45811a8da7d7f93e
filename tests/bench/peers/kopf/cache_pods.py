"""Only keeps every Pod, as the documentation of kopf recommends: an index.

    kopf run --all-namespaces cache_pods.py
"""

import kopf


@kopf.index("pods")
def pods(namespace, name, body, **_):
    return {(namespace, name): dict(body)}
