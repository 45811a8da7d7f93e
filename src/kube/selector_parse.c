/*
 * selector_parse.c -- texts to selectors; see include/kube/selector.h.
 *
 * DESIGN
 *
 * A label selector is read by recursive descent over tokens taken on demand,
 * following the grammar that the API server accepts: the words `in` and
 * `notin` are operators only where an operator may stand, values may be empty,
 * operators need no spaces around them. A field selector has no tokens: it is
 * cut at commas, then at the first operator.
 *
 * The number of commas bounds the number of requirements and of values, so
 * every array is allocated once, before it is filled.
 */
#include <string.h>

#include "base/text.h"
#include "selector_impl.h"

#define LABEL_HINT                                                             \
    "write a=b, a!=b, a in (b,c), a notin (b,c), a or !a, separated by commas"
#define FIELD_HINT                                                             \
    "write path=value, path==value or path!=value, separated by commas"

enum token_kind {
    TOKEN_END,
    TOKEN_WORD,
    TOKEN_COMMA,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_NOT,
    TOKEN_EQUAL,
    TOKEN_NOT_EQUAL,
    TOKEN_GREATER,
    TOKEN_LESS,
};

struct token {
    enum token_kind kind;
    const char *at;
    size_t len;
};

struct parser {
    struct arena *arena;
    const char *text;
    struct token next; /* not yet taken */
    struct err *err;
};

/* ---- tokens ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The token at or behind `p`. Longer signs come first in the table. */
static struct token scan(const char *p)
{
    static const struct {
        const char *text;
        enum token_kind kind;
    } signs[] = {
        {"!=", TOKEN_NOT_EQUAL}, {"==", TOKEN_EQUAL},  {"=", TOKEN_EQUAL},
        {"!", TOKEN_NOT},        {",", TOKEN_COMMA},   {"(", TOKEN_OPEN},
        {")", TOKEN_CLOSE},      {">", TOKEN_GREATER}, {"<", TOKEN_LESS},
    };
    size_t len = 0;

    while (is_blank(*p))
        p++;
    if (!*p)
        return (struct token){TOKEN_END, p, 0};
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (text_starts(p, signs[i].text))
            return (struct token){signs[i].kind, p, strlen(signs[i].text)};
    while (p[len] && !is_blank(p[len]) && !strchr("=!(),><", p[len]))
        len++;
    return (struct token){TOKEN_WORD, p, len};
}

static struct token take(struct parser *p)
{
    struct token t = p->next;

    p->next = scan(t.at + t.len);
    return t;
}

static bool is_word(const struct token *t, const char *word)
{
    return t->kind == TOKEN_WORD && t->len == strlen(word) &&
           memcmp(t->at, word, t->len) == 0;
}

/* What was found instead, and where. Returns -ERR_INVALID. */
static int fail(struct parser *p, const struct token *found,
                const char *expected)
{
    size_t at = (size_t)(found->at - p->text) + 1;

    if (found->kind == TOKEN_END)
        err_set(p->err, ERR_INVALID, "expected %s at its end", expected);
    else
        err_set(p->err, ERR_INVALID,
                "expected %s at position %zu, found '%.*s'", expected, at,
                found->len > 80 ? 80 : (int)found->len, found->at);
    return err_hint(p->err, LABEL_HINT);
}

static size_t count_commas(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += *text == ',';
    return n;
}

/* ---- label selectors ---- */

/* 1 when a list of values follows, 0 when one value does. */
static int parse_operator(struct parser *p, enum selector_op *ret)
{
    struct token t = take(p);

    if (t.kind == TOKEN_EQUAL || is_word(&t, "in"))
        *ret = SELECTOR_IN;
    else if (t.kind == TOKEN_NOT_EQUAL || is_word(&t, "notin"))
        *ret = SELECTOR_NOT_IN;
    else if (t.kind == TOKEN_GREATER)
        *ret = SELECTOR_GREATER;
    else if (t.kind == TOKEN_LESS)
        *ret = SELECTOR_LESS;
    else
        return fail(p, &t, "=, ==, !=, in, notin, > or <");
    /* What follows differs: a list behind a word, one value behind a sign. */
    return t.kind == TOKEN_WORD;
}

/* Append the next word, or "" when there is none. */
static int add_value(struct parser *p, struct requirement *r)
{
    struct token t = {TOKEN_WORD, "", 0};

    if (p->next.kind == TOKEN_WORD)
        t = take(p);
    r->values[r->count] = arena_strndup(p->arena, t.at, t.len);
    return r->values[r->count++] ? 0 : err_nomem(p->err);
}

/* "(" values ")"; none between the brackets is one empty value. */
static int parse_list(struct parser *p, struct requirement *r)
{
    struct token t = take(p);

    if (t.kind != TOKEN_OPEN)
        return fail(p, &t, "'('");
    do {
        if (add_value(p, r) < 0)
            return -ERR_NOMEM;
        t = take(p);
    } while (t.kind == TOKEN_COMMA);
    return t.kind == TOKEN_CLOSE ? 0 : fail(p, &t, "',' or ')'");
}

/* A value, or nothing, which is the empty value. */
static int parse_one(struct parser *p, struct requirement *r)
{
    if (p->next.kind != TOKEN_END && p->next.kind != TOKEN_COMMA &&
        p->next.kind != TOKEN_WORD)
        return fail(p, &p->next, "a value");
    return add_value(p, r);
}

