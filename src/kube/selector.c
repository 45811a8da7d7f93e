/*
 * selector.c -- see include/kube/selector.h for the contract.
 *
 * A selector is a sorted list of requirements that must all hold. The sorting
 * is what makes selector_print() canonical: two texts that mean the same list
 * of conditions become one query string, and one cache entry.
 */
#include "kube/selector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "kube/key.h"
#include "selector_impl.h"

/* ---- building ---- */

struct selector *selector_new(struct arena *a, size_t cap)
{
    struct selector *s = arena_calloc(a, 1, sizeof *s);

    if (s)
        s->items = arena_calloc(a, cap + 1, sizeof *s->items);
    return s && s->items ? s : NULL;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void requirement_finish(struct requirement *r)
{
    size_t kept = 0;

    if (r->count < 2)
        return;
    qsort(r->values, r->count, sizeof *r->values, compare_texts);
    for (size_t i = 0; i < r->count; i++)
        if (kept == 0 || strcmp(r->values[kept - 1], r->values[i]) != 0)
            r->values[kept++] = r->values[i];
    r->count = kept;
}

/* Total: two requirements that compare equal print as the same text. */
static int compare_requirements(const void *pa, const void *pb)
{
    const struct requirement *a = pa, *b = pb;
    int order = strcmp(a->key, b->key);

    if (order == 0)
        order = (a->op > b->op) - (a->op < b->op);
    for (size_t i = 0; order == 0 && i < a->count && i < b->count; i++)
        order = strcmp(a->values[i], b->values[i]);
    if (order == 0)
        order = (a->count > b->count) - (a->count < b->count);
    return order;
}

void selector_finish(struct selector *s)
{
    if (s->count > 1)
        qsort(s->items, s->count, sizeof *s->items, compare_requirements);
}

/* ---- checking ---- */

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9');
}

/* At most 63 letters, digits, '-', '_' and '.', alphanumeric at both ends. */
static bool is_label_name(const char *text)
{
    size_t len = strlen(text);

    if (len == 0 || len > NAME_MAX_DNS1123_LABEL || !is_alphanumeric(text[0]) ||
        !is_alphanumeric(text[len - 1]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_alphanumeric(text[i]) && !strchr("-_.", text[i]))
            return false;
    return true;
}

/* A name, or a DNS name and a name around a slash. */
static bool is_label_key(const char *key)
{
    const char *slash = strchr(key, '/');
    char prefix[NAME_MAX_DNS1123_SUBDOMAIN + 1];

    if (!slash)
        return is_label_name(key);
    if ((size_t)(slash - key) > NAME_MAX_DNS1123_SUBDOMAIN)
        return false;
    memcpy(prefix, key, (size_t)(slash - key));
    prefix[slash - key] = '\0';
    return name_is_dns_subdomain(prefix) && is_label_name(slash + 1);
}

int requirement_check(struct requirement *r, struct err *err)
{
    if (!is_label_key(r->key)) {
        err_set(err, ERR_INVALID, "'%s' is not a label key", r->key);
        return err_hint(err, "a key is [domain/]name, the name at most 63 "
                             "letters, digits, '-', '_' and '.'");
    }
    if (r->op == SELECTOR_GREATER || r->op == SELECTOR_LESS) {
        if (!text_to_int64(r->values[0], strlen(r->values[0]), &r->bound))
            return err_set(err, ERR_INVALID,
                           "'%s' must be compared with an integer, not '%s'",
                           r->key, r->values[0]);
        return 0;
    }
    for (size_t i = 0; i < r->count; i++) {
        if (*r->values[i] && !is_label_name(r->values[i])) {
            err_set(err, ERR_INVALID, "'%s' is not a label value",
                    r->values[i]);
            return err_hint(err, "a value is empty or at most 63 letters, "
                                 "digits, '-', '_' and '.'");
        }
    }
    return 0;
}

/* ---- from values ---- */

/* Room for one value and the value in it; NULL: out of memory. */
static const char **one_value(struct arena *a, const char *text)
{
    const char **values = arena_calloc(a, 1, sizeof *values);
    char *copy = values ? arena_strdup(a, text) : NULL;

    if (!copy)
        return NULL;
    values[0] = copy;
    return values;
}

/* Adds key = value for every member of `map` (NULL: none). */
static int add_map(struct arena *a, struct selector *s, const struct value *map,
                   struct err *err)
{
    uint32_t count = value_is(map, VALUE_OBJECT) ? map->count : 0;

    if (map && map->type != VALUE_OBJECT && map->type != VALUE_NULL)
        return err_set(err, ERR_INVALID,
                       "labels must be an object of strings, got %s",
                       value_type_name(map));
    for (uint32_t i = 0; i < count; i++) {
        const struct value_member *m = &map->as.members[i];
        struct requirement *r = &s->items[s->count];
        const char *text = value_text(m->value);

        if (!text)
            return err_set(err, ERR_INVALID,
                           "label '%s' must be a string, got %s", m->key,
                           value_type_name(m->value));
        *r = (struct requirement){.op = SELECTOR_IN, .count = 1};
        r->key = arena_strdup(a, m->key);
        r->values = one_value(a, text);
        if (!r->key || !r->values)
            return err_nomem(err);
        if (requirement_check(r, err) < 0)
            return -ERR_INVALID;
        s->count++;
    }
    return 0;
}

int selector_from_map(struct arena *a, const struct value *map,
                      struct selector **ret, struct err *err)
{
    struct selector *s =
        selector_new(a, value_is(map, VALUE_OBJECT) ? map->count : 0);
    int rc = s ? add_map(a, s, map, err) : err_nomem(err);

    if (rc < 0)
        return rc;
    selector_finish(s);
    *ret = s;
    return 0;
}

/* The word of a matchExpressions item. */
static int read_operator(const struct value *expression, enum selector_op *ret,
                         struct err *err)
{
    static const struct {
        const char *word;
        enum selector_op op;
    } known[] = {
        {"In", SELECTOR_IN},
        {"NotIn", SELECTOR_NOT_IN},
        {"Exists", SELECTOR_EXISTS},
        {"DoesNotExist", SELECTOR_ABSENT},
    };
    const char *word = value_text(value_get(expression, "operator"));

    for (size_t i = 0; word && i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(word, known[i].word) == 0) {
            *ret = known[i].op;
            return 0;
        }
    }
    return err_set(err, ERR_INVALID,
                   "operator must be In, NotIn, Exists or DoesNotExist, "
                   "got '%s'",
                   word ? word : "");
}

