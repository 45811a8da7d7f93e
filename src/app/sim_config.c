/*
 * sim_config.c -- who may talk to the embedded cluster, and the kubeconfig
 *                 that says how.
 */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/hash.h"
#include "io/file.h"
#include "sim_impl.h"

#define TOKEN_BYTES 24
#define MAX_TOKENS_BYTES (1u << 20)

/* ---- where ---- */

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

static bool is_wildcard(const char *address)
{
    return strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
}

int sim_address(const char *given, bool allow_any, const char **ret,
                struct err *err)
{
    if (!given || strcmp(given, "localhost") == 0)
        given = "127.0.0.1";
    if (!is_loopback(given) && !allow_any) {
        err_set(err, ERR_USAGE,
                "'%s' is not a loopback address: other machines could use "
                "this cluster",
                given);
        return err_hint(err, "add --allow-non-loopback when that is meant");
    }
    *ret = given;
    return 0;
}

const char *sim_url(struct arena *a, const struct sim_access *access,
                    uint16_t port)
{
    const char *address = access->address;
    const bool v6 = strchr(address, ':') != NULL;

    if (is_wildcard(address))
        address = v6 ? "::1" : "127.0.0.1";
    return arena_printf(a, "%s://%s%s%s:%u",
                        access->certificate.key ? "https" : "http",
                        v6 ? "[" : "", address, v6 ? "]" : "", port);
}

/* ---- who ---- */

static const char *new_token(struct arena *a)
{
    unsigned char bytes[TOKEN_BYTES];
    char *text = arena_alloc(a, 2 * TOKEN_BYTES + 1);

    if (!text || getrandom(bytes, sizeof(bytes), 0) != TOKEN_BYTES)
        return NULL;
    for (size_t i = 0; i < TOKEN_BYTES; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return text;
}

/* One of the texts that a client knows us by: from an earlier life, or the new
 * one, which is kept. */
static int recall(struct arena *a, struct sim_data *data, const char *name,
                  const char **text, struct err *err)
{
    const char *kept = NULL;
    int rc = sim_data_get_text(data, a, name, &kept, err);

    if (rc < 0)
        return rc;
    if (!kept)
        return sim_data_set_text(data, name, *text, err);
    *text = kept;
    return 0;
}

/* The certificate goes with the address that it is for. */
static int recall_certificate(struct arena *a, struct sim_data *data,
                              struct sim_access *access, struct err *err)
{
    const char *parts[][2] = {
        {"authority", access->certificate.authority},
        {"certificate", access->certificate.server},
        {"key", access->certificate.key},
    };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        const char *name =
            arena_printf(a, "%s %s", parts[i][0], access->address);
        int rc =
            name ? recall(a, data, name, &parts[i][1], err) : err_nomem(err);

        if (rc < 0)
            return rc;
    }
    access->certificate =
        (struct certificate){parts[0][1], parts[1][1], parts[2][1]};
    return 0;
}

int sim_access_make(struct arena *a, struct sim_data *data, bool plain,
                    struct sim_access *access, struct err *err)
{
    const char *token = new_token(a);
    const char *extra = is_wildcard(access->address) ? NULL : access->address;
    int rc = 0;

    if (!token)
        return err_nomem(err);
    if (!plain)
        rc = certificate_make(a, extra, &access->certificate, err);
    if (rc == 0 && data)
        rc = recall(a, data, "token", &token, err);
    if (rc == 0 && data && !plain)
        rc = recall_certificate(a, data, access, err);
    access->users[0] = (struct sim_user){token, SIM_ADMIN};
    access->user_count = 1;
    return rc;
}

static int add_user(struct arena *a, struct sim_access *access,
                    const char *line, size_t len, struct err *err)
{
    const char *comma = memchr(line, ',', len);
    size_t name_len;
    struct sim_user *u = &access->users[access->user_count];

    if (access->user_count == SIM_MAX_USERS)
        return err_set(err, ERR_LIMIT, "more than %d users", SIM_MAX_USERS);
    if (!comma || comma == line)
        return err_set(err, ERR_CONFIG, "a line is not of the form token,name");
    comma++;
    name_len = strcspn(comma, ",\r\n");
    u->token = arena_strndup(a, line, (size_t)(comma - 1 - line));
    u->name = arena_strndup(a, comma, name_len);
    if (!u->token || !u->name)
        return err_nomem(err);
    access->user_count++;
    return 0;
}

int sim_access_read_tokens(struct arena *a, const char *path,
                           struct sim_access *access, struct err *err)
{
    struct str text;
    const char *line;
    int rc;

    str_init(&text, MAX_TOKENS_BYTES);
    rc = file_read(path, MAX_TOKENS_BYTES, &text, err);
    for (line = str_text(&text); rc == 0 && *line;) {
        size_t len = strcspn(line, "\n");

        if (len && *line != '#')
            rc = add_user(a, access, line, len, err);
        line += len + (line[len] == '\n');
    }
    str_release(&text);
    return rc < 0 ? err_wrap(err, "'%s'", path) : 0;
}

/* ---- the kubeconfig ---- */

/* The certificate's text in base64, NULL on out of memory. */
static const char *encoded(struct arena *a, const char *pem)
{
    struct str text = {0};
    const char *ret = NULL;

    if (hash_base64_encode(pem, strlen(pem), &text) == 0)
        ret = arena_strndup(a, str_text(&text), text.len);
    str_release(&text);
    return ret;
}

static const char *kubeconfig_text(struct arena *a,
                                   const struct sim_access *access,
                                   const char *url)
{
    const char *ca = access->certificate.authority;
    const char *data = ca ? encoded(a, ca) : NULL;

    if (!url || (ca && !data))
        return NULL;
    return arena_printf(a,
                        "apiVersion: v1\n"
                        "kind: Config\n"
                        "clusters:\n"
                        "- name: tidelock-sim\n"
                        "  cluster:\n"
                        "    server: %s\n"
                        "%s%s%s"
                        "users:\n"
                        "- name: admin\n"
                        "  user:\n"
                        "    token: %s\n"
                        "contexts:\n"
                        "- name: tidelock-sim\n"
                        "  context:\n"
                        "    cluster: tidelock-sim\n"
                        "    user: admin\n"
                        "current-context: tidelock-sim\n",
                        url, ca ? "    certificate-authority-data: " : "",
                        ca ? data : "", ca ? "\n" : "", access->users[0].token);
}

int sim_write_kubeconfig(struct arena *a, const struct sim_access *access,
                         const char *url, const char *path, struct err *err)
{
    const char *text = kubeconfig_text(a, access, url);

    if (!text)
        return err_nomem(err);
    return file_write(path, text, strlen(text), 0600, err);
}
