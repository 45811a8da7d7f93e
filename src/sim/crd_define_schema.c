/*
 * crd_define_schema.c -- what else a schema may and may not say, and whether
 *                        its defaults are valid. (k8s.io/apiextensions-
 *                        apiserver pkg/apis/apiextensions/validation.)
 */
#include <string.h>

#include "base/text.h"
#include "crd_define.h"

/* What is known on the way down. */
struct place {
    bool root, in_meta;
    bool no_defaults;
};

/* ---- defaults ---- */

/* Known fields only, and what the schema allows. */
static void check_default(struct definer *d, const struct value *s)
{
    const struct value *given = value_get(s, "default");
    struct value *copy = value_copy(d->a, given);
    size_t len = crd_path_key(&d->path, "default");
    bool pruned = false;

    if (!copy || crd_prune_default(s, copy, &pruned, d->f) < 0)
        d->failed = true;
    if (pruned)
        define_tell(d, CAUSE_INVALID, "",
                    "Invalid value: %s: must not have unknown fields",
                    crd_text(d->a, given));
    if (crd_check_value(s, given, str_text(&d->path), d->f) < 0)
        d->failed = true;
    crd_path_cut(&d->path, len);
}

static void check_defaults(struct definer *d, const struct value *s, bool root)
{
    const struct value *fields = value_get(s, "properties");
    bool embedded = root || crd_flag(s, "x-kubernetes-embedded-resource");
    size_t len = d->path.len;

    if (value_get(s, "default") &&
        !value_is(value_get(s, "default"), VALUE_NULL))
        check_default(d, s);
    if (value_is(value_get(s, "items"), VALUE_OBJECT)) {
        crd_path_key(&d->path, "items");
        check_defaults(d, value_get(s, "items"), false);
        crd_path_cut(&d->path, len);
    }
    for (uint32_t i = 0; value_is(fields, VALUE_OBJECT) && i < fields->count;
         i++) {
        const char *key = fields->as.members[i].key;

        if (embedded && crd_is_meta(key))
            continue;
        define_path_key(d, "properties", key);
        check_defaults(d, fields->as.members[i].value, false);
        crd_path_cut(&d->path, len);
    }
}

/* ---- fields that may not be used ---- */

static void check_forbidden(struct definer *d, const struct value *s,
                            const struct place *at)
{
    static const char *const keys[] = {
        "id",          "additionalItems", "patternProperties",
        "definitions", "dependencies",    "$ref"};
    static const char types[] = " array boolean integer number object string ";
    const char *type = define_text(s, "type");
    char *word = arena_printf(d->a, " %s ", type);

    d->failed = d->failed || !word;
    if (word && *type && !strstr(types, word))
        define_tell(d, CAUSE_NOT_SUPPORTED, "type",
                    "Unsupported value: \"%s\": supported values: \"array\", "
                    "\"boolean\", \"integer\", \"number\", \"object\", "
                    "\"string\"",
                    type);
    if (value_get(s, "default") && at->no_defaults)
        define_tell(d, CAUSE_FORBIDDEN, "default",
                    "Forbidden: must not be set");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (define_has(s, keys[i]))
            define_tell(d, CAUSE_FORBIDDEN, keys[i],
                        "Forbidden: %s is not supported", keys[i]);
    if (strcmp(type, "null") == 0)
        define_tell(d, CAUSE_FORBIDDEN, "type",
                    "Forbidden: type cannot be set to null, use nullable as an "
                    "alternative");
    if (value_is(value_get(s, "items"), VALUE_ARRAY))
        define_tell(d, CAUSE_FORBIDDEN, "items",
                    "Forbidden: items must be a schema object and not an "
                    "array");
    if (at->in_meta && crd_flag(s, "x-kubernetes-embedded-resource"))
        define_tell(d, CAUSE_FORBIDDEN, "x-kubernetes-embedded-resource",
                    "Forbidden: must not be used inside of resource meta");
    if (crd_flag(s, "uniqueItems"))
        define_tell(d, CAUSE_FORBIDDEN, "uniqueItems",
                    "Forbidden: uniqueItems cannot be set to true since the "
                    "runtime complexity becomes quadratic");
}

/* ---- lists and maps ---- */

