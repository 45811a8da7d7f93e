/*
 * http_easy.c -- one attempt of one request as a curl easy handle.
 *
 * Everything that is the same for all requests stands in tables; what differs
 * between a short request and a watch is one table each. What comes from the
 * kubeconfig and the credentials is set after that.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "io/http_internal.h"

/* After this long without an acknowledgement a peer is gone (HT-1). */
#define USER_TIMEOUT_MS 30000
#define KEEPALIVE_IDLE_S 15L
#define KEEPALIVE_INTERVAL_S 10L
#define BUFFER_BYTES 16384L
#define WATCH_BUFFER_BYTES 4096L /* held as long as the watch lives */
#define LOW_SPEED 64L            /* bytes a second */
#define NAMES_CACHED_S 5L        /* one start of many watches asks DNS once */

struct option {
    CURLoption name;
    long value;
};

static const struct option options_always[] = {
    {CURLOPT_NOSIGNAL, 1},   /* the loop ignores SIGPIPE */
    {CURLOPT_QUICK_EXIT, 1}, /* cancelling does not wait for DNS */
    {CURLOPT_PATH_AS_IS, 1}, /* paths come checked and escaped: HT-14 */
    {CURLOPT_FOLLOWLOCATION, 0},
    {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
    {CURLOPT_HEADEROPT, CURLHEADER_SEPARATE}, /* no token for proxies */
    {CURLOPT_SUPPRESS_CONNECT_HEADERS, 1},
    {CURLOPT_BUFFERSIZE, BUFFER_BYTES},
    {CURLOPT_UPLOAD_BUFFERSIZE, BUFFER_BYTES},
    {CURLOPT_DNS_CACHE_TIMEOUT, NAMES_CACHED_S},
    {CURLOPT_TCP_KEEPALIVE, 1},
    {CURLOPT_TCP_KEEPIDLE, KEEPALIVE_IDLE_S},
    {CURLOPT_TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S},
};

static const struct option options_short[] = {
    {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS},
    {CURLOPT_PIPEWAIT, 1}, /* share the connection being opened */
    {CURLOPT_LOW_SPEED_LIMIT, LOW_SPEED}, /* a trickle is no answer */
};

/* After a failure: libcurl keeps the lost connection for a while and would wait
 * for it, and another server may do better. */
static const struct option options_again[] = {
    {CURLOPT_PIPEWAIT, 0},
    {CURLOPT_FRESH_CONNECT, 1},
};

static const struct option options_watch[] = {
    {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
    {CURLOPT_FRESH_CONNECT, 1},
    {CURLOPT_FORBID_REUSE, 1},
    {CURLOPT_BUFFERSIZE, WATCH_BUFFER_BYTES},
};

static const struct option options_insecure[] = {
    {CURLOPT_SSL_VERIFYPEER, 0},
    {CURLOPT_SSL_VERIFYHOST, 0},
    {CURLOPT_PROXY_SSL_VERIFYPEER, 0},
    {CURLOPT_PROXY_SSL_VERIFYHOST, 0},
};

#define SET_ALL(easy, table)                                                   \
    set_all((easy), (table), sizeof(table) / sizeof((table)[0]))

static CURLcode set_all(CURL *easy, const struct option *options, size_t count)
{
    CURLcode rc = CURLE_OK;

    for (size_t i = 0; i < count && !rc; i++)
        rc = curl_easy_setopt(easy, options[i].name, options[i].value);
    return rc;
}

static CURLcode set_text(CURL *easy, CURLoption option, const char *text)
{
    return text ? curl_easy_setopt(easy, option, text) : CURLE_OK;
}

static CURLcode set_blob(CURL *easy, CURLoption option, const char *data,
                         size_t len)
{
    struct curl_blob blob = {.len = len, .flags = CURL_BLOB_COPY};

    if (!data || !len)
        return CURLE_OK;
    memcpy(&blob.data, &data, sizeof blob.data); /* copied, not written to */
    return curl_easy_setopt(easy, option, &blob);
}

/* ---- callbacks ---- */

/* CURLOPT_SOCKOPTFUNCTION. A system that cannot do it still works, later. */
static int on_socket_made(void *arg, curl_socket_t fd, curlsocktype purpose)
{
    int ms = USER_TIMEOUT_MS;

    (void)arg;
    (void)purpose;
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms);
    return CURL_SOCKOPT_OK;
}

/*
 * CURLOPT_PREREQFUNCTION: the connection stands, the next thing is the
 * request. libcurl comes here a second time when a reused connection died
 * without an answer; it cannot know whether the server acted on the request,
 * so a write is not repeated: its outcome is unknown and the caller looks.
 */
static int on_request_due(void *arg, char *peer_ip, char *local_ip,
                          int peer_port, int local_port)
{
    struct transfer *t = arg;
    const struct http *h = t->http;

    (void)peer_ip;
    (void)local_ip;
    (void)peer_port;
    (void)local_port;
    if (t->cancelled)
        return CURL_PREREQFUNC_ABORT;
    if (t->sent_now && !http_may_repeat(t)) {
        t->stop = HTTP_STOP_RESEND;
        return CURL_PREREQFUNC_ABORT;
    }
    if (http_is_write(t) && !t->call.unfenced && h->fence &&
        !h->fence(h->fence_arg)) {
        t->stop = HTTP_STOP_FENCE;
        return CURL_PREREQFUNC_ABORT;
    }
    t->sent = t->sent_now = true;
    return CURL_PREREQFUNC_OK;
}

/* ---- headers ---- */

/* NAME VALUE onto the list; a line break would start a header of its own, so
 * it is refused wherever the text came from (and not shown: it may be a
 * token). */
static int header_add(struct transfer *t, const char *name, const char *value,
                      struct err *err)
{
    struct curl_slist *longer = NULL;
    struct str line;

    str_init(&line, 0);
    str_addf(&line, "%s%s", name, value);
    if (line.data && strpbrk(line.data, "\r\n")) {
        str_release(&line);
        return err_set(err, ERR_INVALID,
                       "cannot send a header with a line break in it");
    }
    if (!line.failed)
        longer = curl_slist_append(t->headers, line.data);
    str_release(&line);
    if (!longer)
        return err_nomem(err);
    t->headers = longer;
    return 0;
}

static int headers_build(struct transfer *t, const struct auth_credentials *c,
                         struct err *err)
{
    const struct request *r = &t->request;
    const char *host = t->http->endpoint.host_header;
    int rc = header_add(
        t, "Accept: ", r->accept ? r->accept : "application/json", err);

    if (rc == 0 && host)
        rc = header_add(t, host, "", err);
    if (rc == 0 && r->content_type)
        rc = header_add(t, "Content-Type: ", r->content_type, err);
    if (rc == 0 && r->pass_token)
        rc = header_add(t, REQUEST_PASS_HEADER ": Bearer ", r->pass_token, err);
    if (rc == 0 && t->call.if_none_match)
        rc = header_add(t, "If-None-Match: ", t->call.if_none_match, err);
    if (rc == 0 && r->body) /* no waiting for "100 Continue" */
        rc = header_add(t, "Expect:", "", err);
    for (size_t i = 0; rc == 0 && c->headers && c->headers[i]; i++)
        rc = header_add(t, c->headers[i], "", err);
    return rc;
}

/* ---- options from the request and the kubeconfig ---- */

static CURLcode set_request(struct transfer *t)
{
    const struct request *r = &t->request;
    CURL *easy = t->easy;
    CURLcode rc = CURLE_OK;

    if (r->method == HTTP_GET)
        return curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    if (r->body || r->method == HTTP_POST) {
        rc = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                              (curl_off_t)r->body_len);
        if (!rc) /* not copied: `texts` outlives the handle */
            rc = curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                                  r->body ? r->body : "");
    }
    if (!rc)
        rc = curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST,
                              http_method_name(r->method));
    return rc;
}

