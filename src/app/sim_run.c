/*
 * sim_run.c -- see sim_run.h for the contract.
 *
 * DESIGN
 *
 *     data file -> sim -> HTTP -> kubeconfig -> -f -> operators -> ready
 *                                                        |
 *        end <- objects printed <- drain <- signal, or quiet
 *
 * The operators are clients like any other: they come over loopback with the
 * kubeconfig that was written, on the same loop. Everything is quiet when the
 * cluster is, no operator has something to do, and both stay so for some turns
 * in which whatever was under way between them has arrived.
 */
#include "app/sim_run.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/runtime.h"
#include "base/log.h"
#include "base/mem.h"
#include "sim_impl.h"

#define QUIET_LOOK_MS 20u
#define QUIET_LOOKS 10

struct sim_run {
    const struct sim_run_options *o;
    struct arena arena;
    struct loop *loop;
    struct sim *sim;
    struct sim_data *data;
    struct sim_audit *audit;
    struct sim_http *http;
    struct sim_access access;
    struct zones *zones;
    const char *url;
    const char *kubeconfig; /* where it was written */
    const char *folder;     /* a temporary one for it, or NULL */
    struct manifests manifests;
    struct runtime_options guests;
    struct runtime *runtime; /* of the operators, or NULL */
    loop_timer_id look;
    unsigned quiet; /* looks in a row at which everything was */
    uint64_t revision;
    bool stopping, interrupted, over;
    struct err err; /* why it ends early */
};

/* ---- the end ---- */

static void stop_loop(void *arg)
{
    struct sim_run *r = arg;

    r->over = true;
    loop_stop(r->loop);
}

/* Let the operators end what is under way; then stop. */
static void stop(struct sim_run *r)
{
    const bool again = r->stopping;

    r->stopping = true;
    if (r->runtime && !again && runtime_error(r->runtime)->code == ERR_NONE)
        runtime_drain(r->runtime); /* ends with on_guests_end() */
    else
        stop_loop(r);
}

static void fail(struct sim_run *r, const struct err *err)
{
    if (r->err.code == ERR_NONE)
        r->err = *err;
    r->stopping = true;
    stop_loop(r);
}

static void on_guests_end(void *arg)
{
    struct sim_run *r = arg;
    const struct err *why = runtime_error(r->runtime);

    if (why->code != ERR_NONE)
        fail(r, why);
    else
        stop_loop(r);
}

static void on_broken(void *arg, const struct err *err)
{
    fail(arg, err);
}

static void on_signal(int signum, void *arg)
{
    struct sim_run *r = arg;

    (void)signum;
    r->interrupted = true;
    log_info("stopping", NULL);
    stop(r);
}

/* ---- until quiet ---- */

static bool is_quiet(const struct sim_run *r)
{
    return sim_is_quiet(r->sim) && sim_revision(r->sim) == r->revision &&
           (!r->runtime || runtime_is_idle(r->runtime));
}

static void on_look(void *arg)
{
    struct sim_run *r = arg;
    struct err err = {0};

    r->look = 0;
    r->quiet = is_quiet(r) ? r->quiet + 1 : 0;
    r->revision = sim_revision(r->sim);
    if (r->quiet >= QUIET_LOOKS) {
        stop(r);
        return;
    }
    r->look = loop_after(r->loop, QUIET_LOOK_MS, on_look, r);
    if (!r->look) {
        err_nomem(&err);
        fail(r, &err);
    }
}

/* ---- the cluster ---- */

static void on_change(void *arg)
{
    struct sim_run *r = arg;

    sim_http_changed(r->http);
}

static int restore(void *arg, const struct sim_change *change, struct err *err)
{
    return sim_restore(arg, change, err);
}

static const struct zone *find_zone(void *arg, const char *name)
{
    return zones_peek(arg, name);
}

