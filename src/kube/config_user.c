/*
 * config_user.c -- who a kubeconfig says we are; see config.h.
 *
 * Read as client-go reads it (AU-5, AU-6): data win over files, at most one of
 * token and password, impersonation needs a name. What client-go would only
 * notice at the first request is refused here, with the name of the user.
 */
#include <string.h>

#include "base/text.h"
#include "config_impl.h"

/* ---- exec ---- */

/* Messages of strangers must not move the cursor. The control characters
 * above ASCII, U+0080 to U+009F, are two bytes of which the first is C2. */
static const char *clean_hint(struct arena *a, const char *text)
{
    char *copy = arena_strdup(a, text);

    for (char *p = copy; p && *p; p++) {
        unsigned char c = (unsigned char)*p, next = (unsigned char)p[1];

        if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
            *p = '?';
        else if (c == 0xc2 && next >= 0x80 && next < 0xa0)
            p[0] = p[1] = '?';
    }
    return copy;
}

static int check_version(const struct config_scope *s, const char *version)
{
    if (!version)
        return config_fail(s, "exec has no apiVersion");
    if (strcmp(version, EXEC_V1) == 0 || strcmp(version, EXEC_V1BETA1) == 0)
        return 0;
    config_fail(s, "exec has apiVersion %s", version);
    return err_hint(s->err, "it must be %s or %s: get a newer plugin", EXEC_V1,
                    EXEC_V1BETA1);
}

/* Required in v1; v1beta1 has a default. */
static int check_mode(const struct config_scope *s, struct exec_config *e)
{
    if (!e->interactive_mode && strcmp(e->api_version, EXEC_V1) != 0)
        e->interactive_mode = "IfAvailable";
    if (!e->interactive_mode) {
        config_fail(s, "exec has no interactiveMode");
        return err_hint(
            s->err, "%s needs interactiveMode: Never, IfAvailable or Always",
            EXEC_V1);
    }
    if (strcmp(e->interactive_mode, "Never") != 0 &&
        strcmp(e->interactive_mode, "IfAvailable") != 0 &&
        strcmp(e->interactive_mode, "Always") != 0)
        return config_fail(s,
                           "interactiveMode must be Never, IfAvailable or "
                           "Always, got '%s'",
                           e->interactive_mode);
    return 0;
}

/* [{name: A, value: b}] to "A=b". */
static int read_env(const struct config_scope *s, const struct value *list,
                    const char ***ret)
{
    uint32_t count = value_is(list, VALUE_ARRAY) ? list->count : 0;
    const char **env = arena_calloc(s->arena, count + (size_t)1, sizeof *env);

    if (!env)
        return err_nomem(s->err);
    for (uint32_t i = 0; i < count; i++) {
        const char *name = value_text(value_get(list->as.items[i], "name"));
        const struct value *v = value_get(list->as.items[i], "value");
        const char *text = "";
        int rc = v && v->type != VALUE_NULL
                     ? config_as_text(s, v, "a value of env", &text)
                     : 0;

        if (rc < 0)
            return rc;
        if (!name || !*name || strchr(name, '='))
            return config_fail(s, "exec: env[%u] has no usable name", i);
        env[i] = arena_printf(s->arena, "%s=%s", name, text);
        if (!env[i])
            return err_nomem(s->err);
    }
    *ret = env;
    return 0;
}

/* Types only; what they must be is checked by the caller. */
static int read_exec_fields(const struct config_scope *s, struct exec_config *e)
{
    int rc = config_text(s, "apiVersion", &e->api_version);

    if (rc == 0)
        rc = config_text(s, "command", &e->command);
    if (rc == 0)
        rc = config_text(s, "installHint", &e->install_hint);
    if (rc == 0)
        rc = config_text(s, "interactiveMode", &e->interactive_mode);
    if (rc == 0)
        rc = config_bool(s, "provideClusterInfo", &e->provide_cluster_info);
    if (rc == 0)
        rc = config_texts(s, value_get(s->entry->body, "args"), "args",
                          &e->args);
    if (rc == 0)
        rc = read_env(s, value_get(s->entry->body, "env"), &e->env);
    return rc;
}

/* `exec` of a user is read like an entry of its own, so that messages and
 * paths come out the same. */
static int read_exec(const struct config_scope *user, struct exec_config *ret)
{
    static const char *no_args[] = {NULL};
    const struct value *body = value_get(user->entry->body, "exec");
    struct config_entry entry = *user->entry;
    struct config_scope s = {user->arena, &entry, user->err};
    struct exec_config e = {.args = no_args};
    int rc;

    if (!body || body->type == VALUE_NULL)
        return 0;
    entry.body = body;
    if (body->type != VALUE_OBJECT)
        return config_fail(&s, "exec must be an object, got %s",
                           value_type_name(body));
    rc = read_exec_fields(&s, &e);
    if (rc == 0 && !e.command)
        rc = config_fail(&s, "exec has no command");
    if (rc == 0)
        rc = check_version(&s, e.api_version);
    if (rc == 0)
        rc = check_mode(&s, &e);
    if (rc < 0)
        return rc;
    if (strchr(e.command, '/'))
        e.command = config_join(s.arena, entry.path, e.command);
    if (e.install_hint)
        e.install_hint = clean_hint(s.arena, e.install_hint);
    if (!e.command)
        return err_nomem(s.err);
    *ret = e;
    return 0;
}

