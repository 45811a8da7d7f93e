/*
 * entry.h -- what every target has. Built by tests/fuzz/build, either with
 *            libFuzzer or with main.c.
 */
#ifndef TIDELOCK_TESTS_FUZZ_ENTRY_H
#define TIDELOCK_TESTS_FUZZ_ENTRY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Stop where the fuzzer notices it. */
static inline void fuzz_hold(const char *wrong)
{
    if (!wrong)
        return;
    fprintf(stderr, "does not hold: %s\n", wrong);
    __builtin_trap();
}

#endif
