/*
 * document.c -- which document a path names, made when it is first asked for;
 *               see include/sim/kinds.h.
 *
 * DESIGN
 *
 * What was made is kept until the kinds change. OpenAPI documents of built-in
 * groups never change, and clients keep them by the hash in their URL, so that
 * hash is one of the document's bytes and the documents outlive the kinds.
 */
#include "document.h"

#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "kube/schema_builtin.h"

#define DOCUMENT_MAX (64u << 20)
#define AGGREGATED                                                             \
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

struct cached {
    char *body;
    size_t len;
    bool lasting;
    char hash[HASH_HEX_SIZE];
};

/* ---- writing ---- */

void write_text(struct writer *w, const char *text)
{
    if (json_write_string(w->out, text, strlen(text)) == -ERR_INVALID)
        str_add(w->out, "\"\"");
}

void write_pair(struct writer *w, const char *key, const char *text)
{
    write_text(w, key);
    str_addc(w->out, ':');
    write_text(w, text);
}

void write_words(struct writer *w, const char *key, const char *const *words)
{
    if (!words[0])
        return;
    str_addf(w->out, ",\"%s\":[", key);
    for (size_t i = 0; words[i]; i++) {
        str_add(w->out, i ? "," : "");
        write_text(w, words[i]);
    }
    str_addc(w->out, ']');
}

/* ---- what was made ---- */

static void cached_free(struct cached *c)
{
    mem_free(c->body);
    mem_free(c);
}

static void forget(struct kinds *k, bool also_lasting)
{
    const char *key;
    size_t len;
    void *c;

    for (size_t it = 0;
         k->documents && map_next(k->documents, &it, &key, &len, &c);)
        if (also_lasting || !((struct cached *)c)->lasting) {
            map_remove(k->documents, key, len);
            cached_free(c);
        }
}

void kinds_forget_documents(struct kinds *k)
{
    forget(k, false);
}

void kinds_free_documents(struct kinds *k)
{
    forget(k, true);
    map_free(k->documents);
}

/* ---- what a path names ---- */

enum topic {
    TOPIC_NONE,
    TOPIC_CORE,
    TOPIC_GROUPS,
    TOPIC_GROUP,
    TOPIC_RESOURCES,
    TOPIC_VERSION,
    TOPIC_OPENAPI2,
    TOPIC_OPENAPI3_INDEX,
    TOPIC_OPENAPI3,
};

struct wanted {
    enum topic topic;
    const char *name; /* group or apiVersion */
    bool aggregated;
};

/* "api/v1" and "apis/G/V" as an apiVersion, "apis/G" as a group. */
static struct wanted read_root(char *path, bool openapi)
{
    struct wanted w = {.topic = TOPIC_RESOURCES};
    char *slash;

    if (strncmp(path, "api/", 4) == 0)
        w.name = path + 4;
    else if (strncmp(path, "apis/", 5) == 0)
        w.name = path + 5;
    else
        return (struct wanted){0};
    slash = strchr(w.name, '/');
    if (slash && (strchr(slash + 1, '/') || path[3] == '/'))
        return (struct wanted){0};
    if (!slash && path[3] == 's')
        w.topic = openapi ? TOPIC_NONE : TOPIC_GROUP;
    else if (openapi)
        w.topic = TOPIC_OPENAPI3;
    return w;
}

/* Without the slash before and behind. */
static struct wanted read_path(char *path)
{
    static const struct {
        const char *path;
        enum topic topic;
    } fixed[] = {
        {"api", TOPIC_CORE},
        {"apis", TOPIC_GROUPS},
        {"version", TOPIC_VERSION},
        {"openapi/v2", TOPIC_OPENAPI2},
        {"openapi/v3", TOPIC_OPENAPI3_INDEX},
    };

    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        if (strcmp(fixed[i].path, path) == 0)
            return (struct wanted){.topic = fixed[i].topic};
    if (text_starts(path, "openapi/v3/"))
        return read_root(path + strlen("openapi/v3/"), true);
    return read_root(path, false);
}

/* ---- what the client takes ---- */

static bool has(const char *clause, size_t len, const char *word)
{
    size_t word_len = strlen(word);

    for (size_t i = 0; i + word_len <= len; i++)
        if (memcmp(clause + i, word, word_len) == 0 &&
            (i + word_len == len || strchr("; ,", clause[i + word_len])))
            return true;
    return false;
}

