/*
 * shape.c -- see shape.h for the contract.
 *
 * Members are copied with memcpy from and to their offsets: pointers to
 * different types are all one size here, and a member's type is vouched for by
 * the macro that named it.
 */
#include "script/shape.h"

#include <string.h>

_Static_assert(sizeof(size_t) <= sizeof(uint64_t), "lengths fit the wire");
_Static_assert(sizeof(int) == 4, "an int is 4 bytes on the wire");
_Static_assert(sizeof(void *) == sizeof(char *), "one size of pointer");

/* ---- numbers and texts ---- */

static void put_number(struct str *out, uint64_t n, unsigned bytes)
{
    char raw[8];

    for (unsigned i = 0; i < bytes; i++)
        raw[i] = (char)(n >> (8 * i) & 0xFF);
    str_addn(out, raw, bytes);
}

void shape_put_u32(struct str *out, uint32_t n)
{
    put_number(out, n, 4);
}

void shape_put_u64(struct str *out, uint64_t n)
{
    put_number(out, n, 8);
}

void shape_put_text(struct str *out, const char *text, size_t len)
{
    if (!text) {
        shape_put_u32(out, 0);
        return;
    }
    if (len >= UINT32_MAX) {
        out->failed = ERR_LIMIT;
        return;
    }
    shape_put_u32(out, (uint32_t)len + 1);
    str_addn(out, text, len);
    str_addc(out, '\0');
}

static int get_number(struct shape_reader *r, unsigned bytes, uint64_t *ret,
                      struct err *err)
{
    uint64_t n = 0;

    if ((size_t)(r->end - r->at) < bytes)
        return err_set(err, ERR_PROTOCOL, "the frame ends too early");
    for (unsigned i = 0; i < bytes; i++)
        n |= (uint64_t)(unsigned char)r->at[i] << (8 * i);
    r->at += bytes;
    *ret = n;
    return 0;
}

int shape_get_u8(struct shape_reader *r, uint8_t *ret, struct err *err)
{
    uint64_t n = 0;
    int rc = get_number(r, 1, &n, err);

    *ret = (uint8_t)n;
    return rc;
}

int shape_get_u32(struct shape_reader *r, uint32_t *ret, struct err *err)
{
    uint64_t n = 0;
    int rc = get_number(r, 4, &n, err);

    *ret = (uint32_t)n;
    return rc;
}

int shape_get_u64(struct shape_reader *r, uint64_t *ret, struct err *err)
{
    *ret = 0;
    return get_number(r, 8, ret, err);
}

int shape_get_text(struct shape_reader *r, size_t max, const char **ret,
                   size_t *ret_len, struct err *err)
{
    uint32_t len;
    int rc = shape_get_u32(r, &len, err);

    *ret = NULL;
    *ret_len = 0;
    if (rc < 0 || len == 0)
        return rc;
    if (len > (size_t)(r->end - r->at))
        return err_set(err, ERR_PROTOCOL, "the frame ends too early");
    if (len - 1 > max)
        return err_set(err, ERR_PROTOCOL, "%u bytes, at most %zu are allowed",
                       len - 1, max);
    if (r->at[len - 1] != '\0')
        return err_set(err, ERR_PROTOCOL, "a text without its end");
    *ret = r->at;
    *ret_len = len - 1;
    r->at += len;
    return 0;
}

/* ---- writing ---- */

static size_t load_size(const void *base, uint32_t offset)
{
    size_t n;

    memcpy(&n, (const char *)base + offset, sizeof n);
    return n;
}

static const void *load_pointer(const void *base, uint32_t offset)
{
    const void *p;

    memcpy(&p, (const char *)base + offset, sizeof p);
    return p;
}

static void put_list(const struct shape_field *f, const void *base,
                     struct str *out)
{
    const char *items = load_pointer(base, f->offset);
    size_t count = load_size(base, f->count);

    if (count > f->max) {
        out->failed = ERR_LIMIT;
        return;
    }
    shape_put_u32(out, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        shape_put(f->of, items + i * f->of->size, out);
}

/* What needs more than its bytes. */
static void put_pointed(const struct shape_field *f, const void *base,
                        struct str *out)
{
    const void *p = load_pointer(base, f->offset);

