/*
 * serve_body.c -- the body of a request as a tree.
 *
 * The server's decoder takes the last of duplicate keys and tells of them when
 * asked to be strict; value_parse() refuses them, so the tree is built here.
 */
#include <string.h>

#include "base/map.h"
#include "base/text.h"
#include "kube/yaml.h"
#include "serve_impl.h"
#include "sim/protobuf.h"

#define BODY_MAX ((size_t)3 << 20)
#define PATH_MAX_TEXT 4096
#define MEMBERS_FEW 32

/* ---- JSON with duplicates ---- */

struct builder {
    struct ask *k;
    struct json_reader r;
    struct str path; /* "spec.ports[0]" */
    struct err err;
};

static int build(struct builder *b, enum json_event e, struct value **ret);

/* The path goes back to what it was. */
static void cut_path(struct builder *b, size_t len)
{
    b->path.len = len;
    if (b->path.data)
        b->path.data[len] = '\0';
}

static int duplicate(struct builder *b)
{
    struct ask *k = b->k;
    char *text =
        arena_printf(k->a, "duplicate field \"%s\"", str_text(&b->path));

    return text ? value_append(k->a, k->strict, value_string(k->a, text))
                : -ERR_NOMEM;
}

/* An object that is being read. One of many members has a map of them: to look
 * through them for each would take minutes. */
struct opened {
    struct value *object;
    struct map *members; /* or NULL */
};

static int index_members(struct opened *o)
{
    int rc = 0;

    o->members = map_new();
    if (!o->members)
        return -ERR_NOMEM;
    for (uint32_t i = 0; i < o->object->count && rc >= 0; i++) {
        const struct value_member *m = &o->object->as.members[i];

        rc = map_put(o->members, m->key, m->key_len, m->value, NULL);
    }
    return rc;
}

/* The last of several of the same name counts. */
static int add_member(struct builder *b, struct opened *o, const char *key,
                      size_t key_len, struct value *item)
{
    struct value *old;
    int rc = 0;

    if (!o->members && o->object->count >= MEMBERS_FEW)
        rc = index_members(o);
    if (rc < 0)
        return rc;
    old = o->members ? map_get(o->members, key, key_len)
                     : value_getn(o->object, key, key_len);
    if (old) {
        *old = *item;
        return duplicate(b);
    }
    rc = value_addn(b->k->a, o->object, key, key_len, item);
    if (rc == 0 && o->members)
        rc = map_put(o->members, key, key_len, item, NULL);
    return rc;
}

static int build_member(struct builder *b, struct opened *o)
{
    size_t mark = b->path.len;
    char *key = arena_strndup(b->k->a, b->r.string, b->r.string_len);
    size_t key_len = b->r.string_len;
    enum json_event e;
    struct value *item;
    int rc;

    if (!key || str_addf(&b->path, "%s%s", mark ? "." : "", key) < 0)
        return -ERR_NOMEM;
    rc = json_next(&b->r, &e, &b->err);
    if (rc == 0)
        rc = build(b, e, &item);
    if (rc == 0)
        cut_path(b, mark + (mark ? 1 : 0) + strlen(key));
    if (rc == 0)
        rc = add_member(b, o, key, key_len, item);
    cut_path(b, mark);
    return rc;
}

static int build_object(struct builder *b, struct value **ret)
{
    struct opened o = {.object = value_object(b->k->a)};
    enum json_event e;
    int rc = o.object ? 0 : -ERR_NOMEM;

    while (rc == 0 && (rc = json_next(&b->r, &e, &b->err)) == 0 &&
           e != JSON_OBJECT_END)
        rc = build_member(b, &o);
    map_free(o.members);
    *ret = o.object;
    return rc;
}

static int build_array(struct builder *b, struct value **ret)
{
    struct value *array = value_array(b->k->a), *item;
    size_t mark = b->path.len;
    enum json_event e;
    int rc = array ? 0 : -ERR_NOMEM;

    while (rc == 0 && (rc = json_next(&b->r, &e, &b->err)) == 0 &&
           e != JSON_ARRAY_END) {
        rc = str_addf(&b->path, "[%u]", array->count);
        if (rc == 0)
            rc = build(b, e, &item);
        if (rc == 0)
            rc = value_append(b->k->a, array, item);
        cut_path(b, mark);
    }
    *ret = array;
    return rc;
}

static int build(struct builder *b, enum json_event e, struct value **ret)
{
    struct arena *a = b->k->a;

    switch (e) {
    case JSON_OBJECT_START:
        return build_object(b, ret);
    case JSON_ARRAY_START:
        return build_array(b, ret);
    case JSON_STRING:
        *ret = value_stringn(a, b->r.string, b->r.string_len);
        break;
    case JSON_INTEGER:
        *ret = value_integer(a, b->r.integer);
        break;
    case JSON_DOUBLE:
        *ret = value_double(a, b->r.number);
        break;
    case JSON_NULL:
        *ret = value_null(a);
        break;
    default:
        *ret = value_bool(a, e == JSON_TRUE);
        break;
    }
    return *ret ? 0 : -ERR_NOMEM;
}

static const char *body_text(const struct ask *k)
{
    return k->q->body ? k->q->body : "";
}

