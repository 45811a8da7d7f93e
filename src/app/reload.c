/*
 * reload.c -- see reload.h for the contract.
 *
 * DESIGN
 *
 *      a change, the poll, a signal
 *             |
 *      look: read all files, compare digests   <--- once more when they move
 *             | what is new
 *      load each script                        (in a worker; others go on)
 *             | all of them
 *      overlays: each for one of the operators?
 *             |
 *      each on its own: reload_unit.c
 *
 * One round at a time: an overlay is for all operators, so a look waits until
 * the scripts of the round before are loaded. What is further on is dropped by
 * newer files.
 */
#include "app/reload.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "reload_impl.h"

#define SETTLE_MS 150u  /* files that change now are looked at again */
#define UNREST_MS 5000u /* ... for so long; what is there then counts */

static void look_soon(struct reload *r, uint64_t ms);

/* ---- looking ---- */

/* A folder that came meanwhile is watched, too. */
static void watch_all(struct reload *r)
{
    const struct runtime_options *o = r->rt->options;
    struct err err = {0};

    if (!r->watch)
        return;
    watch_clear(r->watch);
    for (size_t i = 0; i < r->rt->unit_count; i++)
        watch_add(r->watch, r->rt->units[i].bundle.path, &err);
    for (size_t i = 0; i < o->bundle.overlay_count; i++)
        watch_add(r->watch, o->bundle.overlays[i], &err);
    if (err.code != ERR_NONE)
        log_debug("changes of files are only seen every now and then", "err",
                  err.msg, NULL);
}

/* Files that cannot be read are files, too: their message counts as what they
 * say. */
static int read_files(struct reload_unit *u, struct arena *a,
                      struct bundle_files *ret, char digest[HASH_HEX_SIZE],
                      struct err *err)
{
    int rc = bundle_read(a, u->unit->bundle.path,
                         &u->reload->rt->options->bundle, ret, err);

    if (rc == 0 && bundle_digest(ret, digest) < 0)
        rc = err_nomem(err);
    if (rc < 0)
        hash_sha256_hex(err->msg, strlen(err->msg), digest);
    return rc;
}

/* New files: true when they are the same as at the look before. */
static bool is_settled(struct reload_unit *u, const char *digest)
{
    bool settled = strcmp(digest, u->before) == 0;

    memcpy(u->before, digest, sizeof u->before);
    return settled;
}

static void take(struct reload_unit *u, struct arena *a,
                 const struct bundle_files *files, const char *digest,
                 const struct err *err)
{
    reload_drop(u);
    memcpy(u->seen, digest, sizeof u->seen);
    if (err->code != ERR_NONE) {
        reload_tell_refused(u, err);
    } else if (strcmp(digest, u->unit->digest) == 0) {
        reload_tell_good(u, "unchanged");
    } else {
        u->arena = *a;
        *a = (struct arena){0};
        reload_begin(u, files);
    }
}

static void look_at(struct reload_unit *u, bool now, bool *ret_moving)
{
    struct arena a = {0};
    struct bundle_files files = {0};
    char digest[HASH_HEX_SIZE];
    struct err err = {0};

    read_files(u, &a, &files, digest, &err);
    if (strcmp(digest, u->seen) == 0) {
        if (u->reload->asked && u->stage == RELOAD_IDLE)
            reload_tell_good(u, "unchanged");
    } else if (is_settled(u, digest) || now)
        take(u, &a, &files, digest, &err);
    else
        *ret_moving = true;
    arena_release(&a);
}

static void look(struct reload *r, bool now)
{
    uint64_t ms = clock_now_ms(loop_clock(r->rt->loop));
    bool moving = false;

    if (r->loading) {
        r->missed = true;
        return;
    }
    if (!r->look_since_ms)
        r->look_since_ms = ms;
    now |= ms - r->look_since_ms >= UNREST_MS;
    r->loading = 1; /* held until all were begun */
    for (size_t i = 0; i < r->rt->unit_count; i++)
        look_at(&r->units[i], now, &moving);
    if (moving)
        look_soon(r, SETTLE_MS);
    else {
        r->look_since_ms = 0;
        watch_all(r);
    }
    r->asked = false;
    reload_loaded(r);
}

static void on_look(void *arg)
{
    struct reload *r = arg;

    r->look_timer = 0;
    look(r, false);
}

