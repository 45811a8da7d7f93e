/*
 * strategic.c -- strategic merge patch, maps; see sim/strategic.h. Lists are in
 *                strategic_list.c.
 *
 * Both documents are copied once and then changed in place, as the directives
 * of a patch are used up while it is merged.
 */
#include "strategic_impl.h"

#include <string.h>

#include "kube/schema_zero.h"

/* ---- failures ---- */

int strategic_refuse(struct strategic *m, int code, const char *message)
{
    return failure_set(m->f, code, code == 400 ? "BadRequest" : "", "%s",
                       message);
}

/* "map: map[...] does not contain declared merge key: name" */
int strategic_no_key(struct strategic *m, const struct value *item,
                     const struct schema_text *key)
{
    struct str text;

    str_init(&text, 0);
    value_print(item, &text, NULL);
    failure_set(m->f, 500, "",
                "map: %s does not contain declared merge key: %.*s",
                str_text(&text), (int)key->len, key->at);
    str_release(&text);
    return -1;
}

int strategic_bad_type(struct strategic *m, const char *expected,
                       const struct value *got)
{
    return failure_set(m->f, 500, "", "expected a %s, but received a %s",
                       expected, value_type_name(got));
}

int strategic_bad_directive(struct strategic *m, const struct value *directive)
{
    const char *text = value_text(directive);

    return failure_set(m->f, 500, "", "unknown patch type: %s in map",
                       text ? text : value_type_name(directive));
}

/* ---- what is not merged but taken ---- */

static void drop_member(struct value *object, uint32_t at)
{
    memmove(&object->as.members[at], &object->as.members[at + 1],
            (object->count - at - 1) * sizeof(*object->as.members));
    object->count--;
}

/* Nulls mean "take away", and there is nothing to take it from. */
static void drop_nulls(struct value *v)
{
    uint32_t i = 0;

    while (v->type == VALUE_OBJECT && i < v->count) {
        struct value *item = v->as.members[i].value;

        if (item->type == VALUE_NULL) {
            drop_member(v, i);
            continue;
        }
        drop_nulls(item);
        i++;
    }
    for (i = 0; v->type == VALUE_ARRAY && i < v->count; i++)
        drop_nulls(v->as.items[i]);
}

/* False: it is itself a directive and nothing of it stays. */
bool strategic_clean(struct value *v)
{
    uint32_t i = 0, kept = 0;

    if (v->type == VALUE_OBJECT && value_get(v, "$patch"))
        return false;
    while (v->type == VALUE_OBJECT && i < v->count) {
        if (strategic_clean(v->as.members[i].value))
            i++;
        else
            drop_member(v, i);
    }
    for (i = 0; v->type == VALUE_ARRAY && i < v->count; i++)
        if (strategic_clean(v->as.items[i]))
            v->as.items[kept++] = v->as.items[i];
    if (v->type == VALUE_ARRAY)
        v->count = kept;
    return true;
}

static int take(struct strategic *m, struct value *original, const char *key,
                struct value *patch)
{
    drop_nulls(patch);
    if (!strategic_clean(patch)) {
        value_unset(original, key);
        return 0;
    }
    return value_set(m->a, original, key, patch) < 0 ? failure_nomem(m->f) : 0;
}

/* ---- $patch and $retainKeys ---- */

static int directive(struct strategic *m, struct value *patch,
                     struct value **ret)
{
    const struct value *what = value_get(patch, "$patch");
    const char *text = value_text(what);

    if (text_equal(text, "replace")) {
        value_unset(patch, "$patch");
        *ret = patch;
        return 0;
    }
    if (!text_equal(text, "delete"))
        return strategic_bad_directive(m, what);
    *ret = value_object(m->a);
    return *ret ? 0 : failure_nomem(m->f);
}

static bool contains(const struct value *list, const char *text)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (text_equal(value_text(list->as.items[i]), text))
            return true;
    return false;
}

static int retain_keys(struct strategic *m, struct value *original,
                       struct value *patch)
{
    static const char malformed[] = "invalid patch format of retainKeys";
    struct value *keys = value_get(patch, "$retainKeys");
    uint32_t i = 0;

    if (!keys)
        return 0;
    value_unset(patch, "$retainKeys");
    if (keys->type != VALUE_ARRAY)
        return strategic_refuse(m, 400, malformed);
    for (; i < patch->count; i++) {
        const struct value_member *p = &patch->as.members[i];

        if (p->value->type != VALUE_NULL &&
            !text_starts(p->key, "$deleteFromPrimitiveList") &&
            !text_starts(p->key, "$setElementOrder") && !contains(keys, p->key))
            return strategic_refuse(m, 400, malformed);
    }
    for (i = 0; i < original->count;) {
        if (contains(keys, original->as.members[i].key))
            i++;
        else
            drop_member(original, i);
    }
    return 0;
}

