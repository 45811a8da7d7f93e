/*
 * feeds_impl.h -- versions of a script and what they look at; private to app.
 */
#ifndef TIDELOCK_APP_FEEDS_PRIVATE_H
#define TIDELOCK_APP_FEEDS_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "app/executor.h"
#include "core/operator.h"
#include "core/source.h"
#include "frozen.h"

struct controller;

struct feed_slot {
    struct controller *controller;
    struct source_feed *feed;
    const struct operator_read *read; /* NULL: the root's or an owned kind */
    size_t read_index;
    bool root;
    bool listed; /* its first list is behind us, and work has begun */
    bool listening;
    struct frozen_lists frozen;
};

/* A version of the script, and what it looks at. The root's kind is that of
 * all versions. */
struct version {
    struct program *program;
    const struct operator_decl *decl; /* the program's */
    struct value *params;
    struct feed_slot *slots; /* owned kinds, then reads */
    size_t owned_count, slot_count;
};

/* ---- feeds.c ---- */
int feeds_subscribe(struct controller *c, struct err *err);
void feeds_unsubscribe(struct controller *c); /* after half of it too */
/* Ask for what the version's declaration names, and give it back: nobody
 * listens yet, or any more. The latter after half of the former, too. */
int feeds_open(struct controller *c, struct version *v, struct err *err);
void feeds_close(struct controller *c, struct version *v);
/* Changes come to mapping.c from now on; what is there already is not told.
 * After a failure the listeners that were added are taken away likewise. */
int feeds_listen(struct version *v, struct err *err);
void feeds_unlisten(struct version *v);
/* Why not everything that the version needs to begin is known; NULL: it is. */
const struct err *feeds_lack(const struct controller *c,
                             const struct version *v);
/* Bring `synced` and `why` up to date, and the log when that is news. */
void feeds_check(struct controller *c);
/* Will waiting a moment not help? */
bool feeds_final(const struct err *why);

#endif
