/*
 * watch_server.h -- the truth behind a made-up API server: a few objects, and
 *                   what each was like at every revision.
 *
 * It can forget old revisions (compaction) and be restored to an earlier one
 * (a backup), after which the same revision numbers mean other things.
 */
#ifndef TIDELOCK_TESTS_CORE_WATCH_SERVER_H
#define TIDELOCK_TESTS_CORE_WATCH_SERVER_H

#include <stdbool.h>

#include "base/clock.h"
#include "core/store.h"
#include "kube/snapshot.h"

#define SERVER_NAMES 5u
#define SERVER_REVISIONS 400u

struct server_object {
    unsigned uid;      /* 0 = absent */
    unsigned revision; /* of its last change */
    unsigned timeline; /* in which that happened */
};

struct watch_server {
    struct server_object at[SERVER_NAMES][SERVER_REVISIONS + 1];
    unsigned changed[SERVER_REVISIONS + 1]; /* which name */
    unsigned now;
    unsigned oldest; /* a watch from before it is too old */
    unsigned uids;
    unsigned timeline;
};

void server_write(struct watch_server *s, unsigned name, bool remove);
void server_restore(struct watch_server *s, unsigned revision);

/* Versions of the wire: revision 0 is "70", so that they cross to three
 * digits. */
const char *server_version(unsigned revision); /* a few static buffers */
unsigned server_revision(const char *version); /* 0 for "" */

const char *server_name(unsigned name);
unsigned server_name_of(const struct snapshot *snap);

/* The object as of a revision; NULL when absent (or out of memory). */
struct snapshot *server_state(const struct watch_server *s, unsigned name,
                              unsigned revision);
/* What a watch says of that revision; *ret_removed for DELETED. */
struct snapshot *server_event(const struct watch_server *s, unsigned revision,
                              bool *ret_removed);
bool server_exists(const struct watch_server *s, const char *uid);
/* Does the store show the name as it was at that revision? */
bool server_shown(const struct watch_server *s, const struct store *store,
                  unsigned name, unsigned revision);

#endif
