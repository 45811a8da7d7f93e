/*
 * ledger.c -- see ledger.h for the contract.
 *
 * The annotation's text is a sorted list "apps/v1 Deployment,v1 Service". It
 * is written by server-side apply as the operator's own field manager, so that
 * the annotations of other operators on the same Lease stay theirs.
 */
#include "app/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "kube/lease.h"

#define MAX_KINDS 128

struct ledger {
    struct cluster *cluster;
    const struct operator_decl *decl;
    struct arena arena;
    struct object_key key;
    const char *annotation;
    const char *kinds[MAX_KINDS]; /* as the Lease has them */
    size_t count;
    char uid[64]; /* of the Lease, when it was seen */
    struct cluster_call *call;
    ledger_done_fn done;
    void *arg;
};

struct ledger *ledger_new(struct cluster *cluster,
                          const struct operator_decl *decl, const char *ns,
                          const char *lease)
{
    struct ledger *l = mem_calloc(1, sizeof(*l));

    if (!l)
        return NULL;
    l->cluster = cluster;
    l->decl = decl;
    l->key.ns = arena_strdup(&l->arena, ns);
    l->key.name = arena_strdup(&l->arena, lease);
    l->annotation =
        arena_printf(&l->arena, LEDGER_ANNOTATION_PREFIX "%s", decl->name);
    if (l->key.ns && l->key.name && l->annotation)
        return l;
    ledger_free(l);
    return NULL;
}

void ledger_free(struct ledger *l)
{
    if (!l)
        return;
    cluster_cancel(l->call);
    arena_release(&l->arena);
    mem_free(l);
}

/* ---- what it holds ---- */

static const char *kind_text(struct arena *a, const struct gvk *gvk)
{
    return arena_printf(a, "%s %s", gvk->api_version, gvk->kind);
}

static bool holds(const struct ledger *l, const char *text)
{
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->kinds[i], text) == 0)
            return true;
    return false;
}

bool ledger_holds(const struct ledger *l, const struct gvk *gvk)
{
    struct arena a = {0};
    const char *text = kind_text(&a, gvk);
    bool found = text && holds(l, text);

    arena_release(&a);
    return found;
}

const char *ledger_lease_uid(const struct ledger *l)
{
    return l->uid;
}

bool ledger_is_busy(const struct ledger *l)
{
    return l->call != NULL;
}

bool ledger_incomplete(const struct ledger *l)
{
    for (size_t i = 0; i < l->decl->owns_count; i++)
        if (!l->decl->owns[i].retired &&
            !ledger_holds(l, &l->decl->owns[i].gvk))
            return true;
    return false;
}

static int read_annotation(struct ledger *l, const char *text, struct err *err)
{
    l->count = 0;
    while (text && *text) {
        size_t len = strcspn(text, ",");

        if (l->count == MAX_KINDS)
            return err_set(err, ERR_LIMIT,
                           "annotation '%s' of Lease '%s' "
                           "names too many kinds",
                           l->annotation, l->key.name);
        l->kinds[l->count] = arena_strndup(&l->arena, text, len);
        if (!l->kinds[l->count++])
            return err_nomem(err);
        text += len + (text[len] == ',');
    }
    return 0;
}

static bool declared(const struct ledger *l, const char *text)
{
    struct arena a = {0};
    bool found = false;

    for (size_t i = 0; i < l->decl->owns_count && !found; i++)
        found = text_equal(kind_text(&a, &l->decl->owns[i].gvk), text);
    arena_release(&a);
    return found;
}

static int check_declared(struct ledger *l, struct err *err)
{
    for (size_t i = 0; i < l->count; i++) {
        const char *text = l->kinds[i];
        const char *space = strchr(text, ' ');

        if (declared(l, text) || !space)
            continue;
        err_set(err, ERR_PLAN,
                "operator '%s' once owned '%s' and no longer declares it: "
                "its objects would be forgotten",
                l->decl->name, text);
        return err_hint(err,
                        "add { \"%.*s\", \"%s\", retired = true } to owns "
                        "until they are gone",
                        (int)(space - text), text, space + 1);
    }
    return 0;
}

static int read_lease(struct ledger *l, const char *body, size_t len,
                      struct err *err)
{
    struct arena a = {0};
    struct value *lease;
    int rc = value_parse(&a, body, len, &lease, err);
    const char *uid = rc == 0 ? value_text_at(lease, "metadata.uid") : NULL;

    snprintf(l->uid, sizeof(l->uid), "%s", uid ? uid : "");
    if (rc == 0)
        rc = read_annotation(
            l,
            value_text(value_get(value_path(lease, "metadata.annotations"),
                                 l->annotation)),
            err);
    arena_release(&a);
    return rc;
}

/* ---- requests ---- */

static void finish(struct ledger *l, const struct err *err)
{
    ledger_done_fn done = l->done;

    l->done = NULL;
    done(l->arg, err);
}

