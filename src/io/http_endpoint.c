/*
 * http_endpoint.c -- see http_endpoint.h for the contract.
 *
 * DESIGN
 *
 * libcurl has no option for "verify another name than the URL's". So with
 * tls-server-name the URL carries that name, CURLOPT_CONNECT_TO sends the
 * connection to the real host, and a Host header keeps the real name for
 * gateways that route by it. Everything else is plain assembly of texts.
 */
#include "io/http_endpoint.h"

#include <curl/curl.h>
#include <string.h>

/* What libcurl finds in a URL; owned. A part that is missing is NULL. */
struct url_parts {
    char *scheme, *user, *host, *port, *path;
};

static void url_release(struct url_parts *u)
{
    curl_free(u->scheme);
    curl_free(u->user);
    curl_free(u->host);
    curl_free(u->port);
    curl_free(u->path);
}

static char *url_part(CURLU *url, CURLUPart part, unsigned flags)
{
    char *text = NULL;

    return curl_url_get(url, part, &text, flags) ? NULL : text;
}

/* `what` names the setting for the message, which keeps passwords back. */
static int url_split(const char *text, const char *what, struct url_parts *ret,
                     struct err *err)
{
    CURLU *url = curl_url();
    CURLUcode rc;

    if (!url)
        return err_nomem(err);
    rc = curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME);
    if (rc == CURLUE_OUT_OF_MEMORY) {
        curl_url_cleanup(url);
        return err_nomem(err);
    }
    if (!rc) {
        ret->scheme = url_part(url, CURLUPART_SCHEME, 0);
        ret->user = url_part(url, CURLUPART_USER, 0);
        ret->host = url_part(url, CURLUPART_HOST, 0);
        ret->port = url_part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
        ret->path = url_part(url, CURLUPART_PATH, 0);
    }
    curl_url_cleanup(url);
    if (rc || !ret->scheme || !ret->host) {
        url_release(ret);
        *ret = (struct url_parts){0};
        return err_set(err, ERR_CONFIG, "cannot use the %s '%s': not a URL",
                       what, strchr(text, '@') ? "(withheld)" : text);
    }
    return 0;
}

/* ---- proxy ---- */

static bool is_loopback(const char *host)
{
    return text_equal(host, "localhost") || text_equal(host, "[::1]") ||
           text_starts(host, "127.");
}

/* Go resolves names at a SOCKS proxy under either spelling; libcurl only
 * under socks5h. The schemes are those of AU-5. */
static int proxy_init(struct http_endpoint *e, struct arena *a,
                      const char *proxy, struct err *err)
{
    struct url_parts u = {0};
    bool socks;
    int rc = url_split(proxy, "proxy-url", &u, err);

    if (rc < 0)
        return rc;
    socks = text_equal(u.scheme, "socks5") || text_equal(u.scheme, "socks5h");
    if (!socks && !text_equal(u.scheme, "http") &&
        !text_equal(u.scheme, "https")) {
        rc = err_set(err, ERR_CONFIG, "cannot use the proxy-url of scheme '%s'",
                     u.scheme);
        err_hint(err, "use http://, https:// or socks5://");
    } else {
        e->proxy = socks ? arena_printf(a, "socks5h%s", strstr(proxy, "://"))
                         : arena_strdup(a, proxy);
        e->proxy_shown = arena_printf(a, "%s://%s:%s", u.scheme, u.host,
                                      u.port ? u.port : "1080");
        rc = e->proxy && e->proxy_shown ? 0 : err_nomem(err);
    }
    url_release(&u);
    return rc;
}

/* ---- server ---- */

static bool is_default_port(const struct url_parts *u)
{
    return text_equal(u->port, text_equal(u->scheme, "https") ? "443" : "80");
}

/* See DESIGN. An IPv6 address needs its brackets inside a URL. */
static int server_name_init(struct http_endpoint *e, struct arena *a,
                            const struct url_parts *u, const char *name)
{
    bool bare_ipv6 = strchr(name, ':') && name[0] != '[';
    const char *connect_to;

    e->name = arena_printf(a, bare_ipv6 ? "[%s]" : "%s", name);
    e->host_header =
        arena_printf(a, "Host: %s%s%s", u->host, is_default_port(u) ? "" : ":",
                     is_default_port(u) ? "" : u->port);
    connect_to = arena_printf(a, "::%s:%s", u->host, u->port);
    if (!e->name || !e->host_header || !connect_to)
        return -ERR_NOMEM;
    e->connect_to = curl_slist_append(NULL, connect_to);
    return e->connect_to ? 0 : -ERR_NOMEM;
}

static int server_check(const struct url_parts *u, const char *server,
                        struct err *err)
{
    int rc;

    if (!text_equal(u->scheme, "https") && !text_equal(u->scheme, "http"))
        return err_set(err, ERR_CONFIG,
                       "cannot use the server '%s': neither https nor http",
                       server);
    if (!u->user)
        return 0;
    rc = err_set(err, ERR_CONFIG,
                 "cannot use the server URL: it carries a user name");
    err_hint(err, "put credentials into the user entry of the kubeconfig");
    return rc;
}

static int server_init(struct http_endpoint *e, struct arena *a,
                       const struct url_parts *u, const char *name)
{
    size_t path_len = u->path ? strlen(u->path) : 0;

    if (name && name[0]) {
        if (server_name_init(e, a, u, name) < 0)
            return -ERR_NOMEM;
    } else {
        e->name = arena_strdup(a, u->host);
    }
    while (path_len && u->path[path_len - 1] == '/')
        path_len--;
    e->shown = arena_printf(a, "%s://%s:%s", u->scheme, u->host, u->port);
    e->base =
        arena_printf(a, "%s://%s:%s%.*s", u->scheme, e->name ? e->name : "",
                     u->port, (int)path_len, u->path ? u->path : "");
    return e->name && e->shown && e->base ? 0 : -ERR_NOMEM;
}

int http_endpoint_init(struct http_endpoint *e, struct arena *a,
                       const struct kubeconfig *config, struct err *err)
{
    struct url_parts u = {0};
    int rc;

    *e = (struct http_endpoint){0};
    if (!config->server || !config->server[0])
        return err_set(err, ERR_CONFIG, "the kubeconfig names no server");
    rc = url_split(config->server, "server", &u, err);
    if (rc < 0)
        return rc;

    rc = server_check(&u, config->server, err);
    if (rc == 0 && server_init(e, a, &u, config->tls_server_name) < 0)
        rc = err_nomem(err);
    if (rc == 0 && config->proxy_url && config->proxy_url[0])
        rc = proxy_init(e, a, config->proxy_url, err);
    else if (rc == 0 && is_loopback(u.host))
        e->proxy = "";
    url_release(&u);
    if (rc < 0)
        http_endpoint_release(e);
    return rc;
}

void http_endpoint_release(struct http_endpoint *e)
{
    curl_slist_free_all(e->connect_to);
    *e = (struct http_endpoint){0};
}
