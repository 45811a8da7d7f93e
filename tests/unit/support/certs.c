/* See certs.h. Keys are P-256: making one takes well under a millisecond. */
#include "certs.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "test.h"

static void add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *extension;

    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    if (check(extension != NULL))
        X509_add_ext(x, extension, -1);
    X509_EXTENSION_free(extension);
}

static void set_dates(X509 *x, const struct cert_spec *spec)
{
    const long day = 24 * 3600;
    bool given = spec->valid_from || spec->valid_to;

    X509_gmtime_adj(X509_getm_notBefore(x), given ? spec->valid_from : -day);
    X509_gmtime_adj(X509_getm_notAfter(x), given ? spec->valid_to : day);
}

static void write_pem(struct cert *c)
{
    BIO *out = BIO_new(BIO_s_mem());

    PEM_write_bio_X509(out, c->x509);
    check(BIO_read(out, c->pem, sizeof c->pem - 1) > 0);
    check(BIO_pending(out) == 0);
    PEM_write_bio_PrivateKey(out, c->key, NULL, NULL, 0, NULL, NULL);
    check(BIO_read(out, c->key_pem, sizeof c->key_pem - 1) > 0);
    check(BIO_pending(out) == 0);
    BIO_free(out);
}

static void make(struct cert *c, struct cert_spec spec)
{
    static long serial = 1;
    const struct cert *by = spec.issuer ? spec.issuer : c;
    X509_NAME *name;

    memset(c, 0, sizeof *c);
    c->key = EVP_EC_gen("P-256");
    c->x509 = X509_new();
    X509_set_version(c->x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(c->x509), serial++);
    X509_set_pubkey(c->x509, c->key);
    name = X509_get_subject_name(c->x509);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                               (const unsigned char *)spec.name, -1, -1, 0);
    X509_set_issuer_name(c->x509, X509_get_subject_name(by->x509));
    set_dates(c->x509, &spec);
    add_extension(c->x509, by->x509, NID_basic_constraints,
                  spec.issuer ? "CA:FALSE" : "critical,CA:TRUE");
    if (spec.alt_names)
        add_extension(c->x509, by->x509, NID_subject_alt_name, spec.alt_names);
    check(X509_sign(c->x509, by->key, EVP_sha256()) > 0);
    write_pem(c);
}

static struct cert_kit kit;

static void make_kit(void)
{
    const char *local = "IP:127.0.0.1,DNS:localhost";

    make(&kit.ca, (struct cert_spec){.name = "test CA"});
    make(&kit.other_ca, (struct cert_spec){.name = "another CA"});
    make(&kit.server, (struct cert_spec){.name = "server",
                                         .alt_names = local,
                                         .issuer = &kit.ca});
    make(&kit.named,
         (struct cert_spec){.name = "named",
                            .alt_names = "DNS:kubernetes.default.svc",
                            .issuer = &kit.ca});
    make(&kit.expired, (struct cert_spec){.name = "expired",
                                          .alt_names = local,
                                          .issuer = &kit.ca,
                                          .valid_from = -2 * 86400,
                                          .valid_to = -86400});
    make(&kit.foreign, (struct cert_spec){.name = "foreign",
                                          .alt_names = local,
                                          .issuer = &kit.other_ca});
    make(&kit.client, (struct cert_spec){.name = "client", .issuer = &kit.ca});
    make(&kit.stranger,
         (struct cert_spec){.name = "stranger", .issuer = &kit.other_ca});
}

const struct cert_kit *cert_kit(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, make_kit);
    return &kit;
}
