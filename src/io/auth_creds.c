/*
 * auth_creds.c -- secrets and the kubeconfig to what a request carries; see
 *                 auth_impl.h.
 *
 * The headers are made once per generation, not once per request. Texts that
 * come from a kubeconfig or a plugin were checked to be of one line where they
 * were read; impersonation is checked here, where its headers are made.
 */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "auth_impl.h"
#include "base/hash.h"
#include "base/mem.h"

/* ---- certificate and key ---- */

/* NULL: out of memory. */
static BIO *read_only(const char *text, size_t len)
{
    return BIO_new_mem_buf(text, (int)len);
}

int auth_check_pair(const struct auth_secret *s, struct err *err)
{
    BIO *cert_bio = read_only(s->cert, s->cert_len);
    BIO *key_bio = read_only(s->key, s->key_len);
    X509 *cert = NULL;
    EVP_PKEY *key = NULL;
    const char *what = NULL;

    /* "" as password: without it OpenSSL would ask the terminal for one */
    if (cert_bio && key_bio) {
        cert = PEM_read_bio_X509(cert_bio, NULL, NULL, (void *)"");
        key = PEM_read_bio_PrivateKey(key_bio, NULL, NULL, (void *)"");
    }
    if (!cert)
        what = "the client certificate is not PEM of a certificate";
    else if (!key)
        what = "the client key is not PEM of an unencrypted private key";
    else if (X509_check_private_key(cert, key) != 1)
        what = "client certificate and client key do not belong together";
    EVP_PKEY_free(key);
    X509_free(cert);
    BIO_free(key_bio);
    BIO_free(cert_bio);
    ERR_clear_error();
    return what ? err_set(err, ERR_CONFIG, "%s", what) : 0;
}

/* ---- headers ---- */

struct header_list {
    struct arena *arena;
    const char **items; /* NULL-terminated */
    size_t count, cap;
    struct err *err;
};

/* Appends `text`, which is NULL when there was no memory for it. */
static int add_text(struct header_list *l, const char *text)
{
    if (!text)
        return err_nomem(l->err);
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return err_set(l->err, ERR_CONFIG,
                           "cannot send a credential with a control character "
                           "in it");
    if (l->count + 1 >= l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 8;
        const char **items = arena_calloc(l->arena, cap, sizeof *items);

        if (!items)
            return err_nomem(l->err);
        if (l->count)
            memcpy(items, l->items, l->count * sizeof *items);
        l->items = items;
        l->cap = cap;
    }
    l->items[l->count++] = text;
    return 0;
}

static int add_header(struct header_list *l, const char *name,
                      const char *value)
{
    return add_text(l, arena_printf(l->arena, "%s: %s", name, value));
}

/* User and password, base64 of "user:password". */
static int add_basic(struct header_list *l, const struct kubeconfig *c)
{
    struct str plain, coded;
    int rc;

    str_init(&plain, 0);
    str_init(&coded, 0);
    str_addf(&plain, "%s:%s", c->username ? c->username : "",
             c->password ? c->password : "");
    str_add(&coded, "Authorization: Basic ");
    rc = str_check(&plain, "password", l->err);
    if (rc == 0)
        hash_base64_encode(plain.data, plain.len, &coded);
    if (rc == 0)
        rc = str_check(&coded, "password", l->err);
    if (rc == 0)
        rc = add_text(l, arena_strdup(l->arena, str_text(&coded)));
    str_release(&plain);
    str_release(&coded);
    return rc;
}

/* A key of as-user-extra as part of a header's name: lower case, everything
 * that a name may not hold as %XX (AU-5). */
static void print_extra_key(struct str *out, const char *key)
{
    for (; *key; key++) {
        unsigned char c = (unsigned char)*key;

        if (c >= 'A' && c <= 'Z')
            c = (unsigned char)(c - 'A' + 'a');
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
            strchr("!#$&'*+-.^_`|~", c))
            str_addc(out, (char)c);
        else
            str_addf(out, "%%%02X", c);
    }
}

