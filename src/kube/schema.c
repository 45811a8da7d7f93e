/*
 * schema.c -- walking the table of kinds; see include/kube/schema.h.
 *
 * DESIGN
 *
 * A node points at the TYPE of a line and reads it from left to right: going
 * to the element of an array is skipping two bytes, going to a field is one
 * search for DEFINITION:FIELD. What was added is kept as tables of the same
 * form (schema_set.c), so there is one reader. A definition that the node's
 * own table lacks is looked for among the built-in ones: that is how a custom
 * resource gets its metadata.
 */
#include "kube/schema.h"

#include <string.h>

#include "kube/schema_builtin.h"
#include "kube/schema_zero.h"
#include "schema_table.h"

static const char ANY_TYPE[] = "any\n";

const char *schema_type_name(enum schema_type type)
{
    static const char *const names[] = {
        [SCHEMA_ANY] = "any value",
        [SCHEMA_STRING] = "string",
        [SCHEMA_INTEGER] = "integer",
        [SCHEMA_NUMBER] = "number",
        [SCHEMA_BOOLEAN] = "boolean",
        [SCHEMA_BYTES] = "base64 text",
        [SCHEMA_TIME] = "RFC 3339 time",
        [SCHEMA_QUANTITY] = "quantity",
        [SCHEMA_INT_OR_STRING] = "integer or string",
        [SCHEMA_ARRAY] = "array",
        [SCHEMA_MAP] = "object",
        [SCHEMA_OBJECT] = "object",
    };

    return names[type];
}

/* ---- steps ---- */

bool schema_known(struct schema_node n)
{
    return n.type != NULL;
}

struct schema_node schema_find(const struct schema_set *set,
                               const char *api_version, const char *kind)
{
    const struct table_key key = {
        .first = schema_text(api_version, strlen(api_version)),
        .sep = ' ',
        .second = schema_text(kind, strlen(kind)),
    };
    const struct schema_table *t = set ? set->newest : NULL;

    for (; t; t = t->older) {
        const char *type = table_find(t, &key);

        if (type)
            return (struct schema_node){.table = t, .type = type};
    }
    return (struct schema_node){.table = schema_builtin(),
                                .type = table_find(schema_builtin(), &key)};
}

static bool type_is(struct schema_node n, const char *word)
{
    struct schema_text type = table_word(n.type);

    return type.len == strlen(word) && memcmp(type.at, word, type.len) == 0;
}

static enum schema_type scalar_type(struct schema_node n)
{
    static const struct {
        const char *word;
        enum schema_type type;
    } words[] = {
        {"string", SCHEMA_STRING},   {"int32", SCHEMA_INTEGER},
        {"boolean", SCHEMA_BOOLEAN}, {"quantity", SCHEMA_QUANTITY},
        {"int64", SCHEMA_INTEGER},   {"int-or-string", SCHEMA_INT_OR_STRING},
        {"time", SCHEMA_TIME},       {"bytes", SCHEMA_BYTES},
        {"integer", SCHEMA_INTEGER}, {"number", SCHEMA_NUMBER},
    };
    struct schema_text type = table_word(n.type);

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (words[i].word[0] == type.at[0] &&
            strncmp(words[i].word, type.at, type.len) == 0 &&
            words[i].word[type.len] == '\0')
            return words[i].type;
    return SCHEMA_ANY;
}

enum schema_type schema_type(struct schema_node n)
{
    switch (n.type ? n.type[0] : '\0') {
    case '[':
        return SCHEMA_ARRAY;
    case '{':
        return SCHEMA_MAP;
    case '@':
        return SCHEMA_OBJECT;
    case '\0':
        return SCHEMA_ANY;
    default:
        return scalar_type(n);
    }
}

struct schema_node schema_item(struct schema_node n)
{
    enum schema_type type = schema_type(n);

    if (type == SCHEMA_ARRAY || type == SCHEMA_MAP) {
        n.type += 2;
        n.inner = true;
        return n;
    }
    if (schema_known(n) && type == SCHEMA_ANY)
        return n;
    return (struct schema_node){0};
}

/* The definition that an OBJECT refers to: where it is, and its line behind
 * the key. */
struct definition {
    const struct schema_table *table;
    struct schema_text name;
    const char *line;
};

static bool find_definition(struct schema_node n, struct definition *ret)
{
    struct schema_text type = table_word(n.type);
    struct table_key key = {.first = schema_text(type.at + 1, type.len - 1)};

    ret->name = key.first;
    ret->table = n.table;
    ret->line = table_recall(ret->table, &key);
    if (!ret->line) {
        ret->table = schema_builtin();
        ret->line = table_recall(ret->table, &key);
    }
    return ret->line != NULL;
}

const char *schema_definition_line(struct schema_node object)
{
    struct definition d;

    if (schema_type(object) != SCHEMA_OBJECT || !find_definition(object, &d))
        return NULL;
    return d.line;
}

static struct table_key field_key(const struct definition *d, const char *name,
                                  size_t len)
{
    return (struct table_key){d->name, ':', schema_text(name, len)};
}

static struct schema_node object_field(struct schema_node n, const char *name,
                                       size_t len)
{
    struct schema_node field = {0};
    struct schema_text ignored;
    struct definition d;
    struct table_key key;

    if (!find_definition(n, &d))
        return field;
    key = field_key(&d, name, len);
    field.table = d.table;
    field.type = table_recall(d.table, &key);
    field.attributes = field.type;
    if (!field.type && table_attribute(d.line, "open", &ignored))
        field.type = ANY_TYPE;
    return field;
}

