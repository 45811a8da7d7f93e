"""What is deliberately not equal: the table in src/sim/README.md, held to it by a
test. The generator makes no sequence in which one of these shows, so that nothing
is excused."""

# (what, how it is here)
KNOWN = (
    ("RBAC, admission webhooks",
     "kept as objects, not evaluated; reviews allow everything"),
    ("CEL rules of definitions",
     "a warning with each request that they concern"),
    ("`pods/exec`, `attach`, `portforward`, `proxy`",
     "404"),
    ("`pods/log`",
     "empty text"),
    ("tokens of service accounts",
     "texts of no meaning"),
    ("API Priority and Fairness, audit annotations",
     "absent"),
    ("definitions",
     "established, and deleted with their instances, before the answer to the request is sent"),
    ("protocol buffers, CBOR",
     "bodies in protocol buffers are read, every answer is JSON or YAML"),
    ("OpenAPI v2 in its binary form",
     "without definitions"),
    ("conversion webhooks",
     "refused or `None`"),
    ("texts of messages",
     "similar, not equal"),
    ("continue tokens",
     "keep the namespace also in lists of one namespace"),
    ("a watch with a resourceVersion of the future",
     "waits in silence"),
    ("the order of a namespace's finalizers once it is deleted",
     "as they were, the collector's last"),
    ("a change of a Service that was made at its /status",
     "an answer"),
    ("compaction",
     "by number and bytes of changes, not by minutes"),
    ("requests on non-resource paths other than health, discovery, OpenAPI, version",
     "404"),
)


def is_panic(answer):
    """Did the real server give up in the middle of a Service? See the row of
    those that are made at their /status."""
    return answer.kind == "Service" and answer.code == 0 and "RemoteDisconnected" in answer.body["text"]
