/*
 * source_live_scrub.c -- drives core/scrub: each kind in its turn, slowly.
 *
 * DESIGN
 *
 *      REST --due--> PAGE ... PAGE --> WAIT --watch is there--> ASK ... --> REST
 *
 * One round of one kind is under way at a time. Pages are small and come one
 * after the other, each after a rest of several times what the last one took,
 * so a scrub never costs the API server more than a fraction of one request at
 * a time. A round that cannot be finished (a page fails, the watch is not
 * live, an object cannot be read) is given up: the next one has all it needs.
 */
#include <string.h>

#include "app/cluster.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/scrub.h"
#include "source_live_impl.h"

#define PAGE_SIZE 500u
#define PAGE_REST_MIN_MS 20u
#define PAGE_REST_TIMES 9u /* a tenth of the time at most */
#define WAIT_STEP_MS 1000u
#define WAIT_MAX_MS 180000u /* the watch is reopened before that */

enum scrub_stage { SCRUB_REST, SCRUB_PAGE, SCRUB_WAIT, SCRUB_ASK };

struct scrubber {
    struct live *live;
    uint64_t interval_ms;
    struct rng rng;
    loop_timer_id timer;
    enum scrub_stage stage;
    struct watcher *watcher; /* whose round it is, or NULL */
    struct scrub *round;
    struct cluster_call *call;
    char *token; /* of the next page, or NULL */
    uint64_t asked_at, waits_since;
};

static uint64_t now_ms(const struct scrubber *s)
{
    return clock_now_ms(loop_clock(s->live->cluster->loop));
}

static void on_timer(void *arg);

static void come_back(struct scrubber *s, uint64_t ms)
{
    loop_cancel(s->live->cluster->loop, s->timer);
    s->timer = loop_after(s->live->cluster->loop, ms, on_timer, s);
}

/* ---- whose turn is it? ---- */

/* Spread over the interval, so that neither kinds nor processes that began
 * together ask together. */
static uint64_t next_turn(struct scrubber *s)
{
    return now_ms(s) + s->interval_ms / 2 + rng_below(&s->rng, s->interval_ms);
}

static bool is_ready(const struct watcher *w)
{
    return w->reflector && w->feed.resource && w->feed.known &&
           w->feed.resource->can_list;
}

/* The ready one that is due for longest; *ret_wait says when to look again. */
static struct watcher *choose(struct scrubber *s, uint64_t *ret_wait)
{
    struct watcher *best = NULL;
    uint64_t now = now_ms(s);

    *ret_wait = s->interval_ms;
    for (struct watcher *w = s->live->watchers; w; w = w->next) {
        if (w->scrub_at == 0)
            w->scrub_at = next_turn(s);
        if (w->scrub_at > now && w->scrub_at - now < *ret_wait)
            *ret_wait = w->scrub_at - now;
        if (w->scrub_at <= now && is_ready(w) &&
            (!best || w->scrub_at < best->scrub_at))
            best = w;
    }
    return best;
}

static void end_round(struct scrubber *s)
{
    if (s->watcher)
        s->watcher->scrub_at = next_turn(s);
    cluster_cancel(s->call);
    s->call = NULL;
    scrub_free(s->round);
    s->round = NULL;
    mem_free(s->token);
    s->token = NULL;
    s->watcher = NULL;
    s->stage = SCRUB_REST;
    come_back(s, PAGE_REST_MIN_MS);
}

static void give_up(struct scrubber *s, const char *why)
{
    log_debug("scrub given up", "kind", s->watcher->want.gvk.kind, "err", why,
              NULL);
    end_round(s);
}

/* ---- the verdict ---- */

static void close_round(struct scrubber *s)
{
    struct scrub_result r = scrub_result(s->round);
    struct watcher *w = s->watcher;
    struct str example = {0}, count = {0};

    w->scrubs++;
    w->differences += r.differences;
    if (r.differences) {
        object_key_print(&r.example, &example);
        str_addf(&count, "%zu", r.differences);
        log_warn("the watch has lost changes: everything of the kind is listed "
                 "again",
                 "kind", w->want.gvk.kind, "differences", str_text(&count),
                 "one", str_text(&example), NULL);
        str_release(&example);
        str_release(&count);
    }
    end_round(s);
    if (r.differences)
        watcher_relist(w);
}

static void ask(struct scrubber *s);

static void on_asked(void *arg, const struct cluster_answer *answer)
{
    struct scrubber *s = arg;
    struct snapshot *found = NULL;
    struct err err = {0};

    s->call = NULL;
    if (answer->err->code == ERR_NOT_FOUND) {
        scrub_answer(s->round, NULL);
    } else if (answer->err->code != ERR_NONE) {
        give_up(s, answer->err->msg);
        return;
    } else if (snapshot_parse(answer->body, answer->len, &s->watcher->want.gvk,
                              &found, &err) < 0) {
        give_up(s, err.msg);
        return;
    } else {
        scrub_answer(s->round, found->uid);
        snapshot_unref(found, "scrub");
    }
    ask(s);
}

