/* TLS of http.h: who is trusted, and what is said when nobody is (AU-7). */
#include "client.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

#define OK_HI "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

static void say_hi(struct peer *p)
{
    while (peer_request(p))
        peer_send(p, OK_HI);
}

/* A server with this certificate, and a config that trusts the test CA. */
static void init_with(struct fixture *f, const struct cert *cert)
{
    fixture_init(f, (struct server_spec){.script = say_hi, .cert = cert});
}

static void trust(struct fixture *f, const char *pem)
{
    f->config.ca_data = pem;
    f->config.ca_data_len = strlen(pem);
}

static void get(struct fixture *f, struct answer *a)
{
    fixture_client(f);
    fixture_get(f, "/version", a);
    fixture_stop(f);
}

TEST(http_trusts_a_server_of_the_given_authority)
{
    struct fixture f;
    struct answer a;

    init_with(&f, &cert_kit()->server);
    get(&f, &a);
    check_str(answer_error(&a), "");
    check_str(a.body, "hi");
}

TEST(http_refuses_a_server_of_another_authority_and_names_the_data)
{
    struct fixture f;
    struct answer a;

    init_with(&f, &cert_kit()->foreign);
    get(&f, &a);
    check_str(answer_error(&a), "TLS");
    check_has(a.err.msg, "cannot verify 'https://127.0.0.1:");
    check_has(a.err.msg, "certificate-authority-data of cluster 'testing'");
    check_has(a.err.hint, "fetch the kubeconfig again");
    check(!a.sent);
    check_int(a.status, 0);
}

TEST(http_without_an_authority_falls_back_to_the_system)
{
    struct fixture f;
    struct answer a;

    init_with(&f, &cert_kit()->server);
    f.config.ca_data = NULL;
    f.config.ca_data_len = 0;
    get(&f, &a);
    check_str(answer_error(&a), "TLS");
    check_has(a.err.msg, "the system's certificate authorities");
}

TEST(http_refuses_a_certificate_for_another_name)
{
    struct fixture f;
    struct answer a;

    init_with(&f, &cert_kit()->named);
    get(&f, &a);
    check_str(answer_error(&a), "TLS");
    check_has(a.err.msg, "its certificate is not for '127.0.0.1'");
    check_has(a.err.hint, "tls-server-name");
}

TEST(http_refuses_an_expired_certificate)
{
    struct fixture f;
    struct answer a;

    init_with(&f, &cert_kit()->expired);
    get(&f, &a);
    check_str(answer_error(&a), "TLS");
    check_has(a.err.msg, "expired");
    check_has(a.err.hint, "renew");
}

TEST(http_verifies_the_tls_server_name_instead_of_the_host)
{
    struct fixture f;
    struct answer a;
    char host[64];

    init_with(&f, &cert_kit()->named);
    f.config.tls_server_name = "kubernetes.default.svc";
    snprintf(host, sizeof host, "\r\nHost: 127.0.0.1:%u\r\n",
             server_port(f.server));
    fixture_client(&f);
    fixture_get(&f, "/version", &a);
    check_str(answer_error(&a), "");
    check_str(a.body, "hi");
    check_has(server_last(f.server, true), host); /* gateways route by it */
    fixture_stop(&f);

    init_with(&f, &cert_kit()->server);
    f.config.tls_server_name = "kubernetes.default.svc";
    get(&f, &a);
    check_str(answer_error(&a), "TLS");
    check_has(a.err.msg, "not for 'kubernetes.default.svc'");
}

TEST(http_verifies_nothing_when_the_kubeconfig_says_insecure)
{
    struct fixture f;
    struct answer a;

    init_with(&f, &cert_kit()->foreign);
    f.config.insecure = true;
    trust(&f, "");
    get(&f, &a);
    check_str(answer_error(&a), "");
    check_str(a.body, "hi");
}

TEST(http_names_an_authority_that_holds_no_certificate)
{
    struct fixture f;
    struct answer a;

    init_with(&f, &cert_kit()->server);
    trust(&f, "not a certificate\n");
    get(&f, &a);
    check_str(answer_error(&a), "TLS");
    check_has(a.err.msg, "no certificate in it");
}

static void answer_plainly(struct peer *p)
{
    peer_answer(p, "HTTP/1.1 400 Bad Request", "this is not TLS");
    peer_wait(p);
}

TEST(http_names_a_port_that_does_not_speak_tls)
{
    struct fixture f;
    struct answer a;

    fixture_init(&f, (struct server_spec){.script = answer_plainly});
    snprintf(f.url, sizeof f.url, "https://127.0.0.1:%u",
             server_port(f.server));
    fixture_client(&f);
    fixture_get(&f, "/", &a);
    check_str(answer_error(&a), "TLS");
    check_has(a.err.hint, "HTTPS port");
    check(!a.sent);
    fixture_stop(&f);
}

/* ---- client certificates ---- */

static void say_subject(struct peer *p)
{
    while (peer_request(p))
        peer_answer(p, "HTTP/1.1 200 OK", peer_subject(p));
}

