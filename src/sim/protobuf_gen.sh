#!/bin/sh
# Makes src/sim/protobuf.data from the Go types of tests/cluster.
set -eu
cd "$(dirname "$0")/../../tests/cluster"
{
    sed -n 's|^.*k8s.io/kubernetes \(v[0-9.]*\)$|# kubernetes \1|p' go.mod | head -n 1
    cat <<'HEAD'
# The numbers of fields in protocol buffers, made by src/sim/protobuf_gen.sh from
# the Go types. DEFINITION NUMBER <tab> FIELD; "-": its own are inlined.
# Sorted by bytes and searched in place: keep it sorted.
HEAD
    go run -trimpath -buildvcs=false ./types numbers
} >../../src/sim/protobuf.data.new
mv ../../src/sim/protobuf.data.new ../../src/sim/protobuf.data
