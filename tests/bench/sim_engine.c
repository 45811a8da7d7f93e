/*
 * bench_sim_engine -- what a request costs in the embedded API server itself,
 *                     without sockets: microseconds of CPU, bytes an object.
 *
 *     bench_sim_engine [objects]        100,000 by default
 *
 * ConfigMaps of about 1.1 KB of JSON, no controllers. Memory is what malloc has
 * given out, the history of changes with it.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "sim/sim.h"

#define MAPS "/api/v1/namespaces/default/configmaps"
#define LISTED 10000
#define SOME                                                                   \
    20000 /* requests of a kind, where not every object is asked for           \
           */
#define WATCHES 100
#define EVENTS 200

struct bench {
    struct clock_fake clock;
    struct sim *sim;
    struct arena arena;
    struct sim_response r;
    size_t count;
    char text[601]; /* what makes an object weigh something */
};

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void must(bool held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "bench_sim_engine: %s failed\n", what);
    exit(1);
}

static void tell(const char *what, uint64_t ns, size_t count)
{
    double us = (double)ns / 1000 / (double)count;

    printf("%-28s %9.2f us %10.0f a second\n", what, us, 1000000 / us);
}

/* ---- requests ---- */

struct how {
    enum http_method method;
    const char *type, *query;
};

static void ask(struct bench *b, const struct how *r, const char *path,
                const struct str *body)
{
    struct sim_request q = {.method = r->method,
                            .path = path,
                            .query = r->query,
                            .content_type = r->type,
                            .user_agent = "bench/1",
                            .user = "admin",
                            .body = body ? body->data : NULL,
                            .body_len = body ? body->len : 0};

    arena_clear(&b->arena);
    sim_handle(b->sim, &b->arena, &q, &b->r);
    must(b->r.status == 200 || b->r.status == 201, path);
}

static void map_text(const struct bench *b, size_t i, const char *value,
                     struct str *out)
{
    str_clear(out);
    str_addf(out,
             "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{"
             "\"name\":\"map-%06zu\",\"labels\":{\"app\":\"bench\",\"part\":"
             "\"%zu\"}},\"data\":{\"value\":\"%s\",\"text\":\"%s\"}}",
             i, i % 10, value, b->text);
}

/* One request for each of `count` objects; `value` NULL: without a body. */
static uint64_t each(struct bench *b, const struct how *r, size_t count,
                     const char *value)
{
    struct str body = {0};
    uint64_t took = 0, start;
    char path[100];

    for (size_t n = 0; n < count; n++) {
        size_t i = n * 7919 % b->count; /* a prime: in no order */

        snprintf(path, sizeof path, MAPS "%s", "");
        if (r->method != HTTP_POST)
            snprintf(path, sizeof path, MAPS "/map-%06zu", i);
        if (value)
            map_text(b, r->method == HTTP_POST ? n : i, value, &body);
        start = now_ns();
        ask(b, r, path, value ? &body : NULL);
        took += now_ns() - start;
    }
    str_release(&body);
    return took;
}

/* ---- what is measured ---- */

static void bench_lists(struct bench *b)
{
    static const struct {
        const char *what, *query;
    } lists[] = {{"list of 10,000", "limit=10000"},
                 {"... by a label", "labelSelector=part%3D3"}};

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        struct how get = {HTTP_GET, NULL, lists[i].query};
        uint64_t start = now_ns();

        for (int n = 0; n < 5; n++)
            ask(b, &get, MAPS, NULL);
        tell(lists[i].what, now_ns() - start, 5);
    }
}

static uint64_t drain(struct sim_watch *w, size_t *ret_events)
{
    const char *text;
    size_t len;
    uint64_t wake;

    while (sim_watch_next(w, &text, &len, &wake) == SIM_WATCH_TEXT)
        ++*ret_events;
    return wake;
}

static void bench_watches(struct bench *b)
{
    struct how watch = {HTTP_GET, NULL, NULL};
    static const struct how apply = {HTTP_PATCH, "application/apply-patch+yaml",
                                     "fieldManager=bench&force=true"};
    struct sim_watch *watches[WATCHES];
    size_t events = 0;
    uint64_t took = 0;
    char query[80];

    snprintf(query, sizeof query, "watch=1&resourceVersion=%llu",
             (unsigned long long)sim_revision(b->sim));
    watch.query = query;
    for (size_t i = 0; i < WATCHES; i++) {
        ask(b, &watch, MAPS, NULL);
        watches[i] = b->r.watch;
    }
    for (int n = 0; n < EVENTS; n++) {
        uint64_t start;

        each(b, &apply, 1, n % 2 ? "odd" : "even");
        start = now_ns();
        for (size_t i = 0; i < WATCHES; i++)
            drain(watches[i], &events);
        took += now_ns() - start;
    }
    for (size_t i = 0; i < WATCHES; i++)
        sim_watch_free(watches[i]);
    must(events == WATCHES * EVENTS, "a watch");
    tell("watch event, 100 watches", took, events);
}

static void bench_requests(struct bench *b)
{
    static const struct how create = {HTTP_POST, NULL, NULL},
                            get = {HTTP_GET, NULL, NULL},
                            put = {HTTP_PUT, NULL, NULL},
                            merge = {HTTP_PATCH, "application/merge-patch+json",
                                     NULL},
                            apply = {HTTP_PATCH, "application/apply-patch+yaml",
                                     "fieldManager=bench&force=true"};
    size_t before = mallinfo2().uordblks, after, some, json;

    tell("create", each(b, &create, b->count, "first"), b->count);
    after = mallinfo2().uordblks;
    some = b->count < SOME ? b->count : SOME;
    tell("get", each(b, &get, some, NULL), some);
    json = b->r.body_len;
    printf("%-28s %9zu bytes, %.2f times its JSON text\n",
           "memory of an object", (after - before) / b->count,
           (double)(after - before) / (double)b->count / (double)json);
    tell("put, as it was", each(b, &put, some, "first"), some);
    tell("merge patch", each(b, &merge, some, "second"), some);
    tell("apply, changed", each(b, &apply, some, "third"), some);
    tell("apply, as it was", each(b, &apply, some, "third"), some);
    after = mallinfo2().uordblks;
    printf("%-28s %9zu bytes\n", "memory after the changes",
           (after - before) / b->count);
}

static void bench_start(struct bench *b)
{
    struct sim_options o = {.controllers = "none", .seed = 1};
    struct err err;

    clock_fake_init(&b->clock);
    b->clock.unix_seconds = 1767225600;
    o.clock = &b->clock.clock;
    memset(b->text, 'x', sizeof b->text - 1);
    must(sim_new(&o, &b->sim, &err) == 0 && sim_start(b->sim, &err) == 0,
         "the start");
}

int main(int argc, char **argv)
{
    struct bench b = {.count = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000};

    must(b.count >= LISTED, "fewer than 10,000 objects:");
    bench_start(&b);
    bench_requests(&b);
    bench_lists(&b);
    bench_watches(&b);
    sim_free(b.sim);
    arena_release(&b.arena);
    return 0;
}
