/*
 * schema_check.c -- an object against the schema of its kind; see
 *                   include/kube/schema.h.
 *
 * DESIGN
 *
 * One walk over the object, with the node of the schema beside each value and
 * the path in one string that grows and shrinks with the walk. Where the
 * schema knows nothing the walk does not go on. It is no validation: it finds
 * what a person mistyped and what a script could not express, in words that
 * say where; the rules of a kind are the server's.
 */
#include <string.h>

#include "base/text.h"
#include "schema_table.h"

#define DEPTH_MAX JSON_MAX_DEPTH
#define SHOWN_MAX 40 /* bytes of a text in a message */

struct walk {
    schema_issue_fn fn;
    void *arg;
    struct str path;
    struct str message;
    unsigned depth;
    bool stopped;
    struct err *err;
};

/* ---- paths ---- */

static bool is_plain(const char *key, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = key[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
            !(c >= '0' && c <= '9') && c != '_' && c != '-')
            return false;
    }
    return len > 0;
}

static void push_key(struct walk *w, const char *key, size_t len)
{
    if (is_plain(key, len)) {
        str_addc(&w->path, '.');
        str_addn(&w->path, key, len);
        return;
    }
    str_addc(&w->path, '[');
    json_write_string(&w->path, key, len);
    str_addc(&w->path, ']');
}

static void pop(struct walk *w, size_t len)
{
    w->path.len = len;
    if (w->path.data)
        w->path.data[len] = '\0';
}

/* ---- messages ---- */

/* The end of a text of at most `max` bytes that does not cut a character. */
static size_t shown_len(const char *text, size_t len, size_t max)
{
    if (len <= max)
        return len;
    while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
        max--;
    return max;
}

static void add_quoted(struct str *out, const char *text, size_t len)
{
    size_t shown = shown_len(text, len, SHOWN_MAX);

    json_write_string(out, text, shown);
    if (shown < len)
        str_add(out, "...");
}

/* "string (\"2\")", "empty object", "integer (5)" */
static void add_value(struct walk *w, const struct value *v)
{
    bool container = v->type == VALUE_ARRAY || v->type == VALUE_OBJECT;

    if (container && v->count == 0)
        str_add(&w->message, "empty ");
    str_add(&w->message, value_type_name(v));
    if (container || v->type == VALUE_SECRET)
        return;
    str_add(&w->message, " (");
    if (v->sensitive)
        str_add(&w->message, "sensitive");
    else if (v->type == VALUE_STRING)
        add_quoted(&w->message, v->as.string, v->count);
    else
        value_print(v, &w->message, NULL);
    str_add(&w->message, ")");
}

/* Tells the caller what w->message says. */
static int report(struct walk *w, enum schema_problem problem)
{
    struct schema_issue issue = {.problem = problem};
    int rc = str_check(&w->message, "message", w->err);

    if (rc == 0)
        rc = str_check(&w->path, "path", w->err);
    issue.path = w->path.len > 0 ? str_text(&w->path) : ".";
    issue.message = str_text(&w->message);
    if (rc == 0 && !w->fn(w->arg, &issue))
        w->stopped = true;
    str_clear(&w->message);
    return rc;
}

static int report_expected(struct walk *w, enum schema_problem problem,
                           const char *expected, const struct value *got)
{
    str_addf(&w->message, "expected %s, got ", expected);
    add_value(w, got);
    return report(w, problem);
}

static int report_type(struct walk *w, enum schema_type want,
                       const struct value *v)
{
    bool both_contain = want >= SCHEMA_ARRAY &&
                        (v->type == VALUE_ARRAY || v->type == VALUE_OBJECT);

    return report_expected(w,
                           both_contain && v->count == 0 ? SCHEMA_WRONG_EMPTY
                                                         : SCHEMA_WRONG_TYPE,
                           schema_type_name(want), v);
}

/* ---- scalars ---- */

static bool is_integral(const struct value *v)
{
    const double limit = 9007199254740992.0; /* 2^53 */

    if (v->type == VALUE_INTEGER)
        return true;
    return v->type == VALUE_DOUBLE && v->as.number >= -limit &&
           v->as.number <= limit &&
           v->as.number == (double)(int64_t)v->as.number;
}

