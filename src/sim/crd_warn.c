/*
 * crd_warn.c -- what of a schema is not evaluated, said on every request that
 *               it concerns.
 */
#include "base/text.h"
#include "crd_format.h"
#include "crd_impl.h"
#include "regexp.h"

#define PATH_MAX_LEN (1u << 20)

struct warning {
    struct arena *a;
    struct value *list;
    struct str path;
    bool formats; /* also those that are not known */
    bool failed;
};

static void warn(struct warning *w, const char *text)
{
    if (!text || value_append(w->a, w->list, value_string(w->a, text)) < 0)
        w->failed = true;
}

static const char *place(const struct warning *w)
{
    return w->path.len ? str_text(&w->path) : "the object";
}

static void judge(struct warning *w, const struct value *schema)
{
    const struct value *rules = value_get(schema, "x-kubernetes-validations");
    const char *pattern = value_text(value_get(schema, "pattern"));
    const char *format = value_text(value_get(schema, "format"));
    enum regexp_verdict verdict = REGEXP_NO;

    if (value_is(rules, VALUE_ARRAY) && rules->count)
        warn(w, arena_printf(w->a,
                             "%s: %u rule%s of x-kubernetes-validations not "
                             "evaluated",
                             place(w), rules->count,
                             rules->count == 1 ? "" : "s"));
    if (pattern && *pattern)
        verdict = regexp_match(pattern, "", 0);
    if (verdict == REGEXP_UNKNOWN)
        warn(w, arena_printf(w->a, "%s: pattern not evaluated: %s", place(w),
                             pattern));
    w->failed = w->failed || verdict == REGEXP_NOMEM;
    if (w->formats && format && *format && !crd_format(schema))
        warn(w, arena_printf(w->a, "unrecognized format \"%s\"", format));
}

static void walk(struct warning *w, const struct value *schema)
{
    const struct value *all = value_get(schema, "properties");
    size_t len = w->path.len;

    if (!value_is(schema, VALUE_OBJECT) || w->failed)
        return;
    judge(w, schema);
    for (uint32_t i = 0; value_is(all, VALUE_OBJECT) && i < all->count; i++) {
        crd_path_key(&w->path, all->as.members[i].key);
        walk(w, all->as.members[i].value);
        crd_path_cut(&w->path, len);
    }
    str_add(&w->path, "[*]");
    walk(w, value_get(schema, "items"));
    walk(w, value_get(schema, "additionalProperties"));
    crd_path_cut(&w->path, len);
}

static int warn_of(struct warning *w, const struct value *schema)
{
    str_init(&w->path, PATH_MAX_LEN);
    walk(w, schema);
    if (w->path.failed)
        w->failed = true;
    str_release(&w->path);
    return w->failed ? -ERR_NOMEM : 0;
}

int crd_warnings(const struct crd *c, const char *version, struct arena *a,
                 struct value *warnings)
{
    struct warning w = {.a = a, .list = warnings};

    return warn_of(&w, crd_schema(c, version));
}

int crd_definition_warnings(const struct value *definition, struct arena *a,
                            struct value *warnings)
{
    const struct value *all = value_path(definition, "spec.versions");
    struct warning w = {.a = a, .list = warnings, .formats = true};
    int rc = 0;

    for (uint32_t i = 0; value_is(all, VALUE_ARRAY) && i < all->count; i++) {
        const struct value *schema =
            value_path(all->as.items[i], "schema.openAPIV3Schema");

        if (rc == 0)
            rc = warn_of(&w, schema);
    }
    return rc;
}