static void want_type(struct definer *d, const struct value *s,
                      const char *want, const char *why)
{
    const char *type = define_text(s, "type");

    if (strcmp(type, want) == 0)
        return;
    if (*type)
        define_tell(d, CAUSE_INVALID, "type",
                    "Invalid value: \"%s\": must be %s if %s is specified",
                    type, want, why);
    else
        define_tell(d, CAUSE_REQUIRED, "type",
                    "Required value: must be %s if %s is specified", want, why);
}

static bool is_required(const struct value *items, const char *key)
{
    const struct value *required = value_get(items, "required");

    for (uint32_t i = 0; value_is(required, VALUE_ARRAY) && i < required->count;
         i++)
        if (text_equal(value_text(required->as.items[i]), key))
            return true;
    return false;
}

/* `objects`: the items are objects. */
static void check_map_key(struct definer *d, const struct value *items,
                          const char *key, bool objects)
{
    static const char keys[] = "x-kubernetes-list-map-keys";
    const struct value *field = value_get(value_get(items, "properties"), key);
    const char *type = define_text(field, "type");
    size_t len = d->path.len;

    if (!field) {
        if (objects)
            define_tell(d, CAUSE_INVALID, keys,
                        "Invalid value: entries must all be names of item "
                        "properties");
        return;
    }
    crd_path_key(&d->path, "items");
    define_path_key(d, "properties", key);
    if (objects && (strcmp(type, "array") == 0 || strcmp(type, "object") == 0))
        define_tell(d, CAUSE_INVALID, "type",
                    "Invalid value: \"object\": must be a scalar type if "
                    "parent array's x-kubernetes-list-type is map");
    if (!value_get(field, "default") && !is_required(items, key))
        define_tell(d, CAUSE_REQUIRED, "default",
                    "Required value: this property is in %s, so it must have a "
                    "default or be a required property",
                    keys);
    if (crd_flag(field, "nullable"))
        define_tell(d, CAUSE_FORBIDDEN, "nullable",
                    "Forbidden: this property is in %s, so it cannot be "
                    "nullable",
                    keys);
    crd_path_cut(&d->path, len);
}

static void check_map_keys(struct definer *d, const struct value *s,
                           const char *list)
{
    static const char name[] = "x-kubernetes-list-map-keys";
    const struct value *keys = value_get(s, name);
    const struct value *items = value_get(s, "items");
    bool map = strcmp(list, "map") == 0, objects;

    if (define_has(s, name) && !map)
        define_tell(d, *list ? CAUSE_INVALID : CAUSE_REQUIRED,
                    "x-kubernetes-list-type",
                    "%s: must be map if %s is non-empty",
                    *list ? "Invalid value" : "Required value", name);
    if (!map)
        return;
    if (!define_has(s, name))
        define_tell(d, CAUSE_REQUIRED, name,
                    "Required value: must not be empty if "
                    "x-kubernetes-list-type is map");
    if (!items)
        define_tell(d, CAUSE_REQUIRED, "items",
                    "Required value: must have a schema if "
                    "x-kubernetes-list-type is map");
    if (value_is(items, VALUE_ARRAY))
        define_tell(d, CAUSE_INVALID, "items",
                    "Invalid value: must only have a single schema if "
                    "x-kubernetes-list-type is map");
    if (!value_is(items, VALUE_OBJECT))
        return;
    objects = text_equal(define_text(items, "type"), "object");
    if (!objects)
        define_tell(d, CAUSE_INVALID, "items.type",
                    "Invalid value: \"%s\": must be object if parent array's "
                    "x-kubernetes-list-type is map",
                    define_text(items, "type"));
    for (uint32_t i = 0; value_is(keys, VALUE_ARRAY) && i < keys->count; i++) {
        const char *key = value_text(keys->as.items[i]);

        for (uint32_t j = 0; objects && j < i; j++)
            if (text_equal(value_text(keys->as.items[j]), key))
                define_tell(d, CAUSE_INVALID, name,
                            "Invalid value: must not contain duplicate "
                            "entries");
        check_map_key(d, items, key ? key : "", objects);
    }
}

/* Items of a set are compared as a whole. */
static void check_set(struct definer *d, const struct value *s)
{
    static const struct {
        const char *type, *key, *field;
    } rules[] = {
        {"array", "x-kubernetes-list-type", "items.x-kubernetes-list-type"},
        {"object", "x-kubernetes-map-type", "items.x-kubernetes-map-type"},
    };
    const struct value *items = value_get(s, "items");

    for (size_t i = 0; i < 2; i++) {
        const char *mode = define_text(items, rules[i].key);

        if (strcmp(define_text(items, "type"), rules[i].type) == 0 &&
            strcmp(mode, "atomic") != 0 && (i == 1 || *mode))
            define_tell(d, CAUSE_INVALID, rules[i].field,
                        "Invalid value: must be atomic as item of a list with "
                        "x-kubernetes-list-type=set");
    }
}

