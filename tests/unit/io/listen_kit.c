/* See listen_kit.h. */
#include "listen_kit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/certs.h"
#include "test.h"

#define PATIENCE_MS 3000

static enum listen_piece next_line(void *arg, const char **ret, size_t *len)
{
    struct site *s = arg;

    s->pulls++;
    if (s->read == s->end)
        return LISTEN_END;
    if (s->read == s->lines)
        return LISTEN_LATER;
    s->read++;
    *ret = s->line;
    *len = strlen(s->line);
    return LISTEN_PIECE;
}

static void stream_freed(void *arg)
{
    ((struct site *)arg)->freed++;
}

static const struct listen_header_line headers[] = {{"X-Test", "yes"}};

bool site_answer(struct site *s, listen_id id, const char *body)
{
    struct listen_answer a = {.status = 200,
                              .content_type = "text/plain",
                              .headers = headers,
                              .header_count = 1,
                              .body = s->big ? s->big : body,
                              .body_len =
                                  s->big ? s->answer_len : strlen(body)};

    if (s->stream)
        return listen_stream(
            s->listen, id, &a,
            &(struct listen_source){next_line, stream_freed, s});
    return listen_answer(s->listen, id, &a);
}

static void on_request(void *arg, const struct listen_request *r)
{
    struct site *s = arg;
    const char *agent = listen_header(r, "user-agent");
    size_t n = r->body_len < sizeof(s->last.body) ? r->body_len
                                                  : sizeof(s->last.body) - 1;

    s->requests++;
    s->last = (struct asked){.id = r->id, .body_len = r->body_len};
    snprintf(s->last.method, sizeof(s->last.method), "%s", r->method);
    snprintf(s->last.target, sizeof(s->last.target), "%s", r->target);
    snprintf(s->last.agent, sizeof(s->last.agent), "%s", agent ? agent : "");
    memcpy(s->last.body, r->body, n);
    if (!s->later)
        site_answer(s, r->id, "hi");
}

static void on_turn(void *arg)
{
    struct site *s = arg;

    s->turns++;
    if (s->halts)
        listen_halt(s->listen);
}

static void on_gone(void *arg, listen_id id)
{
    struct site *s = arg;

    check(id != 0 && id <= s->last.id);
    s->gone++;
}

bool site_open(struct site *s, struct listen_options o)
{
    o.address = o.address ? o.address : "127.0.0.1";
    o.max_body = o.max_body ? o.max_body : 1000;
    o.max_connections = o.max_connections ? o.max_connections : 20;
    o.idle_seconds = o.idle_seconds ? o.idle_seconds : 30;
    o.on_request = on_request;
    o.on_turn = on_turn;
    o.on_gone = on_gone;
    o.arg = s;
    if (!s->loop)
        s->loop = loop_new(&s->err);
    return s->loop && listen_open(s->loop, &o, &s->listen, &s->err) == 0;
}

void site_close(struct site *s)
{
    listen_close(s->listen);
    if (s->loop)
        loop_free(s->loop);
    s->loop = NULL;
    free(s->big);
}

/* ---- clients ---- */

static bool connected(struct dial *d)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(listen_port(d->site->listen)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    d->fd = socket(AF_INET, SOCK_STREAM, 0);
    return connect(d->fd, (struct sockaddr *)&to, sizeof(to)) == 0;
}

/* Turn the loop; wait a moment for bytes when there is nothing to do. */
static void idle(struct dial *d)
{
    struct pollfd p = {.fd = d->fd, .events = POLLIN};

    loop_turn(d->site->loop, false);
    poll(&p, 1, 1);
}

static bool handshake(struct dial *d)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    int rc;

    X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), cert_kit()->ca.x509);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    d->ssl = SSL_new(ctx);
    SSL_CTX_free(ctx);
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(d->ssl), "127.0.0.1");
    SSL_set_fd(d->ssl, d->fd);
    for (int i = 0; i < PATIENCE_MS; i++) {
        rc = SSL_connect(d->ssl);
        if (rc == 1)
            return true;
        if (SSL_get_error(d->ssl, rc) != SSL_ERROR_WANT_READ)
            return false;
        idle(d);
    }
    return false;
}

bool dial_open(struct dial *d, struct site *s, bool tls)
{
    memset(d, 0, sizeof(*d));
    d->site = s;
    if (!connected(d))
        return false;
    fcntl(d->fd, F_SETFL, O_NONBLOCK);
    return !tls || handshake(d);
}

void dial_close(struct dial *d)
{
    SSL_free(d->ssl);
    close(d->fd);
}

void dial_say(struct dial *d, const char *text)
{
    size_t len = strlen(text);

    while (len > 0) {
        ssize_t n = d->ssl
                        ? SSL_write(d->ssl, text, (int)len)
                        : send(d->fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n > 0) {
            text += n;
            len -= (size_t)n;
        } else if (!d->ssl && errno != EAGAIN)
            return; /* refused: what was answered tells */
        loop_turn(d->site->loop, false);
    }
}

static void dial_read(struct dial *d)
{
    size_t room = sizeof(d->heard) - 1 - d->len;
    ssize_t n = d->ssl ? SSL_read(d->ssl, d->heard + d->len, (int)room)
                       : recv(d->fd, d->heard + d->len, room, 0);

    if (n > 0)
        d->len += (size_t)n;
    else if (n == 0 && !d->ssl)
        d->ended = true;
    else if (d->ssl && SSL_get_error(d->ssl, (int)n) != SSL_ERROR_WANT_READ)
        d->ended = true;
    else if (!d->ssl && errno != EAGAIN)
        d->ended = true;
    d->heard[d->len] = '\0';
}

bool dial_hear(struct dial *d, const char *text)
{
    for (int i = 0; i < PATIENCE_MS; i++) {
        char *at = strstr(d->heard, text);

        if (at) {
            size_t drop = (size_t)(at - d->heard) + strlen(text);

            memmove(d->heard, d->heard + drop, d->len - drop + 1);
            d->len -= drop;
            return true;
        }
        if (d->ended)
            return false;
        idle(d);
        dial_read(d);
    }
    return false;
}

bool dial_hear_end(struct dial *d)
{
    for (int i = 0; i < PATIENCE_MS && !d->ended; i++) {
        idle(d);
        d->len = 0;
        dial_read(d);
    }
    return d->ended;
}

bool site_until(struct site *s, const unsigned *what, unsigned n)
{
    struct dial nobody = {.site = s, .fd = -1};

    for (int i = 0; i < PATIENCE_MS && *what != n; i++)
        idle(&nobody);
    return *what == n;
}
