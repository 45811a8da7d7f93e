/*
 * yaml.c -- see yaml.h for the contract.
 *
 * This part owns libyaml's parser: it feeds it, turns its complaints into
 * messages with a place and, where people usually trip, a hint, and collects
 * the documents that yaml_build.c makes of its events.
 *
 * A text that starts with a brace is tried as JSON first: YAML as libyaml
 * knows it lacks surrogate pairs.
 */
#include "kube/yaml.h"

#include <string.h>

#include "base/text.h"
#include "yaml_impl.h"

/* ---- errors ---- */

/* "name:line:column: " in front of the message. */
int yaml_place(struct yaml_builder *b, const yaml_mark_t *mark, int rc)
{
    if (rc != -ERR_NOMEM)
        err_wrap(b->err, "%s:%zu:%zu", b->name, mark->line + 1,
                 mark->column + 1);
    return rc;
}

/* The start of a line, counted from 0; NULL when there is none. */
static const char *find_line(const struct yaml_builder *b, size_t line)
{
    const char *p = b->text, *end = b->text + b->len;

    for (; line > 0 && p; line--) {
        p = memchr(p, '\n', (size_t)(end - p));
        p = p ? p + 1 : NULL;
    }
    return p && p < end ? p : NULL;
}

/* Is there a tab among the blanks that start this line? */
static bool line_has_tab(const struct yaml_builder *b, size_t line,
                         size_t *ret_at)
{
    const char *start = find_line(b, line), *p = start;
    const char *end = b->text + b->len;

    while (p && p < end && *p == ' ')
        p++;
    if (!p || p == end || *p != '\t')
        return false;
    *ret_at = (size_t)(p - start);
    return true;
}

/* Advice for the mistakes that people make; the texts on the left are parts of
 * libyaml's. */
static const char *hint_for(const char *problem)
{
    static const struct {
        const char *problem, *hint;
    } known[] = {
        {"mapping values are not allowed",
         "put text that contains ': ' in quotes"},
        {"cannot start any token",
         "text that starts with one of @ ` % needs quotes"},
        {"did not find expected key",
         "lines of one map must be indented alike"},
        {"did not find expected '-' indicator",
         "items of one list must be indented alike"},
        {"unexpected end of stream", "a closing quote is missing"},
        {"did not find expected alphabetic or numeric character",
         "text that starts with * or & needs quotes"},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strstr(problem, known[i].problem))
            return known[i].hint;
    return NULL;
}

/* libyaml gives an offset instead of a mark for bytes that are no UTF-8 or no
 * printable characters. */
static int fail_encoding(struct yaml_builder *b)
{
    yaml_mark_t mark = {0};

    for (size_t i = 0; i < b->parser.problem_offset && i < b->len; i++) {
        mark.column = b->text[i] == '\n' ? 0 : mark.column + 1;
        mark.line += b->text[i] == '\n';
    }
    err_set(b->err, ERR_INVALID, "%s", b->parser.problem);
    return yaml_place(b, &mark, -ERR_INVALID);
}

/* Turn what libyaml found wrong into a message. */
static int fail_syntax(struct yaml_builder *b)
{
    yaml_parser_t *p = &b->parser;
    yaml_mark_t mark = p->problem_mark;
    const char *hint;

    if (p->error == YAML_MEMORY_ERROR)
        return err_nomem(b->err);
    if (!p->problem)
        return err_set(b->err, ERR_INVALID, "%s: not YAML", b->name);
    if (p->error == YAML_READER_ERROR)
        return fail_encoding(b);
    if (line_has_tab(b, mark.line, &mark.column)) {
        err_set(b->err, ERR_INVALID,
                "found a tab: YAML does not allow tabs "
                "for indentation; use spaces");
        return yaml_place(b, &mark, -ERR_INVALID);
    }
    if (p->context && p->context_mark.line != mark.line)
        err_set(b->err, ERR_INVALID, "%s %s that starts on line %zu",
                p->problem, p->context, p->context_mark.line + 1);
    else
        err_set(b->err, ERR_INVALID, "%s", p->problem);
    hint = hint_for(p->problem);
    if (hint)
        err_hint(b->err, "%s", hint);
    return yaml_place(b, &mark, -ERR_INVALID);
}

