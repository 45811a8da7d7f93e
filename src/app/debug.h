/*
 * debug.h -- lists of what is going on inside, as JSON or as a table for
 *            people; private to app.
 *
 *     {"apiVersion": "tidelock.dev/v1alpha1", "kind": "DebugQueue",
 *      "leader": true, "items": [{...}, ...], "truncated": false}
 *
 * Bounded: DEBUG_MAX_ITEMS items; what is beyond is said, not shown. `?o=text`,
 * or an Accept that wants text and not JSON, gives a table of some columns.
 * `?operator=NAME` and `?object=NS/NAME` keep those items alone.
 */
#ifndef TIDELOCK_APP_DEBUG_H
#define TIDELOCK_APP_DEBUG_H

#include "app/endpoint.h"
#include "base/value.h"

#define DEBUG_MAX_ITEMS 1000u

struct debug_column {
    const char *title; /* "AGE" */
    const char *key;   /* a member of an item: text, number, boolean */
};

struct debug_list {
    struct arena *a;
    const struct endpoint_request *request;
    struct value *items;
    size_t left_out;
    bool failed; /* out of memory */
};

/* A new item at the end; NULL: enough of them, or out of memory. */
struct value *debug_item(struct debug_list *l);
/* Its members. Out of memory makes the list fail. */
void debug_text(struct debug_list *l, struct value *item, const char *key,
                const char *text); /* NULL is "" */
void debug_number(struct debug_list *l, struct value *item, const char *key,
                  int64_t n);
void debug_flag(struct debug_list *l, struct value *item, const char *key,
                bool flag);
void debug_object(struct debug_list *l, struct value *item, const char *key,
                  const struct object_key *object);

/* The page, out of the list that was filled. `columns` ends with a NULL title.
 */
void debug_show(struct debug_list *l, const char *kind, bool leader,
                const struct debug_column *columns,
                struct endpoint_answer *ret);

#endif
