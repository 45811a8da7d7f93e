/*
 * plan.h -- what a script declared for one root: a value, nothing is done yet.
 *
 * Made by the job function (script/job), read by core/diff. Everything lives
 * in the arena given at birth. Steps keep the order of declaration; `line` is
 * the script's place, "operator.lua:31".
 */
#ifndef TIDELOCK_CORE_PLAN_H
#define TIDELOCK_CORE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/value.h"
#include "core/view.h"
#include "kube/key.h"
#include "kube/request.h"

#define PLAN_MAX_STEPS 500 /* note 07 B5.3 */
#define PLAN_MAX_BYTES (1u << 20)
#define PLAN_MAX_NODES 100000u
#define PLAN_MAX_DEPTH 64u
#define PLAN_MAX_STRING (256u << 10)
#define PLAN_MAX_LOGS 100
#define PLAN_MAX_LOG_TEXT 4096
#define PLAN_MAX_WHY 1024
#define PLAN_NO_ROW (-1)
#define PLAN_MAX_NOTES 200                  /* conditions, and events */
#define PLAN_MAX_TIME INT64_C(253402300799) /* the end of the year 9999 */

/* How a VALUE_SECRET names its snapshot (as.secret.snapshot): the kind's index
 * in view.kinds and the item's there, or the root. */
#define PLAN_SECRET_ROOT UINT32_MAX
#define PLAN_SECRET_ITEM_BITS 20
#define PLAN_SECRET_ID(kind, item)                                             \
    ((uint32_t)(kind) << PLAN_SECRET_ITEM_BITS | (uint32_t)(item))

struct object_ref {
    struct gvk gvk;
    struct object_key key; /* ns "" = the root's, or cluster-scoped */
};

enum plan_verb { PLAN_APPLY, PLAN_PATCH, PLAN_DELETE, PLAN_SCALE };

struct plan_step {
    enum plan_verb verb;
    struct object_ref ref;
    struct value *body; /* APPLY: the object; PATCH: the patch; else NULL */
    const char *line;
    /* APPLY */
    struct object_ref *after; /* comes after these steps */
    size_t after_count;
    const char *held; /* gate not open yet: neither applied nor pruned */
    bool orphan;      /* on_delete = "orphan" */
    bool recreate;    /* immutable = "recreate" */
    /* PATCH */
    enum patch_type patch_type;
    /* SCALE */
    int64_t replicas;
};

struct plan_condition {
    const char *type;
    const char *status; /* "True", "False", "Unknown" */
    const char *reason;
    const char *message;
    const char *line;
};

struct plan_event {
    const char *type; /* "Normal", "Warning" */
    const char *reason;
    const char *note;
    const char *line;
};

struct plan_log {
    bool warn;
    const char *text; /* at most 4 KiB, as the script gave it */
};

struct plan {
    struct arena *arena;
    struct plan_step *steps;
    size_t count, cap;
    struct value *status; /* NULL: plan:status was not called */
    const char *status_line;
    struct plan_condition *conditions;
    size_t condition_count, condition_cap;
    struct plan_event *events;
    size_t event_count, event_cap;
    struct plan_log *logs;
    size_t log_count, log_cap;
    struct view_read *reads;
    size_t read_count, read_cap;
    int64_t requeue_ms;     /* -1: none; the earliest wins */
    int64_t requeue_at;     /* unix seconds, -1: none */
    const char *nothing;    /* plan:nothing(reason), else NULL */
    const char *prune_all;  /* plan:prune_all(reason), else NULL */
    const char *allow_bulk; /* plan:allow_bulk(reason), else NULL */
    int row;                /* of the decision table that was chosen, index into
                             * the declaration's rows; PLAN_NO_ROW: there is no
                             * table, finalize() was called, or the run ended
                             * before a row was chosen */
    const char *why;        /* the row's reason, at most PLAN_MAX_WHY bytes;
                             * NULL without a row, or when it has no text */
    bool hold;              /* the row prunes nothing: what it does not declare
                             * stays as it is, also the status */
    const char *zone_wanted; /* of a failed run, which ended because the script
                              * asked for a time zone that the view does not
                              * have: run it again with the zone in the view.
                              * A valid name (base/zone.h); else NULL */
    const char *trace;       /* of a failed run, for people: the operator, the
                              * object, the Lua frames; else NULL */
    bool finalizing;         /* made by finalize() */
    bool finalize_done;      /* finalize() returned true */
};

void plan_init(struct plan *p, struct arena *a);
/* Zeroed new elements, owned by the plan and valid until the next one of that
 * list is added. NULL on out of memory, and beyond PLAN_MAX_STEPS (`err` says
 * which) and PLAN_MAX_LOGS. */
struct plan_step *plan_add(struct plan *p, enum plan_verb verb,
                           struct err *err);
struct plan_condition *plan_add_condition(struct plan *p);
struct plan_event *plan_add_event(struct plan *p);
struct plan_log *plan_add_log(struct plan *p);
struct view_read *plan_add_read(struct plan *p);
void plan_requeue(struct plan *p, int64_t ms);        /* earliest wins */
void plan_requeue_at(struct plan *p, int64_t unix_s); /* earliest wins */

/* As metav1.Condition wants a reason, [A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?,
 * and the type of a condition: optional DNS prefix, letters, digits, "-_.". */
bool plan_is_reason(const char *text);
bool plan_is_condition_type(const char *text);

/* Replace every VALUE_SECRET below the steps by the bytes of the view's
 * snapshot (base64 as it is under .data of a Secret, decoded anywhere else;
 * not UTF-8 there: -ERR_PLAN), marked sensitive. One in the status is refused:
 * -ERR_PLAN. */
int plan_resolve_secrets(struct plan *p, const struct view *view,
                         struct err *err);

#endif
