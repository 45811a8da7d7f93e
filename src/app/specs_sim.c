/*
 * specs_sim.c -- the embedded cluster as both plugs of a controller, without
 *                sockets and with a clock of one's own.
 *
 * DESIGN
 *
 * Writes go through sink_apply and come to sim_handle() as requests, as over
 * HTTP. Reads are lists that are swapped in when specs_sim_sync() is called:
 * then, and only then, the controller sees what others did. So each pass of a
 * spec has one moment, and the same spec has the same passes every time.
 */
#include <string.h>

#include "base/mem.h"
#include "kube/request.h"
#include "kube/status.h"
#include "sim_impl.h"
#include "specs_impl.h"

struct sim_feed {
    struct source_feed feed;
    struct sim_feed *next;
    struct source_want want; /* texts in the world's arena */
};

/* ---- requests ---- */

static int handle(void *arg, const struct request *r, struct arena *a,
                  const char **ret_body, size_t *ret_len)
{
    struct specs_world *w = arg;
    const char *query = strchr(r->path, '?');
    struct sim_request q = {.method = r->method,
                            .path = r->path,
                            .content_type = r->content_type,
                            .accept = r->accept,
                            .user_agent = "tidelock-test",
                            .user = SIM_ADMIN,
                            .body = r->body,
                            .body_len = r->body_len};
    struct sim_response answer;

    *ret_body = "";
    *ret_len = 0;
    if (query) {
        q.path = arena_strndup(a, r->path, (size_t)(query - r->path));
        q.query = query + 1;
    }
    if (!q.path)
        return 500;
    sim_handle(w->sim, a, &q, &answer);
    *ret_body = answer.body;
    *ret_len = answer.body_len;
    return answer.status;
}

int specs_sim_ask(struct specs_world *w, struct arena *a,
                  const struct request *r, struct value **ret, struct err *err)
{
    const char *body;
    size_t len;
    int status = handle(w, r, a, &body, &len);
    int rc = status_check(status, body, len, NULL, err);

    if (rc == 0 && ret)
        rc = value_parse(a, body, len, ret, err);
    return rc;
}

/* ---- the source ---- */

static int put_item(struct store_batch *batch, const struct gvk *gvk,
                    const struct value *item, struct err *err)
{
    struct str text = {0};
    struct snapshot *snap = NULL;
    int rc = value_print(item, &text, err);

    if (rc == 0)
        rc = snapshot_parse(text.data, text.len, gvk, &snap, err);
    if (rc == 0 && store_batch_put(batch, snap) < 0)
        rc = err_nomem(err);
    snapshot_unref(snap, "sim");
    str_release(&text);
    return rc;
}

static int swap_in(struct sim_feed *f, const struct value *list,
                   struct err *err)
{
    struct store_batch *batch = store_batch_new(f->feed.store);
    const struct value *items = value_get(list, "items");
    const char *rv = value_text_at(list, "metadata.resourceVersion");
    int rc = batch ? 0 : err_nomem(err);

    for (uint32_t i = 0;
         value_is(items, VALUE_ARRAY) && i < items->count && rc == 0; i++)
        rc = put_item(batch, &f->want.gvk, items->as.items[i], err);
    if (rc == 0 && store_replace(f->feed.store, batch, rv ? rv : "1") < 0)
        rc = err_nomem(err);
    store_batch_free(batch);
    return rc;
}

static int sync_feed(struct specs_world *w, struct sim_feed *f, struct err *err)
{
    const struct list_options options = {
        .ns = f->want.ns,
        .label_selector = f->want.labels,
        .field_selector = f->want.fields,
        .metadata_only = f->want.metadata_only,
    };
    struct arena a = {0};
    struct request r;
    struct value *list;
    int rc = 0;

    if (!f->feed.resource)
        return 0;
    rc = request_list(&a, f->feed.resource, &options, &r, err);
    if (rc == 0)
        rc = specs_sim_ask(w, &a, &r, &list, err);
    if (rc == 0)
        rc = swap_in(f, list, err);
    arena_release(&a);
    return rc;
}

int specs_sim_sync(struct specs_world *w, struct err *err)
{
    int rc = 0;

    for (struct sim_feed *f = w->feeds; f && rc == 0; f = f->next)
        rc = sync_feed(w, f, err);
    return rc;
}

