/*
 * shape.h -- structs as bytes and back, by tables that name their members.
 *
 * A shape lists the members of a struct that travel, in their order on the
 * wire. One pair of functions walks every shape, so a member that is added to
 * a struct costs one line here, and tests/lint/shapes.lua fails when that line
 * is forgotten.
 *
 * On the wire: numbers are little endian; a text is its length + 1 in 4 bytes
 * (0: NULL), its bytes and a NUL, so that a reader points into the frame; a
 * list is its count in 4 bytes and its elements.
 *
 * What is read is not trusted: every count is bounded by the bytes that are
 * left, every text is UTF-8 without NUL, every enum has a name, a tree obeys
 * the limits of core/plan.h and has no key twice.
 */
#ifndef TIDELOCK_SCRIPT_SHAPE_H
#define TIDELOCK_SCRIPT_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/value.h"

enum shape_kind {
    SHAPE_BOOL,
    SHAPE_ENUM, /* an enum of non-negative values, at most `max` */
    SHAPE_INT,  /* of 4 bytes */
    SHAPE_U32,
    SHAPE_U64,
    SHAPE_I64,
    SHAPE_SIZE,  /* size_t, 8 bytes on the wire */
    SHAPE_TEXT,  /* const char *, at most `max` bytes */
    SHAPE_CHARS, /* char[max] with its NUL inside */
    SHAPE_BYTES, /* const char * and a size_t at `count`; may hold NULs */
    SHAPE_VALUE, /* struct value * */
    SHAPE_IN,    /* a struct inside, of shape `of` */
    SHAPE_LIST,  /* a pointer to `of`s and a size_t at `count` */
};

#define SHAPE_NO_CAP UINT32_MAX

struct shape;
struct shape_field {
    const char *name;
    enum shape_kind kind;
    bool optional; /* TEXT, VALUE: NULL is fine */
    uint32_t offset;
    uint32_t count; /* BYTES, LIST: offset of the length */
    uint32_t cap;   /* LIST: offset of its capacity, or SHAPE_NO_CAP */
    uint32_t max;
    const struct shape *of;
};

struct shape {
    size_t size;
    const struct shape_field *fields;
    size_t count;
};

#define SHAPE_AT(S, m) (uint32_t) offsetof(struct S, m)
#define SHAPE_FIELD_(S, m, kind_, ...)                                         \
    {                                                                          \
        .name = #m, .kind = kind_, .offset = SHAPE_AT(S, m), __VA_ARGS__       \
    }
#define F_BOOL(S, m) SHAPE_FIELD_(S, m, SHAPE_BOOL, .max = 0)
#define F_ENUM(S, m, last) SHAPE_FIELD_(S, m, SHAPE_ENUM, .max = last)
#define F_INT(S, m) SHAPE_FIELD_(S, m, SHAPE_INT, .max = 0)
#define F_U32(S, m) SHAPE_FIELD_(S, m, SHAPE_U32, .max = 0)
#define F_U64(S, m) SHAPE_FIELD_(S, m, SHAPE_U64, .max = 0)
#define F_I64(S, m) SHAPE_FIELD_(S, m, SHAPE_I64, .max = 0)
#define F_SIZE(S, m) SHAPE_FIELD_(S, m, SHAPE_SIZE, .max = 0)
#define F_TEXT(S, m, max_) SHAPE_FIELD_(S, m, SHAPE_TEXT, .max = max_)
#define F_TEXT_OR_NULL(S, m, max_)                                             \
    SHAPE_FIELD_(S, m, SHAPE_TEXT, .max = max_, .optional = true)
#define F_CHARS(S, m)                                                          \
    SHAPE_FIELD_(S, m, SHAPE_CHARS, .max = sizeof(((struct S *)0)->m))
#define F_BYTES(S, m, n, max_)                                                 \
    SHAPE_FIELD_(S, m, SHAPE_BYTES, .count = SHAPE_AT(S, n), .max = max_)
#define F_VALUE_OR_NULL(S, m)                                                  \
    SHAPE_FIELD_(S, m, SHAPE_VALUE, .max = 0, .optional = true)
#define F_IN(S, m, of_) SHAPE_FIELD_(S, m, SHAPE_IN, .of = of_)
#define F_LIST(S, m, n, max_, of_)                                             \
    SHAPE_FIELD_(S, m, SHAPE_LIST, .count = SHAPE_AT(S, n),                    \
                 .cap = SHAPE_NO_CAP, .max = max_, .of = of_)
/* ... whose capacity is kept beside it: core/plan.h lets such lists grow. */
#define F_GROWING(S, m, n, cap_, max_, of_)                                    \
    SHAPE_FIELD_(S, m, SHAPE_LIST, .count = SHAPE_AT(S, n),                    \
                 .cap = SHAPE_AT(S, cap_), .max = max_, .of = of_)

#define SHAPE_OF(name, S)                                                      \
    const struct shape name = {sizeof(struct S), name##_fields,                \
                               sizeof name##_fields / sizeof name##_fields[0]}

/* Append. What goes wrong is in out->failed (memory, its limit). */
void shape_put(const struct shape *s, const void *from, struct str *out);

/* What is being read: bytes that live as long as what is made of them. */
struct shape_reader {
    const char *at, *end;
    struct arena *arena; /* for lists and trees */
    size_t max_string;   /* bytes of one text of a tree */
    unsigned max_depth;  /* of a tree */
    size_t nodes;        /* of trees, so far; core/plan.h has the limit */
    size_t text_bytes;   /* of trees, so far; likewise */
};
/* Fills the members of `to`; what is not of the shape is left as it is. The
 * reader must be at its end when the whole frame was read: check that.
 * -ERR_PROTOCOL or -ERR_NOMEM. */
int shape_get(const struct shape *s, struct shape_reader *r, void *to,
              struct err *err);

/* ---- trees (shape_value.c) ---- */
void shape_put_value(const struct value *v, struct str *out);
int shape_get_value(struct shape_reader *r, struct value **ret,
                    struct err *err);

/* ---- what both files read with ---- */
void shape_put_u32(struct str *out, uint32_t n);
void shape_put_u64(struct str *out, uint64_t n);
void shape_put_text(struct str *out, const char *text, size_t len);
int shape_get_u8(struct shape_reader *r, uint8_t *ret, struct err *err);
int shape_get_u32(struct shape_reader *r, uint32_t *ret, struct err *err);
int shape_get_u64(struct shape_reader *r, uint64_t *ret, struct err *err);
/* Into the frame; *ret NULL for NULL. */
int shape_get_text(struct shape_reader *r, size_t max, const char **ret,
                   size_t *ret_len, struct err *err);

#endif