static void look_soon(struct reload *r, uint64_t ms)
{
    loop_cancel(r->rt->loop, r->look_timer);
    r->look_timer = loop_after(r->rt->loop, ms, on_look, r);
}

static void on_change(void *arg)
{
    struct reload *r = arg;

    if (!r->look_timer)
        look_soon(r, SETTLE_MS);
}

static void on_poll(void *arg)
{
    struct reload *r = arg;

    r->poll_timer = loop_after(r->rt->loop, RELOAD_POLL_MS, on_poll, r);
    if (!r->look_timer)
        look(r, false);
}

/* ---- a round ---- */

/* An overlay that is for none of them spoils all that were loaded with it. */
static bool overlays_fit(struct reload *r, struct err *err)
{
    struct runtime *rt = r->rt;
    struct arena a = {0};
    const struct operator_decl **decls =
        arena_calloc(&a, rt->unit_count + 1, sizeof(*decls));
    size_t count = 0;
    int rc = decls ? 0 : err_nomem(err);

    for (size_t i = 0; rc == 0 && i < rt->unit_count; i++)
        if (r->units[i].stage == RELOAD_LOADED)
            decls[count++] = r->units[i].bundle.decl;
    /* only when the overlays that all of them have are the same ones */
    if (rc == 0 && count == rt->unit_count)
        rc = bundle_check_overlays(decls, count, err);
    arena_release(&a);
    return rc == 0;
}

void reload_loaded(struct reload *r)
{
    struct err err = {0};
    bool fit;

    if (--r->loading > 0)
        return;
    fit = overlays_fit(r, &err);
    for (size_t i = 0; i < r->rt->unit_count; i++) {
        if (r->units[i].stage != RELOAD_LOADED)
            continue;
        if (fit)
            reload_go(&r->units[i]);
        else {
            reload_tell_refused(&r->units[i], &err);
            reload_drop(&r->units[i]);
        }
    }
    if (r->missed)
        look_soon(r, 0);
    r->missed = false;
}

/* ---- life ---- */

struct reload *reload_new(struct runtime *rt, struct err *err)
{
    struct reload *r = arena_calloc(&rt->arena, 1, sizeof(*r));

    if (r)
        r->units =
            arena_calloc(&rt->arena, rt->unit_count + 1, sizeof(*r->units));
    if (!r || !r->units) {
        err_nomem(err);
        return NULL;
    }
    r->rt = rt;
    for (size_t i = 0; i < rt->unit_count; i++) {
        r->units[i].reload = r;
        r->units[i].unit = &rt->units[i];
        memcpy(r->units[i].seen, rt->units[i].digest, HASH_HEX_SIZE);
        telemetry_version(rt->telemetry, rt->units[i].bundle.decl->name, NULL,
                          rt->units[i].digest);
    }
    return r;
}

void reload_start(struct reload *r, bool watch)
{
    if (!r || !watch || r->poll_timer)
        return;
    r->watch = watch_new(r->rt->loop, on_change, r);
    watch_all(r);
    on_poll(r); /* files may have changed since they were loaded */
}

void reload_now(struct reload *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->rt->unit_count; i++)
        if (r->units[i].refused)
            *r->units[i].seen = '\0';
    r->asked = true;
    look(r, true);
}

static void on_step(void *arg)
{
    struct reload *r = arg;

    r->step_timer = 0;
    for (size_t i = 0; i < r->rt->unit_count; i++)
        reload_step(&r->units[i]);
}

void reload_check(struct reload *r)
{
    if (r && !r->step_timer && reload_is_busy(r))
        r->step_timer = loop_after(r->rt->loop, 0, on_step, r);
}

bool reload_is_busy(const struct reload *r)
{
    for (size_t i = 0; r && i < r->rt->unit_count; i++)
        if (r->units[i].stage != RELOAD_IDLE)
            return true;
    return r && r->look_timer;
}

void reload_stop(struct reload *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->rt->unit_count; i++) {
        reload_drop(&r->units[i]);
        loop_cancel(r->rt->loop, r->units[i].settle_timer);
        r->units[i].settle_timer = 0;
    }
    loop_cancel(r->rt->loop, r->look_timer);
    loop_cancel(r->rt->loop, r->poll_timer);
    loop_cancel(r->rt->loop, r->step_timer);
    r->look_timer = r->poll_timer = r->step_timer = 0;
    watch_free(r->watch);
    r->watch = NULL;
}

void reload_free(struct reload *r)
{
    reload_stop(r);
}
