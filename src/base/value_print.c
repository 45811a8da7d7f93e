/*
 * value_print.c -- trees to canonical or indented JSON; see value.h.
 *
 * Members are printed through a sorted list of pointers: up to a dozen on the
 * C stack, more on the heap.
 */
#include "base/value_sort.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Trees built by hand may be deeper than what the reader accepts. */
#define PRINT_MAX_DEPTH (2 * JSON_MAX_DEPTH)

struct printer {
    struct str *out;
    struct err *err;
    bool pretty;
    unsigned depth;
};

/* By bytes; a key comes before what it is a prefix of. */
static int compare_keys(const void *a, const void *b)
{
    const struct value_member *x = *(const struct value_member *const *)a;
    const struct value_member *y = *(const struct value_member *const *)b;
    uint32_t len = x->key_len < y->key_len ? x->key_len : y->key_len;
    int order = memcmp(x->key, y->key, len);

    if (order != 0)
        return order;
    return (x->key_len > y->key_len) - (x->key_len < y->key_len);
}

int value_sort(const struct value *object, struct value_sorted *s)
{
    s->list = s->few;
    if (object->count > VALUE_SORT_FEW) {
        s->list = mem_alloc(object->count * sizeof *s->list);
        if (!s->list)
            return -ERR_NOMEM;
    }
    for (uint32_t i = 0; i < object->count; i++) {
        const struct value_member *m = &object->as.members[i];
        uint32_t at = i;

        /* insertion sort finds sorted members in one pass */
        if (s->list == s->few)
            for (; at > 0 && compare_keys(&m, &s->list[at - 1]) < 0; at--)
                s->list[at] = s->list[at - 1];
        s->list[at] = m;
    }
    if (s->list != s->few)
        qsort(s->list, object->count, sizeof *s->list, compare_keys);
    return 0;
}

void value_sort_release(struct value_sorted *s)
{
    if (s->list != s->few)
        mem_free(s->list);
}

static int print_value(struct printer *p, const struct value *v);

/* Nothing in canonical text. */
static void new_line(struct printer *p)
{
    static const char spaces[] = "                                ";
    size_t left = p->depth * 2;

    if (!p->pretty)
        return;
    str_addc(p->out, '\n');
    for (size_t n; left > 0; left -= n) {
        n = left < sizeof spaces - 1 ? left : sizeof spaces - 1;
        str_addn(p->out, spaces, n);
    }
}

static int print_string(struct printer *p, const char *text, size_t len)
{
    if (json_write_string(p->out, text, len) == -ERR_INVALID)
        return err_set(p->err, ERR_INVALID, "text is not valid UTF-8");
    return 0;
}

static int print_members(struct printer *p, const struct value *v)
{
    struct value_sorted sorted;
    int rc = 0;

    if (value_sort(v, &sorted) < 0)
        return err_nomem(p->err);
    for (uint32_t i = 0; i < v->count && rc == 0; i++) {
        const struct value_member *m = sorted.list[i];

        if (i > 0)
            str_addc(p->out, ',');
        new_line(p);
        rc = print_string(p, m->key, m->key_len);
        str_addn(p->out, ": ", p->pretty ? 2 : 1);
        if (rc == 0)
            rc = print_value(p, m->value);
    }
    value_sort_release(&sorted);
    return rc;
}

static int print_items(struct printer *p, const struct value *v)
{
    int rc = 0;

    for (uint32_t i = 0; i < v->count && rc == 0; i++) {
        if (i > 0)
            str_addc(p->out, ',');
        new_line(p);
        rc = print_value(p, v->as.items[i]);
    }
    return rc;
}

static int print_container(struct printer *p, const struct value *v)
{
    bool object = v->type == VALUE_OBJECT;
    int rc;

    if (p->depth >= PRINT_MAX_DEPTH)
        return err_set(p->err, ERR_LIMIT, "nested deeper than %d levels",
                       PRINT_MAX_DEPTH);
    str_addc(p->out, object ? '{' : '[');
    p->depth++;
    rc = object ? print_members(p, v) : print_items(p, v);
    p->depth--;
    if (v->count > 0)
        new_line(p);
    str_addc(p->out, object ? '}' : ']');
    return rc;
}

static int print_value(struct printer *p, const struct value *v)
{
    if (p->pretty && (v->sensitive || v->type == VALUE_SECRET)) {
        str_add(p->out, "\"(sensitive)\"");
        return 0;
    }
    switch ((enum value_type)v->type) {
    case VALUE_NULL:
        str_add(p->out, "null");
        return 0;
    case VALUE_BOOL:
        str_add(p->out, v->as.boolean ? "true" : "false");
        return 0;
    case VALUE_INTEGER:
        json_write_integer(p->out, v->as.integer);
        return 0;
    case VALUE_DOUBLE:
        if (json_write_double(p->out, v->as.number) == -ERR_INVALID)
            return err_set(p->err, ERR_INVALID, "number is not finite");
        return 0;
    case VALUE_STRING:
        return print_string(p, v->as.string, v->count);
    case VALUE_ARRAY:
    case VALUE_OBJECT:
        return print_container(p, v);
    case VALUE_SECRET:
        break;
    }
    return err_set(p->err, ERR_INVALID, "a secret cannot be printed");
}

static int print_checked(const struct value *v, bool pretty, struct str *out,
                         struct err *err)
{
    struct printer p = {out, err, pretty, 0};
    int rc = print_value(&p, v);

    return rc < 0 ? rc : str_check(out, "the printed document", err);
}

int value_print(const struct value *v, struct str *out, struct err *err)
{
    return print_checked(v, false, out, err);
}

int value_print_pretty(const struct value *v, struct str *out, struct err *err)
{
    return print_checked(v, true, out, err);
}
