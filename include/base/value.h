/*
 * value.h -- a JSON document as a tree in an arena.
 *
 * Built by value_parse() or by hand, then read. Object members keep their
 * order of insertion; value_print() sorts, so that two equal documents print
 * as the same bytes (canonical form: sorted keys, shortest numbers).
 *
 * A tree borrows nothing: texts are copied into the arena. Trees may share
 * subtrees of the same or a longer-living arena.
 */
#ifndef TIDELOCK_BASE_VALUE_H
#define TIDELOCK_BASE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"

enum value_type {
    VALUE_NULL,
    VALUE_BOOL,
    VALUE_INTEGER,
    VALUE_DOUBLE,
    VALUE_STRING,
    VALUE_ARRAY,
    VALUE_OBJECT,
    VALUE_SECRET, /* a handle to bytes the script never saw; see below */
};

struct value;
struct value_member {
    const char *key; /* NUL-terminated; may also hold NULs */
    uint32_t key_len;
    struct value *value;
};

struct value {
    uint8_t type;   /* enum value_type */
    bool sensitive; /* print as "(sensitive)" to people */
    uint32_t count; /* ARRAY, OBJECT: elements; STRING: bytes */
    uint32_t cap;
    union {
        bool boolean;
        int64_t integer;
        double number;
        const char *string;           /* NUL-terminated */
        struct value **items;         /* ARRAY */
        struct value_member *members; /* OBJECT */
        struct {
            uint32_t snapshot; /* which snapshot of the job */
            const char *key;   /* under its .data */
        } secret;
    } as;
};

/* ---- parse and print ---- */
/* Duplicate keys are -ERR_INVALID. `ret_value` lives in `a`. */
int value_parse(struct arena *a, const char *text, size_t len,
                struct value **ret_value, struct err *err);
/* Canonical text. A SECRET or a NaN is -ERR_INVALID. */
int value_print(const struct value *v, struct str *out, struct err *err);
/* Indented by two, sorted, for people; sensitive values as "(sensitive)". */
int value_print_pretty(const struct value *v, struct str *out, struct err *err);
/* YAML for people (block style, sorted keys, quoted when YAML 1.1 would read
 * the text as something else); sensitive values as (sensitive). `indent`
 * columns before each line. */
int value_print_yaml(const struct value *v, unsigned indent, struct str *out,
                     struct err *err);

/* ---- build; NULL on out of memory ---- */
struct value *value_null(struct arena *a);
struct value *value_bool(struct arena *a, bool b);
struct value *value_integer(struct arena *a, int64_t i);
struct value *value_double(struct arena *a, double d);
struct value *value_string(struct arena *a, const char *text);
struct value *value_stringn(struct arena *a, const char *text, size_t len);
struct value *value_array(struct arena *a);
struct value *value_object(struct arena *a);
/* Append / set (replacing in place). NULL `item` is taken as a failed
 * allocation and passed on, so calls may be nested:
 *     if (value_set(a, meta, "name", value_string(a, name)) < 0) ...
 * Return 0 or -ERR_NOMEM. */
int value_append(struct arena *a, struct value *array, struct value *item);
int value_set(struct arena *a, struct value *object, const char *key,
              struct value *item);
int value_setn(struct arena *a, struct value *object, const char *key,
               size_t key_len, struct value *item);
/* A text that may be missing: NULL sets nothing. */
int value_set_text(struct arena *a, struct value *object, const char *key,
                   const char *text);
/* Append without looking whether the key is there: for callers that know it
 * is not, in objects of many members. */
int value_addn(struct arena *a, struct value *object, const char *key,
               size_t key_len, struct value *item);
/* Child object of that name, made when absent or not an object. */
struct value *value_make(struct arena *a, struct value *object,
                         const char *key);
void value_unset(struct value *object, const char *key); /* no-op if absent */
void value_unsetn(struct value *object, const char *key, size_t key_len);
struct value *value_copy(struct arena *a, const struct value *v); /* deep */

/* ---- read; all accept NULL and the wrong type and answer "absent" ---- */
struct value *value_get(const struct value *object, const char *key);
struct value *value_getn(const struct value *object, const char *key,
                         size_t key_len);
/* "metadata.labels" and so on: keys separated by dots (no key with a dot). */
struct value *value_path(const struct value *object, const char *path);
const char *value_text(const struct value *v); /* or NULL */
const char *value_text_at(const struct value *v, const char *path);
int64_t value_int_at(const struct value *v, const char *path,
                     int64_t otherwise);
bool value_bool_at(const struct value *v, const char *path, bool otherwise);
static inline bool value_is(const struct value *v, enum value_type type)
{
    return v && v->type == type;
}
const char *value_type_name(const struct value *v); /* "integer", "array".. */

/* Deep equality: objects without order; 1 equals 1.0. */
bool value_equal(const struct value *a, const struct value *b);

#endif
