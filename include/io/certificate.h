/*
 * certificate.h -- certificates of servers: a throwaway one for this machine,
 *                  and whether one that was given can be used.
 */
#ifndef TIDELOCK_IO_CERTIFICATE_H
#define TIDELOCK_IO_CERTIFICATE_H

#include "base/arena.h"
#include "base/err.h"

/* PEM texts in the arena. */
struct certificate {
    const char *authority; /* what clients trust; its key is thrown away */
    const char *server;    /* signed by it, for ten years */
    const char *key;
};

/* For localhost, 127.0.0.1, ::1, and `address` (NULL: no other; an IP
 * address). ECDSA on P-256: a few milliseconds. */
int certificate_make(struct arena *a, const char *address,
                     struct certificate *ret, struct err *err);

/* Do a certificate (a chain, the server's first) and a key, both PEM, belong
 * together? -ERR_TLS says what is wrong. */
int certificate_check(const char *certificate, const char *key,
                      struct err *err);

#endif