static CURLcode set_url(struct transfer *t)
{
    const struct http_endpoint *e = &t->http->endpoint;
    struct str url;
    CURLcode rc = CURLE_OUT_OF_MEMORY;

    str_init(&url, 0);
    str_add(&url, e->base);
    str_add(&url, t->request.path);
    if (!url.failed)
        rc = curl_easy_setopt(t->easy, CURLOPT_URL, url.data);
    str_release(&url);
    if (!rc)
        rc = set_text(t->easy, CURLOPT_PROXY, e->proxy);
    if (!rc && e->connect_to)
        rc = curl_easy_setopt(t->easy, CURLOPT_CONNECT_TO, e->connect_to);
    if (!rc)
        rc = set_text(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    return rc;
}

static CURLcode set_kind(struct transfer *t)
{
    const struct http *h = t->http;
    CURL *easy = t->easy;
    CURLcode rc;

    if (t->request.watch)
        return SET_ALL(easy, options_watch);
    rc = SET_ALL(easy, options_short);
    if (!rc && t->retries > 0)
        rc = SET_ALL(easy, options_again);
    if (!rc)
        rc = curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                              (long)h->limits.request_timeout_ms);
    if (!rc)
        rc = curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
                              (long)h->limits.low_speed_seconds);
    if (!rc && !h->config->disable_compression) /* HT-3 */
        rc = curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    return rc;
}

