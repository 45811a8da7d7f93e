/*
 * leave.c -- see app/leave.h for the contract.
 *
 *      who is it? -> does it run? -> look -> ask -> (let go, look again)...
 *
 * What is to be done follows from what is seen, again and again, until nothing
 * is: an interrupted uninstall goes on where it was, a repeated one finds
 * nothing. Children come first, so that no root that is let go takes along a
 * child that was to stay.
 */
#include "leave_impl.h"

#include <string.h>

#include "io/file.h"

#define MAX_ROUNDS 10
#define GOING_MS 500u   /* between two looks at what is going */
#define GOING_LOOKS 60u /* then it is said what holds it */
#define DEFAULT_LEASE_S 15

static void tell(const struct leave *l, struct str *text)
{
    if (!text->failed)
        l->options->print(l->options->print_arg, str_text(text), text->len);
    str_release(text);
}

/* ---- which operator ---- */

/* A name is also good for one whose script is broken or lost. */
static int read_name(struct leave *l, struct err *err)
{
    const char *given = l->options->operator_name;
    struct arena *a = &l->arena;
    int rc = 0;

    l->name = given;
    if (file_exists(given)) {
        rc = bundle_load_script(a, given, NULL, &l->bundle, err);
        if (rc < 0)
            return err_hint(err, "the operator's name does as well, without "
                                 "its script");
        l->name = l->bundle.decl->name;
    } else if (!name_is_dns_label(given)) {
        return err_set(err, ERR_CONFIG,
                       "'%s' is neither an operator's folder nor a name",
                       given);
    }
    l->finalizer = arena_printf(a, "tidelock.dev/%s", l->name);
    l->annotation = arena_printf(a, LEDGER_ANNOTATION_PREFIX "%s", l->name);
    return l->finalizer && l->annotation ? 0 : err_nomem(err);
}

/* ---- does it run? ---- */

static int is_running(const struct leave_lease *lease, const char *holder,
                      struct err *err)
{
    err_set(err, ERR_CONFLICT,
            "the operator is running: '%s' holds Lease '%s/%s'", holder,
            lease->key.ns, lease->key.name);
    return err_hint(err,
                    "end it first (kubectl -n %s scale deployment "
                    "--replicas=0 %s), or give --force",
                    lease->key.ns, lease->key.name);
}

/* Clocks differ, so the times in a Lease tell nothing: is it renewed while we
 * look? */
static int check_lease(struct leave *l, const struct leave_lease *seen,
                       struct err *err)
{
    const struct leave_lease lease = {
        .key = {arena_strdup(&l->arena, seen->key.ns),
                arena_strdup(&l->arena, seen->key.name)},
        .rv = arena_strdup(&l->arena, seen->rv),
        .duration = seen->duration > 0 ? seen->duration : DEFAULT_LEASE_S,
    };
    const char *holder = arena_strdup(&l->arena, seen->holder);
    struct str text = {0};
    int rc;

    if (!lease.key.ns || !lease.key.name || !lease.rv || !holder)
        return err_nomem(err);
    str_addf(&text, "Lease %s/%s is held by %s: does it live? (%d s at most)\n",
             lease.key.ns, lease.key.name, holder, (int)lease.duration);
    tell(l, &text);
    for (int64_t s = 0; s < lease.duration; s++) {
        rc = client_wait(&l->client, 1000, err);
        if (rc == 0)
            rc = leave_find_leases(l, err);
        if (rc < 0)
            return rc;
        for (size_t i = 0; i < l->lease_count; i++)
            if (object_key_equal(&l->leases[i].key, &lease.key) &&
                strcmp(l->leases[i].rv, lease.rv) != 0)
                return is_running(&lease, holder, err);
    }
    return 0;
}

static int check_running(struct leave *l, struct err *err)
{
    int rc = leave_find_leases(l, err);

    for (size_t i = 0; i < l->lease_count && rc == 0; i++) {
        const struct leave_lease *lease = &l->leases[i];

        if (lease->holder && *lease->holder && !l->options->force)
            return check_lease(l, lease, err);
    }
    return rc;
}

/* ---- saying ---- */

static void tell_item(const struct leave *l, const char *what,
                      const struct leave_item *item)
{
    struct str text = {0};

    str_addf(&text, "  %-7s %s ", what, item->resource->kind);
    object_key_print(&item->key, &text);
    if (item->finalizer)
        str_addf(&text, ": finalizer %s", l->finalizer);
    str_addc(&text, '\n');
    tell(l, &text);
}

static void tell_lease(const struct leave *l, const struct leave_lease *lease)
{
    struct str text = {0};

    str_addf(&text, "  %-7s Lease %s/%s\n",
             lease->annotations > 1 ? "let go" : "delete", lease->key.ns,
             lease->key.name);
    tell(l, &text);
}

/* What is elsewhere still needs it. */
static bool is_to_release(const struct leave *l,
                          const struct leave_lease *lease)
{
    return !l->options->ns || strcmp(l->options->ns, lease->key.ns) == 0;
}

