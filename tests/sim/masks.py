"""Makes answers of two servers comparable: what cannot be equal (uids, times,
resourceVersions, allocated addresses, generated names) becomes a name that says
what it is and which one, so that equal and different, old and new still show.

One Masks per run on one server; answers are to be shown to it in order.
"""

import datetime
import re

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"^(20\d\d-\d\d-\d\d)T\d\d:\d\d:\d\d(\.\d+)?Z$")
MADE = re.compile(r"(\bmade\d+-|\bkube-api-access-|\bNot Valid!)[a-z0-9]{5}\b")
NODE_PORT = re.compile(r":3\d{4}/")
AGE = re.compile(r"^(\d+[smh])+$")
ADDRESSES = ("clusterIP", "clusterIPs")
PORTS = ("nodePort", "healthCheckNodePort")
NO_UID = "00000000-"
RANDOM_LETTERS = 5


class Masks:
    def __init__(self, ns, literals=""):
        """`literals`: the text of the sequence; what it says itself is kept."""
        self._ns = ns
        self._literals = literals
        self._names = {}            # what -> its mask
        self._counts = {}           # kind of mask -> how many
        self._addresses = {}        # allocated address -> its mask
        self._made = {}             # generated name -> its mask
        self._holder = None         # uid of the object that is looked at
        self._versions = {}         # uid -> resourceVersions seen, ascending
        self.newest = 0             # resourceVersion of this run
        today = datetime.datetime.now(datetime.timezone.utc).date()
        self._days = {str(today + datetime.timedelta(days=d)) for d in range(-1, 2)}

    def body(self, value, written=False):
        """`written`: the answer to a write, whose new resourceVersion has to be
        the newest of all."""
        if isinstance(value, dict):
            return self._object(value, written)
        if isinstance(value, list):
            return [self.body(item) for item in value]
        return self._scalar(value)

    def _object(self, value, written):
        found = {}
        self._generated(value)
        version = self._version(value, written)
        for key in sorted(value):
            item = value[key]
            if key == "items" and isinstance(item, list):
                item = sorted(item, key=_random_name)       # the others stay as they are
            if key == "managedFields" and isinstance(item, list):
                found[key] = self._managers(item)
            elif key in ADDRESSES:
                found[key] = self._address(item)
            elif key in PORTS and isinstance(item, int) and f": {item}" not in self._literals:
                found[key] = self._number(f"{self._holder} port", item)
            elif key == "continue" and item:
                found[key] = "CONTINUE"
            else:
                found[self._scalar(key)] = self.body(item)
        if version:
            found["metadata"]["resourceVersion"] = version
        if _ending_namespace(found):
            found["metadata"]["finalizers"] = sorted(found["metadata"]["finalizers"])
        return found

    def _generated(self, value):
        """Names that a server made up, from whatever they begin with."""
        meta = value.get("metadata")
        start = meta.get("generateName") if isinstance(meta, dict) else None
        name = meta.get("name") if start else None
        if isinstance(start, str) and isinstance(name, str) and name.startswith(start) \
                and len(name) == len(start) + RANDOM_LETTERS:
            self._made[name] = start.replace(self._ns, "NS") + self._number("made", name)

    def _version(self, value, written):
        """Of an object's metadata, as the how manyeth one of that object."""
        meta = value.get("metadata")
        if not isinstance(meta, dict) or not isinstance(meta.get("resourceVersion"), str):
            return None
        self._holder = meta.get("uid")
        text = meta["resourceVersion"]
        if not text.isdigit():
            return text
        number, uid = int(text), meta.get("uid")
        if uid is None:             # of a list or a bookmark
            return "LIST" if number >= self.newest else "LIST, old"
        seen = self._versions.setdefault(uid, [])
        mark = ""
        if number not in seen:
            if seen and number < seen[-1]:
                return "older"
            if written and number <= self.newest:
                mark = " (not the newest)"
            seen.append(number)
        self.newest = max(self.newest, number)
        return f"rv{seen.index(number) + 1}{mark}"

    def _managers(self, entries):
        """Their order depends on the second in which they wrote."""
        return sorted((self.body(entry) for entry in entries), key=lambda e: str(
            [e.get(k, "") for k in ("operation", "manager", "apiVersion", "subresource")])
            if isinstance(e, dict) else str(e))

    def _address(self, value):
        if isinstance(value, list):
            return [self._address(item) for item in value]
        if not isinstance(value, str) or not value[:1].isdigit() or f'"{value}"' in self._literals:
            return self.body(value)
        self._addresses[value] = self._number(f"{self._holder} ip", value)
        return self._addresses[value]

    def _number(self, what, value):
        if (what, value) not in self._names:
            self._counts[what] = self._counts.get(what, 0) + 1
            self._names[what, value] = f"{what.split()[-1]}{self._counts[what]}"
        return self._names[what, value]

    def _scalar(self, value):
        if not isinstance(value, str) or len(value) < 5:
            return value
        if value in self._addresses:
            return self._addresses[value]
        if value in self._made:
            return self._made[value]
        time = TIME.match(value)
        if time and time[1] in self._days:
            return "NOW" + (time[2] and ".6" or "")
        value = value.replace(self._ns, "NS")
        value = UUID.sub(lambda m: m[0] if m[0].startswith(NO_UID) else self._number("uid", m[0]), value)
        return MADE.sub(lambda m: m[1] + self._number("made", m[0]), value)

    def table(self, value):
        """A Table: no descriptions, no ages."""
        for column in value.get("columnDefinitions") or ():
            column.pop("description", None)
        for row in value.get("rows") or ():
            row["cells"] = [self._cell(cell) for cell in row.get("cells") or ()]
        return self.body(value)


    @staticmethod
    def _cell(cell):
        if not isinstance(cell, str):
            return cell
        return NODE_PORT.sub(":PORT/", "AGE" if AGE.match(cell) else cell)


def _ending_namespace(value):
    """The real server takes what is left of its finalizers from a Go map."""
    meta, status = value.get("metadata"), value.get("status")
    return isinstance(meta, dict) and meta.get("deletionTimestamp") and meta.get("finalizers") \
        and isinstance(status, dict) and status.get("phase") == "Terminating" and "spec" in value


def _random_name(item):
    """A LimitRange without a name gets a uuid for one."""
    meta = item.get("metadata") if isinstance(item, dict) else None
    return isinstance(meta, dict) and bool(UUID.fullmatch(str(meta.get("name"))))


def status(value):
    """A Status without its texts, causes in order of their fields."""
    details = dict(value.get("details") or {})
    causes = details.pop("causes", None)
    found = {key: value[key] for key in ("kind", "status", "reason", "code") if key in value}
    if causes:
        found["causes"] = sorted(f"{c.get('reason', '')} {c.get('field', '')}".strip() for c in causes)
    details.pop("retryAfterSeconds", None)
    if details:
        found["details"] = details
    return found
