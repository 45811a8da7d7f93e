/*
 * watch.c -- watches: a place in the history each, nothing buffered.
 *
 * DESIGN
 *
 * A watch first walks the collection as of the revision at which it began
 * (where initial events are wanted), one object a call, then follows the
 * changes of its bucket. Where nothing selects and the stored text is what the
 * client reads, an event is two copies of bytes. Whether an object came into
 * a selection or left it is computed from the change itself (before, now).
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "serve_read.h"
#include "serve_store.h"
#include "serve_write.h"

#define BOOKMARK_MS 60000u
#define BOOKMARK_BEFORE_END_MS 2000u
#define LONGEST_SECONDS 1800

enum phase { PHASE_INITIAL, PHASE_INITIAL_END, PHASE_CHANGES, PHASE_OVER };

struct sim_watch {
    struct sim *s;
    const struct kind *kind;
    struct arena own;     /* selectors, names */
    struct arena scratch; /* of one event */
    struct str text;      /* the line that is out */
    struct query o;
    enum answer_form form;
    const char *ns;
    const char *name; /* NULL: all */
    enum phase phase;
    uint64_t at;                 /* every change up to here is out */
    char *after_ns, *after_name; /* last initial object */
    bool end_marked;             /* a bookmark ends the initial events */
    bool has_columns;            /* of a table: they were sent */
    uint64_t end_ms, bookmark_ms;
    struct failure f; /* why it ends */
};

/* ---- lines ---- */

static enum sim_watch_next line(struct sim_watch *w, const char *type,
                                const char *json, size_t len)
{
    str_clear(&w->text);
    str_addf(&w->text, "{\"type\":\"%s\",\"object\":", type);
    str_addn(&w->text, json, len);
    str_add(&w->text, "}\n");
    if (!w->text.failed)
        return SIM_WATCH_TEXT;
    w->phase = PHASE_OVER;
    return SIM_WATCH_END;
}

static enum sim_watch_next value_line(struct sim_watch *w, const char *type,
                                      const struct value *object)
{
    enum sim_watch_next next = SIM_WATCH_END;
    struct str json;

    str_init(&json, 0);
    if (object && value_print(object, &json, NULL) == 0)
        next = line(w, type, json.data, json.len);
    else
        w->phase = PHASE_OVER;
    str_release(&json);
    return next;
}

/* A last event that says why, then the end. */
static enum sim_watch_next error_line(struct sim_watch *w)
{
    w->phase = PHASE_OVER;
    return value_line(w, "ERROR", failure_status(&w->f));
}

static enum sim_watch_next too_old(struct sim_watch *w)
{
    failure_init(&w->f, &w->scratch);
    failure_set(&w->f, 410, "Expired", "too old resource version: %llu (%llu)",
                (unsigned long long)w->at,
                (unsigned long long)history_compacted(w->s->history));
    return error_line(w);
}

static enum sim_watch_next nomem(struct sim_watch *w)
{
    w->phase = PHASE_OVER;
    return SIM_WATCH_END;
}

static struct ask ask_of(struct sim_watch *w)
{
    struct ask k = {.s = w->s,
                    .a = &w->scratch,
                    .kind = w->kind,
                    .o = w->o,
                    .form = w->form,
                    .verb = VERB_WATCH};

    failure_init(&k.f, &w->scratch);
    k.world.unix_now = clock_unix(w->s->o.clock);
    return k;
}

/* In the form that was asked for; the columns of a table come once. */
static enum sim_watch_next object_line(struct sim_watch *w, const char *type,
                                       struct value *object)
{
    struct ask k = ask_of(w);
    struct value *form;

    rules_show(w->kind, object);
    if (answer_form(&k, object, &form) < 0)
        return nomem(w);
    if (w->form == FORM_TABLE) {
        if (w->has_columns && value_set(&w->scratch, form, "columnDefinitions",
                                        value_null(&w->scratch)) < 0)
            return nomem(w);
        w->has_columns = true;
    }
    return value_line(w, type, form);
}

static bool as_is(const struct sim_watch *w, const struct item *item)
{
    return w->form == FORM_OBJECT && store_as_is(w->kind, item);
}

static enum sim_watch_next item_line(struct sim_watch *w, const char *type,
                                     const struct item *item)
{
    struct ask k = ask_of(w);
    struct value *object;

    if (as_is(w, item))
        return line(w, type, item->json, item->len);
    if (store_decode(&k, item, &object) < 0)
        return nomem(w);
    return object_line(w, type, object);
}

/* ---- what is selected ---- */

static bool in_scope(const struct sim_watch *w, const struct object_key *key)
{
    return (!*w->ns || strcmp(w->ns, key->ns) == 0) &&
           (!w->name || strcmp(w->name, key->name) == 0);
}

/* 1, 0, -ERR_NOMEM. */
static int fits(struct sim_watch *w, const struct item *item)
{
    struct ask k = ask_of(w);
    struct value *object;

    if (!item || !in_scope(w, &item->key))
        return 0;
    if (!w->o.selects)
        return 1;
    if (store_decode(&k, item, &object) < 0)
        return -ERR_NOMEM;
    return select_fits(&w->scratch, w->kind, &w->o, object);
}

