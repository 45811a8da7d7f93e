/*
 * http_ca.c -- the certificate authority of the kubeconfig; the contract is
 *              in http_endpoint.h.
 *
 * libcurl gets the text, not the path: a connection is only reused by
 * requests that carry the same text, so after a rotation new requests open
 * new connections by themselves (AU-4), and a file that is half replaced at
 * the wrong moment is never seen by a handshake.
 */
#include "io/http_endpoint.h"

#include <stdio.h>
#include <string.h>

#include "io/file.h"

#define CA_MAX_BYTES ((size_t)4 << 20)
#define CA_CHECK_MS 60000

int http_ca_load(struct http_ca *ca, const struct kubeconfig *config,
                 uint64_t now_ms, struct err *err)
{
    int rc = 0;

    *ca = (struct http_ca){.config = config, .checked_ms = now_ms};
    str_init(&ca->pem, CA_MAX_BYTES);
    if (config->ca_data && config->ca_data_len) { /* data wins: AU-5 */
        rc = str_addn(&ca->pem, config->ca_data, config->ca_data_len);
        if (rc < 0)
            str_check(&ca->pem, "certificate-authority-data", err);
    } else if (config->ca_file && config->ca_file[0]) {
        ca->mtime_ns = file_mtime_ns(config->ca_file);
        rc = file_read(config->ca_file, CA_MAX_BYTES, &ca->pem, err);
        if (rc < 0)
            err_wrap(err, "cannot load the certificate authority");
        else if (!ca->pem.len)
            rc = err_set(err, ERR_CONFIG,
                         "the certificate authority '%s' is empty",
                         config->ca_file);
    }
    if (rc < 0)
        http_ca_release(ca);
    return rc;
}

void http_ca_release(struct http_ca *ca)
{
    str_release(&ca->pem);
    *ca = (struct http_ca){0};
}

static bool from_file(const struct http_ca *ca)
{
    const struct kubeconfig *c = ca->config;

    return !(c->ca_data && c->ca_data_len) && c->ca_file && c->ca_file[0];
}

bool http_ca_refresh(struct http_ca *ca, uint64_t now_ms)
{
    struct http_ca fresh;
    struct err ignored = {0};
    bool other;

    ca->checked_ms = now_ms;
    if (!from_file(ca) || file_mtime_ns(ca->config->ca_file) == ca->mtime_ns)
        return false;
    if (http_ca_load(&fresh, ca->config, now_ms, &ignored) < 0)
        return false;
    other = fresh.pem.len != ca->pem.len ||
            memcmp(fresh.pem.data, ca->pem.data, ca->pem.len) != 0;
    fresh.version = ca->version + other;
    http_ca_release(ca);
    *ca = fresh;
    return other;
}

bool http_ca_refresh_if_due(struct http_ca *ca, uint64_t now_ms)
{
    return now_ms - ca->checked_ms >= CA_CHECK_MS &&
           http_ca_refresh(ca, now_ms);
}

const char *http_ca_name(const struct http_ca *ca, char *out, size_t size)
{
    const struct kubeconfig *c = ca->config;

    if (from_file(ca))
        snprintf(out, size, "'%s'", c->ca_file);
    else if (ca->pem.len)
        snprintf(out, size, "certificate-authority-data of cluster '%s'",
                 c->cluster_name ? c->cluster_name : "");
    else
        snprintf(out, size, "the system's certificate authorities");
    return out;
}