static void check_list(struct definer *d, const struct value *s)
{
    const char *list = define_text(s, "x-kubernetes-list-type");
    bool set = strcmp(list, "set") == 0, map = strcmp(list, "map") == 0;

    if (*list)
        want_type(d, s, "array", "x-kubernetes-list-type");
    if (set && strcmp(define_text(s, "type"), "array") == 0)
        check_set(d, s);
    if (*list && !set && !map && strcmp(list, "atomic") != 0)
        define_tell(d, CAUSE_NOT_SUPPORTED, "x-kubernetes-list-type",
                    "Unsupported value: \"%s\": supported values: \"atomic\", "
                    "\"map\", \"set\"",
                    list);
    check_map_keys(d, s, list);
    if ((set || map) && crd_flag(value_get(s, "items"), "nullable"))
        define_tell(d, CAUSE_FORBIDDEN, "items.nullable",
                    "Forbidden: cannot be nullable when x-kubernetes-list-type "
                    "is %s",
                    list);
}

static void check_map(struct definer *d, const struct value *s)
{
    const char *map = define_text(s, "x-kubernetes-map-type");
    const struct value *open =
        value_get(s, "x-kubernetes-preserve-unknown-fields");

    if (value_is(open, VALUE_BOOL) && !open->as.boolean)
        define_tell(d, CAUSE_INVALID, "x-kubernetes-preserve-unknown-fields",
                    "Invalid value: false: must be true or undefined");
    if (*map)
        want_type(d, s, "object", "x-kubernetes-map-type");
    if (*map && strcmp(map, "atomic") != 0 && strcmp(map, "granular") != 0)
        define_tell(d, CAUSE_NOT_SUPPORTED, "x-kubernetes-map-type",
                    "Unsupported value: \"%s\": supported values: \"atomic\", "
                    "\"granular\"",
                    map);
}

static void check_rules(struct definer *d, const struct value *s)
{
    const struct value *rules = value_get(s, "x-kubernetes-validations");

    for (uint32_t i = 0; value_is(rules, VALUE_ARRAY) && i < rules->count;
         i++) {
        const char *rule = define_text(rules->as.items[i], "rule");
        size_t len = define_path_nth(d, "x-kubernetes-validations", i);

        if (rule[strspn(rule, " \t\r\n")] == '\0')
            define_tell(d, CAUSE_REQUIRED, "rule",
                        "Required value: rule is not specified");
        crd_path_cut(&d->path, len);
    }
}

/* ---- the walk ---- */

static void check_openapi(struct definer *d, const struct value *s,
                          struct place at);

static void check_fields(struct definer *d, const struct value *s,
                         struct place at)
{
    const struct value *fields = value_get(s, "properties");
    bool root = at.root;

    at.root = false;
    for (uint32_t i = 0; value_is(fields, VALUE_OBJECT) && i < fields->count;
         i++) {
        const char *key = fields->as.members[i].key;
        size_t len = define_path_key(d, "properties", key);
        struct place below = at;

        if (crd_is_meta(key) &&
            (root || crd_flag(s, "x-kubernetes-embedded-resource"))) {
            below.in_meta = true;
            below.no_defaults = at.no_defaults || root;
        }
        check_openapi(d, fields->as.members[i].value, below);
        crd_path_cut(&d->path, len);
    }
}

static void check_child(struct definer *d, const struct value *s,
                        const char *child, struct place at)
{
    size_t len = crd_path_key(&d->path, child);

    at.root = false;
    check_openapi(d, value_get(s, child), at);
    crd_path_cut(&d->path, len);
}

static void check_additional(struct definer *d, const struct value *s,
                             struct place at)
{
    const struct value *others = value_get(s, "additionalProperties");

    if (others && define_has(s, "properties") &&
        !(value_is(others, VALUE_BOOL) && others->as.boolean))
        define_tell(d, CAUSE_FORBIDDEN, "additionalProperties",
                    "Forbidden: additionalProperties and properties are mutual "
                    "exclusive");
    at.no_defaults = at.no_defaults || at.in_meta;
    check_child(d, s, "additionalProperties", at);
}

