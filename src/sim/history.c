/*
 * history.c -- see history.h for the contract.
 *
 * DESIGN
 *
 * Every put and remove takes exactly one revision, so the changes that are
 * kept form a ring in which the change of revision r stands at r modulo its
 * size. A change knows the change of the same object before it; the state as
 * of an older revision is found by going back along these links, object by
 * object. Each bucket has the revisions of its own changes in a queue, so that
 * a watch finds its next one by bisection, however busy other buckets are.
 *
 * The ring keeps versions alive that nobody else has. Their bytes are counted:
 * each change is charged with the version that it put aside (its `before`; a
 * deletion also with its last state), and gives it back when it is forgotten.
 *
 * INVARIANTS
 *
 *   I1  the ring holds the changes compacted+1 .. revision, all of them
 *   I2  an entry that is gone has its deletion in the ring
 */
#include "sim/history.h"

#include <assert.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "keytree.h"

struct bucket {
    struct keytree tree;
    size_t count; /* objects that are there */
    /* revisions of its changes in the ring: from `first`, wrapping */
    uint64_t *revisions;
    size_t first, used, cap; /* cap: a power of two */
    char name[];
};

struct record {
    struct change c;
    uint64_t previous; /* change of the same object, 0: none */
};

struct history {
    struct map *buckets;
    struct record *ring;
    size_t cap; /* a power of two */
    size_t max;
    size_t bound;     /* of `old`, 0: none */
    size_t live, old; /* bytes of objects, and what only changes keep */
    uint64_t revision, compacted;
};

/* ---- items ---- */

static struct item *item_new(const struct object_key *key, const char *json,
                             size_t len, uint64_t revision)
{
    size_t ns_len = strlen(key->ns) + 1, name_len = strlen(key->name) + 1;
    struct item *i = mem_alloc(sizeof *i + ns_len + name_len + len + 1);
    char *at = (char *)(i + 1);

    if (!i)
        return NULL;
    i->refs = 1;
    i->revision = revision;
    i->note = 0;
    i->len = len;
    i->key.ns = memcpy(at, key->ns, ns_len);
    i->key.name = memcpy(at + ns_len, key->name, name_len);
    at += ns_len + name_len;
    if (len)
        memcpy(at, json, len);
    at[len] = '\0';
    i->json = at;
    return i;
}

struct item *item_ref(struct item *i, const char *why)
{
    (void)why;
    i->refs++;
    return i;
}

void item_unref(struct item *i, const char *why)
{
    (void)why;
    if (i && --i->refs == 0)
        mem_free(i);
}

/* ---- birth and death ---- */

struct history *history_new(size_t max)
{
    struct history *h = mem_calloc(1, sizeof *h);

    if (!h)
        return NULL;
    h->max = max ? max : 1;
    h->buckets = map_new();
    if (h->buckets)
        return h;
    mem_free(h);
    return NULL;
}

void history_bound(struct history *h, size_t bytes)
{
    h->bound = bytes;
}

static void entry_free(struct keytree_entry *e)
{
    item_unref(e->item, "entry");
    mem_free(e);
}

static void bucket_free(struct bucket *b)
{
    while (b->tree.root) {
        struct keytree_entry *e = b->tree.root;

        keytree_remove(&b->tree, e);
        entry_free(e);
    }
    mem_free(b->revisions);
    mem_free(b);
}

void history_free(struct history *h)
{
    const char *key;
    size_t len, it = 0;
    void *b;

    if (!h)
        return;
    history_compact(h, h->revision);
    while (map_next(h->buckets, &it, &key, &len, &b))
        bucket_free(b);
    map_free(h->buckets);
    mem_free(h->ring);
    mem_free(h);
}

uint64_t history_revision(const struct history *h)
{
    return h->revision;
}

uint64_t history_compacted(const struct history *h)
{
    return h->compacted;
}

uint64_t history_next(const struct history *h)
{
    return h->revision + 1;
}

/* ---- buckets ---- */

static struct bucket *bucket_find(const struct history *h, const char *name)
{
    return map_get(h->buckets, name, strlen(name));
}

static struct bucket *bucket_make(struct history *h, const char *name)
{
    size_t len = strlen(name);
    struct bucket *b = bucket_find(h, name);

    if (b)
        return b;
    b = mem_calloc(1, sizeof *b + len + 1);
    if (!b)
        return NULL;
    memcpy(b->name, name, len + 1);
    if (map_put(h->buckets, name, len, b, NULL) == 0)
        return b;
    mem_free(b);
    return NULL;
}

static uint64_t *bucket_revision(const struct bucket *b, size_t i)
{
    return &b->revisions[(b->first + i) & (b->cap - 1)];
}

static int bucket_reserve(struct bucket *b)
{
    size_t cap = b->cap ? 2 * b->cap : 8;
    uint64_t *revisions;

    if (b->used < b->cap)
        return 0;
    revisions = mem_alloc(cap * sizeof *revisions);
    if (!revisions)
        return -ERR_NOMEM;
    for (size_t i = 0; i < b->used; i++)
        revisions[i] = *bucket_revision(b, i);
    mem_free(b->revisions);
    b->revisions = revisions;
    b->first = 0;
    b->cap = cap;
    return 0;
}

