/*
 * restmap_crd.c -- kinds that are known without asking a server: built-in ones
 *                  from the schema data, custom ones from their definition.
 *
 * DESIGN
 *
 * Each call makes a new table out of the live one and publishes it, so a call
 * that fails changes nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "restmap_impl.h"

struct version {
    const char *name;
    const struct value *definition;
};

static int compare_versions(const void *a, const void *b)
{
    const struct version *x = a, *y = b;

    return version_compare(x->name, y->name);
}

/* ---- one more kind ---- */

/* Copy the live table without the entries of `group` and `kind`; a NULL
 * version is every version. */
static int copy_without(struct restmap *m, struct table *t,
                        const struct resource *r, const char *version,
                        struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < m->live.count && rc == 0; i++) {
        const struct resource *other = &m->live.items[i]->resource;
        bool same = strcmp(other->group, r->group) == 0 &&
                    strcmp(other->kind, r->kind) == 0 &&
                    (!version || strcmp(other->version, version) == 0);

        if (!same)
            rc = table_add_entry(t, m->live.items[i], err);
    }
    return rc;
}

int restmap_add(struct restmap *m, const struct resource *r, struct err *err)
{
    struct draft d = {.resource = *r};
    struct table t = {0};
    int rc = copy_without(m, &t, r, r->version, err);

    if (rc == 0)
        rc = table_take(m, &t, &d, err);
    if (rc == 0)
        rc = table_publish(m, &t, err);
    table_release(&t);
    return rc;
}

/* ---- CustomResourceDefinition ---- */

static int missing(const char *field, struct err *err)
{
    return err_set(err, ERR_INVALID, "the definition has no %s", field);
}

/* What all versions have in common. A custom resource can do everything. */
static int read_names(const struct value *crd, struct draft *d, struct err *err)
{
    struct resource *r = &d->resource;
    const char *singular = value_text_at(crd, "spec.names.singular");
    const char *scope = value_text_at(crd, "spec.scope");

    r->group = value_text_at(crd, "spec.group");
    r->kind = value_text_at(crd, "spec.names.kind");
    r->plural = value_text_at(crd, "spec.names.plural");
    r->singular = singular ? singular : "";
    r->namespaced = text_equal(scope, "Namespaced");
    r->can_list = r->can_watch = true;
    r->can_create = r->can_patch = r->can_delete = true;
    d->short_names = value_path(crd, "spec.names.shortNames");
    if (!r->group || !name_is_dns_subdomain(r->group))
        return missing("valid spec.group", err);
    if (!r->kind || !r->kind[0])
        return missing("spec.names.kind", err);
    if (!r->plural || !name_is_dns_label(r->plural))
        return missing("valid spec.names.plural", err);
    if (!r->namespaced && !text_equal(scope, "Cluster"))
        return missing("valid spec.scope", err);
    return 0;
}

/* The served versions, preferred one first, in `a`. */
static int read_versions(const struct value *crd, struct arena *a,
                         struct version **ret_versions, size_t *ret_count,
                         struct err *err)
{
    const struct value *list = value_path(crd, "spec.versions");
    struct version *versions;
    size_t count = 0;

    if (!value_is(list, VALUE_ARRAY) || list->count == 0)
        return missing("spec.versions", err);
    versions = arena_calloc(a, list->count, sizeof(*versions));
    if (!versions)
        return err_nomem(err);
    for (uint32_t i = 0; i < list->count; i++) {
        const struct value *v = list->as.items[i];
        const char *name = value_text_at(v, "name");

        if (!name || !name_is_dns_label(name))
            return missing("valid name of a version", err);
        if (!value_bool_at(v, "served", false))
            continue;
        versions[count++] = (struct version){name, v};
    }
    qsort(versions, count, sizeof(*versions), compare_versions);
    *ret_versions = versions;
    *ret_count = count;
    return 0;
}

/* Subresources are a matter of each version. */
static int take_version(struct restmap *m, struct table *t, struct draft *d,
                        const struct version *v, struct err *err)
{
    struct resource *r = &d->resource;
    char api_version[NAME_MAX_DNS1123_SUBDOMAIN + NAME_MAX_DNS1123_LABEL + 2];
    size_t len = strlen(r->group);

    memcpy(api_version, r->group, len);
    api_version[len] = '/';
    memcpy(api_version + len + 1, v->name, strlen(v->name) + 1);
    r->api_version = api_version;
    r->version = v->name;
    r->has_status = value_path(v->definition, "subresources.status") != NULL;
    r->has_scale = value_path(v->definition, "subresources.scale") != NULL;
    return table_take(m, t, d, err);
}

int restmap_add_crd(struct restmap *m, const struct value *crd, struct err *err)
{
    struct draft d = {0};
    struct arena a = {0};
    struct table t = {0};
    struct version *versions;
    size_t count = 0;
    int rc = read_names(crd, &d, err);

    if (rc == 0)
        rc = read_versions(crd, &a, &versions, &count, err);
    if (rc == 0)
        rc = copy_without(m, &t, &d.resource, NULL, err);
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = take_version(m, &t, &d, &versions[i], err);
    if (rc == 0)
        rc = table_publish(m, &t, err);
    table_release(&t);
    arena_release(&a);
    return rc;
}