static int open_sim(struct sim_run *r, struct err *err)
{
    const struct sim_run_options *o = r->o;
    struct sim_options options = {
        .clock = loop_clock(r->loop),
        .seed = rng_seed_from_kernel(),
        .controllers = o->controllers,
        .nodes = o->nodes,
        .pod_ready_ms = o->pod_ready_ms,
        .changed = on_change,
        .changed_arg = r,
    };
    int rc = 0;

    r->zones = zones_new(NULL);
    if (!r->zones)
        return err_nomem(err);
    options.zone = find_zone;
    options.zone_arg = r->zones;
    if (o->data) {
        rc = sim_data_open(o->data, &r->data, err);
        options.keep = sim_data_keep;
        options.keep_arg = r->data;
    }
    if (rc == 0)
        rc = sim_new(&options, &r->sim, err);
    if (rc == 0 && r->data)
        rc = sim_data_each(r->data, restore, r->sim, err);
    if (rc == 0)
        rc = sim_start(r->sim, err);
    if (rc == 0 && r->data)
        rc = sim_data_commit(r->data, err);
    return rc;
}

static int open_http(struct sim_run *r, struct err *err)
{
    struct sim_http_options options = {
        .loop = r->loop,
        .sim = r->sim,
        .data = r->data,
        .audit = r->audit,
        .users = r->access.users,
        .user_count = r->access.user_count,
        .address = r->access.address,
        .port = r->o->port,
        .certificate_pem = r->access.certificate.server,
        .key_pem = r->access.certificate.key,
        .on_broken = on_broken,
        .arg = r,
    };
    int rc = sim_http_open(&options, &r->http, err);

    if (rc < 0)
        return rc;
    r->url = sim_url(&r->arena, &r->access, sim_http_port(r->http));
    return r->url ? 0 : err_nomem(err);
}

/* ---- the kubeconfig ---- */

static int choose_path(struct sim_run *r, struct err *err)
{
    const char *tmp = getenv("TMPDIR");
    char *folder;

    r->kubeconfig = r->o->kubeconfig;
    if (r->kubeconfig)
        return 0;
    folder = arena_printf(&r->arena, "%s/tidelock-sim-XXXXXX",
                          tmp && *tmp ? tmp : "/tmp");
    if (!folder)
        return err_nomem(err);
    if (!mkdtemp(folder))
        return err_set(err, ERR_IO, "cannot make a temporary folder: %s",
                       strerror(errno));
    r->folder = folder;
    r->kubeconfig = arena_printf(&r->arena, "%s/kubeconfig", folder);
    return r->kubeconfig ? 0 : err_nomem(err);
}

static void remove_folder(struct sim_run *r)
{
    if (!r->folder)
        return;
    if (r->kubeconfig)
        unlink(r->kubeconfig);
    rmdir(r->folder);
}

/* ---- what is there from the beginning ---- */

static void turn(void *arg)
{
    struct sim_run *r = arg;

    sim_http_turn(r->http);
}

static int read_manifests(struct sim_run *r, struct err *err)
{
    const struct sim_run_options *o = r->o;
    int rc = 0;

    for (size_t i = 0; i < o->operator_count && rc == 0; i++)
        rc = manifests_read_own_crd(&r->manifests, &r->arena, o->operators[i],
                                    err);
    for (size_t i = 0; i < o->file_count && rc == 0; i++)
        rc = manifests_read(&r->manifests, &r->arena, o->files[i], true, err);
    return rc;
}

static int apply_manifests(struct sim_run *r, struct err *err)
{
    struct sim_apply apply = {r->sim, &r->manifests, turn, r};

    return sim_apply(&apply, err);
}

static int start_operators(struct sim_run *r, struct err *err)
{
    const struct sim_run_options *o = r->o;
    struct runtime_host host = {r->loop, on_guests_end, r};

    if (o->operator_count == 0)
        return 0;
    r->guests.operators = o->operators;
    r->guests.operator_count = o->operator_count;
    r->guests.bundle = o->bundle;
    r->guests.reload = true;
    r->guests.workers = o->workers;
    r->guests.cluster.kubeconfig = r->kubeconfig;
    r->guests.print = o->print;
    r->guests.print_arg = o->print_arg;
    return runtime_open(&r->guests, &host, &r->runtime, err);
}

