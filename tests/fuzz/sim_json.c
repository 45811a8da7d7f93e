/* sim_json.c -- libFuzzer's way to property_sim_json(); see README.md. */
#include "unit/sim/properties.h"

#include "entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_hold(property_sim_json(sim_handle, (const char *)data, size));
    return 0;
}
