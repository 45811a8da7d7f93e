/*
 * feeds.c -- what a controller listens to, and whether it may be believed.
 *
 * One feed for the root kind, one per owned kind, one per read. Their stores
 * tell deltas to mapping.c; their `known` decides whether anything may be
 * dispatched. What a sink learns from answers enters the same stores, so that
 * the next pass sees its own writes.
 */
#include "controller_impl.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "selected.h"

/* ---- known or not ---- */

bool feeds_final(const struct err *why)
{
    switch (why->code) {
    case ERR_FORBIDDEN:
    case ERR_NO_KIND:
    case ERR_NOT_FOUND:
    case ERR_UNAUTHORIZED:
    case ERR_TLS:
    case ERR_CONFIG:
    case ERR_CONNECT:
        return true;
    default:
        return false;
    }
}

/* G12: plan only when the root kind and every owned kind are known. The first
 * time a read must be known too, so that no script is run on a view that only
 * needs a moment more. NULL: it is so. */
static const struct source_feed *find_unknown(const struct controller *c,
                                              const struct version *v,
                                              bool first)
{
    if (!c->root.feed->known)
        return c->root.feed;
    for (size_t i = 0; i < v->slot_count; i++) {
        const struct source_feed *feed = v->slots[i].feed;

        if (!feed->known &&
            (i < v->owned_count || (first && !feeds_final(&feed->why))))
            return feed;
    }
    return NULL;
}

static void update_synced(struct controller *c)
{
    const struct source_feed *bad = find_unknown(c, &c->now, !c->synced);

    c->synced = bad == NULL;
    if (bad)
        c->why = bad->why;
    else
        err_clear(&c->why);
}

/* Say once what is waited for, and again when the reason is another. */
static void tell_unsynced(struct controller *c)
{
    if (c->why.code != c->told && c->why.code != ERR_NONE &&
        c->why.code != ERR_UNKNOWN)
        log_warn("waiting: the view is not complete", "operator",
                 c->now.decl->name, "err", c->why.msg, "hint", c->why.hint,
                 NULL);
    if (c->why.code != ERR_UNKNOWN)
        c->told = c->why.code;
}

const struct err *feeds_lack(const struct controller *c,
                             const struct version *v)
{
    const struct source_feed *bad = find_unknown(c, v, true);

    return bad ? &bad->why : NULL;
}

/* ---- blind for long ---- */

#define BLIND_MS 5000u

/* Only a person can change it. */
static bool is_lasting(const struct err *why)
{
    return why->code == ERR_FORBIDDEN || why->code == ERR_NO_KIND ||
           why->code == ERR_NOT_FOUND;
}

static void on_blind(void *arg)
{
    struct controller *c = arg;

    c->blind_timer = 0;
    c->blind = true;
    controller_plan_all(c);
}

/* A kind that is missing or forbidden is the trouble of every root: each says
 * so in its status, once it is no matter of seconds. */
static void check_blind(struct controller *c)
{
    bool lasting = c->config.says_blind && !c->synced && c->root.feed->known &&
                   is_lasting(&c->why);

    if (lasting == (c->blind || c->blind_timer))
        return;
    loop_cancel(c->config.loop, c->blind_timer);
    c->blind_timer = 0;
    c->blind = false;
    if (lasting)
        c->blind_timer = loop_after(c->config.loop, BLIND_MS, on_blind, c);
}

void feeds_check(struct controller *c)
{
    c->root.listed |= c->root.feed->known;
    for (size_t i = 0; i < c->now.slot_count; i++)
        c->now.slots[i].listed |= c->now.slots[i].feed->known;
    update_synced(c);
    tell_unsynced(c);
    check_blind(c);
}

void controller_feed_changed(struct controller *c, struct source_feed *feed)
{
    bool before = c->synced;
    bool mine = feed == c->root.feed;

    for (size_t i = 0; i < c->now.slot_count; i++)
        mine |= feed == c->now.slots[i].feed;
    if (!mine)
        return;
    feeds_check(c); /* also of a standby, which says whether it is ready */
    if (!before && c->synced) {
        log_info("in sync", "operator", c->now.decl->name, NULL);
        mapping_wake_failing(c);
    }
    controller_schedule(c);
    controller_tell(c);
}

/* ---- subscribing ---- */

/* A shared store may hold objects already: tell them as if they came now. */
static void replay(struct store *store, store_delta_fn fn, void *arg)
{
    struct snapshot *const *items;
    size_t count = store_list(store, "", &items);

    for (size_t i = 0; i < count; i++) {
        struct delta delta = {.now = items[i]};

        fn(arg, &delta);
    }
}

