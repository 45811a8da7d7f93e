/*
 * http_answer.c -- the answer as it comes in: curl's header and body
 *                  callbacks.
 *
 * Both may be called for a transfer that was cancelled a moment ago (libcurl
 * cannot drop a handle while it is inside it); such calls end the transfer.
 */
#include <string.h>

#include "io/http_internal.h"

#define HEADER_TEXT_MAX ((size_t)16 << 10)

void http_answer_init(struct transfer *t)
{
    struct http_answer *a = &t->answer;

    *a = (struct http_answer){0};
    str_init(&a->body, t->http->limits.max_response > HTTP_ERROR_BODY_MAX
                           ? t->http->limits.max_response
                           : HTTP_ERROR_BODY_MAX);
    str_init(&a->etag, HEADER_TEXT_MAX);
    str_init(&a->date, HEADER_TEXT_MAX);
    str_init(&a->retry_after, HEADER_TEXT_MAX);
    str_init(&a->warning, HEADER_TEXT_MAX);
}

void http_answer_release(struct transfer *t)
{
    struct http_answer *a = &t->answer;

    str_release(&a->body);
    str_release(&a->etag);
    str_release(&a->date);
    str_release(&a->retry_after);
    str_release(&a->warning);
}

void http_answer_clear(struct transfer *t)
{
    http_answer_release(t);
    http_answer_init(t);
}

/* ---- headers ---- */

/* Is the line a header of this name? Its value without the blanks around. */
static bool header_is(const char *line, size_t len, const char *name,
                      const char **ret_value, size_t *ret_len)
{
    size_t name_len = strlen(name);

    if (len <= name_len || line[name_len] != ':' ||
        !curl_strnequal(line, name, name_len))
        return false;
    line += name_len + 1;
    len -= name_len + 1;
    while (len && (*line == ' ' || *line == '\t')) {
        line++;
        len--;
    }
    while (len && strchr(" \t\r\n", line[len - 1]))
        len--;
    *ret_value = line;
    *ret_len = len;
    return true;
}

/* The quoted text that begins at `text`, appended without its escapes; what
 * follows it. */
static const char *unquote(const char *text, const char *end, struct str *out)
{
    for (; text < end && *text != '"'; text++) {
        if (*text == '\\' && text + 1 < end)
            text++;
        str_addc(out, *text);
    }
    return text < end ? text + 1 : end;
}

/* HT-12: `299 - "text"` and its like; several may share a line, separated by
 * commas, and a date in quotes may follow each. Others are not for us. */
static void collect_warnings(const char *text, size_t len, struct str *out)
{
    const char *end = text + len, *quote;

    while (text < end) {
        bool ours = end - text > 4 && memcmp(text, "299 ", 4) == 0;

        quote = memchr(text, '"', (size_t)(end - text));
        if (!quote)
            return;
        if (ours && out->len)
            str_addc(out, '\n');
        if (ours)
            text = unquote(quote + 1, end, out);
        else
            text = quote + 1;
        while (text < end && (*text == ' ' || *text == ','))
            text++;
    }
}

static void keep(struct str *out, const char *value, size_t len)
{
    str_clear(out);
    str_addn(out, value, len);
}

int64_t http_answer_date(const struct transfer *t)
{
    const struct str *text = &t->answer.date;
    time_t when = text->len ? curl_getdate(str_text(text), NULL) : 0;

    return when > 0 ? (int64_t)when : 0;
}

static bool out_of_memory(const struct http_answer *a)
{
    return a->etag.failed == ERR_NOMEM || a->warning.failed == ERR_NOMEM ||
           a->retry_after.failed == ERR_NOMEM || a->body.failed == ERR_NOMEM;
}

/* CURLOPT_HEADERFUNCTION: one call a line. */
size_t http_on_header(char *line, size_t size, size_t n, void *transfer)
{
    struct transfer *t = transfer;
    struct http_answer *a = &t->answer;
    const char *value;
    size_t len = size * n, value_len;

    if (t->cancelled)
        return 0;
    if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        str_clear(&a->date);
        str_clear(&a->etag); /* what came with "100 Continue" */
        str_clear(&a->retry_after);
        str_clear(&a->warning);
    } else if (header_is(line, len, "etag", &value, &value_len)) {
        keep(&a->etag, value, value_len);
    } else if (header_is(line, len, "date", &value, &value_len)) {
        keep(&a->date, value, value_len);
    } else if (header_is(line, len, "retry-after", &value, &value_len)) {
        keep(&a->retry_after, value, value_len);
    } else if (header_is(line, len, "warning", &value, &value_len)) {
        collect_warnings(value, value_len, &a->warning);
    }
    if (!out_of_memory(a))
        return len;
    t->stop = HTTP_STOP_NOMEM;
    return 0;
}

/* ---- body ---- */

static size_t stop(struct transfer *t, enum http_stop why)
{
    t->stop = why;
    return CURL_WRITEFUNC_ERROR;
}

static size_t keep_body(struct transfer *t, const char *data, size_t len)
{
    struct str *body = &t->answer.body;

    if (str_addn(body, data, len) == 0)
        return len;
    return stop(t,
                body->failed == ERR_NOMEM ? HTTP_STOP_NOMEM : HTTP_STOP_LIMIT);
}

/* An error body only feeds a message: a part of it will do. */
static size_t keep_error_body(struct transfer *t, const char *data, size_t len)
{
    size_t room = HTTP_ERROR_BODY_MAX - t->answer.body.len;

    if (len <= room)
        return keep_body(t, data, len);
    if (str_addn(&t->answer.body, data, room) < 0)
        return stop(t, HTTP_STOP_NOMEM);
    return stop(t, HTTP_STOP_CUT);
}

static size_t pass_on(struct transfer *t, const char *data, size_t len)
{
    bool go_on;

    t->answer.streamed = true;
    go_on = t->call.on_data(t->call.arg, t->id, data, len);
    if (go_on && !t->cancelled)
        return len;
    return stop(t, HTTP_STOP_CALLER);
}

/* CURLOPT_WRITEFUNCTION: decompressed bytes. */
size_t http_on_body(char *data, size_t size, size_t n, void *transfer)
{
    struct transfer *t = transfer;
    struct http_answer *a = &t->answer;
    size_t len = size * n;
    long status = 0;

    if (t->cancelled)
        return CURL_WRITEFUNC_ERROR;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    t->http->stats.bytes_in += len;
    if (!http_is_success((int)status))
        return keep_error_body(t, data, len); /* no sign of life: see http.c */
    t->last_bytes_ms = clock_now_ms(t->http->clock);
    if (!t->request.watch && len > t->http->limits.max_response - a->received)
        return stop(t, HTTP_STOP_LIMIT);
    a->received += len;
    return t->call.on_data ? pass_on(t, data, len) : keep_body(t, data, len);
}

static const char *text_or_null(const struct str *s)
{
    return s->len ? s->data : NULL;
}

void http_answer_result(const struct transfer *t, struct http_result *ret)
{
    const struct http_answer *a = &t->answer;

    *ret = (struct http_result){
        .status = a->status,
        .body = str_text(&a->body),
        .body_len = a->body.len,
        .retry_after = text_or_null(&a->retry_after),
        .warning = text_or_null(&a->warning),
        .etag = text_or_null(&a->etag),
        .date = http_answer_date(t),
        .took_us = a->took_us,
        .sent = t->sent,
    };
}
