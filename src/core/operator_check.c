/*
 * operator_check.c -- a declaration that comes from another process.
 *
 * Watches, paths of requests and RBAC are made from it, so its words must be
 * what script/operator.c would have let through. No more is said than that it
 * is refused: a worker that sends such a thing is not worth a better message.
 */
#include <string.h>

#include "core/operator.h"
#include "kube/selector.h"

#define PREFIX_MANAGER "tidelock-"
#define PREFIX_FINALIZER "tidelock.dev/"

static bool is_gvk(const struct gvk *gvk)
{
    return api_version_is_valid(gvk->api_version) && kind_is_valid(gvk->kind);
}

static bool is_after(const char *text, const char *prefix, const char *name)
{
    return text_starts(text, prefix) &&
           strcmp(text + strlen(prefix), name) == 0;
}

static bool has_names(const struct operator_decl *d)
{
    return name_is_dns_label(d->name) &&
           strlen(d->name) + strlen(PREFIX_MANAGER) <= 63 &&
           is_after(d->field_manager, PREFIX_MANAGER, d->name) &&
           is_after(d->finalizer, PREFIX_FINALIZER, d->name);
}

static bool is_selector(const char *labels, const char *fields)
{
    struct arena a = {0};
    struct selector *s;
    bool ok = (!labels || selector_parse_labels(&a, labels, &s, NULL) == 0) &&
              (!fields || selector_parse_fields(&a, fields, &s, NULL) == 0);

    arena_release(&a);
    return ok;
}

static bool is_read(const struct operator_read *r)
{
    bool named = r->scope == READ_NAMED;

    return is_gvk(&r->gvk) && is_selector(r->labels, r->fields) &&
           named == (r->ns != NULL) && (!named || name_is_dns_label(r->ns));
}

static bool is_parameter(const struct operator_parameter *p)
{
    static const char *const types[] = {"string", "integer", "number",
                                        "boolean"};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(p->type, types[i]) == 0)
            return *p->name != '\0';
    return false;
}

static bool has_kinds(const struct operator_decl *d)
{
    for (size_t i = 0; i < d->owns_count; i++)
        if (!is_gvk(&d->owns[i].gvk) ||
            operator_owns(d, &d->owns[i].gvk) != &d->owns[i])
            return false;
    for (size_t i = 0; i < d->reads_count; i++)
        if (!is_read(&d->reads[i]))
            return false;
    return is_gvk(&d->root);
}

static bool has_rest(const struct operator_decl *d)
{
    for (size_t i = 0; i < d->parameters_count; i++)
        if (!is_parameter(&d->parameters[i]))
            return false;
    for (size_t i = 0; i < d->memory_count; i++)
        if (!*d->memory[i])
            return false;
    for (size_t i = 0; i < d->rows_count; i++)
        if (!name_is_dns_label(d->rows[i].id))
            return false;
    return d->rows_count <= OPERATOR_MAX_ROWS + 1 &&
           (!d->overlay_params || value_is(d->overlay_params, VALUE_OBJECT));
}

int operator_check(const struct operator_decl *d, struct err *err)
{
    if (!has_names(d) || !has_kinds(d) || !has_rest(d))
        return err_set(err, ERR_PROTOCOL,
                       "a declaration that no script could make");
    return 0;
}