    if (f->kind == SHAPE_TEXT)
        shape_put_text(out, p, p ? strlen(p) : 0);
    else if (f->kind == SHAPE_BYTES)
        shape_put_text(out, p ? p : "", load_size(base, f->count));
    else if (f->kind == SHAPE_VALUE && p)
        shape_put_value(p, out);
    else if (f->kind == SHAPE_VALUE)
        str_addc(out, '\0');
    else
        put_list(f, base, out);
}

static void put_field(const struct shape_field *f, const void *base,
                      struct str *out)
{
    const char *at = (const char *)base + f->offset;
    uint64_t wide;
    uint32_t narrow;
    bool flag;

    switch (f->kind) {
    case SHAPE_BOOL:
        memcpy(&flag, at, sizeof flag);
        put_number(out, flag, 1);
        return;
    case SHAPE_ENUM:
    case SHAPE_INT:
    case SHAPE_U32:
        memcpy(&narrow, at, sizeof narrow);
        put_number(out, narrow, 4);
        return;
    case SHAPE_U64:
    case SHAPE_I64:
        memcpy(&wide, at, sizeof wide);
        put_number(out, wide, 8);
        return;
    case SHAPE_SIZE:
        put_number(out, load_size(base, f->offset), 8);
        return;
    case SHAPE_CHARS:
        shape_put_text(out, at, strnlen(at, f->max - 1));
        return;
    case SHAPE_IN:
        shape_put(f->of, at, out);
        return;
    case SHAPE_TEXT:
    case SHAPE_BYTES:
    case SHAPE_VALUE:
    case SHAPE_LIST:
        put_pointed(f, base, out);
        return;
    }
}

void shape_put(const struct shape *s, const void *from, struct str *out)
{
    for (size_t i = 0; i < s->count && out->failed == ERR_NONE; i++)
        put_field(&s->fields[i], from, out);
}

/* ---- reading ---- */

static int get_flag(struct shape_reader *r, void *to, struct err *err)
{
    uint8_t n;
    int rc = shape_get_u8(r, &n, err);
    bool flag = n == 1;

    if (rc == 0 && n > 1)
        rc = err_set(err, ERR_PROTOCOL, "%u is neither true nor false", n);
    memcpy(to, &flag, sizeof flag);
    return rc;
}

static int get_narrow(const struct shape_field *f, struct shape_reader *r,
                      void *to, struct err *err)
{
    uint32_t n;
    int rc = shape_get_u32(r, &n, err);

    if (rc == 0 && f->kind == SHAPE_ENUM && n > f->max)
        rc = err_set(err, ERR_PROTOCOL, "there is no value %u", n);
    if (rc == 0)
        memcpy(to, &n, sizeof n);
    return rc;
}

static int get_wide(const struct shape_field *f, struct shape_reader *r,
                    void *to, struct err *err)
{
    uint64_t n;
    size_t size;
    int rc = shape_get_u64(r, &n, err);

    size = (size_t)n;
    if (rc == 0 && f->kind == SHAPE_SIZE && size != n)
        rc = err_set(err, ERR_PROTOCOL, "too large a number");
    if (rc == 0 && f->kind == SHAPE_SIZE)
        memcpy(to, &size, sizeof size);
    else if (rc == 0)
        memcpy(to, &n, sizeof n);
    return rc;
}

static int check_text(const char *text, size_t len, struct err *err)
{
    if (memchr(text, '\0', len))
        return err_set(err, ERR_PROTOCOL, "a NUL inside of a text");
    if (!text_is_utf8(text, len))
        return err_set(err, ERR_PROTOCOL, "not UTF-8");
    return 0;
}

static int get_chars(const struct shape_field *f, struct shape_reader *r,
                     char *to, struct err *err)
{
    const char *text;
    size_t len;
    int rc = shape_get_text(r, f->max - 1, &text, &len, err);

    if (rc == 0 && !text)
        rc = err_set(err, ERR_PROTOCOL, "missing");
    if (rc == 0)
        rc = check_text(text, len, err);
    if (rc == 0)
        memcpy(to, text, len + 1);
    return rc;
}

static int get_text(const struct shape_field *f, struct shape_reader *r,
                    char *base, struct err *err)
{
    const char *text;
    size_t len;
    int rc = shape_get_text(r, f->max, &text, &len, err);

    if (rc == 0 && !text && !f->optional)
        rc = err_set(err, ERR_PROTOCOL, "missing");
    if (rc == 0 && text && f->kind == SHAPE_TEXT)
        rc = check_text(text, len, err);
    if (rc < 0)
        return rc;
    memcpy(base + f->offset, &text, sizeof text);
    if (f->kind == SHAPE_BYTES)
        memcpy(base + f->count, &len, sizeof len);
    return 0;
}

/* The bytes that the smallest struct of that shape takes on the wire. */
static size_t least(const struct shape *s)
{
    static const size_t bytes[] = {
        [SHAPE_BOOL] = 1,  [SHAPE_ENUM] = 4,  [SHAPE_INT] = 4,
        [SHAPE_U32] = 4,   [SHAPE_U64] = 8,   [SHAPE_I64] = 8,
        [SHAPE_SIZE] = 8,  [SHAPE_TEXT] = 4,  [SHAPE_CHARS] = 4,
        [SHAPE_BYTES] = 4, [SHAPE_VALUE] = 1, [SHAPE_LIST] = 4,
    };
    size_t sum = 0;

    for (size_t i = 0; i < s->count; i++)
        sum += s->fields[i].kind == SHAPE_IN ? least(s->fields[i].of)
                                             : bytes[s->fields[i].kind];
    return sum;
}

/* What its elements take at least bounds the count by the bytes left, so that
 * the memory is that of a frame which is what it says. */
static int get_list(const struct shape_field *f, struct shape_reader *r,
                    char *base, struct err *err)
{
    uint32_t n;
    size_t count;
    char *items = NULL;
    int rc = shape_get_u32(r, &n, err);

    if (rc < 0)
        return rc;
    if (n > f->max || n > (size_t)(r->end - r->at) / least(f->of))
        return err_set(err, ERR_PROTOCOL, "%u elements are too many", n);
    if (n > 0) {
        items = arena_calloc(r->arena, n, f->of->size);
        if (!items)
            return err_nomem(err);
    }
    for (count = 0; count < n && rc == 0; count++)
        rc = shape_get(f->of, r, items + count * f->of->size, err);
    if (rc < 0)
        return err_wrap(err, "element %zu", count);
    memcpy(base + f->offset, &items, sizeof items);
    memcpy(base + f->count, &count, sizeof count);
    if (f->cap != SHAPE_NO_CAP)
        memcpy(base + f->cap, &count, sizeof count);
    return 0;
}

static int get_tree(const struct shape_field *f, struct shape_reader *r,
                    char *base, struct err *err)
{
    struct value *v = NULL;
    int rc = shape_get_value(r, &v, err);

    if (rc == 0 && !v && !f->optional)
        rc = err_set(err, ERR_PROTOCOL, "missing");
    if (rc == 0)
        memcpy(base + f->offset, &v, sizeof v);
    return rc;
}

static int get_field(const struct shape_field *f, struct shape_reader *r,
                     char *base, struct err *err)
{
    char *at = base + f->offset;

    switch (f->kind) {
    case SHAPE_BOOL:
        return get_flag(r, at, err);
    case SHAPE_ENUM:
    case SHAPE_INT:
    case SHAPE_U32:
        return get_narrow(f, r, at, err);
    case SHAPE_U64:
    case SHAPE_I64:
    case SHAPE_SIZE:
        return get_wide(f, r, at, err);
    case SHAPE_CHARS:
        return get_chars(f, r, at, err);
    case SHAPE_IN:
        return shape_get(f->of, r, at, err);
    case SHAPE_TEXT:
    case SHAPE_BYTES:
        return get_text(f, r, base, err);
    case SHAPE_VALUE:
        return get_tree(f, r, base, err);
    case SHAPE_LIST:
        return get_list(f, r, base, err);
    }
    return err_set(err, ERR_PROTOCOL, "a member of no kind");
}

int shape_get(const struct shape *s, struct shape_reader *r, void *to,
              struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < s->count && rc == 0; i++) {
        rc = get_field(&s->fields[i], r, to, err);
        if (rc < 0)
            err_wrap(err, "%s", s->fields[i].name);
    }
    return rc;
}
