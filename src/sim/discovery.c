/*
 * discovery.c -- which groups, versions and resources there are: the documents
 *                below /api and /apis, in both forms.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "document.h"

/* ---- groups in order ---- */

/* As the API server ranks its own groups; others follow by name. */
static const char *const ranked[] = {
    "apiregistration.k8s.io",
    "apps",
    "events.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "scheduling.k8s.io",
    "coordination.k8s.io",
    "node.k8s.io",
    "discovery.k8s.io",
    "resource.k8s.io",
    "flowcontrol.apiserver.k8s.io",
};
#define RANKED (sizeof ranked / sizeof ranked[0])

static size_t rank_of(const char *group)
{
    size_t i = 0;

    while (i < RANKED && strcmp(ranked[i], group) != 0)
        i++;
    return i;
}

static int compare_groups(const void *a, const void *b)
{
    const struct kinds_group *x = a, *y = b;
    size_t i = rank_of(x->name), j = rank_of(y->name);

    return i == j ? strcmp(x->name, y->name) : i < j ? -1 : 1;
}

int kinds_groups(const struct kinds *k, struct arena *a,
                 struct kinds_group **ret, size_t *ret_count)
{
    struct kinds_group *groups = arena_calloc(a, k->count, sizeof *groups);
    const struct kind *one;
    size_t count = 0;

    if (!groups)
        return -1;
    for (size_t it = 0; (one = kinds_next(k, &it));) {
        struct kinds_group *last = count ? &groups[count - 1] : NULL;

        if (*one->r.group == '\0')
            continue;
        if (!last || strcmp(last->name, one->r.group) != 0)
            groups[count++] = (struct kinds_group){one->r.group, one};
        else if (version_compare(one->r.version, last->preferred->r.version) <
                 0)
            last->preferred = one;
    }
    qsort(groups, count, sizeof *groups, compare_groups);
    *ret = groups;
    *ret_count = count;
    return 0;
}

static int compare_versions(const void *a, const void *b)
{
    const struct kind *x = *(const struct kind *const *)a;
    const struct kind *y = *(const struct kind *const *)b;

    return version_compare(x->r.version, y->r.version);
}

int kinds_versions(const struct kinds *k, struct arena *a, const char *group,
                   const struct kind ***ret, size_t *ret_count)
{
    const struct kind **versions =
        arena_calloc(a, k->count, sizeof(const struct kind *));
    const struct kind *one;
    size_t count = 0;

    if (!versions)
        return -1;
    for (size_t it = 0; (one = kinds_next(k, &it));)
        if (strcmp(one->r.group, group) == 0 &&
            (count == 0 ||
             strcmp(versions[count - 1]->r.version, one->r.version) != 0))
            versions[count++] = one;
    qsort(versions, count, sizeof(const struct kind *), compare_versions);
    *ret = versions;
    *ret_count = count;
    return 0;
}

/* ---- the legacy form ---- */

static void write_group_version(struct writer *w, const struct resource *r)
{
    str_addc(w->out, '{');
    write_pair(w, "groupVersion", r->api_version);
    str_addc(w->out, ',');
    write_pair(w, "version", r->version);
    str_addc(w->out, '}');
}

int discovery_group(struct writer *w, const char *group, bool *ret_found)
{
    const struct kind **versions;
    size_t count;

    if (kinds_versions(w->k, w->a, group, &versions, &count) < 0)
        return -1;
    *ret_found = count > 0;
    if (count == 0)
        return 0;
    write_pair(w, "name", group);
    str_add(w->out, ",\"versions\":[");
    for (size_t i = 0; i < count; i++) {
        str_add(w->out, i ? "," : "");
        write_group_version(w, &versions[i]->r);
    }
    str_add(w->out, "],\"preferredVersion\":");
    write_group_version(w, &versions[0]->r);
    return 0;
}

static int write_group_list(struct writer *w, const struct kinds_group *groups,
                            size_t count)
{
    bool found;

    str_add(w->out, "{\"kind\":\"APIGroupList\",\"apiVersion\":\"v1\","
                    "\"groups\":[");
    for (size_t i = 0; i < count; i++) {
        str_add(w->out, i ? ",{" : "{");
        if (discovery_group(w, groups[i].name, &found) < 0)
            return -1;
        str_addc(w->out, '}');
    }
    str_add(w->out, "]}");
    return 0;
}

static void write_subresource(struct writer *w, const struct kind *k,
                              const struct subresource *sub)
{
    char *name = arena_printf(w->a, "%s/%s", k->r.plural, sub->name);

    str_add(w->out, ",{");
    write_pair(w, "name", name ? name : "");
    str_addf(w->out, ",\"singularName\":\"\",\"namespaced\":%s,",
             k->r.namespaced ? "true" : "false");
    if (sub->group) {
        write_pair(w, "group", sub->group);
        str_addc(w->out, ',');
        write_pair(w, "version", sub->version);
        str_addc(w->out, ',');
    }
    write_pair(w, "kind", sub->kind);
    write_words(w, "verbs", sub->verbs);
    str_addc(w->out, '}');
}

