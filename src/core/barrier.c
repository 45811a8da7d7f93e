/*
 * barrier.c -- see barrier.h for the contract.
 */
#include "core/barrier.h"

#include "core/backoff.h"

void barrier_hold(struct barrier *b, bool unknown, uint64_t now_ms)
{
    if (b->held && b->unknown == unknown)
        return;
    *b = (struct barrier){
        .held = true,
        .unknown = unknown,
        .since_ms = now_ms,
        .due_ms = unknown ? now_ms : now_ms + BARRIER_LOOK_MS,
    };
}

void barrier_looked(struct barrier *b, uint64_t now_ms)
{
    b->looks++;
    b->due_ms =
        now_ms + backoff_ms(BARRIER_LOOK_MS, BARRIER_MAX_LOOK_MS, b->looks);
}

uint64_t barrier_wait_ms(const struct barrier *b, uint64_t now_ms)
{
    return b->held && b->due_ms > now_ms ? b->due_ms - now_ms : 0;
}
