/*
 * bench_core_store -- what the store and the queue cost: nanoseconds of CPU an
 *                     operation, bytes an object. Not part of `make test`.
 *
 *     bench_core_store [objects]        10,000 by default
 *
 * Snapshots are made beforehand and are small: what is measured is the store,
 * not the parser. Each line is the best of five rounds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/store.h"
#include "core/workqueue.h"

#define ROUNDS 5
#define WORKLOADS 150 /* owners of the pods */

struct bench {
    size_t count;
    struct snapshot **snaps; /* in the order of a list */
    struct snapshot **newer; /* the same objects, changed */
    size_t *order;           /* a random one */
    struct clock_fake fake;
};

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void must(int held)
{
    if (held)
        return;
    fputs("bench_core_store: out of memory\n", stderr);
    exit(1);
}

/* ---- objects ---- */

enum owners { NO_OWNER, FEW_OWNERS, OWN_OWNER };

static struct snapshot *make(size_t i, size_t version, enum owners owners)
{
    static const struct gvk gvk = {"v1", "Pod"};
    size_t owner = owners == FEW_OWNERS ? i % WORKLOADS : i;
    struct snapshot *snap = NULL;
    struct str json;

    str_init(&json, 0);
    str_addf(&json,
             "{\"metadata\":{\"namespace\":\"team-%zu\",\"name\":\"web-%06zu\","
             "\"uid\":\"00000000-0000-4000-8000-%012zu\","
             "\"resourceVersion\":\"%zu\"",
             i * 20 / 1000000, i, i, version);
    if (owners != NO_OWNER)
        str_addf(&json,
                 ",\"ownerReferences\":[{\"apiVersion\":\"apps/v1\","
                 "\"kind\":\"ReplicaSet\",\"name\":\"web\",\"uid\":"
                 "\"11111111-0000-4000-8000-%012zu\",\"controller\":true}]",
                 owner);
    str_add(&json, "}}");
    must(snapshot_parse(str_text(&json), json.len, &gvk, &snap, NULL) == 0);
    str_release(&json);
    return snap;
}

static void bench_fill(struct bench *b, enum owners owners)
{
    struct rng rng;

    rng_init(&rng, 1);
    for (size_t i = 0; i < b->count; i++) {
        b->snaps[i] = make(i, 1000000 + i, owners);
        b->newer[i] = make(i, 2000000 + i, owners);
        b->order[i] = i;
    }
    for (size_t i = b->count; i > 1; i--) {
        size_t j = rng_below(&rng, i), was = b->order[i - 1];

        b->order[i - 1] = b->order[j];
        b->order[j] = was;
    }
}

static void bench_empty(struct bench *b)
{
    for (size_t i = 0; i < b->count; i++) {
        snapshot_unref(b->snaps[i], "bench");
        snapshot_unref(b->newer[i], "bench");
    }
}

static struct store *store_of(struct snapshot *const *snaps, size_t count)
{
    struct store *s = store_new(&(struct gvk){"v1", "Pod"});

    must(s != NULL);
    for (size_t i = 0; i < count; i++)
        must(store_put(s, snaps[i]) == 0);
    return s;
}

/* ---- what is measured: all return nanoseconds ---- */

static uint64_t put_in_order(struct bench *b)
{
    uint64_t start = now_ns();
    struct store *s = store_of(b->snaps, b->count);
    uint64_t took = now_ns() - start;

    store_free(s);
    return took;
}

static uint64_t put_at_random(struct bench *b)
{
    struct store *s = store_of(NULL, 0);
    uint64_t start = now_ns(), took;

    for (size_t i = 0; i < b->count; i++)
        must(store_put(s, b->snaps[b->order[i]]) == 0);
    took = now_ns() - start;
    store_free(s);
    return took;
}

static uint64_t update_at_random(struct bench *b)
{
    struct store *s = store_of(b->snaps, b->count);
    struct snapshot *const *items;
    uint64_t start, took;

    store_list(s, "", &items); /* from now on it is kept in order */
    start = now_ns();
    for (size_t i = 0; i < b->count; i++)
        must(store_put(s, b->newer[b->order[i]]) == 0);
    took = now_ns() - start;
    store_free(s);
    return took;
}

static uint64_t get_at_random(struct bench *b)
{
    struct store *s = store_of(b->snaps, b->count);
    uint64_t start = now_ns(), took;

    for (size_t i = 0; i < b->count; i++)
        must(store_get(s, &b->snaps[b->order[i]]->key) != NULL);
    took = now_ns() - start;
    store_free(s);
    return took;
}

/* One object goes and comes back, then all are listed. */
static uint64_t list_after_change(struct bench *b)
{
    struct store *s = store_of(b->snaps, b->count);
    size_t rounds = b->count / 10;
    struct snapshot *const *items;
    uint64_t start, took;

    store_list(s, "", &items);
    start = now_ns();
    for (size_t i = 0; i < rounds; i++) {
        struct snapshot *snap = b->snaps[b->order[i]];

        store_remove(s, snap);
        must(store_put(s, b->newer[b->order[i]]) == 0);
        must(store_list(s, "", &items) == b->count);
    }
    took = now_ns() - start;
    store_free(s);
    return took * b->count / rounds;
}

static uint64_t sort_from_random(struct bench *b)
{
    struct store *s = store_of(NULL, 0);
    struct snapshot *const *items;
    uint64_t start, took;

    for (size_t i = 0; i < b->count; i++)
        must(store_put(s, b->snaps[b->order[i]]) == 0);
    start = now_ns();
    store_list(s, "", &items);
    took = now_ns() - start;
    store_free(s);
    return took;
}

