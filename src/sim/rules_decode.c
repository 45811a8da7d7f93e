/*
 * rules_decode.c -- normal form: what decoding JSON into the API's Go types
 *                   and encoding it again gives; see rules.h.
 *
 * DESIGN
 *
 * One walk over the object, along its schema. The schema says for each field
 * whether its zero value is dropped, kept or printed even when absent, and for
 * each object which fields are of the last sort, so that only what is there
 * and what has to be there is looked at.
 */
#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "kube/schema_zero.h"
#include "rules_decode.h"

/* ---- places ---- */

static void print_place(struct str *out, const struct place *p)
{
    if (!p)
        return;
    print_place(out, p->up);
    if (!p->name)
        str_addf(out, "[%zu]", p->index);
    else if (p->is_key)
        str_addf(out, "[%.*s]", (int)p->len, p->name);
    else
        str_addf(out, "%s%.*s", p->up ? "." : "", (int)p->len, p->name);
}

const char *place_text(struct arena *a, const struct place *p)
{
    struct str text;
    const char *copy;

    str_init(&text, 0);
    print_place(&text, p);
    copy = text.failed ? NULL : arena_strndup(a, str_text(&text), text.len);
    str_release(&text);
    return copy;
}

/* ---- refusals ---- */

int decode_refuse(struct decoding *d, const char *why)
{
    const struct resource *r = &d->c->kind->r;

    if (!why)
        return failure_nomem(d->f);
    return failure_set(d->f, 400, "BadRequest",
                       "%s in version \"%s\" cannot be handled as a %s: %s",
                       r->kind, r->version, r->kind, why);
}

static const char *json_name(const struct value *v)
{
    switch (v->type) {
    case VALUE_BOOL:
        return "bool";
    case VALUE_INTEGER:
    case VALUE_DOUBLE:
        return "number";
    case VALUE_ARRAY:
        return "array";
    case VALUE_OBJECT:
        return "object";
    default:
        return "string";
    }
}

static const char *go_name(struct schema_node n)
{
    switch (schema_type(n)) {
    case SCHEMA_INTEGER:
        return schema_integer_bits(n) == 32 ? "int32" : "int64";
    case SCHEMA_NUMBER:
        return "float64";
    case SCHEMA_BOOLEAN:
        return "bool";
    case SCHEMA_ARRAY:
        return "[]interface {}";
    case SCHEMA_MAP:
        return "map[string]string";
    case SCHEMA_OBJECT:
        return "struct";
    case SCHEMA_BYTES:
        return "[]uint8";
    default:
        return "string";
    }
}

static int refuse_type(struct decoding *d, struct schema_node n,
                       const struct place *at, const struct value *v)
{
    const char *path = place_text(d->c->a, at);
    struct arena *a = d->c->a;

    if (!path)
        return failure_nomem(d->f);
    return decode_refuse(
        d, arena_printf(a,
                        "json: cannot unmarshal %s into Go struct "
                        "field %s.%s of type %s",
                        json_name(v), d->c->kind->r.kind, path, go_name(n)));
}

/* ---- scalars ---- */

void decode_set_text(struct value *v, const char *text)
{
    v->type = VALUE_STRING;
    v->as.string = text;
    v->count = (uint32_t)strlen(text);
    v->cap = 0;
}

static const char *number_text(struct decoding *d, const struct value *v)
{
    struct str text;
    const char *copy;

    if (v->type == VALUE_STRING)
        return v->as.string;
    if (v->type == VALUE_INTEGER)
        return arena_printf(d->c->a, "%lld", (long long)v->as.integer);
    str_init(&text, 0);
    copy = json_write_double(&text, v->as.number) < 0
               ? NULL
               : arena_strdup(d->c->a, str_text(&text));
    str_release(&text);
    return copy;
}

