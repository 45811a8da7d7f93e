/*
 * runtime.h -- `run` and `plan`: operators, a source and a sink, wired.
 */
#ifndef TIDELOCK_APP_RUNTIME_H
#define TIDELOCK_APP_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/bundle.h"
#include "app/cluster.h"
#include "app/endpoint.h"
#include "app/fixture.h"
#include "app/report.h"
#include "kube/lease.h"

/* Exit codes of the program (note 01). */
enum {
    EXIT_OK = 0,
    EXIT_ERROR = 1,
    EXIT_CHANGES = 2,
    EXIT_BAD_USAGE = 3,
};

/* A pod is killed after 30 s. */
#define RUNTIME_SHUTDOWN_MS 25000

struct runtime_options {
    const char *const *operators; /* paths */
    size_t operator_count;
    struct bundle_options bundle; /* --set, --overlay */
    const char *const *files;     /* -f: files or folders */
    size_t file_count;
    struct cluster_options cluster;
    void (*on_hangup)(void *arg); /* SIGHUP, before files are looked at; or
                                   * NULL */
    void *on_hangup_arg;
    const char *ns;      /* --namespace, NULL: all for run and plan */
    const char *name;    /* plan OPERATOR NAME */
    const char *record;  /* --record: folder for fixtures */
    const char *compare; /* plan: the old revision of the only operator */
    const struct lease_timing *elect; /* leader election; NULL: without */
    struct endpoint_options listen;   /* address NULL: nobody is served */
    const char *lease;                /* --lease-name, NULL: "tidelock" */
    uint64_t scrub_ms;      /* --scrub: each kind once in that time; 0: never */
    unsigned workers;       /* processes that run scripts; 0: here */
    unsigned max_in_flight; /* roots at a time; 0: found */
    const unsigned *max_deletes;            /* by one plan, */
    const unsigned *max_deletes_per_minute; /* by one operator; NULL: the
                                             * defaults of core/blast.h */
    bool plan;                              /* one pass, print, stop */
    bool dry_run;                           /* print, write nothing */
    uint64_t memory_limit;      /* bytes; 0: that of the container, or none */
    const int64_t *shutdown_ms; /* to end in good order: 0: no time, -1: no
                                 * bound; NULL: RUNTIME_SHUTDOWN_MS */
    bool reload;                /* when files change */
    bool once;                  /* until nothing is ready */
    bool offline;               /* no cluster */
    const struct fixture *fixture; /* offline: what it holds is all there is,
                                    * also the time and the parameters */
    enum report_format format;
    bool color;
    void (*print)(void *arg, const char *text, size_t len);
    void *print_arg;
    /* Instead of printing: each item of the plan document, borrowed. */
    int (*on_item)(void *arg, const struct value *item, struct err *err);
    void *on_item_arg;
};

/* Runs to the end and returns the exit code. `err` says why it is EXIT_ERROR
 * or EXIT_BAD_USAGE; single roots that failed were logged and reported. */
int runtime_run(const struct runtime_options *options, struct err *err);

/* ---- the same as one of several things on a loop ---- */
struct loop;
struct runtime;

struct runtime_host {
    struct loop *loop; /* borrowed */
    /* Once, from a turn: it failed, or runtime_drain() is done. */
    void (*on_end)(void *arg);
    void *arg;
};
/* Loads the operators and begins; `options` is borrowed. */
int runtime_open(const struct runtime_options *options,
                 const struct runtime_host *host, struct runtime **ret,
                 struct err *err);
/* Is nothing ready and nothing under way? What waits for a time of its own
 * (requeue_after, backoff) does not count. */
bool runtime_is_idle(const struct runtime *rt);
size_t runtime_failing(const struct runtime *rt); /* roots */
/* Let what is under way end. */
void runtime_drain(struct runtime *rt);
/* Why it ended by itself; code NONE: it did not. */
const struct err *runtime_error(const struct runtime *rt);
void runtime_close(struct runtime *rt); /* NULL is fine */

#endif
