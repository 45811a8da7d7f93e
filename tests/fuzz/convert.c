/* convert.c -- libFuzzer's way to property_convert(); see README.md. */
#include "unit/script/properties.h"

#include "entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_hold(
        property_convert(convert_through_lua, (const char *)data, size));
    return 0;
}