static void get_as(const struct cert *user, struct answer *a)
{
    struct fixture f;

    fixture_init(&f, (struct server_spec){.script = say_subject,
                                          .cert = &cert_kit()->server,
                                          .client_ca = &cert_kit()->ca});
    if (user) {
        f.config.cert_data = user->pem;
        f.config.cert_data_len = strlen(user->pem);
        f.config.key_data = user->key_pem;
        f.config.key_data_len = strlen(user->key_pem);
    }
    get(&f, a);
}

TEST(http_shows_its_client_certificate)
{
    struct answer a;

    get_as(&cert_kit()->client, &a);
    check_str(answer_error(&a), "");
    check_str(a.body, "client");
}

TEST(http_reports_a_server_that_wants_another_client_certificate)
{
    struct answer a;

    get_as(NULL, &a);
    check(a.err.code == ERR_CONNECT || a.err.code == ERR_TLS);
    get_as(&cert_kit()->stranger, &a);
    check(a.err.code == ERR_CONNECT || a.err.code == ERR_TLS);
}

/* ---- sessions ---- */

static void say_resumed(struct peer *p)
{
    if (peer_request(p))
        peer_answer(p, "HTTP/1.1 200 OK\r\nConnection: close",
                    p->resumed ? "resumed" : "new");
}

TEST(http_resumes_tls_sessions_across_its_pools)
{
    struct fixture f;
    struct answer a, w = {0};

    fixture_start(&f, (struct server_spec){.script = say_resumed,
                                           .cert = &cert_kit()->server});
    fixture_get(&f, "/", &a);
    check_str(a.body, "new");
    fixture_watch(&f, "/?watch=1", &w);
    check(fixture_done(&f, &w));
    check_str(w.data, "resumed");
    fixture_stop(&f);
}

/* ---- the authority as a file ---- */

static void write_file(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");

    if (check(out != NULL)) {
        fputs(text, out);
        fclose(out);
    }
}

static void init_from_file(struct fixture *f, char *path, const char *pem)
{
    int fd;

    init_with(f, &cert_kit()->server);
    trust(f, "");
    strcpy(path, "/tmp/tidelock-test-ca-XXXXXX");
    fd = mkstemp(path);
    check(fd >= 0);
    close(fd);
    write_file(path, pem);
    f->config.ca_file = path;
}

/* A time stamp of the past, so that the next write surely has another. */
static void age(const char *path)
{
    struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};

    check(utimensat(AT_FDCWD, path, old, 0) == 0);
}

/* rows: S140, D41
 * broken: the authority was never read again */
TEST(http_rereads_the_authority_when_its_file_has_changed)
{
    struct fixture f;
    struct answer a;
    char path[64];

    init_from_file(&f, path, cert_kit()->other_ca.pem);
    age(path);
    fixture_client(&f);
    fixture_get(&f, "/", &a);
    check_str(answer_error(&a), "TLS");
    check_has(a.err.msg, path);

    write_file(path, cert_kit()->ca.pem);
    fixture_get(&f, "/", &a); /* refused, re-read, sent again */
    check_str(answer_error(&a), "");
    check_str(a.body, "hi");
    check_int(http_stats(f.http).retries, 1);
    fixture_stop(&f);
    unlink(path);
}

/* rows: D41
 * broken: only the first of them found another text, and the rest failed */
TEST(http_takes_the_new_authority_for_all_that_were_refused_at_once)
{
    const struct request r = {.method = HTTP_GET, .path = "/"};
    struct answer answers[4] = {0};
    struct fixture f;
    char path[64];

    init_from_file(&f, path, cert_kit()->other_ca.pem);
    age(path);
    if (fixture_client(&f)) {
        write_file(path, cert_kit()->ca.pem);
        for (size_t i = 0; i < 4; i++)
            fixture_send(&f, &r, answer_call(&answers[i]));
        for (size_t i = 0; i < 4; i++) {
            check(fixture_done(&f, &answers[i]));
            check_str(answer_error(&answers[i]), "");
        }
        check_int(http_stats(f.http).retries, 4);
    }
    fixture_stop(&f);
    unlink(path);
}

/* rows: S140
 * broken: an authority that could not be read took the place of the old one */
TEST(http_keeps_the_old_authority_when_the_file_is_gone_or_empty)
{
    struct fixture f;
    struct answer a;
    char path[64];

    init_from_file(&f, path, cert_kit()->other_ca.pem);
    age(path);
    fixture_client(&f);
    write_file(path, "");
    fixture_get(&f, "/", &a);
    check_str(answer_error(&a), "TLS");
    check_int(http_stats(f.http).retries, 0);
    unlink(path);
    fixture_get(&f, "/", &a);
    check_str(answer_error(&a), "TLS");
    fixture_stop(&f);
}

static void refused_config(struct fixture *f, const char *code,
                           const char *part)
{
    check(!fixture_client(f));
    check_str(err_name(f->err.code), code);
    check_has(f->err.msg, part);
    fixture_stop(f);
}