/* ---- initial events ---- */

struct first {
    struct sim_watch *w;
    const struct item *item;
    int rc;
};

static bool find_first(void *arg, const struct item *item)
{
    struct first *f = arg;

    arena_clear(&f->w->scratch);
    f->rc = fits(f->w, item);
    if (f->rc > 0)
        f->item = item;
    return f->rc == 0;
}

static int remember(struct sim_watch *w, const struct object_key *key)
{
    char *ns = mem_strdup(key->ns), *name = mem_strdup(key->name);

    mem_free(w->after_ns);
    mem_free(w->after_name);
    w->after_ns = ns;
    w->after_name = name;
    return ns && name ? 0 : -ERR_NOMEM;
}

static enum sim_watch_next next_initial(struct sim_watch *w)
{
    struct history_list l = {.bucket = w->kind->bucket,
                             .ns = w->ns,
                             .after = {w->after_ns, w->after_name},
                             .revision = w->at};
    struct first f = {.w = w};

    if (w->at && history_walk(w->s->history, &l, find_first, &f, NULL) < 0)
        return too_old(w);
    if (f.rc < 0)
        return nomem(w);
    if (!f.item) {
        w->phase = w->end_marked ? PHASE_INITIAL_END : PHASE_CHANGES;
        return SIM_WATCH_IDLE;
    }
    return remember(w, &f.item->key) < 0 ? nomem(w)
                                         : item_line(w, "ADDED", f.item);
}

/* ---- bookmarks ---- */

static enum sim_watch_next bookmark(struct sim_watch *w, bool ends_initial)
{
    struct arena *a = &w->scratch;
    struct ask k = ask_of(w);
    struct rules_call c = rules_call(&k);
    struct value *object = value_object(a), *meta, *notes;
    char *rv = arena_printf(a, "%llu", (unsigned long long)w->at);

    c.subresource = "";
    if (!object || !rv ||
        value_set(a, object, "kind", value_string(a, w->kind->r.kind)) < 0 ||
        value_set(a, object, "apiVersion",
                  value_string(a, w->kind->r.api_version)) < 0 ||
        !(meta = value_make(a, object, "metadata")) ||
        value_set(a, meta, "resourceVersion", value_string(a, rv)) < 0)
        return nomem(w);
    if (ends_initial && (!(notes = value_make(a, meta, "annotations")) ||
                         value_set(a, notes, "k8s.io/initial-events-end",
                                   value_string(a, "true")) < 0))
        return nomem(w);
    if (!w->kind->crd && rules_decode(&c, object, NULL, &k.f) < 0)
        return nomem(w);
    return object_line(w, "BOOKMARK", object);
}

/* ---- changes ---- */

/* It left the selection: as it was, at the revision of its leaving. */
static enum sim_watch_next left_line(struct sim_watch *w,
                                     const struct change *c)
{
    struct ask k = ask_of(w);
    struct value *object;
    char *rv =
        arena_printf(&w->scratch, "%llu", (unsigned long long)c->revision);

    if (!rv || store_decode(&k, c->before, &object) < 0 ||
        value_set(&w->scratch, value_make(&w->scratch, object, "metadata"),
                  "resourceVersion", value_string(&w->scratch, rv)) < 0)
        return nomem(w);
    return object_line(w, "DELETED", object);
}

static enum sim_watch_next change_line(struct sim_watch *w,
                                       const struct change *c)
{
    int before = fits(w, c->before), now;

    if (before < 0)
        return nomem(w);
    if (c->deleted)
        return before ? item_line(w, "DELETED", c->now) : SIM_WATCH_IDLE;
    now = fits(w, c->now);
    if (now < 0)
        return nomem(w);
    if (now)
        return item_line(w, before ? "MODIFIED" : "ADDED", c->now);
    return before ? left_line(w, c) : SIM_WATCH_IDLE;
}

static enum sim_watch_next next_change(struct sim_watch *w)
{
    const struct change *c;
    enum sim_watch_next next = SIM_WATCH_IDLE;

    while (next == SIM_WATCH_IDLE) {
        arena_clear(&w->scratch);
        if (history_after(w->s->history, w->kind->bucket, w->at, &c, NULL) < 0)
            return too_old(w);
        if (!c)
            break;
        w->at = c->revision;
        next = change_line(w, c);
    }
    /* Nothing of ours up to now: so it never becomes too old. */
    if (next == SIM_WATCH_IDLE && w->at < history_revision(w->s->history))
        w->at = history_revision(w->s->history);
    return next;
}

static enum sim_watch_next next_idle(struct sim_watch *w, uint64_t *ret_wake_ms)
{
    uint64_t now = clock_now_ms(w->s->o.clock);