static int parse_condition(struct parser *p, struct requirement *r)
{
    int list = parse_operator(p, &r->op);

    if (list < 0)
        return list;
    r->values =
        arena_calloc(p->arena, count_commas(p->next.at) + 1, sizeof *r->values);
    if (!r->values)
        return err_nomem(p->err);
    return list ? parse_list(p, r) : parse_one(p, r);
}

static int parse_requirement(struct parser *p, struct requirement *r)
{
    bool absent = p->next.kind == TOKEN_NOT;
    struct token key;
    int rc = 0;

    if (absent)
        take(p);
    key = take(p);
    if (key.kind != TOKEN_WORD)
        return fail(p, &key, "a label key");
    *r = (struct requirement){.op = SELECTOR_EXISTS};
    r->key = arena_strndup(p->arena, key.at, key.len);
    if (!r->key)
        return err_nomem(p->err);
    if (absent)
        r->op = SELECTOR_ABSENT;
    else if (p->next.kind != TOKEN_END && p->next.kind != TOKEN_COMMA)
        rc = parse_condition(p, r);
    if (rc == 0)
        rc = requirement_check(r, p->err);
    requirement_finish(r);
    return rc;
}

/* All of the text. Unlike the values of a list, a requirement cannot be empty,
 * so a comma must be followed by one. */
static int parse_requirements(struct parser *p, struct selector *s)
{
    while (p->next.kind != TOKEN_END) {
        int rc = parse_requirement(p, &s->items[s->count]);
        struct token t;

        if (rc < 0)
            return rc;
        s->count++;
        t = take(p);
        if (t.kind == TOKEN_END)
            break;
        if (t.kind != TOKEN_COMMA)
            return fail(p, &t, "','");
        if (p->next.kind != TOKEN_WORD && p->next.kind != TOKEN_NOT)
            return fail(p, &p->next, "a label key");
    }
    return 0;
}

int selector_parse_labels(struct arena *a, const char *text,
                          struct selector **ret, struct err *err)
{
    struct selector *s = selector_new(a, count_commas(text) + 1);
    struct parser p = {a, text, scan(text), err};
    int rc = s ? parse_requirements(&p, s) : err_nomem(err);

    if (rc == -ERR_INVALID)
        err_wrap(err, "label selector '%.200s'", text);
    if (rc < 0)
        return rc;
    selector_finish(s);
    *ret = s;
    return 0;
}

/* ---- field selectors ---- */

/* One or more segments between dots, none of them empty. */
static bool is_path(const char *path, size_t len)
{
    if (len == 0 || path[0] == '.' || path[len - 1] == '.')
        return false;
    for (size_t i = 1; i < len; i++)
        if (path[i] == '.' && path[i - 1] == '.')
            return false;
    return true;
}

/* Copies a value without its backslashes; false when one of them stands
 * before something else than , = or \, or when an = has none. */
static bool unescape(const char *text, size_t len, char *out)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '=')
            return false;
        if (text[i] == '\\') {
            if (++i == len || !strchr(",=\\", text[i]))
                return false;
        }
        *out++ = text[i];
    }
    *out = '\0';
    return true;
}

/* Length up to the next comma that is not escaped. */
static size_t term_length(const char *text)
{
    size_t len = 0;

    while (text[len] && text[len] != ',')
        len += text[len] == '\\' && text[len + 1] ? 2 : 1;
    return len;
}

static int fail_term(struct err *err, const char *term, size_t len,
                     const char *why)
{
    err_set(err, ERR_INVALID, "'%.*s' %s", len > 80 ? 80 : (int)len, term, why);
    return err_hint(err, FIELD_HINT);
}

/* path operator value; the value may be empty. */
static int parse_term(struct arena *a, const char *term, size_t len,
                      struct requirement *r, struct err *err)
{
    size_t path = strcspn(term, "=!"), op;
    char *value;

    *r = (struct requirement){.op = SELECTOR_IN, .count = 1};
    if (path >= len || (term[path] == '!' && term[path + 1] != '='))
        return fail_term(err, term, len, "has no operator =, == or !=");
    if (!is_path(term, path))
        return fail_term(err, term, len,
                         "has no dotted path before its "
                         "operator");
    if (term[path] == '!')
        r->op = SELECTOR_NOT_IN;
    op = path +
         (text_starts(term + path, "!=") || text_starts(term + path, "==") ? 2
                                                                           : 1);

    r->key = arena_strndup(a, term, path);
    r->values = arena_calloc(a, 1, sizeof *r->values);
    value = arena_alloc(a, len - op + 1);
    if (!r->key || !r->values || !value)
        return err_nomem(err);
    if (!unescape(term + op, len - op, value))
        return fail_term(err, term, len,
                         "has a value with a bare '=' or a "
                         "stray '\\'");
    r->values[0] = value;
    return 0;
}

/* Empty terms are ignored, as the server does. */
static int parse_terms(struct arena *a, const char *text, struct selector *s,
                       struct err *err)
{
    while (*text) {
        size_t len = term_length(text);
        int rc = 0;

        if (len) {
            rc = parse_term(a, text, len, &s->items[s->count], err);
            s->count++;
        }
        if (rc < 0)
            return rc;
        text += len + (text[len] == ',');
    }
    return 0;
}

int selector_parse_fields(struct arena *a, const char *text,
                          struct selector **ret, struct err *err)
{
    struct selector *s = selector_new(a, count_commas(text) + 1);
    int rc = s ? parse_terms(a, text, s, err) : err_nomem(err);

    if (rc == -ERR_INVALID)
        err_wrap(err, "field selector '%.200s'", text);
    if (rc < 0)
        return rc;
    selector_finish(s);
    *ret = s;
    return 0;
}
