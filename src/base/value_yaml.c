/*
 * value_yaml.c -- trees as YAML for people; see value.h.
 *
 * A text stays plain only when no reader of YAML 1.1 or 1.2 could take it for
 * anything else; in doubt it is quoted, as JSON quotes, which every YAML
 * reader understands. Text of several lines becomes a literal block when all
 * of it can stand there as it is.
 *
 * Lists under a key are not indented further, as kubectl prints them.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/value_sort.h"

struct yaml {
    struct str *out;
    struct err *err;
    unsigned depth; /* guards the C stack */
};

static int print_node(struct yaml *y, const struct value *v, unsigned column);

static void add_spaces(struct str *out, unsigned n)
{
    while (n-- > 0)
        str_addc(out, ' ');
}

/* ---- scalars ---- */

static bool is_reserved_word(const char *text)
{
    static const char *const words[] = {"y",    "n",    "yes",  "no",
                                        "on",   "off",  "true", "false",
                                        "null", ".inf", ".nan"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(text, words[i]) == 0)
            return true;
    return false;
}

/* Could be a number, a date or a time: starts like one and has only what
 * these have. Two dots make it an address or a version. */
static bool looks_numeric(const char *text)
{
    const char *dot = strchr(text, '.');

    if (!strchr("0123456789.", text[0]))
        return false;
    if (dot && strchr(dot + 1, '.') && !strchr(text, ':'))
        return false;
    return text[strspn(text, "0123456789.+-_:abcdefABCDEFxXoTtZz ")] == '\0';
}

/* A choice from which no YAML syntax can be made, apart from ": " and a colon
 * at the end. */
static bool is_plain_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || (c && strchr("_./:@+=,~()- ", c));
}

/* `text` may stand without quotes, as a value and as a key. */
static bool is_plain(const char *text, size_t len)
{
    char first = text[0];

    if (len == 0 || text[len - 1] == ' ' || text[len - 1] == ':')
        return false;
    if (!strchr("_/.", first) &&
        (!is_plain_char(first) || first < '0' || first == ':' || first == '='))
        return false;
    if (first == '@' || first == '~')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_plain_char(text[i]))
            return false;
    return !strstr(text, ": ") && !is_reserved_word(text) &&
           !looks_numeric(text);
}

/* Text of several lines whose every character may stand in a block. */
static bool is_block(const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *)text;

    if (!memchr(text, '\n', len) || p[0] == ' ' || p[0] == '\n' ||
        p[0] == '\t' || !text_is_utf8(text, len))
        return false;
    for (size_t i = 0; i < len; i++) {
        if ((p[i] < 0x20 && p[i] != '\n') || p[i] == 0x7f)
            return false;
        if (p[i] == '\n' && i > 0 && p[i - 1] == ' ')
            return false; /* invisible at the end of a line */
        if (p[i] == 0xC2 && p[i + 1] < 0xA0)
            return false; /* C1 controls, NEL */
        if (p[i] == 0xE2 && p[i + 1] == 0x80 && (p[i + 2] & 0xFE) == 0xA8)
            return false; /* line and paragraph separators */
        if (p[i] == 0xEF && p[i + 1] == 0xBB && p[i + 2] == 0xBF)
            return false; /* byte order mark */
    }
    return p[len - 1] != ' ';
}

/* The chomping mark says how many newlines the text ends with: none, one, more
 * ("-", "", "+"). Empty lines get no indent. */
static void print_block(struct yaml *y, const char *text, size_t len,
                        unsigned column)
{
    const char *end = text + len;
    bool ends_in_newline = end[-1] == '\n';

    str_addc(y->out, '|');
    if (!ends_in_newline)
        str_addc(y->out, '-');
    else if (len > 1 && end[-2] == '\n')
        str_addc(y->out, '+');
    while (text < end) {
        const char *eol = memchr(text, '\n', (size_t)(end - text));
        size_t n = (size_t)((eol ? eol : end) - text);

        str_addc(y->out, '\n');
        if (n > 0)
            add_spaces(y->out, column);
        str_addn(y->out, text, n);
        text += n + 1;
    }
}

static int print_quoted(struct yaml *y, const char *text, size_t len)
{
    if (json_write_string(y->out, text, len) == -ERR_INVALID)
        return err_set(y->err, ERR_INVALID, "text is not valid UTF-8");
    return 0;
}

