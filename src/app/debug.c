/*
 * debug.c -- see debug.h.
 */
#include "debug.h"

#include <string.h>

#include "base/mem.h"

#define MAX_COLUMNS 12
#define GAP 3

/* ---- items ---- */

struct value *debug_item(struct debug_list *l)
{
    struct value *item;

    if (l->items->count >= DEBUG_MAX_ITEMS) {
        l->left_out++;
        return NULL;
    }
    item = value_object(l->a);
    if (!item || value_append(l->a, l->items, item) < 0) {
        l->failed = true;
        return NULL;
    }
    return item;
}

static void put(struct debug_list *l, struct value *item, const char *key,
                struct value *v)
{
    if (item && value_set(l->a, item, key, v) < 0)
        l->failed = true;
}

void debug_text(struct debug_list *l, struct value *item, const char *key,
                const char *text)
{
    put(l, item, key, value_string(l->a, text ? text : ""));
}

void debug_number(struct debug_list *l, struct value *item, const char *key,
                  int64_t n)
{
    put(l, item, key, value_integer(l->a, n));
}

void debug_flag(struct debug_list *l, struct value *item, const char *key,
                bool flag)
{
    put(l, item, key, value_bool(l->a, flag));
}

void debug_object(struct debug_list *l, struct value *item, const char *key,
                  const struct object_key *object)
{
    struct str text = {0};

    object_key_print(object, &text);
    debug_text(l, item, key, str_text(&text));
    l->failed |= text.failed != ERR_NONE;
    str_release(&text);
}

/* ---- which of them are wanted ---- */

/* Does the query say nothing of that member, or just this? */
static bool fits(const struct debug_list *l, const struct value *item,
                 const char *key)
{
    const char *text = value_text(value_get(item, key));
    const char *query = l->request->query;
    size_t len = strlen(key);
    bool asked = false, same = false;

    for (size_t one; *query && text; query += one + (query[one] == '&')) {
        one = strcspn(query, "&");
        if (one <= len || strncmp(query, key, len) != 0 || query[len] != '=')
            continue;
        asked = true;
        same |= strlen(text) == one - len - 1 &&
                strncmp(text, query + len + 1, one - len - 1) == 0;
    }
    return !asked || same;
}

static void keep_wanted(struct debug_list *l)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < l->items->count; i++) {
        struct value *item = l->items->as.items[i];

        if (fits(l, item, "operator") && fits(l, item, "object"))
            l->items->as.items[kept++] = item;
    }
    l->items->count = kept;
}

/* ---- as a table ---- */

/* One cell: "-" when there is nothing. */
static void add_cell(struct str *out, const struct value *v)
{
    if (value_is(v, VALUE_STRING) && v->count)
        str_add_visible(out, v->as.string, "");
    else if (value_is(v, VALUE_INTEGER))
        str_addf(out, "%lld", (long long)v->as.integer);
    else if (value_is(v, VALUE_BOOL))
        str_add(out, v->as.boolean ? "yes" : "no");
    else
        str_add(out, "-");
}

static size_t cell_width(const struct value *v)
{
    struct str text = {0};
    size_t width;

    add_cell(&text, v);
    width = text.len;
    str_release(&text);
    return width;
}

/* `used` columns of the line are written. */
static void pad(struct str *out, size_t used, size_t width)
{
    str_addf(out, "%*s", (int)(width + GAP - used), "");
}

static void add_row(struct str *out, const struct debug_column *columns,
                    const size_t *widths, const struct value *item)
{
    for (size_t i = 0; columns[i].title; i++) {
        size_t before = out->len;

        if (item)
            add_cell(out, value_get(item, columns[i].key));
        else
            str_add(out, columns[i].title);
        if (columns[i + 1].title)
            pad(out, out->len - before, widths[i]);
    }
    str_addc(out, '\n');
}

static void add_table(const struct debug_list *l,
                      const struct debug_column *columns, struct str *out)
{
    size_t widths[MAX_COLUMNS] = {0};

    for (size_t i = 0; columns[i].title; i++) {
        widths[i] = strlen(columns[i].title);
        for (uint32_t k = 0; k < l->items->count; k++) {
            size_t w =
                cell_width(value_get(l->items->as.items[k], columns[i].key));

            widths[i] = w > widths[i] ? w : widths[i];
        }
    }
    add_row(out, columns, widths, NULL);
    for (uint32_t k = 0; k < l->items->count; k++)
        add_row(out, columns, widths, l->items->as.items[k]);
    if (l->left_out)
        str_addf(out, "%zu more are not shown\n", l->left_out);
}

/* ---- the page ---- */

static bool wants_text(const struct endpoint_request *r)
{
    if (endpoint_query_has(r->query, "o=text"))
        return true;
    return !endpoint_query_has(r->query, "o=json") &&
           strstr(r->accept, "text/plain") &&
           !strstr(r->accept, "application/json");
}

static int add_document(struct debug_list *l, const char *kind, bool leader,
                        struct str *out)
{
    struct value *v = value_object(l->a);

    if (!v ||
        value_set(l->a, v, "apiVersion",
                  value_string(l->a, "tidelock.dev/v1alpha1")) < 0 ||
        value_set(l->a, v, "kind", value_string(l->a, kind)) < 0 ||
        value_set(l->a, v, "leader", value_bool(l->a, leader)) < 0 ||
        value_set(l->a, v, "items", l->items) < 0 ||
        value_set(l->a, v, "truncated", value_bool(l->a, l->left_out > 0)) < 0)
        return -ERR_NOMEM;
    return value_print(v, out, NULL);
}

void debug_show(struct debug_list *l, const char *kind, bool leader,
                const struct debug_column *columns, struct endpoint_answer *ret)
{
    l->failed |= !l->items;
    if (!l->failed)
        keep_wanted(l);
    if (l->failed) {
        ret->status = 500;
    } else if (wants_text(l->request)) {
        add_table(l, columns, &ret->text);
    } else {
        ret->content_type = "application/json";
        if (add_document(l, kind, leader, &ret->text) < 0)
            ret->status = 500;
        str_addc(&ret->text, '\n');
    }
}
