/*
 * crd_default.c -- what is filled in where a CustomResourceDefinition does not
 *                  say it. (k8s.io/apiextensions-apiserver
 *                  pkg/apis/apiextensions/v1/defaults.go.)
 */
#include "crd_define.h"

static char *lower(struct arena *a, const char *text)
{
    char *copy = arena_strdup(a, text);

    for (char *c = copy; c && *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return copy;
}

static int default_names(struct arena *a, struct value *names)
{
    const char *kind = define_text(names, "kind");
    char *singular = lower(a, kind);
    char *list_kind = arena_printf(a, "%sList", kind);

    if (!singular || !list_kind)
        return -1;
    if (!*define_text(names, "singular") && *singular &&
        value_set(a, names, "singular", value_string(a, singular)) < 0)
        return -1;
    if (!*define_text(names, "listKind") && *kind)
        return value_set(a, names, "listKind", value_string(a, list_kind));
    return 0;
}

static int default_stored_versions(struct arena *a, struct value *definition)
{
    const struct value *versions = value_path(definition, "spec.versions");
    const struct value *now = value_path(definition, "status.storedVersions");
    struct value *status, *list;

    if (value_is(now, VALUE_ARRAY) && now->count)
        return 0;
    status = value_make(a, definition, "status");
    list = value_array(a);
    for (uint32_t i = 0; value_is(versions, VALUE_ARRAY) && i < versions->count;
         i++) {
        const struct value *v = versions->as.items[i];

        if (!value_bool_at(v, "storage", false))
            continue;
        if (!status ||
            value_append(a, list, value_string(a, define_text(v, "name"))) < 0)
            return -1;
        return value_set(a, status, "storedVersions", list);
    }
    return status && list ? 0 : -1;
}

int crd_default(struct arena *a, struct value *definition, struct failure *f)
{
    struct value *spec = value_get(definition, "spec");
    struct value *names = value_get(spec, "names"), *conversion;

    if (value_is(names, VALUE_OBJECT) && default_names(a, names) < 0)
        return failure_nomem(f);
    if (value_is(spec, VALUE_OBJECT) && !value_get(spec, "conversion")) {
        conversion = value_make(a, spec, "conversion");
        if (!conversion ||
            value_set(a, conversion, "strategy", value_string(a, "None")) < 0)
            return failure_nomem(f);
    }
    if (default_stored_versions(a, definition) < 0)
        return failure_nomem(f);
    return 0;
}