/* ---- maps ---- */

static bool same_type(const struct value *x, const struct value *y)
{
    return x->type == y->type;
}

/* The field of a struct, or what a map holds. */
static int field_of(struct strategic *m, struct schema_node n, const char *key,
                    struct schema_node *ret)
{
    *ret = schema_field(n, key);
    if (schema_known(*ret))
        return 0;
    return failure_set(m->f, 500, "",
                       "unable to find api field for the json field \"%s\"",
                       key);
}

static int merge_field(struct strategic *m, struct schema_node n,
                       struct value *original, const char *key,
                       struct value *patch)
{
    struct value *there = value_get(original, key);
    struct value *merged = NULL;
    struct schema_node field;
    int rc;

    if (!there || !same_type(there, patch) ||
        (there->type != VALUE_OBJECT && there->type != VALUE_ARRAY))
        return take(m, original, key, patch);
    rc = field_of(m, n, key, &field);
    if (rc == 0 && there->type == VALUE_OBJECT && schema_patch_replaces(field))
        return value_set(m->a, original, key, patch) < 0 ? failure_nomem(m->f)
                                                         : 0;
    if (rc == 0 && there->type == VALUE_OBJECT)
        rc = strategic_map(m, field, there, patch, &merged);
    else if (rc == 0)
        rc = strategic_list(m, field, there, patch, &merged);
    if (rc == 0 && value_set(m->a, original, key, merged) < 0)
        rc = failure_nomem(m->f);
    return rc;
}

/* $deleteFromPrimitiveList/finalizers: [...] */
static int delete_primitives(struct strategic *m, struct value *original,
                             const char *key, struct value *patch)
{
    const char *slash = strchr(key, '/');
    struct value *there = slash ? value_get(original, slash + 1) : NULL;
    uint32_t kept = 0;

    if (!slash)
        return strategic_refuse(m, 400,
                                "invalid patch format of primitive "
                                "list");
    if (patch->type == VALUE_NULL) {
        value_unset(original, slash + 1);
        return 0;
    }
    if (!value_is(there, VALUE_ARRAY) || patch->type != VALUE_ARRAY)
        return 0;
    for (uint32_t i = 0; i < there->count; i++)
        if (!strategic_has(patch, there->as.items[i]))
            there->as.items[kept++] = there->as.items[i];
    there->count = kept;
    return 0;
}

static int merge_member(struct strategic *m, struct schema_node n,
                        struct value *original, const struct value_member *p)
{
    if (text_starts(p->key, "$deleteFromPrimitiveList"))
        return delete_primitives(m, original, p->key, p->value);
    if (p->value->type == VALUE_NULL) {
        value_unsetn(original, p->key, p->key_len);
        return 0;
    }
    return merge_field(m, n, original, p->key, p->value);
}

/* $setElementOrder comes with the list it orders, or alone. */
static int order_lists(struct strategic *m, struct schema_node n,
                       struct value *original, struct value *patch)
{
    uint32_t i = 0;
    int rc = 0;

    while (i < patch->count && rc == 0) {
        struct value_member p = patch->as.members[i];
        const char *slash = strchr(p.key, '/');
        struct schema_node field;

        if (!text_starts(p.key, "$setElementOrder")) {
            i++;
            continue;
        }
        drop_member(patch, i);
        if (p.value->type != VALUE_ARRAY)
            return strategic_bad_type(m, "[]interface {}", p.value);
        if (!slash)
            return strategic_refuse(
                m, 400, "invalid patch format of setElementOrder list");
        rc = field_of(m, n, slash + 1, &field);
        if (rc == 0)
            rc = strategic_order(m, field, original, patch,
                                 (struct value_member){slash + 1, 0, p.value});
        i = 0;
    }
    return rc;
}

int strategic_map(struct strategic *m, struct schema_node n,
                  struct value *original, struct value *patch,
                  struct value **ret)
{
    int rc;

    if (value_get(patch, "$patch"))
        return directive(m, patch, ret);
    rc = retain_keys(m, original, patch);
    if (rc == 0)
        rc = order_lists(m, n, original, patch);
    for (uint32_t i = 0; i < patch->count && rc == 0; i++)
        rc = merge_member(m, n, original, &patch->as.members[i]);
    *ret = original;
    return rc;
}

int strategic_apply(struct arena *a, struct schema_node schema,
                    const struct value *doc, const struct value *patch,
                    struct value **ret, struct failure *f)
{
    struct strategic m = {.a = a, .f = f};
    struct value *original = value_copy(a, doc);
    struct value *changes = value_copy(a, patch);

    if (!original || !changes)
        return failure_nomem(f);
    if (original->type != VALUE_OBJECT || changes->type != VALUE_OBJECT)
        return strategic_refuse(&m, 400, "invalid JSON document");
    return strategic_map(&m, schema, original, changes, ret);
}
