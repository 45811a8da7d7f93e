/*
 * serve_patch.c -- the four kinds of patch.
 */
#include <string.h>

#include "base/text.h"
#include "core/json_patch.h"
#include "serve_store.h"
#include "serve_write.h"
#include "sim/strategic.h"

#define OPERATIONS_MAX 10000

static int malformed(struct ask *k, const char *why)
{
    return failure_set(&k->f, 400, "BadRequest", "error decoding patch: %s",
                       why);
}

/* The API server has no place for the whole object but in `replace`, `test`. */
static bool names_whole(const struct value *operation)
{
    const char *op = value_text_at(operation, "op");
    const char *path = value_text_at(operation, "path");
    const char *from = value_text_at(operation, "from");
    bool moves = text_equal(op, "copy") || text_equal(op, "move");

    return ((moves || text_equal(op, "add")) && path && !*path) ||
           (moves && from && !*from);
}

int patch_json(struct ask *k, const struct value *live, struct value **ret)
{
    struct err err;
    int rc;

    if (!value_is(k->body, VALUE_ARRAY))
        return malformed(k, "a JSON patch is an array of operations");
    if (k->body->count > OPERATIONS_MAX)
        return failure_set(&k->f, 413, "RequestEntityTooLarge",
                           "Request entity too large: The allowed maximum "
                           "operations in a JSON patch is %d, got %u",
                           OPERATIONS_MAX, k->body->count);
    for (uint32_t i = 0; i < k->body->count; i++)
        if (!value_is(k->body->as.items[i], VALUE_OBJECT))
            return malformed(k, "an operation is an object");
    for (uint32_t i = 0; i < k->body->count; i++)
        if (names_whole(k->body->as.items[i]))
            return failure_set(&k->f, 422, "Invalid",
                               "the server rejected our request due to an "
                               "error in our request: operation %u has no "
                               "path",
                               i);
    rc = json_patch_apply(k->a, live, k->body, ret, &err);
    if (rc == -ERR_NOMEM)
        return failure_nomem(&k->f);
    if (rc == 0 &&
        (value_is(*ret, VALUE_OBJECT) || value_is(*ret, VALUE_ARRAY)))
        return 0;
    return failure_set(&k->f, 422, "Invalid",
                       "the server rejected our request due to an error in our "
                       "request: %s",
                       rc < 0 ? err.msg : "a document is an object");
}

static int patch_by_type(struct ask *k, const struct value *live,
                         struct value **ret)
{
    if (k->body_type == BODY_JSON_PATCH)
        return patch_json(k, live, ret);
    if (!value_is(k->body, VALUE_OBJECT))
        return malformed(k, "a patch is an object");
    if (k->body_type == BODY_STRATEGIC_PATCH)
        return strategic_apply(k->a, k->kind->schema, live, k->body, ret,
                               &k->f);
    return merge_patch_apply(k->a, live, k->body, ret, NULL) < 0
               ? failure_nomem(&k->f)
               : 0;
}

static int bad_patch(struct ask *k, const char *why)
{
    failure_init(&k->f, k->a);
    failure_cause(&k->f, CAUSE_INVALID, "patch", "Invalid value: %s", why);
    return failure_invalid(&k->f, "", "", "");
}

/* Without a version nothing is known about an object, its name neither. */
static int forget_fields(struct ask *k, struct value *object,
                         struct value *unknown)
{
    for (uint32_t i = object->count; i-- > 0;) {
        const char *key = object->as.members[i].key;

        if (strcmp(key, "apiVersion") == 0 || strcmp(key, "kind") == 0)
            continue;
        if (value_append(k->a, unknown, value_string(k->a, key)) < 0)
            return failure_nomem(&k->f);
        value_unset(object, key);
    }
    return 0;
}

static int set_kind(struct ask *k, struct value *object)
{
    return value_set(k->a, object, "apiVersion",
                     value_string(k->a, k->kind->r.api_version)) < 0 ||
                   value_set(k->a, object, "kind",
                             value_string(k->a, k->kind->r.kind)) < 0
               ? failure_nomem(&k->f)
               : 0;
}

