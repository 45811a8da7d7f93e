/*
 * auth_files.c -- tokens and client certificates that live in files; see
 *                 auth_impl.h.
 *
 * Whoever rotates them replaces a token, or a certificate and then its key, at
 * any moment. So a file that cannot be read, an empty token or a pair that does
 * not fit is not news: what we have stays, and we look again soon.
 */
#include <string.h>

#include "auth_impl.h"
#include "io/file.h"

#define TOKEN_MS 60000        /* AU-3 */
#define CERTIFICATE_MS 300000 /* AU-4 */
#define AGAIN_MS 1000         /* after a failure */
#define MAX_FILE ((size_t)1 << 20)

static int read_file(struct arena *a, const char *path, const char **ret,
                     size_t *ret_len, struct err *err)
{
    struct str text;
    int rc;

    str_init(&text, 0);
    rc = file_read(path, MAX_FILE, &text, err);
    if (rc == 0) {
        *ret = arena_strndup(a, str_text(&text), text.len);
        *ret_len = text.len;
        rc = *ret ? 0 : err_nomem(err);
    }
    str_release(&text);
    return rc;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* One line of printable text, blanks around it dropped. */
static int read_token(struct arena *a, const char *path, const char **ret,
                      struct err *err)
{
    const char *text = NULL;
    size_t len = 0;
    int rc = read_file(a, path, &text, &len, err);

    if (rc < 0)
        return err_wrap(err, "token");
    while (len && is_blank(text[len - 1]))
        len--;
    for (; len && is_blank(*text); len--)
        text++;
    if (!len)
        return err_set(err, ERR_CONFIG, "token file '%s' is empty", path);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return err_set(err, ERR_CONFIG,
                           "token file '%s' holds a control character", path);
    *ret = arena_strndup(a, text, len);
    return *ret ? 0 : err_nomem(err);
}

static int refresh_token(struct auth *a, struct arena *room,
                         struct auth_secret *s, struct err *err)
{
    const struct kubeconfig *c = a->config;
    uint64_t now = clock_now_ms(a->clock);
    int rc;

    if (!c->token_file) {
        s->token = c->token;
        return 0;
    }
    rc = read_token(room, c->token_file, &s->token, err);
    a->token_due_ms = now + (rc == 0 ? TOKEN_MS : AGAIN_MS);
    if (rc < 0 && !s->token)
        s->token = c->token;
    return s->token ? 0 : rc; /* what we have stays */
}

static int read_pair(const struct kubeconfig *c, struct arena *room,
                     struct auth_secret *s, struct err *err)
{
    int rc = 0;

    if (!c->cert_data && !c->cert_file)
        return 0; /* a key alone says nothing */
    s->cert = c->cert_data;
    s->cert_len = c->cert_data_len;
    s->key = c->key_data;
    s->key_len = c->key_data_len;
    if (c->cert_file)
        rc = read_file(room, c->cert_file, &s->cert, &s->cert_len, err);
    if (rc < 0)
        return err_wrap(err, "client certificate");
    if (c->key_file)
        rc = read_file(room, c->key_file, &s->key, &s->key_len, err);
    if (rc < 0)
        return err_wrap(err, "client key");
    return auth_check_pair(s, err);
}

static int refresh_pair(struct auth *a, struct arena *room,
                        struct auth_secret *s, struct err *err)
{
    uint64_t now = clock_now_ms(a->clock);
    struct auth_secret fresh = *s;
    int rc = read_pair(a->config, room, &fresh, err);

    a->cert_due_ms = now + (rc == 0 ? CERTIFICATE_MS : AGAIN_MS);
    if (rc == 0)
        *s = fresh;
    return s->cert ? 0 : rc; /* what we have stays */
}

int auth_refresh_files(struct auth *a, bool now, struct err *err)
{
    uint64_t ms = clock_now_ms(a->clock);
    const struct kubeconfig *c = a->config;
    bool first = !a->creds;
    bool token = first || (c->token_file && (now || ms >= a->token_due_ms));
    bool pair = first || ((c->cert_file || c->key_file) &&
                          (now || ms >= a->cert_due_ms));
    struct auth_secret s = first ? (struct auth_secret){0} : a->creds->secret;
    struct arena room = {0};
    struct err why = {0};
    int rc = 0;

    if (token)
        rc = refresh_token(a, &room, &s, &why);
    if (rc == 0 && pair)
        rc = refresh_pair(a, &room, &s, &why);
    if (rc < 0 && err)
        *err = why;
    if (rc == 0 && (token || pair))
        rc = auth_set_secret(a, &s, err);
    arena_release(&room);
    return rc;
}
