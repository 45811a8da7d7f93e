/*
 * fieldset_text.c -- sets as FieldsV1, and paths as people read them.
 *
 * FieldsV1 is an object of objects; its keys are texts in which keys and
 * values of list items are JSON once more.
 */
#include "fieldset_impl.h"

#include <string.h>

/* ---- printing elements ---- */

static void put_value(struct str *out, const struct value *v)
{
    if (value_print(v, out, NULL) < 0 && !out->failed)
        str_add(out, "null");
}

static void put_keys(struct str *out, const struct field_element *e)
{
    for (uint32_t i = 0; i < e->count; i++) {
        str_addc(out, i ? ',' : '{');
        json_write_string(out, e->as.keys[i].name, e->as.keys[i].len);
        str_addc(out, ':');
        put_value(out, e->as.keys[i].value);
    }
    str_add(out, e->count ? "}" : "{}");
}

/* The key of the object: k:{"name":"web"} */
static void put_key(struct str *out, const struct field_element *e)
{
    static const char letters[] = {'f', 'k', 'v', 'i'};

    str_addc(out, letters[e->kind]);
    str_addc(out, ':');
    switch ((enum field_kind)e->kind) {
    case FIELD_NAME:
        str_addn(out, e->as.name, e->count);
        break;
    case FIELD_KEY:
        put_keys(out, e);
        break;
    case FIELD_VALUE:
        put_value(out, e->as.value);
        break;
    case FIELD_INDEX:
        json_write_integer(out, e->as.index);
        break;
    }
}

int field_print(const struct field_element *e, struct str *out)
{
    switch ((enum field_kind)e->kind) {
    case FIELD_NAME:
        str_addc(out, '.');
        str_addn(out, e->as.name, e->count);
        break;
    case FIELD_KEY:
        for (uint32_t i = 0; i < e->count; i++) {
            str_addc(out, i ? ',' : '[');
            str_addn(out, e->as.keys[i].name, e->as.keys[i].len);
            str_addc(out, '=');
            put_value(out, e->as.keys[i].value);
        }
        str_addc(out, ']');
        break;
    case FIELD_VALUE:
        str_add(out, "[=");
        put_value(out, e->as.value);
        str_addc(out, ']');
        break;
    case FIELD_INDEX:
        str_addc(out, '[');
        json_write_integer(out, e->as.index);
        str_addc(out, ']');
        break;
    }
    return out->failed ? -(int)out->failed : 0;
}

/* ---- printing sets ---- */

static void put_set(struct str *out, const struct fieldset *x, bool self)
{
    struct str key;

    str_init(&key, 0);
    str_addc(out, '{');
    if (self)
        str_add(out, "\".\":{}");
    for (uint32_t i = 0; x && i < x->count; i++) {
        const struct fieldset_entry *entry = &x->entries[i];

        if (i || self)
            str_addc(out, ',');
        str_clear(&key);
        put_key(&key, &entry->e);
        json_write_string(out, str_text(&key), key.len);
        str_addc(out, ':');
        put_set(out, entry->children, entry->children && entry->member);
    }
    str_addc(out, '}');
    if (key.failed)
        out->failed = key.failed;
    str_release(&key);
}

int fieldset_print(const struct fieldset *x, struct str *out)
{
    put_set(out, x, false);
    return out->failed ? -(int)out->failed : 0;
}

/* ---- order ---- */

static bool is_before(const struct str *x, const struct str *y)
{
    size_t common = x->len < y->len ? x->len : y->len;
    int c = memcmp(str_text(x), str_text(y), common);

    return c < 0 || (c == 0 && x->len < y->len);
}

/* Names are texts. */
static bool elements_sort(const struct fieldset *x)
{
    struct str keys[2];
    bool sorted = true;

    str_init(&keys[0], 0);
    str_init(&keys[1], 0);
    for (uint32_t i = 0; i < x->count && sorted; i++) {
        str_clear(&keys[i % 2]);
        put_key(&keys[i % 2], &x->entries[i].e);
        sorted = i == 0 || x->entries[i].e.kind == FIELD_NAME ||
                 is_before(&keys[(i + 1) % 2], &keys[i % 2]);
    }
    str_release(&keys[0]);
    str_release(&keys[1]);
    return sorted;
}

bool fieldset_sorts_as_text(const struct fieldset *x)
{
    bool sorted = !x || elements_sort(x);

    for (uint32_t i = 0; x && i < x->count && sorted; i++)
        sorted = fieldset_sorts_as_text(x->entries[i].children);
    return sorted;
}

/* ---- as a tree ---- */

struct tree {
    struct fields *s;
    struct str key;
    struct value *nothing; /* {}: one for all */
};

static int add_key(struct tree *t, struct value *object,
                   const struct field_element *e, struct value *item)
{
    str_clear(&t->key);
    put_key(&t->key, e);
    if (t->key.failed)
        return -ERR_NOMEM;
    return value_addn(t->s->a, object, str_text(&t->key), t->key.len, item);
}