static int parse_json(struct ask *k, struct value **ret)
{
    struct builder b = {.k = k};
    enum json_event e;
    int rc;

    str_init(&b.path, PATH_MAX_TEXT + 4 * BODY_MAX);
    json_reader_init(&b.r, body_text(k), k->q->body_len, 0);
    rc = json_next(&b.r, &e, &b.err);
    if (rc == 0)
        rc = build(&b, e, ret);
    if (rc == 0)
        rc = json_next(&b.r, &e, &b.err);
    json_reader_release(&b.r);
    str_release(&b.path);
    if (rc == -ERR_NOMEM)
        return failure_nomem(&k->f);
    if (rc < 0)
        return failure_set(&k->f, 400, "BadRequest",
                           "the object provided is unrecognized: couldn't get "
                           "version/kind; json parse error: %s",
                           b.err.msg);
    return 0;
}

static int parse_yaml(struct ask *k, struct value **ret)
{
    struct yaml_docs docs;
    struct err err;
    int rc = yaml_parse_body(k->a, body_text(k), k->q->body_len, k->strict,
                             &docs, &err);

    if (rc == -ERR_NOMEM)
        return failure_nomem(&k->f);
    if (rc < 0)
        return failure_set(&k->f, 400, "BadRequest", "error decoding YAML: %s",
                           err.msg);
    *ret = docs.count ? docs.items[0] : value_object(k->a);
    return *ret ? 0 : failure_nomem(&k->f);
}

/* ---- which type ---- */

static const struct {
    const char *name;
    enum body_type type;
    bool patch;
} types[] = {
    {"application/json", BODY_JSON, false},
    {"application/yaml", BODY_YAML, false},
    {"application/vnd.kubernetes.protobuf", BODY_PROTOBUF, false},
    {"application/json-patch+json", BODY_JSON_PATCH, true},
    {"application/merge-patch+json", BODY_MERGE_PATCH, true},
    {"application/strategic-merge-patch+json", BODY_STRATEGIC_PATCH, true},
    {"application/apply-patch+yaml", BODY_APPLY, true},
};

static int unsupported(struct ask *k, const char *type)
{
    return failure_set(&k->f, 415, "UnsupportedMediaType",
                       "the body of the request was in an unknown format - "
                       "accepted media types include: %s (it was '%s')",
                       k->verb == VERB_PATCH
                           ? "application/json-patch+json, "
                             "application/merge-patch+json, "
                             "application/apply-patch+yaml"
                           : "application/json, application/yaml, "
                             "application/vnd.kubernetes.protobuf",
                       type);
}

int body_choose(struct ask *k)
{
    const char *type = k->q->content_type;
    size_t len = type ? strcspn(type, "; ") : 0;
    bool patch = k->verb == VERB_PATCH;

    if (!len) {
        k->body_type = BODY_JSON;
        return patch ? unsupported(k, "") : 0;
    }
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        bool same = len == strlen(types[i].name) &&
                    strncmp(types[i].name, type, len) == 0;

        if (!same || types[i].patch != patch)
            continue;
        k->body_type = types[i].type;
        if (k->kind->crd && (k->body_type == BODY_STRATEGIC_PATCH ||
                             k->body_type == BODY_PROTOBUF))
            break;
        return 0;
    }
    return unsupported(k, type);
}

int body_read(struct ask *k)
{
    bool yaml;

    k->strict = value_array(k->a);
    if (!k->strict)
        return failure_nomem(&k->f);
    if (k->body)
        return 0; /* a call from within has its tree already */
    if (k->q->body_len > BODY_MAX)
        return failure_set(&k->f, 413, "RequestEntityTooLarge",
                           "Request entity too large: limit is %zu", BODY_MAX);
    if (k->q->body_len == 0 && k->verb >= VERB_DELETE)
        return 0;
    if (k->body_type == BODY_PROTOBUF)
        return protobuf_decode(k->a, body_text(k), k->q->body_len, &k->body,
                               &k->f);
    yaml = k->body_type == BODY_YAML || k->body_type == BODY_APPLY;
    return yaml ? parse_yaml(k, &k->body) : parse_json(k, &k->body);
}

/* ---- fieldValidation ---- */

static const char *joined(struct ask *k)
{
    struct str out;
    const char *text;

    str_init(&out, 0);
    for (uint32_t i = 0; i < k->strict->count; i++)
        str_addf(&out, "%s%s", i ? ", " : "",
                 value_text(k->strict->as.items[i]));
    text = out.failed ? NULL : arena_strdup(k->a, str_text(&out));
    str_release(&out);
    return text;
}

static int warn(struct ask *k)
{
    for (uint32_t i = 0; i < k->strict->count; i++)
        if (value_append(k->a, k->warnings, k->strict->as.items[i]) < 0)
            return failure_nomem(&k->f);
    return 0;
}

int body_judge(struct ask *k, const char *what)
{
    const char *text;

    if (!k->strict->count || strcmp(k->o.validation, "Ignore") == 0)
        return 0;
    if (strcmp(k->o.validation, "Strict") != 0)
        return warn(k);
    text = joined(k);
    if (!text)
        return failure_nomem(&k->f);
    if (what)
        return failure_set(&k->f, 400, "BadRequest",
                           "%s: strict decoding error: %s", what, text);
    if (failure_cause(&k->f, CAUSE_INVALID, "patch",
                      "Invalid value: strict decoding error: %s", text) < 0)
        return -1;
    return failure_invalid(&k->f, "", "", "");
}
