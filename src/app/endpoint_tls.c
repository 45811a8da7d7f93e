/*
 * endpoint_tls.c -- the certificate of the endpoint: from files that somebody
 *                   else renews, or made for this process.
 *
 * The HTTP server takes a certificate at its start, so a new one means that the
 * server is closed and opened again at its port: whoever is connected connects
 * again. That happens when a certificate is renewed, once in a month or so. A
 * pair that does not fit together changes nothing, and the log says why.
 */
#include <string.h>

#include "base/log.h"
#include "endpoint_impl.h"
#include "io/certificate.h"
#include "io/file.h"

#define PEM_MAX ((size_t)256 << 10)

static void wipe(struct str *s)
{
    if (s->data)
        explicit_bzero(s->data, s->cap);
    str_release(s);
}

static int read_files(const struct endpoint *e, struct str *certificate,
                      struct str *key, struct err *err)
{
    int rc = file_read(e->options.cert_file, PEM_MAX, certificate, err);

    if (rc == 0)
        rc = file_read(e->options.key_file, PEM_MAX, key, err);
    if (rc == 0)
        rc = certificate_check(str_text(certificate), str_text(key), err);
    return rc < 0 ? err_wrap(err, "cannot use the certificate of --tls-cert")
                  : 0;
}

static int make_one(struct endpoint *e, struct err *err)
{
    struct arena a = {0};
    struct certificate made;
    int rc = certificate_make(&a, strcmp(e->host, "0.0.0.0") ? e->host : NULL,
                              &made, err);

    if (rc == 0 && (str_add(&e->certificate, made.server) < 0 ||
                    str_add(&e->key, made.key) < 0))
        rc = err_nomem(err);
    arena_release(&a);
    return rc;
}

static bool same(const struct str *a, const struct str *b)
{
    return strcmp(str_text(a), str_text(b)) == 0;
}

/* The new pair is in place when this returns, and the old one is here. */
static void swap(struct endpoint *e, struct str *certificate, struct str *key)
{
    struct str was = e->certificate;

    e->certificate = *certificate;
    *certificate = was;
    was = e->key;
    e->key = *key;
    *key = was;
}

static void take_over(struct endpoint *e, struct str *certificate,
                      struct str *key)
{
    struct err err = {0};

    swap(e, certificate, key);
    endpoint_hang_up(e);
    if (endpoint_listen(e, &err) == 0)
        log_info("the certificate was renewed", "file", e->options.cert_file,
                 NULL);
    else
        log_error("nobody is served until that works", "err", err.msg, NULL);
}

void endpoint_look(struct endpoint *e)
{
    struct str certificate = {0}, key = {0};
    struct err err = {0};

    if (!e->options.cert_file)
        return;
    if (read_files(e, &certificate, &key, &err) < 0)
        log_warn("the certificate stays what it was", "err", err.msg, NULL);
    else if (!e->listen || !same(&certificate, &e->certificate) ||
             !same(&key, &e->key))
        take_over(e, &certificate, &key);
    wipe(&certificate);
    wipe(&key);
}

static void on_look(void *arg)
{
    struct endpoint *e = arg;

    endpoint_look(e);
    e->look_timer = loop_after(e->loop, ENDPOINT_LOOK_MS, on_look, e);
}

int endpoint_begin_tls(struct endpoint *e, struct err *err)
{
    if (!e->options.cert_file)
        return make_one(e, err);
    e->look_timer = loop_after(e->loop, ENDPOINT_LOOK_MS, on_look, e);
    return read_files(e, &e->certificate, &e->key, err);
}

void endpoint_end_tls(struct endpoint *e)
{
    loop_cancel(e->loop, e->look_timer);
    wipe(&e->certificate);
    wipe(&e->key);
}
