/* The throwaway certificate: is it one that clients take? */
#include "io/certificate.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "support/certs.h"
#include "test.h"

static X509 *parse(const char *pem)
{
    BIO *in = BIO_new_mem_buf(pem, -1);
    X509 *x = PEM_read_bio_X509(in, NULL, NULL, NULL);

    BIO_free(in);
    return x;
}

static bool verifies(X509 *server, X509 *ca)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    bool ok;

    X509_STORE_add_cert(store, ca);
    X509_STORE_CTX_init(ctx, store, server, NULL);
    X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER);
    X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(ctx),
                                X509_V_FLAG_X509_STRICT);
    ok = X509_verify_cert(ctx) == 1;
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    return ok;
}

TEST(certificate_is_good_for_this_machine)
{
    struct arena a = {0};
    struct certificate c, other;
    struct err err = {0};
    X509 *server, *ca, *stranger;

    check_ok(certificate_make(&a, "192.0.2.7", &c, &err), &err);
    check_ok(certificate_make(&a, NULL, &other, &err), &err);
    server = parse(c.server);
    ca = parse(c.authority);
    stranger = parse(other.authority);
    check(verifies(server, ca));
    check(!verifies(server, stranger));
    check_int(X509_check_ip_asc(server, "127.0.0.1", 0), 1);
    check_int(X509_check_ip_asc(server, "::1", 0), 1);
    check_int(X509_check_ip_asc(server, "192.0.2.7", 0), 1);
    check_int(X509_check_ip_asc(server, "192.0.2.8", 0), 0);
    check_int(X509_check_host(server, "localhost", 0, 0, NULL), 1);
    check_has(c.key, "-----BEGIN PRIVATE KEY-----\n");
    X509_free(server);
    X509_free(ca);
    X509_free(stranger);
    arena_release(&a);
}

TEST(certificate_refuses_what_is_no_address)
{
    struct arena a = {0};
    struct certificate c;
    struct err err = {0};

    check_int(certificate_make(&a, "nowhere", &c, &err), -ERR_USAGE);
    check_str(err.msg, "'nowhere' is no IP address");
    arena_release(&a);
}

TEST_ALLOC(certificate_survives_out_of_memory)
{
    struct arena a = {0};
    struct certificate c;
    int rc = certificate_make(&a, NULL, &c, NULL);

    if (rc == 0)
        check_has(c.server, "-----BEGIN CERTIFICATE-----\n");
    arena_release(&a);
    return rc;
}

TEST(a_certificate_and_its_key_belong_together)
{
    const struct cert_kit *kit = cert_kit();
    static const char broken[] = "-----BEGIN CERTIFICATE-----\nAAAA\n";
    struct err err = {0};

    check_ok(certificate_check(kit->server.pem, kit->server.key_pem, &err),
             &err);
    check_int(certificate_check(kit->server.pem, kit->client.key_pem, &err),
              -ERR_TLS);
    check_has(err.msg, "the key is not the certificate's");
    check_int(certificate_check(broken, kit->server.key_pem, &err), -ERR_TLS);
    check_int(certificate_check(kit->server.pem, "", &err), -ERR_TLS);
}
