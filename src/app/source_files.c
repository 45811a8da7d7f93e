/*
 * source_files.c -- see source_files.h for the contract.
 */
#include "app/source_files.h"

#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "kube/snapshot.h"
#include "selected.h"

struct file_feed {
    struct source_feed feed;
    struct file_feed *next;
    struct source_want want;
};

struct hidden {
    struct hidden *next;
    struct gvk gvk;
    struct err why;
};

struct files {
    struct source source;
    const struct restmap *restmap;
    struct source *behind;
    struct arena arena;
    struct gvk front;
    struct snapshot **objects;
    size_t count, cap;
    struct file_feed *feeds;
    struct hidden *hidden; /* kinds that are not known; in the arena */
};

/* ---- objects ---- */

/* A stand-in in the form of a uid, made from what the object is called. */
char *source_files_uid(struct arena *a, const struct value *object)
{
    const char *text =
        arena_printf(a, "%s/%s/%s/%s", value_text_at(object, "apiVersion"),
                     value_text_at(object, "kind"),
                     value_text_at(object, "metadata.namespace")
                         ? value_text_at(object, "metadata.namespace")
                         : "",
                     value_text_at(object, "metadata.name"));
    char hex[HASH_HEX_SIZE];

    if (!text)
        return NULL;
    hash_sha256_hex(text, strlen(text), hex);
    return arena_printf(a, "%.8s-%.4s-4%.3s-8%.3s-%.12s", hex, hex + 8,
                        hex + 12, hex + 15, hex + 18);
}

static int complete(struct arena *a, struct value *object, const char *ns)
{
    struct value *meta = value_make(a, object, "metadata");

    if (!meta)
        return -ERR_NOMEM;
    if (ns && !value_get(meta, "namespace") &&
        value_set(a, meta, "namespace", value_string(a, ns)) < 0)
        return -ERR_NOMEM;
    if (!value_get(meta, "uid") &&
        value_set(a, meta, "uid",
                  value_string(a, source_files_uid(a, object))) < 0)
        return -ERR_NOMEM;
    if (!value_get(meta, "resourceVersion") &&
        value_set(a, meta, "resourceVersion", value_string(a, "1")) < 0)
        return -ERR_NOMEM;
    if (!value_get(meta, "generation"))
        return value_set(a, meta, "generation", value_integer(a, 1));
    return 0;
}

static int keep(struct files *f, struct snapshot *snap)
{
    void *items = f->objects;

    if (mem_grow(&items, &f->cap, f->count + 1, sizeof(snap)) < 0)
        return -ERR_NOMEM;
    f->objects = items;
    f->objects[f->count++] = snap;
    return 0;
}

int source_files_add(struct source *s, const struct value *object,
                     const char *ns, struct err *err)
{
    struct files *f = (struct files *)s;
    struct gvk gvk = {value_text_at(object, "apiVersion"),
                      value_text_at(object, "kind")};
    const struct resource *resource =
        restmap_find(f->restmap, gvk.api_version, gvk.kind);
    struct arena a = {0};
    struct str text = {0};
    struct snapshot *snap;
    struct value *copy = value_copy(&a, object);
    bool namespaced = !resource || resource->namespaced;
    int rc = copy ? complete(&a, copy, namespaced ? ns : NULL) : -ERR_NOMEM;

    if (rc < 0)
        rc = err_nomem(err);
    else
        rc = value_print(copy, &text, err);
    if (rc == 0)
        rc = snapshot_parse(text.data, text.len, &gvk, &snap, err);
    if (rc == 0 && keep(f, snap) < 0) {
        snapshot_unref(snap, "files");
        rc = err_nomem(err);
    }
    str_release(&text);
    arena_release(&a);
    return rc;
}

/* ---- kinds that are not known ---- */

int source_files_hide(struct source *s, const struct gvk *gvk,
                      const struct err *why, struct err *err)
{
    struct files *f = (struct files *)s;
    struct hidden *h = arena_calloc(&f->arena, 1, sizeof(*h));

    if (!h)
        return err_nomem(err);
    h->gvk.api_version = arena_strdup(&f->arena, gvk->api_version);
    h->gvk.kind = arena_strdup(&f->arena, gvk->kind);
    h->why = *why;
    if (!h->gvk.api_version || !h->gvk.kind)
        return err_nomem(err);
    h->next = f->hidden;
    f->hidden = h;
    return 0;
}

