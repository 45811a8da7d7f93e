/*
 * value_parse.c -- JSON text to a tree; see value.h.
 *
 * DESIGN
 *
 * The text is copied into the arena once and read there. A string without
 * escapes stays where it is: its closing quote, which the reader has passed,
 * becomes its NUL. So a document costs one copy, one block of 32 bytes a
 * value, and the element arrays.
 *
 * Elements of open containers stand on one stack; when a container ends, its
 * part is copied into the arena at its exact size. Nothing is grown there.
 *
 * Duplicate keys are looked for when an object ends: pairwise in small ones,
 * in a sorted copy of the keys in large ones.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/value.h"

#define PAIRWISE_MAX 24

struct parser {
    struct arena *arena;
    struct json_reader reader;
    char *copy; /* of the text, in the arena */
    struct err *err;

    struct value_member *stack; /* array elements have no key */
    size_t count;
    size_t cap;
    struct {
        struct value *container;
        size_t base; /* of its elements on the stack */
    } open[JSON_MAX_DEPTH];
    unsigned depth;

    const char *key; /* that waits for its value */
    uint32_t key_len;
};

static int no_memory(struct parser *p)
{
    if (p->arena->full)
        return err_set(p->err, ERR_LIMIT,
                       "the document needs more than %zu bytes of memory",
                       p->arena->limit);
    return err_nomem(p->err);
}

/* The reader's string as text of the arena, NUL-terminated. */
static const char *keep_string(struct parser *p)
{
    const char *text = p->reader.string;

    if (text < p->copy || text >= p->copy + p->reader.len)
        return arena_strndup(p->arena, text, p->reader.string_len);
    p->copy[(size_t)(text - p->copy) + p->reader.string_len] = '\0';
    return text;
}

static int take_key(struct parser *p)
{
    p->key = keep_string(p);
    p->key_len = (uint32_t)p->reader.string_len;
    return p->key ? 0 : no_memory(p);
}

static int push(struct parser *p, struct value *v)
{
    void *stack = p->stack;

    if (p->count == p->cap) {
        if (mem_grow(&stack, &p->cap, p->count + 1, sizeof *p->stack) < 0)
            return no_memory(p);
        p->stack = stack;
    }
    p->stack[p->count++] = (struct value_member){p->key, p->key_len, v};
    return 0;
}

/* The depth was checked by the reader, so `open` has room. */
static int open_container(struct parser *p, struct value *v)
{
    p->open[p->depth].container = v;
    p->open[p->depth].base = p->count;
    p->depth++;
    return 0;
}

/* ---- duplicate keys ---- */

static int compare_members(const void *a, const void *b)
{
    const struct value_member *x = a, *y = b;

    if (x->key_len != y->key_len)
        return x->key_len < y->key_len ? -1 : 1;
    return memcmp(x->key, y->key, x->key_len);
}

static const struct value_member *find_pairwise(const struct value_member *m,
                                                size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (m[i].key_len == m[j].key_len && m[i].key[0] == m[j].key[0] &&
                memcmp(m[i].key, m[j].key, m[i].key_len) == 0)
                return &m[i];
    return NULL;
}

/* -ERR_INVALID on a duplicate. */
static int check_keys(struct parser *p, const struct value_member *m,
                      size_t count)
{
    const struct value_member *twice = NULL;
    struct value_member *sorted = NULL;
    int rc = 0;

    if (count <= PAIRWISE_MAX) {
        twice = find_pairwise(m, count);
    } else {
        sorted = mem_alloc(count * sizeof *m);
        if (!sorted)
            return no_memory(p);
        memcpy(sorted, m, count * sizeof *m);
        qsort(sorted, count, sizeof *m, compare_members);
        for (size_t i = 1; i < count && !twice; i++)
            if (compare_members(&sorted[i - 1], &sorted[i]) == 0)
                twice = &sorted[i];
    }
    if (twice) {
        json_fail(&p->reader, p->reader.start, p->err, "");
        rc = err_set(p->err, ERR_INVALID,
                     "%skey '%.*s' appears twice in the object that ends here",
                     p->err ? p->err->msg : "",
                     (int)(twice->key_len < 200 ? twice->key_len : 200),
                     twice->key);
    }
    mem_free(sorted);
    return rc;
}

