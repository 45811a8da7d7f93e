/*
 * control_namespace.c -- namespaces: what every one has, and how one goes with
 *                        all that is in it.
 */
#include <string.h>

#include "base/text.h"
#include "control_impl.h"
#include "control_steps.h"

#define ACCOUNT_NAME "default"
#define ROOT_CA "kube-root-ca.crt"
#define PUBLISHER "system:serviceaccount:kube-system:root-ca-cert-publisher"

/* ---- deletion ---- */

void namespace_changed(struct controllers *c, const struct news *n)
{
    struct object_key key = {"", n->key->ns};
    const struct member *m;

    if (!n->deleted || n->key->ns[0] == '\0')
        return;
    m = graph_find(c->graph, c->kinds[NAMESPACE]->bucket, &key);
    if (m && m->deleting)
        control_add(c, CONTROL_NAMESPACE, "", key.name);
}

struct left {
    struct work *w;
    const struct kind *kind;
    size_t count, held; /* objects; those with finalizers */
    struct value *objects;
    const char *remaining, *finalizers; /* for the conditions */
    bool keep;
};

static bool note_item(void *arg, const struct item *item)
{
    struct left *l = arg;
    struct draft *d = &l->w->d;
    struct value *object;

    l->count++;
    if (!l->keep)
        return true;
    if (value_parse(d->a, item->json, item->len, &object, NULL) < 0) {
        d->failed = true;
        return false;
    }
    draft_append(d, l->objects, object);
    return true;
}

static void look(struct left *l, bool keep)
{
    struct work *w = l->w;
    struct history_list list = {.bucket = l->kind->bucket, .ns = w->key->name};

    l->count = 0;
    l->keep = keep;
    l->objects = draft_array(&w->d);
    if (history_walk(sim_history(w->c->s), &list, note_item, l, NULL) < 0)
        w->again = true;
}

static bool has_verb(const struct kind *k, const char *verb)
{
    for (size_t i = 0; k->verbs && k->verbs[i]; i++)
        if (text_equal(k->verbs[i], verb))
            return true;
    return false;
}

static void delete_all(struct left *l)
{
    struct sim_call call = {
        .method = HTTP_DELETE, .kind = l->kind, .key = {l->w->key->name, NULL}};

    if (has_verb(l->kind, "deletecollection")) {
        work_call(l->w, &call);
        return;
    }
    look(l, true);
    for (size_t i = 0; i < array_count(l->objects); i++)
        work_delete(l->w, l->kind, array_at(l->objects, i), "Background");
}

static const char *list_finalizers(struct left *l)
{
    struct draft *d = &l->w->d;
    const struct value *all;
    const char *text = l->finalizers, *name;

    for (size_t i = 0; i < array_count(l->objects); i++) {
        all = value_path(array_at(l->objects, i), "metadata.finalizers");
        for (size_t j = 0; j < array_count(all); j++) {
            name = value_text(array_at(all, j));
            text = draft_printf(d, "%s%s%s in 1 resource instances",
                                text ? text : "", text ? ", " : "",
                                name ? name : "");
        }
    }
    return text;
}

static void empty_kind(struct left *l)
{
    struct draft *d = &l->w->d;

    look(l, false);
    if (l->count == 0)
        return;
    delete_all(l);
    look(l, true);
    if (l->count == 0)
        return;
    l->remaining =
        draft_printf(d, "%s%s%s.%s has %zu resource instances",
                     l->remaining ? l->remaining : "", l->remaining ? ", " : "",
                     l->kind->r.plural, l->kind->r.group, l->count);
    l->finalizers = list_finalizers(l);
}