TEST(http_refuses_an_authority_it_cannot_read)
{
    struct fixture f;
    char path[64];

    init_from_file(&f, path, "");
    refused_config(&f, "CONFIG", "is empty");
    unlink(path);
    init_with(&f, &cert_kit()->server);
    trust(&f, "");
    f.config.ca_file = "/nonexistent/ca.crt";
    refused_config(&f, "IO", "/nonexistent/ca.crt");
}

/* ---- where the server is ---- */

TEST(http_refuses_a_server_that_is_no_url)
{
    static const char *const urls[][2] = {
        {"", "names no server"},
        {"://", "not a URL"},
        {"ftp://127.0.0.1", "neither https nor http"},
        {"https://me:secret@127.0.0.1", "carries a user name"},
    };
    struct fixture f;

    for (unsigned i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        fixture_init(&f, (struct server_spec){0});
        f.config.server = urls[i][0];
        check(!fixture_client(&f));
        check_str(err_name(f.err.code), "CONFIG");
        check_has(f.err.msg, urls[i][1]);
        check(strstr(f.err.msg, "secret") == NULL);
        fixture_stop(&f);
    }
}

/* ---- proxies ---- */

/* CONNECT, then TLS with the server itself at the other end. */
static void tunnel(struct peer *p)
{
    if (!peer_request(p))
        return;
    check(strstr(p->head, "secret") == NULL);
    peer_send(p, "HTTP/1.1 200 Established\r\nETag: \"proxy\"\r\n\r\n");
    if (peer_start_tls(p))
        say_hi(p);
}

static void proxy_url(char proxy[64], const char *scheme, unsigned port)
{
    snprintf(proxy, 64, "%s://127.0.0.1:%u", scheme, port);
}

static void init_proxied(struct fixture *f, script_fn script, char proxy[64])
{
    fixture_init(f, (struct server_spec){.script = script,
                                         .cert = &cert_kit()->server,
                                         .tls_later = true});
    proxy_url(proxy, "http", server_port(f->server));
    f->config.proxy_url = proxy;
    f->config.token = "secret";
    strcpy(f->url, "https://127.0.0.1:6443");
}

TEST(http_goes_through_a_proxy_and_shows_it_no_token)
{
    struct fixture f;
    struct answer a;
    char proxy[64];

    init_proxied(&f, tunnel, proxy);
    fixture_client(&f);
    fixture_get(&f, "/version", &a);
    check_str(answer_error(&a), "");
    check_str(a.body, "hi");
    check_str(a.etag, ""); /* the proxy's headers are not the server's */
    check_has(server_last(f.server, true), "Bearer secret");
    fixture_stop(&f);
}

static void refuse_tunnel(struct peer *p)
{
    if (peer_request(p))
        peer_answer(p, "HTTP/1.1 407 Proxy Authentication Required", "");
}

TEST(http_names_a_proxy_that_refuses)
{
    struct fixture f;
    struct answer a;
    char proxy[64];

    init_proxied(&f, refuse_tunnel, proxy);
    fixture_client(&f);
    fixture_write(&f, "{}", &a);
    check_str(answer_error(&a), "CONNECT");
    check_has(a.err.msg, "through 'http://127.0.0.1:");
    check_has(a.err.hint, "407");
    check(!a.sent);
    fixture_stop(&f);
}

/* RFC 1928 without authentication; the name is left to the proxy. */
static void socks(struct peer *p)
{
    unsigned char hello[4], request[5], name[256], port[2];
    static const unsigned char granted[] = {5, 0, 0, 1, 0, 0, 0, 0, 0, 0};

    if (!peer_read(p, hello, 2) || !peer_read(p, name, hello[1]))
        return;
    peer_write(p, "\x05\x00", 2);
    if (!peer_read(p, request, 5) || !peer_read(p, name, request[4]) ||
        !peer_read(p, port, 2))
        return;
    check_int(request[3], 3); /* a name, not an address */
    peer_write(p, granted, sizeof granted);
    say_hi(p);
}

TEST(http_leaves_names_to_a_socks_proxy)
{
    struct fixture f;
    struct answer a;
    char proxy[64];

    fixture_init(&f, (struct server_spec){.script = socks});
    proxy_url(proxy, "socks5", server_port(f.server));
    f.config.proxy_url = proxy;
    f.config.server = "http://apiserver.example.com";
    fixture_client(&f);
    fixture_get(&f, "/version", &a);
    check_str(answer_error(&a), "");
    check_str(a.body, "hi");
    fixture_stop(&f);
}

TEST(http_refuses_a_proxy_it_cannot_use)
{
    struct fixture f;

    fixture_init(&f, (struct server_spec){0});
    f.config.proxy_url = "ftp://127.0.0.1:3128";
    refused_config(&f, "CONFIG", "scheme 'ftp'");
    fixture_init(&f, (struct server_spec){0});
    f.config.proxy_url = "http://user:pass@[";
    refused_config(&f, "CONFIG", "proxy-url '(withheld)'");
}
