/*
 * auth.c -- see auth.h for the contract.
 *
 * DESIGN
 *
 * Credentials are made when somebody asks, never by a timer: a program that
 * sends nothing needs none. Files are read in place (they are small and local);
 * only a plugin takes time, and for it askers wait in a list. There is at most
 * one run of it, and all of them get its outcome.
 *
 * A generation is a reference-counted block that never changes, so whoever is
 * being told may cause the next one.
 *
 * INVARIANTS
 *
 *   I1  waiters are in the list only while the plugin runs
 *   I2  `generation` grows exactly when `creds` is replaced
 */
#include "io/auth.h"

#include "auth_impl.h"
#include "base/mem.h"

struct auth *auth_new(struct loop *loop, const struct kubeconfig *config,
                      struct err *err)
{
    struct auth *a = mem_calloc(1, sizeof *a);

    if (!a) {
        err_nomem(err);
        return NULL;
    }
    a->loop = loop;
    a->config = config;
    a->clock = loop_clock(loop);
    return a;
}

void auth_use_clock(struct auth *a, const struct clock *clock)
{
    a->clock = clock;
}

static void drop_waiters(struct auth_waiter **list)
{
    while (*list) {
        struct auth_waiter *w = *list;

        *list = w->next;
        mem_free(w);
    }
}

void auth_free(struct auth *a)
{
    if (!a)
        return;
    process_stop(a->exec.process);
    a->exec.process = NULL;
    drop_waiters(&a->waiters);
    drop_waiters(&a->batch);
    auth_creds_unref(a->creds);
    a->creds = NULL;
    a->dead = true;
    if (!a->delivering) /* else auth_deliver() does it */
        mem_free(a);
}

/* ---- asking and telling ---- */

static int add_waiter(struct auth *a, auth_ready_fn ready, void *arg,
                      struct err *err)
{
    struct auth_waiter **end = &a->waiters;
    struct auth_waiter *w = mem_calloc(1, sizeof *w);

    if (!w)
        return err_nomem(err);
    w->ready = ready;
    w->arg = arg;
    while (*end)
        end = &(*end)->next;
    *end = w;
    return 0;
}

/* The credentials cannot go away under the callback; `a` can. */
static void tell(struct auth *a, auth_ready_fn ready, void *arg,
                 const struct err *err)
{
    struct auth_creds *c = err->code ? NULL : auth_creds_ref(a->creds);

    ready(arg, c ? &c->pub : NULL, err);
    auth_creds_unref(c);
}

int auth_get(struct auth *a, auth_ready_fn ready, void *arg, struct err *err)
{
    static const struct err fine = {.code = ERR_NONE};
    int rc;

    if (!auth_exec_is_used(a->config)) {
        rc = auth_refresh_files(a, false, err);
        if (rc < 0)
            return rc;
    } else if (auth_exec_is_due(a)) {
        rc = auth_exec_start(a, err);
        return rc < 0 ? rc : add_waiter(a, ready, arg, err);
    }
    tell(a, ready, arg, &fine);
    return 0;
}

void auth_deliver(struct auth *a, const struct err *err)
{
    struct err copy = *err;

    a->batch = a->waiters; /* those who ask meanwhile wait for the next run */
    a->waiters = NULL;
    a->delivering = true;
    while (a->batch) {
        struct auth_waiter w = *a->batch;

        mem_free(a->batch);
        a->batch = w.next;
        tell(a, w.ready, w.arg, &copy);
    }
    a->delivering = false;
    if (a->dead)
        mem_free(a);
}

static bool remove_waiter(struct auth_waiter **list, const void *arg)
{
    for (; *list; list = &(*list)->next) {
        struct auth_waiter *w = *list;

        if (w->arg == arg) {
            *list = w->next;
            mem_free(w);
            return true;
        }
    }
    return false;
}

void auth_cancel(struct auth *a, void *arg)
{
    if (!remove_waiter(&a->waiters, arg))
        remove_waiter(&a->batch, arg);
}

bool auth_on_unauthorized(struct auth *a, uint64_t generation)
{
    uint64_t before = a->generation;

    if (generation != a->generation)
        return true;
    if (auth_exec_is_used(a->config))
        return auth_exec_refused(a);
    return auth_refresh_files(a, true, NULL) == 0 && a->generation != before;
}