/* ---- the ring ---- */

static struct record *record_at(const struct history *h, uint64_t revision)
{
    return &h->ring[revision & (h->cap - 1)];
}

/* Room for one more change, by growing or, at the limit, by compacting. */
static int ring_reserve(struct history *h)
{
    uint64_t used = h->revision - h->compacted;
    size_t cap = h->cap ? 2 * h->cap : 64;
    struct record *old = h->ring;
    size_t old_cap = h->cap;

    if (used >= h->max) {
        history_compact(h, h->revision + 1 - h->max);
        return ring_reserve(h);
    }
    if (used < h->cap)
        return 0;
    h->ring = mem_alloc(cap * sizeof *h->ring);
    if (!h->ring) {
        h->ring = old;
        return -ERR_NOMEM;
    }
    h->cap = cap;
    for (uint64_t r = h->compacted + 1; r <= h->revision; r++)
        *record_at(h, r) = old[r & (old_cap - 1)];
    mem_free(old);
    return 0;
}

static size_t item_bytes(const struct item *i)
{
    return i ? sizeof *i + i->len : 0;
}

/* What a change keeps that is no object any more. */
static size_t change_bytes(const struct change *c)
{
    return item_bytes(c->before) + (c->deleted ? item_bytes(c->now) : 0);
}

/* The oldest change is forgotten. */
static void forget(struct history *h)
{
    uint64_t revision = ++h->compacted;
    struct record *r = record_at(h, revision);
    struct bucket *b = bucket_find(h, r->c.bucket);
    struct keytree_entry *e;

    assert(b->used && *bucket_revision(b, 0) == revision);
    b->first = (b->first + 1) & (b->cap - 1);
    b->used--;
    h->old -= change_bytes(&r->c);
    e = r->c.deleted ? keytree_find(&b->tree, &r->c.now->key) : NULL;
    if (e && e->gone && e->last == revision) {
        keytree_remove(&b->tree, e);
        entry_free(e);
    }
    item_unref(r->c.now, "change");
    item_unref(r->c.before, "change");
}

void history_compact(struct history *h, uint64_t revision)
{
    if (revision > h->revision)
        revision = h->revision;
    while (h->compacted < revision)
        forget(h);
}

/* ---- changes ---- */

/* Everything that can fail, done before anything is changed. */
struct step {
    struct bucket *b;
    struct keytree_entry *e;     /* NULL: no entry yet */
    struct keytree_entry *fresh; /* for it */
    struct item *item;
};

static int step_prepare(struct history *h, const char *bucket,
                        struct item *item, struct step *s)
{
    *s = (struct step){.item = item};
    if (!item || ring_reserve(h) < 0)
        return -ERR_NOMEM;
    s->b = bucket_make(h, bucket);
    if (!s->b || bucket_reserve(s->b) < 0)
        return -ERR_NOMEM;
    s->e = keytree_find(&s->b->tree, &item->key);
    if (!s->e)
        s->fresh = mem_calloc(1, sizeof *s->fresh);
    return s->e || s->fresh ? 0 : -ERR_NOMEM;
}

/* The entry gets the item as its newest version. */
static struct keytree_entry *step_enter(struct step *s, bool gone)
{
    struct keytree_entry *e = s->e ? s->e : s->fresh;
    struct item *old = e->item;

    s->b->count += (size_t)!gone;
    s->b->count -= (size_t)(old && !e->gone);
    e->item = s->item;
    e->gone = gone;
    if (!s->e)
        keytree_add(&s->b->tree, e);
    item_unref(old, "entry");
    return e;
}

static void step_commit(struct history *h, struct step *s, bool deleted)
{
    struct item *before = s->e && !s->e->gone ? s->e->item : NULL;
    uint64_t previous = s->e ? s->e->last : 0;
    struct record *r = record_at(h, ++h->revision);
    struct keytree_entry *e;

    if (before)
        item_ref(before, "change");
    e = step_enter(s, deleted);
    e->last = h->revision;
    *r = (struct record){
        .c = {.revision = h->revision,
              .bucket = s->b->name,
              .now = item_ref(s->item, "change"),
              .before = before,
              .deleted = deleted},
        .previous = previous,
    };
    s->b->used++;
    *bucket_revision(s->b, s->b->used - 1) = h->revision;
    h->old += change_bytes(&r->c);
    h->live += deleted ? 0 : item_bytes(s->item);
    h->live -= item_bytes(before);
}

/* The newest change stays, whatever it weighs. */
static void keep_bound(struct history *h)
{
    size_t most = h->live > h->bound ? h->live : h->bound;

    while (h->bound && h->old > most && h->compacted + 1 < h->revision)
        forget(h);
}

static int change(struct history *h, const char *bucket, struct item *item,
                  bool deleted, struct err *err)
{
    struct step s;

    if (step_prepare(h, bucket, item, &s) < 0) {
        item_unref(item, "new");
        return err_nomem(err);
    }
    step_commit(h, &s, deleted);
    keep_bound(h);
    return 0;
}

