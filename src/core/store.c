/*
 * store.c -- see store.h for the contract.
 *
 * DESIGN
 *
 * A store is a snapset (three indexes over the same snapshots), a position and
 * a list of listeners; a batch is a snapset of its own. A relist fills a batch,
 * pulls over from the store what must survive, works out the deltas by walking
 * both in order, swaps the two sets, and only then tells anybody (IN-3). All
 * that can fail comes before the swap.
 *
 * What may bring an absent object into the store? A watch tells everything in
 * the order of versions, so once the position is P, an object that is absent
 * did not exist at P: a state of it with a version up to P was followed by its
 * delete, and is ignored. That needs no memory of deletes, and holds for an
 * answer that was an hour under way. graves.h keeps the few deletes that the
 * position cannot tell.
 *
 * A late state of a name whose uid has changed loses by its version alike: no
 * two objects of one name live at the same time.
 *
 * INVARIANTS (store_check)
 *
 *   I1  the contents are one consistent snapset
 *   I2  nothing changes while listeners are being told
 */
#include "core/store.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/graves.h"
#include "core/snapset.h"
#include "kube/press.h"

struct listener {
    store_delta_fn fn;
    void *arg;
};

struct store {
    struct gvk gvk;
    struct snapset set;
    struct graves graves;
    struct press *press;
    struct listener *listeners;
    size_t listener_count, listener_cap;
    char position[STORE_MAX_VERSION + 1];
    bool rewound;    /* the next list is taken as it is */
    bool distrusted; /* ... but for what is newer than it */
    bool telling;
    struct store_stats stats;
};

struct store_batch {
    struct snapset set;
    struct press *press; /* the store's */
};

/* ---- life ---- */

struct store *store_new(const struct gvk *gvk)
{
    struct store *s = mem_calloc(1, sizeof *s);

    if (!s)
        return NULL;
    s->gvk.api_version = mem_strdup(gvk->api_version);
    s->gvk.kind = mem_strdup(gvk->kind);
    s->press = press_new();
    if (!s->gvk.api_version || !s->gvk.kind || !s->press ||
        graves_init(&s->graves) < 0) {
        store_free(s);
        return NULL;
    }
    return s;
}

void store_free(struct store *s)
{
    if (!s)
        return;
    assert(!s->telling);
    press_free(s->press);
    snapset_release(&s->set);
    graves_release(&s->graves);
    mem_free(s->listeners);
    mem_free((char *)(uintptr_t)s->gvk.api_version);
    mem_free((char *)(uintptr_t)s->gvk.kind);
    mem_free(s);
}

/* ---- listeners ---- */

int store_listen(struct store *s, store_delta_fn fn, void *arg)
{
    void *items = s->listeners;
    int rc;

    assert(!s->telling);
    rc = mem_grow(&items, &s->listener_cap, s->listener_count + 1,
                  sizeof s->listeners[0]);
    if (rc < 0)
        return rc;
    s->listeners = items;
    s->listeners[s->listener_count++] = (struct listener){fn, arg};
    return 0;
}

void store_unlisten(struct store *s, store_delta_fn fn, void *arg)
{
    size_t kept = 0;

    assert(!s->telling);
    for (size_t i = 0; i < s->listener_count; i++)
        if (s->listeners[i].fn != fn || s->listeners[i].arg != arg)
            s->listeners[kept++] = s->listeners[i];
    s->listener_count = kept;
}

static void tell(struct store *s, const struct delta *delta)
{
    s->stats.changes++;
    s->telling = true;
    for (size_t i = 0; i < s->listener_count; i++)
        s->listeners[i].fn(s->listeners[i].arg, delta);
    s->telling = false;
}

/* ---- which of two states is right ---- */

/* An object without a version (a file, not a server) has no order at all. */
static enum rv_order order_of(const char *a, const char *b)
{
    return a[0] == '\0' || b[0] == '\0' ? RV_UNCOMPARABLE : rv_compare(a, b);
}

