/*
 * table_custom.c -- printer columns of custom resources: a value by a JSONPath,
 *                   shown by the type of its column.
 *
 * .spec.a, ['a'], [0], [*] and [?(@.a=="b")] (the first of them); a backslash
 * takes the meaning from the next character of a name.
 */
#include "table_impl.h"

#include <string.h>

/* ---- definitions ---- */

static int add(struct arena *a, struct value *d, const char *key,
               const char *text)
{
    return value_set(a, d, key, value_string(a, text));
}

int table_add_columns(struct arena *a, const struct value *printer,
                      struct value *definitions)
{
    for (uint32_t i = 0; i < printer->count; i++) {
        const struct value *p = printer->as.items[i];
        const char *text = row_text(p, "description");
        struct value *d = value_object(a);

        if (!*text)
            text = arena_printf(a,
                                "Custom resource definition column (in "
                                "JSONPath format): %s",
                                row_text(p, "jsonPath"));
        if (!d || !text || add(a, d, "name", row_text(p, "name")) < 0 ||
            add(a, d, "type", row_text(p, "type")) < 0 ||
            add(a, d, "format", row_text(p, "format")) < 0 ||
            add(a, d, "description", text) < 0 ||
            value_set(a, d, "priority",
                      value_integer(a, row_int(p, "priority"))) < 0 ||
            value_append(a, definitions, d) < 0)
            return -1;
    }
    return 0;
}

/* ---- paths ---- */

/* A name up to the next '.' or '['; what is left. */
static const char *step_name(const char *path, const struct value **v)
{
    char name[256];
    size_t len = 0;

    while (*path && *path != '.' && *path != '[' && len < sizeof(name) - 1) {
        if (*path == '\\' && path[1])
            path++;
        name[len++] = *path++;
    }
    *v = value_getn(*v, name, len);
    return path;
}

static const struct value *find(const struct value *v, const char *path);

/* A text in either quotes; numbers and truth values as JSON has them. */
static bool is_literal(const struct value *v, const char *text)
{
    size_t len = strlen(text);
    int64_t n;

    if (v->type == VALUE_STRING)
        return len >= 2 && (*text == '"' || *text == '\'') &&
               text[len - 1] == *text && v->count == len - 2 &&
               memcmp(v->as.string, text + 1, len - 2) == 0;
    if (v->type == VALUE_BOOL)
        return text_equal(text, v->as.boolean ? "true" : "false");
    return v->type == VALUE_INTEGER && text_to_int64(text, len, &n) &&
           n == v->as.integer;
}

/* Behind "?(@": ".path==literal)" or ".path!=literal)". */
static const struct value *filter(const struct value *list, const char *at,
                                  size_t len)
{
    char path[256];
    char *sign = NULL;
    const char *want;
    bool equal;

    if (list && len > 1 && len < sizeof path && at[len - 1] == ')') {
        memcpy(path, at, len - 1);
        path[len - 1] = '\0';
        sign = strpbrk(path, "=!");
    }
    if (!sign || sign[1] != '=')
        return NULL;
    equal = *sign == '=';
    want = sign + 2 + strspn(sign + 2, " ");
    do
        *sign-- = '\0';
    while (sign > path && *sign == ' ');
    for (uint32_t i = 0; i < list->count; i++) {
        const struct value *v = find(list->as.items[i], path);

        if (v && is_literal(v, want) == equal)
            return list->as.items[i];
    }
    return NULL;
}

/* "[0]", "[-1]", "[*]", "['name']", "[?(@.name=='x')]" */
static const char *step_bracket(const char *path, const struct value **v)
{
    const char *end = strchr(path, ']');
    const struct value *list = value_is(*v, VALUE_ARRAY) ? *v : NULL;
    int64_t at = 0;

    if (!end) {
        *v = NULL;
        return "";
    }
    if ((*path == '\'' || *path == '"') && end - path >= 2) {
        *v = value_getn(*v, path + 1, (size_t)(end - path) - 2);
        return end + 1;
    }
    if (strncmp(path, "?(@", 3) == 0) {
        *v = filter(list, path + 3, (size_t)(end - path) - 3);
        return end + 1;
    }
    if (*path != '*' && !text_to_int64(path, (size_t)(end - path), &at))
        list = NULL;
    if (list && at < 0)
        at += list->count;
    *v = list && at >= 0 && at < list->count ? list->as.items[at] : NULL;
    return end + 1;
}

static const struct value *find(const struct value *v, const char *path)
{
    while (*path && v) {
        if (*path == '[')
            path = step_bracket(path + 1, &v);
        else if (*path == '.' && (path[1] == '\0' || path[1] == '['))
            path++;
        else
            path = step_name(path + (*path == '.'), &v);
    }
    return v;
}

/* ---- values ---- */

static struct value *as_text(const struct row *r, const struct value *v)
{
    struct str text;

    if (v->type == VALUE_STRING)
        return value_stringn(r->a, v->as.string, v->count);
    str_init(&text, 0);
    if (v->type == VALUE_NULL)
        str_add(&text, "<no value>");
    else
        value_print(v, &text, NULL);
    return cell_take(r->a, &text);
}

static struct value *as_integer(const struct row *r, const struct value *v)
{
    if (v->type == VALUE_INTEGER)
        return value_integer(r->a, v->as.integer);
    if (v->type == VALUE_DOUBLE && v->as.number > -9e18 && v->as.number < 9e18)
        return value_integer(r->a, (int64_t)v->as.number);
    return value_null(r->a);
}

static struct value *as_date(const struct row *r, const struct value *v)
{
    int64_t at;

    if (v->type != VALUE_STRING)
        return value_null(r->a);
    if (v->count == 0)
        return value_string(r->a, "<unknown>");
    if (!text_parse_rfc3339(v->as.string, &at))
        return value_string(r->a, "<invalid>");
    return row_age(r, v);
}

struct value *table_custom_cell(const struct row *r,
                                const struct value *printer)
{
    const struct value *v = find(r->object, row_text(printer, "jsonPath"));
    const char *type = row_text(printer, "type");

    if (!v)
        return value_null(r->a);
    if (text_equal(type, "string"))
        return as_text(r, v);
    if (text_equal(type, "integer"))
        return as_integer(r, v);
    if (text_equal(type, "date"))
        return as_date(r, v);
    if (text_equal(type, "number") && v->type == VALUE_INTEGER)
        return value_integer(r->a, v->as.integer);
    if ((text_equal(type, "number") && v->type == VALUE_DOUBLE) ||
        (text_equal(type, "boolean") && v->type == VALUE_BOOL))
        return (struct value *)v;
    return value_null(r->a);
}
