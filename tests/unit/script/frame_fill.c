/*
 * frame_fill.c -- see frame_fill.h.
 *
 * That the shapes name every member is what tests/lint/shapes.lua is for.
 */
#include "frame_fill.h"

#include <string.h>

#include "script/frame_shapes.h"

struct fill {
    struct arena *arena;
    uint32_t next; /* the number that the next member gets */
};

const struct shape *frame_fill_shape(enum frame_type type)
{
    static const struct shape *const shapes[FRAME_TYPES] = {
        [FRAME_HELLO] = &shape_hello,   [FRAME_LOAD] = &shape_load,
        [FRAME_LOADED] = &shape_loaded, [FRAME_CALL] = &shape_call,
        [FRAME_ASK] = &shape_ask,       [FRAME_FOUND] = &shape_found,
        [FRAME_ROWS] = &shape_rows,     [FRAME_ANSWER] = &shape_answer,
        [FRAME_PROBE] = &shape_probe,   [FRAME_PROBED] = &shape_probed,
    };

    return shapes[type];
}

static struct value *secret(struct fill *f)
{
    struct value *v = value_string(f->arena, "password");

    if (!v)
        return NULL;
    v->type = VALUE_SECRET;
    v->sensitive = true;
    v->count = 0;
    v->as.secret.key = "password";
    v->as.secret.snapshot = ++f->next;
    return v;
}

/* One of every type, not in the order of the keys. */
static struct value *tree(struct fill *f)
{
    struct arena *a = f->arena;
    struct value *list = value_array(a), *object = value_object(a);

    if (!list || !object ||
        value_append(a, list, value_integer(a, -(int64_t)++f->next)) < 0 ||
        value_append(a, list, value_null(a)) < 0 ||
        value_append(a, list, value_object(a)) < 0 ||
        value_set(a, object, "z", value_bool(a, true)) < 0 ||
        value_set(a, object, "list", list) < 0 ||
        value_set(a, object, "half", value_double(a, ++f->next + 0.5)) < 0 ||
        value_set(a, object, "secret", secret(f)) < 0 ||
        value_set(a, object, "text", value_stringn(a, "a\0\xC3\xA9", 4)) < 0)
        return NULL;
    return object;
}

static bool fill_shape(const struct shape *s, struct fill *f, char *to);

static bool fill_list(const struct shape_field *m, struct fill *f, char *to)
{
    size_t count = m->max < 2 ? m->max : 2;
    char *items = arena_calloc(f->arena, count, m->of->size);

    if (!items)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!fill_shape(m->of, f, items + i * m->of->size))
            return false;
    memcpy(to + m->offset, &items, sizeof items);
    memcpy(to + m->count, &count, sizeof count);
    return true;
}

static bool fill_pointed(const struct shape_field *m, struct fill *f, char *to)
{
    const void *p = m->kind == SHAPE_VALUE
                        ? (const void *)tree(f)
                        : arena_printf(f->arena, "t%u", ++f->next);
    size_t len;

    if (!p)
        return false;
    memcpy(to + m->offset, &p, sizeof p);
    if (m->kind == SHAPE_BYTES) {
        len = strlen(p);
        memcpy(to + m->count, &len, sizeof len);
    }
    return true;
}

static bool fill_field(const struct shape_field *m, struct fill *f, char *to)
{
    uint32_t narrow = ++f->next;
    uint64_t wide = ((uint64_t)narrow << 32) + narrow;
    bool flag = true;

    switch (m->kind) {
    case SHAPE_BOOL:
        memcpy(to + m->offset, &flag, sizeof flag);
        return true;
    case SHAPE_ENUM:
        narrow = 1 + narrow % m->max;
        memcpy(to + m->offset, &narrow, sizeof narrow);
        return true;
    case SHAPE_INT:
    case SHAPE_U32:
        memcpy(to + m->offset, &narrow, sizeof narrow);
        return true;
    case SHAPE_U64:
    case SHAPE_I64:
    case SHAPE_SIZE:
        memcpy(to + m->offset, &wide, sizeof wide);
        return true;
    case SHAPE_CHARS:
        memcpy(to + m->offset, "why", sizeof "why");
        return true;
    case SHAPE_IN:
        return fill_shape(m->of, f, to + m->offset);
    case SHAPE_LIST:
        return fill_list(m, f, to);
    case SHAPE_TEXT:
    case SHAPE_BYTES:
    case SHAPE_VALUE:
        return fill_pointed(m, f, to);
    }
    return false;
}

static bool fill_shape(const struct shape *s, struct fill *f, char *to)
{
    for (size_t i = 0; i < s->count; i++)
        if (!fill_field(&s->fields[i], f, to))
            return false;
    return true;
}

void *frame_blank(enum frame_type type, struct arena *a)
{
    void *msg = arena_calloc(a, 1, frame_fill_shape(type)->size);

    if (msg && type == FRAME_ANSWER)
        plan_init(&((struct frame_answer *)msg)->plan, a);
    return msg;
}

void *frame_fill(enum frame_type type, struct arena *a)
{
    struct fill f = {a, 0};
    void *msg = frame_blank(type, a);

    return msg && fill_shape(frame_fill_shape(type), &f, msg) ? msg : NULL;
}