static void write_resource(struct writer *w, const struct kind *k)
{
    struct subresource sub;

    str_addc(w->out, '{');
    write_pair(w, "name", k->r.plural);
    str_addc(w->out, ',');
    write_pair(w, "singularName", k->r.singular);
    str_addf(w->out, ",\"namespaced\":%s,", k->r.namespaced ? "true" : "false");
    write_pair(w, "kind", k->r.kind);
    write_words(w, "verbs", k->verbs);
    write_words(w, "shortNames", k->short_names);
    write_words(w, "categories", k->categories);
    str_addc(w->out, '}');
    for (size_t it = 0; subresource_next(k, &it, &sub);)
        write_subresource(w, k, &sub);
}

void discovery_resources(struct writer *w, const char *api_version,
                         bool *ret_found)
{
    const struct kind *one;

    *ret_found = false;
    str_add(w->out, "{\"kind\":\"APIResourceList\",");
    if (strchr(api_version, '/'))
        str_add(w->out, "\"apiVersion\":\"v1\",");
    write_pair(w, "groupVersion", api_version);
    str_add(w->out, ",\"resources\":[");
    for (size_t it = 0; (one = kinds_next(w->k, &it));)
        if (strcmp(one->r.api_version, api_version) == 0) {
            str_add(w->out, *ret_found ? "," : "");
            write_resource(w, one);
            *ret_found = true;
        }
    str_add(w->out, "]}");
}

/* ---- the aggregated form ---- */

/* Built-in resources leave the group and version of their kind empty. */
static void write_response_kind(struct writer *w, const struct kind *k,
                                const struct subresource *sub)
{
    bool own = !sub || !sub->group;

    str_add(w->out, "\"responseKind\":{");
    write_pair(w, "group", !own ? sub->group : k->crd ? k->r.group : "");
    str_addc(w->out, ',');
    write_pair(w, "version", !own ? sub->version : k->crd ? k->r.version : "");
    str_addc(w->out, ',');
    write_pair(w, "kind", sub ? sub->kind : k->r.kind);
    str_addc(w->out, '}');
}

static void write_aggregated_resource(struct writer *w, const struct kind *k)
{
    struct subresource sub;
    bool any = false;

    str_addc(w->out, '{');
    write_pair(w, "resource", k->r.plural);
    str_addc(w->out, ',');
    write_response_kind(w, k, NULL);
    str_addf(w->out, ",\"scope\":\"%s\",",
             k->r.namespaced ? "Namespaced" : "Cluster");
    write_pair(w, "singularResource", k->r.singular);
    write_words(w, "verbs", k->verbs);
    write_words(w, "shortNames", k->short_names);
    write_words(w, "categories", k->categories);
    for (size_t it = 0; subresource_next(k, &it, &sub); any = true) {
        str_add(w->out, any ? ",{" : ",\"subresources\":[{");
        write_pair(w, "subresource", sub.name);
        str_addc(w->out, ',');
        write_response_kind(w, k, &sub);
        write_words(w, "verbs", sub.verbs);
        str_addc(w->out, '}');
    }
    str_add(w->out, any ? "]}" : "}");
}

static void write_aggregated_version(struct writer *w, const struct resource *r)
{
    const struct kind *one;
    bool any = false;

    str_addc(w->out, '{');
    write_pair(w, "version", r->version);
    str_add(w->out, ",\"resources\":[");
    for (size_t it = 0; (one = kinds_next(w->k, &it));)
        if (strcmp(one->r.api_version, r->api_version) == 0) {
            str_add(w->out, any ? "," : "");
            write_aggregated_resource(w, one);
            any = true;
        }
    str_add(w->out, "],\"freshness\":\"Current\"}");
}

static int write_aggregated_group(struct writer *w, const char *group)
{
    const struct kind **versions;
    size_t count;

    if (kinds_versions(w->k, w->a, group, &versions, &count) < 0)
        return -1;
    str_add(w->out, "{\"metadata\":{");
    if (*group)
        write_pair(w, "name", group);
    str_add(w->out, "},\"versions\":[");
    for (size_t i = 0; i < count; i++) {
        str_add(w->out, i ? "," : "");
        write_aggregated_version(w, &versions[i]->r);
    }
    str_add(w->out, "]}");
    return 0;
}

static int write_aggregated(struct writer *w, const struct kinds_group *groups,
                            size_t count)
{
    str_add(w->out, "{\"kind\":\"APIGroupDiscoveryList\",\"apiVersion\":"
                    "\"apidiscovery.k8s.io/v2\",\"metadata\":{},\"items\":[");
    for (size_t i = 0; i < count; i++) {
        str_add(w->out, i ? "," : "");
        if (write_aggregated_group(w, groups[i].name) < 0)
            return -1;
    }
    str_add(w->out, "]}");
    return 0;
}

int discovery_roots(struct writer *w, bool core, bool aggregated)
{
    static const struct kinds_group core_group = {"", NULL};
    struct kinds_group *groups;
    size_t count;

    if (core && aggregated)
        return write_aggregated(w, &core_group, 1);
    if (core) {
        str_add(w->out, "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"],"
                        "\"serverAddressByClientCIDRs\":[]}");
        return 0;
    }
    if (kinds_groups(w->k, w->a, &groups, &count) < 0)
        return -1;
    return aggregated ? write_aggregated(w, groups, count)
                      : write_group_list(w, groups, count);
}