static void check_openapi(struct definer *d, const struct value *s,
                          struct place at)
{
    static const char *const junctors[] = {"allOf", "oneOf", "anyOf"};

    if (!value_is(s, VALUE_OBJECT))
        return;
    check_forbidden(d, s, &at);
    check_additional(d, s, at);
    check_fields(d, s, at);
    check_child(d, s, "not", at);
    at.root = false;
    for (size_t i = 0; i < 3; i++) {
        const struct value *all = value_get(s, junctors[i]);

        for (uint32_t j = 0; value_is(all, VALUE_ARRAY) && j < all->count;
             j++) {
            size_t len = define_path_nth(d, junctors[i], j);

            check_openapi(d, all->as.items[j], at);
            crd_path_cut(&d->path, len);
        }
    }
    check_child(d, s, "items", at);
    check_map(d, s);
    check_list(d, s);
    check_rules(d, s);
}

/* ---- the root ---- */

static bool is_allowed_at_root(const char *key)
{
    static const char *const keys[] = {
        "description",
        "type",
        "format",
        "title",
        "maximum",
        "exclusiveMaximum",
        "minimum",
        "exclusiveMinimum",
        "maxLength",
        "minLength",
        "pattern",
        "maxItems",
        "minItems",
        "uniqueItems",
        "multipleOf",
        "required",
        "items",
        "properties",
        "externalDocs",
        "example",
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-validations",
    };

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

/* The schema of the status is taken out of it: nothing may be lost then. */
static void check_status_root(struct definer *d, const struct value *s)
{
    const char *type = define_text(s, "type");

    if (*type && strcmp(type, "object") != 0) {
        define_tell(d, CAUSE_INVALID, "type",
                    "Invalid value: \"%s\": only \"object\" is allowed as the "
                    "type at the root of the schema if the status subresource "
                    "is enabled",
                    type);
        return;
    }
    for (uint32_t i = 0; i < s->count; i++)
        if (define_has(s, s->as.members[i].key) &&
            !is_allowed_at_root(s->as.members[i].key)) {
            define_tell(d, CAUSE_INVALID, "",
                        "Invalid value: %s is not allowed at the root of the "
                        "schema if the status subresource is enabled",
                        s->as.members[i].key);
            return;
        }
}

/* Such fields keep the API server from reading the schema as a structural one;
 * then it does not judge it as that. */
static bool is_unreadable(const struct value *s)
{
    static const char *const keys[] = {
        "id",           "$schema",         "$ref",        "patternProperties",
        "dependencies", "additionalItems", "definitions",
    };

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (define_has(s, keys[i]))
            return true;
    return value_is(value_get(s, "items"), VALUE_ARRAY) ||
           !value_bool_at(s, "x-kubernetes-preserve-unknown-fields", true);
}

static bool has_unreadable(const struct value *s);

/* A schema, or several in an array or by name. */
static bool any_unreadable(const struct value *v, bool several)
{
    if (!several)
        return has_unreadable(v);
    for (uint32_t i = 0; value_is(v, VALUE_ARRAY) && i < v->count; i++)
        if (has_unreadable(v->as.items[i]))
            return true;
    for (uint32_t i = 0; value_is(v, VALUE_OBJECT) && i < v->count; i++)
        if (has_unreadable(v->as.members[i].value))
            return true;
    return false;
}

static bool has_unreadable(const struct value *s)
{
    static const struct {
        const char *key;
        bool several;
    } below[] = {
        {"properties", true},
        {"allOf", true},
        {"anyOf", true},
        {"oneOf", true},
        {"not", false},
        {"items", false},
        {"additionalProperties", false},
    };

    if (!value_is(s, VALUE_OBJECT))
        return false;
    if (is_unreadable(s))
        return true;
    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++)
        if (any_unreadable(value_get(s, below[i].key), below[i].several))
            return true;
    return false;
}

void define_schema(struct definer *d, const struct value *schema, bool status)
{
    if (status)
        check_status_root(d, schema);
    if (crd_flag(schema, "nullable"))
        define_tell(d, CAUSE_FORBIDDEN, "nullable",
                    "Forbidden: nullable cannot be true at the root");
    if (!has_unreadable(schema) && define_structural(d, schema))
        check_defaults(d, schema, true);
    check_openapi(d, schema, (struct place){.root = true});
}
