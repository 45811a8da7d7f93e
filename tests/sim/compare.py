"""What differs between two runs of a sequence, and how to say it shortly.

A difference has a signature, which is the same for all that have the same
cause: the verb, the place with its names and numbers left out, what is there
and what is not. Mismatches are grouped by it.
"""

import json
import re

import known
from run import Run

LISTED = 12             # differences shown of one answer


class Difference:
    """`signature` for grouping, `text` for people."""

    def __init__(self, signature, text):
        self.signature, self.text = signature, text


class Mismatch:
    """The first operation whose answers differ."""

    def __init__(self, seed, ops, index, op, pair, differences):
        self.seed, self.ops, self.index, self.op = seed, ops, index, op
        self.pair, self.differences = pair, differences     # (sim's, real's) Answer

    @property
    def signatures(self):
        return list(dict.fromkeys(d.signature for d in self.differences))

    @property
    def kind(self):
        return self.pair[1].kind


def run_both(sim, real, ns, ops, seed):
    """None, or the Mismatch."""
    ours, theirs = Run(sim, ns, ops).go(), Run(real, ns, ops).go()
    for index, ((op, mine), (_, other)) in enumerate(zip(ours, theirs)):
        for a, b in zip(mine, other):
            if known.is_panic(b):
                return None         # nothing that comes after means anything
            differences = answers(op, a, b)
            if differences:
                return Mismatch(seed, ops, index, op, (a, b), differences)
        if len(mine) != len(other):
            text = f"{len(mine)} requests were made of sim, {len(other)} of the real server"
            return Mismatch(seed, ops, index, op, (mine[-1], other[-1]),
                            [Difference(f"{_verb(op)}: number of answers", text)])
    return None


def _verb(op):
    if op is None:
        return "final state"
    if op["do"] == "raw":
        return f"raw {op['method']}"
    words = [op["do"], op.get("how"), op.get("subresource"), op.get("as")]
    return " ".join(word for word in words if word)


def answers(op, ours, theirs):
    """The differences of two answers, none when they are as they should be."""
    if ours.code != theirs.code or _is_status(ours) != _is_status(theirs):
        return _of_codes(op, ours, theirs)
    found = []
    if ours.warnings != theirs.warnings:
        found.append(Difference(f"{_verb(op)}: {'unwanted' if ours.warnings else 'no'} Warning header",
                                f"Warning header: sim {ours.warnings}, real {theirs.warnings}"))
    if _is_status(ours):
        found += _of_statuses(op, ours.body, theirs.body)
    else:
        _walk(ours.body, theirs.body, "", found)
    return found


def _is_status(answer):
    return answer.body.get("kind") == "Status" and "code" in answer.body


def _words(answer):
    """A code with what explains it."""
    body = answer.body
    reason = f" {body.get('reason', '')}" if _is_status(answer) else ""
    causes = [general(cause) for cause in body.get("causes", ())] if _is_status(answer) else ()
    more = f" [{'; '.join(sorted(set(causes))[:4])}]" if causes else ""
    return f"{answer.code}{reason}{more}"


def _of_codes(op, ours, theirs):
    """What only one of them finds invalid is the same fault whatever the verb."""
    text = f"sim {_words(ours)}, real {_words(theirs)}"
    if theirs.code == 422 and ours.code in (200, 201, 409) and theirs.body.get("causes"):
        return [Difference(f"not refused: {general(cause)}", text) for cause in theirs.body["causes"]]
    if ours.code == 422 and theirs.code in (200, 201, 409) and ours.body.get("causes"):
        return [Difference(f"refused: {general(cause)}", text) for cause in ours.body["causes"]]
    return [Difference(f"{_verb(op)}: {text}", text)]


def _of_statuses(op, ours, theirs):
    if ours == theirs:
        return []
    found = []
    if ours.get("reason") != theirs.get("reason"):
        found.append((f"reason: sim {ours.get('reason')}, real {theirs.get('reason')}",) * 2)
    mine, other = set(ours.get("causes", ())), set(theirs.get("causes", ()))
    for cause in sorted(other - mine):
        found.append((f"cause missing: {general(cause)}", f"cause missing: {cause}"))
    for cause in sorted(mine - other):
        found.append((f"cause unwanted: {general(cause)}", f"cause unwanted: {cause}"))
    if not found and ours.get("causes") != theirs.get("causes"):
        found.append(("number of causes",) * 2)
    a, b = ours.get("details", {}), theirs.get("details", {})
    for key in sorted(set(a) | set(b)):
        if a.get(key) != b.get(key):
            found.append((f"details.{key} of {theirs.get('code')} {theirs.get('reason')}"
                          f"{' missing' if key not in a else ' unwanted' if key not in b else ''}",
                          f"details.{key}: sim {a.get(key)!r}, real {b.get(key)!r}"))
    return [Difference(f"status: {signature}", text) for signature, text in found]


