/*
 * fieldset.c -- the algebra of sets; see sim/fieldset.h.
 *
 * DESIGN
 *
 * A set is a tree of sorted arrays. An entry is a member, has a set below it,
 * or both; one that is neither is never kept, so the empty set is NULL and
 * nothing else. All operations are one walk over two sorted arrays that
 * differs in what it keeps.
 */
#include "fieldset_impl.h"

#include <stdlib.h>
#include <string.h>

/* ---- order ---- */

static int compare_bytes(const char *x, uint32_t x_len, const char *y,
                         uint32_t y_len)
{
    uint32_t len = x_len < y_len ? x_len : y_len;
    int c = len ? memcmp(x, y, len) : 0;

    if (c != 0)
        return c < 0 ? -1 : 1;
    return x_len < y_len ? -1 : x_len > y_len;
}

/* Numbers, texts, truth values, lists, maps, null. */
static int rank(const struct value *v)
{
    static const int ranks[] = {
        [VALUE_NULL] = 5,   [VALUE_BOOL] = 2,   [VALUE_INTEGER] = 0,
        [VALUE_DOUBLE] = 0, [VALUE_STRING] = 1, [VALUE_ARRAY] = 3,
        [VALUE_OBJECT] = 4, [VALUE_SECRET] = 6,
    };

    return ranks[v->type];
}

static int compare_numbers(const struct value *x, const struct value *y)
{
    double a, b;

    if (x->type == VALUE_INTEGER && y->type == VALUE_INTEGER)
        return x->as.integer < y->as.integer ? -1
                                             : x->as.integer > y->as.integer;
    a = x->type == VALUE_INTEGER ? (double)x->as.integer : x->as.number;
    b = y->type == VALUE_INTEGER ? (double)y->as.integer : y->as.number;
    return a < b ? -1 : a > b;
}

static int compare_values(const struct value *x, const struct value *y)
{
    if (rank(x) != rank(y))
        return rank(x) < rank(y) ? -1 : 1;
    switch (rank(x)) {
    case 0:
        return compare_numbers(x, y);
    case 1:
        return compare_bytes(x->as.string, x->count, y->as.string, y->count);
    case 2:
        return x->as.boolean - y->as.boolean;
    default:
        return x->count < y->count ? -1 : x->count > y->count;
    }
}

static int compare_keys(const struct field_element *x,
                        const struct field_element *y)
{
    for (uint32_t i = 0; i < x->count && i < y->count; i++) {
        const struct field_key *a = &x->as.keys[i];
        const struct field_key *b = &y->as.keys[i];
        int c = compare_bytes(a->name, a->len, b->name, b->len);

        if (c == 0)
            c = compare_values(a->value, b->value);
        if (c != 0)
            return c;
    }
    return x->count < y->count ? -1 : x->count > y->count;
}

int field_compare(const struct field_element *x, const struct field_element *y)
{
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    switch ((enum field_kind)x->kind) {
    case FIELD_NAME:
        return x->as.name == y->as.name && x->count == y->count
                   ? 0
                   : compare_bytes(x->as.name, x->count, y->as.name, y->count);
    case FIELD_KEY:
        return compare_keys(x, y);
    case FIELD_VALUE:
        return compare_values(x->as.value, y->as.value);
    case FIELD_INDEX:
        break;
    }
    return x->as.index < y->as.index ? -1 : x->as.index > y->as.index;
}

/* ---- making ---- */

static bool level_grow(struct fields *s, struct level *l)
{
    uint32_t cap = l->cap ? l->cap * 2 : 4;
    struct fieldset_entry *entries = arena_alloc(s->a, cap * sizeof(*entries));

    if (!entries) {
        s->failed = true;
        return false;
    }
    if (l->count)
        memcpy(entries, l->entries, l->count * sizeof(*entries));
    l->entries = entries;
    l->cap = cap;
    return true;
}

void level_add(struct fields *s, struct level *l, const struct field_element *e,
               struct fieldset_entry part)
{
    if (!part.member && !part.children)
        return;
    if (l->count == l->cap && !level_grow(s, l))
        return;
    part.e = *e;
    if (l->count && field_compare(&l->entries[l->count - 1].e, e) >= 0)
        l->sorted = false;
    l->entries[l->count++] = part;
}

static int by_element(const void *x, const void *y)
{
    return field_compare(&((const struct fieldset_entry *)x)->e,
                         &((const struct fieldset_entry *)y)->e);
}

/* An element that came twice is one. */
static void level_sort(struct fields *s, struct level *l)
{
    uint32_t kept = 0;

    qsort(l->entries, l->count, sizeof(*l->entries), by_element);
    for (uint32_t i = 1; i < l->count; i++) {
        struct fieldset_entry *last = &l->entries[kept];
        const struct fieldset_entry *next = &l->entries[i];

        if (by_element(last, next) != 0) {
            l->entries[++kept] = *next;
            continue;
        }
        last->member = last->member || next->member;
        last->children = fieldset_union(s, last->children, next->children);
    }
    l->count = kept + 1;
}