static void count_one(void *arg, struct snapshot *snap)
{
    (void)snap;
    ++*(size_t *)arg;
}

/* Each object asks for its owner's children; per child that comes. */
static uint64_t owned_children(struct bench *b)
{
    struct store *s = store_of(b->snaps, b->count);
    size_t children = 0;
    uint64_t start = now_ns(), took;

    for (size_t i = 0; i < b->count / 10; i++)
        store_owned_by(s, b->snaps[b->order[i]]->owner_uid, count_one,
                       &children);
    took = now_ns() - start;
    store_free(s);
    return children ? took * b->count / children : 0;
}

/* A relist that brings what is there already. */
static uint64_t relist_unchanged(struct bench *b)
{
    struct store *s = store_of(b->snaps, b->count);
    struct store_batch *batch = store_batch_new(s);
    uint64_t start = now_ns(), took;

    must(batch != NULL);
    for (size_t i = 0; i < b->count; i++)
        must(store_batch_put(batch, b->snaps[i]) == 0);
    must(store_replace(s, batch, "3000000") == 0);
    took = now_ns() - start;
    store_batch_free(batch);
    store_free(s);
    return took;
}

static uint64_t queue_cycle(struct bench *b)
{
    struct workqueue *q = workqueue_new(&b->fake.clock);
    uint64_t start = now_ns(), took;
    const struct object_key *key;

    must(q != NULL);
    for (size_t i = 0; i < b->count; i++)
        must(workqueue_add(q, &b->snaps[b->order[i]]->key) == 0);
    while ((key = workqueue_get(q)))
        workqueue_done(q, key);
    took = now_ns() - start;
    workqueue_free(q);
    return took;
}

static uint64_t queue_duplicates(struct bench *b)
{
    struct workqueue *q = workqueue_new(&b->fake.clock);
    uint64_t start, took;

    must(q != NULL);
    for (size_t i = 0; i < b->count; i++)
        must(workqueue_add(q, &b->snaps[i]->key) == 0);
    start = now_ns();
    for (size_t i = 0; i < b->count; i++)
        must(workqueue_add(q, &b->snaps[b->order[i]]->key) == 0);
    took = now_ns() - start;
    workqueue_free(q);
    return took;
}

static uint64_t queue_delays(struct bench *b)
{
    struct workqueue *q = workqueue_new(&b->fake.clock);
    uint64_t start = now_ns(), took;
    const struct object_key *key;

    must(q != NULL);
    for (size_t i = 0; i < b->count; i++)
        must(workqueue_add_after(q, &b->snaps[i]->key, 1 + b->order[i]) == 0);
    clock_fake_advance(&b->fake, b->count + 1);
    while ((key = workqueue_get(q)))
        workqueue_done(q, key);
    took = now_ns() - start;
    workqueue_free(q);
    return took;
}

/* ---- the tables ---- */

static void print_times(struct bench *b)
{
    static const struct {
        const char *name;
        uint64_t (*run)(struct bench *b);
    } rows[] = {
        {"store: put, in order", put_in_order},
        {"store: put, at random", put_at_random},
        {"store: update", update_at_random},
        {"store: get", get_at_random},
        {"store: sort all, per object", sort_from_random},
        {"store: remove, put, list all", list_after_change},
        {"store: owned_by, per child", owned_children},
        {"store: relist unchanged, per object", relist_unchanged},
        {"queue: add, get, done", queue_cycle},
        {"queue: add again", queue_duplicates},
        {"queue: add_after, get, done", queue_delays},
    };

    printf("%-40s %10s\n", "operation", "ns");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t best = UINT64_MAX;

        for (int round = 0; round < ROUNDS; round++) {
            uint64_t took = rows[i].run(b);

            best = took < best ? took : best;
        }
        printf("%-40s %10.0f\n", rows[i].name, (double)best / (double)b->count);
    }
}

static void print_memory(struct bench *b, enum owners owners)
{
    static const char *const names[] = {"no owner", "150 owners",
                                        "an owner each"};
    struct store *s;
    struct store_stats stats;
    uint64_t blocks;

    bench_fill(b, owners);
    blocks = mem_stats().live;
    s = store_of(b->snaps, b->count);
    blocks = mem_stats().live - blocks;
    stats = store_stats(s);
    printf("%-40s %10.1f\n", names[owners],
           (double)stats.bytes / (double)b->count);
    printf("%-40s %10.1f\n", "   with 16 bytes of heap for each block",
           (double)(stats.bytes + 16 * blocks) / (double)b->count);
    store_free(s);
    bench_empty(b);
}

int main(int argc, char **argv)
{
    struct bench b = {.count = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000};

    if (b.count < 100)
        b.count = 100;
    clock_fake_init(&b.fake);
    b.snaps = mem_calloc(b.count, sizeof *b.snaps);
    b.newer = mem_calloc(b.count, sizeof *b.newer);
    b.order = mem_calloc(b.count, sizeof *b.order);
    must(b.snaps && b.newer && b.order);

    printf("%zu objects\n\n", b.count);
    bench_fill(&b, FEW_OWNERS);
    print_times(&b);
    bench_empty(&b);
    printf("\n%-40s %10s\n", "index of an object in the store", "bytes");
    for (enum owners owners = NO_OWNER; owners <= OWN_OWNER; owners++)
        print_memory(&b, owners);

    mem_free(b.snaps);
    mem_free(b.newer);
    mem_free(b.order);
    return 0;
}