/* NULL on out of memory. */
static struct value *tree_of(struct tree *t, const struct fieldset *x,
                             bool self)
{
    struct value *object = value_object(t->s->a);

    if (object && x) {
        object->cap = x->count + self;
        object->as.members =
            arena_alloc(t->s->a, object->cap * sizeof(*object->as.members));
        if (!object->as.members)
            return NULL;
    }
    if (self && value_addn(t->s->a, object, ".", 1, t->nothing) < 0)
        return NULL;
    for (uint32_t i = 0; object && x && i < x->count; i++) {
        const struct fieldset_entry *entry = &x->entries[i];
        struct value *item = t->nothing;

        if (entry->children)
            item = tree_of(t, entry->children, entry->member);
        if (add_key(t, object, &entry->e, item) < 0)
            return NULL;
    }
    return object;
}

struct value *fieldset_value(struct fields *s, const struct fieldset *x)
{
    struct tree t = {.s = s, .nothing = value_object(s->a)};
    struct value *v = NULL;

    str_init(&t.key, 0);
    if (t.nothing)
        v = tree_of(&t, x, false);
    str_release(&t.key);
    s->failed = s->failed || !v;
    return v;
}

/* ---- reading ---- */

static int parse_keys(struct fields *s, const struct value *object,
                      struct field_element *e)
{
    struct field_key *keys;

    if (!value_is(object, VALUE_OBJECT))
        return -ERR_INVALID;
    keys = arena_alloc(s->a, (object->count + 1) * sizeof(*keys));
    if (!keys)
        return -ERR_NOMEM;
    for (uint32_t i = 0; i < object->count; i++) {
        const struct value_member *m = &object->as.members[i];
        struct field_key key = {m->key, m->key_len, m->value};
        uint32_t at = i;

        for (; at > 0 && strcmp(keys[at - 1].name, key.name) > 0; at--)
            keys[at] = keys[at - 1];
        keys[at] = key;
    }
    e->as.keys = keys;
    e->count = object->count;
    return 0;
}

/* 1: a kind of element that nobody knows, to be passed over. */
static int parse_element(struct fields *s, const struct value_member *m,
                         struct field_element *e)
{
    const char *text = m->key + 2;
    size_t len = m->key_len - 2u;
    struct value *v = NULL;
    int rc = 0;

    if (m->key_len < 2 || m->key[1] != ':')
        return -ERR_INVALID;
    *e = (struct field_element){.count = (uint32_t)len, .as.name = text};
    switch (m->key[0]) {
    case 'f':
        return 0;
    case 'i':
        e->kind = FIELD_INDEX;
        return text_to_int64(text, len, &e->as.index) ? 0 : -ERR_INVALID;
    case 'v':
    case 'k':
        rc = value_parse(s->a, text, len, &v, NULL);
        break;
    default:
        return 1;
    }
    if (rc < 0)
        return rc;
    e->kind = m->key[0] == 'k' ? FIELD_KEY : FIELD_VALUE;
    if (e->kind == FIELD_KEY)
        return parse_keys(s, v, e);
    e->as.value = v;
    return 0;
}

static int parse_level(struct fields *s, const struct value *v,
                       struct fieldset_entry *ret);

static int parse_member(struct fields *s, const struct value_member *m,
                        struct level *out, bool *ret_self)
{
    struct fieldset_entry part = {.member = false};
    struct field_element e;
    int rc;

    if (m->key_len == 1 && m->key[0] == '.') {
        *ret_self = true;
        return 0;
    }
    rc = parse_element(s, m, &e);
    if (rc != 0)
        return rc < 0 ? rc : 0;
    rc = parse_level(s, m->value, &part);
    if (rc == 0)
        level_add(s, out, &e, part);
    return rc;
}

/* What has nothing below it is itself a member. */
static int parse_level(struct fields *s, const struct value *v,
                       struct fieldset_entry *ret)
{
    struct level out = LEVEL_INIT;
    int rc = 0;

    if (!value_is(v, VALUE_OBJECT) && !value_is(v, VALUE_NULL))
        return -ERR_INVALID;
    for (uint32_t i = 0; i < v->count && rc == 0; i++)
        rc = parse_member(s, &v->as.members[i], &out, &ret->member);
    if (rc < 0)
        return rc;
    ret->children = level_end(s, &out);
    ret->member = ret->member || !ret->children;
    return s->failed ? -ERR_NOMEM : 0;
}

int fieldset_parse(struct fields *s, const struct value *v,
                   const struct fieldset **ret)
{
    struct fieldset_entry root = {.member = false};
    int rc = v ? parse_level(s, v, &root) : 0;

    if (rc == -ERR_NOMEM)
        s->failed = true;
    if (rc == 0)
        *ret = root.children;
    return rc;
}