const struct fieldset *level_end(struct fields *s, struct level *l)
{
    struct fieldset *set;

    if (l->count == 0)
        return NULL;
    if (!l->sorted)
        level_sort(s, l);
    set = arena_alloc(s->a, sizeof(*set));
    if (!set) {
        s->failed = true;
        return NULL;
    }
    set->count = l->count;
    set->entries = l->entries;
    return set;
}

/* A set that came out as it was is the same set: its text need not be made
 * again. */
static const struct fieldset *level_same(struct fields *s, struct level *l,
                                         const struct fieldset *x)
{
    if (!x || l->count != x->count)
        return level_end(s, l);
    for (uint32_t i = 0; i < x->count; i++)
        if (l->entries[i].member != x->entries[i].member ||
            l->entries[i].children != x->entries[i].children)
            return level_end(s, l);
    return x;
}

/* ---- two sets ---- */

enum operation { UNION, INTERSECTION, DIFFERENCE, DIFFERENCE_BELOW };

static const struct fieldset *zip(struct fields *s, const struct fieldset *x,
                                  const struct fieldset *y, enum operation op);

static struct fieldset_entry both(struct fields *s,
                                  const struct fieldset_entry *x,
                                  const struct fieldset_entry *y,
                                  enum operation op)
{
    struct fieldset_entry out = {.member = false};

    if (op == DIFFERENCE_BELOW && y->member)
        return out;
    if (op == UNION)
        out.member = x->member || y->member;
    else if (op == INTERSECTION)
        out.member = x->member && y->member;
    else
        out.member = x->member && !y->member;
    out.children = zip(s, x->children, y->children, op);
    return out;
}

static const struct fieldset *zip_entries(struct fields *s,
                                          const struct fieldset *x,
                                          const struct fieldset *y,
                                          enum operation op)
{
    struct level out = LEVEL_INIT;
    uint32_t i = 0, j = 0;

    while (i < x->count || j < y->count) {
        const struct fieldset_entry *l = &x->entries[i];
        const struct fieldset_entry *r = &y->entries[j];
        int c = i == x->count   ? 1
                : j == y->count ? -1
                                : field_compare(&l->e, &r->e);

        if (c == 0)
            level_add(s, &out, &l->e, both(s, l, r, op));
        else if (c < 0 && op != INTERSECTION)
            level_add(s, &out, &l->e, *l);
        else if (c > 0 && op == UNION)
            level_add(s, &out, &r->e, *r);
        i += c <= 0;
        j += c >= 0;
    }
    return op == INTERSECTION ? level_end(s, &out) : level_same(s, &out, x);
}

static const struct fieldset *zip(struct fields *s, const struct fieldset *x,
                                  const struct fieldset *y, enum operation op)
{
    if (!x)
        return op == UNION ? y : NULL;
    if (!y)
        return op == INTERSECTION ? NULL : x;
    if (x == y)
        return op == UNION || op == INTERSECTION ? x : NULL;
    return zip_entries(s, x, y, op);
}

const struct fieldset *fieldset_union(struct fields *s,
                                      const struct fieldset *x,
                                      const struct fieldset *y)
{
    return zip(s, x, y, UNION);
}

const struct fieldset *fieldset_intersection(struct fields *s,
                                             const struct fieldset *x,
                                             const struct fieldset *y)
{
    return zip(s, x, y, INTERSECTION);
}

const struct fieldset *fieldset_difference(struct fields *s,
                                           const struct fieldset *x,
                                           const struct fieldset *y)
{
    return zip(s, x, y, DIFFERENCE);
}

const struct fieldset *fieldset_difference_below(struct fields *s,
                                                 const struct fieldset *x,
                                                 const struct fieldset *y)
{
    return zip(s, x, y, DIFFERENCE_BELOW);
}

bool fieldset_equal(const struct fieldset *x, const struct fieldset *y)
{
    if (!x || !y || x == y)
        return x == y;
    if (x->count != y->count)
        return false;
    for (uint32_t i = 0; i < x->count; i++) {
        const struct fieldset_entry *l = &x->entries[i];
        const struct fieldset_entry *r = &y->entries[i];

        if (l->member != r->member || field_compare(&l->e, &r->e) != 0 ||
            !fieldset_equal(l->children, r->children))
            return false;
    }
    return true;
}

/* ---- one set ---- */

