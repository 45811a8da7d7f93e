/*
 * rules_decode_custom.c -- custom resources: pruned as their definition says,
 *                          their metadata typed like everybody's; see rules.h.
 */
#include <string.h>

#include "rules_decode.h"
#include "sim/crd.h"

/* ".spec.foo" as "spec.foo". */
static void drop_dots(struct value *paths)
{
    struct value *path;

    for (size_t i = 0; (path = rules_item(paths, i)); i++)
        if (value_text(path)[0] == '.')
            decode_set_text(path, path->as.string + 1);
}

static struct schema_node metadata_schema(void)
{
    return schema_field(schema_find(NULL, "v1", "ConfigMap"), "metadata");
}

/* Metadata of a custom resource is as strictly typed as that of others. */
static int decode_metadata(struct decoding *d, const struct place *at,
                           struct value *meta)
{
    const struct value *sent = NULL;

    if (d->c->applied && !(sent = value_copy(d->c->a, meta)))
        return failure_nomem(d->f);
    if (decode_value(d, metadata_schema(), at, meta) < 0)
        return -1;
    if (sent && !value_equal(sent, meta))
        rules_note_unread(d->c, at->up ? UNREAD_BODY : UNREAD_METADATA);
    return 0;
}

/* The three fields that every resource has are typed whatever the schema says
 * of them. */
static int decode_embedded(void *arg, const char *path, struct value *v)
{
    struct decoding *d = arg;
    const struct place up = {.name = path, .len = strlen(path)};
    const struct place at = {.up = &up, .name = "metadata", .len = 8};
    struct value *meta = value_get(v, "metadata");
    static const char *const texts[] = {"apiVersion", "kind"};

    for (size_t i = 0; i < 2; i++) {
        const struct value *text = value_get(v, texts[i]);

        if (text && text->type != VALUE_STRING)
            return decode_refuse(d,
                                 arena_printf(d->c->a,
                                              "%s.%s: Invalid value: must be a "
                                              "string",
                                              path, texts[i]));
    }
    if (value_is(meta, VALUE_NULL)) {
        if (d->c->applied)
            rules_note_unread(d->c, UNREAD_BODY);
        return value_make(d->c->a, v, "metadata") ? 0 : failure_nomem(d->f);
    }
    return meta ? decode_metadata(d, &at, meta) : 0;
}

int decode_custom(struct decoding *d, struct value *object)
{
    const struct place at = {.name = "metadata", .len = 8};
    const struct kind *kind = d->c->kind;
    struct value *meta = value_get(object, "metadata");

    if (value_is(meta, VALUE_NULL))
        value_unset(object, "metadata");
    else if (meta && decode_metadata(d, &at, meta) < 0)
        return -1;
    if (crd_prune(kind->crd, kind->r.version, object, d->unknown, d->f) < 0)
        return -1;
    if (d->c->applied && d->unknown && d->unknown->count)
        rules_note_unread(d->c, UNREAD_BODY);
    if (!d->c->applied)
        crd_drop_nulls(kind->crd, kind->r.version, object);
    if (crd_embedded(kind->crd, kind->r.version, object, decode_embedded, d) <
        0)
        return -1;
    drop_dots(d->unknown);
    return 0;
}
