"""Servers that are wrong in one way each: what the comparer has to find."""

import json

from apiclient import Response


class Faulty:
    """A Server whose requests or answers pass a mistake; in its pure form none."""

    def __init__(self, server):
        self._server = server
        self.name = server.name
        self._versions = {}         # uid -> newest resourceVersion seen

    def request(self, method, path, body=None, content_type="application/json",
                headers=None, query=None):
        query = dict(query or {})
        body = self.asked(method, body, query)
        answer = self._server.request(method, path, body, content_type, headers, query)
        value = answer.json()
        if not isinstance(value, dict):
            return answer
        status = self.answered(method, answer.status, value) or answer.status
        return Response(status, answer.headers.items(), json.dumps(value).encode())

    def watch(self, path, timeout, query):
        return self.events(self._server.watch(path, timeout, query))

    def asked(self, method, body, query):
        """The body to be sent; changes `query` in place."""
        return body

    def answered(self, method, status, value):
        """Changes `value` in place; returns another status, or None."""

    def events(self, stream):
        return stream

    def objects(self, value):
        return [o for o in (value.get("items") or [value]) if isinstance(o.get("metadata"), dict)]


class _Asked(Faulty):
    """Changes the parsed body of requests."""

    def asked(self, method, body, query):
        try:
            value = json.loads(body)
            assert isinstance(value, dict)
        except (TypeError, ValueError, AssertionError):
            return body
        self.change(method, value)
        return json.dumps(value)


class WrongCode(Faulty):
    def answered(self, method, status, value):
        return 200 if status == 201 and value.get("kind") != "Namespace" else None


class LostManager(Faulty):
    def answered(self, method, status, value):
        for obj in self.objects(value):
            if len(obj["metadata"].get("managedFields", ())) > 1:
                obj["metadata"]["managedFields"].pop()


class MissingDefault(Faulty):
    def answered(self, method, status, value):
        for obj in self.objects(value):
            if isinstance(obj.get("spec"), dict):
                obj["spec"].pop("revisionHistoryLimit", None)


class VersionStuck(Faulty):
    """An update is answered with the resourceVersion from before."""

    def answered(self, method, status, value):
        meta = value.get("metadata", {})
        uid, version = meta.get("uid"), meta.get("resourceVersion")
        if method in ("PUT", "PATCH") and uid in self._versions:
            meta["resourceVersion"] = self._versions[uid]
        self._versions[uid] = version


class VersionGrows(Faulty):
    """A write that changes nothing gets a new one."""

    def answered(self, method, status, value):
        meta = value.get("metadata", {})
        uid, version = meta.get("uid"), meta.get("resourceVersion")
        if method in ("PUT", "PATCH") and version and self._versions.get(uid) == version:
            meta["resourceVersion"] = str(int(version) + 1)
        self._versions[uid] = version


class WrongCause(Faulty):
    def answered(self, method, status, value):
        for cause in (value.get("details") or {}).get("causes", ()):
            cause["field"] = "metadata." + cause.get("field", "")


class LostEvent(Faulty):
    def events(self, stream):
        lost = False
        for event in stream:
            if event["type"] == "MODIFIED" and not lost:
                lost = True
            else:
                yield event


class FinalizerIgnored(_Asked):
    def change(self, method, body):
        if isinstance(body.get("metadata"), dict):
            body["metadata"].pop("finalizers", None)


class DryRunPersisted(Faulty):
    def asked(self, method, body, query):
        if query.get("dryRun") == "All":
            del query["dryRun"]
        return body


class GenerationStuck(Faulty):
    def answered(self, method, status, value):
        for obj in self.objects(value):
            if obj["metadata"].get("generation", 0) > 1:
                obj["metadata"]["generation"] = 1


class PreconditionIgnored(_Asked):
    def change(self, method, body):
        if method == "DELETE":
            body.pop("preconditions", None)


class ConflictIgnored(Faulty):
    def asked(self, method, body, query):
        if method == "PATCH" and "fieldManager" in query and '"apiVersion"' in body:
            query["force"] = "true"
        return body


class StaleAccepted(_Asked):
    def change(self, method, body):
        if method == "PUT" and isinstance(body.get("metadata"), dict):
            body["metadata"].pop("resourceVersion", None)


class SelectorIgnored(Faulty):
    def asked(self, method, body, query):
        if method == "GET":
            query.pop("labelSelector", None)
        return body


ALL = (WrongCode, LostManager, MissingDefault, VersionStuck, VersionGrows, WrongCause, LostEvent,
       FinalizerIgnored, DryRunPersisted, GenerationStuck, PreconditionIgnored, ConflictIgnored,
       StaleAccepted, SelectorIgnored)
