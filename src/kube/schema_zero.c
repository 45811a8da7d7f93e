/*
 * schema_zero.c -- what is printed without having been given, and what is set;
 *                  see include/kube/schema_zero.h.
 */
#include "kube/schema_zero.h"

#include <string.h>

#include "schema_table.h"

enum schema_zero schema_zero(struct schema_node field)
{
    struct schema_text how;

    if (!field.attributes || field.inner ||
        !table_attribute(field.attributes, "zero=", &how))
        return SCHEMA_ZERO_DROPPED;
    switch (how.at[0]) {
    case 'k':
        return SCHEMA_ZERO_KEPT;
    case 'n':
        return SCHEMA_ZERO_NULL;
    default:
        return SCHEMA_ZERO_PRINTED;
    }
}

bool schema_is_micro(struct schema_node field)
{
    struct schema_text ignored;

    return field.attributes &&
           table_attribute(field.attributes, "micro", &ignored);
}

/* The next of the names in an attribute of the object's definition. */
static bool next_named(struct schema_node object, const char *attribute,
                       struct schema_field *field)
{
    struct schema_text names;
    const char *at;
    const char *line = schema_definition_line(object);

    if (!line || !table_attribute(line, attribute, &names))
        return false;
    at = field->name.at ? field->name.at + field->name.len + 1 : names.at;
    if (at >= names.at + names.len)
        return false;
    field->name = schema_text(at, 0);
    while ((unsigned char)at[field->name.len] > '\n' &&
           at[field->name.len] != ',')
        field->name.len++;
    field->node = schema_fieldn(object, at, field->name.len);
    return true;
}

bool schema_printed_next(struct schema_node object, struct schema_field *field)
{
    return next_named(object, "printed=", field);
}

bool schema_set_next(struct schema_node object, struct schema_field *field)
{
    return next_named(object, "sets=", field);
}

int schema_set_value(struct schema_node field, struct arena *a,
                     struct value **ret_value, struct err *err)
{
    struct schema_text text;

    if (!field.attributes || field.inner ||
        !table_attribute(field.attributes, "set=", &text)) {
        *ret_value = NULL;
        return 0;
    }
    if (text.at[0] != '"')
        return value_parse(a, text.at, text.len, ret_value, err);
    /* The table has no escapes. */
    *ret_value = value_stringn(a, text.at + 1, text.len - 2);
    return *ret_value ? 0 : err_nomem(err);
}

struct schema_text schema_definition(struct schema_node object)
{
    struct schema_text type;

    if (!object.type || object.type[0] != '@')
        return schema_text("", 0);
    type = table_word(object.type);
    return schema_text(type.at + 1, type.len - 1);
}
