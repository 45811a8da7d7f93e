/*
 * event_queue.c -- see event_queue.h for the contract.
 *
 * DESIGN
 *
 * One `series` per thing that is said, all of them in one heap by the time at
 * which something is due. What that is tells `wanted`: a request, or else a
 * look at whether the series is over or should be refreshed. Saying a thing
 * again does not touch the heap: the look comes too early then, and is put
 * off.
 *
 * The series whose request is under way stays in the heap, at the end of time,
 * so that putting it back never needs memory.
 *
 * INVARIANTS (event_queue_check)
 *
 *   I1  every series of the map is in the heap, and nothing else
 *   I2  pending == how many are wanted; the one under way is wanted
 *   I3  told <= count, and count > 0
 */
#include "core/event_queue.h"

#include <assert.h>
#include <string.h>

#include "base/heap.h"
#include "base/map.h"
#include "base/mem.h"
#include "core/event.h"
#include "core/event_spam.h"

#define NANOSECONDS 1000000000ull
#define ID_PARTS (sizeof(id_parts) / sizeof(*id_parts))

struct series {
    struct heap_node node; /* first: first() */
    char *id;              /* what makes two Events the same; the map's key */
    char *body;            /* the Event as it was said first */
    char *object;          /* name of what it is about */
    char *ns, *name;
    int64_t count;   /* how often it was said */
    int64_t told;    /* ... as the server has it; 0: it has no such Event */
    int64_t sending; /* ... as the request under way says */
    int64_t last;    /* unix seconds of the last time */
    uint64_t last_ms, told_ms;
    unsigned tries;
    bool wanted; /* a request is due, or under way */
    bool over;   /* after that request */
};

struct event_queue {
    const struct clock *clock;
    struct rng rng;
    struct heap heap;
    struct map *all; /* id -> series */
    struct event_spam *spam;
    struct series *busy; /* its request is under way */
    size_t pending;
    bool flushing;
    struct event_queue_stats stats;
};

/* ---- one series ---- */

static void series_free(struct series *s)
{
    if (!s)
        return;
    mem_free(s->id);
    mem_free(s->body);
    mem_free(s->ns);
    mem_free(s->name);
    mem_free(s->object);
    mem_free(s);
}

/* Where it stands in the heap already: this cannot fail. */
static void move(struct event_queue *q, struct series *s, uint64_t when)
{
    int rc;

    heap_remove(&q->heap, &s->node);
    rc = heap_add(&q->heap, &s->node, when);
    assert(rc == 0);
    (void)rc;
}

static void want(struct event_queue *q, struct series *s)
{
    s->wanted = true;
    s->tries = 0;
    q->pending++;
    move(q, s, clock_now_ms(q->clock));
}

static void drop(struct event_queue *q, struct series *s)
{
    if (s->wanted)
        q->pending--;
    heap_remove(&q->heap, &s->node);
    map_remove(q->all, s->id, strlen(s->id));
    series_free(s);
}

/* Nothing to send: when is it to be looked at again? */
static void rest(struct event_queue *q, struct series *s)
{
    uint64_t finish = s->last_ms + EVENT_FINISH_MS;
    uint64_t refresh = s->told_ms + EVENT_REFRESH_MS;

    move(q, s, s->count > 1 && refresh < finish ? refresh : finish);
}

/* It is due and wants no request yet. */
static void settle(struct event_queue *q, struct series *s, uint64_t now)
{
    bool silent = now >= s->last_ms + EVENT_FINISH_MS;
    bool stale = s->count > 1 && now >= s->told_ms + EVENT_REFRESH_MS;

    if (silent && s->count == s->told) {
        drop(q, s);
    } else if (silent || (stale && s->count > s->told)) {
        s->over = silent;
        want(q, s);
    } else {
        if (stale) /* the server knows all of it */
            s->told_ms = now;
        rest(q, s);
    }
}

/* ---- saying something ---- */

static const char *const id_parts[] = {
    "type",      "reason",
    "action",    "reportingController",
    "regarding", "reportingInstance",
    "related",
};

/* The chosen members of `body`, as text. NULL on out of memory. */
static char *parts_text(const struct value *body, const char *const *parts,
                        size_t count)
{
    struct arena a = {0};
    struct str text = {0};
    struct value *v = value_object(&a);
    bool complete = v != NULL;
    char *taken = NULL;

    for (size_t i = 0; complete && i < count; i++) {
        struct value *part = value_get(body, parts[i]);

        complete = !part || value_set(&a, v, parts[i], part) == 0;
    }
    if (complete && value_print(v, &text, NULL) == 0)
        taken = str_take(&text);
    str_release(&text);
    arena_release(&a);
    return taken;
}

static bool is_spam(struct event_queue *q, const struct value *body)
{
    static const char *const parts[] = {"regarding", "reportingController"};
    char *source = parts_text(body, parts, 2);
    bool spam = source && !event_spam_allows(q->spam, source, strlen(source),
                                             clock_now_ms(q->clock));

    mem_free(source);
    return spam;
}