struct schema_node schema_fieldn(struct schema_node n, const char *name,
                                 size_t len)
{
    switch (schema_type(n)) {
    case SCHEMA_OBJECT:
        return object_field(n, name, len);
    case SCHEMA_MAP:
    case SCHEMA_ANY:
        return schema_item(n);
    default:
        return (struct schema_node){0};
    }
}

struct schema_node schema_field(struct schema_node n, const char *name)
{
    return schema_fieldn(n, name, strlen(name));
}

bool schema_field_next(struct schema_node object, struct schema_field *field)
{
    const char *line = NULL;
    struct definition d;
    struct table_key all;

    if (schema_type(object) != SCHEMA_OBJECT || !find_definition(object, &d))
        return false;
    all = field_key(&d, "", 0);
    if (field->name.at)
        line = field->name.at - d.name.len - 1;
    line = table_next(d.table, &all, line);
    if (!line)
        return false;
    field->name = table_word(line + d.name.len + 1);
    field->node = (struct schema_node){.table = d.table};
    field->node.type = field->name.at + field->name.len + 1;
    field->node.attributes = field->node.type;
    return true;
}

/* ---- attributes ---- */

struct schema_text schema_type_text(struct schema_node n)
{
    return n.type ? table_word(n.type) : schema_text("", 0);
}

bool schema_attribute(struct schema_node field, const char *name,
                      struct schema_text *ret_value)
{
    return field.attributes && !field.inner &&
           table_attribute(field.attributes, name, ret_value);
}

bool schema_is_required(struct schema_node field)
{
    struct schema_text ignored;

    return schema_attribute(field, "required", &ignored);
}

bool schema_is_atomic(struct schema_node n)
{
    struct schema_text ignored;
    struct definition d;

    if (schema_attribute(n, "atomic", &ignored))
        return true;
    return schema_type(n) == SCHEMA_OBJECT &&
           !schema_attribute(n, "separable", &ignored) &&
           find_definition(n, &d) &&
           table_attribute(d.line, "atomic", &ignored);
}

enum schema_list schema_list(struct schema_node array)
{
    struct schema_text list;

    if (!schema_attribute(array, "list=", &list) || list.len < 3)
        return SCHEMA_LIST_ATOMIC;
    if (memcmp(list.at, "set", 3) == 0)
        return SCHEMA_LIST_SET;
    return memcmp(list.at, "map", 3) == 0 ? SCHEMA_LIST_MAP
                                          : SCHEMA_LIST_ATOMIC;
}

/* The i-th of several texts with a separator between them. */
static bool nth(struct schema_text all, char sep, unsigned i,
                struct schema_text *ret)
{
    const char *end = all.at + all.len;
    const char *at = all.at;
    const char *stop;

    for (;;) {
        stop = memchr(at, sep, (size_t)(end - at));
        if (i-- == 0)
            break;
        if (!stop)
            return false;
        at = stop + 1;
    }
    *ret = schema_text(at, (size_t)((stop ? stop : end) - at));
    return true;
}

bool schema_list_key(struct schema_node array, unsigned i,
                     struct schema_text *ret_name)
{
    struct schema_text keys;

    if (schema_list(array) != SCHEMA_LIST_MAP ||
        !schema_attribute(array, "list=map:", &keys))
        return false;
    return nth(keys, ',', i, ret_name);
}

bool schema_patch_replaces(struct schema_node object)
{
    struct schema_text patch;

    return schema_attribute(object, "patch=", &patch) && patch.len == 7 &&
           memcmp(patch.at, "replace", 7) == 0;
}

bool schema_patch_key(struct schema_node array, struct schema_text *ret_name)
{
    struct schema_text patch, strategy;

    if (schema_type(array) != SCHEMA_ARRAY ||
        !schema_attribute(array, "patch=", &patch) ||
        !nth(patch, ':', 0, &strategy) || strategy.len < 5 ||
        memcmp(strategy.at, "merge", 5) != 0)
        return false;
    if (!nth(patch, ':', 1, ret_name))
        *ret_name = schema_text(patch.at + patch.len, 0);
    return true;
}

struct schema_text schema_default_text(struct schema_node field)
{
    struct schema_text text;

    return schema_attribute(field, "default=", &text) ? text
                                                      : schema_text("", 0);
}

int schema_default(struct schema_node field, struct arena *a,
                   struct value **ret_value, struct err *err)
{
    struct schema_text text = schema_default_text(field);

    if (text.len == 0) {
        *ret_value = NULL;
        return 0;
    }
    return value_parse(a, text.at, text.len, ret_value, err);
}

bool schema_allowed(struct schema_node n, unsigned i,
                    struct schema_text *ret_value)
{
    enum schema_type type = schema_type(n);
    struct schema_text all;

    return type != SCHEMA_ARRAY && type != SCHEMA_MAP && n.attributes &&
           table_attribute(n.attributes, "enum=", &all) &&
           nth(all, '|', i, ret_value);
}

bool schema_allows(struct schema_node n, const char *text, size_t len)
{
    struct schema_text one;

    if (!schema_allowed(n, 0, &one))
        return true;
    for (unsigned i = 0; schema_allowed(n, i, &one); i++)
        if (one.len == len && memcmp(one.at, text, len) == 0)
            return true;
    return false;
}

unsigned schema_integer_bits(struct schema_node n)
{
    if (schema_type(n) != SCHEMA_INTEGER)
        return 0;
    return type_is(n, "int32") ? 32 : type_is(n, "int64") ? 64 : 0;
}

enum scalar_kind schema_scalar(struct schema_node n)
{
    switch (schema_type(n)) {
    case SCHEMA_QUANTITY:
        return SCALAR_QUANTITY;
    case SCHEMA_INT_OR_STRING:
        return SCALAR_INT_OR_STRING;
    case SCHEMA_TIME:
        return SCALAR_TIME;
    default:
        return SCALAR_PLAIN;
    }
}