static bool same_uid(const struct snapshot *a, const struct snapshot *b)
{
    return strcmp(a->uid, b->uid) == 0;
}

static bool same_state(const struct snapshot *a, const struct snapshot *b)
{
    return same_uid(a, b) &&
           order_of(a->resource_version, b->resource_version) == RV_SAME;
}

/* May `snap` take the place of `old`? */
static bool supersedes(const struct snapshot *snap, const struct snapshot *old,
                       bool watch)
{
    switch (order_of(snap->resource_version, old->resource_version)) {
    case RV_NEWER:
        return true;
    case RV_OLDER:
        return false;
    case RV_SAME:
        return !same_uid(snap, old) && watch;
    case RV_UNCOMPARABLE:
        break;
    }
    return watch;
}

/* May `snap` come in although nothing of that name is stored? */
static bool is_news(struct store *s, const struct snapshot *snap, bool watch)
{
    enum rv_order order = order_of(snap->resource_version, s->position);

    /* The watch itself may be at several objects of one version. */
    return order != RV_OLDER && (order != RV_SAME || watch) &&
           !graves_hold(&s->graves, snap, watch);
}

/* ---- one object ---- */

static int put(struct store *s, struct snapshot *snap, bool watch)
{
    struct snapshot *old = snapset_get(&s->set, &snap->key);
    bool welcome = old ? supersedes(snap, old, watch) : is_news(s, snap, watch);
    int rc;

    assert(!s->telling);
    if (!welcome) {
        s->stats.ignored++;
        return 0;
    }
    rc = snapset_put(&s->set, snap, &old);
    if (rc < 0)
        return rc;
    tell(s, &(struct delta){old, snap});
    snapshot_unref(old, "store");
    press_add(s->press, snap);
    return 0;
}

int store_put(struct store *s, struct snapshot *snap)
{
    return put(s, snap, true);
}

int store_put_answer(struct store *s, struct snapshot *snap)
{
    return put(s, snap, false);
}

static void take_out(struct store *s, const struct object_key *key)
{
    struct snapshot *old = snapset_take(&s->set, key);

    tell(s, &(struct delta){old, NULL});
    snapshot_unref(old, "store");
}

void store_remove(struct store *s, const struct snapshot *last)
{
    const struct snapshot *old = snapset_get(&s->set, &last->key);
    const char *rv = last->resource_version;

    assert(!s->telling);
    if (old && (!same_uid(old, last) ||
                order_of(rv, old->resource_version) == RV_OLDER)) {
        s->stats.ignored++;
        return;
    }
    graves_add(&s->graves, &last->key, last->uid, rv, s->position);
    if (old)
        take_out(s, &last->key);
}

void store_remove_key(struct store *s, const struct object_key *key,
                      const char *uid)
{
    const struct snapshot *old = snapset_get(&s->set, key);

    assert(!s->telling);
    if (old && strcmp(old->uid, uid) != 0)
        old = NULL;
    graves_add_gone(&s->graves, key, uid, old ? old->resource_version : "");
    if (old)
        take_out(s, key);
}

/* ---- batches ---- */

struct store_batch *store_batch_new(struct store *s)
{
    struct store_batch *b = mem_calloc(1, sizeof(*b));

    if (b)
        b->press = s->press;
    return b;
}

void store_batch_free(struct store_batch *b)
{
    if (b)
        snapset_release(&b->set);
    mem_free(b);
}

/* Within one list or stream the same name may come twice: the newer wins, and
 * the later where they cannot be compared. */
int store_batch_put(struct store_batch *b, struct snapshot *snap)
{
    struct snapshot *old = snapset_get(&b->set, &snap->key);
    int rc;

    if (old && !supersedes(snap, old, true))
        return 0;
    rc = snapset_put(&b->set, snap, &old);
    if (rc < 0)
        return rc;
    snapshot_unref(old, "store");
    press_add(b->press, snap);
    return 0;
}

