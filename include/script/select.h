/*
 * select.h -- does an object match the selectors of view:list? Without Lua:
 *             the main process answers that for its workers.
 */
#ifndef TIDELOCK_SCRIPT_SELECT_H
#define TIDELOCK_SCRIPT_SELECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "kube/selector.h"
#include "kube/snapshot.h"

/* Bytes of JSON that cost as much as one instruction. */
#define BYTES_PER_STEP 16

struct select {
    const struct selector *labels, *fields; /* NULL: none */
    bool sealed;                /* no selector sees the values of a Secret */
    struct json_reader *reader; /* both are the caller's, for each match */
    struct arena *scratch;
};

/* Adds what looking cost to *steps. 0 or an error. */
int select_match(const struct select *by, const struct snapshot *s, bool *ret,
                 uint64_t *steps, struct err *err);

#endif
