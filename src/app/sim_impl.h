/*
 * sim_impl.h -- what the files of `tidelock sim` share; private to app.
 */
#ifndef TIDELOCK_APP_SIM_PRIVATE_H
#define TIDELOCK_APP_SIM_PRIVATE_H

#include "app/manifests.h"
#include "app/sim_http.h"
#include "io/certificate.h"

#define SIM_ADMIN "system:admin"

/* ---- sim_config.c: who may come in, and how ---- */

#define SIM_MAX_USERS 64
struct sim_access {
    struct sim_user users[SIM_MAX_USERS]; /* the first is SIM_ADMIN */
    size_t user_count;
    const char *address;
    struct certificate certificate; /* NULLs: no TLS */
};
/* "127.0.0.1" for NULL and "localhost". Refuses what other machines reach. */
int sim_address(const char *given, bool allow_any, const char **ret,
                struct err *err);
/* A token and a certificate: those of the data file when it has some, so that
 * clients outlive a restart. */
int sim_access_make(struct arena *a, struct sim_data *data, bool plain,
                    struct sim_access *access, struct err *err);
/* More users: lines of token,name (what follows is not looked at). */
int sim_access_read_tokens(struct arena *a, const char *path,
                           struct sim_access *access, struct err *err);
const char *sim_url(struct arena *a, const struct sim_access *access,
                    uint16_t port);
/* At once and for the owner only. */
int sim_write_kubeconfig(struct arena *a, const struct sim_access *access,
                         const char *url, const char *path, struct err *err);

/* ---- sim_apply.c: what -f brings ---- */

struct sim_apply {
    struct sim *sim;
    const struct manifests *manifests;
    void (*turn)(void *arg); /* let controllers work between two rounds */
    void *arg;
};
/* Definitions of kinds first; what fails is tried again as long as others
 * succeed. The failure names the first object that could not be applied. */
int sim_apply(const struct sim_apply *apply, struct err *err);

/* ---- sim_dump.c: what there is in the end ---- */

struct sim_dump {
    struct sim *sim;
    bool json;
    void (*print)(void *arg, const char *text, size_t len);
    void *arg;
};
/* Everything but what any cluster has by itself (nodes, leases, events, what
 * is in kube-system, ...), in the order of kind, namespace, name. */
int sim_dump(const struct sim_dump *dump, struct err *err);

#endif
