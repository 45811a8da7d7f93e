/*
 * err.c -- see err.h for the contract.
 *
 * Messages are formatted into a buffer of their own before they replace the
 * old one, so the arguments may be parts of the error that is being filled.
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const char *text;
    enum err_retry retry;
} errors[] = {[ERR_NONE] = {"NONE", "no error", RETRY_NEVER},
#define XX(symbol, retry, text) [ERR_##symbol] = {#symbol, text, RETRY_##retry},
              ERR_MAP(XX)
#undef XX
};

/* Drop the bytes of a UTF-8 sequence that the end of the buffer cut off. */
static void trim_partial(char *text)
{
    size_t len = strlen(text);
    size_t back = 0;
    unsigned char lead;
    size_t need;

    while (back < len && back < 4 && (text[len - 1 - back] & 0xC0) == 0x80)
        back++;
    if (back >= len || back >= 4)
        return;
    lead = (unsigned char)text[len - 1 - back];
    need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (need > back + 1)
        text[len - 1 - back] = '\0';
}

static void format(char *out, size_t size, const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0)));

static void format(char *out, size_t size, const char *fmt, va_list args)
{
    int n = vsnprintf(out, size, fmt, args);

    if (n < 0)
        out[0] = '\0';
    else if ((size_t)n >= size)
        trim_partial(out);
}

static int err_code_of(const struct err *err)
{
    return err && err->code ? -(int)err->code : -ERR_INVALID;
}

int err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
    char msg[sizeof err->msg];
    va_list args;

    if (!err)
        return -(int)code;
    va_start(args, fmt);
    format(msg, sizeof msg, fmt, args);
    va_end(args);
    err_clear(err);
    err->code = code;
    memcpy(err->msg, msg, strlen(msg) + 1);
    return -(int)code;
}

/* Two bytes of the buffer are kept free for ": ". When both parts are too long
 * it is the inner one that is cut. */
int err_wrap(struct err *err, const char *fmt, ...)
{
    char msg[sizeof err->msg];
    size_t len, room;
    va_list args;

    if (!err)
        return err_code_of(err);
    va_start(args, fmt);
    format(msg, sizeof msg - 2, fmt, args);
    va_end(args);
    len = strlen(msg);
    memcpy(msg + len, ": ", 3);
    len += 2;
    room = sizeof msg - 1 - len;
    if (strlen(err->msg) < room)
        room = strlen(err->msg);
    memcpy(msg + len, err->msg, room);
    msg[len + room] = '\0';
    trim_partial(msg);
    memcpy(err->msg, msg, len + room + 1);
    return err_code_of(err);
}

int err_hint(struct err *err, const char *fmt, ...)
{
    char hint[sizeof err->hint];
    va_list args;

    if (!err)
        return err_code_of(err);
    va_start(args, fmt);
    format(hint, sizeof hint, fmt, args);
    va_end(args);
    memcpy(err->hint, hint, strlen(hint) + 1);
    return err_code_of(err);
}

int err_nomem(struct err *err)
{
    return err_set(err, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
}

void err_clear(struct err *err)
{
    if (!err)
        return;
    err->code = ERR_NONE;
    err->retry_after_ms = 0;
    err->msg[0] = '\0';
    err->hint[0] = '\0';
}

/* A code that came from outside never reads beyond the table. */
static size_t err_index(enum err_code code)
{
    return (unsigned)code < ERR_COUNT ? (size_t)code : (size_t)ERR_UNKNOWN;
}

const char *err_name(enum err_code code)
{
    return errors[err_index(code)].name;
}

const char *err_text(enum err_code code)
{
    return errors[err_index(code)].text;
}

enum err_retry err_retry(enum err_code code)
{
    return errors[err_index(code)].retry;
}