/* In and NotIn need values, the others must have none. */
static int read_values(struct arena *a, const struct value *expression,
                       struct requirement *r, struct err *err)
{
    const struct value *values = value_get(expression, "values");
    uint32_t count = value_is(values, VALUE_ARRAY) ? values->count : 0;
    bool wanted = r->op == SELECTOR_IN || r->op == SELECTOR_NOT_IN;

    if (wanted != (count > 0))
        return err_set(err, ERR_INVALID, "values of '%s' must %sbe empty",
                       r->key, wanted ? "not " : "");
    r->values = arena_calloc(a, count + 1, sizeof *r->values);
    if (!r->values)
        return err_nomem(err);
    for (uint32_t i = 0; i < count; i++) {
        const char *text = value_text(values->as.items[i]);

        if (!text)
            return err_set(err, ERR_INVALID, "values of '%s' must be strings",
                           r->key);
        r->values[i] = arena_strdup(a, text);
        if (!r->values[i])
            return err_nomem(err);
    }
    r->count = count;
    return 0;
}

static int read_expression(struct arena *a, const struct value *expression,
                           struct requirement *r, struct err *err)
{
    const char *key = value_text(value_get(expression, "key"));
    int rc;

    *r = (struct requirement){.key = arena_strdup(a, key ? key : "")};
    if (!r->key)
        return err_nomem(err);
    rc = read_operator(expression, &r->op, err);
    if (rc == 0)
        rc = read_values(a, expression, r, err);
    if (rc == 0)
        rc = requirement_check(r, err);
    if (rc == 0)
        requirement_finish(r);
    return rc;
}

static int add_expressions(struct arena *a, struct selector *s,
                           const struct value *list, struct err *err)
{
    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count; i++) {
        int rc =
            read_expression(a, list->as.items[i], &s->items[s->count], err);

        if (rc < 0) {
            if (rc != -ERR_NOMEM)
                err_wrap(err, "matchExpressions[%u]", i);
            return rc;
        }
        s->count++;
    }
    return 0;
}

