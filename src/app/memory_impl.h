/*
 * memory_impl.h -- what a controller remembers of a root between passes;
 *                  private to app. mapping.c keeps it, memory.c uses it.
 */
#ifndef TIDELOCK_APP_MEMORY_PRIVATE_H
#define TIDELOCK_APP_MEMORY_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "core/barrier.h"

struct controller;
struct err;
struct job;
struct object_key;
struct snapshot;

/* What holds a root back, see hold.c. */
struct hold {
    struct barrier barrier;
    char *object; /* that is held; NULL: none */
};

/* What is remembered of a root between passes. Freed when the root is gone. */
struct root_memory {
    char *uid;
    int64_t generation; /* highest acted on (row 16) */
    char acted_rv[40];  /* of the root then; "" when it is longer */
    char **names;       /* asked for by by_name reads: "read\nns/name" */
    size_t name_count;
    char *names_rv;     /* of the root version the names were taken from */
    char *zones;        /* time zones that its passes ask for, one a line */
    char *events;       /* of the last pass, so that each is sent once */
    struct hold hold;
    bool passed;        /* one_pass only */
    bool failing;       /* the last pass failed */
    bool blocked;       /* ... because a foreign object has the name */
    bool lost_child;    /* a child that was seen is gone, since the last pass */
    unsigned conflicts; /* passes in a row that ended so */
    int64_t last_failure; /* err code whose Event was sent */
    char shown[HASH_HEX_SIZE]; /* what the log was told, in mode "plan" */
    unsigned overruns;    /* passes in a row that ended a worker or a budget of
                           * time: it is in quarantine */
    int64_t overrun_generation; /* of the root then */
    uint64_t quiet_until_ms; /* not run before, as long as that is the same */
    size_t row; /* of the last pass that was carried out, counted from 1; 0: not
                 * known */
};

/* ---- memory.c ---- */
/* The Events of the last pass may not have been sent: the next one does it. */
void memory_forget_events(struct job *job);
/* The reason of an earlier failure is gone: its Event may be sent again. */
void memory_forget_failure(struct job *job);
void memory_drop_known_events(struct job *job);
/* Is it older than one that was acted on? Else it is noted as acted on. */
bool memory_is_stale(struct controller *c, const struct snapshot *root);
void memory_guard_creates(struct job *job);
/* An outcome that ended a worker puts the root in quarantine, and `err` says
 * so; any other one ends that. */
void memory_note_overrun(struct job *job, struct err *err);
/* Must it wait, and how long? A change of its spec is a reason to try at once,
 * nothing else is. */
bool memory_quarantines(struct controller *c, const struct snapshot *root,
                        uint64_t *ret_wait_ms);
/* Was it looked at before? It is from now on. */
bool memory_passed_before(struct controller *c, const struct object_key *key);

#endif