/* Without a CA the system's stays; with one the folder of system roots, which
 * libcurl would still search, has to go as well (AU-7). An https proxy is held
 * to the same authority as the server, as kubectl does. */
static CURLcode set_authority(CURL *easy, const struct str *pem)
{
    CURLcode rc;

    if (!pem->len)
        return CURLE_OK;
    rc = set_blob(easy, CURLOPT_CAINFO_BLOB, pem->data, pem->len);
    if (!rc)
        rc = curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    if (!rc)
        rc = set_blob(easy, CURLOPT_PROXY_CAINFO_BLOB, pem->data, pem->len);
    if (!rc)
        rc = curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
    return rc;
}

static CURLcode set_tls(struct transfer *t, const struct auth_credentials *c)
{
    const struct http *h = t->http;
    CURL *easy = t->easy;
    CURLcode rc = CURLE_OK;

    if (h->config->insecure)
        rc = SET_ALL(easy, options_insecure);
    if (!rc)
        rc = set_authority(easy, &h->ca.pem);
    if (!rc)
        rc = set_blob(easy, CURLOPT_SSLCERT_BLOB, c->cert_pem, c->cert_len);
    if (!rc)
        rc = set_blob(easy, CURLOPT_SSLKEY_BLOB, c->key_pem, c->key_len);
    return rc;
}

static CURLcode set_callbacks(struct transfer *t)
{
    CURL *easy = t->easy;

    curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->curl_text);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, http_on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, http_on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket_made);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request_due);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, t);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->headers);
    curl_easy_setopt(easy, CURLOPT_SHARE, t->http->share);
    return curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                            (long)t->http->limits.connect_timeout_ms);
}

/* ---- building and dropping ---- */

static int easy_fill(struct transfer *t, const struct auth_credentials *c,
                     struct err *err)
{
    CURLcode code;
    int rc = headers_build(t, c, err);

    if (rc < 0)
        return rc;
    code = SET_ALL(t->easy, options_always);
    if (!code)
        code = set_callbacks(t);
    if (!code)
        code = set_text(t->easy, CURLOPT_USERAGENT, t->http->user_agent);
    if (!code)
        code = set_kind(t);
    if (!code)
        code = set_request(t);
    if (!code)
        code = set_url(t);
    if (!code)
        code = set_tls(t, c);
    if (code == CURLE_OUT_OF_MEMORY)
        return err_nomem(err);
    if (code)
        return err_set(err, ERR_CONFIG,
                       "cannot set up a request: libcurl says: %s",
                       curl_easy_strerror(code));
    return 0;
}

int http_easy_build(struct transfer *t, const struct auth_credentials *c,
                    struct err *err)
{
    int rc;

    t->curl_text[0] = '\0';
    t->easy = curl_easy_init();
    if (!t->easy)
        return err_nomem(err);
    rc = easy_fill(t, c, err);
    if (rc < 0)
        http_easy_drop(t);
    return rc;
}

void http_easy_drop(struct transfer *t)
{
    curl_easy_cleanup(t->easy);
    t->easy = NULL;
    curl_slist_free_all(t->headers);
    t->headers = NULL;
}
