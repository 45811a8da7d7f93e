/*
 * doctor_objects.c -- definitions of custom kinds, and objects of these kinds
 *                     whose deletion waits for an operator that is not there.
 */
#include "doctor_impl.h"

#include <stdio.h>
#include <string.h>

#include "app/ledger.h"
#include "kube/lease.h"

#define DEFINITIONS "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
#define FINALIZER "tidelock.dev/"
#define PAGE 500

/* ---- definitions ---- */

static const char *condition(const struct value *crd, const char *type)
{
    const struct value *list = value_path(crd, "status.conditions");

    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count; i++)
        if (text_equal(value_text_at(list->as.items[i], "type"), type))
            return value_text_at(list->as.items[i], "status");
    return NULL;
}

/* A version that is served: the one that is stored, where it is. */
static const char *served_version(const struct value *crd)
{
    const struct value *list = value_path(crd, "spec.versions");
    const char *found = NULL;

    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count; i++) {
        const struct value *v = list->as.items[i];

        if (value_bool_at(v, "served", false) &&
            (!found || value_bool_at(v, "storage", false)))
            found = value_text_at(v, "name");
    }
    return found;
}

static void read_definition(struct doctor *d, const struct value *crd)
{
    struct arena *a = &d->rt.arena;
    struct doctor_definition *def = &d->definitions[d->definition_count];
    const char *version = served_version(crd);
    const char *group = value_text_at(crd, "spec.group");
    const char *plural = value_text_at(crd, "spec.names.plural");
    const char *kind = value_text_at(crd, "spec.names.kind");

    if (!version || !group || !plural || !kind)
        return;
    def->object = crd;
    def->established = text_equal(condition(crd, "Established"), "True");
    def->resource = (struct resource){
        .group = group,
        .version = version,
        .kind = kind,
        .plural = plural,
        .api_version = arena_printf(a, "%s/%s", group, version),
        .namespaced =
            text_equal(value_text_at(crd, "spec.scope"), "Namespaced"),
    };
    d->failed |= !def->resource.api_version;
    d->definition_count += def->resource.api_version != NULL;
}

/* The definition of an operator's own kind. */
static void look_at_definition(struct doctor *d, const struct unit *u)
{
    const struct gvk *root = &u->bundle.decl->root;
    char group[256];

    if (!gvk_group(root->api_version, group, sizeof(group)))
        return;
    for (size_t i = 0; i < d->definition_count; i++) {
        const struct doctor_definition *def = &d->definitions[i];
        const char *names = condition(def->object, "NamesAccepted");

        if (strcmp(def->resource.kind, root->kind) != 0 ||
            strcmp(def->resource.group, group) != 0)
            continue;
        if (!def->established)
            doctor_hint(
                d,
                doctor_add(d, "definition", DOCTOR_FAIL,
                           "%s.%s is not established", def->resource.plural,
                           group),
                text_equal(names, "False")
                    ? "another definition has one of its names"
                    : "wait a moment; if it stays, kubectl describe crd");
        else
            doctor_add(d, "definition", DOCTOR_OK,
                       "%s.%s is established, %s is served",
                       def->resource.plural, group, def->resource.version);
    }
}

static void on_definitions(void *arg, const struct cluster_answer *answer)
{
    struct doctor *d = arg;
    struct arena *a = &d->rt.arena;
    struct err err = *answer->err;
    struct value *v = NULL;
    const struct value *items;

    if (err.code == ERR_NONE)
        value_parse(a, answer->body, answer->len, &v, &err);
    items = value_get(v, "items");
    d->group = "operators";
    if (err.code != ERR_NONE) {
        err_hint(&err, "they are read for this command only; the operators "
                       "run without that right");
        doctor_add_err(d, "definitions", DOCTOR_WARN, &err);
    } else if (value_is(items, VALUE_ARRAY)) {
        d->definitions =
            arena_calloc(a, items->count + 1, sizeof(*d->definitions));
        d->failed |= !d->definitions;
        for (uint32_t i = 0; d->definitions && i < items->count; i++)
            read_definition(d, items->as.items[i]);
        for (size_t i = 0; i < d->rt.unit_count; i++)
            look_at_definition(d, &d->rt.units[i]);
    }
    doctor_next(d);
}

bool doctor_ask_definitions(struct doctor *d)
{
    return doctor_get(d, DEFINITIONS, "application/json", on_definitions);
}

/* ---- the Lease ---- */