static struct source_want want_of_read(const struct controller *c,
                                       const struct operator_read *read)
{
    return (struct source_want){
        .gvk = read->gvk,
        .ns = read->scope == READ_OWN     ? c->config.ns
              : read->scope == READ_NAMED ? read->ns
                                          : "",
        .labels = read->labels,
        .fields = read->fields,
        .metadata_only = read->metadata_only,
        .kept = read->metadata_only ? NULL : read->kept,
    };
}

static int ask(struct controller *c, const struct source_want *want,
               struct feed_slot *slot, struct err *err)
{
    slot->controller = c;
    slot->feed = source_feed(c->config.source, want, err);
    return slot->feed ? 0 : -(int)err->code;
}

int feeds_open(struct controller *c, struct version *v, struct err *err)
{
    const struct operator_decl *d = v->decl;
    int rc = 0;

    v->owned_count = d->owns_count;
    v->slot_count = d->owns_count + d->reads_count;
    v->slots = mem_calloc(v->slot_count + 1, sizeof(*v->slots));
    if (!v->slots)
        return err_nomem(err);
    for (size_t i = 0; i < d->owns_count && rc == 0; i++) {
        struct source_want want = {.gvk = d->owns[i].gvk, .ns = c->config.ns};

        rc = ask(c, &want, &v->slots[i], err);
    }
    for (size_t i = 0; i < d->reads_count && rc == 0; i++) {
        struct feed_slot *slot = &v->slots[v->owned_count + i];
        struct source_want want = want_of_read(c, &d->reads[i]);

        slot->read = &d->reads[i];
        slot->read_index = i;
        rc = ask(c, &want, slot, err);
    }
    return rc;
}

void feeds_close(struct controller *c, struct version *v)
{
    for (size_t i = 0; v->slots && i < v->slot_count; i++) {
        frozen_release(&v->slots[i].frozen);
        if (v->slots[i].feed)
            source_drop(c->config.source, v->slots[i].feed);
    }
    mem_free(v->slots);
    v->slots = NULL;
}

static store_delta_fn listener(const struct feed_slot *slot)
{
    if (slot->root)
        return mapping_root;
    return slot->read ? mapping_read : mapping_owned;
}

static int listen_slot(struct feed_slot *slot, struct err *err)
{
    if (store_listen(slot->feed->store, listener(slot), slot) < 0)
        return err_nomem(err);
    slot->listening = true;
    return 0;
}

static void unlisten_slot(struct feed_slot *slot)
{
    if (slot->listening)
        store_unlisten(slot->feed->store, listener(slot), slot);
    slot->listening = false;
}

int feeds_listen(struct version *v, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < v->slot_count && rc == 0; i++)
        rc = listen_slot(&v->slots[i], err);
    return rc;
}

void feeds_unlisten(struct version *v)
{
    for (size_t i = 0; v->slots && i < v->slot_count; i++)
        unlisten_slot(&v->slots[i]);
}

int feeds_subscribe(struct controller *c, struct err *err)
{
    struct source_want want = {.gvk = c->now.decl->root, .ns = c->config.ns};
    int rc;

    c->root.root = true;
    rc = ask(c, &want, &c->root, err);
    if (rc == 0)
        rc = listen_slot(&c->root, err);
    if (rc == 0)
        rc = feeds_open(c, &c->now, err);
    if (rc == 0)
        rc = feeds_listen(&c->now, err);
    if (rc < 0)
        return rc;
    replay(c->root.feed->store, mapping_root, &c->root);
    for (size_t i = 0; i < c->now.slot_count; i++)
        replay(c->now.slots[i].feed->store, listener(&c->now.slots[i]),
               &c->now.slots[i]);
    return 0;
}

void feeds_unsubscribe(struct controller *c)
{
    feeds_unlisten(&c->now);
    feeds_close(c, &c->now);
    unlisten_slot(&c->root);
    if (c->root.feed)
        source_drop(c->config.source, c->root.feed);
}

void controller_plan_all(struct controller *c)
{
    struct snapshot *const *roots;
    size_t count = store_list(c->root.feed->store, "", &roots);

    for (size_t i = 0; i < count; i++)
        controller_enqueue(c, &roots[i]->key, WORKQUEUE_LOW);
}