static int say_ready(struct sim_run *r, struct err *err)
{
    const char *text = arena_printf(
        &r->arena, "# tidelock sim serves %s\nexport KUBECONFIG=%s\n", r->url,
        r->kubeconfig);

    if (!text)
        return err_nomem(err);
    r->o->print_ready(r->o->print_arg, text, strlen(text));
    return 0;
}

/* ---- all of it ---- */

static int prepare(struct sim_run *r, struct err *err)
{
    const struct sim_run_options *o = r->o;
    int rc =
        sim_address(o->address, o->allow_non_loopback, &r->access.address, err);

    if (rc == 0)
        rc = read_manifests(r, err);
    if (rc == 0 && o->audit)
        rc = sim_audit_open(o->audit, &r->audit, err);
    if (rc == 0)
        rc = open_sim(r, err);
    if (rc == 0)
        rc = sim_access_make(&r->arena, r->data, o->plain, &r->access, err);
    if (rc == 0 && o->tokens)
        rc = sim_access_read_tokens(&r->arena, o->tokens, &r->access, err);
    return rc;
}

static int begin(struct sim_run *r, struct err *err)
{
    int rc = prepare(r, err);

    if (rc == 0)
        rc = open_http(r, err);
    if (rc == 0)
        rc = apply_manifests(r, err);
    if (rc == 0)
        rc = choose_path(r, err);
    if (rc == 0)
        rc = sim_write_kubeconfig(&r->arena, &r->access, r->url, r->kubeconfig,
                                  err);
    if (rc == 0)
        rc = start_operators(r, err);
    if (rc == 0 && r->err.code != ERR_NONE) {
        *err = r->err;
        rc = -(int)err->code;
    }
    return rc == 0 ? say_ready(r, err) : rc;
}

static int run_loop(struct sim_run *r, struct err *err)
{
    int rc = loop_on_signal(r->loop, SIGINT, on_signal, r, err);

    if (rc == 0)
        rc = loop_on_signal(r->loop, SIGTERM, on_signal, r, err);
    if (rc == 0)
        rc = begin(r, err);
    if (rc < 0)
        return rc;
    sim_http_turn(r->http); /* arms what controllers wait for */
    if (r->o->until_quiet)
        on_look(r);
    if (!r->over)
        loop_run(r->loop);
    if (r->err.code == ERR_NONE)
        return 0;
    *err = r->err;
    return -(int)err->code;
}

static int finish(struct sim_run *r, struct err *err)
{
    struct sim_dump dump = {r->sim, r->o->json, r->o->print, r->o->print_arg};
    int rc;

    if (!r->o->until_quiet)
        return EXIT_OK;
    if (r->interrupted) {
        err_set(err, ERR_CANCELLED,
                "stopped by a signal before everything was quiet");
        return EXIT_ERROR;
    }
    rc = sim_dump(&dump, err);
    return rc < 0 || (r->runtime && runtime_failing(r->runtime)) ? EXIT_ERROR
                                                                 : EXIT_OK;
}

static void release(struct sim_run *r)
{
    loop_cancel(r->loop, r->look);
    runtime_close(r->runtime);
    sim_http_close(r->http);
    sim_free(r->sim);
    zones_free(r->zones);
    sim_data_close(r->data);
    sim_audit_close(r->audit);
    remove_folder(r);
    manifests_release(&r->manifests);
    loop_free(r->loop);
    arena_release(&r->arena);
}

int sim_run(const struct sim_run_options *o, struct err *err)
{
    struct sim_run *r = mem_calloc(1, sizeof(*r));
    int code;

    if (!r) {
        err_nomem(err);
        return EXIT_ERROR;
    }
    r->o = o;
    r->loop = loop_new(err);
    if (!r->loop) {
        mem_free(r);
        return EXIT_ERROR;
    }
    if (run_loop(r, err) == 0)
        code = finish(r, err);
    else
        code = err->code == ERR_USAGE ? EXIT_BAD_USAGE : EXIT_ERROR;
    release(r);
    mem_free(r);
    return code;
}
