/*
 * store_kit.h -- one-line moves on a store, for its tests.
 */
#ifndef TIDELOCK_TESTS_CORE_STORE_KIT_H
#define TIDELOCK_TESTS_CORE_STORE_KIT_H

#include "base/str.h"
#include "core/store.h"

/* Make a snapshot, do it, and give up the reference. 0 or -ERR_NOMEM. */
int kit_put(struct store *s, const char *key, const char *uid,
            const char *version, const char *owner);
int kit_answer(struct store *s, const char *key, const char *uid,
               const char *version);
void kit_drop(struct store *s, const char *key, const char *uid,
              const char *version);
int kit_collect(struct store_batch *b, const char *key, const char *uid,
                const char *version);

struct snapshot *kit_get(const struct store *s, const char *key);
/* "uid@version" of what is stored, "" when nothing is. */
void kit_check_state(const struct store *s, const char *key, const char *want);
/* "ns/name=version ..." */
void kit_check_list(struct store *s, const char *ns, const char *want);

/* What a listener was told, as text: "+a=1 ~a=2 !a=3 -a=4", where ! is an
 * object that was deleted and created again. */
struct kit_log {
    struct str text;
};
void kit_note(void *log, const struct delta *d); /* a store_delta_fn */
void kit_check_log(struct kit_log *log, const char *want); /* and empty it */

#endif
