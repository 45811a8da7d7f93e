/*
 * request.c -- see request.h for the contract.
 *
 * DESIGN
 *
 * A request is drafted in growing strings and copied into the caller's arena
 * by finish(), the one place that writes *ret, so a failure on the way leaves
 * it untouched. Query parameters come in a fixed order and bodies in canonical
 * form: the same wish is always the same bytes, which is what `plan` prints
 * and tests compare.
 *
 * Everything the API server would refuse because of how the request is made,
 * and not because of what it holds, is refused here.
 */
#include "kube/request.h"

#include <stdio.h>
#include <string.h>

#define BODY_MAX (16u << 20) /* the API server takes 3 MiB */
#define PATH_MAX_BYTES (64u << 10)
#define FIELD_MANAGER_MAX 128 /* SA-1 */

#define JSON_TYPE "application/json"
#define METADATA_TYPE(kind)                                                    \
    JSON_TYPE ";as=" kind ";g=meta.k8s.io;v=v1," JSON_TYPE

struct draft {
    struct request request;
    struct arena *arena;
    struct str path;
    struct str body;
};

const char *http_method_name(enum http_method m)
{
    static const char *const names[] = {
        [HTTP_GET] = "GET",     [HTTP_POST] = "POST",     [HTTP_PUT] = "PUT",
        [HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE",
    };

    return names[m];
}

/* ---- paths ---- */

/* RFC 3986: letters, digits and what is in `safe` stand for themselves. */
static int add_escaped(struct str *out, const char *text, const char *safe)
{
    int rc = 0;

    for (; *text && rc == 0; text++) {
        unsigned char c = (unsigned char)*text;
        bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';

        if (letter || (c >= '0' && c <= '9') || strchr(safe, c))
            rc = str_addc(out, *text);
        else
            rc = str_addf(out, "%%%02X", c);
    }
    return rc;
}

/* The characters of RFC 3986 that a segment may hold unescaped: names such as
 * "system:node" stay readable. */
static int add_segment(struct str *path, const char *text)
{
    str_addc(path, '/');
    return add_escaped(path, text, "-._~!$&'()*+,;=:@");
}

/* NULL stands for "not part of the path" (HT-14). */
static int check_segment(const char *what, const char *text, struct err *err)
{
    if (!text || name_is_path_segment(text))
        return 0;
    return err_set(err, ERR_INVALID, "'%s' is no %s", text, what);
}

/* All namespaces is for collections only. */
static int check_scope(const struct resource *r, const char *ns,
                       const char *name, struct err *err)
{
    if (!r->namespaced && ns[0])
        return err_set(err, ERR_INVALID, "a %s has no namespace, not '%s'",
                       r->kind, ns);
    if (r->namespaced && name && !ns[0])
        return err_set(err, ERR_INVALID, "'%s %s' needs a namespace", r->kind,
                       name);
    return check_segment("name of a namespace", ns[0] ? ns : NULL, err);
}

int request_path(const struct resource *r, const char *ns, const char *name,
                 const char *subresource, struct str *out, struct err *err)
{
    int rc = check_scope(r, ns, name, err);

    if (rc == 0)
        rc = check_segment("name of an object", name, err);
    if (rc == 0)
        rc = check_segment("name of a subresource", subresource, err);
    if (rc < 0)
        return rc;

    str_add(out, r->group[0] ? "/apis/" : "/api/");
    str_add(out, r->api_version);
    if (ns[0]) {
        str_add(out, "/namespaces");
        add_segment(out, ns);
    }
    add_segment(out, r->plural);
    if (name)
        add_segment(out, name);
    if (name && subresource)
        add_segment(out, subresource);
    return str_check(out, "a path", err);
}

/* No path has a '?' of its own: add_segment() escapes it. */
int request_query(struct str *path, const char *key, const char *value)
{
    bool first = !memchr(str_text(path), '?', path->len);

    str_addc(path, first ? '?' : '&');
    add_escaped(path, key, "-._~");
    str_addc(path, '=');
    return add_escaped(path, value, "-._~");
}

/* An empty value is as good as none: "" is what unset versions and selectors
 * look like elsewhere. */
static void query_if(struct str *path, const char *key, const char *value)
{
    if (value && value[0])
        request_query(path, key, value);
}

static void query_number(struct str *path, const char *key, unsigned value)
{
    char text[16];

    if (value == 0)
        return;
    snprintf(text, sizeof text, "%u", value);
    request_query(path, key, text);
}

/* ---- drafts ---- */

static void draft_init(struct draft *d, struct arena *a, enum http_method m)
{
    *d = (struct draft){.arena = a};
    d->request.method = m;
    d->request.accept = JSON_TYPE;
    str_init(&d->path, PATH_MAX_BYTES);
    str_init(&d->body, BODY_MAX);
}

/* The only place where *ret is written. */
static int copy_draft(struct draft *d, struct request *ret, struct err *err)
{
    int rc = str_check(&d->path, "a path", err);

    if (rc < 0)
        return rc;
    d->request.path = arena_strndup(d->arena, str_text(&d->path), d->path.len);
    if (!d->request.path)
        return err_nomem(err);
    if (d->request.content_type) {
        d->request.body =
            arena_strndup(d->arena, str_text(&d->body), d->body.len);
        d->request.body_len = d->body.len;
        if (!d->request.body)
            return err_nomem(err);
    }
    *ret = d->request;
    return 0;
}

/* `rc` is how the drafting went; answers how it all went. */
static int finish(struct draft *d, int rc, struct request *ret, struct err *err)
{
    if (rc == 0)
        rc = copy_draft(d, ret, err);
    str_release(&d->path);
    str_release(&d->body);
    return rc;
}

static int set_body(struct draft *d, const char *content_type,
                    const struct value *body, struct err *err)
{
    d->request.content_type = content_type;
    return value_print(body, &d->body, err);
}

static int target_path(struct draft *d, const struct target *t,
                       const char *subresource, struct err *err)
{
    return request_path(t->resource, t->key.ns, t->key.name, subresource,
                        &d->path, err);
}

/* ---- reads ---- */

int request_get(struct arena *a, const struct target *t, struct request *ret,
                struct err *err)
{
    struct draft d;

    draft_init(&d, a, HTTP_GET);
    return finish(&d, target_path(&d, t, NULL, err), ret, err);
}

/* WS-1, for lists. A page that is continued has its version in the token. */
static int check_version(const struct list_options *o, struct err *err)
{
    bool unset = !o->resource_version || !o->resource_version[0];

    if (o->continue_token || !o->rv_match)
        return 0;
    if (unset)
        return err_set(err, ERR_INVALID,
                       "a resourceVersionMatch needs a resourceVersion");
    if (strcmp(o->rv_match, "Exact") == 0 &&
        strcmp(o->resource_version, "0") == 0)
        return err_set(err, ERR_INVALID,
                       "resourceVersion 0 cannot be matched exactly");
    return 0;
}

static int list_path(struct draft *d, const struct resource *r,
                     const struct list_options *o, struct err *err)
{
    return request_path(r, o->ns ? o->ns : "", NULL, NULL, &d->path, err);
}

static void query_selectors(struct str *path, const struct list_options *o)
{
    query_if(path, "labelSelector", o->label_selector);
    query_if(path, "fieldSelector", o->field_selector);
}

int request_list(struct arena *a, const struct resource *r,
                 const struct list_options *o, struct request *ret,
                 struct err *err)
{
    struct draft d;
    int rc = check_version(o, err);

    draft_init(&d, a, HTTP_GET);
    if (o->metadata_only)
        d.request.accept = METADATA_TYPE("PartialObjectMetadataList");
    if (rc == 0)
        rc = list_path(&d, r, o, err);
    if (rc == 0) {
        query_selectors(&d.path, o);
        query_number(&d.path, "limit", o->limit);
        query_if(&d.path, "continue", o->continue_token);
    }
    if (rc == 0 && !o->continue_token) { /* LW-2 */
        query_if(&d.path, "resourceVersion", o->resource_version);
        query_if(&d.path, "resourceVersionMatch", o->rv_match);
    }
    return finish(&d, rc, ret, err);
}

int request_watch(struct arena *a, const struct resource *r,
                  const struct list_options *o, struct request *ret,
                  struct err *err)
{
    struct draft d;
    int rc;

    draft_init(&d, a, HTTP_GET);
    d.request.watch = true;
    if (o->metadata_only)
        d.request.accept = METADATA_TYPE("PartialObjectMetadata");
    rc = list_path(&d, r, o, err);
    if (rc == 0) {
        request_query(&d.path, "watch", "true");
        request_query(&d.path, "allowWatchBookmarks", "true");
        query_selectors(&d.path, o);
        query_if(&d.path, "resourceVersion", o->resource_version);
        query_number(&d.path, "timeoutSeconds", o->timeout_seconds);
    }
    if (rc == 0 && o->send_initial_events) { /* WL-1 */
        request_query(&d.path, "sendInitialEvents", "true");
        request_query(&d.path, "resourceVersionMatch", "NotOlderThan");
    }
    return finish(&d, rc, ret, err);
}

/* ---- writes ---- */

/* dryRun has one value only (HT-15). */
static void query_write(struct str *path, const struct write_options *o)
{
    query_if(path, "fieldManager", o->field_manager);
    if (o->force)
        request_query(path, "force", "true");
    if (o->dry_run)
        request_query(path, "dryRun", "All");
    query_if(path, "fieldValidation", o->field_validation);
}

/* The text under `field` has to be this one. */
static int check_text(const struct value *body, const char *field,
                      const char *want, struct err *err)
{
    const char *got = value_text_at(body, field);

    if (text_equal(got, want))
        return 0;
    return err_set(err, ERR_INVALID, "%s of the body is '%s', not '%s'", field,
                   got ? got : "", want);
}

/* What the API server checks of an apply before it looks at the object
 * (SA-1, SA-2). */
static int check_apply(const struct target *t, const struct value *body,
                       const struct write_options *o, struct err *err)
{
    int rc;

    if (!o->field_manager || !o->field_manager[0] ||
        strlen(o->field_manager) > FIELD_MANAGER_MAX)
        return err_set(err, ERR_INVALID,
                       "an apply needs a field manager of 1 to %d characters",
                       FIELD_MANAGER_MAX);
    if (value_path(body, "metadata.managedFields"))
        return err_set(err, ERR_INVALID, "an apply has no managedFields");
    rc = check_text(body, "apiVersion", t->resource->api_version, err);
    if (rc == 0)
        rc = check_text(body, "kind", t->resource->kind, err);
    if (rc == 0)
        rc = check_text(body, "metadata.name", t->key.name, err);
    if (rc == 0 && value_path(body, "metadata.namespace"))
        rc = check_text(body, "metadata.namespace", t->key.ns, err);
    return rc;
}

static const char *patch_content_type(enum patch_type type)
{
    static const char *const types[] = {
        [PATCH_MERGE] = "application/merge-patch+json",
        [PATCH_JSON] = "application/json-patch+json",
        [PATCH_APPLY] = "application/apply-patch+yaml",
        [PATCH_STRATEGIC] = "application/strategic-merge-patch+json",
    };

    return types[type];
}

int request_patch(struct arena *a, const struct target *t,
                  const struct patch *p, const struct write_options *o,
                  struct request *ret, struct err *err)
{
    struct draft d;
    int rc = 0;

    draft_init(&d, a, HTTP_PATCH);
    if (p->type == PATCH_APPLY)
        rc = check_apply(t, p->body, o, err);
    else if (o->force)
        rc = err_set(err, ERR_INVALID, "only an apply can be forced");
    if (rc == 0)
        rc = target_path(&d, t, o->subresource, err);
    if (rc == 0) {
        query_write(&d.path, o);
        rc = set_body(&d, patch_content_type(p->type), p->body, err);
    }
    return finish(&d, rc, ret, err);
}

int request_apply(struct arena *a, const struct target *t,
                  const struct value *body, const struct write_options *o,
                  struct request *ret, struct err *err)
{
    const struct patch p = {PATCH_APPLY, body};

    return request_patch(a, t, &p, o, ret, err);
}

/* Without subresource the name is in the body, or made by the server. */
int request_create(struct arena *a, const struct target *t,
                   const struct value *body, const struct write_options *o,
                   struct request *ret, struct err *err)
{
    const struct resource *r = t->resource;
    const char *name = o->subresource ? t->key.name : NULL;
    struct draft d;
    int rc = 0;

    draft_init(&d, a, HTTP_POST);
    if (o->force)
        rc = err_set(err, ERR_INVALID, "only an apply can be forced");
    else if (r->namespaced && !t->key.ns[0])
        rc = err_set(err, ERR_INVALID, "a %s needs a namespace", r->kind);
    if (rc == 0)
        rc = request_path(r, t->key.ns, name, o->subresource, &d.path, err);
    if (rc == 0) {
        query_write(&d.path, o);
        rc = set_body(&d, JSON_TYPE, body, err);
    }
    return finish(&d, rc, ret, err);
}

/* ---- delete ---- */

/* Never a delete by name alone: it would hit the next object of that name
 * (G5). */
static int check_delete(const struct delete_options *o, struct err *err)
{
    static const char *const policies[] = {"Background", "Foreground",
                                           "Orphan"};

    if (!o->uid || !o->uid[0] || !o->resource_version ||
        !o->resource_version[0])
        return err_set(err, ERR_INVALID,
                       "a delete needs uid and resourceVersion");
    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++)
        if (text_equal(o->propagation, policies[i]))
            return 0;
    return err_set(err, ERR_INVALID, "'%s' is no propagation policy",
                   o->propagation ? o->propagation : "");
}

