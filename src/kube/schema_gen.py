#!/usr/bin/python3
"""Makes src/kube/schema.data, the table of Kubernetes' built-in kinds.

The source is a real API server (tests/cluster): its OpenAPI v3 documents say
what the fields are, its discovery says what the kinds are called in URLs, its
Go types say the rest (tests/cluster/types). The result is the same for the same
server, byte by byte.

    src/kube/schema_gen.py              write the file beside this script
    src/kube/schema_gen.py --check      is the file what the server says?

FORMAT. One fact a line, lines sorted by their bytes, so that a reader finds a
line by binary search in the text itself and nothing is parsed at start-up. A
line is KEY, TYPE and any number of ATTRIBUTES, separated by one TAB, which is
smaller than every byte of a key. There are three sorts of keys:

    apps/v1 Deployment          a kind; its type is that of its objects
    apps.v1.Deployment          a definition: an object with known fields
    apps.v1.Deployment:spec     a field of a definition

TYPE is read from left to right:

    @NAME                       an object with the fields of definition NAME
    []TYPE  {}TYPE              array of TYPE; object whose every value is TYPE
    object                      (definitions only) fields are in the lines below
    string int32 int64 integer number boolean
    bytes                       string, base64
    time                        string, RFC 3339
    quantity                    string or number: 100m, 1Gi
    int-or-string               80, "http", "25%"
    any                         whatever one likes

ATTRIBUTES of fields; one about scalars means the innermost TYPE:

    required
    default=JSON                scalars only; also Go's zero values, which the
                                API server takes for absent keys of list maps
    enum=A|B|C                  the only values allowed
    list=atomic|set             how server-side apply merges an array
    list=map:KEY,KEY            ... whose items are told apart by these keys
    atomic                      an object that is replaced as a whole (also on
                                definitions); separable=not so, although the
                                definition says it
    patch=STRATEGY[:KEY]        of strategic merge patches: merge, retainKeys
    zero=keep|always|null       "", 0, false, {} and [] are kept when they were
                                given; or always there (arrays, maps and times
                                as null); or the field is null when absent.
                                Without it they are dropped
    micro                       a time with six digits behind the seconds
    set=JSON                    what the server sets when the object is there
                                and the field is not

ATTRIBUTES of definitions, so that nobody has to look at every field:

    printed=FIELD,FIELD         those with zero=always or zero=null
    sets=FIELD,FIELD            those with set=

ATTRIBUTES of kinds, from discovery; only kinds with a `plural` have a URL:

    plural=NAME singular=NAME short=NAME,NAME namespaced status scale
    verbs=VERB,VERB             status and scale: those subresources exist
    categories=NAME,NAME        what `kubectl get NAME` includes it in
"""

import argparse
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
OUTPUT = HERE / "schema.data"
CLUSTER = HERE.parent.parent / "tests" / "cluster"
sys.path.insert(0, str(CLUSTER))

from controlplane import ClusterError, ControlPlane  # noqa: E402

# Long names of Go packages; what follows one is enough to tell them apart.
PACKAGES = (
    "io.k8s.api.",
    "io.k8s.apimachinery.pkg.apis.",
    "io.k8s.apiextensions-apiserver.pkg.apis.",
    "io.k8s.kube-aggregator.pkg.apis.",
    "io.k8s.apimachinery.pkg.",
)

# Definitions that stand for one value, not for an object with fields.
VALUES = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "quantity",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "int-or-string",
}

SCALARS = {
    ("string", None): "string",
    ("string", "byte"): "bytes",
    ("string", "date-time"): "time",
    ("integer", None): "integer",
    ("integer", "int32"): "int32",
    ("integer", "int64"): "int64",
    ("number", None): "number",
    ("number", "double"): "number",
    ("boolean", None): "boolean",
}

# Parameters of requests that every group repeats; nobody declares them.
NOT_OBJECTS = {"DeleteOptions", "WatchEvent"}

HEADER = """\
# kubernetes {version}
# The built-in kinds of Kubernetes as the API server describes them. Generated;
# the format is described in schema_gen.py, which makes this file.
#   KIND, DEFINITION or DEFINITION:FIELD <tab> TYPE [<tab> ATTRIBUTE]...
# Sorted by bytes and searched in place: keep it sorted.
"""