/* The caller deletes the event. */
int yaml_next(struct yaml_builder *b, yaml_event_t *ret)
{
    return yaml_parser_parse(&b->parser, ret) ? 0 : fail_syntax(b);
}

int yaml_lines_add(struct arena *a, struct yaml_lines *l, size_t line)
{
    if (l->count == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 8;
        unsigned *grown = arena_calloc(a, cap, sizeof *grown);

        if (!grown)
            return -ERR_NOMEM;
        if (l->count)
            memcpy(grown, l->at, l->count * sizeof *grown);
        l->at = grown;
        l->cap = cap;
    }
    l->at[l->count++] = (unsigned)line;
    return 0;
}

/* ---- documents ---- */

/* Documents and, for each of them, where its items start. */
struct documents {
    struct value **items;
    struct yaml_lines lines;
    struct yaml_lines *inner;
    size_t cap;
};

/* Grows all arrays together; the old ones stay in the arena. */
static int add_document(struct arena *a, struct documents *d, struct value *v,
                        size_t line)
{
    size_t count = d->lines.count;

    if (count == d->cap) {
        size_t cap = d->cap ? 2 * d->cap : 8;
        struct value **items = arena_calloc(a, cap, sizeof *items);
        struct yaml_lines *inner = arena_calloc(a, cap, sizeof *inner);

        if (!items || !inner)
            return -ERR_NOMEM;
        if (count) {
            memcpy(items, d->items, count * sizeof *items);
            memcpy(inner, d->inner, count * sizeof *inner);
        }
        d->items = items;
        d->inner = inner;
        d->cap = cap;
    }
    d->items[count] = v;
    return yaml_lines_add(a, &d->lines, line);
}

/* The document whose start event was just seen. */
static int read_document(struct yaml_builder *b, struct documents *d)
{
    struct value *v;
    yaml_event_t e;
    size_t line;
    int rc = yaml_next(b, &e);

    if (rc < 0)
        return rc;
    line = e.start_mark.line + 1;
    rc = yaml_build(b, &e, &v);
    if (rc == 0 && v->type != VALUE_NULL) {
        if (add_document(b->arena, d, v, line) < 0)
            return err_nomem(b->err);
        d->inner[d->lines.count - 1] = b->items;
    }
    yaml_build_reset(b);
    return rc;
}

/* Start and end of stream and documents say nothing themselves. */
static int read_stream(struct yaml_builder *b, struct documents *d)
{
    yaml_event_t e;
    bool done = false;
    int rc = 0;

    while (rc == 0 && !done) {
        bool starts;

        rc = yaml_next(b, &e);
        if (rc < 0)
            break;
        starts = e.type == YAML_DOCUMENT_START_EVENT;
        done = e.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&e);
        if (starts)
            rc = read_document(b, d);
    }
    return rc;
}

/* True when the whole text is one JSON value that starts with a brace. */
static bool read_json(struct arena *a, const char *text, size_t len,
                      struct documents *d)
{
    struct err err = {0};
    struct value *v;
    size_t line = 1, at = 0;

    for (; at < len && strchr(" \t\r\n", text[at]) && text[at]; at++)
        line += text[at] == '\n';
    return at < len && (text[at] == '{' || text[at] == '[') &&
           value_parse(a, text, len, &v, &err) == 0 &&
           add_document(a, d, v, line) == 0;
}

/* The text of one file. */
struct source {
    const char *name, *text;
    size_t len;
    struct value *repeated; /* see yaml_parse_body(); NULL: an error */
};

static int read_documents(struct arena *a, const struct source *from,
                          struct documents *d, struct err *err)
{
    struct yaml_builder b = {
        .arena = a,
        .name = from->name,
        .text = from->text ? from->text : "",
        .len = from->len,
        .repeated = from->repeated,
        .err = err,
    };
    int rc;