/* `column` is where the lines of a block start. */
static int print_text(struct yaml *y, const char *text, size_t len,
                      unsigned column)
{
    if (is_plain(text, len)) {
        str_addn(y->out, text, len);
        return 0;
    }
    if (is_block(text, len)) {
        print_block(y, text, len, column);
        return 0;
    }
    return print_quoted(y, text, len);
}

static int print_scalar(struct yaml *y, const struct value *v, unsigned column)
{
    if (v->sensitive || v->type == VALUE_SECRET) {
        str_add(y->out, "(sensitive)");
        return 0;
    }
    switch ((enum value_type)v->type) {
    case VALUE_BOOL:
        str_add(y->out, v->as.boolean ? "true" : "false");
        return 0;
    case VALUE_INTEGER:
        json_write_integer(y->out, v->as.integer);
        return 0;
    case VALUE_DOUBLE:
        if (json_write_double(y->out, v->as.number) == -ERR_INVALID)
            return err_set(y->err, ERR_INVALID, "number is not finite");
        return 0;
    case VALUE_STRING:
        return print_text(y, v->as.string, v->count, column);
    case VALUE_ARRAY:
        str_add(y->out, "[]"); /* only empty containers come here */
        return 0;
    case VALUE_OBJECT:
        str_add(y->out, "{}");
        return 0;
    default:
        str_add(y->out, "null");
        return 0;
    }
}

/* ---- containers ---- */

/* Goes on the line of its key: also empty containers and what is hidden. */
static bool is_scalar(const struct value *v)
{
    return v->sensitive || v->count == 0 ||
           (v->type != VALUE_ARRAY && v->type != VALUE_OBJECT);
}

static int print_member(struct yaml *y, const struct value_member *m,
                        unsigned column)
{
    const struct value *v = m->value;
    int rc;

    if (is_plain(m->key, m->key_len))
        rc = print_text(y, m->key, m->key_len, column);
    else
        rc = print_quoted(y, m->key, m->key_len);
    str_addc(y->out, ':');
    if (rc < 0)
        return rc;
    if (is_scalar(v)) {
        str_addc(y->out, ' ');
        return print_scalar(y, v, column + 2);
    }
    str_addc(y->out, '\n');
    if (v->type == VALUE_OBJECT)
        column += 2;
    add_spaces(y->out, column);
    return print_node(y, v, column);
}

static int print_members(struct yaml *y, const struct value *v, unsigned column)
{
    struct value_sorted sorted;
    int rc = 0;

    if (value_sort(v, &sorted) < 0)
        return err_nomem(y->err);
    for (uint32_t i = 0; i < v->count && rc == 0; i++) {
        if (i > 0) {
            str_addc(y->out, '\n');
            add_spaces(y->out, column);
        }
        rc = print_member(y, sorted.list[i], column);
    }
    value_sort_release(&sorted);
    return rc;
}

static int print_items(struct yaml *y, const struct value *v, unsigned column)
{
    int rc = 0;

    for (uint32_t i = 0; i < v->count && rc == 0; i++) {
        if (i > 0) {
            str_addc(y->out, '\n');
            add_spaces(y->out, column);
        }
        str_add(y->out, "- ");
        rc = print_node(y, v->as.items[i], column + 2);
    }
    return rc;
}

/* The cursor is at `column` already; further lines start there. Leaves the
 * cursor at the end of the last line. */
static int print_node(struct yaml *y, const struct value *v, unsigned column)
{
    int rc;

    if (is_scalar(v))
        return print_scalar(y, v, column);
    if (++y->depth > 2 * JSON_MAX_DEPTH)
        return err_set(y->err, ERR_LIMIT, "nested deeper than %d levels",
                       2 * JSON_MAX_DEPTH);
    rc = v->type == VALUE_OBJECT ? print_members(y, v, column)
                                 : print_items(y, v, column);
    y->depth--;
    return rc;
}

int value_print_yaml(const struct value *v, unsigned indent, struct str *out,
                     struct err *err)
{
    struct yaml y = {out, err, 0};
    int rc;

    add_spaces(out, indent);
    rc = print_node(&y, v, indent);
    str_addc(out, '\n');
    return rc < 0 ? rc : str_check(out, "the printed document", err);
}
