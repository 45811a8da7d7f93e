/*
 * http_gate.c -- see http_gate.h for the contract.
 *
 * The rate is kept as one number, the time at which the next request would be
 * due if they came evenly: a request may be early by `burst` of them. That is
 * a bucket of tokens without a timer that fills it.
 */
#include "io/http_gate.h"

void http_gate_hold(struct http_gate *g, uint64_t now_ms, uint64_t ms)
{
    if (now_ms + ms > g->held_until_ms)
        g->held_until_ms = now_ms + ms;
}

uint64_t http_gate_held_ms(const struct http_gate *g, uint64_t now_ms)
{
    return now_ms < g->held_until_ms ? g->held_until_ms - now_ms : 0;
}

uint64_t http_gate_place_ms(struct http_gate *g, uint64_t now_ms)
{
    uint64_t now_us = now_ms * 1000, apart, early;

    if (g->qps == 0)
        return 0;
    apart = 1000000u / g->qps;
    early = apart * (g->burst ? g->burst - 1 : 0);
    if (g->next_us < now_us)
        g->next_us = now_us;
    g->next_us += apart;
    /* rounded up: never before it is due */
    return g->next_us - apart > now_us + early
               ? (g->next_us - apart - early - now_us + 999) / 1000
               : 0;
}
