"""Throwaway certificates: one authority per control plane, ECDSA, by openssl."""

import pathlib
import subprocess

from component import ClusterError

# Extensions by section name. `openssl req` reads no other configuration, so
# what the machine's openssl.cnf says does not matter.
_CONFIG = """\
[req]
distinguished_name = subject
string_mask = utf8only
[subject]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = {names}
[client]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
"""


def _openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise ClusterError(f"openssl {arguments[0]}: {done.stderr.strip()}")


def _subject(name, groups):
    def escape(text):
        return text.replace("\\", "\\\\").replace("/", "\\/").replace("+", "\\+")
    return "".join(f"/O={escape(g)}" for g in groups) + f"/CN={escape(name)}"


class Authority:
    """A certificate authority in a folder, and what it signs."""

    def __init__(self, folder, server_names):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._config = self.folder / "openssl.cnf"
        self._config.write_text(_CONFIG.format(names=server_names), encoding="utf-8")
        self.certificate = self.folder / "ca.crt"
        self._request("ca", "authority", _subject("tidelock-test-ca", ()))

    def server(self, file):
        """A server certificate for the names given at birth: (certificate, key)."""
        return self._signed(file, "server", _subject("kube-apiserver", ()))

    def client(self, file, name, groups=()):
        """A client certificate for a Kubernetes user: (certificate, key)."""
        return self._signed(file, "client", _subject(name, groups))

    def signing_key(self, file):
        """A bare key, for service account tokens."""
        key = self.folder / f"{file}.key"
        # The older of two file formats: the API server finds the public half
        # only in this one.
        _openssl("ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", str(key))
        return key

    def _signed(self, file, section, subject):
        return self._request(file, section, subject, "-CA", str(self.certificate),
                             "-CAkey", str(self.folder / "ca.key"))

    def _request(self, file, section, subject, *signed_by):
        certificate = self.folder / f"{file}.crt"
        key = self.folder / f"{file}.key"
        _openssl("req", "-x509", "-config", str(self._config), "-extensions", section,
                 "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc",
                 "-utf8", "-subj", subject, "-days", "30", "-sha256",
                 "-keyout", str(key), "-out", str(certificate), *signed_by)
        return certificate, key
