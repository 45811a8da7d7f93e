/*
 * table.c -- Tables: column definitions and rows; see sim/table.h.
 */
#include "table_impl.h"

#include <string.h>

#include "sim/crd.h"

static int put_text(struct arena *a, struct value *object, const char *key,
                    const char *text)
{
    return value_set(a, object, key, value_string(a, text));
}

static const struct value *printer_columns(const struct kind *k)
{
    const struct value *columns =
        k->crd ? crd_columns(k->crd, k->r.version) : NULL;

    return value_is(columns, VALUE_ARRAY) && columns->count ? columns : NULL;
}

/* ---- definitions ---- */

static int add_definition(struct arena *a, struct value *definitions,
                          const struct column *c)
{
    const char *slash = strchr(c->type, '/');
    size_t len = slash ? (size_t)(slash - c->type) : strlen(c->type);
    struct value *d = value_object(a);

    if (!d || put_text(a, d, "name", c->name) < 0 ||
        value_set(a, d, "type", value_stringn(a, c->type, len)) < 0 ||
        put_text(a, d, "format", slash ? slash + 1 : "") < 0 ||
        put_text(a, d, "description", "") < 0 ||
        value_set(a, d, "priority", value_integer(a, c->priority)) < 0)
        return -1;
    return value_append(a, definitions, d);
}

/* Custom resources without columns of their own show their age. */
static int add_definitions(struct arena *a, const struct kind *k,
                           struct value *definitions)
{
    static const struct column custom[] = {
        {"Name", "string/name", 0, cell_name, NULL, NULL},
        {"Age", "date", 0, cell_age, NULL, NULL}};
    const struct column *c = table_columns(k);
    const struct value *printer = printer_columns(k);
    int rc = 0;

    if (k->crd) {
        rc = add_definition(a, definitions, &custom[0]);
        if (rc == 0 && printer)
            return table_add_columns(a, printer, definitions);
        return rc < 0 ? rc : add_definition(a, definitions, &custom[1]);
    }
    for (; c->name && rc == 0; c++)
        if (c->priority != COLUMN_UNTOLD)
            rc = add_definition(a, definitions, c);
    return rc;
}

/* Kinds without printers of their own have null for no rows. */
static struct value *no_rows(struct arena *a, const struct kind *k)
{
    bool printed = k->crd || table_columns(k)[1].cell != cell_created;

    return printed ? value_array(a) : value_null(a);
}

int table_new(const struct table_call *c, struct value **ret_table,
              struct failure *f)
{
    const struct kind *k = c->kind;
    struct arena *a = c->a;
    struct value *t = value_object(a);
    struct value *definitions = value_array(a);

    if (!t || !definitions || put_text(a, t, "kind", "Table") < 0 ||
        put_text(a, t, "apiVersion", "meta.k8s.io/v1") < 0 ||
        value_set(a, t, "metadata", value_object(a)) < 0 ||
        add_definitions(a, k, definitions) < 0 ||
        value_set(a, t, "columnDefinitions", definitions) < 0 ||
        value_set(a, t, "rows", no_rows(a, k)) < 0)
        return failure_nomem(f);
    *ret_table = t;
    return 0;
}

/* ---- rows ---- */

static int append_row(struct arena *a, struct value *table, struct value *row)
{
    struct value *rows = value_get(table, "rows");

    if (!value_is(rows, VALUE_ARRAY)) {
        rows = value_array(a);
        if (value_set(a, table, "rows", rows) < 0)
            return -1;
    }
    return value_append(a, rows, row);
}

static int add_cells(const struct row *r, const struct kind *k,
                     struct value *cells)
{
    const struct value *printer = printer_columns(k);
    const struct column *c = table_columns(k);
    int rc = 0;

    if (!k->crd) {
        for (; c->name && rc == 0; c++)
            rc = value_append(r->a, cells, c->cell(r, c));
        return rc;
    }
    rc = value_append(r->a, cells, cell_name(r, NULL));
    if (rc == 0 && !printer)
        return value_append(
            r->a, cells, row_age(r, row_at(r, "metadata.creationTimestamp")));
    for (uint32_t i = 0; printer && i < printer->count && rc == 0; i++)
        rc = value_append(r->a, cells,
                          table_custom_cell(r, printer->as.items[i]));
    return rc;
}

/* Pods that ended are told apart by clients that gray them out. */
static int add_conditions(const struct row *r, const struct kind *k,
                          struct value *row)
{
    const char *phase = value_text_at(r->object, "status.phase");
    bool failed = text_equal(phase, "Failed");
    struct arena *a = r->a;
    struct value *all, *one;

    if (!text_equal(k->r.kind, "Pod") || *k->r.group ||
        (!failed && !text_equal(phase, "Succeeded")))
        return 0;
    all = value_array(a);
    one = value_object(a);
    if (!all || !one || value_append(a, all, one) < 0 ||
        put_text(a, one, "type", "Completed") < 0 ||
        put_text(a, one, "status", "True") < 0 ||
        put_text(a, one, "reason", phase) < 0 ||
        put_text(a, one, "message",
                 failed ? "The pod failed."
                        : "The pod has completed successfully.") < 0)
        return -1;
    return value_set(a, row, "conditions", all);
}

static int add_object(const struct row *r, enum table_include include,
                      struct value *row)
{
    struct value *object = (struct value *)r->object;
    struct value *metadata = value_get(r->object, "metadata");

    if (include == TABLE_NONE)
        object = value_null(r->a);
    if (include == TABLE_METADATA) {
        object = value_object(r->a);
        if (!object ||
            put_text(r->a, object, "kind", "PartialObjectMetadata") < 0 ||
            put_text(r->a, object, "apiVersion", "meta.k8s.io/v1") < 0 ||
            (metadata && value_set(r->a, object, "metadata", metadata) < 0))
            return -1;
    }
    return value_set(r->a, row, "object", object);
}

int table_add(const struct table_call *c, struct value *table,
              const struct value *object, struct failure *f)
{
    const struct row r = {c->a, object, c->unix_now};
    struct arena *a = c->a;
    struct value *row = value_object(a);
    struct value *cells = value_array(a);

    if (!row || !cells || add_cells(&r, c->kind, cells) < 0 ||
        value_set(a, row, "cells", cells) < 0 ||
        add_conditions(&r, c->kind, row) < 0 ||
        add_object(&r, c->include, row) < 0 || append_row(a, table, row) < 0)
        return failure_nomem(f);
    return 0;
}