static void on_lease(void *arg, const struct cluster_answer *answer)
{
    struct doctor *d = arg;
    struct value *v = NULL;

    if (answer->err->code == ERR_NONE)
        value_parse(&d->rt.arena, answer->body, answer->len, &v, NULL);
    d->lease = value_path(v, "metadata.annotations");
    doctor_next(d);
}

bool doctor_ask_lease(struct doctor *d)
{
    const char *name = d->options->lease ? d->options->lease : "tidelock";
    const struct target target = {&lease_resource,
                                  {d->rt.cluster->config.ns, name}};
    struct request request;
    struct err err = {0};

    if (request_get(&d->rt.arena, &target, &request, &err) == 0)
        d->call = cluster_send(d->rt.cluster, &request, on_lease, d, &err);
    if (!d->call)
        doctor_add_err(d, "Lease", DOCTOR_WARN, &err);
    return d->call != NULL;
}

/* ---- what waits ---- */

static bool is_given(const struct doctor *d, const char *name)
{
    for (size_t i = 0; i < d->rt.unit_count; i++)
        if (strcmp(d->rt.units[i].bundle.decl->name, name) == 0)
            return true;
    return false;
}

static bool has_run_here(const struct doctor *d, const char *name)
{
    char key[sizeof(LEDGER_ANNOTATION_PREFIX) + 64];

    snprintf(key, sizeof(key), LEDGER_ANNOTATION_PREFIX "%.63s", name);
    return value_get(d->lease, key) != NULL;
}

static void look_at_waiting(struct doctor *d, const struct value *meta,
                            const char *finalizer)
{
    const char *name = finalizer + sizeof(FINALIZER) - 1;
    const char *object = value_text_at(meta, "name");
    const char *ns = value_text_at(meta, "namespace");
    const char *since = value_text_at(meta, "deletionTimestamp");
    const char *kind = d->definitions[d->next].resource.kind;
    bool known = has_run_here(d, name);
    char hint[256];

    if (is_given(d, name))
        return; /* it is about to run */
    d->waiting++;
    snprintf(hint, sizeof(hint),
             known ? "run operator %s; it cleans up and lets the object go. "
                     "Without it: tidelock uninstall %s --orphan"
                   : "run operator %s somewhere; if it is gone for good: "
                     "tidelock uninstall %s --orphan",
             name, name);
    doctor_hint(d,
                doctor_add(d, "finalizer", known ? DOCTOR_WARN : DOCTOR_FAIL,
                           "%s %s%s%s waits since %s for operator %s%s", kind,
                           ns ? ns : "", ns ? "/" : "", object ? object : "?",
                           since, name,
                           known ? "" : ", of which the Lease knows nothing"),
                hint);
}

static void on_waiting(void *arg, const struct cluster_answer *answer)
{
    struct doctor *d = arg;
    struct value *v = NULL;
    const struct value *items;

    if (answer->err->code == ERR_NONE)
        value_parse(&d->rt.arena, answer->body, answer->len, &v, NULL);
    items = value_get(v, "items");
    for (uint32_t i = 0; value_is(items, VALUE_ARRAY) && i < items->count;
         i++) {
        const struct value *meta = value_get(items->as.items[i], "metadata");
        const struct value *list = value_get(meta, "finalizers");

        if (!value_get(meta, "deletionTimestamp"))
            continue;
        for (uint32_t k = 0; value_is(list, VALUE_ARRAY) && k < list->count;
             k++) {
            const char *text = value_text(list->as.items[k]);

            if (text && text_starts(text, FINALIZER))
                look_at_waiting(d, meta, text);
        }
    }
    d->next++;
    d->step--; /* the next definition */
    doctor_next(d);
}

/* The objects of one definition after another; a page of each is enough to
 * tell. */
bool doctor_ask_waiting(struct doctor *d)
{
    const struct list_options options = {.limit = PAGE, .metadata_only = true};

    d->group = "objects";
    for (; d->next < d->definition_count; d->next++) {
        const struct doctor_definition *def = &d->definitions[d->next];
        struct request request;
        struct err err = {0};

        if (!def->established)
            continue;
        if (request_list(&d->rt.arena, &def->resource, &options, &request,
                         &err) == 0)
            d->call =
                cluster_send(d->rt.cluster, &request, on_waiting, d, &err);
        if (d->call)
            return true;
        doctor_add_err(d, "finalizers", DOCTOR_WARN, &err);
    }
    if (d->waiting == 0 && d->definition_count > 0)
        doctor_add(d, "finalizers", DOCTOR_OK,
                   "no deletion waits for an operator that is not here");
    return false;
}
