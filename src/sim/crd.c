/*
 * crd.c -- a definition and what is looked up in it; see include/sim/crd.h.
 */
#include "crd_impl.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

int crd_new(const struct value *definition, struct crd **ret_crd,
            struct failure *f)
{
    struct crd *c = mem_calloc(1, sizeof *c);

    if (!c)
        return failure_nomem(f);
    c->definition = value_copy(&c->arena, definition);
    if (!c->definition) {
        crd_free(c);
        return failure_nomem(f);
    }
    *ret_crd = c;
    return 0;
}

void crd_free(struct crd *c)
{
    if (!c)
        return;
    arena_release(&c->arena);
    mem_free(c);
}

const struct value *crd_definition(const struct crd *c)
{
    return c->definition;
}

const struct value *crd_version(const struct crd *c, const char *version)
{
    const struct value *all = value_path(c->definition, "spec.versions");

    for (uint32_t i = 0; value_is(all, VALUE_ARRAY) && i < all->count; i++)
        if (text_equal(value_text_at(all->as.items[i], "name"), version))
            return all->as.items[i];
    return NULL;
}

bool crd_subresources(const struct crd *c, const char *version,
                      struct crd_subresources *ret)
{
    const struct value *v = crd_version(c, version);
    const struct value *sub = value_get(v, "subresources");
    const struct value *scale = value_get(sub, "scale");

    *ret = (struct crd_subresources){
        .status = value_is(value_get(sub, "status"), VALUE_OBJECT),
        .scale = value_is(scale, VALUE_OBJECT),
        .spec_replicas_path = value_text_at(scale, "specReplicasPath"),
        .status_replicas_path = value_text_at(scale, "statusReplicasPath"),
        .label_selector_path = value_text_at(scale, "labelSelectorPath"),
    };
    return v != NULL;
}

const struct value *crd_columns(const struct crd *c, const char *version)
{
    const struct value *columns =
        value_get(crd_version(c, version), "additionalPrinterColumns");

    return value_is(columns, VALUE_ARRAY) && columns->count ? columns : NULL;
}

const struct value *crd_schema(const struct crd *c, const char *version)
{
    return value_path(crd_version(c, version), "schema.openAPIV3Schema");
}

bool crd_is_storage(const struct crd *c, const char *version)
{
    return value_bool_at(crd_version(c, version), "storage", false);
}

/* ---- reading schemas ---- */

bool crd_flag(const struct value *schema, const char *name)
{
    return value_bool_at(schema, name, false);
}

const struct value *crd_property(const struct value *schema, const char *name)
{
    const struct value *found =
        value_get(value_get(schema, "properties"), name);
    const struct value *others = value_get(schema, "additionalProperties");

    return found ? found : value_is(others, VALUE_OBJECT) ? others : NULL;
}

bool crd_is_meta(const char *key)
{
    return strcmp(key, "apiVersion") == 0 || strcmp(key, "kind") == 0 ||
           strcmp(key, "metadata") == 0;
}

/* ---- paths ---- */

size_t crd_path_key(struct str *path, const char *key)
{
    size_t len = path->len;

    str_add(path, len ? "." : "");
    str_add(path, key);
    return len;
}

size_t crd_path_index(struct str *path, size_t index)
{
    size_t len = path->len;

    str_addf(path, "[%zu]", index);
    return len;
}

void crd_path_cut(struct str *path, size_t len)
{
    if (path->len <= len)
        return;
    path->len = len;
    path->data[len] = '\0';
}

const char *crd_text(struct arena *a, const struct value *v)
{
    struct str text;
    const char *copy = NULL;

    str_init(&text, 0);
    if (value_print(v, &text, NULL) == 0)
        copy = arena_strndup(a, str_text(&text), text.len);
    str_release(&text);
    return copy ? copy : "";
}