static void on_read(void *arg, const struct cluster_answer *answer)
{
    struct ledger *l = arg;
    struct err err = *answer->err;

    l->call = NULL;
    if (err.code == ERR_NOT_FOUND) {
        err_clear(&err);
        l->count = 0;
    } else if (err.code == ERR_NONE)
        read_lease(l, answer->body, answer->len, &err);
    else
        err_wrap(&err, "cannot read Lease '%s/%s'", l->key.ns, l->key.name);
    if (err.code == ERR_NONE)
        check_declared(l, &err);
    finish(l, &err);
}

int ledger_check(struct ledger *l, ledger_done_fn done, void *arg,
                 struct err *err)
{
    struct arena a = {0};
    struct request request;
    const struct target target = {&lease_resource, l->key};
    int rc = request_get(&a, &target, &request, err);

    l->done = done;
    l->arg = arg;
    if (rc == 0) {
        l->call = cluster_send(l->cluster, &request, on_read, l, err);
        rc = l->call ? 0 : -(int)err->code;
    }
    arena_release(&a);
    return rc;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What the Lease holds and what is declared, sorted, without `dropped`. */
static const char *new_annotation(const struct ledger *l, struct arena *a,
                                  const char *dropped)
{
    const char *texts[2 * MAX_KINDS];
    size_t count = 0;
    struct str out = {0};
    const char *copy;

    for (size_t i = 0; i < l->count; i++)
        texts[count++] = l->kinds[i];
    for (size_t i = 0; i < l->decl->owns_count && i < MAX_KINDS; i++) {
        const char *text = kind_text(a, &l->decl->owns[i].gvk);

        if (!text)
            return NULL;
        if (!l->decl->owns[i].retired && !holds(l, text))
            texts[count++] = text;
    }
    qsort(texts, count, sizeof(texts[0]), compare_texts);
    for (size_t i = 0; i < count; i++)
        if (!text_equal(texts[i], dropped))
            str_addf(&out, "%s%s", out.len ? "," : "", texts[i]);
    copy = out.failed ? NULL : arena_strdup(a, str_text(&out));
    str_release(&out);
    return copy;
}

static int write_request(const struct ledger *l, struct arena *a,
                         const char *dropped, struct request *ret,
                         struct err *err)
{
    struct value *body = value_object(a);
    struct value *meta = value_object(a);
    struct value *annotations = value_object(a);
    struct write_options options = {.field_manager = l->decl->field_manager,
                                    .force = true};
    const struct target target = {&lease_resource, l->key};
    const char *text = new_annotation(l, a, dropped);

    if (!body || !text ||
        value_set(a, annotations, l->annotation, value_string(a, text)) < 0 ||
        value_set(a, meta, "name", value_string(a, l->key.name)) < 0 ||
        value_set(a, meta, "annotations", annotations) < 0 ||
        value_set(a, body, "apiVersion",
                  value_string(a, lease_resource.api_version)) < 0 ||
        value_set(a, body, "kind", value_string(a, "Lease")) < 0 ||
        value_set(a, body, "metadata", meta) < 0)
        return err_nomem(err);
    return request_apply(a, &target, body, &options, ret, err);
}

int ledger_request(const struct ledger *l, struct arena *a, struct request *ret,
                   struct err *err)
{
    return write_request(l, a, NULL, ret, err);
}

static void on_written(void *arg, const struct cluster_answer *answer)
{
    struct ledger *l = arg;
    struct err err = *answer->err;

    l->call = NULL;
    if (err.code == ERR_NONE)
        read_lease(l, answer->body, answer->len, &err);
    else
        err_wrap(&err, "cannot write Lease '%s/%s'", l->key.ns, l->key.name);
    finish(l, &err);
}

static int send_write(struct ledger *l, const char *dropped,
                      ledger_done_fn done, void *arg, struct err *err)
{
    struct arena a = {0};
    struct request request;
    int rc = write_request(l, &a, dropped, &request, err);

    l->done = done;
    l->arg = arg;
    if (rc == 0) {
        l->call = cluster_send(l->cluster, &request, on_written, l, err);
        rc = l->call ? 0 : -(int)err->code;
    }
    arena_release(&a);
    return rc;
}

int ledger_write(struct ledger *l, ledger_done_fn done, void *arg,
                 struct err *err)
{
    return send_write(l, NULL, done, arg, err);
}

int ledger_drop(struct ledger *l, const struct gvk *gvk, ledger_done_fn done,
                void *arg, struct err *err)
{
    struct arena a = {0};
    const char *text = kind_text(&a, gvk);
    int rc;

    if (!text)
        rc = err_nomem(err);
    else if (l->call)
        rc = err_set(err, ERR_CANCELLED, "the Lease is being written");
    else
        rc = send_write(l, text, done, arg, err);
    arena_release(&a);
    return rc;
}