/* A custom resource of another type. */
static int wrong_type(struct ask *k, const struct value *object)
{
    const char *version = value_text_at(object, "apiVersion");
    const char *kind = value_text_at(object, "kind");
    const char *name = value_text_at(object, "metadata.name");
    const char *slash = strchr(version, '/');
    const char *group =
        slash ? arena_strndup(k->a, version, (size_t)(slash - version)) : "";

    if (!group)
        return failure_nomem(&k->f);
    if (strcmp(kind, k->kind->r.kind) != 0 &&
        failure_cause(&k->f, CAUSE_INVALID, "kind",
                      "Invalid value: \"%s\": must be %s", kind,
                      k->kind->r.kind) < 0)
        return -1;
    if (strcmp(version, k->kind->r.api_version) != 0 &&
        failure_cause(&k->f, CAUSE_INVALID, "apiVersion",
                      "Invalid value: \"%s\": must be %s", version,
                      k->kind->r.api_version) < 0)
        return -1;
    return failure_invalid(&k->f, group, kind, name ? name : "");
}

static bool is_no_text(const struct value *v)
{
    return v && v->type != VALUE_NULL && v->type != VALUE_STRING;
}

/* Built-in kinds get back what a patch took away of their kind; custom
 * resources are nothing without it. A strategic patch is made of fields, of
 * which the two are none. */
static int check_patched_kind(struct ask *k, struct value *object,
                              struct value *unknown)
{
    const struct value *said = value_get(object, "kind");
    const char *version = value_text_at(object, "apiVersion");
    const char *kind = value_text(said);
    bool no_version = !version || !*version, no_kind = !kind || !*kind;
    bool other =
        (!no_version && strcmp(version, k->kind->r.api_version) != 0) ||
        (!no_kind && strcmp(kind, k->kind->r.kind) != 0);

    if (k->kind->crd && no_kind)
        return bad_patch(k, "Object 'Kind' is missing");
    if (k->kind->crd && no_version)
        return 0; /* the rest of it is looked at first */
    if (k->body_type == BODY_STRATEGIC_PATCH)
        return set_kind(k, object);
    if (other && k->kind->crd && k->body_type != BODY_APPLY)
        return wrong_type(k, object);
    if (other && k->body_type == BODY_APPLY)
        return failure_set(&k->f, 400, "BadRequest",
                           "the patched object is no %s of %s", k->kind->r.kind,
                           k->kind->r.api_version);
    if (other || is_no_text(said) ||
        is_no_text(value_get(object, "apiVersion")))
        return bad_patch(k, "it is of another kind");
    if (no_version && k->body_type != BODY_APPLY &&
        forget_fields(k, object, unknown) < 0)
        return -1;
    return set_kind(k, object);
}

/* See check_patched_kind(). */
static int check_version(struct ask *k, const struct value *object)
{
    const char *version = value_text_at(object, "apiVersion");

    if (version && *version)
        return 0;
    failure_set(&k->f, 500, "InternalError",
                "Internal error occurred: the object has no apiVersion");
    failure_cause(&k->f, "", "", "the object has no apiVersion");
    return -1;
}

int decode_patched(struct ask *k, struct value *object)
{
    struct value *unknown = value_array(k->a);

    if (!unknown)
        return failure_nomem(&k->f);
    if (check_patched_kind(k, object, unknown) < 0)
        return -1;
    if (object_decode(k, object, unknown) == 0 && k->body_type == BODY_APPLY)
        return 0; /* unknown fields have no place among the managed ones */
    if (!k->f.code)
        return check_version(k, object) < 0 || note_unknown(k, unknown) < 0
                   ? -1
                   : body_judge(k, NULL);
    if (k->f.code == 400 && k->body_type == BODY_APPLY && !k->kind->crd)
        return failure_set(&k->f, 500, "",
                           "failed to convert new typed object: %s",
                           k->f.message);
    return k->f.code == 400 ? bad_patch(k, k->f.message) : -1;
}

