"""What `run --listen` serves, asked like a person, a probe or Prometheus would."""

import json
import re
import ssl
import urllib.error
import urllib.request

from harness import wait_for

# The certificate is made at the start: nobody can verify it, as with
# controller-runtime's.
ANY = ssl.create_default_context()
ANY.check_hostname = False
ANY.verify_mode = ssl.CERT_NONE


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(NoRedirect, urllib.request.HTTPSHandler(context=ANY),
                                     urllib.request.ProxyHandler({}))


def base(run):
    """"http://127.0.0.1:39121": the log names it."""
    found = wait_for(lambda: re.search(
        r'msg="listening" address="?([^\s"]+?)"? scheme="?(\w+)', run.log),
        "the log names the address")
    return f"{found.group(2)}://{found.group(1)}"


def get(run, path, method="GET", **headers):
    """(status, headers, text)"""
    request = urllib.request.Request(base(run) + path, method=method, headers=headers)
    try:
        with OPENER.open(request, timeout=20) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def document(run, path, **headers):
    status, answered, text = get(run, path, **headers)
    assert (status, answered["Content-Type"]) == (200, "application/json"), text
    return json.loads(text)


def samples(text):
    """{"name{labels}": value}"""
    return {name: float(value) for name, value in
            (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))}


def is_ready(run):
    return get(run, "/readyz")[0] == 200