/* ---- impersonation ---- */

/* One key of as-user-extra and its values, all as texts. */
static int read_extra_key(const struct config_scope *s,
                          const struct value_member *m, struct value *ret)
{
    struct value *values = value_array(s->arena);
    const char **texts = NULL;
    int rc = config_texts(s, m->value, "an entry of as-user-extra", &texts);

    for (size_t i = 0; rc == 0 && texts && texts[i]; i++)
        rc = value_append(s->arena, values, value_string(s->arena, texts[i]));
    if (rc == 0)
        rc = value_set(s->arena, ret, m->key, values);
    return rc == -ERR_NOMEM ? err_nomem(s->err) : rc;
}

static int read_extra(const struct config_scope *s, struct kubeconfig *c)
{
    const struct value *extra = value_get(s->entry->body, "as-user-extra");
    struct value *texts = value_object(s->arena);

    if (!extra || extra->type == VALUE_NULL)
        return 0;
    if (extra->type != VALUE_OBJECT)
        return config_fail(s, "as-user-extra must be an object, got %s",
                           value_type_name(extra));
    for (uint32_t i = 0; i < extra->count; i++) {
        int rc = read_extra_key(s, &extra->as.members[i], texts);

        if (rc < 0)
            return rc;
    }
    c->as_extra = texts;
    return texts ? 0 : err_nomem(s->err);
}

/* Whom we play (the headers are io/auth's). */
static int read_impersonation(const struct config_scope *s,
                              struct kubeconfig *c)
{
    int rc = config_text(s, "as", &c->as);

    if (rc == 0)
        rc = config_text(s, "as-uid", &c->as_uid);
    if (rc == 0)
        rc = config_texts(s, value_get(s->entry->body, "as-groups"),
                          "as-groups", &c->as_groups);
    if (rc == 0)
        rc = read_extra(s, c);
    if (rc == 0 && !c->as && (c->as_uid || c->as_groups || c->as_extra))
        rc = config_fail(s, "as-uid, as-groups and as-user-extra need 'as'");
    return rc;
}

/* ---- the user ---- */

static int read_secrets(const struct config_scope *s, struct kubeconfig *c)
{
    int rc = config_text(s, "token", &c->token);

    if (rc == 0)
        rc = config_file(s, "tokenFile", &c->token_file);
    if (rc == 0)
        rc = config_text(s, "username", &c->username);
    if (rc == 0)
        rc = config_text(s, "password", &c->password);
    if (rc == 0)
        rc = config_file(s, "client-certificate", &c->cert_file);
    if (rc == 0)
        rc = config_file(s, "client-key", &c->key_file);
    if (rc == 0)
        rc = config_pem(s, "client-certificate-data", &c->cert_data,
                        &c->cert_data_len);
    if (rc == 0)
        rc = config_pem(s, "client-key-data", &c->key_data, &c->key_data_len);
    return rc;
}

/* NULL has none. */
static bool has_control(const char *text)
{
    for (; text && *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

/* What fits together, and what would break a header. */
static int check_user(const struct config_scope *s, struct kubeconfig *c)
{
    if (c->cert_data)
        c->cert_file = NULL;
    if (c->key_data)
        c->key_file = NULL;
    if ((c->cert_file || c->cert_data) && !c->key_file && !c->key_data)
        return config_fail(s, "there is a client certificate but neither "
                              "client-key nor client-key-data");
    if (c->token && (c->username || c->password))
        return config_fail(s, "token and username/password exclude each other");
    if (has_control(c->token) || has_control(c->as) || has_control(c->as_uid))
        return config_fail(s, "a credential has a line break or another "
                              "control character in it");
    return 0;
}

int config_read_user(const struct config_scope *s, struct kubeconfig *ret)
{
    const struct value *provider = value_get(s->entry->body, "auth-provider");
    int rc;

    if (provider && provider->type != VALUE_NULL) {
        config_fail(s, "auth-provider is no longer supported");
        return err_hint(s->err, "use an exec plugin; cloud tools write one: "
                                "gke-gcloud-auth-plugin, kubelogin, aws eks "
                                "update-kubeconfig");
    }
    rc = read_secrets(s, ret);
    if (rc == 0)
        rc = check_user(s, ret);
    if (rc == 0)
        rc = read_impersonation(s, ret);
    if (rc == 0)
        rc = read_exec(s, &ret->exec);
    return rc;
}
