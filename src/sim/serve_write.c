/*
 * serve_write.c -- create and update.
 */
#include "serve_write.h"

#include <string.h>

#include "base/text.h"
#include "serve_store.h"

/* ---- who writes ---- */

/* Without a fieldManager it is the User-Agent up to its slash. */
static const char *manager_of(struct ask *k)
{
    const char *agent = k->q->user_agent ? k->q->user_agent : "";
    const char *name;

    if (*k->o.manager)
        return k->o.manager;
    name = arena_strndup(k->a, agent, strcspn(agent, "/"));
    return name && *name ? name : "unknown";
}

/* The object as another version of its kind has it. */
static int convert(void *arg, const char *api_version,
                   const struct value *object, const struct value **ret,
                   struct schema_node *ret_schema)
{
    struct ask *k = arg;
    const struct kind *to =
        kinds_find_kind(k->s->kinds, api_version, k->kind->r.kind);
    struct failure f;
    struct value *other;

    *ret = NULL;
    if (!to || strcmp(to->bucket, k->kind->bucket) != 0 ||
        strcmp(to->r.group, k->kind->r.group) != 0)
        return 0; /* Events of one group are none of the other */
    failure_init(&f, k->a);
    if (rules_convert(k->a, to, object, &other, &f) < 0)
        return -ERR_NOMEM;
    *ret = other;
    *ret_schema = to->schema;
    return 0;
}

/* What decoding makes of an object that says nothing; NULL on failure. */
static const struct value *empty_object(struct ask *k)
{
    struct rules_call c = rules_call(k);
    struct value *empty = value_object(k->a);
    struct failure f;

    failure_init(&f, k->a);
    if (!empty ||
        value_set(k->a, empty, "apiVersion",
                  value_string(k->a, k->kind->r.api_version)) < 0 ||
        value_set(k->a, empty, "kind", value_string(k->a, k->kind->r.kind)) <
            0 ||
        rules_decode(&c, empty, NULL, &f) < 0)
        return NULL;
    /* Only going through the internal type adds annotations. */
    value_unset(value_get(empty, "metadata"), "annotations");
    return empty;
}

struct managed_call managed_call(struct ask *k, bool fresh)
{
    return (struct managed_call){
        .a = k->a,
        .schema = k->kind->schema,
        .api_version = k->kind->r.api_version,
        .kind = k->kind->r.kind,
        .group = k->kind->r.group,
        .subresource = k->at.subresource,
        .manager = manager_of(k),
        .force = k->o.force == 1,
        .unix_now = k->world.unix_now,
        .reset = rules_reset_fields(k->kind, k->at.subresource),
        .empty = fresh ? empty_object(k) : NULL,
        .convert = convert,
        .convert_arg = k,
    };
}

/* ---- the body of a create or an update ---- */

static int wrong_kind(struct ask *k, const char *version, const char *kind)
{
    const char *name = value_text_at(k->body, "metadata.name");
    const bool right_version = strcmp(version, k->kind->r.api_version) == 0;

    if (right_version && k->kind->crd) {
        failure_cause(&k->f, CAUSE_INVALID, "kind",
                      "Invalid value: \"%s\": must be %s", kind,
                      k->kind->r.kind);
        return failure_invalid(&k->f, k->kind->r.group, kind, name ? name : "");
    }
    if (right_version)
        return failure_set(&k->f, 400, "BadRequest",
                           "%s in version \"%s\" cannot be handled as a %s",
                           kind, k->kind->r.version, k->kind->r.kind);
    return failure_set(&k->f, 400, "BadRequest",
                       "the API version in the data (%s) does not match the "
                       "expected API version (%s)",
                       version, k->kind->r.api_version);
}