/* ---- the end of a container ---- */

static int take_members(struct parser *p, struct value *v,
                        const struct value_member *m, size_t count)
{
    int rc = check_keys(p, m, count);

    if (rc < 0)
        return rc;
    v->as.members = arena_alloc(p->arena, count * sizeof *m);
    if (!v->as.members)
        return no_memory(p);
    memcpy(v->as.members, m, count * sizeof *m);
    return 0;
}

static int take_items(struct parser *p, struct value *v,
                      const struct value_member *m, size_t count)
{
    v->as.items = arena_alloc(p->arena, count * sizeof *v->as.items);
    if (!v->as.items)
        return no_memory(p);
    for (size_t i = 0; i < count; i++)
        v->as.items[i] = m[i].value;
    return 0;
}

/* The elements leave the stack; the container, one level below, stays on it. */
static int close_container(struct parser *p)
{
    struct value *v = p->open[--p->depth].container;
    size_t base = p->open[p->depth].base;
    size_t count = p->count - base;
    int rc = 0;

    if (count > 0)
        rc = v->type == VALUE_OBJECT
                 ? take_members(p, v, p->stack + base, count)
                 : take_items(p, v, p->stack + base, count);
    v->count = v->cap = (uint32_t)count;
    p->count = base;
    return rc;
}

/* ---- the walk ---- */

/* A scalar or the start of a container. It goes on the stack at once, so that
 * it has a place before its children come. */
static int start_value(struct parser *p, enum json_event event)
{
    static const uint8_t types[] = {
        [JSON_NULL] = VALUE_NULL,         [JSON_FALSE] = VALUE_BOOL,
        [JSON_TRUE] = VALUE_BOOL,         [JSON_INTEGER] = VALUE_INTEGER,
        [JSON_DOUBLE] = VALUE_DOUBLE,     [JSON_STRING] = VALUE_STRING,
        [JSON_ARRAY_START] = VALUE_ARRAY, [JSON_OBJECT_START] = VALUE_OBJECT,
    };
    struct value *v = arena_alloc(p->arena, sizeof *v);
    int rc;

    if (!v)
        return no_memory(p);
    *v = (struct value){.type = types[event]};
    rc = push(p, v);
    if (rc < 0)
        return rc;
    switch (v->type) {
    case VALUE_BOOL:
        v->as.boolean = event == JSON_TRUE;
        return 0;
    case VALUE_INTEGER:
        v->as.integer = p->reader.integer;
        return 0;
    case VALUE_DOUBLE:
        v->as.number = p->reader.number;
        return 0;
    case VALUE_STRING:
        v->as.string = keep_string(p);
        v->count = (uint32_t)p->reader.string_len;
        return v->as.string ? 0 : no_memory(p);
    case VALUE_ARRAY:
    case VALUE_OBJECT:
        return open_container(p, v);
    default:
        return 0;
    }
}

static int parse(struct parser *p)
{
    enum json_event event;
    int rc;

    for (;;) {
        rc = json_next(&p->reader, &event, p->err);
        if (rc < 0)
            return rc;
        if (event == JSON_DONE)
            return 0;
        if (event == JSON_KEY)
            rc = take_key(p);
        else if (event == JSON_OBJECT_END || event == JSON_ARRAY_END)
            rc = close_container(p);
        else
            rc = start_value(p, event);
        if (rc < 0)
            return rc;
    }
}

int value_parse(struct arena *a, const char *text, size_t len,
                struct value **ret_value, struct err *err)
{
    struct parser p;
    int rc;

    if (len > UINT32_MAX)
        return err_set(err, ERR_LIMIT, "the document is longer than 4 GiB");
    p.arena = a;
    p.err = err;
    p.stack = NULL;
    p.count = p.cap = 0;
    p.depth = 0;
    p.key = NULL;
    p.key_len = 0;
    p.copy = arena_strndup(a, text, len);
    if (!p.copy)
        return no_memory(&p);
    json_reader_init(&p.reader, p.copy, len, 0);
    rc = parse(&p);
    if (rc == 0)
        *ret_value = p.stack[0].value;
    json_reader_release(&p.reader);
    mem_free(p.stack);
    return rc;
}
