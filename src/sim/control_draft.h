/*
 * control_draft.h -- building and reading objects without an `if` per field.
 *
 * A draft remembers that memory ran out: builders then do nothing and give
 * NULL or "", and whoever would send the result asks `failed` once.
 */
#ifndef TIDELOCK_SIM_CONTROL_DRAFT_H
#define TIDELOCK_SIM_CONTROL_DRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/value.h"

struct draft {
    struct arena *a;
    bool failed;
    int64_t unix_now;
    uint64_t now_ms;
};

/* ---- building ---- */
struct value *draft_object(struct draft *d);
struct value *draft_array(struct draft *d);
struct value *draft_copy(struct draft *d, const struct value *v);
struct value *draft_make(struct draft *d, struct value *object,
                         const char *key);
void draft_set(struct draft *d, struct value *object, const char *key,
               struct value *item);
/* A NULL text takes the key away. */
void draft_text(struct draft *d, struct value *object, const char *key,
                const char *text);
void draft_int(struct draft *d, struct value *object, const char *key,
               int64_t number);
/* As a number that is left out when it is 0. */
void draft_count(struct draft *d, struct value *object, const char *key,
                 int64_t number);
void draft_bool(struct draft *d, struct value *object, const char *key, bool b);
void draft_time(struct draft *d, struct value *object, const char *key,
                int64_t unix_seconds);
void draft_append(struct draft *d, struct value *array, struct value *item);
const char *draft_printf(struct draft *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* One entry of status.conditions. */
struct condition {
    const char *type, *status, *reason, *message;
    bool updates;       /* has a lastUpdateTime */
    bool probes;        /* has a lastProbeTime */
    int64_t generation; /* observedGeneration; 0: has none */
};
/* In its place, or at the end. lastTransitionTime moves with the status; does
 * nothing when status, reason and message are the same. True when it did. */
bool draft_condition(struct draft *d, struct value *status,
                     const struct condition *c);
const struct value *condition_find(const struct value *status,
                                   const char *type);
bool condition_is(const struct value *status, const char *type,
                  const char *value);
void condition_remove(struct value *status, const char *type);

/* ---- reading ---- */
size_t array_count(const struct value *array);
/* NULL beyond its end, and of what is no array. */
struct value *array_at(const struct value *array, size_t i);
void array_drop(struct value *array, size_t i);
bool array_has_text(const struct value *array, const char *text);
const char *object_name(const struct value *object); /* "" when it has none */
const char *object_ns(const struct value *object);
const char *object_uid(const struct value *object);
bool object_deleting(const struct value *object);
bool object_has_finalizer(const struct value *object, const char *name);
const char *object_annotation(const struct value *object, const char *name);
const char *object_label(const struct value *object, const char *name);
/* Unix seconds of an RFC 3339 text; 0 when it is none. */
int64_t object_time(const struct value *object, const char *path);
/* The owner that is its controller, or NULL. */
const struct value *object_controller(const struct value *object);
/* A percentage or a number, of `total`. */
int64_t scaled_value(const struct value *v, int64_t total, bool round_up);
/* Thousandths, rounded up; 0 for what is no quantity. */
int64_t quantity_milli(const char *text);

/* The first 32 bits of FNV-1a over the canonical text, spelled with letters
 * that form no words; "" on out of memory. */
const char *draft_hash(struct draft *d, const struct value *v, int64_t salt);

#endif