static int decode_quantity(struct decoding *d, struct schema_node n,
                           const struct place *at, struct value *v)
{
    const char *text, *canonical;
    bool nomem;

    if (v->type != VALUE_STRING && v->type != VALUE_INTEGER &&
        v->type != VALUE_DOUBLE)
        return refuse_type(d, n, at, v);
    text = number_text(d, v);
    if (!text)
        return failure_nomem(d->f);
    canonical = rules_quantity_text(d->c->a, text, &nomem);
    if (canonical) {
        decode_set_text(v, canonical);
        return 0;
    }
    if (nomem)
        return failure_nomem(d->f);
    return decode_refuse(d, "quantities must match the regular expression "
                            "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
}

static int decode_time(struct decoding *d, struct schema_node n,
                       const struct place *at, struct value *v)
{
    const char *canonical;
    bool nomem;

    if (v->type != VALUE_STRING)
        return refuse_type(d, n, at, v);
    canonical =
        rules_time_text(d->c->a, v->as.string, schema_is_micro(n), &nomem);
    if (canonical) {
        decode_set_text(v, canonical);
        return 0;
    }
    if (nomem)
        return failure_nomem(d->f);
    return decode_refuse(
        d, arena_printf(d->c->a,
                        "parsing time \"%s\" as "
                        "\"2006-01-02T15:04:05Z07:00\": cannot parse",
                        v->as.string));
}

static int decode_bytes(struct decoding *d, struct schema_node n,
                        const struct place *at, struct value *v)
{
    const char *text;
    struct str bytes;
    bool nomem;
    int rc;

    if (v->type == VALUE_SECRET)
        return 0;
    if (v->type == VALUE_ARRAY) {
        text = rules_bytes_text(d->c->a, v, &nomem);
        if (!text)
            return nomem ? failure_nomem(d->f) : refuse_type(d, n, at, v);
        decode_set_text(v, text);
        return 0;
    }
    if (v->type != VALUE_STRING)
        return refuse_type(d, n, at, v);
    str_init(&bytes, 0);
    rc = hash_base64_decode(v->as.string, v->count, &bytes, NULL);
    str_release(&bytes);
    if (rc == -ERR_NOMEM)
        return failure_nomem(d->f);
    return rc < 0 ? decode_refuse(d, "illegal base64 data at input byte 0") : 0;
}

/* What was applied is converted as Go converts numbers: whole ones become
 * integers, large ones lose what does not fit. */
static void convert_number(struct value *v, bool narrow)
{
    const double limit = 9223372036854775808.0; /* 2^63 */
    const double x = v->as.number;

    if (v->type == VALUE_DOUBLE && isfinite(x) && fabs(x - trunc(x)) <= 0) {
        v->type = VALUE_INTEGER;
        v->as.integer = x >= -limit && x < limit ? (int64_t)x : INT64_MIN;
    }
    if (v->type == VALUE_INTEGER && narrow)
        v->as.integer = (int32_t)(uint32_t)v->as.integer;
}

static int decode_integer(struct decoding *d, struct schema_node n,
                          const struct place *at, struct value *v)
{
    bool narrow = schema_integer_bits(n) == 32;
    int64_t i;

    if (d->c->applied)
        convert_number(v, narrow);
    i = v->as.integer;
    if (v->type != VALUE_INTEGER ||
        (narrow && (i < INT32_MIN || i > INT32_MAX)))
        return refuse_type(d, n, at, v);
    return 0;
}

static int decode_scalar(struct decoding *d, struct schema_node n,
                         const struct place *at, struct value *v)
{
    bool right;

    switch (schema_type(n)) {
    case SCHEMA_STRING:
        right = v->type == VALUE_STRING || v->type == VALUE_SECRET;
        break;
    case SCHEMA_BOOLEAN:
        right = v->type == VALUE_BOOL;
        break;
    case SCHEMA_NUMBER:
        right = v->type == VALUE_INTEGER || v->type == VALUE_DOUBLE;
        break;
    case SCHEMA_INT_OR_STRING:
        if (d->c->applied)
            convert_number(v, false);
        right = v->type == VALUE_STRING ||
                (v->type == VALUE_INTEGER && v->as.integer >= INT32_MIN &&
                 v->as.integer <= INT32_MAX);
        break;
    case SCHEMA_INTEGER:
        return decode_integer(d, n, at, v);
    case SCHEMA_QUANTITY:
        return decode_quantity(d, n, at, v);
    case SCHEMA_TIME:
        return decode_time(d, n, at, v);
    case SCHEMA_BYTES:
        return decode_bytes(d, n, at, v);
    default:
        return 0;
    }
    return right ? 0 : refuse_type(d, n, at, v);
}

/* ---- zero values ---- */

bool rules_is_zero(const struct value *v)
{
    switch (v ? v->type : VALUE_NULL) {
    case VALUE_NULL:
        return true;
    case VALUE_BOOL:
        return !v->as.boolean;
    case VALUE_INTEGER:
        return v->as.integer == 0;
    case VALUE_DOUBLE:
        return v->as.number == 0;
    case VALUE_STRING:
    case VALUE_ARRAY:
        return v->count == 0;
    case VALUE_OBJECT:
        for (uint32_t i = 0; i < v->count; i++)
            if (!rules_is_zero(v->as.members[i].value))
                return false;
        return true;
    default:
        return false;
    }
}

static int add_printed(struct decoding *d, struct schema_node n,
                       struct value *object);

/* Makes `v` the zero value of the type. */
static int make_zero(struct decoding *d, struct schema_node n, struct value *v)
{
    static const struct value none = {.type = VALUE_NULL};

    *v = none;
    switch (schema_type(n)) {
    case SCHEMA_STRING:
    case SCHEMA_BYTES:
        decode_set_text(v, "");
        return 0;
    case SCHEMA_QUANTITY:
        decode_set_text(v, "0");
        return 0;
    case SCHEMA_INTEGER:
    case SCHEMA_NUMBER:
    case SCHEMA_INT_OR_STRING:
        v->type = VALUE_INTEGER;
        return 0;
    case SCHEMA_BOOLEAN:
        v->type = VALUE_BOOL;
        return 0;
    case SCHEMA_OBJECT:
        v->type = VALUE_OBJECT;
        return add_printed(d, n, v);
    default:
        return 0;
    }
}

static int add_zero(struct decoding *d, struct schema_field *field,
                    struct value *object)
{
    struct value *v = value_null(d->c->a);

    if (!v || value_addn(d->c->a, object, field->name.at, field->name.len, v))
        return failure_nomem(d->f);
    if (schema_zero(field->node) == SCHEMA_ZERO_NULL)
        return 0;
    return make_zero(d, field->node, v);
}

static int add_printed(struct decoding *d, struct schema_node n,
                       struct value *object)
{
    struct schema_field field = {0};

    while (schema_printed_next(n, &field)) {
        if (value_getn(object, field.name.at, field.name.len))
            continue;
        if (add_zero(d, &field, object) < 0)
            return -1;
    }
    return 0;
}

int rules_zero_field(const struct rules_call *c, struct value *object,
                     const char *key, struct failure *f)
{
    struct decoding d = {c, NULL, f};
    struct value *v = value_null(c->a);

    if (rules_set(c, object, key, v, f) < 0)
        return -1;
    return make_zero(&d, schema_field(c->kind->schema, key), v);
}

/* An absent value of the field says the same. */
static bool is_dropped(const struct decoding *d, struct schema_node field,
                       const struct value *v)
{
    switch (schema_zero(field)) {
    case SCHEMA_ZERO_DROPPED:
        if (v->type == VALUE_OBJECT && schema_type(field) == SCHEMA_MAP)
            return v->count == 0;
        return rules_is_zero(v);
    case SCHEMA_ZERO_PRINTED:
        if ((v->type != VALUE_ARRAY && schema_type(field) != SCHEMA_MAP) ||
            v->count)
            return false;
        if (d->c->empty_kept)
            *d->c->empty_kept = true;
        return !d->c->empty_kept;
    default:
        return false;
    }
}

/* ---- arrays, maps, objects ---- */

/* null among elements is the zero value. */
static int decode_element(struct decoding *d, struct schema_node n,
                          const struct place *at, struct value *v)
{
    return v->type == VALUE_NULL ? make_zero(d, n, v)
                                 : decode_value(d, n, at, v);
}

static int decode_array(struct decoding *d, struct schema_node n,
                        const struct place *at, struct value *v)
{
    struct place inner = {.up = at};

    if (v->type != VALUE_ARRAY)
        return refuse_type(d, n, at, v);
    n = schema_item(n);
    for (; inner.index < v->count; inner.index++)
        if (decode_element(d, n, &inner, v->as.items[inner.index]) < 0)
            return -1;
    return 0;
}

static int decode_map(struct decoding *d, struct schema_node n,
                      const struct place *at, struct value *v)
{
    struct place inner = {.up = at};

    if (v->type != VALUE_OBJECT)
        return refuse_type(d, n, at, v);
    n = schema_item(n);
    for (uint32_t i = 0; i < v->count; i++) {
        inner.name = v->as.members[i].key;
        inner.len = v->as.members[i].key_len;
        if (decode_element(d, n, &inner, v->as.members[i].value) < 0)
            return -1;
    }
    return 0;
}

static int report_unknown(struct decoding *d, const struct place *at)
{
    const char *path;

    if (!d->unknown)
        return 0;
    path = place_text(d->c->a, at);
    if (!path ||
        value_append(d->c->a, d->unknown, value_string(d->c->a, path)) < 0)
        return failure_nomem(d->f);
    return 0;
}

/* A list or a map that will not be there, though it was. */
static int record_empty(struct decoding *d, const struct place *at,
                        const struct value *v)
{
    struct rules_trail *trail = d->c->trail;
    struct arena *a = d->c->a;
    const char *path;

    if (!trail || v->count ||
        (v->type != VALUE_ARRAY && v->type != VALUE_OBJECT))
        return 0;
    if (!trail->empties)
        trail->empties = value_array(a);
    path = place_text(a, at);
    if (!path || !trail->empties ||
        value_append(a, trail->empties, value_string(a, path)) < 0)
        return failure_nomem(d->f);
    return 0;
}

/* *ret_keep: the member stays. */
static int decode_member(struct decoding *d, struct schema_node object,
                         const struct place *at, struct value_member *m,
                         bool *ret_keep)
{
    struct place inner = {.up = at, .name = m->key, .len = m->key_len};
    struct schema_node field = schema_fieldn(object, m->key, m->key_len);

    *ret_keep = false;
    if (!schema_known(field))
        return report_unknown(d, &inner);
    if (m->value->type == VALUE_NULL)
        return 0;
    if (decode_value(d, field, &inner, m->value) < 0)
        return -1;
    *ret_keep = !is_dropped(d, field, m->value);
    return *ret_keep ? 0 : record_empty(d, &inner, m->value);
}

static int decode_object(struct decoding *d, struct schema_node n,
                         const struct place *at, struct value *v)
{
    uint32_t kept = 0;
    bool keep;

    if (v->type != VALUE_OBJECT)
        return refuse_type(d, n, at, v);
    for (uint32_t i = 0; i < v->count; i++) {
        if (decode_member(d, n, at, &v->as.members[i], &keep) < 0)
            return -1;
        if (keep)
            v->as.members[kept++] = v->as.members[i];
    }
    v->count = kept;
    return add_printed(d, n, v);
}

int decode_value(struct decoding *d, struct schema_node n,
                 const struct place *at, struct value *v)
{
    switch (schema_type(n)) {
    case SCHEMA_ARRAY:
        return decode_array(d, n, at, v);
    case SCHEMA_MAP:
        return decode_map(d, n, at, v);
    case SCHEMA_OBJECT:
        return decode_object(d, n, at, v);
    default:
        return decode_scalar(d, n, at, v);
    }
}

/* ---- whole objects ---- */

int rules_decode(const struct rules_call *c, struct value *object,
                 struct value *unknown, struct failure *f)
{
    struct decoding d = {c, unknown, f};

    if (c->kind->crd)
        return decode_custom(&d, object);
    if (decode_value(&d, c->kind->schema, NULL, object) < 0)
        return -1;
    return rules_settle_forms(c, object, f);
}
