/*
 * operator.c -- what follows from a declaration; see operator.h.
 */
#include "core/operator.h"

#include <stdint.h>
#include <string.h>

#include "base/str.h"

const struct operator_owned *operator_owns(const struct operator_decl *d,
                                           const struct gvk *gvk)
{
    for (size_t i = 0; i < d->owns_count; i++)
        if (gvk_equal(&d->owns[i].gvk, gvk))
            return &d->owns[i];
    return NULL;
}

const struct operator_row *operator_row(const struct operator_decl *d,
                                        int index)
{
    return index >= 0 && (size_t)index < d->rows_count ? &d->rows[index] : NULL;
}

/* ---- parameters ---- */

static const struct operator_parameter *find_parameter(
    const struct operator_decl *d, const char *name)
{
    for (size_t i = 0; i < d->parameters_count; i++)
        if (text_equal(d->parameters[i].name, name))
            return &d->parameters[i];
    return NULL;
}

static int unknown_parameter(const struct operator_decl *d, const char *name,
                             struct err *err)
{
    struct str known = {0};
    const char *near = NULL;
    unsigned best = 3;

    for (size_t i = 0; i < d->parameters_count; i++) {
        unsigned distance = text_distance(name, d->parameters[i].name);

        str_addf(&known, "%s%s", i ? ", " : "", d->parameters[i].name);
        if (distance < best) {
            best = distance;
            near = d->parameters[i].name;
        }
    }
    err_set(err, ERR_CONFIG, "operator '%s' has no parameter '%s'%s%s%s",
            d->name, name, near ? ", did you mean '" : "", near ? near : "",
            near ? "'?" : "");
    err_hint(err, "%s%s",
             known.len ? "its parameters: " : "it declares no parameters",
             str_text(&known));
    str_release(&known);
    return -ERR_CONFIG;
}

static int wrong_type(const struct operator_parameter *p,
                      const struct value *given, struct err *err)
{
    const char *text = value_text(given);

    if (text)
        return err_set(err, ERR_CONFIG,
                       "parameter '%s': expected %s, got "
                       "\"%.80s\"",
                       p->name, p->type, text);
    return err_set(err, ERR_CONFIG, "parameter '%s': expected %s, got %s",
                   p->name, p->type, value_type_name(given));
}

static bool has_type(const struct value *v, const char *type)
{
    if (text_equal(type, "string"))
        return value_is(v, VALUE_STRING);
    if (text_equal(type, "boolean"))
        return value_is(v, VALUE_BOOL);
    if (text_equal(type, "integer"))
        return value_is(v, VALUE_INTEGER);
    return value_is(v, VALUE_INTEGER) || value_is(v, VALUE_DOUBLE);
}

/* Text from a command line, read as the parameter's type: numbers and truth
 * values as JSON writes them. -ERR_CONFIG when it is none. */
static int from_text(struct arena *a, const char *type,
                     const struct value *given, struct value **ret)
{
    struct err err = {0};
    struct value *v = NULL;
    int rc = value_parse(a, given->as.string, given->count, &v, &err);

    if (rc == -ERR_NOMEM)
        return rc;
    if (rc < 0 || !has_type(v, type) || value_is(v, VALUE_STRING))
        return -ERR_CONFIG;
    *ret = v;
    return 0;
}

static int read_parameter(const struct operator_parameter *p, struct arena *a,
                          const struct value *given, struct value **ret,
                          struct err *err)
{
    struct value *v = NULL;
    int rc = -ERR_CONFIG;

    if (has_type(given, p->type)) {
        v = value_copy(a, given);
        rc = v ? 0 : -ERR_NOMEM;
    } else if (value_is(given, VALUE_STRING)) {
        rc = from_text(a, p->type, given, &v);
    }
    if (rc == -ERR_NOMEM)
        return err_nomem(err);
    if (rc < 0)
        return wrong_type(p, given, err);
    *ret = v;
    return 0;
}

static int check_names(const struct operator_decl *d, const struct value *given,
                       struct err *err)
{
    for (uint32_t i = 0; given && i < given->count; i++)
        if (!find_parameter(d, given->as.members[i].key))
            return unknown_parameter(d, given->as.members[i].key, err);
    return 0;
}

int operator_params(const struct operator_decl *d, struct arena *a,
                    const struct value *given, struct value **ret,
                    struct err *err)
{
    struct value *params = value_object(a);

    if (!params)
        return err_nomem(err);
    if (check_names(d, given, err) < 0)
        return -ERR_CONFIG;
    for (size_t i = 0; i < d->parameters_count; i++) {
        const struct operator_parameter *p = &d->parameters[i];
        const struct value *set = value_get(given, p->name);
        struct value *v = p->otherwise;
        int rc = set ? read_parameter(p, a, set, &v, err) : 0;

        if (rc < 0)
            return rc;
        if (!v) {
            err_set(err, ERR_CONFIG, "parameter '%s' must be set", p->name);
            return err_hint(err, "give it with --set %s=...", p->name);
        }
        if (value_set(a, params, p->name, v) < 0)
            return err_nomem(err);
    }
    *ret = params;
    return 0;
}

int operator_params_given(const struct operator_decl *d, struct arena *a,
                          const struct value *given, struct value **ret,
                          struct err *err)
{
    struct value *params = value_object(a);

    if (!params)
        return err_nomem(err);
    if (check_names(d, given, err) < 0)
        return -ERR_CONFIG;
    for (uint32_t i = 0; i < given->count; i++) {
        const struct value_member *m = &given->as.members[i];
        struct value *v = NULL;
        int rc =
            read_parameter(find_parameter(d, m->key), a, m->value, &v, err);

        if (rc < 0)
            return rc;
        if (value_set(a, params, m->key, v) < 0)
            return err_nomem(err);
    }
    *ret = params;
    return 0;
}