/* Built-in kinds may leave out what the URL says already. */
static int check_kind(struct ask *k, struct value *object)
{
    const char *version = value_text_at(object, "apiVersion");
    const char *kind = value_text_at(object, "kind");

    if (!value_is(object, VALUE_OBJECT))
        return failure_set(&k->f, 400, "BadRequest",
                           "the object provided is unrecognized (must be of "
                           "type %s): it is no object",
                           k->kind->r.kind);
    if (k->kind->crd && (!kind || !*kind || !version || !*version))
        return failure_set(&k->f, 400, "BadRequest",
                           "the object provided is unrecognized (must be of "
                           "type %s): Object 'Kind' is missing",
                           k->kind->r.kind);
    version = version && *version ? version : k->kind->r.api_version;
    kind = kind && *kind ? kind : k->kind->r.kind;
    if (strcmp(version, k->kind->r.api_version) != 0 ||
        strcmp(kind, k->kind->r.kind) != 0)
        return wrong_kind(k, version, kind);
    if (value_set(k->a, object, "apiVersion", value_string(k->a, version)) <
            0 ||
        value_set(k->a, object, "kind", value_string(k->a, kind)) < 0)
        return failure_nomem(&k->f);
    return 0;
}

struct kind body_kind(const struct ask *k, const char *api_version,
                      const char *kind)
{
    const char *slash = strchr(api_version, '/');

    return (struct kind){.r = {.api_version = api_version,
                               .group = "",
                               .version = slash ? slash + 1 : api_version,
                               .kind = kind,
                               .plural = "",
                               .namespaced = k->kind->r.namespaced},
                         .bucket = "",
                         .schema = schema_find(NULL, api_version, kind)};
}

int decode_body(struct ask *k)
{
    const char *what =
        arena_printf(k->a, "%s in version \"%s\" cannot be handled as a %s",
                     k->kind->r.kind, k->kind->r.version, k->kind->r.kind);
    struct value *unknown = value_array(k->a);

    if (!what || !unknown)
        return failure_nomem(&k->f);
    if (!k->body || (k->body->type == VALUE_NULL && !k->kind->crd))
        k->body = value_object(k->a);
    if (check_kind(k, k->body) < 0 || object_decode(k, k->body, unknown) < 0 ||
        note_unknown(k, unknown) < 0)
        return -1;
    return body_judge(k, what);
}

int warn_with(struct ask *k, const char *text)
{
    return value_append(k->a, k->warnings, value_string(k->a, text)) < 0
               ? failure_nomem(&k->f)
               : 0;
}

int note_unknown(struct ask *k, const struct value *unknown)
{
    for (uint32_t i = 0; i < unknown->count; i++) {
        const char *path = value_text(unknown->as.items[i]);
        char *text;

        path = path && *path == '.' ? path + 1 : path;
        text = arena_printf(k->a, "unknown field \"%s\"", path ? path : "");
        if (!text ||
            value_append(k->a, k->strict, value_string(k->a, text)) < 0)
            return failure_nomem(&k->f);
    }
    return 0;
}

/* ---- namespaces ---- */

static int terminating(struct ask *k, const char *ns)
{
    const char *name = value_text_at(k->body, "metadata.name");

    failure_set(&k->f, 403, "Forbidden",
                "%s%s%s \"%s\" is forbidden: unable to create new content in "
                "namespace %s because it is being terminated",
                k->kind->r.plural, *k->kind->r.group ? "." : "",
                k->kind->r.group, name ? name : "", ns);
    failure_about(&k->f, k->kind->r.group, k->kind->r.plural, name);
    failure_cause(&k->f, "NamespaceTerminating", "metadata.namespace",
                  "namespace %s is being terminated", ns);
    return -1;
}

int namespace_admit(struct ask *k)
{
    struct object_key key = {"", k->at.key.ns};
    const struct item *item;
    struct value *ns;

    if (!k->kind->r.namespaced || review_is(k->kind))
        return 0;
    item = history_get(k->s->history, "core/namespaces", &key);
    if (!item) {
        failure_set(&k->f, 404, "NotFound", "namespaces \"%s\" not found",
                    key.name);
        return failure_about(&k->f, "", "namespaces", key.name);
    }
    if (!strstr(item->json, "deletionTimestamp"))
        return 0;
    if (value_parse(k->a, item->json, item->len, &ns, NULL) < 0)
        return failure_nomem(&k->f);
    return value_path(ns, "metadata.deletionTimestamp")
               ? terminating(k, key.name)
               : 0;
}

