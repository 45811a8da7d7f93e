/*
 * crd_structural.c -- is a schema structural? (k8s.io/apiextensions-apiserver
 *                     pkg/apiserver/schema/validation.go.)
 *
 * A schema says by itself of which type each field is; what is nested in allOf,
 * anyOf, oneOf and not may only restrict values of fields that are there.
 */
#include <string.h>

#include "base/text.h"
#include "crd_define.h"
#include "regexp.h"

enum level { LEVEL_ROOT, LEVEL_ITEM, LEVEL_FIELD };

static const char *const junctors[] = {"anyOf", "allOf", "oneOf"};

bool define_has(const struct value *schema, const char *key)
{
    const struct value *v = value_get(schema, key);

    switch (v ? (enum value_type)v->type : VALUE_NULL) {
    case VALUE_NULL:
        return false;
    case VALUE_BOOL:
        return v->as.boolean;
    case VALUE_STRING:
    case VALUE_ARRAY:
    case VALUE_OBJECT:
        return v->count > 0;
    default:
        return true;
    }
}

/* ---- nested in a junctor ---- */

static void nested(struct definer *d, const struct value *v, bool skip_any);

/* anyOf: [{type: integer}, {type: string}] belongs to int-or-string. */
static bool is_int_or_string(const struct value *any)
{
    static const char *const types[] = {"integer", "string"};

    if (!value_is(any, VALUE_ARRAY) || any->count != 2)
        return false;
    for (uint32_t i = 0; i < 2; i++)
        if (!value_is(any->as.items[i], VALUE_OBJECT) ||
            any->as.items[i]->count != 1 ||
            !text_equal(define_text(any->as.items[i], "type"), types[i]))
            return false;
    return true;
}

static void check_junctor(struct definer *d, const struct value *v,
                          const char *name, bool skip_first)
{
    const struct value *all = value_get(v, name);

    for (uint32_t i = 0; value_is(all, VALUE_ARRAY) && i < all->count; i++) {
        size_t len = define_path_nth(d, name, i);

        nested(d, all->as.items[i], skip_first && i == 0);
        crd_path_cut(&d->path, len);
    }
}

static void check_pattern(struct definer *d, const struct value *v)
{
    const char *pattern = define_text(v, "pattern");

    /* of what the matcher does not know it cannot say that it is wrong */
    if (regexp_match(pattern, "", 0) == REGEXP_UNKNOWN &&
        !strstr(pattern, "\\p") && !strstr(pattern, "\\P") &&
        !strstr(pattern, "\\Q") && !strstr(pattern, "(?"))
        define_tell(d, CAUSE_INVALID, "pattern",
                    "Invalid value: \"%s\": must be a valid regular "
                    "expression, but isn't",
                    pattern);
}

static void value_validation(struct definer *d, const struct value *v,
                             bool skip_any, bool skip_first_all)
{
    const struct value *not = value_get(v, "not");
    size_t len;

    for (size_t i = 0; i < 3; i++)
        if (i != 0 || !skip_any)
            check_junctor(d, v, junctors[i], i == 1 && skip_first_all);
    if (not ) {
        len = crd_path_key(&d->path, "not");
        nested(d, not, false);
        crd_path_cut(&d->path, len);
    }
    check_pattern(d, v);
}

static void forbid(struct definer *d, const struct value *v)
{
    static const struct {
        const char *key, *what;
    } rules[] = {
        {"type", "empty"},
        {"additionalProperties", "undefined"},
        {"default", "undefined"},
        {"title", "empty"},
        {"description", "empty"},
        {"nullable", "false"},
        {"x-kubernetes-preserve-unknown-fields", "false"},
        {"x-kubernetes-embedded-resource", "false"},
        {"x-kubernetes-int-or-string", "false"},
        {"x-kubernetes-list-map-keys", "empty"},
        {"x-kubernetes-list-type", "undefined"},
        {"x-kubernetes-map-type", "undefined"},
        {"x-kubernetes-validations", "empty"},
    };

    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        bool there = strcmp(rules[i].what, "undefined") == 0
                         ? value_get(v, rules[i].key) != NULL
                         : define_has(v, rules[i].key);

        if (there)
            define_tell(d, CAUSE_FORBIDDEN, rules[i].key,
                        "Forbidden: must be %s to be structural",
                        rules[i].what);
    }
}

