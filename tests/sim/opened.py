"""What is not equal yet: differences that the three hundred sequences of
`make test` show and that are still to be mended; the table "Not equal yet" of
src/sim/README.md, held to it by a test. Nothing else is excused."""

# (what, how it is here, kind, signature of the comparer)
_VERSION = 'body .metadata.resourceVersion differs (sim "rv2", real "rv3")'
_FIRST = ("the first write after an apply, when it changes nothing",
          "no new resourceVersion; the real server has stored what was applied in another form")

OPEN = (
    (*_FIRST, "Deployment", _VERSION),
    (*_FIRST, "Gadget", _VERSION),
)


def is_open(mismatch):
    """Does it show what is open, and nothing else?"""
    excused = {(kind, signature) for _, _, kind, signature in OPEN}
    shown = {(mismatch.kind, signature) for signature in mismatch.signatures}
    return bool(shown) and shown <= excused
