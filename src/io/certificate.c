/*
 * certificate.c -- see certificate.h for the contract.
 */
#include "io/certificate.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>

#define HOUR 3600L
#define YEAR (365 * 24 * HOUR)

struct pair {
    X509 *x509;
    EVP_PKEY *key;
};

static void pair_release(struct pair *p)
{
    X509_free(p->x509);
    EVP_PKEY_free(p->key);
}

static bool add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *e;
    bool ok;

    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    ok = e && X509_add_ext(x, e, -1) == 1;
    X509_EXTENSION_free(e);
    return ok;
}

static bool set_serial(X509 *x)
{
    unsigned char bytes[8];
    BIGNUM *number;
    bool ok;

    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return false;
    bytes[0] &= 0x7f; /* positive */
    number = BN_bin2bn(bytes, sizeof(bytes), NULL);
    ok = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x));
    BN_free(number);
    return ok;
}

static bool set_name(X509 *x, const char *text)
{
    return X509_NAME_add_entry_by_txt(
               X509_get_subject_name(x), "CN", MBSTRING_UTF8,
               (const unsigned char *)text, -1, -1, 0) == 1;
}

/* What both have: a fresh key, a number, a name, ten years from an hour ago.
 */
static bool pair_begin(struct pair *p, const char *name)
{
    p->key = EVP_EC_gen("P-256");
    p->x509 = X509_new();
    return p->key && p->x509 && X509_set_version(p->x509, X509_VERSION_3) &&
           set_serial(p->x509) && set_name(p->x509, name) &&
           X509_gmtime_adj(X509_getm_notBefore(p->x509), -HOUR) &&
           X509_gmtime_adj(X509_getm_notAfter(p->x509), 10 * YEAR) &&
           X509_set_pubkey(p->x509, p->key);
}

static bool make_authority(struct pair *ca)
{
    return pair_begin(ca, "tidelock sim, made at its start") &&
           X509_set_issuer_name(ca->x509, X509_get_subject_name(ca->x509)) &&
           add_extension(ca->x509, ca->x509, NID_basic_constraints,
                         "critical,CA:TRUE,pathlen:0") &&
           add_extension(ca->x509, ca->x509, NID_key_usage,
                         "critical,keyCertSign") &&
           add_extension(ca->x509, ca->x509, NID_subject_key_identifier,
                         "hash") &&
           X509_sign(ca->x509, ca->key, EVP_sha256()) > 0;
}

static bool make_server(struct pair *s, const struct pair *ca,
                        const char *names)
{
    return pair_begin(s, "tidelock sim") &&
           X509_set_issuer_name(s->x509, X509_get_subject_name(ca->x509)) &&
           add_extension(s->x509, ca->x509, NID_basic_constraints,
                         "critical,CA:FALSE") &&
           add_extension(s->x509, ca->x509, NID_key_usage,
                         "critical,digitalSignature") &&
           add_extension(s->x509, ca->x509, NID_ext_key_usage, "serverAuth") &&
           add_extension(s->x509, ca->x509, NID_authority_key_identifier,
                         "keyid") &&
           add_extension(s->x509, ca->x509, NID_subject_alt_name, names) &&
           X509_sign(s->x509, ca->key, EVP_sha256()) > 0;
}

/* The text of a certificate, or of a key. */
static const char *pem(struct arena *a, X509 *x509, EVP_PKEY *key)
{
    BIO *out = BIO_new(BIO_s_mem());
    const char *text = NULL;
    char *data;
    long len;

    if (!out)
        return NULL;
    if (x509 ? PEM_write_bio_X509(out, x509)
             : PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL)) {
        len = BIO_get_mem_data(out, &data);
        text = arena_strndup(a, data, (size_t)len);
    }
    BIO_free(out);
    return text;
}

static bool is_address(const char *text)
{
    ASN1_OCTET_STRING *bytes = a2i_IPADDRESS(text);
    const bool ok = bytes != NULL;

    ASN1_OCTET_STRING_free(bytes);
    ERR_clear_error();
    return ok;
}

int certificate_make(struct arena *a, const char *address,
                     struct certificate *ret, struct err *err)
{
    const char *names =
        arena_printf(a, "DNS:localhost,IP:127.0.0.1,IP:::1%s%s",
                     address ? ",IP:" : "", address ? address : "");
    struct pair ca = {0}, server = {0};
    struct certificate c = {0};
    bool made;

    if (address && !is_address(address))
        return err_set(err, ERR_USAGE, "'%s' is no IP address", address);
    made = names && make_authority(&ca) && make_server(&server, &ca, names);
    if (made) {
        c.authority = pem(a, ca.x509, NULL);
        c.server = pem(a, server.x509, NULL);
        c.key = pem(a, NULL, server.key);
    }
    pair_release(&ca);
    pair_release(&server);
    if (!names || (made && (!c.authority || !c.server || !c.key)))
        return err_nomem(err);
    if (!made) {
        ERR_clear_error();
        return err_set(err, ERR_TLS, "cannot make a certificate");
    }
    *ret = c;
    return 0;
}

/* ---- one that was given ---- */

static int check_pair(X509 *x509, EVP_PKEY *key, struct err *err)
{
    if (!x509)
        return err_set(err, ERR_TLS, "the certificate is no PEM text");
    if (!key)
        return err_set(err, ERR_TLS, "the key is no PEM text, or is encrypted");
    if (X509_check_private_key(x509, key) != 1)
        return err_set(err, ERR_TLS, "the key is not the certificate's");
    return 0;
}

/* No terminal is asked for a password. */
static int no_password(char *text, int size, int writing, void *arg)
{
    (void)text;
    (void)size;
    (void)writing;
    (void)arg;
    return -1;
}

int certificate_check(const char *certificate, const char *key, struct err *err)
{
    BIO *public = BIO_new_mem_buf(certificate, -1);
    BIO *private = BIO_new_mem_buf(key, -1);
    X509 *x509 = NULL;
    EVP_PKEY *pkey = NULL;
    int rc;

    if (public && private) {
        x509 = PEM_read_bio_X509(public, NULL, no_password, NULL);
        pkey = PEM_read_bio_PrivateKey(private, NULL, no_password, NULL);
        rc = check_pair(x509, pkey, err);
    } else {
        rc = err_nomem(err);
    }
    ERR_clear_error();
    X509_free(x509);
    EVP_PKEY_free(pkey);
    BIO_free(public);
    BIO_free(private);
    return rc;
}
