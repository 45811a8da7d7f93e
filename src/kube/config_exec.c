/*
 * config_exec.c -- the two texts that an exec plugin and its caller exchange
 *                  (AU-6); see config.h.
 */
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "kube/config.h"

/* In a cluster's extensions: what the plugin gets as spec.cluster.config. */
#define EXTENSION_EXEC "client.authentication.k8s.io/exec"

/* ---- what the plugin is told ---- */

/* What the kubeconfig keeps for the plugin, NULL when nothing. */
static const struct value *find_extension(const struct value *cluster)
{
    const struct value *list = value_get(cluster, "extensions");

    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count; i++) {
        const struct value *item = list->as.items[i];

        if (text_equal(value_text(value_get(item, "name")), EXTENSION_EXEC))
            return value_get(item, "extension");
    }
    return NULL;
}

static int set_true(struct arena *a, struct value *o, const char *key, bool on)
{
    return on ? value_set(a, o, key, value_bool(a, true)) : 0;
}

/* PEM as base64, which is how JSON carries bytes. */
static int set_ca(struct arena *a, struct value *o, const struct kubeconfig *c)
{
    struct str text;
    int rc = 0;

    if (!c->ca_data)
        return 0;
    str_init(&text, 0);
    rc = hash_base64_encode(c->ca_data, c->ca_data_len, &text);
    if (rc == 0)
        rc =
            value_set_text(a, o, "certificate-authority-data", str_text(&text));
    str_release(&text);
    return rc;
}

/* spec.cluster: how the plugin itself could reach the API server. */
static int set_cluster(struct arena *a, struct value *spec,
                       const struct kubeconfig *c)
{
    const struct value *extension = find_extension(c->cluster);
    struct value *cluster = value_make(a, spec, "cluster");
    bool failed =
        !cluster || value_set_text(a, cluster, "server", c->server) < 0 ||
        value_set_text(a, cluster, "tls-server-name", c->tls_server_name) < 0 ||
        set_true(a, cluster, "insecure-skip-tls-verify", c->insecure) < 0 ||
        set_ca(a, cluster, c) < 0 ||
        value_set_text(a, cluster, "proxy-url", c->proxy_url) < 0 ||
        set_true(a, cluster, "disable-compression", c->disable_compression) < 0;

    if (!failed && extension)
        failed = value_set(a, cluster, "config", value_copy(a, extension)) < 0;
    return failed ? -ERR_NOMEM : 0;
}

int exec_info_print(const struct kubeconfig *c, bool interactive,
                    struct str *out, struct err *err)
{
    struct arena a = {0};
    struct value *root = value_object(&a), *spec;
    int rc = -ERR_NOMEM;

    if (root &&
        value_set_text(&a, root, "apiVersion", c->exec.api_version) == 0 &&
        value_set_text(&a, root, "kind", "ExecCredential") == 0 &&
        (spec = value_make(&a, root, "spec")) &&
        value_set(&a, spec, "interactive", value_bool(&a, interactive)) == 0)
        rc = c->exec.provide_cluster_info ? set_cluster(&a, spec, c) : 0;
    rc = rc < 0 ? err_nomem(err) : value_print(root, out, err);
    arena_release(&a);
    return rc;
}

/* ---- what the plugin answers ---- */

static int fail(struct err *err, const struct kubeconfig *c, const char *what)
{
    return err_set(err, ERR_CONFIG, "exec plugin '%s' %s", c->exec.command,
                   what);
}

/* The plugin must speak the version that the kubeconfig names. */
static int check_answer(const struct kubeconfig *c, const struct value *root,
                        struct err *err)
{
    const char *kind = value_text(value_get(root, "kind"));
    const char *version = value_text(value_get(root, "apiVersion"));

    if (!kind || strcmp(kind, "ExecCredential") != 0)
        return fail(err, c, "did not print an ExecCredential");
    if (!text_equal(version, c->exec.api_version))
        return err_set(err, ERR_CONFIG,
                       "exec plugin '%s' answered with apiVersion %s, the "
                       "kubeconfig says %s",
                       c->exec.command, version ? version : "none",
                       c->exec.api_version);
    if (!value_is(value_get(root, "status"), VALUE_OBJECT))
        return fail(err, c, "returned no status");
    return 0;
}

/* One line, so that it fits a header? */
static bool is_header_text(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

/* A token, or a certificate with its key, or both. */
static int read_status(const struct kubeconfig *c, const struct value *status,
                       struct exec_credential *e, struct err *err)
{
    const char *expires = value_text(value_get(status, "expirationTimestamp"));
    int64_t seconds = 0;

    e->token = value_text(value_get(status, "token"));
    e->cert_data = value_text(value_get(status, "clientCertificateData"));
    e->key_data = value_text(value_get(status, "clientKeyData"));
    if (e->token && !*e->token)
        e->token = NULL;
    if (e->cert_data && !*e->cert_data)
        e->cert_data = NULL;
    if (e->key_data && !*e->key_data)
        e->key_data = NULL;

    if (!e->token && !e->cert_data && !e->key_data)
        return fail(err, c, "returned neither a token nor a certificate");
    if (!e->cert_data != !e->key_data)
        return fail(err, c, "returned only one of certificate and key");
    if (e->token && !is_header_text(e->token))
        return fail(err, c, "returned a token with control characters in it");
    if (expires && *expires && !text_parse_rfc3339(expires, &seconds))
        return fail(err, c, "returned an expirationTimestamp that is no time");
    e->expires = seconds;
    return 0;
}

int exec_credential_parse(struct arena *a, const struct kubeconfig *c,
                          const char *text, size_t len,
                          struct exec_credential *ret, struct err *err)
{
    struct exec_credential e = {0};
    struct value *root;
    int rc = value_parse(a, text, len, &root, err);

    if (rc == -ERR_NOMEM)
        return rc;
    if (rc < 0)
        return fail(err, c, "did not print JSON");
    rc = check_answer(c, root, err);
    if (rc == 0)
        rc = read_status(c, value_get(root, "status"), &e, err);
    if (rc == 0)
        *ret = e;
    return rc;
}