static int change_by_patch(struct ask *k, const struct value *live)
{
    struct managed_call m = managed_call(k, false);
    struct rules_call c = rules_call(k);
    struct value *object, *mine;
    bool noop;

    if (patch_by_type(k, live, &mine) < 0)
        return -1;
    object = value_copy(k->a, mine); /* it may share with `live` */
    if (!object)
        return failure_nomem(&k->f);
    if (!value_is(object, VALUE_OBJECT))
        return bad_patch(k, "the result is no object");
    if (decode_patched(k, object) < 0 || meta_check_names(k, object) < 0 ||
        managed_update(&m, live, object, &k->f) < 0 ||
        rules_admit(&c, object, live, &k->f) < 0 ||
        dedup_owners(k, object) < 0 ||
        managed_apply_finish(&m, live, object, &noop, &k->f) < 0 ||
        object_change(k, object, live) < 0)
        return -1;
    return answer_with(k, 200, object);
}

/* ---- apply ---- */

/* Not there: only the object itself may be made by an apply, or the status of
 * what a PUT makes. */
static bool may_be_made(const struct ask *k)
{
    return *k->at.subresource == '\0' ||
           (strcmp(k->at.subresource, "status") == 0 &&
            rules_allows_create_on_update(k->kind));
}

/* Who says a uid means an object that is there. */
static int refuse_uid(struct ask *k, const struct value *object)
{
    const char *uid = value_text_at(object, "metadata.uid");
    const char *why;

    if (!uid)
        return 0;
    why = arena_printf(k->a,
                       "uid mismatch: the provided object specified uid %s, "
                       "and no existing object was found",
                       uid);
    return why ? conflict(k, k->at.key.name, why) : failure_nomem(&k->f);
}

static int create_by_apply(struct ask *k)
{
    struct managed_call m = managed_call(k, true);
    struct value *object;
    bool noop;

    if (!may_be_made(k))
        return not_found(k, k->at.key.name);
    if (managed_apply(&m, NULL, k->body, &object, &k->f) < 0 ||
        decode_patched(k, object) < 0 || refuse_uid(k, object) < 0 ||
        meta_check_names(k, object) < 0)
        return -1;
    /* "1" is no version of any object: a create-only apply. */
    if (!k->o.dry_run)
        value_unset(meta_of(k, object), "resourceVersion");
    k->by_status = *k->at.subresource != '\0';
    k->at.subresource = "";
    if (dedup_owners(k, object) < 0 || object_create(k, object) < 0 ||
        managed_apply_finish(&m, NULL, object, &noop, &k->f) < 0 ||
        store_write(k, object) < 0)
        return -1;
    return answer_with(k, 201, object);
}

static bool same_at(const struct value *a, const struct value *b,
                    const char *path)
{
    return text_equal(value_text_at(a, path), value_text_at(b, path));
}

static int change_by_apply(struct ask *k, const struct value *live)
{
    struct managed_call m = managed_call(k, true);
    struct rules_call c = rules_call(k);
    struct value *object;
    bool noop = false;

    if (managed_apply(&m, live, k->body, &object, &k->f) < 0 ||
        decode_patched(k, object) < 0 || meta_check_names(k, object) < 0 ||
        rules_admit(&c, object, live, &k->f) < 0 ||
        dedup_owners(k, object) < 0 ||
        (!(k->trail.unread & (UNREAD_METADATA | UNREAD_BODY)) &&
         managed_apply_finish(&m, live, object, &noop, &k->f) < 0))
        return -1;
    if (noop && same_at(object, live, "metadata.resourceVersion") &&
        same_at(object, live, "metadata.uid") &&
        (object = value_copy(k->a, live)) == NULL)
        return failure_nomem(&k->f);
    if (object_change(k, object, live) < 0)
        return -1;
    return answer_with(k, 200, object);
}

static int check_applied(struct ask *k)
{
    if (!value_is(k->body, VALUE_OBJECT))
        return failure_set(&k->f, 400, "BadRequest",
                           "error decoding YAML: it is no object");
    return body_judge(k, "error strict decoding YAML");
}

int serve_patch(struct ask *k)
{
    struct value *live;

    if (store_read(k, &k->at.key, &live) < 0)
        return -1;
    if (!live && k->body_type != BODY_APPLY)
        return not_found(k, k->at.key.name); /* whatever the patch is */
    if (body_read(k) < 0)
        return -1;
    if (k->body_type == BODY_APPLY) {
        if (check_applied(k) < 0)
            return -1;
        k->strict->count = 0;
        return live ? change_by_apply(k, live) : create_by_apply(k);
    }
    return change_by_patch(k, live);
}