static size_t tell_all(const struct leave *l)
{
    size_t n = 0;

    for (size_t i = 0; i < l->count; i++) {
        const char *what = leave_what(l, &l->items[i]);

        if (what)
            tell_item(l, what, &l->items[i]);
        n += what != NULL;
    }
    for (size_t i = 0; i < l->lease_count; i++)
        if (is_to_release(l, &l->leases[i])) {
            tell_lease(l, &l->leases[i]);
            n++;
        }
    return n;
}

/* ---- doing ---- */

/* Children, then roots. */
static int act_on(struct leave *l, bool roots, size_t *ret_done,
                  struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < l->count && rc == 0; i++) {
        const struct leave_item *item = &l->items[i];

        if (item->root != roots || !leave_what(l, item))
            continue;
        rc = leave_act(l, item, err);
        *ret_done += rc == 0;
    }
    return rc;
}

static size_t count_going(const struct leave *l)
{
    size_t n = 0;

    for (size_t i = 0; i < l->count; i++)
        n += l->options->children_go && l->items[i].child && l->items[i].going;
    return n;
}

/* One look, and what follows from it. The Leases go last: until then an
 * operator that comes back knows what it owned. */
static int do_round(struct leave *l, size_t *ret_left, struct err *err)
{
    size_t done = 0;
    int rc = leave_find(l, err);

    if (rc == 0)
        rc = act_on(l, false, &done, err);
    if (rc == 0 && done == 0 && count_going(l) == 0)
        rc = act_on(l, true, &done, err);
    for (size_t i = 0; i < l->lease_count && rc == 0; i++)
        if (done == 0 && count_going(l) == 0 &&
            is_to_release(l, &l->leases[i])) {
            rc = leave_release_lease(l, &l->leases[i], err);
            *ret_left = 1;
        }
    if (done > 0)
        *ret_left = done;
    return rc;
}

static void tell_going(const struct leave *l)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct leave_item *item = &l->items[i];
        const struct value *list = value_get(item->meta, "finalizers");
        struct str text = {0};

        if (!item->child || !item->going)
            continue;
        str_add(&text, "  waits   ");
        str_addf(&text, "%s ", item->resource->kind);
        object_key_print(&item->key, &text);
        for (uint32_t k = 0; value_is(list, VALUE_ARRAY) && k < list->count;
             k++)
            str_addf(&text, "%s%s", k ? ", " : " for ",
                     value_text(list->as.items[k]));
        str_addc(&text, '\n');
        tell(l, &text);
    }
}

/* Rounds, until one has nothing to do. */
static int do_all(struct leave *l, struct err *err)
{
    unsigned rounds = 0, looks = 0;

    for (;;) {
        size_t left = 0;
        int rc = do_round(l, &left, err);

        if (rc < 0)
            return rc;
        if (left > 0 && ++rounds > MAX_ROUNDS)
            return err_set(err, ERR_CONFLICT,
                           "objects change faster than they can be let go");
        if (left > 0)
            continue;
        if (count_going(l) == 0 || ++looks > GOING_LOOKS)
            return 0;
        rc = client_wait(&l->client, GOING_MS, err);
        if (rc < 0)
            return rc;
    }
}

static int tell_end(struct leave *l)
{
    const size_t going = count_going(l);
    struct str text = {0};

    tell_going(l);
    if (going)
        str_addf(&text,
                 "%zu are being deleted, and something else holds "
                 "them.\n",
                 going);
    else
        str_addf(&text, "Nothing of operator %s is left.\n", l->name);
    if (l->unseen)
        str_addf(&text, "%zu kinds could not be looked at: forbidden.\n",
                 l->unseen);
    tell(l, &text);
    return going || l->unseen ? EXIT_ERROR : EXIT_OK;
}

/* ---- all of it ---- */

static int leave(struct leave *l, struct err *err)
{
    const struct leave_options *o = l->options;
    struct str text = {0};
    size_t n;
    int rc = leave_find(l, err);

    if (rc < 0)
        return rc;
    n = tell_all(l);
    str_addf(&text, "%zu to do%s.\n", n,
             o->dry_run ? "; nothing was done" : "");
    if (n > 0)
        tell(l, &text);
    str_release(&text);
    if (n == 0 || o->dry_run)
        return n == 0 ? tell_end(l) : EXIT_OK;
    if (o->confirm && !o->confirm(o->confirm_arg, l->name))
        return EXIT_ERROR;
    rc = do_all(l, err);
    return rc < 0 ? rc : tell_end(l);
}

int leave_run(const struct leave_options *options, struct err *err)
{
    struct leave l = {.options = options};
    int rc = read_name(&l, err);

    if (rc == 0)
        rc = client_open(&l.client, &options->cluster, err);
    if (rc == 0)
        rc = client_discover(&l.client, err);
    if (rc == 0 && !options->dry_run)
        rc = check_running(&l, err);
    if (rc == 0)
        rc = leave(&l, err);
    client_close(&l.client);
    bundle_release(&l.bundle);
    arena_release(&l.round);
    arena_release(&l.arena);
    return rc < 0 ? EXIT_ERROR : rc;
}
