"""Only keeps every Secret, as the documentation of kopf recommends: an index.

    kopf run --all-namespaces cache_secrets.py
"""

import kopf


@kopf.index("secrets")
def secrets(namespace, name, body, **_):
    return {(namespace, name): dict(body)}
