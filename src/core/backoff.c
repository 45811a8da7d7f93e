/*
 * backoff.c -- see backoff.h for the contract.
 */
#include "core/backoff.h"

uint64_t backoff_ms(uint64_t base_ms, uint64_t cap_ms, unsigned failures)
{
    uint64_t ms = base_ms < cap_ms ? base_ms : cap_ms;

    /* Ends after at most 64 rounds, however many failures there were. */
    while (failures-- > 0 && ms > 0 && ms < cap_ms)
        ms = ms > cap_ms / 2 ? cap_ms : ms * 2;
    return ms;
}

uint64_t backoff_jitter(struct rng *rng, uint64_t ms)
{
    uint64_t half = ms / 2;

    return ms - half + rng_below(rng, half + 1);
}
