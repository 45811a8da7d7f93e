/*
 * http_endpoint.h -- where the API server is and whom we trust to be it: the
 *                    part of the kubeconfig that is not about credentials.
 */
#ifndef TIDELOCK_IO_HTTP_ENDPOINT_H
#define TIDELOCK_IO_HTTP_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "kube/config.h"

struct curl_slist;

struct http_endpoint {
    const char *base;        /* URL up to a request's path */
    const char *shown;       /* "https://10.0.0.1:443", for messages */
    const char *name;        /* the name its certificate must carry */
    const char *host_header; /* "Host: ..." when `base` has another name */
    const char *proxy;       /* NULL: the environment's, "": none */
    const char *proxy_shown; /* without user and password; NULL: none */
    struct curl_slist *connect_to;
};

/* Texts live in `a`. -ERR_CONFIG names what is wrong with the URL. */
int http_endpoint_init(struct http_endpoint *e, struct arena *a,
                       const struct kubeconfig *config, struct err *err);
void http_endpoint_release(struct http_endpoint *e); /* all zero is fine */

/* The certificate authority, as the text libcurl gets. Empty: the system's. */
struct http_ca {
    const struct kubeconfig *config;
    struct str pem;
    long long mtime_ns;
    uint64_t checked_ms;
    unsigned version; /* grows with each other text */
};

int http_ca_load(struct http_ca *ca, const struct kubeconfig *config,
                 uint64_t now_ms, struct err *err);
void http_ca_release(struct http_ca *ca);
/* Re-read the file when it changed (AU-4). A file that cannot be read or is
 * empty leaves the old text. True when there is another text now. */
bool http_ca_refresh(struct http_ca *ca, uint64_t now_ms);
/* The same, but looks at most once a minute. */
bool http_ca_refresh_if_due(struct http_ca *ca, uint64_t now_ms);
/* "'/path/ca.crt'", "certificate-authority-data of cluster 'x'", ...: cut at
 * `size`; returns `out`. */
const char *http_ca_name(const struct http_ca *ca, char *out, size_t size);

#endif
