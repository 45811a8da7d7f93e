/*
 * auth_impl.h -- the inside of auth.h: auth.c has the waiters and decides when
 *                something is renewed, auth_creds.c makes credentials of
 *                secrets, auth_files.c reads files, auth_exec.c runs plugins.
 */
#ifndef TIDELOCK_SRC_IO_AUTH_IMPL_H
#define TIDELOCK_SRC_IO_AUTH_IMPL_H

#include "base/arena.h"
#include "base/clock.h"
#include "io/auth.h"
#include "io/process.h"

/* What changes over time; everything else is in the kubeconfig. */
struct auth_secret {
    const char *token; /* NULL: none */
    const char *cert;  /* PEM; both or neither */
    const char *key;
    size_t cert_len, key_len;
};

/* One generation, shared by those who use it at the moment. */
struct auth_creds {
    struct arena arena; /* of everything below */
    struct auth_secret secret;
    struct auth_credentials pub;
    unsigned refs;
};

struct auth_waiter {
    auth_ready_fn ready;
    void *arg;
    struct auth_waiter *next;
};

/* The plugin (AU-6). Times are those of `clock`: wall clock seconds for what
 * the plugin says, monotonic milliseconds for what we decide. */
struct auth_exec {
    struct process *process; /* NULL: none is running */
    int64_t renew_at;        /* unix seconds, 0 = never expires */
    bool refused;            /* by a 401: get others before the next request */
    bool refused_before;     /* `refused_ms` is one */
    uint64_t refused_ms;
    unsigned failures;  /* in a row */
    uint64_t retry_ms;  /* not run again before */
    struct err failure; /* what those get who ask until then */
    unsigned hints;     /* given in this hour */
    uint64_t hints_ms;  /* when it began */
};

struct auth {
    struct loop *loop;
    const struct kubeconfig *config;
    const struct clock *clock;
    struct auth_creds *creds; /* NULL: none yet */
    uint64_t generation;      /* of `creds` */
    uint64_t token_due_ms;    /* files: when to read them again */
    uint64_t cert_due_ms;
    struct auth_exec exec;
    struct auth_waiter *waiters; /* oldest first */
    struct auth_waiter *batch;   /* being told */
    bool delivering;
    bool dead; /* freed while delivering */
};

/* Tests only: another clock than the loop's; before the first auth_get(). */
void auth_use_clock(struct auth *a, const struct clock *clock);

/* ---- auth.c ---- */
/* Tell everybody who waits; `err` has code NONE when a->creds are good. May
 * free `a`. */
void auth_deliver(struct auth *a, const struct err *err);

/* ---- auth_creds.c ---- */
/* Replace a->creds; nothing happens when they are the same. */
int auth_set_secret(struct auth *a, const struct auth_secret *s,
                    struct err *err);
struct auth_creds *auth_creds_ref(struct auth_creds *c);
void auth_creds_unref(struct auth_creds *c); /* NULL is fine */
/* Does the key belong to the (first) certificate? -ERR_CONFIG. */
int auth_check_pair(const struct auth_secret *s, struct err *err);

/* ---- auth_files.c ---- */
/* Read token and certificate again when it is time, or now. What cannot be
 * read stays as it was (AU-3); an error only while there is nothing. */
int auth_refresh_files(struct auth *a, bool now, struct err *err);

/* ---- auth_exec.c ---- */
/* Are the credentials a plugin's? Static ones win (AU-6). */
bool auth_exec_is_used(const struct kubeconfig *c);
/* Is there nothing usable without running the plugin? */
bool auth_exec_is_due(const struct auth *a);
/* Start it unless it runs already; auth_deliver() follows. */
int auth_exec_start(struct auth *a, struct err *err);
/* As auth_on_unauthorized(), for the current generation. */
bool auth_exec_refused(struct auth *a);

#endif
