/*
 * pattern_impl.h -- the program that a pattern becomes. Private to pattern*.c.
 */
#ifndef TIDELOCK_SRC_SIM_PATTERN_IMPL_H
#define TIDELOCK_SRC_SIM_PATTERN_IMPL_H

#include <stdbool.h>
#include <stdint.h>

#include "pattern.h"

enum op {
    OP_SET,   /* a: first range, b: how many; takes one character */
    OP_SPLIT, /* a and b: both places, relative */
    OP_JUMP,  /* a */
    OP_BEGIN,
    OP_END,
    OP_WORD, /* a: 1 at a border of a word, 0 where there is none */
    OP_MATCH,
};

struct step {
    enum op op;
    int a, b;
};

struct range {
    uint32_t low, high;
};

struct pattern {
    struct step *steps;
    size_t count, cap;
    struct range *ranges;
    size_t range_count, range_cap;
    const char *at;
    unsigned depth;
    bool fold; /* (?i) */
    enum pattern_verdict failed;
};

/* One character of valid UTF-8; *at is moved. */
uint32_t pattern_rune(const char **at);
bool pattern_is_word(uint32_t rune);
enum pattern_verdict pattern_run(const struct pattern *p, const char *text,
                                 size_t len);

#endif