    if (b.len > YAML_MAX_TEXT)
        return err_set(err, ERR_LIMIT, "%s: more than %zu bytes of YAML",
                       b.name, YAML_MAX_TEXT);
    if (read_json(a, b.text, b.len, d))
        return 0;
    if (!yaml_parser_initialize(&b.parser))
        return err_nomem(err);
    yaml_parser_set_input_string(&b.parser, (const yaml_char_t *)b.text, b.len);
    rc = read_stream(&b, d);
    yaml_build_reset(&b);
    yaml_parser_delete(&b.parser);
    return rc;
}

static int parse(struct arena *a, const struct source *from,
                 struct yaml_docs *ret, struct err *err)
{
    struct documents d = {0};
    int rc = read_documents(a, from, &d, err);

    if (rc == 0)
        *ret = (struct yaml_docs){d.items, d.lines.at, d.lines.count};
    return rc;
}

int yaml_parse(struct arena *a, const char *name, const char *text, size_t len,
               struct yaml_docs *ret, struct err *err)
{
    return parse(a, &(struct source){name, text, len, NULL}, ret, err);
}

int yaml_parse_body(struct arena *a, const char *text, size_t len,
                    struct value *repeated, struct yaml_docs *ret,
                    struct err *err)
{
    return parse(a, &(struct source){"body", text, len, repeated}, ret, err);
}

/* ---- objects ---- */

/* kubectl asks for `items` only; a kind that does not end in List may well
 * have a field of that name. */
static bool is_list(const struct value *v)
{
    const char *kind = value_text(value_get(v, "kind"));

    return kind && text_ends(kind, "List") &&
           value_is(value_get(v, "items"), VALUE_ARRAY);
}

static int check_object(const struct value *v, struct err *err)
{
    static const char *const needed[] = {"apiVersion", "kind"};

    if (v->type != VALUE_OBJECT)
        return err_set(err, ERR_INVALID, "expected a Kubernetes object, got %s",
                       value_type_name(v));
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        const struct value *field = value_get(v, needed[i]);

        if (!field)
            return err_set(err, ERR_INVALID, "the object has no %s", needed[i]);
        if (field->type != VALUE_STRING || field->count == 0)
            return err_set(err, ERR_INVALID, "%s must be a non-empty string",
                           needed[i]);
    }
    return 0;
}

/* One more Kubernetes object, or why it is none. */
static int add_object(struct arena *a, struct documents *d, struct value *v,
                      size_t line, struct err *err)
{
    int rc = check_object(v, err);

    if (rc == 0 && add_document(a, d, v, line) < 0)
        rc = err_nomem(err);
    return rc;
}

/* Documents to objects: a list is replaced by its items, each with the line on
 * which it starts. */
static int flatten(struct arena *a, const char *name,
                   const struct documents *from, struct documents *to,
                   struct err *err)
{
    for (size_t i = 0; i < from->lines.count; i++) {
        struct value *v = from->items[i];
        const struct value *list = is_list(v) ? value_get(v, "items") : NULL;
        size_t count = list ? list->count : 1;

        for (size_t j = 0; j < count; j++) {
            unsigned line = list && j < from->inner[i].count
                                ? from->inner[i].at[j]
                                : from->lines.at[i];
            int rc = add_object(a, to, list ? list->as.items[j] : v, line, err);

            if (rc == -ERR_INVALID)
                err_wrap(err, "%s:%u", name, line);
            if (rc < 0)
                return rc;
        }
    }
    return 0;
}

int yaml_parse_objects(struct arena *a, const char *name, const char *text,
                       size_t len, struct yaml_docs *ret, struct err *err)
{
    struct documents from = {0}, to = {0};
    int rc =
        read_documents(a, &(struct source){name, text, len, NULL}, &from, err);

    if (rc == 0)
        rc = flatten(a, name, &from, &to, err);
    if (rc == 0)
        *ret = (struct yaml_docs){to.items, to.lines.at, to.lines.count};
    return rc;
}
