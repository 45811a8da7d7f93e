/*
 * json.c -- see json.h for the contract.
 *
 * DESIGN
 *
 * A push-down automaton over the text: `expect` says what may come next and
 * one bit a level says whether the container is an object. Nothing is looked
 * at twice except strings with escapes, which are rewritten into `scratch`,
 * and numbers with a fraction or an exponent, which go to strtod().
 *
 * A string is scanned eight bytes at a time for the four things that end the
 * fast path: a quote, a backslash, a control character, a byte of UTF-8.
 * Most strings of Kubernetes objects have none of the last three and are
 * handed out as they stand in the text.
 *
 * Line and column are computed only when there is an error to report.
 */
#include "base/json.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum expect {
    EXPECT_VALUE,
    EXPECT_FIRST_ITEM,   /* a value or ] */
    EXPECT_FIRST_KEY,    /* a key or } */
    EXPECT_COMMA_OR_END, /* after a value in a container */
    EXPECT_NOTHING,      /* after the document */
};

void json_reader_init(struct json_reader *r, const char *text, size_t len,
                      unsigned max_depth)
{
    *r = (struct json_reader){.text = text, .len = len};
    r->max_depth =
        max_depth && max_depth < JSON_MAX_DEPTH ? max_depth : JSON_MAX_DEPTH;
    r->expect = EXPECT_VALUE;
}

void json_reader_release(struct json_reader *r)
{
    str_release(&r->scratch);
}

int json_fail(const struct json_reader *r, size_t pos, struct err *err,
              const char *what)
{
    size_t line = 1, line_start = 0;

    for (size_t i = 0; i < pos && i < r->len; i++) {
        if (r->text[i] == '\n') {
            line++;
            line_start = i + 1;
        }
    }
    return err_set(err, ERR_INVALID, "line %zu, column %zu: %s", line,
                   pos - line_start + 1, what);
}

/* At the end of the text there is only one thing to say, whatever was expected
 * there. */
static int fail_here(const struct json_reader *r, struct err *err,
                     const char *what)
{
    if (r->pos >= r->len)
        what = "the document ends too early";
    return json_fail(r, r->pos, err, what);
}

/* ---- levels ---- */

/* The kind of the innermost open container. */
static bool in_object(const struct json_reader *r)
{
    unsigned level = r->depth - 1;

    return r->stack[level / 8] >> (level % 8) & 1;
}

/* One bit of the stack: 1 for an object. Clearing matters as much as setting:
 * the level may have been used before. */
static int push(struct json_reader *r, bool object, struct err *err)
{
    uint8_t bit = (uint8_t)(1u << (r->depth % 8));
    uint8_t *byte = &r->stack[r->depth / 8];

    if (r->depth >= r->max_depth)
        return err_set(err, ERR_LIMIT, "nested deeper than %u levels",
                       r->max_depth);
    *byte = (uint8_t)(object ? *byte | bit : *byte & ~bit);
    r->depth++;
    r->expect = object ? EXPECT_FIRST_KEY : EXPECT_FIRST_ITEM;
    return 0;
}

/* What may follow depends on whether the value stands in a container. */
static void value_ended(struct json_reader *r)
{
    r->expect = r->depth > 0 ? EXPECT_COMMA_OR_END : EXPECT_NOTHING;
}

/* ---- strings ---- */

#define ONES 0x0101010101010101u
#define HIGH 0x8080808080808080u

/* A high bit wherever a byte of `w` is not plain: control, quote, backslash
 * or beyond ASCII. A false alarm is possible only above a true one. */
static uint64_t special_bytes(uint64_t w)
{
    uint64_t quote = w ^ ONES * '"';
    uint64_t backslash = w ^ ONES * '\\';

    return ((w - ONES * 0x20) | (quote - ONES) | (backslash - ONES) | w) & HIGH;
}