def short_name(definition):
    for package in PACKAGES:
        if definition.startswith(package):
            return definition[len(package):]
    raise ValueError(f"definition '{definition}' is of no known package")


def reference(schema):
    """The definition a schema refers to, or None."""
    one = schema.get("allOf", [])
    target = schema.get("$ref") or (one[0].get("$ref") if len(one) == 1 else None)
    return target.rpartition("/")[2] if target else None


class Table:
    """Collects lines, following references from the kinds downwards."""

    def __init__(self, definitions, types):
        self._definitions = definitions
        self._types = types
        self._lines = {}
        self._wanted = []

    def add_kind(self, api_version, kind, definition, attributes):
        self._add(f"{api_version} {kind}", self._refer(definition), attributes)
        while self._wanted:
            self._add_definition(self._wanted.pop())

    def lines(self):
        lines = ["\t".join([key, *rest]) for key, rest in self._lines.items()]
        return sorted(lines, key=lambda line: line.encode())

    def _add(self, key, type_text, attributes):
        line = [type_text, *attributes]
        if any(c in text for text in (key, *line) for c in "\t\n"):
            raise ValueError(f"'{key}' holds a separator")
        if self._lines.setdefault(key, line) != line:
            raise ValueError(f"'{key}' is described in two ways")

    def _add_definition(self, name):
        schema = self._definitions[name]
        if short_name(name) in self._lines:
            return
        more = {field: self._types.get(f"{short_name(name)}:{field}", [])
                for field in sorted(schema["properties"])}
        self._add(short_name(name), "object", [*map_type(schema), *named_fields(more)])
        for field, spec in schema["properties"].items():
            self._add(f"{short_name(name)}:{field}", self._type(spec),
                      [*attributes_of(spec, field in schema.get("required", ())),
                       *more[field]])

    def _type(self, schema):
        target = reference(schema)
        if target:
            return self._refer(target)
        kind = schema.get("type")
        if kind == "array":
            return "[]" + self._type(schema["items"])
        if kind == "object":
            return "{}" + self._type(schema.get("additionalProperties", {}))
        if kind:
            return SCALARS[kind, schema.get("format")]
        return "any"

    def _refer(self, name):
        """A definition without fields is spelled out where it is used."""
        if name in VALUES:
            return VALUES[name]
        if "properties" not in self._definitions[name]:
            return self._type(self._definitions[name])
        self._wanted.append(name)
        return "@" + short_name(name)


def attributes_of(schema, required):
    if required:
        yield "required"
    default = schema.get("default")
    if isinstance(default, (str, int, float, bool)):
        text = json.dumps(default)
        if "\\" in text:
            raise ValueError(f"default {text} needs an escape")
        yield f"default={text}"
    enum = innermost(schema).get("enum")
    if enum:
        if any("|" in value for value in enum):
            raise ValueError(f"enum {enum} holds a separator")
        yield "enum=" + "|".join(enum)
    if schema.get("type") == "array":
        yield f"list={list_type(schema)}"
    yield from map_type(schema)
    if "x-kubernetes-patch-strategy" in schema:
        key = schema.get("x-kubernetes-patch-merge-key")
        yield f"patch={schema['x-kubernetes-patch-strategy']}{':' + key if key else ''}"


def named_fields(more):
    """The fields of a definition that something is to be done about."""
    for attribute, starts in (("printed", ("zero=always", "zero=null")), ("sets", ("set=",))):
        names = [field for field, types in more.items()
                 if any(one.startswith(starts) for one in types)]
        if names:
            yield f"{attribute}={','.join(names)}"


def innermost(schema):
    inner = schema.get("items", schema.get("additionalProperties"))
    return innermost(inner) if isinstance(inner, dict) else schema


def list_type(schema):
    """As the API server does it: an older mark counts where the newer is absent."""
    kind = schema.get("x-kubernetes-list-type")
    keys = schema.get("x-kubernetes-list-map-keys")
    if not kind and "merge" in schema.get("x-kubernetes-patch-strategy", "").split(","):
        key = schema.get("x-kubernetes-patch-merge-key")
        kind, keys = ("map", [key]) if key else ("set", None)
    return f"map:{','.join(keys)}" if kind == "map" else kind or "atomic"