void store_batch_remove(struct store_batch *b, const struct snapshot *last)
{
    const struct snapshot *old = snapset_get(&b->set, &last->key);

    if (old && same_uid(old, last) &&
        order_of(last->resource_version, old->resource_version) != RV_OLDER)
        snapshot_unref(snapset_take(&b->set, &last->key), "store");
}

void store_batch_clear(struct store_batch *b)
{
    snapset_release(&b->set);
}

size_t store_batch_count(const struct store_batch *b)
{
    return snapset_count(&b->set);
}

size_t store_count_lost(const struct store *s, const struct store_batch *b)
{
    const struct object_key *key;
    size_t lost = 0;

    for (size_t it = 0; (key = keytab_next(&s->set.names, &it));) {
        const struct snapshot *now = snapset_get(&b->set, key);

        lost += !now || !same_uid(now, snapset_get(&s->set, key));
    }
    return lost;
}

size_t store_count_relics(const struct store *s, const struct store_batch *b,
                          const char *rv)
{
    const struct object_key *key;
    size_t relics = 0;

    for (size_t it = 0; (key = keytab_next(&s->set.names, &it));) {
        const struct snapshot *old = snapset_get(&s->set, key);
        const struct snapshot *now = snapset_get(&b->set, key);

        relics += now && same_uid(now, old) &&
                  order_of(now->resource_version, old->resource_version) ==
                      RV_OLDER &&
                  order_of(old->resource_version, rv) != RV_NEWER;
    }
    return relics;
}

/* ---- relist ---- */

/* Does the stored state survive a list as of `rv` that says `listed` (or
 * nothing) under its name? */
static bool survives(const struct store *s, const struct snapshot *old,
                     const struct snapshot *listed, const char *rv)
{
    if (listed && same_state(old, listed))
        return !s->distrusted || snapshot_same_text(old, listed);
    if (!listed || s->distrusted)
        return order_of(old->resource_version, rv) == RV_NEWER;
    return order_of(old->resource_version, listed->resource_version) ==
           RV_NEWER;
}

/* Into the batch with all that the list does not know better. Harmless to
 * repeat after it failed half-way. */
static int pull_over(struct store *s, struct store_batch *b, const char *rv)
{
    const struct object_key *key;
    struct snapshot *replaced;

    for (size_t it = 0; (key = keytab_next(&s->set.names, &it));) {
        struct snapshot *old = snapset_get(&s->set, key);
        struct snapshot *listed = snapset_get(&b->set, key);

        if (listed == old || !survives(s, old, listed, rv))
            continue;
        if (snapset_put(&b->set, old, &replaced) < 0)
            return -ERR_NOMEM;
        snapshot_unref(replaced, "store");
    }
    return 0;
}

/* Out of the batch with what is known to be deleted by now. */
static void bury(struct store *s, struct store_batch *b)
{
    struct snapshot *const *items;
    size_t i = 0;

    if (s->graves.count == 0)
        return;
    while (i < snapset_list(&b->set, "", &items)) {
        if (graves_hold(&s->graves, items[i], true))
            snapshot_unref(snapset_take(&b->set, &items[i]->key), "store");
        else
            i++;
    }
}

struct walk {
    struct snapshot *const *old, *const *now;
    size_t olds, nows;
};

static struct walk walk_start(struct snapset *old, struct snapset *now)
{
    struct walk w;

    w.olds = snapset_list(old, "", &w.old);
    w.nows = snapset_list(now, "", &w.now);
    return w;
}

/* The next name of two sorted lists, with what each has under it. */
static bool walk_next(struct walk *w, struct delta *ret)
{
    int order = 0;

    if (w->olds == 0 && w->nows == 0)
        return false;
    if (w->olds == 0)
        order = 1;
    else if (w->nows == 0)
        order = -1;
    else
        order = object_key_compare(&w->old[0]->key, &w->now[0]->key);

    *ret = (struct delta){order <= 0 ? *w->old : NULL,
                          order >= 0 ? *w->now : NULL};
    w->old += order <= 0;
    w->olds -= order <= 0;
    w->now += order >= 0;
    w->nows -= order >= 0;
    return true;
}