static struct specs_world *world_of(struct source *s)
{
    return (struct specs_world *)s; /* the source is its first member */
}

static int copy_want(struct arena *a, const struct source_want *want,
                     struct source_want *ret)
{
    *ret = *want;
    ret->gvk.api_version = arena_strdup(a, want->gvk.api_version);
    ret->gvk.kind = arena_strdup(a, want->gvk.kind);
    ret->ns = arena_strdup(a, want->ns ? want->ns : "");
    ret->labels = want->labels ? arena_strdup(a, want->labels) : NULL;
    ret->fields = want->fields ? arena_strdup(a, want->fields) : NULL;
    return ret->gvk.api_version && ret->gvk.kind && ret->ns &&
                   !ret->labels == !want->labels &&
                   !ret->fields == !want->fields
               ? 0
               : -ERR_NOMEM;
}

static struct source_feed *sim_feed(struct source *s,
                                    const struct source_want *want,
                                    struct err *err)
{
    struct specs_world *w = world_of(s);
    struct sim_feed *f = arena_calloc(&w->arena, 1, sizeof(*f));

    if (!f || copy_want(&w->arena, want, &f->want) < 0) {
        err_nomem(err);
        return NULL;
    }
    f->feed.store = store_new(&f->want.gvk);
    if (!f->feed.store) {
        err_nomem(err);
        return NULL;
    }
    f->next = w->feeds;
    w->feeds = f;
    f->feed.resource =
        restmap_find(w->unit->restmap, want->gvk.api_version, want->gvk.kind);
    f->feed.known = f->feed.resource != NULL;
    if (!f->feed.known)
        err_set(&f->feed.why, ERR_NO_KIND,
                "nothing is known of kind '%s' in '%s'", want->gvk.kind,
                want->gvk.api_version);
    return &f->feed;
}

static void on_feed(void *arg, struct source_feed *feed)
{
    (void)arg;
    (void)feed; /* they are known from the first moment on */
}

static const struct source_ops sim_source = {.name = "sim", .feed = sim_feed};

/* ---- life ---- */

static int define_kinds(struct specs_world *w, struct err *err)
{
    const struct manifests *m = &w->unit->definitions;
    struct arena a = {0};
    int rc = 0;

    for (size_t i = 0; i < m->count && rc == 0; i++)
        rc = specs_sim_put(w, &a, m->items[i], "tidelock-test", NULL, err);
    arena_release(&a);
    sim_step(w->sim);
    return rc;
}

int specs_sim_open(struct specs_world *w, const struct sim_options *options,
                   struct err *err)
{
    int rc = sim_new(options, &w->sim, err);

    if (rc == 0)
        rc = sim_start(w->sim, err);
    w->source.ops = &sim_source;
    w->source.on_change = on_feed;
    w->direct = (struct cluster_direct){handle, w};
    w->cluster.loop = w->specs->loop;
    w->cluster.direct = &w->direct;
    w->cluster.restmap = w->unit->restmap;
    w->cluster.schemas = w->unit->schemas;
    return rc < 0 ? rc : define_kinds(w, err);
}

void specs_sim_close(struct specs_world *w)
{
    while (w->feeds) {
        store_free(w->feeds->feed.store);
        w->feeds = w->feeds->next;
    }
    sim_free(w->sim);
}

/* ---- what a spec puts there ---- */

static int target_of(struct specs_world *w, struct arena *a,
                     struct value *object, struct target *ret, struct err *err)
{
    struct value *meta = value_make(a, object, "metadata");
    const char *api_version = value_text_at(object, "apiVersion");
    const char *kind = value_text_at(object, "kind");
    const char *name = value_text_at(meta, "name");
    const char *ns = value_text_at(meta, "namespace");

    if (!meta)
        return err_nomem(err);
    if (!api_version || !kind || !name)
        return err_set(err, ERR_INVALID,
                       "an object needs apiVersion, kind and metadata.name");
    ret->resource = restmap_find(w->unit->restmap, api_version, kind);
    if (!ret->resource) {
        err_set(err, ERR_NO_KIND, "there is no kind '%s' in '%s'", kind,
                api_version);
        return err_hint(err, "put its definition into spec/crds");
    }
    ret->key = (struct object_key){"", name};
    if (!ret->resource->namespaced)
        return 0;
    ret->key.ns = ns ? ns : "default";
    return ns ? 0
           : value_set(a, meta, "namespace", value_string(a, ret->key.ns)) < 0
               ? err_nomem(err)
               : 0;
}

