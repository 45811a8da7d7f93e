/*
 * scan.h -- one walk over an object's JSON text: copies it compactly, leaves
 *           out what a snapshot does not keep, notes the names on the way.
 *           Private to snapshot.c.
 */
#ifndef TIDELOCK_SRC_KUBE_SCAN_H
#define TIDELOCK_SRC_KUBE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"

/* All names of one object together; Kubernetes allows 253 bytes for most. */
#define SCAN_NAMES_MAX 4096

/* Offsets into scan.names. 0 is the empty text there, so a name that was never
 * seen needs no special case. */
struct scan_owner {
    size_t uid;
    size_t api_version;
    size_t kind;
    size_t name;
};

struct scan {
    struct json_reader reader;
    const char *kept; /* of the body (kept.h); NULL: all */
    char *out; /* as large as the text, and what the caller adds */
    size_t len;
    size_t run_start, run_end; /* of the source, taken but not yet in `out` */
    bool comma; /* the next token on this level needs one before it */
    bool has_metadata;
    bool has_owner;
    bool deleting;
    bool partial; /* for snapshot.c: PartialObjectMetadata */
    int64_t generation;
    size_t api_version, kind;
    size_t name, ns, uid, resource_version;
    struct scan_owner owner; /* the controller */
    size_t label_owner;      /* label tidelock.dev/owner-uid */
    size_t names_len;
    char names[SCAN_NAMES_MAX];
};

/* `json` and `out` are borrowed until scan_release(). Set `kept` after it. */
void scan_init(struct scan *s, const char *json, size_t len, char *out);
void scan_release(struct scan *s);

/* Copies all that is kept, but for three pieces: managedFields of other
 * managers, apiVersion and kind with their values, and the closing brace of the
 * object. */
int scan_object(struct scan *s, struct err *err);

/* After scan_object(): what it left out. */
void scan_put(struct scan *s, const char *text);
/* Notes a name under *field; -ERR_INVALID when there is one already, when it
 * holds a NUL and when all together get too long. */
int scan_note(struct scan *s, size_t *field, const char *text, size_t len,
              struct err *err);

#endif