int history_put(struct history *h, const char *bucket,
                const struct object_key *key, const char *json, size_t len,
                struct err *err)
{
    return change(h, bucket, item_new(key, json, len, history_next(h)), false,
                  err);
}

void history_note(struct history *h, const char *bucket,
                  const struct object_key *key, unsigned note)
{
    struct bucket *b = bucket_find(h, bucket);
    struct keytree_entry *e = b ? keytree_find(&b->tree, key) : NULL;

    if (e)
        e->item->note = note;
}

int history_remove(struct history *h, const char *bucket,
                   const struct object_key *key, const char *json, size_t len,
                   struct err *err)
{
    if (!history_get(h, bucket, key))
        return err_set(err, ERR_NOT_FOUND, "'%s' is not there", key->name);
    return change(h, bucket, item_new(key, json, len, history_next(h)), true,
                  err);
}

int history_restore(struct history *h, const char *bucket,
                    const struct history_kept *kept, struct err *err)
{
    struct item *item =
        item_new(&kept->key, kept->json, kept->len, kept->revision);
    struct step s;

    assert(h->compacted == h->revision);
    if (step_prepare(h, bucket, item, &s) < 0) {
        item_unref(item, "new");
        return err_nomem(err);
    }
    h->live -= s.e ? item_bytes(s.e->item) : 0;
    h->live += item_bytes(item);
    step_enter(&s, false)->last = kept->revision;
    history_skip(h, kept->revision);
    return 0;
}

void history_skip(struct history *h, uint64_t revision)
{
    assert(h->compacted == h->revision);
    if (h->revision < revision)
        h->revision = h->compacted = revision;
}

/* ---- reading ---- */

const struct item *history_get(const struct history *h, const char *bucket,
                               const struct object_key *key)
{
    const struct bucket *b = bucket_find(h, bucket);
    const struct keytree_entry *e = b ? keytree_find(&b->tree, key) : NULL;

    return e && !e->gone ? e->item : NULL;
}

size_t history_count(const struct history *h, const char *bucket)
{
    const struct bucket *b = bucket_find(h, bucket);

    return b ? b->count : 0;
}

/* The version as of a revision that is not compacted; NULL: not there then. */
static const struct item *as_of(const struct history *h,
                                const struct keytree_entry *e,
                                uint64_t revision)
{
    const struct item *item = e->gone ? NULL : e->item;
    uint64_t last = e->last;

    while (last > revision && last > h->compacted) {
        const struct record *r = record_at(h, last);

        item = r->c.before;
        last = r->previous;
    }
    return item;
}

struct walker {
    const struct history *h;
    const struct history_list *l;
    uint64_t revision;
    history_fn fn;
    void *arg;
};

static bool walk_entry(void *arg, struct keytree_entry *e)
{
    struct walker *w = arg;
    const struct item *item;

    if (*w->l->ns && strcmp(w->l->ns, e->item->key.ns) != 0)
        return false;
    item = as_of(w->h, e, w->revision);
    return !item || w->fn(w->arg, item);
}

static int check_revision(const struct history *h, uint64_t revision,
                          struct err *err)
{
    if (revision < h->compacted)
        return err_set(err, ERR_GONE, "revision %llu is compacted",
                       (unsigned long long)revision);
    if (revision > h->revision)
        return err_set(err, ERR_TOO_LARGE_RV, "revision %llu is not there yet",
                       (unsigned long long)revision);
    return 0;
}

int history_walk(struct history *h, const struct history_list *l, history_fn fn,
                 void *arg, struct err *err)
{
    const struct bucket *b = bucket_find(h, l->bucket);
    struct walker w = {h, l, l->revision ? l->revision : h->revision, fn, arg};
    struct object_key start = {l->ns, ""};
    const struct object_key *after = l->after.name ? &l->after : NULL;
    int rc = check_revision(h, w.revision, err);

    if (rc < 0 || !b)
        return rc;
    if (*l->ns && (!after || keytree_compare(after, &start) < 0))
        after = &start;
    keytree_walk(&b->tree, after, walk_entry, &w);
    return 0;
}

/* The first change of the bucket after `revision`; 0: none. */
static uint64_t bucket_after(const struct bucket *b, uint64_t revision)
{
    size_t low = 0, high = b->used;

    if (!b->used || *bucket_revision(b, b->used - 1) <= revision)
        return 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (*bucket_revision(b, middle) <= revision)
            low = middle + 1;
        else
            high = middle;
    }
    return *bucket_revision(b, low);
}

int history_after(const struct history *h, const char *bucket,
                  uint64_t revision, const struct change **ret_change,
                  struct err *err)
{
    const struct bucket *b = bucket ? bucket_find(h, bucket) : NULL;
    uint64_t next = revision < h->revision ? revision + 1 : 0;

    if (revision < h->compacted)
        return check_revision(h, revision, err);
    if (bucket)
        next = b ? bucket_after(b, revision) : 0;
    *ret_change = next ? &record_at(h, next)->c : NULL;
    return 0;
}
