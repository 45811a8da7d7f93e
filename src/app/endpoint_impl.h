/*
 * endpoint_impl.h -- what the files of the endpoint share; private to app.
 */
#ifndef TIDELOCK_APP_ENDPOINT_PRIVATE_H
#define TIDELOCK_APP_ENDPOINT_PRIVATE_H

#include "app/endpoint.h"

#define ENDPOINT_HOST_MAX 64

/* A request that waits for the gate. */
struct endpoint_visit;

struct endpoint {
    struct loop *loop;
    struct endpoint_options options;
    struct listen *listen;
    struct gate *gate;
    struct endpoint_page pages[ENDPOINT_MAX_PAGES];
    size_t count;
    struct endpoint_visit *visits;
    bool secure;
    char host[ENDPOINT_HOST_MAX];
    char address[ENDPOINT_HOST_MAX + 16];
    uint16_t port;
    struct str certificate, key; /* PEM, what is spoken now */
    loop_timer_id look_timer;
};

/* ---- endpoint.c ---- */
/* Listen at host and port with the certificate that is there. */
int endpoint_listen(struct endpoint *e, struct err *err);
/* Everybody who is here is sent away. */
void endpoint_hang_up(struct endpoint *e);

/* ---- endpoint_tls.c ---- */
/* A certificate from the files, or a made one; looks at the files from now on.
 */
int endpoint_begin_tls(struct endpoint *e, struct err *err);
void endpoint_end_tls(struct endpoint *e);

/* ---- endpoint_address.c ---- */
/* Fills host and port. -ERR_USAGE. */
int endpoint_parse(const char *address, char host[ENDPOINT_HOST_MAX],
                   uint16_t *ret_port, struct err *err);
bool endpoint_is_loopback(const char *host);

#endif
