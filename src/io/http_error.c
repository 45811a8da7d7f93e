/*
 * http_error.c -- what libcurl reports, as a struct err.
 *
 * The code decides, together with facts libcurl gives as numbers (errno, the
 * result of certificate verification, a proxy's status). Texts of libcurl and
 * OpenSSL are shown where they help a person, and compared with nothing.
 */
#include <openssl/x509_vfy.h>
#include <string.h>
#include <uv.h>

#include "base/text.h"
#include "io/http_internal.h"

static long info_number(const struct transfer *t, CURLINFO info)
{
    long value = 0;

    curl_easy_getinfo(t->easy, info, &value);
    return value;
}

/* libcurl's words for the failure, never empty. */
static const char *curl_words(const struct transfer *t, CURLcode code)
{
    return t->curl_text[0] ? t->curl_text : curl_easy_strerror(code);
}

/* ---- connections ---- */

/* Every failure to get through is one code; the reason comes after it. */
static int cannot_connect(const struct transfer *t, const char *reason,
                          struct err *err)
{
    const struct http_endpoint *e = &t->http->endpoint;

    if (e->proxy_shown)
        return err_set(err, ERR_CONNECT,
                       "cannot connect to '%s' through '%s': %s", e->shown,
                       e->proxy_shown, reason);
    return err_set(err, ERR_CONNECT, "cannot connect to '%s': %s", e->shown,
                   reason);
}

static int connect_error(const struct transfer *t, CURLcode code,
                         struct err *err)
{
    long number = info_number(t, CURLINFO_OS_ERRNO);
    int rc;

    if (code == CURLE_COULDNT_RESOLVE_HOST) {
        rc = cannot_connect(t, "the name is not known", err);
        err_hint(err, "is the name of the server in the kubeconfig right, "
                      "and does DNS work here?");
        return rc;
    }
    if (code == CURLE_COULDNT_RESOLVE_PROXY)
        return cannot_connect(t, "the name of the proxy is not known", err);
    rc = cannot_connect(
        t, number ? uv_strerror(-(int)number) : curl_words(t, code), err);
    if (number == -UV_ECONNREFUSED)
        err_hint(err, "nothing listens there: is the API server running?");
    return rc;
}

static int lost_error(const struct transfer *t, CURLcode code, struct err *err)
{
    long proxy_status = info_number(t, CURLINFO_HTTP_CONNECTCODE);

    if (!t->sent_now && proxy_status >= 300) {
        cannot_connect(t, "the proxy refused", err);
        return err_hint(err, "the proxy answered with status %ld",
                        proxy_status);
    }
    if (!t->sent_now)
        return connect_error(t, code, err);
    return err_set(err, ERR_CONNECT, "lost the connection to '%s': %s",
                   t->http->endpoint.shown, curl_words(t, code));
}

static int timeout_error(const struct transfer *t, struct err *err)
{
    char reason[64];

    if (t->sent_now)
        return err_set(err, ERR_TIMEOUT, "no answer from '%s' in time",
                       t->http->endpoint.shown);
    snprintf(reason, sizeof reason, "no connection within %u ms",
             t->http->limits.connect_timeout_ms);
    return cannot_connect(t, reason, err);
}

/* ---- TLS ---- */

static int name_error(const struct transfer *t, struct err *err)
{
    const struct http_endpoint *e = &t->http->endpoint;
    int rc = err_set(err, ERR_TLS,
                     "cannot verify '%s': its certificate is not for '%s'",
                     e->shown, e->name);

    err_hint(err, "set tls-server-name in the kubeconfig to a name that is "
                  "in the certificate");
    return rc;
}

static int issuer_error(const struct transfer *t, long verify, struct err *err)
{
    char ca[512];
    int rc;

    http_ca_name(&t->http->ca, ca, sizeof ca);
    rc = err_set(err, ERR_TLS, "cannot verify '%s' with %s: %s",
                 t->http->endpoint.shown, ca,
                 X509_verify_cert_error_string(verify));
    if (verify == X509_V_ERR_CERT_HAS_EXPIRED)
        err_hint(err, "renew the certificate of the API server, or set the "
                      "clock of this machine");
    else if (verify == X509_V_ERR_CERT_NOT_YET_VALID)
        err_hint(err, "is the clock of this machine slow?");
    else
        err_hint(err, "the certificate authority in the kubeconfig is not "
                      "the one that signed the server's certificate: fetch "
                      "the kubeconfig again");
    return rc;
}

/* Was it the certificate of an https proxy? No tunnel stood yet then. */
static bool is_proxy_trouble(const struct transfer *t)
{
    const char *proxy = t->http->endpoint.proxy_shown;

    return proxy && text_starts(proxy, "https://") &&
           info_number(t, CURLINFO_HTTP_CONNECTCODE) == 0;
}