def general(path):
    """A place without the numbers and names in it; pods are pods everywhere."""
    path = re.sub(r"\b(spec\.jobTemplate\.)?spec\.template\.spec\b", "{pod}", path)
    path = re.sub(r"\[[^\]]*\]", "[]", path)
    return re.sub(r"k:\{[^}]*\}", "k:{}", re.sub(r'v:"[^"]*"', "v:", path))


def _walk(ours, theirs, path, found):
    if type(ours) is not type(theirs):
        _note("type", ours, theirs, path, found)
    elif isinstance(ours, dict):
        for key in sorted(set(ours) | set(theirs)):
            place = f"{path}.{key}"
            if key not in ours:
                _note("missing", None, theirs[key], place, found)
            elif key not in theirs:
                _note("unwanted", ours[key], None, place, found)
            elif key == "managedFields" and ours[key] != theirs[key]:
                _managers(ours[key], theirs[key], place, found)
            else:
                _walk(ours[key], theirs[key], place, found)
    elif isinstance(ours, list):
        _lists(ours, theirs, path, found)
    elif ours != theirs:
        _note("differs", ours, theirs, path, found)


def _lists(ours, theirs, path, found):
    if len(ours) != len(theirs):
        _note(f"{'fewer' if len(ours) < len(theirs) else 'more'} items", ours, theirs, path, found)
        return
    for index, (a, b) in enumerate(zip(ours, theirs)):
        _walk(a, b, f"{path}[{index}]", found)


def _managers(ours, theirs, path, found):
    """Entry by entry, told apart by who and how."""
    if not isinstance(ours, list) or not isinstance(theirs, list):
        return _note("differs", ours, theirs, path, found)
    mine, other = _by_manager(ours), _by_manager(theirs)
    for key in sorted(set(mine) | set(other)):
        place = f"{path}({key})"
        if key not in mine:
            _note("entry missing", None, other[key], place, found)
        elif key not in other:
            _note("entry unwanted", mine[key], None, place, found)
        else:
            _walk(mine[key], other[key], place, found)


def _by_manager(entries):
    return {f"{e.get('operation')} {e.get('subresource', '')} {e.get('manager')}": e for e in entries}


def _short(value):
    text = json.dumps(value)
    return text if len(text) < 160 else text[:150] + " ..."


def _note(what, ours, theirs, path, found):
    place = general(re.sub(r"\((\w+) (\w*) [^)]*\)", r"(\1\2)", path))
    place = re.sub(r"^\.(items|events)\[\](\.object)?", "", place)
    detail = ""
    if what in ("differs", "type") and not isinstance(ours, (dict, list)) \
            and not isinstance(theirs, (dict, list)):
        detail = f" (sim {_short(ours)[:40]}, real {_short(theirs)[:40]})"
    if what == "entry unwanted" or what == "unwanted":
        text = f"{path} {what}: {_short(ours)}"
    elif what == "missing" or what == "entry missing":
        text = f"{path} {what}: {_short(theirs)}"
    else:
        text = f"{path} {what}\n        sim  {_short(ours)}\n        real {_short(theirs)}"
    if ".managedFields" in place and ".fieldsV1" in place:
        place = re.sub(r"^.*\.fieldsV1", "managedFields ", place)
    found.append(Difference(f"body {place} {what}{detail}", text))


def describe(mismatch):
    """Lines for a report: seed, operation, both answers as a short diff."""
    ours, theirs = mismatch.pair
    sent = {k: v for k, v in (mismatch.op or {}).items() if k not in ("id", "kind", "sentinel")}
    lines = [f"seed {mismatch.seed}, operation {mismatch.index + 1} of {len(mismatch.ops)}, "
             f"{theirs.kind}: {theirs.asked}", f"    {_verb(mismatch.op)}: {json.dumps(sent)[:1500]}",
             f"    sim {_words(ours)} / real {_words(theirs)}"]
    lines += [f"      {d.text}" for d in mismatch.differences[:LISTED]]
    if len(mismatch.differences) > LISTED:
        lines.append(f"      ... and {len(mismatch.differences) - LISTED} more")
    return "\n".join(lines)
