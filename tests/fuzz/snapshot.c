/* snapshot.c -- libFuzzer's way to property_snapshot(); see README.md. */
#include "unit/kube/properties.h"

#include "entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_hold(property_snapshot(snapshot_parse, (const char *)data, size));
    return 0;
}