enum form { FORM_NONE, FORM_PLAIN, FORM_AGGREGATED };

/* One of the things between the commas. */
static enum form read_clause(const char *clause, size_t len, bool can_aggregate)
{
    if (has(clause, len, "as=APIGroupDiscoveryList")) {
        if (can_aggregate && has(clause, len, "application/json") &&
            has(clause, len, "g=apidiscovery.k8s.io") &&
            has(clause, len, "v=v2"))
            return FORM_AGGREGATED;
        return FORM_NONE;
    }
    return has(clause, len, "application/json") ||
                   has(clause, len, "application/*") || has(clause, len, "*/*")
               ? FORM_PLAIN
               : FORM_NONE;
}

static enum form read_accept(const char *accept, bool can_aggregate)
{
    if (!accept || !*accept)
        return FORM_PLAIN;
    while (*accept) {
        size_t len = strcspn(accept, ",");
        enum form form = read_clause(accept, len, can_aggregate);

        if (form != FORM_NONE)
            return form;
        accept += len;
        accept += *accept == ',';
    }
    return FORM_NONE;
}

static int refuse(struct failure *f)
{
    return failure_set(f, 406, "NotAcceptable",
                       "only the following media types are accepted: "
                       "application/json");
}

/* ---- making ---- */

static void write_version(struct writer *w)
{
    struct schema_text version = schema_builtin_version();
    size_t major = strcspn(version.at, ".");
    const char *minor = version.at + major + 1;

    str_addf(w->out,
             "{\n  \"major\": \"%.*s\",\n  \"minor\": \"%.*s\",\n"
             "  \"gitVersion\": \"%.*s\",\n  \"gitCommit\": \"\",\n"
             "  \"gitTreeState\": \"\",\n"
             "  \"buildDate\": \"1970-01-01T00:00:00Z\",\n"
             "  \"goVersion\": \"none\",\n  \"compiler\": \"tidelock\",\n"
             "  \"platform\": \"linux/amd64\"\n}",
             (int)major - 1, version.at + 1, (int)strcspn(minor, "."), minor,
             (int)version.len, version.at);
}

static int write_index(struct kinds *k, struct writer *w);

static int write_topic(struct kinds *k, struct writer *w,
                       const struct wanted *what, bool *ret_found)
{
    *ret_found = true;
    switch (what->topic) {
    case TOPIC_CORE:
    case TOPIC_GROUPS:
        return discovery_roots(w, what->topic == TOPIC_CORE, what->aggregated);
    case TOPIC_GROUP:
        str_add(w->out, "{\"kind\":\"APIGroup\",\"apiVersion\":\"v1\",");
        if (discovery_group(w, what->name, ret_found) < 0)
            return -1;
        str_addc(w->out, '}');
        return 0;
    case TOPIC_RESOURCES:
        discovery_resources(w, what->name, ret_found);
        return 0;
    case TOPIC_VERSION:
        write_version(w);
        return 0;
    case TOPIC_OPENAPI2:
        return openapi_version2(w);
    case TOPIC_OPENAPI3_INDEX:
        return write_index(k, w);
    case TOPIC_OPENAPI3:
        return openapi_version3(w, what->name, ret_found);
    case TOPIC_NONE:
        break;
    }
    *ret_found = false;
    return 0;
}

static bool has_crd(const struct kinds *k, const char *api_version)
{
    const struct kind *one;

    for (size_t it = 0; (one = kinds_next(k, &it));)
        if (one->crd && strcmp(one->r.api_version, api_version) == 0)
            return true;
    return false;
}

/* Takes the text. */
static struct cached *remember(struct kinds *k, const char *key,
                               const struct wanted *what, struct str *text)
{
    struct cached *c = mem_calloc(1, sizeof *c);

    if (!c)
        return NULL;
    c->len = text->len;
    c->body = str_take(text);
    c->lasting = what->topic == TOPIC_OPENAPI3 && !has_crd(k, what->name);
    if (!c->body || map_put(k->documents, key, strlen(key), c, NULL) < 0) {
        cached_free(c);
        return NULL;
    }
    hash_sha256_hex(c->body, c->len, c->hash);
    return c;
}