static const struct hidden *find_hidden(const struct files *f,
                                        const struct gvk *gvk)
{
    for (const struct hidden *h = f->hidden; h; h = h->next)
        if (gvk_equal(&h->gvk, gvk))
            return h;
    return NULL;
}

/* Is the kind there, and may what is not in the files be believed? */
static void judge(struct files *f, struct source_feed *feed,
                  const struct gvk *gvk)
{
    const struct hidden *h = find_hidden(f, gvk);

    feed->resource = restmap_find(f->restmap, gvk->api_version, gvk->kind);
    feed->known = feed->resource && !h;
    if (h) {
        feed->why = h->why;
    } else if (!feed->known) {
        err_set(&feed->why, ERR_NO_KIND,
                "nothing is known of kind '%s' in '%s'", gvk->kind,
                gvk->api_version);
        err_hint(&feed->why, "give its CustomResourceDefinition with -f");
    }
}

/* ---- feeds ---- */

static int fill(struct files *f, struct file_feed *feed)
{
    for (size_t i = 0; i < f->count; i++) {
        struct gvk gvk = {f->objects[i]->api_version, f->objects[i]->kind};

        if (!gvk_equal(&gvk, &feed->want.gvk))
            continue;
        if (!selected(feed->want.labels, feed->want.fields, f->objects[i]))
            continue;
        if (*feed->want.ns && strcmp(feed->want.ns, f->objects[i]->key.ns) != 0)
            continue;
        if (store_put(feed->feed.store, f->objects[i]) < 0)
            return -ERR_NOMEM;
    }
    return 0;
}

static struct file_feed *feed_new(struct files *f,
                                  const struct source_want *want,
                                  struct err *err)
{
    struct file_feed *feed = mem_calloc(1, sizeof(*feed));
    struct gvk gvk;

    if (!feed)
        return NULL;
    feed->next = f->feeds;
    f->feeds = feed;
    gvk.api_version = arena_strdup(&f->arena, want->gvk.api_version);
    gvk.kind = arena_strdup(&f->arena, want->gvk.kind);
    feed->want.ns = arena_strdup(&f->arena, want->ns ? want->ns : "");
    feed->want.labels = want->labels; /* of a declaration: it lives longer */
    feed->want.fields = want->fields;
    feed->want.gvk = gvk;
    if (!gvk.api_version || !gvk.kind || !feed->want.ns)
        return NULL;
    feed->feed.store = store_new(&gvk);
    judge(f, &feed->feed, &gvk);
    (void)err;
    return feed->feed.store ? feed : NULL;
}

static struct source_feed *files_feed(struct source *s,
                                      const struct source_want *want,
                                      struct err *err)
{
    struct files *f = (struct files *)s;
    struct file_feed *feed;

    if (f->behind && !gvk_equal(&want->gvk, &f->front)) {
        f->behind->on_change = s->on_change;
        f->behind->arg = s->arg;
        return source_feed(f->behind, want, err);
    }
    feed = feed_new(f, want, err);
    if (feed && fill(f, feed) == 0)
        return &feed->feed;
    err_nomem(err);
    return NULL;
}

static void files_free(struct source *s)
{
    struct files *f = (struct files *)s;

    source_free(f->behind);
    while (f->feeds) {
        struct file_feed *feed = f->feeds;

        f->feeds = feed->next;
        store_free(feed->feed.store);
        mem_free(feed);
    }
    for (size_t i = 0; i < f->count; i++)
        snapshot_unref(f->objects[i], "files");
    mem_free(f->objects);
    arena_release(&f->arena);
    mem_free(f);
}

static const struct source_ops files_ops = {
    .name = "files",
    .feed = files_feed,
    .free = files_free,
};

struct source *source_files_new(const struct restmap *restmap,
                                struct source *behind, const struct gvk *front,
                                struct err *err)
{
    struct files *f = mem_calloc(1, sizeof(*f));

    if (!f) {
        err_nomem(err);
        return NULL;
    }
    f->source.ops = &files_ops;
    f->restmap = restmap;
    if (front) {
        f->front.api_version = arena_strdup(&f->arena, front->api_version);
        f->front.kind = arena_strdup(&f->arena, front->kind);
    }
    if (!front || (f->front.api_version && f->front.kind)) {
        f->behind = behind;
        return &f->source;
    }
    err_nomem(err);
    files_free(&f->source);
    return NULL;
}
