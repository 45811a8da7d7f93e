/*
 * press.h -- keeps the texts of many snapshots of one kind small.
 *
 * Whoever keeps snapshots hands them to a press, and sees no difference:
 * snapshot_text() gives what it always gave. The newest texts stay as they
 * are, since what was just written will be written again; older ones are
 * packed with a dictionary of that kind (base/zip.h). A press that holds little
 * text packs nothing and costs nothing.
 */
#ifndef TIDELOCK_KUBE_PRESS_H
#define TIDELOCK_KUBE_PRESS_H

#include <stddef.h>
#include <stdint.h>

#include "kube/snapshot.h"

/* So much text is worth a dictionary. */
#define PRESS_FIRST_BYTES ((size_t)192 << 10)
/* So much stays text from then on. */
#define PRESS_FRESH_BYTES ((size_t)64 << 10)

struct press;

struct press *press_new(void);    /* NULL: out of memory */
void press_free(struct press *p); /* NULL is fine; its snapshots live on */

/* `s` will be kept for a while. Texts borrowed from any snapshot of this press
 * end. Cannot fail: without memory a text stays as it is. */
void press_add(struct press *p, struct snapshot *s);

struct press_stats {
    size_t waiting;        /* snapshots whose turn may come */
    size_t waiting_bytes;  /* of their texts */
    size_t bytes;          /* of the press and its newest dictionary */
    uint64_t packed;       /* texts, so far */
    uint64_t refused;      /* texts that packing would not make smaller */
    uint64_t dictionaries; /* made so far */
};
struct press_stats press_stats(const struct press *p);

#endif
