/*
 * restmap_parse.c -- discovery documents: the aggregated form (DI-1), where
 *                    one answer has everything, and the legacy form (DI-3),
 *                    where the roots only name what to ask next.
 *
 * DESIGN
 *
 * Documents come from servers of other people's making (aggregated APIs), so
 * whatever is missing or of the wrong type makes one resource unknown, never
 * the whole answer. Only the kind of the document is insisted on.
 */
#include <string.h>

#include "restmap_impl.h"

static bool kind_is(const struct value *doc, const char *kind)
{
    return text_equal(value_text_at(doc, "kind"), kind);
}

/* The array under `key`, or an empty one. */
static const struct value *array_at(const struct value *v, const char *key)
{
    static const struct value empty = {.type = VALUE_ARRAY};
    const struct value *array = value_get(v, key);

    return value_is(array, VALUE_ARRAY) ? array : &empty;
}

static const char *text_or(const char *text, const char *otherwise)
{
    return text ? text : otherwise;
}

static bool has_text(const struct value *array, const char *text)
{
    if (!value_is(array, VALUE_ARRAY))
        return false;
    for (uint32_t i = 0; i < array->count; i++)
        if (text_equal(value_text(array->as.items[i]), text))
            return true;
    return false;
}

void resource_set_verbs(struct resource *r, const struct value *verbs)
{
    r->can_list = has_text(verbs, "list");
    r->can_watch = has_text(verbs, "watch");
    r->can_create = has_text(verbs, "create");
    r->can_patch = has_text(verbs, "patch");
    r->can_delete = has_text(verbs, "delete");
}

/* What a URL or an object cannot be made of is not taken. */
static int take(struct restmap *m, const struct draft *d, struct err *err)
{
    const struct resource *r = &d->resource;

    if (!r->plural || !r->kind || !r->kind[0] ||
        !name_is_path_segment(r->plural))
        return 0;
    return table_take(m, &m->next, d, err);
}

/* "apps" and "v1" to a draft of "apps/v1"; false when they are no names. */
static bool set_version(struct draft *d, struct arena *a, const char *group,
                        const char *version)
{
    struct resource *r = &d->resource;

    if (!version || !name_is_path_segment(version) ||
        (group[0] && !name_is_path_segment(group)))
        return false;
    r->group = group;
    r->version = version;
    r->api_version =
        group[0] ? arena_printf(a, "%s/%s", group, version) : version;
    return true;
}

/* ---- aggregated ---- */

static bool has_subresource(const struct value *resource, const char *name)
{
    const struct value *subs = array_at(resource, "subresources");

    for (uint32_t i = 0; i < subs->count; i++)
        if (text_equal(value_text_at(subs->as.items[i], "subresource"), name))
            return true;
    return false;
}

/* A resource without a kind of its own has nothing but subresources. */
static int take_aggregated(struct restmap *m, struct draft d,
                           const struct value *v, struct err *err)
{
    struct resource *r = &d.resource;

    r->plural = value_text_at(v, "resource");
    r->kind = value_text_at(v, "responseKind.kind");
    r->singular = text_or(value_text_at(v, "singularResource"), "");
    r->namespaced = text_equal(value_text_at(v, "scope"), "Namespaced");
    r->has_status = has_subresource(v, "status");
    r->has_scale = has_subresource(v, "scale");
    resource_set_verbs(r, value_get(v, "verbs"));
    d.short_names = value_get(v, "shortNames");
    return take(m, &d, err);
}

/* One version of a group. A stale one has no resources of its own: its server
 * did not answer the aggregator. Where nothing was known, take what is there.
 */
static int take_version(struct restmap *m, struct arena *a, const char *group,
                        const struct value *v, struct err *err)
{
    const struct value *resources = array_at(v, "resources");
    size_t before = m->next.count;
    struct draft d = {0};
    int rc = 0;

    if (!set_version(&d, a, group, value_text_at(v, "version")))
        return 0;
    if (!d.resource.api_version)
        return err_nomem(err);
    if (text_equal(value_text_at(v, "freshness"), "Stale"))
        rc = table_keep_version(m, &m->next, d.resource.api_version, err);
    if (rc < 0 || m->next.count > before) /* DI-2 */
        return rc;
    for (uint32_t i = 0; i < resources->count && rc == 0; i++)
        rc = take_aggregated(m, d, resources->as.items[i], err);
    return rc;
}

/* A group without a name is the core group. */
static int take_groups(struct restmap *m, struct arena *a,
                       const struct value *doc, struct err *err)
{
    const struct value *groups = array_at(doc, "items");
    int rc = 0;

    for (uint32_t i = 0; i < groups->count; i++) {
        const struct value *group = groups->as.items[i];
        const char *name = text_or(value_text_at(group, "metadata.name"), "");
        const struct value *versions = array_at(group, "versions");

        for (uint32_t k = 0; k < versions->count && rc == 0; k++)
            rc = take_version(m, a, name, versions->as.items[k], err);
    }
    return rc;
}

