/* frame.c -- libFuzzer's way to property_frame(); see README.md. */
#include "unit/script/properties.h"

#include "entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_hold(property_frame(frame_get, (const char *)data, size));
    return 0;
}