int selector_from_label_selector(struct arena *a, const struct value *sel,
                                 struct selector **ret, struct err *err)
{
    const struct value *map = value_get(sel, "matchLabels");
    const struct value *list = value_get(sel, "matchExpressions");
    size_t room = (value_is(map, VALUE_OBJECT) ? map->count : 0) +
                  (size_t)(value_is(list, VALUE_ARRAY) ? list->count : 0);
    struct selector *s = selector_new(a, room);
    int rc = s ? add_map(a, s, map, err) : err_nomem(err);

    if (rc == 0)
        rc = add_expressions(a, s, list, err);
    if (rc < 0)
        return rc;
    selector_finish(s);
    *ret = s;
    return 0;
}

/* ---- matching ---- */

static bool has_value(const struct requirement *r, const char *text)
{
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->values[i], text) == 0)
            return true;
    return false;
}

/* `text` is NULL when the label is absent. */
static bool requirement_holds(const struct requirement *r, const char *text)
{
    int64_t n;

    switch (r->op) {
    case SELECTOR_EXISTS:
        return text != NULL;
    case SELECTOR_ABSENT:
        return text == NULL;
    case SELECTOR_IN:
        return text && has_value(r, text);
    case SELECTOR_NOT_IN:
        return !text || !has_value(r, text);
    case SELECTOR_GREATER:
    case SELECTOR_LESS:
        break;
    }
    if (!text || !text_to_int64(text, strlen(text), &n))
        return false;
    return r->op == SELECTOR_GREATER ? n > r->bound : n < r->bound;
}

/* Labels are texts; anything else counts as absent. */
bool selector_match_labels(const struct selector *s, const struct value *labels)
{
    for (size_t i = 0; s && i < s->count; i++) {
        const char *text = value_text(value_get(labels, s->items[i].key));

        if (!requirement_holds(&s->items[i], text))
            return false;
    }
    return true;
}

/* The text a field selector compares with; "" for what is absent or has no
 * text. `room` holds that of an integer. */
static const char *field_text(const struct value *v, char room[24])
{
    if (value_is(v, VALUE_STRING))
        return v->as.string;
    if (value_is(v, VALUE_BOOL))
        return v->as.boolean ? "true" : "false";
    if (!value_is(v, VALUE_INTEGER))
        return "";
    snprintf(room, 24, "%lld", (long long)v->as.integer);
    return room;
}

bool selector_match_fields(const struct selector *s, const struct value *object)
{
    for (size_t i = 0; s && i < s->count; i++) {
        const struct value *v = value_path(object, s->items[i].key);
        char room[24];

        if (!requirement_holds(&s->items[i], field_text(v, room)))
            return false;
    }
    return true;
}

const char *selector_path(const struct selector *s, size_t i)
{
    return s && i < s->count ? s->items[i].key : NULL;
}

/* ---- printing ---- */

/* A field value with , = and \ escaped. Label values have none of them. */
static void print_value(const char *text, struct str *out)
{
    for (; *text; text++) {
        if (strchr(",=\\", *text))
            str_addc(out, '\\');
        str_addc(out, *text);
    }
}

static void print_requirement(const struct requirement *r, struct str *out)
{
    static const char *const sign[] = {
        [SELECTOR_EXISTS] = "",   [SELECTOR_ABSENT] = "",
        [SELECTOR_IN] = "=",      [SELECTOR_NOT_IN] = "!=",
        [SELECTOR_GREATER] = ">", [SELECTOR_LESS] = "<",
    };

    if (r->op == SELECTOR_ABSENT)
        str_addc(out, '!');
    str_add(out, r->key);
    if (r->count > 1) {
        str_add(out, r->op == SELECTOR_IN ? " in (" : " notin (");
        for (size_t i = 0; i < r->count; i++) {
            str_add(out, i ? "," : "");
            str_add(out, r->values[i]);
        }
        str_addc(out, ')');
        return;
    }
    str_add(out, sign[r->op]);
    if (r->count)
        print_value(r->values[0], out);
}

int selector_print(const struct selector *s, struct str *out)
{
    for (size_t i = 0; s && i < s->count; i++) {
        if (i)
            str_addc(out, ',');
        print_requirement(&s->items[i], out);
    }
    return -(int)out->failed;
}
