/*
 * comparison_impl.h -- what the files of the comparison share; private to app.
 */
#ifndef TIDELOCK_APP_COMPARISON_PRIVATE_H
#define TIDELOCK_APP_COMPARISON_PRIVATE_H

#include "app/comparison.h"
#include "core/diff.h"

/* One thing that only one side does, or that both do differently. */
struct difference {
    char sign; /* '+' only the new plan, '-' only the old one, '~' both */
    const struct value *change; /* of the new one where it has it; NULL: */
    const char *about;          /* ... a word for what concerns the pass */
    struct change_field *fields;
    size_t field_count;
};

struct compared {
    const char *label; /* NULL: the root's key */
    const char *ns, *name;
    struct difference *items;
    size_t count, cap;
    bool broken;       /* the new plan fails, the old one did not */
    const char *text;  /* for people */
    const char *shape; /* the same with the root's name blanked */
};

struct comparison {
    struct comparison_options options;
    struct arena arena;
    struct compared *items;
    size_t count, cap;
    size_t differing, broken;
};

/* ---- comparison.c ---- */
/* A zeroed new element; NULL on out of memory. */
struct difference *compared_add(struct compared *pair);

/* ---- comparison_match.c ---- */
int compare_items(struct comparison *c, struct compared *pair,
                  const struct value *old_item, const struct value *new_item,
                  struct err *err);

/* ---- comparison_print.c ---- */
/* Sets `text` and `shape`. */
int compared_describe(struct comparison *c, struct compared *pair,
                      struct err *err);
int comparison_print_text(struct comparison *c, struct err *err);
int comparison_print_document(struct comparison *c, struct err *err);

#endif