void controller_each_store(const struct controller *c,
                           void (*fn)(void *arg, struct store *store),
                           void *arg)
{
    fn(arg, c->root.feed->store);
    for (size_t i = 0; i < c->now.slot_count; i++)
        fn(arg, c->now.slots[i].feed->store);
}

/* ---- what answers show ---- */

/* Would the slot's own watch tell of this object, too? Only then may an answer
 * enter its store. */
static bool in_scope(const struct controller *c, const struct feed_slot *slot,
                     const struct snapshot *snap)
{
    const struct operator_read *read = slot->read;
    const char *ns = c->config.ns;

    if (read && read->kept) /* its watch shows less of an object */
        return false;
    if (read && read->scope != READ_OWN)
        ns = read->scope == READ_NAMED ? read->ns : "";
    if (*ns && *snap->key.ns && strcmp(ns, snap->key.ns) != 0)
        return false;
    return !read || selected(read->labels, read->fields, snap);
}

/* By name: a refresh of discovery may have made another `struct resource` of
 * the kind while a request was under way. */
static bool is_of(const struct feed_slot *slot, const struct resource *resource)
{
    const struct gvk *gvk = store_gvk(slot->feed->store);

    return strcmp(gvk->kind, resource->kind) == 0 &&
           strcmp(gvk->api_version, resource->api_version) == 0;
}

static void seen(void *arg, const struct resource *resource,
                 struct snapshot *snap, const char *hash)
{
    struct controller *c = arg;
    bool failed = false;

    diff_memo_note(c->memo, snap, hash);
    if (is_of(&c->root, resource) && in_scope(c, &c->root, snap))
        failed = store_put_answer(c->root.feed->store, snap) < 0;
    for (size_t i = 0; i < c->now.slot_count; i++)
        if (is_of(&c->now.slots[i], resource) &&
            in_scope(c, &c->now.slots[i], snap) &&
            store_put_answer(c->now.slots[i].feed->store, snap) < 0)
            failed = true;
    if (failed)
        log_error("out of memory: an answer was not stored", NULL);
}

static void gone(void *arg, const struct resource *resource,
                 const struct object_key *key, const char *uid)
{
    struct controller *c = arg;

    if (is_of(&c->root, resource))
        store_remove_key(c->root.feed->store, key, uid);
    for (size_t i = 0; i < c->now.slot_count; i++)
        if (is_of(&c->now.slots[i], resource))
            store_remove_key(c->now.slots[i].feed->store, key, uid);
}

static bool still_holds(void *arg, const struct changeset *cs)
{
    struct controller *c = arg;
    struct job *job = NULL;

    for (size_t i = 0; i < c->job_count; i++)
        if (&c->jobs[i]->cs == cs)
            job = c->jobs[i];
    return job && readset_holds(job);
}

/* The brake of G8: what is over the limit waits for its minute. */
static int may_delete(void *arg, const struct changeset *cs, struct err *err)
{
    struct controller *c = arg;
    const struct blast *b = &cs->blast;
    uint64_t now = clock_now_ms(loop_clock(c->config.loop));
    uint64_t wait =
        b->allowed ? 0 : blast_brake_take(&c->brake, b->limits.per_minute, now);

    if (wait == 0)
        return 0;
    err_set(err, ERR_BLAST_RADIUS,
            "this operator deletes at most %u objects in a minute, the rest "
            "waits; plan:allow_bulk(reason) in the script, or "
            "--max-deletes-per-minute, allows more",
            b->limits.per_minute);
    err->retry_after_ms = (unsigned)wait;
    return -ERR_BLAST_RADIUS;
}

struct sink_observer controller_observer(struct controller *c)
{
    return (struct sink_observer){.object = seen,
                                  .gone = gone,
                                  .holds = still_holds,
                                  .may_delete = may_delete,
                                  .arg = c};
}

/* A child of any root: its controller is of the root's group and kind. */
bool controller_owns_any(struct controller *c, const struct gvk *gvk)
{
    for (size_t i = 0; i < c->now.owned_count; i++) {
        struct snapshot *const *items;
        size_t count;

        if (!gvk_equal(store_gvk(c->now.slots[i].feed->store), gvk))
            continue;
        count = store_list(c->now.slots[i].feed->store, "", &items);
        for (size_t k = 0; k < count; k++) {
            struct gvk owner = {items[k]->owner_api_version,
                                items[k]->owner_kind};

            if (gvk_same_group_kind(&owner, &c->now.decl->root))
                return true;
        }
    }
    return false;
}
