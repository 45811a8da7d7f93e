/*
 * What a list costs while it streams in: bytes are counted after each event,
 * so the peak is a number, not a guess from the size of the process.
 */
#include "base/hash.h"
#include "core/reflector.h"
#include "kube/decoder.h"
#include "snaps.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

#define OBJECTS 1500
#define CHUNK 4096

struct world {
    struct clock_fake clock;
    struct store *store;
    struct reflector *reflector;
    struct str text;  /* of the answer */
    unsigned version; /* of the objects that change */
    unsigned every;   /* each n-th object has that version, 0: none */
    size_t peak;
    size_t text_bytes; /* of the objects */
};

/* Some 2 KB, most of it what all have. */
static void add_object(struct world *w, unsigned i)
{
    bool changed = w->every && i % w->every == 0;
    size_t before = w->text.len;
    char hex[HASH_HEX_SIZE];

    hash_sha256_hex(&i, sizeof(i), hex);
    str_addf(&w->text,
             "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{"
             "\"namespace\":\"ns\",\"name\":\"o-%05u\",\"uid\":\"%.36s\","
             "\"resourceVersion\":\"%u\"},\"data\":{\"hash\":\"%s\"",
             i, hex, changed ? w->version : 10, hex);
    for (unsigned k = 0; k < 24; k++)
        str_addf(&w->text,
                 ",\"setting-%u\":\"the same words for all of them, and %u of "
                 "these\"",
                 k, i % 7 + k);
    str_add(&w->text, "}}");
    w->text_bytes += w->text.len - before;
}

/* The answer to a streaming list, or to a plain one. */
static void make_answer(struct world *w, bool stream)
{
    str_clear(&w->text);
    w->text_bytes = 0;
    if (!stream)
        str_addf(&w->text,
                 "{\"kind\":\"ConfigMapList\",\"apiVersion\":\"v1\",\"metadata\":"
                 "{\"resourceVersion\":\"%u\"},\"items\":[",
                 w->version);
    for (unsigned i = 0; i < OBJECTS; i++) {
        str_add(&w->text, stream ? "{\"type\":\"ADDED\",\"object\":" : "");
        if (!stream && i > 0)
            str_add(&w->text, ",");
        add_object(w, i);
        str_add(&w->text, stream ? "}\n" : "");
    }
    if (stream)
        str_addf(&w->text,
                 "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"ConfigMap\","
                 "\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":"
                 "\"%u\",\"annotations\":{\"k8s.io/initial-events-end\":"
                 "\"true\"}}}}\n",
                 w->version);
    else
        str_add(&w->text, "]}");
}

static size_t held(const struct world *w)
{
    return (size_t)snapshot_stats().bytes + store_stats(w->store).bytes;
}

static bool drain(struct world *w, struct decoder *d)
{
    struct decoder_event e = {.kind = DECODER_NONE};
    struct err err = {0};
    int rc;

    while ((rc = decoder_next(d, &e, &err)) == 0 && e.kind != DECODER_NONE) {
        rc = reflector_on_event(w->reflector, &e, &err);
        if (held(w) > w->peak)
            w->peak = held(w);
        if (rc < 0)
            break;
    }
    return check_ok(rc, &err);
}

static struct reflector_todo next_request(struct world *w)
{
    struct reflector_todo todo = reflector_next(w->reflector);

    while (todo.want == WANT_SLEEP) {
        clock_fake_advance(&w->clock, todo.delay_ms);
        todo = reflector_next(w->reflector);
    }
    return todo;
}

/* One request of the reflector, answered in full. */
static void serve(struct world *w)
{
    struct reflector_todo todo = next_request(w);
    bool stream = todo.want == WANT_WATCH;
    struct decoder *d = decoder_new(stream ? DECODER_WATCH : DECODER_LIST,
                                    &snap_gvk, DECODER_MAX_BYTES);
    struct err err = {0};
    bool good = true;

    make_answer(w, stream);
    w->peak = held(w);
    for (size_t at = 0; good && at < w->text.len; at += CHUNK) {
        size_t n = w->text.len - at < CHUNK ? w->text.len - at : CHUNK;

        good = check_ok(decoder_feed(d, w->text.data + at, n, &err), &err) &&
               drain(w, d);
    }
    decoder_free(d);
    if (stream) /* it goes on as the watch */
        return;
    reflector_on_end(w->reflector, NULL);
    check_int(reflector_next(w->reflector).want, WANT_WATCH);
}

static void end_watch(struct world *w)
{
    const struct err gone = {.code = ERR_GONE};

    reflector_on_end(w->reflector, &gone);
}

static void begin(struct world *w)
{
    const struct reflector_config config = {.ns = ""};

    *w = (struct world){.version = 20};
    clock_fake_init(&w->clock);
    w->store = store_new(&snap_gvk);
    w->reflector = reflector_new(w->store, &config, &w->clock.clock, 1);
    str_init(&w->text, 0);
}

static void end(struct world *w)
{
    reflector_free(w->reflector);
    store_free(w->store);
    str_release(&w->text);
}

TEST(a_first_list_streams_in_without_ever_being_there_as_text)
{
    struct world w;

    begin(&w);
    serve(&w);
    check_int(store_count(w.store), OBJECTS);
    check(held(&w) * 3 < w.text_bytes);
    check(w.peak * 10 < held(&w) * 13);
    end(&w);
}

/* A watch that is too old ends in a list of all. */
TEST(a_relist_takes_less_than_a_third_more_than_what_it_replaces)
{
    static const unsigned changes[] = {0, 10, 5}; /* none, each 10th, each 5th */
    struct world w;
    size_t steady;

    begin(&w);
    serve(&w);
    steady = held(&w);
    for (unsigned i = 0; i < 3; i++) {
        w.version += 10;
        w.every = changes[i];
        end_watch(&w);
        serve(&w);
        check_int(store_count(w.store), OBJECTS);
        check(w.peak * 10 < steady * 13);
        check(held(&w) * 100 < steady * 105);
    }
    check_int(reflector_stats(w.reflector).relists, 3);
    end(&w);
}