/* One header for each value of one key. */
static int add_extra(struct header_list *l, const struct value_member *m)
{
    struct str name;
    int rc;

    str_init(&name, 0);
    str_add(&name, "Impersonate-Extra-");
    print_extra_key(&name, m->key);
    rc = str_check(&name, "as-user-extra", l->err);
    for (uint32_t i = 0; rc == 0 && i < m->value->count; i++)
        rc = add_header(l, str_text(&name), value_text(m->value->as.items[i]));
    str_release(&name);
    return rc;
}

static int add_impersonation(struct header_list *l, const struct kubeconfig *c)
{
    uint32_t extras = c->as_extra ? c->as_extra->count : 0;
    int rc = 0;

    if (!c->as)
        return 0;
    rc = add_header(l, "Impersonate-User", c->as);
    if (rc == 0 && c->as_uid)
        rc = add_header(l, "Impersonate-Uid", c->as_uid);
    for (size_t i = 0; rc == 0 && c->as_groups && c->as_groups[i]; i++)
        rc = add_header(l, "Impersonate-Group", c->as_groups[i]);
    for (uint32_t i = 0; rc == 0 && i < extras; i++)
        rc = add_extra(l, &c->as_extra->as.members[i]);
    return rc;
}

/* A token wins over a password; impersonation comes with either. */
static int add_headers(struct header_list *l, const struct kubeconfig *c,
                       const char *token)
{
    int rc = 0;

    l->items = arena_calloc(l->arena, 1, sizeof *l->items);
    if (!l->items)
        return err_nomem(l->err);
    if (token)
        rc = add_text(
            l, arena_printf(l->arena, "Authorization: Bearer %s", token));
    else if (c->username || c->password)
        rc = add_basic(l, c);
    return rc < 0 ? rc : add_impersonation(l, c);
}

/* ---- generations ---- */

struct auth_creds *auth_creds_ref(struct auth_creds *c)
{
    c->refs++;
    return c;
}

void auth_creds_unref(struct auth_creds *c)
{
    if (!c || --c->refs)
        return;
    arena_release(&c->arena);
    mem_free(c);
}

static bool same_text(const char *a, size_t a_len, const char *b, size_t b_len)
{
    return a && b ? a_len == b_len && memcmp(a, b, a_len) == 0 : a == b;
}

/* Then nobody has to be told about a new generation. */
static bool same_secret(const struct auth_secret *a,
                        const struct auth_secret *b)
{
    return text_equal(a->token, b->token) &&
           same_text(a->cert, a->cert_len, b->cert, b->cert_len) &&
           same_text(a->key, a->key_len, b->key, b->key_len);
}

/* Into the generation's own arena. */
static int copy_secret(struct auth_creds *c, const struct auth_secret *s,
                       struct err *err)
{
    c->secret = *s;
    if (s->token)
        c->secret.token = arena_strdup(&c->arena, s->token);
    if (s->cert) {
        c->secret.cert = arena_strndup(&c->arena, s->cert, s->cert_len);
        c->secret.key = arena_strndup(&c->arena, s->key, s->key_len);
    }
    if (!s->token != !c->secret.token || !s->cert != !c->secret.cert ||
        (s->cert && !c->secret.key))
        return err_nomem(err);
    return 0;
}

int auth_set_secret(struct auth *a, const struct auth_secret *s,
                    struct err *err)
{
    struct auth_creds *c;
    struct header_list l = {.err = err};
    int rc;

    if (a->creds && same_secret(&a->creds->secret, s))
        return 0;
    c = mem_calloc(1, sizeof *c);
    if (!c)
        return err_nomem(err);
    c->refs = 1;
    l.arena = &c->arena;
    rc = copy_secret(c, s, err);
    if (rc == 0)
        rc = add_headers(&l, a->config, c->secret.token);
    if (rc < 0) {
        auth_creds_unref(c);
        return rc;
    }
    c->pub = (struct auth_credentials){
        .headers = l.items,
        .cert_pem = c->secret.cert,
        .cert_len = c->secret.cert_len,
        .key_pem = c->secret.key,
        .key_len = c->secret.key_len,
        .generation = ++a->generation,
    };
    auth_creds_unref(a->creds);
    a->creds = c;
    return 0;
}
