/*
 * openapi_paths.c -- the paths of an OpenAPI document: what clients look for in
 *                    them is which kind an operation is about and which
 *                    parameters it takes.
 */
#include <string.h>

#include "document.h"
#include "kube/schema_builtin.h"

/* ---- names ---- */

/* The long names that the table cuts off; see schema_gen.py. */
static const char *package_of(struct schema_text name)
{
    static const struct {
        const char *prefix, *package;
    } others[] = {
        {"meta.v", "io.k8s.apimachinery.pkg.apis."},
        {"api.resource.", "io.k8s.apimachinery.pkg."},
        {"util.intstr.", "io.k8s.apimachinery.pkg."},
        {"runtime.", "io.k8s.apimachinery.pkg."},
        {"version.", "io.k8s.apimachinery.pkg."},
        {"apiextensions.", "io.k8s.apiextensions-apiserver.pkg.apis."},
        {"apiregistration.", "io.k8s.kube-aggregator.pkg.apis."},
    };

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strncmp(name.at, others[i].prefix, strlen(others[i].prefix)) == 0)
            return others[i].package;
    return "io.k8s.api.";
}

void write_definition_name(struct writer *w, struct schema_text name)
{
    str_add(w->out, package_of(name));
    str_addn(w->out, name.at, name.len);
}

/* "shop.io" is "io.shop". */
void write_kind_name(struct writer *w, const struct kind *k, const char *kind)
{
    const char *group = k->r.group;

    for (size_t end = strlen(group); end > 0;) {
        size_t at = end;

        while (at > 0 && group[at - 1] != '.')
            at--;
        str_addn(w->out, group + at, end - at);
        str_addc(w->out, '.');
        end = at ? at - 1 : 0;
    }
    str_addf(w->out, "%s.%s", k->r.version, kind);
}

static void begin_reference(struct writer *w)
{
    str_addf(w->out, "\"$ref\":\"#/%s/",
             w->swagger ? "definitions" : "components/schemas");
}

void write_reference(struct writer *w, struct schema_text name)
{
    begin_reference(w);
    write_definition_name(w, name);
    str_addc(w->out, '"');
}

void write_kind_reference(struct writer *w, const struct kind *k,
                          const char *kind)
{
    begin_reference(w);
    write_kind_name(w, k, kind);
    str_addc(w->out, '"');
}

void write_gvk(struct writer *w, const struct resource *r, const char *kind)
{
    str_addc(w->out, '{');
    write_pair(w, "group", r->group);
    str_addc(w->out, ',');
    write_pair(w, "kind", kind);
    str_addc(w->out, ',');
    write_pair(w, "version", r->version);
    str_addc(w->out, '}');
}

/* ---- operations ---- */

/* An operation on a kind, or on the body of one of its subresources. */
struct operation {
    const struct kind *kind;
    const struct subresource *sub; /* or NULL */
    const char *verb;              /* "deletecollection" */
};

static bool allows(const char *const *verbs, const char *verb)
{
    while (*verbs && strcmp(*verbs, verb) != 0)
        verbs++;
    return *verbs != NULL;
}

static const char *method_of(const char *verb)
{
    static const struct {
        const char *verb, *method;
    } methods[] = {
        {"create", "post"}, {"update", "put"}, {"list", "get"},
        {"patch", "patch"}, {"get", "get"},
    };

    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strcmp(methods[i].verb, verb) == 0)
            return methods[i].method;
    return "delete";
}

static void write_parameters(struct writer *w, const char *verb)
{
    static const struct {
        const char *name, *type;
        const char *verbs;
    } all[] = {
        {"dryRun", "string", "create update patch delete deletecollection"},
        {"fieldManager", "string", "create update patch"},
        {"fieldValidation", "string", "create update patch"},
        {"force", "boolean", "patch"},
        {"gracePeriodSeconds", "integer", "delete deletecollection"},
        {"orphanDependents", "boolean", "delete deletecollection"},
        {"propagationPolicy", "string", "delete deletecollection"},
        {"allowWatchBookmarks", "boolean", "list"},
        {"continue", "string", "list deletecollection"},
        {"fieldSelector", "string", "list deletecollection"},
        {"labelSelector", "string", "list deletecollection"},
        {"limit", "integer", "list deletecollection"},
        {"resourceVersion", "string", "list deletecollection"},
        {"resourceVersionMatch", "string", "list deletecollection"},
        {"sendInitialEvents", "boolean", "list deletecollection"},
        {"timeoutSeconds", "integer", "list deletecollection"},
        {"watch", "boolean", "list"},
    };
    bool any = false;

    str_add(w->out, "\"parameters\":[");
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        const char *at = strstr(all[i].verbs, verb);
        size_t len = strlen(verb);

        while (at && at[len] != ' ' && at[len] != '\0')
            at = strstr(at + len, verb);
        if (!at)
            continue;
        str_addf(w->out,
                 "%s{\"name\":\"%s\",\"in\":\"query\",\"schema\":"
                 "{\"type\":\"%s\",\"uniqueItems\":true}}",
                 any ? "," : "", all[i].name, all[i].type);
        any = true;
    }
    str_add(w->out, "],");
}

/* The schema of a built-in kind's objects has a name in the table. */
static void write_schema(struct writer *w, const struct kind *k,
                         const char *kind, const char *api_version)
{
    struct schema_text type =
        schema_type_text(schema_find(NULL, api_version, kind));

    str_add(w->out, "{\"schema\":{");
    if (k->crd && strcmp(api_version, k->r.api_version) == 0)
        write_kind_reference(w, k, kind);
    else if (type.len && type.at[0] == '@')
        write_reference(w, (struct schema_text){type.at + 1, type.len - 1});
    else
        str_add(w->out, "\"type\":\"object\"");
    str_add(w->out, "}}");
}

