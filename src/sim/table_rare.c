/*
 * table_rare.c -- cells of kinds that are seldom listed: API services,
 *                 certificate requests, admission policies, flow control,
 *                 resource claims.
 */
#include "table_impl.h"

#include <ctype.h>
#include <string.h>

static const struct value *find_condition(const struct row *r, const char *path,
                                          const char *type)
{
    const struct value *all = row_at(r, path);

    for (uint32_t i = 0; value_is(all, VALUE_ARRAY) && i < all->count; i++)
        if (text_equal(value_text_at(all->as.items[i], "type"), type))
            return all->as.items[i];
    return NULL;
}

struct value *cell_api_service(const struct row *r, const struct column *c)
{
    const struct value *service = row_at(r, "spec.service");
    struct str text;

    (void)c;
    if (!service)
        return value_string(r->a, "Local");
    str_init(&text, 0);
    str_addf(&text, "%s/%s", row_text(service, "namespace"),
             row_text(service, "name"));
    return cell_take(r->a, &text);
}

struct value *cell_api_available(const struct row *r, const struct column *c)
{
    const struct value *at =
        find_condition(r, "status.conditions", "Available");
    const char *status = at ? row_text(at, "status") : "Unknown";
    const char *reason = row_text(at, "reason");
    struct str text;

    (void)c;
    str_init(&text, 0);
    str_add(&text, status);
    if (strcmp(status, "True") != 0 && *reason)
        str_addf(&text, " (%s)", reason);
    return cell_take(r->a, &text);
}

struct value *cell_csr_duration(const struct row *r, const struct column *c)
{
    const struct value *v = row_at(r, "spec.expirationSeconds");

    (void)c;
    if (!value_is(v, VALUE_INTEGER))
        return value_string(r->a, "<none>");
    return cell_duration(r->a, v->as.integer);
}

struct value *cell_csr_condition(const struct row *r, const struct column *c)
{
    static const char at[] = "status.conditions";
    struct str text;

    (void)c;
    str_init(&text, 0);
    str_add(&text, find_condition(r, at, "Denied")     ? "Denied"
                   : find_condition(r, at, "Approved") ? "Approved"
                                                       : "Pending");
    if (find_condition(r, at, "Failed"))
        str_add(&text, ",Failed");
    if (row_at(r, "status.certificate"))
        str_add(&text, ",Issued");
    return cell_take(r->a, &text);
}

struct value *cell_param_kind(const struct row *r, const struct column *c)
{
    const struct value *of = row_at(r, "spec.paramKind");
    struct str text;

    (void)c;
    if (!of)
        return value_string(r->a, "<unset>");
    str_init(&text, 0);
    str_addf(&text, "%s/%s", row_text(of, "apiVersion"), row_text(of, "kind"));
    return cell_take(r->a, &text);
}

/* Without a name it is a selector, of any parameters. */
struct value *cell_param_ref(const struct row *r, const struct column *c)
{
    const char *ns = row_text(r->object, "spec.paramRef.namespace");
    const char *name = row_text(r->object, "spec.paramRef.name");
    struct str text;

    (void)c;
    str_init(&text, 0);
    if (*name)
        str_addf(&text, "%s/%s", *ns ? ns : "*", name);
    else
        str_add(&text, "<unset>");
    return cell_take(r->a, &text);
}

struct value *cell_ip_parent(const struct row *r, const struct column *c)
{
    const struct value *of = row_at(r, "spec.parentRef");
    const char *group = row_text(of, "group"), *ns = row_text(of, "namespace");
    struct str text;

    (void)c;
    if (!of)
        return value_string(r->a, "<none>");
    str_init(&text, 0);
    str_addf(&text, "%s%s%s", row_text(of, "resource"), *group ? "." : "",
             group);
    for (size_t i = 0; i < text.len; i++)
        text.data[i] = (char)tolower((unsigned char)text.data[i]);
    str_addf(&text, "%s%s/%s", *ns ? "/" : "", ns, row_text(of, "name"));
    return cell_take(r->a, &text);
}

/* Numbers, or <none>: of a level that limits, of queues. */
struct value *cell_number_or(const struct row *r, const struct column *c)
{
    const struct value *v = row_at(r, c->path);

    if (!value_is(v, VALUE_INTEGER))
        return value_string(r->a, c->otherwise);
    return value_integer(r->a, v->as.integer);
}

struct value *cell_flow_dangling(const struct row *r, const struct column *c)
{
    const struct value *at = find_condition(r, "status.conditions", "Dangling");

    (void)c;
    return value_string(r->a, at ? row_text(at, "status") : "?");
}

struct value *cell_claim_state(const struct row *r, const struct column *c)
{
    bool deleted = row_at(r, "metadata.deletionTimestamp") != NULL;
    bool allocated = row_at(r, "status.allocation") != NULL;
    const struct value *reserved = row_at(r, "status.reservedFor");
    struct str text;

    (void)c;
    str_init(&text, 0);
    str_add(&text, deleted ? "deleted" : "");
    if (allocated)
        str_addf(&text, "%sallocated%s", deleted ? "," : "",
                 reserved && reserved->count ? ",reserved" : "");
    else if (!deleted)
        str_add(&text, "pending");
    return cell_take(r->a, &text);
}

static const struct value *healthy(const struct row *r)
{
    return find_condition(r, "conditions", "Healthy");
}

struct value *cell_component_status(const struct row *r, const struct column *c)
{
    const struct value *at = healthy(r);

    (void)c;
    if (!at)
        return value_string(r->a, "Unknown");
    return value_string(r->a, text_equal(row_text(at, "status"), "True")
                                  ? "Healthy"
                                  : "Unhealthy");
}

struct value *cell_component_text(const struct row *r, const struct column *c)
{
    return value_string(r->a, row_text(healthy(r), c->path));
}