/* ---- owner references ---- */

int dedup_owners(struct ask *k, struct value *object)
{
    struct value *owners = value_path(object, "metadata.ownerReferences");
    uint32_t kept = 0;

    if (!value_is(owners, VALUE_ARRAY))
        return 0;
    for (uint32_t i = 0; i < owners->count; i++) {
        uint32_t j = 0;

        while (j < kept &&
               !value_equal(owners->as.items[i], owners->as.items[j]))
            j++;
        if (j == kept)
            owners->as.items[kept++] = owners->as.items[i];
    }
    if (kept == owners->count)
        return 0;
    owners->count = kept;
    return warn_with(k, ".metadata.ownerReferences contains duplicate "
                        "entries; API server dedups owner references in "
                        "1.20+, and may reject such requests as early as "
                        "1.24; please fix your requests");
}

/* ---- verbs ---- */

int serve_create(struct ask *k)
{
    struct managed_call m = managed_call(k, true);

    if (body_read(k) < 0 || decode_body(k) < 0 ||
        meta_check_names(k, k->body) < 0 || dedup_owners(k, k->body) < 0)
        return -1;
    if (review_is(k->kind))
        return serve_review(k);
    if (managed_update(&m, NULL, k->body, &k->f) < 0 ||
        object_create(k, k->body) < 0 || store_write(k, k->body) < 0)
        return -1;
    return answer_with(k, 201, k->body);
}

static int check_uid(struct ask *k, const struct value *old)
{
    const char *said = value_text_at(k->body, "metadata.uid");
    const char *is = value_text_at(old, "metadata.uid");
    char *why;

    if (!said || !*said || (is && strcmp(said, is) == 0))
        return 0;
    why = arena_printf(k->a,
                       "StorageError: invalid object, Code: 4, Key: %s, "
                       "ResourceVersion: 0, AdditionalErrorMsg: Precondition "
                       "failed: UID in precondition: %s, UID in object meta: "
                       "%s",
                       k->at.key.name, said, is ? is : "");
    return why ? conflict(k, k->at.key.name, why) : failure_nomem(&k->f);
}

/* PUT on a name that is free, where the kind allows it. */
static int create_by_update(struct ask *k)
{
    struct managed_call m = managed_call(k, true);

    if (!rules_allows_create_on_update(k->kind) ||
        (*k->at.subresource && strcmp(k->at.subresource, "status") != 0))
        return not_found(k, k->at.key.name);
    k->by_status = *k->at.subresource != '\0';
    k->at.subresource = "";
    if (managed_update(&m, NULL, k->body, &k->f) < 0 ||
        object_create(k, k->body) < 0 || store_write(k, k->body) < 0)
        return -1;
    return answer_with(k, 201, k->body);
}

int serve_update(struct ask *k)
{
    struct managed_call m = managed_call(k, false);
    struct rules_call c = rules_call(k);
    struct value *old;
    bool noop;

    if (body_read(k) < 0 || decode_body(k) < 0 ||
        meta_check_names(k, k->body) < 0 || dedup_owners(k, k->body) < 0 ||
        store_read(k, &k->at.key, &old) < 0 || check_uid(k, old) < 0)
        return -1;
    if (!old)
        return create_by_update(k);
    if (managed_update(&m, old, k->body, &k->f) < 0 ||
        rules_admit(&c, k->body, old, &k->f) < 0 ||
        managed_apply_finish(&m, old, k->body, &noop, &k->f) < 0 ||
        object_change(k, k->body, old) < 0)
        return -1;
    return answer_with(k, 200, k->body);
}
