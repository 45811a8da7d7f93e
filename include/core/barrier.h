/*
 * barrier.h -- when is an object, about which the cache cannot be right yet,
 *              looked at by a live read? (note 12, G3)
 *
 * Answers to writes enter the cache at once, so a root is held back only
 *
 *   - after a write whose outcome is not known, when the live read that
 *     followed failed as well: until a look succeeds, nothing is written
 *   - while an object that is to be made anew is on its way out: after 5 s it
 *     is looked at, in case the watch never tells, then ever more rarely
 *
 * Pure: the caller tells the time. Zeroed is open.
 */
#ifndef TIDELOCK_CORE_BARRIER_H
#define TIDELOCK_CORE_BARRIER_H

#include <stdbool.h>
#include <stdint.h>

#define BARRIER_LOOK_MS 5000u
#define BARRIER_MAX_LOOK_MS 300000u

struct barrier {
    bool held;
    bool unknown;   /* after a write; else: something is going */
    unsigned looks; /* that showed it is still there */
    uint64_t since_ms, due_ms;
};

/* Hold, or go on holding. An unknown outcome is looked at at once. */
void barrier_hold(struct barrier *b, bool unknown, uint64_t now_ms);
/* A look showed that it is still going: the next one comes later. */
void barrier_looked(struct barrier *b, uint64_t now_ms);
/* Until the next look is due; 0: now, or nothing is held. */
uint64_t barrier_wait_ms(const struct barrier *b, uint64_t now_ms);

#endif