static bool is_special(char c)
{
    unsigned char u = (unsigned char)c;

    return u < 0x20 || u == '"' || u == '\\' || u >= 0x80;
}

/* The first position from `pos` on that is not a plain character. */
static size_t skip_plain(const struct json_reader *r, size_t pos)
{
    uint64_t word;

    while (pos + 8 <= r->len) {
        memcpy(&word, r->text + pos, 8);
        if (special_bytes(word))
            break;
        pos += 8;
    }
    while (pos < r->len && !is_special(r->text[pos]))
        pos++;
    return pos;
}

/* Four hexadecimal digits at r->pos, or -1. */
static int read_hex4(struct json_reader *r)
{
    int value = 0;

    if (r->len - r->pos < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = r->text[r->pos + (size_t)i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;

        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    r->pos += 4;
    return value;
}

/* The code point of a \u escape whose digits start at r->pos, or -1. */
static int read_code_point(struct json_reader *r)
{
    int unit = read_hex4(r);
    int low;

    if (unit < 0xD800 || unit > 0xDFFF)
        return unit;
    if (unit > 0xDBFF || r->len - r->pos < 2 || r->text[r->pos] != '\\' ||
        r->text[r->pos + 1] != 'u')
        return -1;
    r->pos += 2;
    low = read_hex4(r);
    if (low < 0xDC00 || low > 0xDFFF)
        return -1;
    return 0x10000 + (unit - 0xD800) * 0x400 + (low - 0xDC00);
}

/* As UTF-8; surrogates were joined before, so every code has a form. */
static void add_code_point(struct str *out, int code)
{
    unsigned c = (unsigned)code;
    char utf8[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};

    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        utf8[i] = (char)(0x80 | (c & 0x3F));
    utf8[0] = (char)(lead[n] | c);
    str_addn(out, utf8, n);
}

/* At the character after a backslash. */
static int read_escape(struct json_reader *r, struct err *err)
{
    static const char names[] = "\"\\/bfnrt";
    static const char meant[] = "\"\\/\b\f\n\r\t";
    const char *at;
    int code;

    if (r->pos >= r->len)
        return fail_here(r, err, "");
    if (r->text[r->pos] == 'u') {
        r->pos++;
        code = read_code_point(r);
        if (code < 0)
            return json_fail(r, r->pos, err, "bad \\u escape");
        add_code_point(&r->scratch, code);
        return 0;
    }
    at = memchr(names, r->text[r->pos], sizeof names - 1);
    if (!at)
        return fail_here(r, err, "unknown escape");
    str_addc(&r->scratch, meant[at - names]);
    r->pos++;
    return 0;
}

static int check_utf8(const struct json_reader *r, size_t from, struct err *err)
{
    if (text_is_utf8(r->text + from, r->pos - from))
        return 0;
    return json_fail(r, from, err, "text is not valid UTF-8");
}

/* At the first backslash of a string that began at `from`. */
static int read_escaped(struct json_reader *r, size_t from, struct err *err)
{
    int rc;

    str_clear(&r->scratch);
    for (;;) {
        str_addn(&r->scratch, r->text + from, r->pos - from);
        if (r->pos >= r->len)
            return fail_here(r, err, "");
        if (r->text[r->pos] == '"')
            break;
        if (r->text[r->pos] != '\\')
            return fail_here(r, err, "control character in a string");
        r->pos++;
        rc = read_escape(r, err);
        if (rc < 0)
            return rc;
        from = r->pos;
        while (r->pos < r->len && (unsigned char)r->text[r->pos] >= 0x20 &&
               r->text[r->pos] != '"' && r->text[r->pos] != '\\')
            r->pos++;
        rc = check_utf8(r, from, err);
        if (rc < 0)
            return rc;
    }
    r->string = str_text(&r->scratch);
    r->string_len = r->scratch.len;
    r->pos++;
    return str_check(&r->scratch, "a string", err);
}

/* At the character after the opening quote. */
static int read_string(struct json_reader *r, struct err *err)
{
    size_t from = r->pos;
    bool ascii = true;
    int rc;

    r->pos = skip_plain(r, r->pos);
    while (r->pos < r->len && (r->text[r->pos] & 0x80)) {
        ascii = false;
        r->pos = skip_plain(r, r->pos + 1);
    }
    if (!ascii) {
        rc = check_utf8(r, from, err);
        if (rc < 0)
            return rc;
    }
    if (r->pos >= r->len)
        return fail_here(r, err, "");
    if (r->text[r->pos] != '"')
        return read_escaped(r, from, err);
    r->string = r->text + from;
    r->string_len = r->pos - from;
    r->pos++;
    return 0;
}

/* ---- numbers ---- */

static size_t skip_digits(const struct json_reader *r, size_t pos)
{
    while (pos < r->len && r->text[pos] >= '0' && r->text[pos] <= '9')
        pos++;
    return pos;
}

static bool char_at(const struct json_reader *r, size_t pos, char c)
{
    return pos < r->len && r->text[pos] == c;
}

/* Any valid number that is no int64. strtod() stops by itself at the byte
 * after the number, which exists unless the number ends the text. */
static int read_double(struct json_reader *r, struct err *err)
{
    const char *text = r->text + r->start;

    if (r->pos == r->len) {
        str_clear(&r->scratch);
        str_addn(&r->scratch, text, r->len - r->start);
        if (str_check(&r->scratch, "a number", err) < 0)
            return -(int)r->scratch.failed;
        text = r->scratch.data;
    }
    r->number = strtod(text, NULL);
    if (isinf(r->number))
        return json_fail(r, r->start, err, "number out of range");
    return 0;
}

/* At the first byte; sets the event to INTEGER or DOUBLE. */
static int read_number(struct json_reader *r, enum json_event *ret_event,
                       struct err *err)
{
    size_t pos = r->start + char_at(r, r->start, '-');
    size_t digits = pos;
    bool whole = true;

    r->pos = pos = skip_digits(r, pos);
    if (pos == digits)
        return fail_here(r, err, "expected a digit");
    if (r->text[digits] == '0' && pos - digits > 1)
        return json_fail(r, digits, err, "number with a leading zero");
    if (char_at(r, pos, '.')) {
        whole = false;
        r->pos = skip_digits(r, pos + 1);
        if (r->pos == pos + 1)
            return fail_here(r, err, "expected a digit after the point");
        pos = r->pos;
    }
    if (char_at(r, pos, 'e') || char_at(r, pos, 'E')) {
        whole = false;
        pos++;
        pos += char_at(r, pos, '+') || char_at(r, pos, '-');
        r->pos = skip_digits(r, pos);
        if (r->pos == pos)
            return fail_here(r, err, "expected a digit in the exponent");
    }
    value_ended(r);
    *ret_event = JSON_DOUBLE;
    if (!whole ||
        !text_to_int64(r->text + r->start, r->pos - r->start, &r->integer))
        return read_double(r, err);
    r->number = (double)r->integer;
    *ret_event = JSON_INTEGER;
    return 0;
}

/* ---- events ---- */

static void skip_space(struct json_reader *r)
{
    while (r->pos < r->len) {
        char c = r->text[r->pos];

        if (c != ' ' && c != '\n' && c != '\t' && c != '\r')
            break;
        r->pos++;
    }
}

/* null, true or false; what follows a longer word is found by the next call. */
static int read_word(struct json_reader *r, const char *word, struct err *err)
{
    size_t len = strlen(word);

    if (r->len - r->pos < len || memcmp(r->text + r->pos, word, len) != 0)
        return json_fail(r, r->pos, err, "expected a value");
    r->pos += len;
    value_ended(r);
    return 0;
}

static int read_value(struct json_reader *r, enum json_event *ret_event,
                      struct err *err)
{
    char c = r->pos < r->len ? r->text[r->pos] : '\0';

    r->start = r->pos;
    switch (c) {
    case '"':
        r->pos++;
        *ret_event = JSON_STRING;
        value_ended(r);
        return read_string(r, err);
    case '{':
        r->pos++;
        *ret_event = JSON_OBJECT_START;
        return push(r, true, err);
    case '[':
        r->pos++;
        *ret_event = JSON_ARRAY_START;
        return push(r, false, err);
    case 'n':
        *ret_event = JSON_NULL;
        return read_word(r, "null", err);
    case 't':
        *ret_event = JSON_TRUE;
        return read_word(r, "true", err);
    case 'f':
        *ret_event = JSON_FALSE;
        return read_word(r, "false", err);
    default:
        if (c == '-' || (c >= '0' && c <= '9'))
            return read_number(r, ret_event, err);
        return fail_here(r, err, "expected a value");
    }
}

/* The colon is taken together with the key, so that a key event is always
 * followed by a value event. */
static int read_key(struct json_reader *r, enum json_event *ret_event,
                    struct err *err)
{
    int rc;

    r->start = r->pos;
    if (!char_at(r, r->pos, '"'))
        return fail_here(r, err, "expected a key in quotes");
    r->pos++;
    rc = read_string(r, err);
    if (rc < 0)
        return rc;
    skip_space(r);
    if (!char_at(r, r->pos, ':'))
        return fail_here(r, err, "expected ':' after the key");
    r->pos++;
    r->expect = EXPECT_VALUE;
    *ret_event = JSON_KEY;
    return 0;
}

static int read_end(struct json_reader *r, bool object,
                    enum json_event *ret_event)
{
    r->start = r->pos++;
    r->depth--;
    value_ended(r);
    *ret_event = object ? JSON_OBJECT_END : JSON_ARRAY_END;
    return 0;
}

/* A comma and what has to come after it count as one step: "[1,]" fails here,
 * where a value is required, and not in EXPECT_FIRST_ITEM. */
static int read_after_value(struct json_reader *r, enum json_event *ret_event,
                            struct err *err)
{
    bool object = in_object(r);

    if (char_at(r, r->pos, object ? '}' : ']'))
        return read_end(r, object, ret_event);
    if (!char_at(r, r->pos, ','))
        return fail_here(
            r, err, object ? "expected ',' or '}'" : "expected ',' or ']'");
    r->pos++;
    skip_space(r);
    return object ? read_key(r, ret_event, err) : read_value(r, ret_event, err);
}

int json_next(struct json_reader *r, enum json_event *ret_event,
              struct err *err)
{
    skip_space(r);
    switch ((enum expect)r->expect) {
    case EXPECT_VALUE:
        break;
    case EXPECT_FIRST_ITEM:
        if (char_at(r, r->pos, ']'))
            return read_end(r, false, ret_event);
        break;
    case EXPECT_FIRST_KEY:
        if (char_at(r, r->pos, '}'))
            return read_end(r, true, ret_event);
        return read_key(r, ret_event, err);
    case EXPECT_COMMA_OR_END:
        return read_after_value(r, ret_event, err);
    case EXPECT_NOTHING:
        if (r->pos < r->len)
            return json_fail(r, r->pos, err, "text after the document");
        *ret_event = JSON_DONE;
        return 0;
    }
    return read_value(r, ret_event, err);
}

int json_skip(struct json_reader *r, enum json_event last, struct err *err)
{
    unsigned floor = r->depth;
    enum json_event event;
    int rc;

    if (last == JSON_KEY) {
        rc = json_next(r, &last, err);
        if (rc < 0)
            return rc;
    }
    if (last != JSON_ARRAY_START && last != JSON_OBJECT_START)
        return 0;
    floor = r->depth - 1;
    while (r->depth > floor) {
        rc = json_next(r, &event, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}