static bool has_type(const struct value *v, enum schema_type want)
{
    bool string = v->type == VALUE_STRING;
    bool number = v->type == VALUE_INTEGER || v->type == VALUE_DOUBLE;

    switch (want) {
    case SCHEMA_STRING:
    case SCHEMA_BYTES:
        return string || v->type == VALUE_SECRET;
    case SCHEMA_TIME:
        return string;
    case SCHEMA_BOOLEAN:
        return v->type == VALUE_BOOL;
    case SCHEMA_INTEGER:
        return is_integral(v);
    case SCHEMA_NUMBER:
        return number;
    case SCHEMA_QUANTITY:
        return string || number;
    case SCHEMA_INT_OR_STRING:
        return string || is_integral(v);
    default:
        return true;
    }
}

/* As the API server reads it: padded, line breaks allowed. */
static bool is_base64(const char *text, size_t len)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "abcdefghijklmnopqrstuvwxyz"
                                   "0123456789+/";
    size_t count = 0, padding = 0;

    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n' || text[i] == '\r')
            continue;
        count++;
        if (text[i] == '=')
            padding++;
        else if (padding > 0 || !text[i] || !strchr(alphabet, text[i]))
            return false;
    }
    return count % 4 == 0 && padding <= 2;
}

static bool is_well_formed(const struct value *v, enum schema_type want)
{
    struct quantity quantity;
    int64_t seconds;

    if (v->type != VALUE_STRING)
        return true;
    switch (want) {
    case SCHEMA_BYTES:
        return is_base64(v->as.string, v->count);
    case SCHEMA_TIME:
        return text_parse_rfc3339(v->as.string, &seconds);
    case SCHEMA_QUANTITY:
        return quantity_parse(v->as.string, &quantity);
    default:
        return true;
    }
}

static bool fits(const struct value *v, struct schema_node n)
{
    double number =
        v->type == VALUE_INTEGER ? (double)v->as.integer : v->as.number;
    bool narrow =
        schema_integer_bits(n) == 32 || schema_type(n) == SCHEMA_INT_OR_STRING;

    if (!narrow || (v->type != VALUE_INTEGER && v->type != VALUE_DOUBLE))
        return true;
    return number >= INT32_MIN && number <= INT32_MAX;
}

/* "expected one of ClusterIP, NodePort, got ..." */
static int report_listed(struct walk *w, struct schema_node n,
                         const struct value *v)
{
    struct schema_text one;

    str_add(&w->message, "expected one of ");
    for (unsigned i = 0; schema_allowed(n, i, &one); i++) {
        if (i > 0)
            str_add(&w->message, ", ");
        add_quoted(&w->message, one.at, one.len);
    }
    str_add(&w->message, ", got ");
    add_value(w, v);
    return report(w, SCHEMA_WRONG_VALUE);
}

static int check_scalar(struct walk *w, struct schema_node n,
                        const struct value *v)
{
    enum schema_type want = schema_type(n);

    if (!has_type(v, want))
        return report_type(w, want, v);
    if (!fits(v, n))
        return report_expected(w, SCHEMA_WRONG_VALUE, "32-bit integer", v);
    if (!is_well_formed(v, want))
        return report_expected(w, SCHEMA_WRONG_VALUE, schema_type_name(want),
                               v);
    if (v->type == VALUE_STRING && !schema_allows(n, v->as.string, v->count))
        return report_listed(w, n, v);
    return 0;
}

/* ---- objects ---- */

/* The field whose name is nearest to a mistyped one; empty when none is near
 * enough to be meant. */
static struct schema_text nearest(struct schema_node n, const char *key)
{
    unsigned best = 1 + (unsigned)strlen(key) / 4;
    struct schema_text found = {"", 0};
    struct schema_field field = {0};
    char name[128];

    if (best > 3)
        best = 3;
    while (schema_field_next(n, &field)) {
        unsigned distance;

        if (field.name.len >= sizeof name)
            continue;
        memcpy(name, field.name.at, field.name.len);
        name[field.name.len] = '\0';
        distance = text_distance(key, name);
        if (distance < best || (distance == best && found.len == 0)) {
            best = distance;
            found = field.name;
        }
    }
    return found;
}

static int report_unknown(struct walk *w, struct schema_node n, const char *key)
{
    struct schema_text meant = nearest(n, key);

    str_add(&w->message, "unknown field");
    if (meant.len > 0)
        str_addf(&w->message, ", did you mean \"%.*s\"?", (int)meant.len,
                 meant.at);
    return report(w, SCHEMA_UNKNOWN_FIELD);
}

/* A default other than a zero value makes the absence of a field good. */
static bool fills_in(struct schema_node field)
{
    static const char *const zeros[] = {"", "\"\"", "0", "false"};
    struct schema_text text = schema_default_text(field);

    for (size_t i = 0; i < sizeof zeros / sizeof zeros[0]; i++)
        if (text.len == strlen(zeros[i]) &&
            memcmp(text.at, zeros[i], text.len) == 0)
            return false;
    return true;
}