    if (!w->kind->served) {
        w->phase = PHASE_OVER;
        return SIM_WATCH_END;
    }
    if (w->o.bookmarks && now >= w->bookmark_ms) {
        bool last = now + BOOKMARK_BEFORE_END_MS >= w->end_ms;

        w->bookmark_ms = last ? UINT64_MAX : now + BOOKMARK_MS;
        if (!last && w->bookmark_ms > w->end_ms - BOOKMARK_BEFORE_END_MS)
            w->bookmark_ms = w->end_ms - BOOKMARK_BEFORE_END_MS;
        return bookmark(w, false);
    }
    if (now >= w->end_ms)
        return SIM_WATCH_END;
    *ret_wake_ms = w->o.bookmarks && w->bookmark_ms < w->end_ms ? w->bookmark_ms
                                                                : w->end_ms;
    return SIM_WATCH_IDLE;
}

enum sim_watch_next sim_watch_next(struct sim_watch *w, const char **ret_text,
                                   size_t *ret_len, uint64_t *ret_wake_ms)
{
    enum sim_watch_next next = SIM_WATCH_IDLE;

    arena_clear(&w->scratch);
    *ret_wake_ms = UINT64_MAX;
    if (w->f.code && w->phase != PHASE_OVER)
        next = error_line(w);
    if (w->phase == PHASE_INITIAL)
        next = next_initial(w);
    if (next == SIM_WATCH_IDLE && w->phase == PHASE_INITIAL_END) {
        w->phase = PHASE_CHANGES;
        next = bookmark(w, true);
    }
    if (next == SIM_WATCH_IDLE && w->phase == PHASE_CHANGES)
        next = next_change(w);
    if (next == SIM_WATCH_IDLE)
        next =
            w->phase == PHASE_OVER ? SIM_WATCH_END : next_idle(w, ret_wake_ms);
    *ret_text = str_text(&w->text);
    *ret_len = w->text.len;
    return next;
}

void sim_watch_free(struct sim_watch *w)
{
    if (!w)
        return;
    arena_release(&w->own);
    arena_release(&w->scratch);
    str_release(&w->text);
    mem_free(w->after_ns);
    mem_free(w->after_name);
    mem_free(w);
}

/* ---- the beginning ---- */

static void set_times(struct sim_watch *w)
{
    uint64_t now = clock_now_ms(w->s->o.clock);
    uint64_t seconds =
        w->o.timeout > 0
            ? (uint64_t)w->o.timeout
            : LONGEST_SECONDS + rng_below(&w->s->rng, LONGEST_SECONDS);

    w->end_ms = now + seconds * 1000;
    w->bookmark_ms = now + BOOKMARK_MS;
    if (w->bookmark_ms > w->end_ms - 1000)
        w->bookmark_ms = w->end_ms > now + BOOKMARK_BEFORE_END_MS
                             ? w->end_ms - BOOKMARK_BEFORE_END_MS
                             : w->end_ms - 1000;
}

/* Which events come first, and behind which revision the others begin. */
static void set_place(struct sim_watch *w, uint64_t wanted)
{
    uint64_t now = history_revision(w->s->history);
    bool initial = w->o.initial == 1 || (w->o.initial < 0 && wanted == 0);

    w->phase = initial ? PHASE_INITIAL : PHASE_CHANGES;
    w->end_marked = w->o.initial == 1 && w->o.bookmarks;
    w->at = initial || wanted == 0 ? now : wanted;
    if (!initial || wanted <= now)
        return;
    failure_init(&w->f, &w->own);
    failure_set(&w->f, 504, "Timeout",
                "Too large resource version: %llu, current: %llu",
                (unsigned long long)wanted, (unsigned long long)now);
    failure_cause(&w->f, "ResourceVersionTooLarge", "",
                  "Too large resource version");
    w->f.retry_after_s = 1;
}

/* What the request lives with is copied: the watch outlives it. */
static int keep_names(struct sim_watch *w, struct ask *k)
{
    const char *labels = query_get(k, "labelSelector");
    const char *fields = query_get(k, "fieldSelector");
    const char *include = arena_strdup(&w->own, k->o.include_object);
    struct ask own = *k;

    own.a = &w->own;
    failure_init(&own.f, &w->own);
    w->ns = arena_strdup(&w->own, k->at.key.ns);
    w->name = k->at.key.name ? arena_strdup(&w->own, k->at.key.name) : NULL;
    if (!w->ns || (k->at.key.name && !w->name) || !include ||
        query_selectors(&own, labels ? labels : "", fields ? fields : "") < 0)
        return -1;
    w->o = own.o;
    w->o.include_object = include;
    return 0;
}

int serve_watch(struct ask *k)
{
    struct sim_watch *w;
    uint64_t wanted;

    if (k->o.rv[strspn(k->o.rv, "0123456789")]) /* which lists refuse nicely */
        return failure_set(&k->f, 500, "",
                           "resourceVersion: Invalid value: \"%s\": invalid "
                           "syntax",
                           k->o.rv);
    if (revision_parse(k, &wanted) < 0)
        return -1;
    w = mem_calloc(1, sizeof *w);
    if (!w)
        return failure_nomem(&k->f);
    w->s = k->s;
    w->kind = k->kind;
    w->form = k->form;
    if (keep_names(w, k) < 0) {
        sim_watch_free(w);
        return failure_nomem(&k->f);
    }
    set_times(w);
    set_place(w, wanted);
    k->ret->status = 200;
    k->ret->watch = w;
    return 0;
}