const struct fieldset *fieldset_leaves(struct fields *s,
                                       const struct fieldset *x)
{
    struct level out = LEVEL_INIT;

    for (uint32_t i = 0; x && i < x->count; i++) {
        struct fieldset_entry part = x->entries[i];

        part.member = part.member && !part.children;
        part.children = fieldset_leaves(s, part.children);
        level_add(s, &out, &x->entries[i].e, part);
    }
    return level_end(s, &out);
}

static struct schema_node below(struct schema_node n,
                                const struct field_element *e)
{
    enum schema_type type = schema_type(n);

    if (e->kind == FIELD_NAME && type != SCHEMA_ARRAY)
        return schema_fieldn(n, e->as.name, e->count);
    if (e->kind == FIELD_KEY && type == SCHEMA_ARRAY)
        return schema_item(n);
    return (struct schema_node){0};
}

const struct fieldset *fieldset_named(struct fields *s,
                                      const struct fieldset *x,
                                      struct schema_node n)
{
    struct level out = LEVEL_INIT;

    for (uint32_t i = 0; x && i < x->count; i++) {
        struct fieldset_entry part = x->entries[i];
        struct schema_node child;

        if (part.children) {
            child = below(n, &part.e);
            part.member = part.member ||
                          (part.e.kind == FIELD_NAME && is_declared(n, child));
            part.children = fieldset_named(s, part.children, child);
        }
        level_add(s, &out, &x->entries[i].e, part);
    }
    return level_end(s, &out);
}

static bool is_atomic(struct schema_node n)
{
    switch (schema_type(n)) {
    case SCHEMA_ARRAY:
        return schema_list(n) == SCHEMA_LIST_ATOMIC;
    case SCHEMA_OBJECT:
    case SCHEMA_MAP:
        return schema_is_atomic(n);
    default:
        return false;
    }
}

const struct fieldset *fieldset_reconcile(struct fields *s,
                                          const struct fieldset *x,
                                          struct schema_node n)
{
    struct level out = LEVEL_INIT;

    for (uint32_t i = 0; x && i < x->count; i++) {
        struct fieldset_entry part = x->entries[i];
        struct schema_node child = {0};

        if (part.children)
            child = below(n, &part.e);
        if (part.children && is_atomic(child)) {
            part.member = true;
            part.children = NULL;
        } else if (schema_known(child)) {
            part.children = fieldset_reconcile(s, part.children, child);
        }
        level_add(s, &out, &x->entries[i].e, part);
    }
    return level_same(s, &out, x);
}

const struct fieldset_entry *fieldset_find(const struct fieldset *x,
                                           const struct field_element *e)
{
    uint32_t low = 0, high = x ? x->count : 0;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int c = field_compare(&x->entries[middle].e, e);

        if (c == 0)
            return &x->entries[middle];
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

bool fieldset_has(const struct fieldset *x,
                  const struct field_element *const *path, unsigned depth)
{
    const struct fieldset_entry *entry = NULL;

    for (unsigned i = 0; i < depth; i++) {
        entry = fieldset_find(x, path[i]);
        if (!entry)
            return false;
        x = entry->children;
    }
    return entry && entry->member;
}

/* The set of one path, from its end. */
static const struct fieldset *of_path(struct fields *s, const char *path)
{
    const char *dot = strchr(path, '.');
    struct field_element e = {.kind = FIELD_NAME, .as.name = path};
    struct fieldset_entry part = {.member = !dot};
    struct level out = LEVEL_INIT;

    e.count = (uint32_t)(dot ? (size_t)(dot - path) : strlen(path));
    if (dot)
        part.children = of_path(s, dot + 1);
    level_add(s, &out, &e, part);
    return level_end(s, &out);
}

const struct fieldset *fieldset_of_paths(struct fields *s,
                                         const char *const *paths)
{
    const struct fieldset *set = NULL;

    for (; paths && *paths; paths++)
        set = fieldset_union(s, set, of_path(s, *paths));
    return set;
}

struct visit {
    const struct field_element *path[FIELDSET_DEPTH];
    fieldset_fn fn;
    void *arg;
};

/* Members of a level come before what is below them, as conflicts are told. */
static int each(struct visit *v, const struct fieldset *x, unsigned depth)
{
    int rc = 0;

    if (!x || depth == FIELDSET_DEPTH)
        return 0;
    for (uint32_t i = 0; i < x->count && rc == 0; i++) {
        v->path[depth] = &x->entries[i].e;
        if (x->entries[i].member)
            rc = v->fn(v->arg, v->path, depth + 1);
    }
    for (uint32_t i = 0; i < x->count && rc == 0; i++) {
        v->path[depth] = &x->entries[i].e;
        rc = each(v, x->entries[i].children, depth + 1);
    }
    return rc;
}

int fieldset_each(const struct fieldset *x, fieldset_fn fn, void *arg)
{
    struct visit v = {.fn = fn, .arg = arg};

    return each(&v, x, 0);
}