/* One live read after the other, then the end. */
static void ask(struct scrubber *s)
{
    const struct object_key *key = scrub_unsure(s->round);
    struct arena arena = {0};
    struct request request;
    struct err err = {0};

    if (!key) {
        close_round(s);
        return;
    }
    s->stage = SCRUB_ASK;
    if (request_get(&arena, &(struct target){s->watcher->feed.resource, *key},
                    &request, &err) == 0)
        s->call = cluster_send(s->live->cluster, &request, on_asked, s, &err);
    arena_release(&arena);
    if (!s->call)
        give_up(s, err.msg);
}

/* The list is complete: wait until the watch is as far. */
static void wait_for_watch(struct scrubber *s)
{
    if (!s->watcher->feed.known) {
        give_up(s, "the watch is not live");
    } else if (scrub_due(s->round)) {
        if (scrub_judge(s->round) < 0)
            give_up(s, "out of memory");
        else
            ask(s);
    } else if (now_ms(s) - s->waits_since > WAIT_MAX_MS) {
        give_up(s, "the watch does not come as far as the list");
    } else {
        come_back(s, WAIT_STEP_MS);
    }
}

/* ---- pages ---- */

static int take_event(struct scrubber *s, struct decoder_event *event)
{
    int rc = 0;

    if (event->kind == DECODER_ITEM) {
        rc = scrub_item(s->round, event->snapshot);
        snapshot_unref(event->snapshot, "decoder");
    } else if (event->kind == DECODER_PAGE_END) {
        if (event->continue_token && *event->continue_token) {
            s->token = mem_strdup(event->continue_token);
            rc = s->token ? 0 : -ERR_NOMEM;
        } else {
            rc = scrub_listed(s->round, event->resource_version);
            s->stage = SCRUB_WAIT;
        }
    }
    return rc;
}

static int read_page(struct scrubber *s, const char *body, size_t len,
                     struct err *err)
{
    struct decoder *d =
        decoder_new(DECODER_LIST, &s->watcher->want.gvk, DECODER_MAX_BYTES);
    struct decoder_event event = {0};
    int rc = d ? decoder_feed(d, body, len, err) : err_nomem(err);

    mem_free(s->token);
    s->token = NULL;
    while (rc == 0) {
        rc = decoder_next(d, &event, err);
        if (rc < 0 || event.kind == DECODER_NONE)
            break;
        rc = take_event(s, &event);
        if (rc < 0)
            err_nomem(err);
    }
    if (rc == 0)
        rc = decoder_finish(d, err);
    decoder_free(d);
    return rc;
}

static void on_page(void *arg, const struct cluster_answer *answer)
{
    struct scrubber *s = arg;
    uint64_t took = now_ms(s) - s->asked_at;
    struct err err = {0};

    s->call = NULL;
    if (answer->err->code != ERR_NONE) {
        give_up(s, answer->err->msg);
    } else if (read_page(s, answer->body, answer->len, &err) < 0) {
        give_up(s, err.msg);
    } else if (s->stage == SCRUB_WAIT) {
        s->waits_since = now_ms(s);
        wait_for_watch(s);
    } else {
        come_back(s, PAGE_REST_MIN_MS + took * PAGE_REST_TIMES);
    }
}

static void ask_page(struct scrubber *s)
{
    const struct source_want *want = &s->watcher->want;
    struct list_options options = {
        .ns = want->ns,
        .label_selector = want->labels,
        .field_selector = want->fields,
        .limit = PAGE_SIZE,
        .continue_token = s->token,
        .metadata_only = true,
    };
    struct arena arena = {0};
    struct request request;
    struct err err = {0};

    s->asked_at = now_ms(s);
    if (request_list(&arena, s->watcher->feed.resource, &options, &request,
                     &err) == 0)
        s->call = cluster_send(s->live->cluster, &request, on_page, s, &err);
    arena_release(&arena);
    if (!s->call)
        give_up(s, err.msg);
}

static void begin_round(struct scrubber *s)
{
    uint64_t wait;

    s->watcher = choose(s, &wait);
    if (!s->watcher) {
        come_back(s, wait);
        return;
    }
    s->round = scrub_new(s->watcher->feed.store);
    s->stage = SCRUB_PAGE;
    if (s->round)
        ask_page(s);
    else
        give_up(s, "out of memory");
}

static void on_timer(void *arg)
{
    struct scrubber *s = arg;

    s->timer = 0;
    switch (s->stage) {
    case SCRUB_REST:
        begin_round(s);
        break;
    case SCRUB_PAGE:
        ask_page(s);
        break;
    case SCRUB_WAIT:
        wait_for_watch(s);
        break;
    case SCRUB_ASK: /* an answer comes, or the failure of the request */
        break;
    }
}

/* ---- life ---- */

int source_live_scrub(struct source *source, uint64_t interval_ms,
                      struct err *err)
{
    struct live *live = (struct live *)source;
    struct scrubber *s = mem_calloc(1, sizeof(*s));

    if (!s)
        return err_nomem(err);
    s->live = live;
    s->interval_ms = interval_ms;
    rng_init(&s->rng, live->seed);
    live->scrubber = s;
    come_back(s, PAGE_REST_MIN_MS);
    return 0;
}

void scrubber_forget(struct scrubber *s, struct watcher *w)
{
    if (s && s->watcher == w)
        end_round(s);
}

void scrubber_free(struct scrubber *s)
{
    if (!s)
        return;
    s->watcher = NULL;
    end_round(s);
    loop_cancel(s->live->cluster->loop, s->timer);
    mem_free(s);
}