static void nested(struct definer *d, const struct value *v, bool skip_any)
{
    const struct value *fields = value_get(v, "properties");
    const struct value *items = value_get(v, "items");
    size_t len;

    if (!value_is(v, VALUE_OBJECT))
        return;
    value_validation(d, v, skip_any, false);
    if (items) {
        len = crd_path_key(&d->path, "items");
        nested(d, items, false);
        crd_path_cut(&d->path, len);
    }
    for (uint32_t i = 0; value_is(fields, VALUE_OBJECT) && i < fields->count;
         i++) {
        len = define_path_key(d, "properties", fields->as.members[i].key);
        nested(d, fields->as.members[i].value, false);
        crd_path_cut(&d->path, len);
    }
    forbid(d, v);
    if (value_get(fields, "metadata"))
        define_tell(d, CAUSE_FORBIDDEN, "properties[metadata]",
                    "Forbidden: must not be specified in a nested context");
}

/* ---- invariants ---- */

static void check_metadata(struct definer *d, const struct value *v,
                           enum level level)
{
    const struct value *fields = value_get(v, "properties");
    bool right = true;

    if (!text_equal(define_text(v, "type"), "object"))
        define_tell(d, CAUSE_INVALID, "properties[metadata].type",
                    "Invalid value: \"%s\": must be object",
                    define_text(v, "type"));
    if (level != LEVEL_ROOT)
        return;
    for (uint32_t i = 0; value_is(fields, VALUE_OBJECT) && i < fields->count;
         i++)
        right =
            right && (strcmp(fields->as.members[i].key, "name") == 0 ||
                      strcmp(fields->as.members[i].key, "generateName") == 0);
    for (uint32_t i = 0; i < v->count; i++) {
        const char *key = v->as.members[i].key;

        right =
            right && (strcmp(key, "type") == 0 || strcmp(key, "default") == 0 ||
                      strcmp(key, "properties") == 0 || !define_has(v, key));
    }
    if (!right)
        define_tell(d, CAUSE_FORBIDDEN, "properties[metadata]",
                    "Forbidden: must not specify anything other than name and "
                    "generateName, but metadata is implicitly specified");
}

static void check_meta_fields(struct definer *d, const struct value *s,
                              enum level level)
{
    static const struct {
        const char *key, *field;
    } texts[] = {
        {"kind", "properties[kind].type"},
        {"apiVersion", "properties[apiVersion].type"},
    };
    const struct value *fields = value_get(s, "properties");

    for (size_t i = 0; i < 2; i++) {
        const struct value *one = value_get(fields, texts[i].key);

        if (one && !text_equal(define_text(one, "type"), "string"))
            define_tell(d, CAUSE_INVALID, texts[i].field,
                        "Invalid value: \"%s\": must be string",
                        define_text(one, "type"));
    }
    if (value_is(value_get(fields, "metadata"), VALUE_OBJECT))
        check_metadata(d, value_get(fields, "metadata"), level);
}

static void check_type(struct definer *d, const struct value *s,
                       enum level level)
{
    static const char *const where[] = {"at the root",
                                        "for specified array items",
                                        "for specified object fields"};
    const char *type = define_text(s, "type");
    bool embedded = crd_flag(s, "x-kubernetes-embedded-resource");

    if (embedded && strcmp(type, "object") != 0)
        define_tell(d, *type ? CAUSE_INVALID : CAUSE_REQUIRED, "type",
                    "%s: must be object if x-kubernetes-embedded-resource is "
                    "true",
                    *type ? "Invalid value" : "Required value");
    else if (!*type && !crd_flag(s, "x-kubernetes-int-or-string") &&
             !crd_flag(s, "x-kubernetes-preserve-unknown-fields"))
        define_tell(d, CAUSE_REQUIRED, "type",
                    "Required value: must not be empty %s", where[level]);
    if (level == LEVEL_ROOT && *type && strcmp(type, "object") != 0)
        define_tell(d, CAUSE_INVALID, "type",
                    "Invalid value: \"%s\": must be object at the root", type);
}