/* ---- legacy ---- */

/* One more path; names that would lead elsewhere are passed over (HT-14). */
static int ask_version(struct restmap *m, const char *group,
                       const char *version, struct err *err)
{
    const char *path;

    if (!version || !name_is_path_segment(version) ||
        (group[0] && !name_is_path_segment(group)))
        return 0;
    if (group[0])
        path = arena_printf(&m->scratch, "/apis/%s/%s", group, version);
    else
        path = arena_printf(&m->scratch, "/api/%s", version);
    return path ? restmap_ask(m, path, err) : err_nomem(err);
}

/* APIVersions: the versions of the core group. */
static int ask_core(struct restmap *m, const struct value *doc, struct err *err)
{
    const struct value *versions = array_at(doc, "versions");
    int rc = 0;

    for (uint32_t i = 0; i < versions->count && rc == 0; i++)
        rc = ask_version(m, "", value_text(versions->as.items[i]), err);
    return rc;
}

/* The preferred version first, whatever the order of the list (DI-4). */
static int ask_group(struct restmap *m, const struct value *group,
                     struct err *err)
{
    const char *name = text_or(value_text_at(group, "name"), "");
    const char *first = value_text_at(group, "preferredVersion.version");
    const struct value *versions = array_at(group, "versions");
    int rc = 0;

    if (!name[0])
        return 0;
    if (first)
        rc = ask_version(m, name, first, err);
    for (uint32_t i = 0; i < versions->count && rc == 0; i++) {
        const char *version = value_text_at(versions->as.items[i], "version");

        if (!text_equal(version, first))
            rc = ask_version(m, name, version, err);
    }
    return rc;
}

/* APIGroupList */
static int ask_groups(struct restmap *m, const struct value *doc,
                      struct err *err)
{
    const struct value *groups = array_at(doc, "groups");
    int rc = 0;

    for (uint32_t i = 0; i < groups->count && rc == 0; i++)
        rc = ask_group(m, groups->as.items[i], err);
    return rc;
}

/* In the legacy list "deployments/status" is a resource beside "deployments".
 */
static bool lists_subresource(const struct value *resources, const char *plural,
                              const char *name)
{
    size_t len = strlen(plural);

    for (uint32_t i = 0; i < resources->count; i++) {
        const char *text = value_text_at(resources->as.items[i], "name");

        if (text && strncmp(text, plural, len) == 0 && text[len] == '/' &&
            strcmp(text + len + 1, name) == 0)
            return true;
    }
    return false;
}

/* Subresources were looked up from their resource: they are no kinds. */
static int take_legacy(struct restmap *m, struct draft d,
                       const struct value *resources, const struct value *v,
                       struct err *err)
{
    struct resource *r = &d.resource;

    r->plural = value_text_at(v, "name");
    if (!r->plural || strchr(r->plural, '/'))
        return 0;
    r->kind = value_text_at(v, "kind");
    r->singular = text_or(value_text_at(v, "singularName"), "");
    r->namespaced = value_bool_at(v, "namespaced", false);
    r->has_status = lists_subresource(resources, r->plural, "status");
    r->has_scale = lists_subresource(resources, r->plural, "scale");
    resource_set_verbs(r, value_get(v, "verbs"));
    d.short_names = value_get(v, "shortNames");
    return take(m, &d, err);
}

int restmap_parse_group(struct restmap *m, struct arena *a,
                        const struct value *doc, struct err *err)
{
    const char *asked = restmap_path_version(restmap_next_path(m));
    const struct value *resources = array_at(doc, "resources");
    const char *slash = strchr(asked, '/');
    struct draft d = {.resource = {.api_version = asked, .group = ""}};
    int rc = 0;

    if (!kind_is(doc, "APIResourceList") ||
        !text_equal(value_text_at(doc, "groupVersion"), asked))
        return err_set(err, ERR_PROTOCOL, "the answer does not list %s", asked);
    d.resource.version = slash ? slash + 1 : asked;
    if (slash)
        d.resource.group = arena_strndup(a, asked, (size_t)(slash - asked));
    if (!d.resource.group)
        return err_nomem(err);
    for (uint32_t i = 0; i < resources->count && rc == 0; i++)
        rc = take_legacy(m, d, resources, resources->as.items[i], err);
    return rc;
}

int restmap_parse_root(struct restmap *m, struct arena *a,
                       const struct value *doc, struct err *err)
{
    if (kind_is(doc, "APIGroupDiscoveryList"))
        return take_groups(m, a, doc, err);
    if (kind_is(doc, "APIVersions"))
        return ask_core(m, doc, err);
    if (kind_is(doc, "APIGroupList"))
        return ask_groups(m, doc, err);
    return err_set(err, ERR_PROTOCOL, "the answer is no discovery document");
}