/* Is there room for one more, if need be in place of one that is quiet? */
static bool make_room(struct event_queue *q)
{
    struct series *oldest = (struct series *)heap_peek(&q->heap);

    if (q->pending >= EVENT_QUEUE_MAX)
        return false;
    if (map_count(q->all) < EVENT_SERIES_MAX)
        return true;
    if (oldest->wanted || oldest->count > oldest->told)
        return false;
    drop(q, oldest);
    return true;
}

/* "blog.18a1f2...": with the nanoseconds of now (EV-1), as far as anybody knows
 * them. NULL on out of memory. */
static char *time_name(struct event_queue *q, const char *object)
{
    unsigned long long ns =
        (unsigned long long)clock_unix(q->clock) * NANOSECONDS +
        rng_below(&q->rng, NANOSECONDS);
    struct str name = {0};

    str_addf(&name, "%.*s.%llx", EVENT_NAME_STEM, object, ns);
    return str_take(&name);
}

/* `id` is taken over. */
static struct series *series_new(struct event_queue *q,
                                 const struct object_key *key,
                                 const struct value *body, char *id)
{
    const char *object = value_text_at(body, "regarding.name");
    struct series *s = mem_calloc(1, sizeof(*s));
    struct str text = {0};

    if (!s) {
        mem_free(id);
        return NULL;
    }
    s->id = id;
    s->ns = mem_strdup(key->ns);
    s->object = mem_strdup(object ? object : key->name);
    s->name = s->object ? time_name(q, s->object) : NULL;
    if (value_print(body, &text, NULL) == 0)
        s->body = str_take(&text);
    str_release(&text);
    if (s->ns && s->name && s->body)
        return s;
    series_free(s);
    return NULL;
}

static void say_again(struct event_queue *q, struct series *s)
{
    s->count++;
    s->last = clock_unix(q->clock);
    s->last_ms = clock_now_ms(q->clock);
    q->stats.repeated++;
    if (s->told == 1 && !s->wanted && q->pending < EVENT_QUEUE_MAX)
        want(q, s); /* from now on it is a series */
}

/* `id` is taken over. */
static int add_new(struct event_queue *q, const struct object_key *key,
                   const struct value *body, char *id)
{
    struct series *s = series_new(q, key, body, id);

    if (!s)
        return -ERR_NOMEM;
    s->count = 1;
    s->last = clock_unix(q->clock);
    s->last_ms = clock_now_ms(q->clock);
    if (heap_add(&q->heap, &s->node, s->last_ms) < 0) {
        series_free(s);
        return -ERR_NOMEM;
    }
    if (map_put(q->all, s->id, strlen(s->id), s, NULL) < 0) {
        heap_remove(&q->heap, &s->node);
        series_free(s);
        return -ERR_NOMEM;
    }
    want(q, s);
    return 0;
}

int event_queue_add(struct event_queue *q, const struct object_key *key,
                    const struct value *body)
{
    char *id = parts_text(body, id_parts, ID_PARTS);
    struct series *s = id ? map_get(q->all, id, strlen(id)) : NULL;

    if (!id)
        return -ERR_NOMEM;
    if (s) {
        say_again(q, s);
        mem_free(id);
        return 0;
    }
    if (is_spam(q, body)) {
        q->stats.spam++;
    } else if (!make_room(q)) {
        q->stats.overflow++;
    } else {
        return add_new(q, key, body, id);
    }
    mem_free(id);
    return -ERR_LIMIT;
}

/* ---- sending ---- */

struct event_todo event_queue_next(struct event_queue *q)
{
    uint64_t now = clock_now_ms(q->clock);
    struct series *s;

    assert(!q->busy);
    while ((s = (struct series *)heap_peek(&q->heap)) && s->node.when <= now) {
        if (!s->wanted) {
            settle(q, s, now);
            continue;
        }
        q->busy = s;
        move(q, s, UINT64_MAX);
        return (struct event_todo){.want = EVENT_SEND};
    }
    return (struct event_todo){.want = EVENT_SLEEP,
                               .delay_ms = s ? s->node.when - now : UINT64_MAX};
}

static struct value *series_value(struct arena *a, const struct series *s)
{
    struct value *v = value_object(a);

    if (!v || value_set(a, v, "count", value_integer(a, s->count)) < 0 ||
        value_set(a, v, "lastObservedTime", event_time(a, s->last)) < 0)
        return NULL;
    return v;
}

/* The Event as it was said first, and what came since. */
static int create_request(const struct series *s, struct arena *a,
                          struct request *ret, struct err *err)
{
    const struct target target = {&event_resource, {s->ns, s->name}};
    struct value *body, *meta;
    int rc = value_parse(a, s->body, strlen(s->body), &body, err);
    struct write_options options = {0};