static int proxy_verify_error(const struct transfer *t, struct err *err)
{
    char ca[512];
    int rc;

    http_ca_name(&t->http->ca, ca, sizeof ca);
    rc = err_set(err, ERR_TLS, "cannot verify the proxy '%s' with %s: %s",
                 t->http->endpoint.proxy_shown, ca,
                 curl_words(t, CURLE_PEER_FAILED_VERIFICATION));
    err_hint(err, "a proxy's certificate must be signed by the certificate "
                  "authority of the kubeconfig too");
    return rc;
}

/* libcurl checks the name after OpenSSL has found the chain good, and has not
 * stored that result yet: it reports its initial value then. */
static int verify_error(const struct transfer *t, struct err *err)
{
    long verify = info_number(t, CURLINFO_SSL_VERIFYRESULT);

    if (is_proxy_trouble(t))
        return proxy_verify_error(t, err);
    if (verify == X509_V_OK || verify == X509_V_ERR_UNSPECIFIED)
        return name_error(t, err);
    return issuer_error(t, verify, err);
}

static int client_cert_error(const struct transfer *t, CURLcode code,
                             struct err *err)
{
    const struct kubeconfig *c = t->http->config;
    int rc = err_set(err, ERR_TLS,
                     "cannot use the client certificate of user '%s': %s",
                     c->user_name ? c->user_name : "", curl_words(t, code));

    err_hint(err, "do client-certificate and client-key of the kubeconfig "
                  "belong together?");
    return rc;
}

static int ca_text_error(const struct transfer *t, struct err *err)
{
    char ca[512];
    int rc = err_set(err, ERR_TLS, "cannot use %s: no certificate in it",
                     http_ca_name(&t->http->ca, ca, sizeof ca));

    err_hint(err, "it must hold certificates in PEM form");
    return rc;
}

static int handshake_error(const struct transfer *t, CURLcode code,
                           struct err *err)
{
    int rc = err_set(err, ERR_TLS, "TLS handshake with '%s' failed: %s",
                     t->http->endpoint.shown, curl_words(t, code));

    err_hint(err, "is it an HTTPS port?");
    return rc;
}

/* ---- the answer ---- */

/* Where a redirect points is told as a host: the rest may hold secrets. */
static int redirect_error(const struct transfer *t, struct err *err)
{
    char *to = NULL, *host = NULL;
    CURLU *url = curl_url();
    int rc;

    curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &to);
    if (url && to && !curl_url_set(url, CURLUPART_URL, to, 0))
        curl_url_get(url, CURLUPART_HOST, &host, 0);
    rc = err_set(
        err, ERR_PROTOCOL, "'%s' answered with a redirect (%d) to '%s'",
        t->http->endpoint.shown, t->answer.status, host ? host : "nowhere");
    err_hint(err, "redirects are not followed: name the API server itself "
                  "in the kubeconfig");
    curl_free(host);
    curl_url_cleanup(url);
    return rc;
}

static int stop_error(const struct transfer *t, struct err *err)
{
    const struct http *h = t->http;

    switch (t->stop) {
    case HTTP_STOP_CALLER:
        return err_set(err, ERR_CANCELLED, "cancelled by the receiver");
    case HTTP_STOP_FENCE:
        return err_set(err, ERR_CANCELLED,
                       "cannot send a write: the lease is not held");
    case HTTP_STOP_LIMIT:
        return err_set(err, ERR_LIMIT,
                       "the answer of '%s' is larger than %zu bytes",
                       h->endpoint.shown, h->limits.max_response);
    case HTTP_STOP_RESEND:
        return err_set(err, ERR_CONNECT,
                       "lost the connection to '%s' before it answered",
                       h->endpoint.shown);
    case HTTP_STOP_NOMEM:
        return err_nomem(err);
    case HTTP_STOP_NONE:
    case HTTP_STOP_CUT:
        break;
    }
    if (t->answer.status >= 300 && t->answer.status < 400 &&
        t->answer.status != 304)
        return redirect_error(t, err);
    return 0;
}

int http_error_fill(const struct transfer *t, CURLcode code, struct err *err)
{
    if (code == CURLE_OK || t->stop != HTTP_STOP_NONE)
        return stop_error(t, err);

    switch (code) {
    case CURLE_OUT_OF_MEMORY:
        return err_nomem(err);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
        return connect_error(t, code, err);
    case CURLE_OPERATION_TIMEDOUT:
        return timeout_error(t, err);
    case CURLE_PEER_FAILED_VERIFICATION:
        return verify_error(t, err);
    case CURLE_SSL_CERTPROBLEM:
        return client_cert_error(t, code, err);
    case CURLE_SSL_CACERT_BADFILE:
        return ca_text_error(t, err);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CLIENTCERT:
        return handshake_error(t, code, err);
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return lost_error(t, code, err);
    default:
        return err_set(err, ERR_PROTOCOL,
                       "cannot understand the answer of '%s': %s",
                       t->http->endpoint.shown, curl_words(t, code));
    }
}