/* 0 with *ret_cached NULL: there is no such document. -1: out of memory. */
static int make(struct kinds *k, struct arena *a, const struct wanted *what,
                struct cached **ret_cached)
{
    struct str text;
    struct writer w = {k, a, &text, false};
    char *key = arena_printf(a, "%d %d %s", (int)what->topic, what->aggregated,
                             what->name ? what->name : "");
    bool found = false;
    int rc;

    *ret_cached = key ? map_get(k->documents, key, strlen(key)) : NULL;
    if (!key || *ret_cached)
        return key ? 0 : -1;
    str_init(&text, DOCUMENT_MAX);
    rc = write_topic(k, &w, what, &found);
    if (text.failed)
        rc = -1;
    if (rc == 0 && found) {
        *ret_cached = remember(k, key, what, &text);
        rc = *ret_cached ? 0 : -1;
    }
    str_release(&text);
    return rc;
}

/* The URL of each document with the hash of its bytes. */
static int write_place(struct kinds *k, struct writer *w, const char *api)
{
    const char *root = strchr(api, '/') ? "apis/" : "api/";
    struct wanted what = {.topic = TOPIC_OPENAPI3, .name = api};
    struct cached *c;

    if (make(k, w->a, &what, &c) < 0 || !c)
        return -1;
    str_addf(w->out, "\"%s%s\":{\"serverRelativeURL\":\"/openapi/v3/%s%s", root,
             api, root, api);
    str_addf(w->out, "?hash=%s\"}", c->hash);
    return 0;
}

static int write_index(struct kinds *k, struct writer *w)
{
    const char *last = NULL;
    const struct kind *one;

    str_add(w->out, "{\"paths\":{");
    for (size_t it = 0; (one = kinds_next(k, &it));) {
        if (last && strcmp(last, one->r.api_version) == 0)
            continue;
        str_add(w->out, last ? "," : "");
        last = one->r.api_version;
        if (write_place(k, w, last) < 0)
            return -1;
    }
    str_add(w->out, "}}");
    return 0;
}

/* ---- the answer ---- */

/* OpenAPI v2 in protocol buffers: what kubectl asks for when OpenAPI v3 knows
 * nothing of a kind. This one does not either, and kubectl goes on: a document
 * {swagger, info {title, version}, paths, definitions} of nothing. */
static const char swagger[] = "\n\x03"
                              "2.0"
                              "\x12\x12\n\nKubernetes\x12\x04"
                              "1.36"
                              "B\0"
                              "J";
#define SWAGGER_TYPE "application/com.github.proto-openapi.spec.v2"

static void fill_swagger(struct document *ret)
{
    ret->content_type = SWAGGER_TYPE ".v1.0+protobuf";
    ret->body = swagger; /* with its NUL: definitions are empty */
    ret->len = sizeof swagger;
}

static int fill(struct arena *a, const struct wanted *what,
                const struct cached *c, struct document *ret)
{
    ret->content_type = what->aggregated ? AGGREGATED : "application/json";
    ret->len = c->len;
    ret->body = arena_strndup(a, c->body, c->len);
    ret->etag = NULL;
    if (what->aggregated || what->topic >= TOPIC_OPENAPI2) {
        ret->etag = arena_printf(a, "\"%s\"", c->hash);
        if (!ret->etag)
            return -1;
    }
    return ret->body ? 0 : -1;
}

int kinds_document(struct kinds *k, struct arena *a,
                   const struct document_call *c, struct document *ret,
                   struct failure *f)
{
    size_t len = strlen(c->path);
    struct cached *found;
    struct wanted what;
    enum form form;
    char *path;

    *ret = (struct document){0};
    if (c->path[0] != '/')
        return 0;
    path = arena_strndup(a, c->path + 1,
                         len - 1 - (c->path[len - 1] == '/' && len > 1));
    if (!path)
        return failure_nomem(f);
    what = read_path(path);
    if (what.topic == TOPIC_NONE)
        return 0;
    if (what.topic == TOPIC_OPENAPI2 && c->accept &&
        text_starts(c->accept, SWAGGER_TYPE)) {
        fill_swagger(ret);
        return 0;
    }
    form = read_accept(c->accept,
                       what.topic == TOPIC_CORE || what.topic == TOPIC_GROUPS);
    if (form == FORM_NONE)
        return refuse(f);
    what.aggregated = form == FORM_AGGREGATED;
    if (make(k, a, &what, &found) < 0)
        return failure_nomem(f);
    if (found && fill(a, &what, found, ret) < 0)
        return failure_nomem(f);
    return 0;
}
