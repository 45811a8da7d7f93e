/*
 * crd_check.h -- results and their reporting. Private to crd_check.c and
 *                crd_scalar.c.
 */
#ifndef TIDELOCK_SRC_SIM_CRD_CHECK_H
#define TIDELOCK_SRC_SIM_CRD_CHECK_H

#include "crd_impl.h"

struct issue {
    const char *reason, *field, *message;
};

struct result {
    struct issue *items;
    size_t count, cap;
    unsigned matches;
};

struct checker {
    struct arena *a;
    struct str path;    /* "spec.ports[0]" */
    const char *prefix; /* "" or "status" */
    bool failed;
};

/* One value with its schema. */
struct subject {
    const struct value *schema, *value;
    const struct value *old; /* NULL: nothing to compare with */
};

void judge_add(struct checker *k, struct result *r, struct issue issue);
/* `reason` NULL: an issue of the object as a whole. */
void judge_report(struct checker *k, struct result *r, const char *reason,
                  const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static inline const char *judge_here(struct checker *k)
{
    return str_text(&k->path);
}

/* ---- crd_scalar.c ---- */
const char *judge_types_of(const struct value *schema);
void judge_type(struct checker *k, struct result *r, const struct subject *s);
void judge_string(struct checker *k, struct result *r, const struct subject *s);
void judge_format(struct checker *k, struct result *r, const struct subject *s);
void judge_number(struct checker *k, struct result *r, const struct subject *s);
void judge_enum(struct checker *k, struct result *r, const struct subject *s);
bool judge_limit(const struct value *schema, const char *name, int64_t *ret);

#endif
