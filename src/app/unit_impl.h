/*
 * unit_impl.h -- one operator at work; private to app.
 */
#ifndef TIDELOCK_APP_UNIT_PRIVATE_H
#define TIDELOCK_APP_UNIT_PRIVATE_H

#include "app/bundle.h"
#include "app/controller.h"
#include "app/ledger.h"
#include "app/recorder.h"

struct runtime;

struct unit {
    struct runtime *runtime;
    struct bundle bundle;
    struct ledger *ledger;
    struct source *source; /* its own in front of the shared one, or NULL */
    struct controller *controller;
    struct sink *sink;
    struct report *report;
    struct recorder *recorder;  /* --record, or NULL */
    struct arena arena;         /* of the bundle, when it may be replaced */
    char digest[HASH_HEX_SIZE]; /* of its files */
    bool reloading;             /* its next version reads or writes the Lease */
    bool dropping;    /* a retired kind is being taken out of the ledger */
    bool undroppable; /* that failed: the next start tries again */
};

/* ---- unit.c ---- */
int unit_start(struct unit *u, struct err *err);
/* A retired kind of which nothing is left is forgotten for good. */
void unit_drop_retired(struct unit *u);
/* Another version of its files is in charge of the controller; what the former
 * one was made of is freed. All taken, also out of *arena. */
void unit_become(struct unit *u, const struct bundle *bundle,
                 const struct arena *arena, struct ledger *ledger);
void unit_release(struct unit *u);

#endif
