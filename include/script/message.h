/*
 * message.h -- the messages between the main process and a worker, as structs.
 *              See frame.h for who says what when, and how they travel.
 */
#ifndef TIDELOCK_SCRIPT_MESSAGE_H
#define TIDELOCK_SCRIPT_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/operator.h"
#include "core/plan.h"
#include "core/view.h"
#include "script/script.h"

#define FRAME_SMALL_LIST 16 /* lists up to here travel with the call */
struct frame_hello {
    uint32_t protocol;
    const char *build;    /* version and commit: both ends are of one build */
    uint32_t descriptors; /* open ones, the socket among them */
    bool seccomp, landlock;
};

struct frame_load {
    uint32_t script; /* a number that calls name it by */
    struct script_limits limits;
    struct script_file *files;
    size_t file_count;
};

struct frame_loaded {
    uint32_t script;
    struct err err;
    struct operator_decl *decl; /* one, or none when `err` says why not */
    size_t decl_count;
};

/* One version of an object. `body` names it: 0 for one that is not to be kept,
 * else the worker keeps it until it is told to drop it. */
struct frame_object {
    uint64_t body;
    const char *api_version, *kind, *ns, *name, *uid;
    int64_t generation;
    const char *json; /* of a Secret: see frame_seal() */
    size_t json_len;
};

/* One place in a list; body 0: the worker lacks it, and may ask. */
struct frame_row {
    uint32_t item;
    const char *ns, *name;
    uint64_t body;
};

enum frame_scope { FRAME_SCOPE_UNKNOWN, FRAME_NAMESPACED, FRAME_CLUSTER };

/* An entry of view.kinds. */
struct frame_kind {
    struct gvk gvk;
    bool known;
    const char *unknown;
    bool owned;
    uint32_t read; /* index in decl.reads + 1, 0: owned */
    enum frame_scope scope;
    uint32_t count;
    bool complete; /* `rows` has all of them */
    struct frame_row *rows;
    size_t row_count;
};

/* A time zone of the view. */
struct frame_zone {
    const char *name;
    bool utc;          /* the one that has no bytes */
    const char *bytes; /* none: there is no such zone, `why` says so */
    size_t len;
    const char *why;
};

enum frame_job { FRAME_RECONCILE, FRAME_FINALIZE, FRAME_NAMES, FRAME_MAP };

struct frame_call {
    uint32_t serial; /* the answer carries it */
    uint32_t script;
    enum frame_job job;
    uint32_t read;        /* MAP: index in decl.reads */
    const uint64_t *drop; /* bodies that are no longer needed */
    size_t drop_count;
    struct frame_object object; /* the root; MAP: the object. No text when the
                                 * worker has `body` */
    int64_t now;                /* RECONCILE, FINALIZE: the view */
    struct value *params;
    struct frame_kind *kinds;
    size_t kind_count;
    struct frame_zone *zones;
    size_t zone_count;
};

enum frame_question { FRAME_GET_ITEM, FRAME_GET_NAME, FRAME_LIST };

struct frame_ask {
    enum frame_question question;
    uint32_t kind;         /* index in kinds */
    uint32_t item;         /* GET_ITEM */
    const char *ns, *name; /* GET_NAME; LIST: ns NULL is any */
    const char *labels;    /* LIST: selectors, or NULL */
    const char *fields;
};

/* The answer to GET_ITEM and GET_NAME. */
struct frame_found {
    struct err err;
    bool found;
    uint32_t item;
    struct frame_object object; /* no text when the worker has `body` */
};

struct frame_rows {
    struct err err;
    uint64_t cost; /* steps, to be charged to the script */
    struct frame_row *rows;
    size_t row_count;
};

/* struct view_read without pointers. */
struct frame_read {
    uint32_t kind, item;
    bool list, found;
    const char *ns, *name;
};

struct frame_names {
    const char **names;
    size_t count;
};

struct frame_answer {
    uint32_t serial;
    struct err err;
    struct plan plan; /* RECONCILE, FINALIZE; arena and reads are not sent */
    struct frame_read *reads;
    size_t read_count;
    struct frame_names *names; /* NAMES: one for each of decl.reads */
    size_t name_count;
    struct object_key *roots; /* MAP */
    size_t root_count;
};

#endif