/* With a body the API server does not look at the query, so dryRun is in the
 * body too. NULL on out of memory. */
static struct value *delete_body(struct arena *a,
                                 const struct delete_options *o)
{
    struct value *body = value_object(a);
    struct value *conditions = value_object(a);
    struct value *dry_run = value_array(a);
    int rc = 0;

    if (!body || !conditions || !dry_run)
        return NULL;
    rc |= value_set(a, body, "apiVersion", value_string(a, "v1"));
    rc |= value_set(a, body, "kind", value_string(a, "DeleteOptions"));
    rc |= value_set(a, body, "propagationPolicy",
                    value_string(a, o->propagation));
    rc |= value_set(a, conditions, "uid", value_string(a, o->uid));
    rc |= value_set(a, conditions, "resourceVersion",
                    value_string(a, o->resource_version));
    rc |= value_set(a, body, "preconditions", conditions);
    if (o->dry_run) {
        rc |= value_append(a, dry_run, value_string(a, "All"));
        rc |= value_set(a, body, "dryRun", dry_run);
    }
    return rc == 0 ? body : NULL;
}

int request_delete(struct arena *a, const struct target *t,
                   const struct delete_options *o, struct request *ret,
                   struct err *err)
{
    struct value *body;
    struct draft d;
    int rc = check_delete(o, err);

    draft_init(&d, a, HTTP_DELETE);
    if (rc == 0)
        rc = target_path(&d, t, NULL, err);
    if (rc == 0) {
        body = delete_body(a, o);
        rc = body ? set_body(&d, JSON_TYPE, body, err) : err_nomem(err);
    }
    return finish(&d, rc, ret, err);
}