    if (rc < 0)
        return rc;
    meta = value_make(a, body, "metadata");
    if (!meta || value_set(a, meta, "name", value_string(a, s->name)) < 0)
        return err_nomem(err);
    if (s->count > 1 && value_set(a, body, "series", series_value(a, s)) < 0)
        return err_nomem(err);
    options.field_manager = value_text_at(body, "reportingController");
    return request_create(a, &target, body, &options, ret, err);
}

static int patch_request(const struct series *s, struct arena *a,
                         struct request *ret, struct err *err)
{
    const struct target target = {&event_resource, {s->ns, s->name}};
    const struct write_options options = {0};
    struct value *body = value_object(a);
    struct patch patch = {.type = PATCH_STRATEGIC, .body = body};

    if (!body || value_set(a, body, "series", series_value(a, s)) < 0)
        return err_nomem(err);
    return request_patch(a, &target, &patch, &options, ret, err);
}

int event_queue_request(struct event_queue *q, struct arena *a,
                        struct request *ret, struct err *err)
{
    struct series *s = q->busy;

    s->sending = s->count;
    return s->told ? patch_request(s, a, ret, err)
                   : create_request(s, a, ret, err);
}

/* ---- what came of it ---- */

/* False: no memory for it. */
static bool give_new_name(struct event_queue *q, struct series *s)
{
    char *name = time_name(q, s->object);

    if (!name)
        return false;
    mem_free(s->name);
    s->name = name;
    return true;
}

static void was_told(struct event_queue *q, struct series *s)
{
    bool fresh = s->told == 0;

    q->stats.created += fresh;
    q->stats.patched += !fresh;
    s->told = s->sending;
    s->told_ms = clock_now_ms(q->clock);
    s->wanted = false;
    q->pending--;
    if (s->count > s->told && (s->told == 1 || q->flushing))
        want(q, s);
    else if (s->count == s->told && (s->over || q->flushing))
        drop(q, s);
    else
        rest(q, s);
}

/* Try once more after so long, unless that was tried often enough. */
static void again(struct event_queue *q, struct series *s, uint64_t ms)
{
    if (++s->tries < EVENT_TRIES && (!q->flushing || ms == 0)) {
        move(q, s, clock_now_ms(q->clock) + ms);
        return;
    }
    q->stats.given_up++;
    drop(q, s);
}

void event_queue_answered(struct event_queue *q, enum err_code code)
{
    struct series *s = q->busy;
    bool known = s->told > 0;

    q->busy = NULL;
    if (code == ERR_NONE) {
        was_told(q, s);
    } else if (!known && code == ERR_EXISTS && give_new_name(q, s)) {
        again(q, s, 0);
    } else if (known && code == ERR_NOT_FOUND) {
        s->told = 0; /* it expired on the server: created again */
        again(q, s, 0);
    } else if (err_retry(code) == RETRY_BACKOFF ||
               err_retry(code) == RETRY_NOW) {
        again(q, s,
              EVENT_RETRY_MS + rng_below(&q->rng, EVENT_RETRY_MS / 4 + 1));
    } else {
        q->stats.given_up++;
        drop(q, s);
    }
}

void event_queue_flush(struct event_queue *q)
{
    const char *key;
    size_t len;
    void *value;

    q->flushing = true;
    for (size_t it = 0; map_next(q->all, &it, &key, &len, &value);) {
        struct series *s = value;

        if (s == q->busy)
            continue;
        if (s->wanted)
            move(q, s, clock_now_ms(q->clock));
        else if (s->count > s->told)
            want(q, s);
    }
}

size_t event_queue_pending(const struct event_queue *q)
{
    return q->pending;
}

struct event_queue_stats event_queue_stats(const struct event_queue *q)
{
    return q->stats;
}

/* ---- life ---- */

struct event_queue *event_queue_new(const struct clock *clock, uint64_t seed)
{
    struct event_queue *q = mem_calloc(1, sizeof(*q));

    if (!q)
        return NULL;
    q->clock = clock;
    rng_init(&q->rng, seed);
    heap_init(&q->heap);
    q->all = map_new();
    q->spam = event_spam_new();
    if (q->all && q->spam)
        return q;
    event_queue_free(q);
    return NULL;
}

void event_queue_free(struct event_queue *q)
{
    struct heap_node *node;

    if (!q)
        return;
    while ((node = heap_peek(&q->heap)))
        drop(q, (struct series *)node);
    heap_release(&q->heap);
    map_free(q->all);
    event_spam_free(q->spam);
    mem_free(q);
}

bool event_queue_check(const struct event_queue *q)
{
    size_t wanted = 0, count = 0;
    const char *key;
    size_t len;
    void *value;

    if (!heap_check(&q->heap) || q->heap.count != map_count(q->all))
        return false;
    for (size_t it = 0; map_next(q->all, &it, &key, &len, &value); count++) {
        const struct series *s = value;

        wanted += s->wanted;
        if (!s->node.index || s->told > s->count || s->count < 1)
            return false;
    }
    return wanted == q->pending && (!q->busy || q->busy->wanted);
}