static int check_required(struct walk *w, struct schema_node n,
                          const struct value *v)
{
    struct schema_field field = {0};
    size_t mark = w->path.len;
    int rc = 0;

    while (rc == 0 && !w->stopped && schema_field_next(n, &field)) {
        const struct value *present =
            value_getn(v, field.name.at, field.name.len);

        if (!schema_is_required(field.node) || fills_in(field.node) ||
            (present && present->type != VALUE_NULL))
            continue;
        push_key(w, field.name.at, field.name.len);
        str_add(&w->message, "required field is missing");
        rc = report(w, SCHEMA_MISSING_FIELD);
        pop(w, mark);
    }
    return rc;
}

static int check_value(struct walk *w, struct schema_node n,
                       const struct value *v);

static int check_members(struct walk *w, struct schema_node n,
                         const struct value *v)
{
    size_t mark = w->path.len;
    int rc = 0;

    for (size_t i = 0; rc == 0 && !w->stopped && i < v->count; i++) {
        const struct value_member *m = &v->as.members[i];
        struct schema_node field = schema_fieldn(n, m->key, m->key_len);

        push_key(w, m->key, m->key_len);
        rc = schema_known(field) ? check_value(w, field, m->value)
                                 : report_unknown(w, n, m->key);
        pop(w, mark);
    }
    return rc == 0 && !w->stopped ? check_required(w, n, v) : rc;
}

static int check_items(struct walk *w, struct schema_node n,
                       const struct value *v)
{
    struct schema_node item = schema_item(n);
    size_t mark = w->path.len;
    int rc = 0;

    for (size_t i = 0; rc == 0 && !w->stopped && i < v->count; i++) {
        str_addf(&w->path, "[%zu]", i);
        rc = check_value(w, item, v->as.items[i]);
        pop(w, mark);
    }
    return rc;
}

static int check_container(struct walk *w, struct schema_node n,
                           const struct value *v)
{
    int rc;

    if (w->depth == DEPTH_MAX)
        return err_set(w->err, ERR_LIMIT, "deeper than %d levels", DEPTH_MAX);
    w->depth++;
    rc = schema_type(n) == SCHEMA_ARRAY ? check_items(w, n, v)
                                        : check_members(w, n, v);
    w->depth--;
    return rc;
}

static int check_value(struct walk *w, struct schema_node n,
                       const struct value *v)
{
    enum schema_type want = schema_type(n);

    if (want == SCHEMA_ANY || v->type == VALUE_NULL)
        return 0;
    if (want < SCHEMA_ARRAY)
        return check_scalar(w, n, v);
    if (v->type != (want == SCHEMA_ARRAY ? VALUE_ARRAY : VALUE_OBJECT))
        return report_type(w, want, v);
    return check_container(w, n, v);
}

int schema_check_node(struct schema_node n, const struct value *object,
                      schema_issue_fn fn, void *arg, struct err *err)
{
    struct walk w = {.fn = fn, .arg = arg, .err = err};
    int rc;

    if (!schema_known(n))
        return err_set(err, ERR_NO_KIND, "no schema of this kind is known");
    str_init(&w.path, 0);
    str_init(&w.message, 0);
    rc = check_value(&w, n, object);
    str_release(&w.path);
    str_release(&w.message);
    return rc;
}

/* ---- empty tables ---- */

static void fix(struct schema_node n, struct value *v, unsigned depth)
{
    enum schema_type want = schema_type(n);
    bool array = want == SCHEMA_ARRAY;

    if (want < SCHEMA_ARRAY || depth == DEPTH_MAX ||
        (v->type != VALUE_ARRAY && v->type != VALUE_OBJECT))
        return;
    if (v->count == 0 && array != (v->type == VALUE_ARRAY)) {
        v->type = array ? VALUE_ARRAY : VALUE_OBJECT;
        v->cap = 0;
        v->as.members = NULL; /* as.items too: it is a union */
        return;
    }
    if (array != (v->type == VALUE_ARRAY))
        return;
    for (size_t i = 0; array && i < v->count; i++)
        fix(schema_item(n), v->as.items[i], depth + 1);
    for (size_t i = 0; !array && i < v->count; i++) {
        const struct value_member *m = &v->as.members[i];

        fix(schema_fieldn(n, m->key, m->key_len), m->value, depth + 1);
    }
}

void schema_fix_empty(const struct schema_set *set, const struct gvk *gvk,
                      struct value *object)
{
    fix(schema_find(set, gvk->api_version, gvk->kind), object, 0);
}
