#include "kit_managed.h"

#include <string.h>

#include "test.h"

void mkit_begin(struct mkit *k, const char *api_version, const char *kind)
{
    *k =
        (struct mkit){.api_version = api_version, .kind = kind, .now = KIT_NOW};
    failure_init(&k->f, &k->a);
}

void mkit_end(struct mkit *k)
{
    schema_set_free(k->set);
    arena_release(&k->a);
}

struct value *mkit_json(struct mkit *k, const char *text)
{
    char *copy = arena_strdup(&k->a, text);
    struct value *v = NULL;
    struct err err = {0};

    for (char *at = copy; at && *at; at++)
        if (*at == '\'')
            *at = '"';
    check_ok(value_parse(&k->a, copy, strlen(copy), &v, &err), &err);
    return v;
}

const char *mkit_text(struct mkit *k, const struct value *v)
{
    struct str text;
    char *out;

    str_init(&text, 0);
    check_int(value_print(v, &text, NULL), 0);
    out = arena_strdup(&k->a, str_text(&text));
    for (char *at = out; at && *at; at++)
        if (*at == '"')
            *at = '\'';
    str_release(&text);
    return out;
}

static struct managed_call call(struct mkit *k, const char *manager)
{
    return (struct managed_call){
        .a = &k->a,
        .schema = schema_find(k->set, k->api_version, k->kind),
        .api_version = k->api_version,
        .kind = k->kind,
        .group = "",
        .subresource = "",
        .manager = manager,
        .unix_now = k->now,
        .reset = k->reset,
        .empty = k->empty,
        .convert = k->convert,
    };
}

int mkit_update(struct mkit *k, const char *manager, const char *object)
{
    struct managed_call c = call(k, manager);
    struct value *v = mkit_json(k, object);
    int rc;

    failure_init(&k->f, &k->a);
    rc = managed_update(&c, k->live, v, &k->f);
    if (rc == 0)
        k->live = v;
    return rc;
}

static int apply(struct mkit *k, const char *manager, const char *config,
                 bool force)
{
    struct managed_call c = call(k, manager);
    struct value *v = mkit_json(k, config);
    bool noop;
    int rc;

    c.force = force;
    failure_init(&k->f, &k->a);
    rc = managed_apply(&c, k->live, v, &v, &k->f);
    if (rc == 0)
        rc = managed_apply_finish(&c, k->live, v, &noop, &k->f);
    if (rc == 0)
        k->live = v;
    return rc;
}

int mkit_apply(struct mkit *k, const char *manager, const char *config)
{
    return apply(k, manager, config, false);
}

int mkit_force(struct mkit *k, const char *manager, const char *config)
{
    return apply(k, manager, config, true);
}

const char *mkit_managers(struct mkit *k)
{
    const struct value *all = value_path(k->live, "metadata.managedFields");
    const char *out = "";

    for (uint32_t i = 0; all && i < all->count; i++) {
        const struct value *e = all->as.items[i];

        out = arena_printf(&k->a, "%s%s%s %s %s", out, i ? "\n" : "",
                           value_text_at(e, "manager"),
                           value_text_at(e, "operation"),
                           mkit_text(k, value_get(e, "fieldsV1")));
    }
    return out;
}

const char *mkit_live(struct mkit *k)
{
    struct value *copy = value_copy(&k->a, k->live);

    value_unset(value_get(copy, "metadata"), "managedFields");
    return mkit_text(k, copy);
}

const char *mkit_causes(struct mkit *k)
{
    const char *out = "";

    for (size_t i = 0; i < k->f.cause_count; i++)
        out = arena_printf(&k->a, "%s%s%s: %s", out, i ? "\n" : "",
                           k->f.causes[i].field, k->f.causes[i].message);
    return out;
}
