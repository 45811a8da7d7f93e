/*
 * Random histories against core/store.
 *
 * A made-up server changes a few names, one revision after the other. The
 * store hears of it by everything that may speak to it: the watch in order,
 * repetitions, answers to writes and deletes that were under way for any time,
 * live reads, and lists as of any revision from its position on.
 *
 * What must hold, after every step: the store shows each name as it was at
 * some revision that is not before the position, and never goes back to an
 * earlier one. Listeners could keep a copy. Lists and owners agree with the
 * contents.
 *
 * The last test plants mistakes into the feed; each must be noticed.
 */
#include "core/store.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "snaps.h"
#include "test.h"

#define NAMES 4
#define REVISIONS 64
#define FIRST_VERSION 70 /* versions cross from two digits to three */

struct truth {
    unsigned uid;     /* 0 = absent */
    unsigned version; /* of the object, or of its delete */
};

/* Mistakes of the feed, for the self-test. */
enum plant {
    NO_PLANT,
    LOSE_DELETE,   /* the watch leaves a DELETED out */
    LOSE_EVENT,    /* the watch leaves any event out */
    EARLY_MARK,    /* the position runs ahead of the events */
    SHORT_LIST,    /* a list lacks an object */
    WRONG_VERSION, /* an old state under a new version */
    FALSE_GONE,    /* a live read says gone, wrongly */
    PLANTS,
};

struct world {
    struct truth at[NAMES][REVISIONS + 1];
    unsigned name_of[REVISIONS + 1]; /* which name a revision changed */
    unsigned now;                    /* newest revision */
    unsigned uids;
    unsigned told;        /* revision of the position */
    unsigned seen[NAMES]; /* the store shows the name as of then */
    struct store *store;
    struct snapshot *mirror[NAMES]; /* what a listener knows */
    bool mirror_broken;
    struct rng rng;
    enum plant plant;
};

static unsigned pick(struct world *w, unsigned bound)
{
    return (unsigned)rng_below(&w->rng, bound);
}

/* The mistake happens, sometimes. */
static bool planted(struct world *w, enum plant plant)
{
    return w->plant == plant && pick(w, 4) == 0;
}

static const char *name_text(unsigned name)
{
    static const char *const names[NAMES] = {"a", "x/b", "x/c", "y/a"};

    return names[name];
}

static unsigned name_index(const struct snapshot *snap)
{
    for (unsigned i = 0; i < NAMES; i++) {
        struct object_key key = snap_key(name_text(i));

        if (object_key_equal(&key, &snap->key))
            return i;
    }
    return 0;
}

static struct snapshot *make(unsigned name, unsigned uid, unsigned version)
{
    char uid_text[16], version_text[16], owner[16];

    snprintf(uid_text, sizeof uid_text, "u%u", uid);
    snprintf(version_text, sizeof version_text, "%u", version + FIRST_VERSION);
    snprintf(owner, sizeof owner, "o%u", version % 3);
    return snap_new(name_text(name), uid_text, version_text,
                    version % 4 ? owner : "");
}

static struct snapshot *state_at(const struct world *w, unsigned name,
                                 unsigned revision)
{
    const struct truth *t = &w->at[name][revision];

    return t->uid ? make(name, t->uid, t->version) : NULL;
}

/* What the watch says of a revision; *ret_gone for DELETED. */
static struct snapshot *event_of(const struct world *w, unsigned revision,
                                 bool *ret_gone)
{
    unsigned name = w->name_of[revision];
    unsigned uid = w->at[name][revision].uid;

    *ret_gone = uid == 0;
    if (uid == 0)
        uid = w->at[name][revision - 1].uid;
    return make(name, uid, revision);
}

static const char *mark_text(unsigned revision)
{
    static char text[16];

    snprintf(text, sizeof text, "%u", revision + FIRST_VERSION);
    return text;
}

static void on_delta(void *arg, const struct delta *d)
{
    struct world *w = arg;
    unsigned name = name_index(d->now ? d->now : d->old);

    if (w->mirror[name] != d->old || d->old == d->now)
        w->mirror_broken = true;
    snap_drop(w->mirror[name]);
    w->mirror[name] = NULL;
    if (d->now)
        w->mirror[name] =
            snapshot_ref((struct snapshot *)(uintptr_t)d->now, "test");
}

/* ---- moves ---- */

static void server_writes(struct world *w)
{
    unsigned name = pick(w, NAMES), revision = w->now + 1;
    unsigned uid = w->at[name][w->now].uid;

    if (w->now == REVISIONS)
        return;
    for (unsigned i = 0; i < NAMES; i++)
        w->at[i][revision] = w->at[i][w->now];
    if (uid == 0)
        uid = ++w->uids;
    else if (pick(w, 3) == 0)
        uid = 0;
    w->at[name][revision] = (struct truth){uid, revision};
    w->name_of[revision] = name;
    w->now = revision;
}

static void deliver(struct world *w, unsigned revision)
{
    bool gone;
    struct snapshot *snap = event_of(w, revision, &gone);

    if (planted(w, LOSE_EVENT) || (gone && planted(w, LOSE_DELETE)))
        ;
    else if (gone)
        store_remove(w->store, snap);
    else
        store_put(w->store, snap);
    snap_drop(snap);
}

static void watch_tells(struct world *w)
{
    if (w->told == w->now)
        return;
    w->told++;
    if (planted(w, EARLY_MARK))
        store_bookmark(w->store, mark_text(w->now));
    deliver(w, w->told);
    store_bookmark(w->store, mark_text(w->told));
}

static void watch_repeats(struct world *w)
{
    if (w->told > 0)
        deliver(w, 1 + pick(w, w->told));
}

