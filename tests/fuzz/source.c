/* source.c -- libFuzzer's way to property_source(); see README.md. */
#include "unit/script/properties.h"

#include "entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_hold(property_source((const char *)data, size));
    return 0;
}