static void write_remains(struct left *l, const struct value *ns)
{
    struct draft *d = &l->w->d;
    struct value *status = draft_copy(d, value_get(ns, "status"));
    const char *held = l->finalizers;
    const struct condition all[] = {
        {.type = "NamespaceDeletionDiscoveryFailure",
         .status = "False",
         .reason = "ResourcesDiscovered",
         .message = "All resources successfully discovered"},
        {.type = "NamespaceDeletionGroupVersionParsingFailure",
         .status = "False",
         .reason = "ParsedGroupVersions",
         .message = "All legacy kube types successfully parsed"},
        {.type = "NamespaceDeletionContentFailure",
         .status = "False",
         .reason = "ContentDeleted",
         .message = "All content successfully deleted, may be waiting on "
                    "finalization"},
        {.type = "NamespaceContentRemaining",
         .status = "True",
         .reason = "SomeResourcesRemain",
         .message =
             draft_printf(d, "Some resources are remaining: %s", l->remaining)},
        {.type = "NamespaceFinalizersRemaining",
         .status = held ? "True" : "False",
         .reason = held ? "SomeFinalizersRemain" : "ContentHasNoFinalizers",
         .message = held ? draft_printf(d,
                                        "Some content in the namespace has "
                                        "finalizers remaining: %s",
                                        held)
                         : "All content-preserving finalizers finished"}};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        draft_condition(d, status, &all[i]);
    work_status(l->w, NAMESPACE, ns, status);
}

static void finalize(struct work *w, struct value *ns)
{
    struct value *all = value_path(ns, "spec.finalizers");
    struct sim_call call = {.method = HTTP_PUT,
                            .kind = work_kind(w, NAMESPACE),
                            .key = {"", w->key->name},
                            .subresource = "finalize",
                            .body = ns};

    for (size_t i = array_count(all); i-- > 0;)
        if (text_equal(value_text(array_at(all, i)), "kubernetes"))
            array_drop(all, i);
    work_call(w, &call);
}

void namespace_step(struct work *w)
{
    struct value *ns = work_get(w, NAMESPACE, "", w->key->name);
    struct kinds *all = sim_kinds(w->c->s);
    struct left left = {.w = w};
    const struct kind *k;

    if (!object_deleting(ns) ||
        !array_has_text(value_path(ns, "spec.finalizers"), "kubernetes"))
        return;
    for (size_t it = 0; (k = kinds_next(all, &it));) {
        left.kind = k;
        if (k->r.namespaced && k->bucket && k->r.can_delete &&
            kinds_find_bucket(all, k->bucket) == k)
            empty_kind(&left);
    }
    ns = work_get(w, NAMESPACE, "", w->key->name);
    if (!ns || w->again || w->d.failed)
        return;
    if (left.remaining)
        write_remains(&left, ns);
    else
        finalize(w, ns);
}

/* ---- what every namespace has ---- */

void account_changed(struct controllers *c, const struct news *n)
{
    if (n->deleted &&
        ((n->kind == SERVICE_ACCOUNT &&
          text_equal(n->key->name, ACCOUNT_NAME)) ||
         (n->kind == CONFIG_MAP && text_equal(n->key->name, ROOT_CA))))
        control_add(c, CONTROL_ACCOUNT, "", n->key->ns);
}

static struct value *named(struct work *w, const char *name)
{
    struct value *object = draft_object(&w->d);
    struct value *meta = draft_make(&w->d, object, "metadata");

    draft_text(&w->d, meta, "name", name);
    draft_text(&w->d, meta, "namespace", w->key->name);
    return object;
}

static void publish_root(struct work *w)
{
    struct value *map = named(w, ROOT_CA);
    struct value *meta = value_get(map, "metadata");
    struct sim_call call = {.method = HTTP_POST,
                            .user = PUBLISHER,
                            .kind = work_kind(w, CONFIG_MAP),
                            .key = {w->key->name, NULL},
                            .body = map};

    draft_text(&w->d, map, "apiVersion", "v1");
    draft_text(&w->d, map, "kind", "ConfigMap");
    draft_text(&w->d, draft_make(&w->d, meta, "annotations"),
               "kubernetes.io/description",
               "Contains a CA bundle that can be used to verify the "
               "kube-apiserver when using internal endpoints such as the "
               "internal service IP or kubernetes.default.svc. No other usage "
               "is guaranteed across distributions of Kubernetes clusters.");
    draft_text(&w->d, draft_make(&w->d, map, "data"), "ca.crt", "");
    work_call(w, &call);
}

void account_step(struct work *w)
{
    const char *name = w->key->name;
    struct value *ns = work_get(w, NAMESPACE, "", name);

    if (!ns || object_deleting(ns))
        return;
    if (!work_get(w, SERVICE_ACCOUNT, name, ACCOUNT_NAME))
        work_create(w, SERVICE_ACCOUNT, named(w, ACCOUNT_NAME));
    if (!work_get(w, CONFIG_MAP, name, ROOT_CA))
        publish_root(w);
}
