/*
 * config.c -- see config.h for the contract.
 *
 * DESIGN
 *
 * All files are parsed and their entries put into one list per section, in the
 * order of the files; looking a name up finds the first, which is how kubectl
 * merges (AU-1): whole entries, never fields. An entry remembers its file,
 * because relative paths in it are relative to that file, and because an error
 * has to say which of several files is to blame.
 *
 * Only the chosen context and what it names are looked into: a broken user
 * that nobody asked for is nobody's problem.
 */
#include "kube/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "config_impl.h"
#include "kube/yaml.h"

/* The entries of one section in all files. */
struct section {
    const char *plural; /* the key in the file */
    const char *name;   /* the key in an item */
    struct config_entry *items;
    size_t count, cap;
};

struct merged {
    struct arena *arena;
    struct section clusters, users, contexts;
    const char *current; /* context, NULL when no file names one */
    struct err *err;
};

/* ---- fields of one entry ---- */

int config_fail(const struct config_scope *s, const char *fmt, ...)
{
    char text[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return err_set(s->err, ERR_CONFIG, "kubeconfig '%s': %s '%s': %s",
                   s->entry->path, s->entry->section, s->entry->name, text);
}

/* The field, NULL when it is absent or null. */
static const struct value *field(const struct config_scope *s, const char *key)
{
    const struct value *v = value_get(s->entry->body, key);

    return value_is(v, VALUE_NULL) ? NULL : v;
}

/* A number or a truth value where a text belongs, as kubectl takes it: a
 * password of digits that nobody quoted. NULL: neither, or no memory. */
static const char *scalar_text(struct arena *a, const struct value *v)
{
    if (value_is(v, VALUE_INTEGER))
        return arena_printf(a, "%lld", (long long)v->as.integer);
    if (value_is(v, VALUE_BOOL))
        return v->as.boolean ? "true" : "false";
    return value_is(v, VALUE_STRING) && strlen(v->as.string) == v->count
               ? v->as.string
               : NULL;
}

int config_as_text(const struct config_scope *s, const struct value *v,
                   const char *what, const char **ret)
{
    const char *text = scalar_text(s->arena, v);

    if (!text && value_is(v, VALUE_INTEGER))
        return err_nomem(s->err);
    if (!text)
        return config_fail(s, "%s must be a text, got %s", what,
                           value_is(v, VALUE_STRING) ? "one with a NUL in it"
                                                     : value_type_name(v));
    *ret = text;
    return 0;
}

int config_text(const struct config_scope *s, const char *key, const char **ret)
{
    const struct value *v = field(s, key);
    const char *text = "";
    int rc = v ? config_as_text(s, v, key, &text) : 0;

    if (rc == 0 && *text)
        *ret = text;
    return rc;
}

int config_bool(const struct config_scope *s, const char *key, bool *ret)
{
    const struct value *v = field(s, key);

    if (!v)
        return 0;
    if (v->type != VALUE_BOOL)
        return config_fail(s, "%s must be true or false, got %s", key,
                           value_type_name(v));
    *ret = v->as.boolean;
    return 0;
}

const char *config_join(struct arena *a, const char *path, const char *file)
{
    const char *slash = strrchr(path, '/');

    if (file[0] == '/' || !slash)
        return file;
    return arena_printf(a, "%.*s%s", (int)(slash - path + 1), path, file);
}

int config_file(const struct config_scope *s, const char *key, const char **ret)
{
    const char *file = NULL;
    int rc = config_text(s, key, &file);

    if (rc < 0 || !file)
        return rc;
    file = config_join(s->arena, s->entry->path, file);
    if (!file)
        return err_nomem(s->err);
    *ret = file;
    return 0;
}

/* Base64 may be folded over lines; nothing else is forgiven. */
static int decode(const char *text, struct str *out, struct err *err)
{
    struct str flat;
    int rc;

    str_init(&flat, 0);
    for (; *text; text++)
        if (*text != '\n' && *text != '\r')
            str_addc(&flat, *text);
    rc = str_check(&flat, "base64", err);
    if (rc == 0)
        rc = hash_base64_decode(str_text(&flat), flat.len, out, err);
    str_release(&flat);
    return rc;
}

int config_pem(const struct config_scope *s, const char *key, const char **ret,
               size_t *ret_len)
{
    const char *text = NULL;
    struct err why = {0};
    struct str pem;
    int rc = config_text(s, key, &text);

    if (rc < 0 || !text)
        return rc;
    str_init(&pem, 0);
    rc = decode(text, &pem, &why);
    if (rc == -ERR_NOMEM) {
        rc = err_nomem(s->err);
    } else if (rc < 0) {
        rc = config_fail(s, "%s: %s", key, why.msg);
    } else if (!strstr(str_text(&pem), "-----BEGIN ")) {
        config_fail(s, "%s is not base64 of PEM", key);
        rc = err_hint(s->err, "PEM starts with -----BEGIN; it is encoded once "
                              "more, by base64, in a kubeconfig");
    } else {
        *ret = arena_strndup(s->arena, pem.data, pem.len);
        *ret_len = pem.len;
        rc = *ret ? 0 : err_nomem(s->err);
    }
    str_release(&pem);
    return rc;
}

int config_texts(const struct config_scope *s, const struct value *array,
                 const char *key, const char ***ret)
{
    const char **texts;

    if (!array || array->type == VALUE_NULL)
        return 0;
    if (array->type != VALUE_ARRAY)
        return config_fail(s, "%s must be an array of texts, got %s", key,
                           value_type_name(array));
    texts = arena_calloc(s->arena, array->count + (size_t)1, sizeof *texts);
    if (!texts)
        return err_nomem(s->err);
    for (uint32_t i = 0; i < array->count; i++) {
        int rc = config_as_text(s, array->as.items[i], key, &texts[i]);

        if (rc < 0)
            return rc;
    }
    *ret = texts;
    return 0;
}

/* ---- merging ---- */

static const struct config_entry *find_entry(const struct section *section,
                                             const char *name)
{
    for (size_t i = 0; name && i < section->count; i++)
        if (strcmp(section->items[i].name, name) == 0)
            return &section->items[i];
    return NULL;
}

/* Borrows what the entry points to: it lives in the arena. */
static int add_entry(struct merged *m, struct section *section,
                     const struct config_entry *entry)
{
    if (section->count == section->cap) {
        size_t cap = section->cap ? 2 * section->cap : 8;
        struct config_entry *items = arena_calloc(m->arena, cap, sizeof *items);

        if (!items)
            return err_nomem(m->err);
        if (section->count)
            memcpy(items, section->items, section->count * sizeof *items);
        section->items = items;
        section->cap = cap;
    }
    section->items[section->count++] = *entry;
    return 0;
}

/* One item of "clusters:", "users:" or "contexts:". */
static int merge_item(struct merged *m, struct section *section,
                      const struct value *item, const char *path)
{
    static const struct value empty = {.type = VALUE_OBJECT};
    const struct config_entry *earlier;
    const struct value *body = value_get(item, section->name);
    struct config_entry entry = {
        .section = section->name,
        .name = scalar_text(m->arena, value_get(item, "name")),
        .body = body && body->type != VALUE_NULL ? body : &empty,
        .path = path,
    };

    if (!entry.name)
        return err_set(m->err, ERR_CONFIG,
                       "kubeconfig '%s': an item of %s has no name", path,
                       section->plural);
    if (entry.body->type != VALUE_OBJECT)
        return err_set(m->err, ERR_CONFIG,
                       "kubeconfig '%s': %s '%s' must be an object, got %s",
                       path, section->name, entry.name,
                       value_type_name(entry.body));
    earlier = find_entry(section, entry.name);
    if (earlier && earlier->path == path)
        return err_set(m->err, ERR_CONFIG,
                       "kubeconfig '%s': %s '%s' appears twice", path,
                       section->name, entry.name);
    return earlier ? 0 : add_entry(m, section, &entry);
}

/* The section of one file behind those of the files before it. */
static int merge_section(struct merged *m, struct section *section,
                         const struct value *root, const char *path)
{
    const struct value *list = value_get(root, section->plural);

    if (!list || list->type == VALUE_NULL)
        return 0;
    if (list->type != VALUE_ARRAY)
        return err_set(m->err, ERR_CONFIG,
                       "kubeconfig '%s': %s must be an array, got %s", path,
                       section->plural, value_type_name(list));
    for (uint32_t i = 0; i < list->count; i++) {
        int rc = merge_item(m, section, list->as.items[i], path);

        if (rc < 0)
            return rc;
    }
    return 0;
}

/* Whoever gives a manifest instead of a kubeconfig is told so. */
static int check_root(struct merged *m, const struct value *root,
                      const char *path)
{
    const char *kind = value_text(value_get(root, "kind"));

    if (root->type != VALUE_OBJECT)
        return err_set(m->err, ERR_CONFIG,
                       "kubeconfig '%s': expected an object, got %s", path,
                       value_type_name(root));
    if (kind && *kind && strcmp(kind, "Config") != 0)
        return err_set(m->err, ERR_CONFIG,
                       "kubeconfig '%s': kind is %s, expected Config", path,
                       kind);
    return 0;
}

/* An empty file is fine, and further documents are ignored (AU-1). */
static int merge_file(struct merged *m, const struct kubeconfig_file *file)
{
    struct yaml_docs docs;
    const struct value *root;
    const char *current;
    int rc =
        yaml_parse(m->arena, file->path, file->text, file->len, &docs, m->err);

    if (rc == -ERR_NOMEM)
        return rc;
    if (rc < 0) {
        err_wrap(m->err, "cannot read the kubeconfig");
        if (m->err)
            m->err->code = ERR_CONFIG;
        return -ERR_CONFIG;
    }
    if (docs.count == 0)
        return 0;
    root = docs.items[0];
    rc = check_root(m, root, file->path);
    if (rc == 0)
        rc = merge_section(m, &m->clusters, root, file->path);
    if (rc == 0)
        rc = merge_section(m, &m->users, root, file->path);
    if (rc == 0)
        rc = merge_section(m, &m->contexts, root, file->path);
    current = scalar_text(m->arena, value_get(root, "current-context"));
    if (!m->current && current && *current)
        m->current = current;
    return rc;
}

/* ---- resolving ---- */

/* A hint with the names there are. Returns -ERR_CONFIG. */
static int hint_names(struct merged *m, const struct section *section)
{
    struct str names;

    str_init(&names, 240);
    for (size_t i = 0; i < section->count; i++)
        str_addf(&names, "%s%s", i ? ", " : "", section->items[i].name);
    if (section->count == 0)
        err_hint(m->err, "there are no %s", section->plural);
    else
        err_hint(m->err, "%s: %s%s", section->plural, str_text(&names),
                 names.failed ? ", ..." : "");
    str_release(&names);
    return -ERR_CONFIG;
}

/* The one that was asked for, else the current one. */
static int choose_context(struct merged *m, const char *asked,
                          const struct config_entry **ret)
{
    const char *name = asked ? asked : m->current;

    if (!name) {
        if (m->clusters.count + m->users.count + m->contexts.count == 0)
            return err_set(m->err, ERR_NOT_FOUND, "the kubeconfig is empty");
        err_set(m->err, ERR_CONFIG, "the kubeconfig has no current-context");
        return hint_names(m, &m->contexts);
    }
    *ret = find_entry(&m->contexts, name);
    if (*ret)
        return 0;
    err_set(m->err, ERR_CONFIG, "there is no context '%s' in the kubeconfig",
            name);
    return hint_names(m, &m->contexts);
}

/* The cluster or user that a context names. */
static int follow(struct merged *m, const struct config_scope *context,
                  struct section *section, const char *name,
                  const struct config_entry **ret)
{
    *ret = find_entry(section, name);
    if (*ret)
        return 0;
    config_fail(context, "there is no %s '%s'", section->name, name);
    return hint_names(m, section);
}

/* Without a scheme it is https when TLS is spoken of, as in client-go. */
static int check_server(const struct config_scope *s, struct kubeconfig *c)
{
    bool tls = c->ca_file || c->ca_data || c->insecure;
    size_t len;

    if (!c->server)
        return config_fail(s, "there is no server");
    if (!strstr(c->server, "://"))
        c->server = arena_printf(s->arena, "%s://%s", tls ? "https" : "http",
                                 c->server);
    else
        c->server = arena_strdup(s->arena, c->server);
    if (!c->server)
        return err_nomem(s->err);
    len = strlen(c->server);
    while (len && c->server[len - 1] == '/')
        len--;
    c->server = arena_strndup(s->arena, c->server, len);
    if (!c->server)
        return err_nomem(s->err);
    if ((!text_starts(c->server, "https://") &&
         !text_starts(c->server, "http://")) ||
        strpbrk(c->server, " \t\r\n?#"))
        return config_fail(s, "server '%s' is not an https URL", c->server);
    return 0;
}

/* What fits together, and what client-go would refuse (AU-5, AU-7). */
static int check_cluster(const struct config_scope *s, struct kubeconfig *c)
{
    if (c->ca_data)
        c->ca_file = NULL;
    if (c->insecure && (c->ca_file || c->ca_data)) {
        config_fail(s, "insecure-skip-tls-verify and a certificate authority "
                       "exclude each other");
        return err_hint(s->err, "remove insecure-skip-tls-verify");
    }
    if (c->proxy_url && !text_starts(c->proxy_url, "http://") &&
        !text_starts(c->proxy_url, "https://") &&
        !text_starts(c->proxy_url, "socks5://"))
        return config_fail(s, "proxy-url must start with http://, https:// or "
                              "socks5://");
    return check_server(s, c);
}

static int read_cluster(const struct config_scope *s, struct kubeconfig *c)
{
    int rc = config_text(s, "server", &c->server);

    if (rc == 0)
        rc = config_text(s, "tls-server-name", &c->tls_server_name);
    if (rc == 0)
        rc = config_text(s, "proxy-url", &c->proxy_url);
    if (rc == 0)
        rc = config_bool(s, "insecure-skip-tls-verify", &c->insecure);
    if (rc == 0)
        rc = config_bool(s, "disable-compression", &c->disable_compression);
    if (rc == 0)
        rc = config_file(s, "certificate-authority", &c->ca_file);
    if (rc == 0)
        rc = config_pem(s, "certificate-authority-data", &c->ca_data,
                        &c->ca_data_len);
    return rc < 0 ? rc : check_cluster(s, c);
}

/* From the context to its cluster and user. A context without user is fine:
 * the server may take anybody. */
static int resolve(struct merged *m, const char *asked, struct kubeconfig *c)
{
    struct config_scope s = {.arena = m->arena, .err = m->err};
    const struct config_entry *context, *cluster = NULL, *user = NULL;
    int rc = choose_context(m, asked, &context);

    if (rc < 0)
        return rc;
    s.entry = context;
    c->context = context->name;
    c->ns = "default";
    c->cluster_name = "";
    rc = config_text(&s, "namespace", &c->ns);
    if (rc == 0)
        rc = config_text(&s, "cluster", &c->cluster_name);
    if (rc == 0)
        rc = config_text(&s, "user", &c->user_name);
    if (rc == 0)
        rc = follow(m, &s, &m->clusters, c->cluster_name, &cluster);
    if (rc == 0 && c->user_name)
        rc = follow(m, &s, &m->users, c->user_name, &user);
    if (rc < 0)
        return rc;

    s.entry = cluster;
    c->cluster = value_copy(m->arena, cluster->body);
    rc = c->cluster ? read_cluster(&s, c) : err_nomem(m->err);
    if (rc < 0 || !user)
        return rc;
    s.entry = user;
    return config_read_user(&s, c);
}

int kubeconfig_load(struct arena *a, const struct kubeconfig_file *files,
                    size_t count, const char *context, struct kubeconfig *ret,
                    struct err *err)
{
    struct merged m = {
        .arena = a,
        .clusters = {.plural = "clusters", .name = "cluster"},
        .users = {.plural = "users", .name = "user"},
        .contexts = {.plural = "contexts", .name = "context"},
        .err = err,
    };
    struct kubeconfig c = {0};
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = merge_file(&m, &files[i]);
    if (rc == 0)
        rc = resolve(&m, context, &c);
    if (rc == 0)
        *ret = c;
    return rc;
}

/* ---- in a pod ---- */

/* The text without the blanks at its end; "default" when nothing is left. */
static const char *trim_namespace(struct arena *a, const char *ns)
{
    size_t len = ns ? strlen(ns) : 0;

    while (len && strchr(" \t\r\n", ns[len - 1]))
        len--;
    return len ? arena_strndup(a, ns, len) : "default";
}

int kubeconfig_in_cluster(struct arena *a, const struct pod_env *pod,
                          struct kubeconfig *ret, struct err *err)
{
    const char *host = pod->host;
    const char *port = pod->port;
    struct kubeconfig c = {.context = "", .cluster_name = "", .user_name = ""};
    int64_t number;

    if (!host || !*host || !port || !*port)
        return err_set(err, ERR_CONFIG,
                       "not in a pod: KUBERNETES_SERVICE_HOST and "
                       "KUBERNETES_SERVICE_PORT are not set");
    if (!text_to_int64(port, strlen(port), &number) || number < 1 ||
        number > 65535)
        return err_set(err, ERR_CONFIG,
                       "KUBERNETES_SERVICE_PORT '%s' is not a port", port);
    c.server = arena_printf(
        a, strchr(host, ':') ? "https://[%s]:%s" : "https://%s:%s", host, port);
    c.token_file = arena_printf(a, "%s/token", pod->dir);
    c.ca_file = arena_printf(a, "%s/ca.crt", pod->dir);
    c.ns = trim_namespace(a, pod->ns);
    if (!c.server || !c.token_file || !c.ca_file || !c.ns)
        return err_nomem(err);
    *ret = c;
    return 0;
}