static void check_extensions(struct definer *d, const struct value *s)
{
    static const char *const others[] = {
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-embedded-resource",
    };
    bool embedded = crd_flag(s, others[1]), open = crd_flag(s, others[0]);

    for (size_t i = 0; crd_flag(s, "x-kubernetes-int-or-string") && i < 2; i++)
        if (crd_flag(s, others[i]))
            define_tell(d, CAUSE_INVALID, others[i],
                        "Invalid value: true: must be false if "
                        "x-kubernetes-int-or-string is true");
    if (embedded && value_get(s, "additionalProperties"))
        define_tell(d, CAUSE_FORBIDDEN, "additionalProperties",
                    "Forbidden: must not be used if "
                    "x-kubernetes-embedded-resource is set");
    if (embedded && !open && !define_has(s, "properties"))
        define_tell(d, CAUSE_REQUIRED, "properties",
                    "Required value: must not be empty if "
                    "x-kubernetes-embedded-resource is true without "
                    "x-kubernetes-preserve-unknown-fields");
}

static void invariants(struct definer *d, const struct value *s,
                       enum level level);

static void invariants_at(struct definer *d, const struct value *s,
                          const char *child, enum level level)
{
    size_t len = crd_path_key(&d->path, child);

    invariants(d, value_get(s, child), level);
    crd_path_cut(&d->path, len);
}

static void invariants_below(struct definer *d, const struct value *s,
                             enum level level)
{
    const struct value *fields = value_get(s, "properties");

    if (text_equal(define_text(s, "type"), "array") && !value_get(s, "items"))
        define_tell(d, CAUSE_REQUIRED, "items",
                    "Required value: must be specified");
    invariants_at(d, s, "items", LEVEL_ITEM);
    for (uint32_t i = 0; value_is(fields, VALUE_OBJECT) && i < fields->count;
         i++) {
        size_t len =
            define_path_key(d, "properties", fields->as.members[i].key);

        invariants(d, fields->as.members[i].value, LEVEL_FIELD);
        crd_path_cut(&d->path, len);
    }
    if (level == LEVEL_ROOT && value_get(s, "additionalProperties"))
        define_tell(d, CAUSE_FORBIDDEN, "additionalProperties",
                    "Forbidden: must not be used at the root");
    invariants_at(d, s, "additionalProperties", LEVEL_FIELD);
}

static void invariants(struct definer *d, const struct value *s,
                       enum level level)
{
    const struct value *all = value_get(s, "allOf");
    const struct value *first =
        value_is(all, VALUE_ARRAY) && all->count ? all->as.items[0] : NULL;

    if (!value_is(s, VALUE_OBJECT))
        return;
    invariants_below(d, s, level);
    check_extensions(d, s);
    value_validation(d, s, is_int_or_string(value_get(s, "anyOf")),
                     is_int_or_string(value_get(first, "anyOf")));
    check_type(d, s, level);
    if (level == LEVEL_ROOT || crd_flag(s, "x-kubernetes-embedded-resource"))
        check_meta_fields(d, s, level);
}

/* ---- completeness: what is restricted is there ---- */

/* The path is that of `s`; `v` restricts it. */
static void complete(struct definer *d, const struct value *v,
                     const struct value *s);

static void complete_junctors(struct definer *d, const struct value *v,
                              const struct value *s)
{
    complete(d, value_get(v, "not"), s);
    for (size_t i = 0; i < 3; i++) {
        const struct value *all = value_get(v, junctors[i]);

        for (uint32_t j = 0; value_is(all, VALUE_ARRAY) && j < all->count; j++)
            complete(d, all->as.items[j], s);
    }
}

static void complete(struct definer *d, const struct value *v,
                     const struct value *s)
{
    const struct value *fields = value_get(v, "properties");
    size_t len = d->path.len;

    if (!value_is(v, VALUE_OBJECT))
        return;
    if (!s) {
        define_tell(d, CAUSE_REQUIRED, "",
                    "Required value: because it is defined in a nested "
                    "context");
        return;
    }
    complete_junctors(d, v, s);
    crd_path_key(&d->path, "items");
    complete(d, value_get(v, "items"), value_get(s, "items"));
    crd_path_cut(&d->path, len);
    for (uint32_t i = 0; value_is(fields, VALUE_OBJECT) && i < fields->count;
         i++) {
        const char *key = fields->as.members[i].key;

        define_path_key(d, "properties", key);
        complete(d, fields->as.members[i].value,
                 value_get(value_get(s, "properties"), key));
        crd_path_cut(&d->path, len);
    }
}

bool define_structural(struct definer *d, const struct value *schema)
{
    size_t before = d->f->cause_count;

    invariants(d, schema, LEVEL_ROOT);
    complete_junctors(d, schema, schema);
    return d->f->cause_count == before;
}
