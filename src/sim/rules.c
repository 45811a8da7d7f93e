/*
 * rules.c -- what the files of rules ask of kinds and objects; see rules.h.
 */
#include <string.h>

#include "rules_impl.h"

bool rules_is(const struct kind *k, const char *group, const char *kind)
{
    return !k->crd && strcmp(k->r.kind, kind) == 0 &&
           strcmp(k->r.group, group) == 0;
}

/* ---- kinds with pods in them ---- */

static const struct {
    const char *group, *kind, *template_path, *spec;
} POD_KINDS[] = {
    {"", "Pod", NULL, "spec"},
    {"", "PodTemplate", "template", "template.spec"},
    {"", "ReplicationController", "spec.template", "spec.template.spec"},
    {"apps", "Deployment", "spec.template", "spec.template.spec"},
    {"apps", "ReplicaSet", "spec.template", "spec.template.spec"},
    {"apps", "StatefulSet", "spec.template", "spec.template.spec"},
    {"apps", "DaemonSet", "spec.template", "spec.template.spec"},
    {"batch", "Job", "spec.template", "spec.template.spec"},
    {"batch", "CronJob", "spec.jobTemplate.spec.template",
     "spec.jobTemplate.spec.template.spec"},
};

static size_t pod_kind(const struct kind *k)
{
    size_t i = 0;

    while (i < sizeof POD_KINDS / sizeof POD_KINDS[0] &&
           !rules_is(k, POD_KINDS[i].group, POD_KINDS[i].kind))
        i++;
    return i;
}

const char *rules_pod_spec_path(const struct kind *k)
{
    size_t i = pod_kind(k);

    return i < sizeof POD_KINDS / sizeof POD_KINDS[0] ? POD_KINDS[i].spec
                                                      : NULL;
}

const char *rules_template_path(const struct kind *k)
{
    size_t i = pod_kind(k);

    return i < sizeof POD_KINDS / sizeof POD_KINDS[0]
               ? POD_KINDS[i].template_path
               : NULL;
}

/* ---- setting ---- */

bool rules_is_absent(const struct value *v)
{
    return !v || v->type == VALUE_NULL ||
           (v->type == VALUE_STRING && v->count == 0);
}

int rules_set(const struct rules_call *c, struct value *object, const char *key,
              struct value *item, struct failure *f)
{
    return value_set(c->a, object, key, item) < 0 ? failure_nomem(f) : 0;
}

int rules_set_text(const struct rules_call *c, struct value *object,
                   const char *key, const char *text, struct failure *f)
{
    return rules_set(c, object, key, value_string(c->a, text), f);
}

int rules_default_text(const struct rules_call *c, struct value *object,
                       const char *key, const char *text, struct failure *f)
{
    return rules_is_absent(value_get(object, key))
               ? rules_set_text(c, object, key, text, f)
               : 0;
}

int rules_default_int(const struct rules_call *c, struct value *object,
                      const char *key, int64_t number, struct failure *f)
{
    return rules_is_absent(value_get(object, key))
               ? rules_set(c, object, key, value_integer(c->a, number), f)
               : 0;
}

int rules_default_bool(const struct rules_call *c, struct value *object,
                       const char *key, bool b, struct failure *f)
{
    return rules_is_absent(value_get(object, key))
               ? rules_set(c, object, key, value_bool(c->a, b), f)
               : 0;
}

int rules_default_object(const struct rules_call *c, struct value *object,
                         const char *key, struct failure *f)
{
    return rules_is_absent(value_get(object, key))
               ? rules_set(c, object, key, value_object(c->a), f)
               : 0;
}

/* Members that are in `from` and not in the object under `key` yet. */
int rules_fill_map(const struct rules_call *c, struct value *object,
                   const char *key, const struct value *from, struct failure *f)
{
    struct value *map;

    if (!value_is(from, VALUE_OBJECT) || from->count == 0)
        return 0;
    map = value_make(c->a, object, key);
    if (!map)
        return failure_nomem(f);
    for (uint32_t i = 0; i < from->count; i++) {
        const struct value_member *m = &from->as.members[i];

        if (value_getn(map, m->key, m->key_len))
            continue;
        if (value_setn(c->a, map, m->key, m->key_len,
                       value_copy(c->a, m->value)) < 0)
            return failure_nomem(f);
    }
    return 0;
}

struct value *rules_make_array(const struct rules_call *c, struct value *object,
                               const char *key)
{
    struct value *is = value_get(object, key);

    if (value_is(is, VALUE_ARRAY))
        return is;
    is = value_array(c->a);
    return value_set(c->a, object, key, is) < 0 ? NULL : is;
}

/* ---- what was sent ---- */

bool rules_sent_empty(const struct rules_call *c, const char *path)
{
    const struct value *all = c->trail ? c->trail->empties : NULL;

    for (uint32_t i = 0; all && i < all->count; i++)
        if (text_equal(value_text(all->as.items[i]), path))
            return true;
    return false;
}