/* What changed from `w`'s old list to its new one: how many, and into `out`
 * unless that is NULL, deletes first. */
static size_t compare(struct walk w, struct delta *out)
{
    struct walk again = w;
    struct delta d;
    size_t n = 0;

    while (walk_next(&w, &d)) {
        if (d.now)
            continue;
        if (out)
            out[n] = d;
        n++;
    }
    while (walk_next(&again, &d)) {
        if (!d.now || d.now == d.old)
            continue;
        if (out)
            out[n] = d;
        n++;
    }
    return n;
}

static void set_position(struct store *s, const char *rv)
{
    size_t len = strlen(rv);

    if (len > STORE_MAX_VERSION)
        len = 0;
    memcpy(s->position, rv, len);
    s->position[len] = '\0';
}

/* From here on nothing fails. */
static void swap_in(struct store *s, struct store_batch *b, const char *rv)
{
    struct snapset old = s->set;

    s->set = b->set;
    b->set = old;
    s->rewound = s->distrusted = false;
    set_position(s, rv);
    graves_settle(&s->graves, rv);
}

int store_replace(struct store *s, struct store_batch *b,
                  const char *resource_version)
{
    struct delta *deltas;
    struct walk w;
    size_t n;
    int rc = 0;

    assert(!s->telling);
    if (order_of(resource_version, s->position) == RV_OLDER)
        return -ERR_INVALID;
    if (!s->rewound)
        rc = pull_over(s, b, resource_version);
    if (rc < 0)
        return rc;
    bury(s, b);
    w = walk_start(&s->set, &b->set);
    n = compare(w, NULL);
    deltas = mem_calloc(n, sizeof *deltas);
    if (!deltas)
        return -ERR_NOMEM;
    compare(w, deltas);

    swap_in(s, b, resource_version);
    for (size_t i = 0; i < n; i++)
        tell(s, &deltas[i]);
    mem_free(deltas);
    snapset_release(&b->set);
    return 0;
}

void store_rewind(struct store *s)
{
    assert(!s->telling);
    s->position[0] = '\0';
    s->rewound = true;
    s->graves.count = 0;
}

void store_distrust(struct store *s)
{
    s->distrusted = true;
}

/* ---- position ---- */

const char *store_resource_version(const struct store *s)
{
    return s->position;
}

void store_bookmark(struct store *s, const char *resource_version)
{
    enum rv_order order = order_of(resource_version, s->position);

    if (order == RV_NEWER ||
        (order == RV_UNCOMPARABLE && resource_version[0] != '\0'))
        set_position(s, resource_version);
}

/* ---- reads ---- */

const struct gvk *store_gvk(const struct store *s)
{
    return &s->gvk;
}

struct snapshot *store_get(const struct store *s, const struct object_key *key)
{
    return snapset_get(&s->set, key);
}

size_t store_count(const struct store *s)
{
    return snapset_count(&s->set);
}

size_t store_list(struct store *s, const char *ns, struct snapshot *const **ret)
{
    return snapset_list(&s->set, ns, ret);
}

void store_owned_by(const struct store *s, const char *uid, store_each_fn fn,
                    void *arg)
{
    struct snapshot *const *items;
    size_t n = snapset_owned(&s->set, uid, &items);

    for (size_t i = 0; i < n; i++)
        fn(arg, items[i]);
}

struct store_stats store_stats(const struct store *s)
{
    struct store_stats stats = s->stats;

    stats.bytes = snapset_bytes(&s->set) + press_stats(s->press).bytes;
    return stats;
}

bool store_check(const struct store *s)
{
    return !s->telling && snapset_check(&s->set);
}