/* Nobody should have to give the namespace too. */
static int ensure_namespace(struct specs_world *w, struct arena *a,
                            const char *ns, struct err *err)
{
    struct value *object = value_object(a), *meta = value_object(a);
    struct request r;
    const struct write_options options = {.field_manager = "tidelock-test",
                                          .force = true};
    struct target t = {restmap_find(w->unit->restmap, "v1", "Namespace"),
                       {"", ns}};
    int rc = 0;

    if (!*ns || strcmp(ns, "default") == 0 || !t.resource)
        return 0;
    if (!object || !meta ||
        value_set(a, object, "apiVersion", value_string(a, "v1")) < 0 ||
        value_set(a, object, "kind", value_string(a, "Namespace")) < 0 ||
        value_set(a, meta, "name", value_string(a, ns)) < 0 ||
        value_set(a, object, "metadata", meta) < 0)
        return err_nomem(err);
    rc = request_apply(a, &t, object, &options, &r, err);
    return rc < 0 ? rc : specs_sim_ask(w, a, &r, NULL, err);
}

/* The status is a subresource: a second request, where the object has one. */
static int put_status(struct specs_world *w, struct arena *a,
                      const struct target *t, struct value *status,
                      struct value **ret, struct err *err)
{
    const struct write_options options = {.field_manager = "kubelet",
                                          .subresource = "status"};
    struct value *body = value_object(a);
    const struct patch patch = {PATCH_MERGE, body};
    struct request r;
    int rc;

    if (!body || value_set(a, body, "status", status) < 0)
        return err_nomem(err);
    rc = request_patch(a, t, &patch, &options, &r, err);
    return rc < 0 ? rc : specs_sim_ask(w, a, &r, ret, err);
}

int specs_sim_put(struct specs_world *w, struct arena *a,
                  const struct value *given, const char *manager,
                  struct value **ret, struct err *err)
{
    const struct write_options options = {
        .field_manager = manager, .force = true, .field_validation = "Strict"};
    struct value *object = value_copy(a, given);
    struct value *status = value_get(object, "status"), *now = NULL;
    struct target t;
    struct request r;
    int rc = object ? target_of(w, a, object, &t, err) : err_nomem(err);

    if (rc == 0)
        rc = ensure_namespace(w, a, t.key.ns, err);
    if (rc < 0)
        return rc;
    value_unset(object, "status");
    value_unset(value_get(object, "metadata"), "managedFields");
    rc = request_apply(a, &t, object, &options, &r, err);
    if (rc == 0)
        rc = specs_sim_ask(w, a, &r, &now, err);
    if (rc == 0 && status && t.resource->has_status)
        rc = put_status(w, a, &t, status, &now, err);
    if (rc == 0 && ret)
        *ret = now;
    return rc;
}

int specs_sim_get(struct specs_world *w, struct arena *a,
                  const struct value *ref, struct value **ret, struct err *err)
{
    struct value *object = value_copy(a, ref);
    struct target t;
    struct request r;
    int rc = object ? target_of(w, a, object, &t, err) : err_nomem(err);

    *ret = NULL;
    if (rc == 0)
        rc = request_get(a, &t, &r, err);
    if (rc == 0)
        rc = specs_sim_ask(w, a, &r, ret, err);
    if (rc == -ERR_NOT_FOUND) {
        *ret = NULL;
        rc = 0;
    }
    return rc;
}

int specs_sim_delete(struct specs_world *w, struct arena *a,
                     const struct value *ref, struct err *err)
{
    struct value *object = NULL;
    struct target t;
    struct request r;
    struct delete_options options = {.propagation = "Background"};
    int rc = specs_sim_get(w, a, ref, &object, err);

    if (rc == 0 && !object)
        rc = err_set(err, ERR_NOT_FOUND, "there is no such object to delete");
    if (rc == 0)
        rc = target_of(w, a, object, &t, err);
    if (rc < 0)
        return rc;
    options.uid = value_text_at(object, "metadata.uid");
    options.resource_version =
        value_text_at(object, "metadata.resourceVersion");
    rc = request_delete(a, &t, &options, &r, err);
    return rc < 0 ? rc : specs_sim_ask(w, a, &r, NULL, err);
}