static void write_patch_types(struct writer *w, const struct kind *k)
{
    static const char *const types[] = {
        "application/apply-patch+yaml",
        "application/json-patch+json",
        "application/merge-patch+json",
        "application/strategic-merge-patch+json",
    };
    size_t count = k->crd ? 3 : 4;

    for (size_t i = 0; i < count; i++)
        str_addf(w->out, "%s\"%s\":{\"schema\":{\"type\":\"object\"}}",
                 i ? "," : "", types[i]);
}

static void write_body(struct writer *w, const struct operation *o,
                       const char *kind, const char *api_version)
{
    const char *method = method_of(o->verb);

    if (strcmp(method, "get") == 0 || strcmp(method, "delete") == 0)
        return;
    str_add(w->out, "\"requestBody\":{\"content\":{");
    if (strcmp(method, "patch") == 0) {
        write_patch_types(w, o->kind);
    } else {
        str_add(w->out, "\"*/*\":");
        write_schema(w, o->kind, kind, api_version);
    }
    str_add(w->out, "},\"required\":true},");
}

static void write_operation(struct writer *w, const struct operation *o)
{
    struct resource r = o->kind->r;
    const char *kind = o->sub ? o->sub->kind : r.kind;
    bool list = strcmp(o->verb, "list") == 0;
    char *api_version = NULL;

    if (o->sub && o->sub->group) {
        r.group = o->sub->group;
        r.version = o->sub->version;
        api_version = arena_printf(w->a, "%s/%s", r.group, r.version);
    }
    if (!api_version)
        api_version = arena_strdup(w->a, r.api_version);
    str_addf(w->out, "\"%s\":{", method_of(o->verb));
    write_parameters(w, o->verb);
    write_body(w, o, kind, api_version ? api_version : "");
    str_add(w->out, "\"responses\":{\"200\":{\"description\":\"OK\","
                    "\"content\":{\"application/json\":");
    write_schema(w, o->kind, list ? o->kind->list_kind : kind,
                 api_version ? api_version : "");
    str_add(w->out, "}}},\"x-kubernetes-action\":");
    write_text(w, strcmp(o->verb, "create") == 0   ? "post"
                  : strcmp(o->verb, "update") == 0 ? "put"
                                                   : o->verb);
    str_add(w->out, ",\"x-kubernetes-group-version-kind\":");
    write_gvk(w, &r, kind);
    str_addc(w->out, '}');
}

/* ---- paths ---- */

static void begin_path(struct writer *w, const struct kind *k, bool namespaced,
                       const char *rest)
{
    str_addf(w->out, "\"/%s/%s%s/%s%s\":{\"parameters\":[",
             *k->r.group ? "apis" : "api", k->r.api_version,
             namespaced ? "/namespaces/{namespace}" : "", k->r.plural, rest);
    if (*rest)
        str_add(w->out, "{\"name\":\"name\",\"in\":\"path\",\"required\":true,"
                        "\"schema\":{\"type\":\"string\"}}");
    if (namespaced)
        str_addf(w->out,
                 "%s{\"name\":\"namespace\",\"in\":\"path\",\"required\":true,"
                 "\"schema\":{\"type\":\"string\"}}",
                 *rest ? "," : "");
    str_addc(w->out, ']');
}

static void write_operations(struct writer *w, const struct operation *on,
                             const char *const *allowed,
                             const char *const *wanted)
{
    for (; *wanted; wanted++) {
        struct operation o = {on->kind, on->sub, *wanted};

        if (!allows(allowed, *wanted))
            continue;
        str_addc(w->out, ',');
        write_operation(w, &o);
    }
    str_addc(w->out, '}');
}

static void write_kind_paths(struct writer *w, const struct kind *k)
{
    static const char *const of_list[] = {"list", "create", "deletecollection",
                                          NULL};
    static const char *const of_all[] = {"list", NULL};
    static const char *const of_one[] = {"get",    "update", "patch",
                                         "create", "delete", NULL};
    static const char *const no_create[] = {"get", "update", "patch", "delete",
                                            NULL};
    struct operation o = {.kind = k};
    struct subresource sub;

    begin_path(w, k, k->r.namespaced, "");
    write_operations(w, &o, k->verbs, of_list);
    if (k->r.namespaced && k->r.can_list) {
        str_addc(w->out, ',');
        begin_path(w, k, false, "");
        write_operations(w, &o, k->verbs, of_all);
    }
    if (allows(k->verbs, "get")) {
        str_addc(w->out, ',');
        begin_path(w, k, k->r.namespaced, "/{name}");
        write_operations(w, &o, k->verbs, no_create);
    }
    for (size_t it = 0; subresource_next(k, &it, &sub);) {
        char *rest = arena_printf(w->a, "/{name}/%s", sub.name);

        o.sub = &sub;
        str_addc(w->out, ',');
        begin_path(w, k, k->r.namespaced, rest ? rest : "");
        write_operations(w, &o, sub.verbs, of_one);
    }
}

void openapi_paths(struct writer *w, const char *api_version)
{
    const struct kind *one;
    bool any = false;

    for (size_t it = 0; (one = kinds_next(w->k, &it));) {
        if (strcmp(one->r.api_version, api_version) != 0)
            continue;
        str_add(w->out, any ? "," : "");
        write_kind_paths(w, one);
        any = true;
    }
}