def map_type(schema):
    kind = schema.get("x-kubernetes-map-type")
    if kind:
        yield {"atomic": "atomic", "granular": "separable"}[kind]


def read_definitions(client):
    """({name: schema}, {name: {(apiVersion, kind)}}) of all documents together:
    a definition is the same wherever it is repeated, its kinds add up."""
    definitions, kinds = {}, {}
    for place in client.get("/openapi/v3")["paths"].values():
        document = client.get(place["serverRelativeURL"])
        for name, schema in document.get("components", {}).get("schemas", {}).items():
            for gvk in schema.pop("x-kubernetes-group-version-kind", ()):
                api_version = "/".join(filter(None, (gvk["group"], gvk["version"])))
                kinds.setdefault(name, set()).add((api_version, gvk["kind"]))
            if definitions.setdefault(name, schema) != schema:
                raise ValueError(f"definition '{name}' differs between documents")
    return definitions, kinds


def read_resources(client):
    """{(apiVersion, kind): attributes} of everything that has a URL."""
    roots = ["/api/v1"] + [f"/apis/{version['groupVersion']}"
                           for group in client.get("/apis")["groups"]
                           for version in group["versions"]]
    found = {}
    for root in roots:
        resources = client.get(root)["resources"]
        names = {r["name"] for r in resources}
        for r in resources:
            if "/" not in r["name"]:
                key = (root.partition("/apis/")[2] or "v1", r["kind"])
                found[key] = list(resource_attributes(r, names))
    return found


def read_types():
    """{DEFINITION:FIELD: attributes} of what the Go types say."""
    done = subprocess.run(["go", "run", "-trimpath", "-buildvcs=false", "./types"],
                          cwd=CLUSTER, stdout=subprocess.PIPE, text=True, check=True)
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    return {key: attributes for key, *attributes in lines}


def resource_attributes(resource, names):
    yield f"plural={resource['name']}"
    yield f"singular={resource['singularName']}"
    if resource.get("shortNames"):
        yield f"short={','.join(resource['shortNames'])}"
    if resource.get("categories"):
        yield f"categories={','.join(resource['categories'])}"
    if resource["namespaced"]:
        yield "namespaced"
    for subresource in ("status", "scale"):
        if f"{resource['name']}/{subresource}" in names:
            yield subresource
    yield f"verbs={','.join(sorted(resource['verbs']))}"


def generate(client):
    definitions, kinds = read_definitions(client)
    resources = read_resources(client)
    table = Table(definitions, read_types())
    for name, names in kinds.items():
        for api_version, kind in names:
            if kind not in NOT_OBJECTS:
                table.add_kind(api_version, kind, name,
                               resources.pop((api_version, kind), []))
    if resources:
        raise ValueError(f"no schema for {sorted(resources)}")
    version = client.get("/version")["gitVersion"]
    return HEADER.format(version=version) + "\n".join(table.lines()) + "\n"


def parse_arguments():
    parser = argparse.ArgumentParser(
        description="Makes schema.data from the API server of tests/cluster.",
        epilog="exit status: 0 done or (--check) equal, 1 not so")
    parser.add_argument("--check", action="store_true",
                        help="write nothing; say whether the file is up to date")
    parser.add_argument("--output", type=pathlib.Path, default=OUTPUT, metavar="FILE",
                        help="another file (default: schema.data beside this script)")
    return parser.parse_args()


def main():
    options = parse_arguments()
    try:
        with ControlPlane(controller_manager=False) as cluster:
            text = generate(cluster.client())
    except ClusterError as error:
        print(f"schema_gen: {error}", file=sys.stderr)
        return 1
    if not options.check:
        options.output.write_text(text, encoding="utf-8")
        print(f"{options.output}: {len(text)} bytes, {text.count(chr(10))} lines")
        return 0
    if options.output.exists() and options.output.read_text(encoding="utf-8") == text:
        return 0
    print(f"schema_gen: {options.output} differs from what the API server says; "
          f"run src/kube/schema_gen.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
