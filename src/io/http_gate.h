/*
 * http_gate.h -- when may the next request leave? Private to io.
 *
 * Two reasons to wait: the server asked to slow down (all requests of the
 * process wait, not only the one that was refused), and a rate of our own. A
 * pure state over a clock that is handed in.
 */
#ifndef TIDELOCK_IO_HTTP_GATE_H
#define TIDELOCK_IO_HTTP_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "io/http.h"

/* All zero: always open. */
struct http_gate {
    unsigned qps, burst; /* requests a second, 0: any; at once */
    uint64_t held_until_ms;
    http_hold_fn on_hold;
    void *hold_arg;
    uint64_t next_us; /* when the next one is due at an even rate */
};

/* Nobody leaves for so long; a longer hold stays. */
void http_gate_hold(struct http_gate *g, uint64_t now_ms, uint64_t ms);
/* A place in the rate, once per attempt, in the order of the calls: it may be
 * used after so many milliseconds. */
uint64_t http_gate_place_ms(struct http_gate *g, uint64_t now_ms);
/* How long a hold lasts from now; 0: there is none. */
uint64_t http_gate_held_ms(const struct http_gate *g, uint64_t now_ms);

#endif