static void answer_comes(struct world *w)
{
    unsigned name = pick(w, NAMES), revision = pick(w, w->now + 1);
    struct truth t = w->at[name][revision];
    struct snapshot *snap;

    if (t.uid == 0)
        return;
    if (planted(w, WRONG_VERSION))
        t.version = w->now;
    snap = make(name, t.uid, t.version);
    store_put_answer(w->store, snap);
    snap_drop(snap);
}

static void delete_answer_comes(struct world *w)
{
    unsigned revision = w->now ? 1 + pick(w, w->now) : 0;
    struct snapshot *snap;
    bool gone;

    if (revision == 0)
        return;
    snap = event_of(w, revision, &gone);
    if (gone)
        store_remove(w->store, snap);
    snap_drop(snap);
}

static void live_read(struct world *w)
{
    unsigned name = pick(w, NAMES);
    struct object_key key = snap_key(name_text(name));
    struct snapshot *snap = store_get(w->store, &key);

    if (snap && (w->at[name][w->now].uid == 0 || planted(w, FALSE_GONE))) {
        snapshot_ref(snap, "test");
        store_remove_key(w->store, &key, snap->uid);
        snap_drop(snap);
    }
}

static void relist(struct world *w)
{
    unsigned revision = w->told + pick(w, w->now - w->told + 1);
    struct store_batch *b = store_batch_new(w->store);

    for (unsigned i = NAMES; i-- > 0;) {
        struct snapshot *snap = state_at(w, i, revision);

        if (snap && !planted(w, SHORT_LIST))
            store_batch_put(b, snap);
        snap_drop(snap);
    }
    store_replace(w->store, b, mark_text(revision));
    store_batch_free(b);
    w->told = revision;
}

/* ---- what must hold ---- */

static bool shows(const struct world *w, unsigned name, unsigned revision)
{
    struct object_key key = snap_key(name_text(name));
    const struct snapshot *got = store_get(w->store, &key);
    struct snapshot *want = state_at(w, name, revision);
    bool same = !got == !want;

    if (got && want)
        same = strcmp(got->uid, want->uid) == 0 &&
               strcmp(got->resource_version, want->resource_version) == 0;
    snap_drop(want);
    return same;
}

/* Move the name's revision on to the first one that explains what is there. */
static bool is_explained(struct world *w, unsigned name)
{
    unsigned from = w->seen[name] > w->told ? w->seen[name] : w->told;

    for (unsigned revision = from; revision <= w->now; revision++) {
        if (!shows(w, name, revision))
            continue;
        w->seen[name] = revision;
        return true;
    }
    return false;
}

struct tally {
    const struct world *world;
    const struct snapshot *last;
    size_t count;
    bool fine;
};

static void tally_child(void *arg, struct snapshot *snap)
{
    struct tally *t = arg;

    if (store_get(t->world->store, &snap->key) != snap ||
        (t->last && object_key_compare(&t->last->key, &snap->key) >= 0))
        t->fine = false;
    t->last = snap;
    t->count++;
}

static bool indexes_agree(struct world *w)
{
    static const char *const owners[] = {"o0", "o1", "o2"};
    struct tally t = {.world = w, .fine = true};
    struct snapshot *const *items;
    size_t n = store_list(w->store, "", &items), owned = 0;

    for (size_t i = 0; i < n; i++)
        owned += items[i]->owner_uid[0] != '\0';
    for (size_t i = 0; i < 3; i++) {
        t.last = NULL;
        store_owned_by(w->store, owners[i], tally_child, &t);
    }
    return t.fine && t.count == owned && n == store_count(w->store) &&
           store_check(w->store);
}

static bool holds(struct world *w)
{
    for (unsigned name = 0; name < NAMES; name++) {
        struct object_key key = snap_key(name_text(name));

        if (!is_explained(w, name) ||
            w->mirror[name] != store_get(w->store, &key))
            return false;
    }
    return !w->mirror_broken && indexes_agree(w);
}

static void step(struct world *w)
{
    static void (*const moves[])(struct world *) = {
        server_writes, server_writes, server_writes,       watch_tells,
        watch_tells,   watch_tells,   watch_repeats,       answer_comes,
        answer_comes,  live_read,     delete_answer_comes, relist,
    };
    size_t n = sizeof moves / sizeof moves[0];

    /* relists are rarer than the rest, or there is no history between them */
    moves[pick(w, pick(w, 4) ? (unsigned)n - 1 : (unsigned)n)](w);
}

/* One history. False when something did not hold. */
static bool run_history(uint64_t seed, enum plant plant)
{
    struct world w = {.plant = plant};
    bool fine = true;

    rng_init(&w.rng, seed);
    w.store = store_new(&snap_gvk);
    store_listen(w.store, on_delta, &w);
    for (int i = 0; fine && i < 250; i++) {
        step(&w);
        fine = holds(&w);
    }
    store_free(w.store);
    for (unsigned i = 0; i < NAMES; i++)
        snap_drop(w.mirror[i]);
    return fine;
}

/* rows: S56, S130
 * broken: an older state took the place of a newer one */
TEST(store_shows_each_name_as_it_was_and_never_goes_back)
{
    uint64_t rounds = (uint64_t)test_rounds(400, 20000);
    uint64_t seed = test_seed();

    for (uint64_t i = 0; i < rounds; i++)
        if (!check(run_history(seed + i, NO_PLANT)))
            return;
}

TEST(store_histories_with_a_planted_mistake_are_noticed)
{
    for (enum plant plant = NO_PLANT + 1; plant < PLANTS; plant++) {
        unsigned noticed = 0;

        for (uint64_t seed = 1; seed <= 20; seed++)
            noticed += !run_history(seed, plant);
        if (!check(noticed > 0))
            check_int(plant, NO_PLANT);
    }
}
