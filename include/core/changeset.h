/*
 * changeset.h -- the requests that carry out a plan, in order; status last.
 *
 * Made by core/diff from a plan and a view; goes into a sink. A changeset is a
 * value: `plan -o json` prints exactly the requests that `run` sends.
 *
 * Everything lives in the changeset's arena or in the view's snapshots, which
 * it borrows: the view must outlive it. No order or content depends on
 * anything but the input of diff_plan().
 */
#ifndef TIDELOCK_CORE_CHANGESET_H
#define TIDELOCK_CORE_CHANGESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/value.h"
#include "core/blast.h"
#include "core/operator.h"
#include "core/plan.h"
#include "kube/request.h"
#include "kube/snapshot.h"

enum change_verb {
    CHANGE_ADD_FINALIZER, /* root: before every other write */
    CHANGE_CREATE,        /* apply with resourceVersion "1" (note 12) */
    CHANGE_APPLY,         /* apply with the uid */
    CHANGE_RECREATE,      /* delete, then create */
    CHANGE_PATCH,         /* foreign object */
    CHANGE_SCALE,
    CHANGE_DELETE,  /* plan:delete */
    CHANGE_PRUNE,   /* a child that is no longer declared */
    CHANGE_RELEASE, /* an orphan child that is no longer declared */
    CHANGE_STATUS,
    CHANGE_REMOVE_FINALIZER, /* root: after every other write */
    CHANGE_EVENT,
};

/* One difference for people. Texts in the changeset's arena. */
struct change_field {
    const char *path;     /* ".spec.ports[name=http].port" */
    struct value *before; /* NULL: absent */
    struct value *after;  /* NULL: removed */
    bool sensitive;
};

struct change {
    enum change_verb verb;
    const struct resource *resource;
    struct object_key key;
    struct value *body; /* what is sent, without the preconditions,
                         * which change_requests() puts in; NULL for
                         * deletes */
    const char *uid;    /* preconditions, NULL = none */
    const char *resource_version;
    enum patch_type patch_type; /* CHANGE_PATCH */
    const char *field_manager;  /* NULL: the operator's */
    bool force;
    const char *line;            /* script line, or NULL */
    const char *reason;          /* "no longer declared", ... or NULL */
    bool destructive;            /* note 12: the root is re-read live first */
    const char *contested;       /* this field is fought over: the change is
                                  * not sent, only who else owns it is read */
    const char *rival;           /* ... who: "" nobody; NULL: not read yet */
    bool check_immutable;        /* ask by dryRun whether it must be recreated:
                                  * refused as invalid, while change_probe() is
                                  * not, means the same change with verb
                                  * CHANGE_RECREATE */
    const char *declared_hash;   /* of a child or status, for
                                  * diff_memo_note(); NULL: no note */
    const struct snapshot *live; /* what the view had; borrowed, NULL: absent */
    struct change_field *fields; /* computed here, replaced by the server's
                                  * answer where a dryRun was made; paths of
                                  * CHANGE_STATUS start below .status */
    size_t field_count;
    bool confirmed; /* fields come from the server */
};

/* Something that was decided without a request, for the plan's readers:
 * "waiting for the old object to go", "held: gate". */
struct change_note {
    struct object_ref ref;
    const char *line;
    const char *text;
};

struct changeset {
    struct arena *arena;
    struct snapshot *root; /* borrowed */
    const struct resource *root_resource;
    const struct operator_decl *decl; /* borrowed */
    struct change *items;
    size_t count, cap;
    struct change_note *notes;
    size_t note_count, note_cap;
    struct blast blast; /* what it deletes, and may */
    size_t unchanged;   /* children already as declared */
    /* Set by whoever submits it: read live before anything is sent. When it is
     * gone, or look_first is set, nothing is sent: plan again from the look. */
    struct target look;
    bool look_first;
    const char *row, *script; /* for the log, set likewise: id, digest, NULL */
    const char *look_uid, *waiting_uid; /* "" when unknown */
    struct target waiting_for; /* the first that must go; no resource: none */
    bool waiting;    /* something must go first: plan again on delete */
    bool incomplete; /* status fields that the schema lacks were left out */
    char hash[HASH_HEX_SIZE]; /* over child writes and deletes (note 12); the
                               * same in every process, "" when there are
                               * none */
};

void changeset_init(struct changeset *cs, struct arena *a);
/* A zeroed new element at the end, NULL on out of memory. Pointers to
 * elements are valid until the next call. */
struct change *changeset_add(struct changeset *cs, enum change_verb verb);
/* `ref` and the texts are borrowed. 0 or -ERR_NOMEM. */
int changeset_note(struct changeset *cs, const struct object_ref *ref,
                   const char *line, const char *text);

struct render_options {
    const char *root_rv; /* the newest resourceVersion of the root that the
                          * sender knows: status and finalizer writes carry
                          * it. NULL: that of the snapshot planned from */
    bool dry_run;        /* the same request with dryRun=All */
};
struct request_pair {
    struct request items[2]; /* RECREATE: delete, create */
    size_t count;
};
/* The requests of one change, in `a`. */
int change_requests(const struct changeset *cs, const struct change *c,
                    const struct render_options *options, struct arena *a,
                    struct request_pair *ret, struct err *err);
/* The dry run of creating the object under a name that nobody has. Where a
 * change was refused it tells whether the change is what the server refuses, or
 * the object: then deleting it first would only lose it. */
int change_probe(const struct changeset *cs, const struct change *c,
                 struct arena *a, struct request *ret, struct err *err);
/* "create", "change", "recreate", "delete", "status", ...: for people. */
const char *change_verb_word(enum change_verb verb);
/* "+", "~", "-/+", "-" */
const char *change_verb_sign(enum change_verb verb);
/* Does it write a child or another object (not the root, not an Event)? */
bool change_is_child(const struct change *c);

#endif
