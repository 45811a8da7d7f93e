/*
 * str.c -- see str.h for the contract.
 *
 * Once `failed` is set every append is refused, so the text is a prefix of
 * what was asked for and never has a hole in its middle.
 */
#include "base/str.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

void str_init(struct str *s, size_t max)
{
    *s = (struct str){.max = max};
}

void str_release(struct str *s)
{
    mem_free(s->data);
    str_init(s, s->max);
}

void str_clear(struct str *s)
{
    s->len = 0;
    s->failed = ERR_NONE;
    if (s->data)
        s->data[0] = '\0';
}

const char *str_text(const struct str *s)
{
    return s->data ? s->data : "";
}

/* An empty string is taken as an empty text, not as NULL, so that NULL means
 * failure only. */
char *str_take(struct str *s)
{
    char *data = s->data;

    if (s->failed) {
        str_release(s);
        return NULL;
    }
    if (!data)
        return mem_strdup("");
    str_init(s, s->max);
    return data;
}

static int str_fail(struct str *s, enum err_code code)
{
    s->failed = code;
    return -(int)code;
}

/* Make room for `more` bytes and the NUL. */
static int str_reserve(struct str *s, size_t more)
{
    void *data = s->data;

    if (s->failed)
        return -(int)s->failed;
    if (more > SIZE_MAX / 2 - s->len)
        return str_fail(s, ERR_LIMIT);
    if (s->max && s->len + more > s->max)
        return str_fail(s, ERR_LIMIT);
    if (s->len + more < s->cap)
        return 0;
    if (mem_grow(&data, &s->cap, s->len + more + 1, 1) < 0)
        return str_fail(s, ERR_NOMEM);
    s->data = data;
    return 0;
}

int str_add(struct str *s, const char *text)
{
    return str_addn(s, text, strlen(text));
}

int str_addn(struct str *s, const void *data, size_t len)
{
    int rc = str_reserve(s, len);

    if (rc < 0)
        return rc;
    if (len > 0)
        memcpy(s->data + s->len, data, len);
    s->len += len;
    s->data[s->len] = '\0';
    return 0;
}

int str_addc(struct str *s, char c)
{
    return str_addn(s, &c, 1);
}

/* Formats twice: once to learn the length, once into its place. */
int str_addf(struct str *s, const char *fmt, ...)
{
    va_list args;
    int len, rc;

    va_start(args, fmt);
    len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (len < 0)
        return str_fail(s, ERR_LIMIT);
    rc = str_reserve(s, (size_t)len);
    if (rc < 0)
        return rc;
    va_start(args, fmt);
    vsnprintf(s->data + s->len, (size_t)len + 1, fmt, args);
    va_end(args);
    s->len += (size_t)len;
    return 0;
}

int str_add_visible(struct str *s, const char *text, const char *indent)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        bool c1 = c == 0xC2 && (unsigned char)text[1] >= 0x80 &&
                  (unsigned char)text[1] < 0xA0;

        text += c1; /* U+0080 to U+009F: control characters of two bytes */
        if (c == '\n')
            str_addf(s, "\n%s", indent);
        else if (c == '\t')
            str_addc(s, '\t');
        else
            str_addc(s, c < 0x20 || c == 0x7F || c1 ? '?' : (char)c);
    }
    return -(int)s->failed;
}

int str_check(const struct str *s, const char *what, struct err *err)
{
    if (s->failed == ERR_LIMIT)
        return err_set(err, ERR_LIMIT, "%s is longer than %zu bytes", what,
                       s->max);
    if (s->failed)
        return err_nomem(err);
    return 0;
}

void str_drop(struct str *s, size_t n)
{
    assert(n <= s->len);
    if (n == 0)
        return;
    memmove(s->data, s->data + n, s->len - n + 1);
    s->len -= n;
}
