/*
 * auth.h -- who we are to the API server: tokens, certificates, exec plugins
 *           (AU-3..AU-6), always fresh, fetched without blocking the loop.
 *
 * Credentials have a generation: a number that grows whenever they change.
 * Whoever is refused with 401 says which generation was refused, so two
 * requests that fail at once cause one renewal.
 */
#ifndef TIDELOCK_IO_AUTH_H
#define TIDELOCK_IO_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "io/loop.h"
#include "kube/config.h"

struct auth;

/* Borrowed until the callback that got them returns. */
struct auth_credentials {
    const char **headers; /* "Authorization: Bearer ..." and "Impersonate-*:
                           * ...", NULL-terminated, free of CR and LF */
    const char *cert_pem; /* client certificate chain, NULL when none */
    size_t cert_len;
    const char *key_pem;
    size_t key_len;
    uint64_t generation; /* from 1 */
};

/* `err` is ERR_NONE and `c` filled, or `c` is NULL and `err` says why. */
typedef void (*auth_ready_fn)(void *arg, const struct auth_credentials *c,
                              const struct err *err);

/* `config` is borrowed and must outlive it. NULL on failure. */
struct auth *auth_new(struct loop *loop, const struct kubeconfig *config,
                      struct err *err);
/* Nobody waiting is called any more. NULL is fine. */
void auth_free(struct auth *a);

/* Calls `ready` exactly once, maybe before returning; not at all when the
 * return value is negative, or after auth_cancel(). */
int auth_get(struct auth *a, auth_ready_fn ready, void *arg, struct err *err);
/* Forget the waiter with this `arg`; none is fine. */
void auth_cancel(struct auth *a, void *arg);

/* The server refused credentials of this generation. True when others can be
 * had now (already renewed, or a renewal is under way or worth starting), so
 * that auth_get() and one more attempt make sense. */
bool auth_on_unauthorized(struct auth *a, uint64_t generation);

#endif
