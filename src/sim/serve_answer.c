/*
 * serve_answer.c -- answers: objects, lists, tables, metadata, Status.
 */
#include <string.h>

#include "base/text.h"
#include "serve_store.h"
#include "serve_write.h"
#include "sim/table.h"

int answer_with(struct ask *k, int code, struct value *object)
{
    k->ret->status = code;
    k->answer = object;
    if (!k->gone && !text_equal(k->at.subresource, "status"))
        rules_show(k->kind, object);
    return 0;
}

int answer_deleted(struct ask *k, const struct value *object)
{
    struct arena *a = k->a;
    struct value *status = value_object(a), *details = value_object(a);
    const char *group = k->kind->r.group;

    if (!status || !details ||
        value_set(a, status, "kind", value_string(a, "Status")) < 0 ||
        value_set(a, status, "apiVersion", value_string(a, "v1")) < 0 ||
        value_set(a, status, "metadata", value_object(a)) < 0 ||
        value_set(a, status, "status", value_string(a, "Success")) < 0 ||
        value_set(a, status, "details", details) < 0 ||
        value_set(a, details, "name", value_path(object, "metadata.name")) <
            0 ||
        (*group &&
         value_set(a, details, "group", value_string(a, group)) < 0) ||
        value_set(a, details, "kind", value_string(a, k->kind->r.plural)) < 0 ||
        value_set(a, details, "uid", value_path(object, "metadata.uid")) < 0)
        return failure_nomem(&k->f);
    return answer_with(k, 200, status);
}

/* ---- forms ---- */

static int metadata_of(struct ask *k, struct value *object, struct value **ret)
{
    struct value *partial = value_object(k->a);

    if (!partial ||
        value_set(k->a, partial, "kind",
                  value_string(k->a, "PartialObjectMetadata")) < 0 ||
        value_set(k->a, partial, "apiVersion",
                  value_string(k->a, "meta.k8s.io/v1")) < 0 ||
        value_set(k->a, partial, "metadata", value_get(object, "metadata")) < 0)
        return failure_nomem(&k->f);
    *ret = partial;
    return 0;
}

static enum table_include include_of(const struct ask *k)
{
    if (strcmp(k->o.include_object, "Object") == 0)
        return TABLE_OBJECT;
    return strcmp(k->o.include_object, "None") == 0 ? TABLE_NONE
                                                    : TABLE_METADATA;
}

static struct table_call table_call(const struct ask *k)
{
    return (struct table_call){.a = k->a,
                               .kind = k->kind,
                               .include = include_of(k),
                               .unix_now = k->world.unix_now};
}

static int to_table(struct ask *k, struct value *object, struct value **ret)
{
    const struct value *items = value_get(object, "items");
    const struct value *meta = value_get(object, "metadata");
    struct value *table, *head = value_object(k->a);
    const struct table_call c = table_call(k);

    if (!head || table_new(&c, &table, &k->f) < 0)
        return k->f.code ? -1 : failure_nomem(&k->f);
    if (!items && table_add(&c, table, object, &k->f) < 0)
        return -1;
    if (k->kind->crd && items && !items->count &&
        value_set(k->a, table, "rows", value_array(k->a)) < 0)
        return failure_nomem(&k->f);
    for (uint32_t i = 0; items && i < items->count; i++)
        if (table_add(&c, table, items->as.items[i], &k->f) < 0)
            return -1;
    if (items)
        head = value_copy(k->a, meta);
    else if (value_set(k->a, head, "resourceVersion",
                       value_get(meta, "resourceVersion")) < 0)
        return failure_nomem(&k->f);
    if (value_set(k->a, table, "metadata", head) < 0)
        return failure_nomem(&k->f);
    *ret = table;
    return 0;
}

static int to_metadata(struct ask *k, struct value *object, struct value **ret)
{
    struct value *items = value_get(object, "items");

    if (!items)
        return metadata_of(k, object, ret);
    for (uint32_t i = 0; i < items->count; i++)
        if (metadata_of(k, items->as.items[i], &items->as.items[i]) < 0)
            return -1;
    if (value_set(k->a, object, "kind",
                  value_string(k->a, "PartialObjectMetadataList")) < 0 ||
        value_set(k->a, object, "apiVersion",
                  value_string(k->a, "meta.k8s.io/v1")) < 0)
        return failure_nomem(&k->f);
    if (items->count == 0 &&
        value_set(k->a, object, "items", value_null(k->a)) < 0)
        return failure_nomem(&k->f);
    *ret = object;
    return 0;
}

/* Metadata alone is that of the internal type, which has the generation of a
 * DaemonSet's template in its spec. */
static void hide_template_generation(const struct ask *k, struct value *object)
{
    const struct value *items = value_get(object, "items");
    struct value *meta = value_get(object, "metadata");
    struct value *notes = value_get(meta, "annotations");
    bool whole = k->form == FORM_TABLE && include_of(k) != TABLE_METADATA;

    if (whole || strcmp(k->kind->bucket, "apps/daemonsets") != 0)
        return;
    for (uint32_t i = 0; items && i < items->count; i++)
        hide_template_generation(k, items->as.items[i]);
    if (!notes)
        return;
    value_unset(notes, "deprecated.daemonset.template.generation");
    if (notes->count == 0)
        value_unset(meta, "annotations");
}

int answer_form(struct ask *k, struct value *object, struct value **ret)
{
    *ret = object;
    if (k->form == FORM_OBJECT ||
        strcmp(value_text_at(object, "kind") ? value_text_at(object, "kind")
                                             : "",
               "Status") == 0)
        return 0;
    hide_template_generation(k, object);
    return k->form == FORM_TABLE ? to_table(k, object, ret)
                                 : to_metadata(k, object, ret);
}

/* ---- bytes ---- */

int answer_print(struct ask *k)
{
    struct value *object;
    struct str text;
    int rc;

    if (!k->answer)
        return 0;
    if (answer_form(k, k->answer, &object) < 0)
        return -1;
    str_init(&text, 0);
    if (k->o.yaml)
        rc = value_print_yaml(object, 0, &text, NULL);
    else if (k->o.pretty)
        rc = value_print_pretty(object, &text, NULL);
    else
        rc = value_print(object, &text, NULL);
    if (k->o.yaml)
        k->ret->content_type = "application/yaml";
    k->ret->body =
        rc == 0 ? arena_strndup(k->a, str_text(&text), text.len) : NULL;
    k->ret->body_len = text.len;
    str_release(&text);
    return k->ret->body ? 0 : failure_nomem(&k->f);
}
