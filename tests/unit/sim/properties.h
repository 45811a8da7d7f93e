/*
 * properties.h -- what holds for any request whatever, checked here, fed by the
 *                 unit tests (test_properties.c) and by libFuzzer (tests/fuzz).
 *
 * Each answers NULL, or a text naming what does not hold:
 *   - there is an answer, with a code; what is said to be JSON is JSON
 *   - a refusal is a Status that carries its own code
 *   - a refusal, a read and a dry run leave the state as it is
 *   - what was created or written can be read
 */
#ifndef TIDELOCK_TESTS_SIM_PROPERTIES_H
#define TIDELOCK_TESTS_SIM_PROPERTIES_H

#include <stddef.h>

#include "sim/sim.h"

typedef void handle_fn(struct sim *s, struct arena *a,
                       const struct sim_request *q, struct sim_response *ret);

/* One or more requests, parted by a line "%%%": the request line without its
 * version, header lines, an empty line, the body. */
const char *property_sim_http(handle_fn *handle, const char *data, size_t len);
/* The first byte says what the rest is the body of, see the table. */
const char *property_sim_json(handle_fn *handle, const char *data, size_t len);

/* The server that both ask is made when it is needed, and made anew now and
 * then: to be called at the end. */
void properties_release(void);

#endif
