/* See server.h. */
#include "server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test.h"

#define SERVERS 4
#define PEERS 64

struct server {
    bool used;
    struct server_spec spec;
    int fd;
    unsigned port;
    SSL_CTX *tls;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    bool stopping;
    unsigned connections, requests;
    char last_head[8192], last_body[8192];
    struct peer peers[PEERS];
};

static struct server servers[SERVERS];

/* ---- reading and writing ---- */

static int raw_read(struct peer *p, void *data, size_t len)
{
    if (p->ssl)
        return SSL_read(p->ssl, data, (int)len);
    return (int)recv(p->fd, data, len, 0);
}

bool peer_write(struct peer *p, const void *data, size_t len)
{
    const char *at = data;

    while (len) {
        int n = p->ssl ? SSL_write(p->ssl, at, (int)len)
                       : (int)send(p->fd, at, len, MSG_NOSIGNAL);

        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

bool peer_send(struct peer *p, const char *text)
{
    return peer_write(p, text, strlen(text));
}

bool peer_answer(struct peer *p, const char *head, const char *body)
{
    char text[1024];

    snprintf(text, sizeof text, "%s\r\nContent-Length: %zu\r\n\r\n", head,
             strlen(body));
    return peer_send(p, text) && peer_send(p, body);
}

/* Read what there is onto `ahead`. */
static bool read_more(struct peer *p)
{
    size_t room = sizeof p->ahead - 1 - p->ahead_len;
    int n = room ? raw_read(p, p->ahead + p->ahead_len, room) : 0;

    if (n <= 0)
        return false;
    p->ahead_len += (size_t)n;
    p->ahead[p->ahead_len] = '\0';
    return true;
}

static void take_ahead(struct peer *p, void *data, size_t len)
{
    memcpy(data, p->ahead, len);
    p->ahead_len -= len;
    memmove(p->ahead, p->ahead + len, p->ahead_len + 1);
}

bool peer_read(struct peer *p, void *data, size_t len)
{
    while (p->ahead_len < len)
        if (!read_more(p))
            return false;
    take_ahead(p, data, len);
    return true;
}

void peer_count(struct peer *p)
{
    struct server *s = p->server;

    p->asked++;
    pthread_mutex_lock(&s->lock);
    s->requests++;
    memcpy(s->last_head, p->head, sizeof s->last_head);
    memcpy(s->last_body, p->body, sizeof s->last_body);
    pthread_mutex_unlock(&s->lock);
}

bool peer_request(struct peer *p)
{
    const char *length;
    char *end;

    p->ahead[p->ahead_len] = '\0';
    while (!(end = strstr(p->ahead, "\r\n\r\n")))
        if (!read_more(p))
            return false;
    take_ahead(p, p->head, (size_t)(end - p->ahead) + 4);
    p->head[end - p->ahead + 4] = '\0';
    length = strstr(p->head, "\r\nContent-Length: ");
    p->body_len = length ? strtoul(length + 18, NULL, 10) : 0;
    if (p->body_len >= sizeof p->body || !peer_read(p, p->body, p->body_len))
        return false;
    p->body[p->body_len] = '\0';
    peer_count(p);
    return true;
}

void peer_wait(struct peer *p)
{
    char ignored[512];

    while (raw_read(p, ignored, sizeof ignored) > 0)
        ;
}

void peer_reset(struct peer *p)
{
    struct linger hard = {.l_onoff = 1, .l_linger = 0};

    setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    SSL_free(p->ssl);
    p->ssl = NULL;
    pthread_mutex_lock(&p->server->lock);
    close(p->fd);
    p->fd = -1;
    pthread_mutex_unlock(&p->server->lock);
}

/* ---- TLS ---- */

static int select_h2(SSL *ssl, const unsigned char **out,
                     unsigned char *out_len, const unsigned char *in,
                     unsigned in_len, void *arg)
{
    static const unsigned char offered[] = "\x02h2\x08http/1.1";
    unsigned char *chosen;

    (void)ssl;
    (void)arg;
    if (SSL_select_next_proto(&chosen, out_len, offered, sizeof offered - 1, in,
                              in_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *tls_context(const struct server_spec *spec)
{
    static const unsigned char session_context[] = "test";
    SSL_CTX *c = SSL_CTX_new(TLS_server_method());

    SSL_CTX_use_certificate(c, spec->cert->x509);
    SSL_CTX_use_PrivateKey(c, spec->cert->key);
    SSL_CTX_set_session_id_context(c, session_context, 4);
    if (spec->http2)
        SSL_CTX_set_alpn_select_cb(c, select_h2, NULL);
    if (spec->client_ca) {
        X509_STORE_add_cert(SSL_CTX_get_cert_store(c), spec->client_ca->x509);
        SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                           NULL);
    }
    return c;
}

bool peer_start_tls(struct peer *p)
{
    const unsigned char *protocol = NULL;
    unsigned len = 0;

    p->ssl = SSL_new(p->server->tls);
    SSL_set_fd(p->ssl, p->fd);
    if (SSL_accept(p->ssl) != 1)
        return false;
    SSL_get0_alpn_selected(p->ssl, &protocol, &len);
    p->http2 = len == 2 && memcmp(protocol, "h2", 2) == 0;
    p->resumed = SSL_session_reused(p->ssl);
    return true;
}

const char *peer_subject(struct peer *p)
{
    static char name[256];
    X509 *x = p->ssl ? SSL_get0_peer_certificate(p->ssl) : NULL;

    name[0] = '\0';
    if (x)
        X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName,
                                  name, sizeof name);
    return name;
}

/* ---- threads ---- */

static void *serve(void *peer)
{
    struct peer *p = peer;
    struct server *s = p->server;
    bool plain = !s->spec.cert || s->spec.tls_later;

    if (plain || peer_start_tls(p))
        s->spec.script(p);
    if (p->ssl && p->fd >= 0)
        SSL_shutdown(p->ssl);
    SSL_free(p->ssl);
    p->ssl = NULL;
    pthread_mutex_lock(&s->lock);
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void welcome(struct server *s, int fd)
{
    struct peer *p;
    int on = 1;

    pthread_mutex_lock(&s->lock);
    if (s->stopping || s->connections == PEERS) {
        close(fd);
    } else {
        p = &s->peers[s->connections++];
        memset(p, 0, sizeof *p);
        p->server = s;
        p->number = s->connections;
        p->arg = s->spec.arg;
        p->text = s->spec.text;
        p->fd = fd;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        pthread_create(&p->thread, NULL, serve, p);
    }
    pthread_mutex_unlock(&s->lock);
}

static void *listen_on(void *server)
{
    struct server *s = server;
    int fd;

    while ((fd = accept(s->fd, NULL, NULL)) >= 0)
        welcome(s, fd);
    return NULL;
}

/* ---- start and stop ---- */

static int bind_free_port(unsigned *ret_port)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(bind(fd, (struct sockaddr *)&at, sizeof at) == 0);
    getsockname(fd, (struct sockaddr *)&at, &len);
    *ret_port = ntohs(at.sin_port);
    return fd;
}

unsigned server_free_port(void)
{
    unsigned port;

    close(bind_free_port(&port));
    return port;
}

struct server *server_start(struct server_spec spec)
{
    struct server *s = servers;

    while (s < servers + SERVERS && s->used)
        s++;
    if (!check(s < servers + SERVERS))
        abort();
    memset(s, 0, offsetof(struct server, peers));
    s->used = true;
    s->spec = spec;
    pthread_mutex_init(&s->lock, NULL);
    if (spec.cert)
        s->tls = tls_context(&spec);
    s->fd = bind_free_port(&s->port);
    check(listen(s->fd, 64) == 0);
    pthread_create(&s->thread, NULL, listen_on, s);
    return s;
}

void server_stop(struct server *s)
{
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    shutdown(s->fd, SHUT_RDWR);
    for (unsigned i = 0; i < s->connections; i++)
        if (s->peers[i].fd >= 0)
            shutdown(s->peers[i].fd, SHUT_RDWR);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    for (unsigned i = 0; i < s->connections; i++)
        pthread_join(s->peers[i].thread, NULL);
    close(s->fd);
    SSL_CTX_free(s->tls);
    pthread_mutex_destroy(&s->lock);
    s->used = false;
}

unsigned server_port(const struct server *s)
{
    return s->port;
}

static unsigned locked_count(struct server *s, const unsigned *count)
{
    unsigned n;

    pthread_mutex_lock(&s->lock);
    n = *count;
    pthread_mutex_unlock(&s->lock);
    return n;
}

unsigned server_connections(struct server *s)
{
    return locked_count(s, &s->connections);
}

unsigned server_requests(struct server *s)
{
    return locked_count(s, &s->requests);
}

const char *server_last(struct server *s, bool head)
{
    static char copy[8192];

    pthread_mutex_lock(&s->lock);
    memcpy(copy, head ? s->last_head : s->last_body, sizeof copy);
    pthread_mutex_unlock(&s->lock);
    return copy;
}
