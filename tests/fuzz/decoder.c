/* decoder.c -- libFuzzer's way to property_decoder(); see README.md. */
#include "unit/kube/properties.h"

#include "entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_hold(property_decoder(stream_decode, (const char *)data, size));
    return 0;
}
