/*
 * status.c -- see status.h for the contract.
 *
 * DESIGN
 *
 * An answer is reduced to a number and a Status object, either of which may be
 * missing: proxies answer 502 with a page of HTML, a watch sends a Status
 * without an HTTP answer. Missing numbers come from `reason`; then the number
 * decides, and three of them need one more look into the Status (refine()).
 *
 * A 404 that names no object is NO_KIND, also when the body is no Status: it
 * is what unknown paths give, and nobody must conclude from a proxy's 404 that
 * an object is gone.
 */
#include "kube/status.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"

#define RETRY_AFTER_MAX 60  /* seconds, whatever the server says (D26) */
#define BODY_MAX (4u << 20) /* a Status is small; do not parse more */

static const struct {
    const char *reason;
    int code;
} reasons[] = {
    {"BadRequest", 400},
    {"Unauthorized", 401},
    {"Forbidden", 403},
    {"NotFound", 404},
    {"MethodNotAllowed", 405},
    {"NotAcceptable", 406},
    {"AlreadyExists", 409},
    {"Conflict", 409},
    {"Expired", 410},
    {"Gone", 410},
    {"RequestEntityTooLarge", 413},
    {"UnsupportedMediaType", 415},
    {"Invalid", 422},
    {"TooManyRequests", 429},
    {"InternalError", 500},
    {"ServerTimeout", 500},
    {"StoreReadError", 500},
    {"ServiceUnavailable", 503},
    {"Timeout", 504},
};

static const struct {
    int http;
    enum err_code code;
} codes[] = {
    {401, ERR_UNAUTHORIZED}, {403, ERR_FORBIDDEN}, {404, ERR_NOT_FOUND},
    {408, ERR_TIMEOUT},      {409, ERR_CONFLICT},  {410, ERR_GONE},
    {413, ERR_LIMIT},        {429, ERR_THROTTLED}, {504, ERR_TIMEOUT},
};

/* 0 when the reason is not known. */
static int code_of_reason(const char *reason)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (text_equal(reason, reasons[i].reason))
            return reasons[i].code;
    return 0;
}

/* Anything that is neither a failure of ours nor of the server's, a redirect
 * say, is not what the protocol knows. */
static enum err_code err_of_code(int http_code)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (http_code == codes[i].http)
            return codes[i].code;
    if (http_code >= 500 && http_code < 600)
        return ERR_SERVER;
    if (http_code >= 400)
        return ERR_REJECTED;
    return ERR_PROTOCOL;
}

/* One of details.causes[] has this reason (WS-3). */
static bool has_cause(const struct value *status, const char *reason)
{
    const struct value *causes = value_path(status, "details.causes");

    if (!value_is(causes, VALUE_ARRAY))
        return false;
    for (uint32_t i = 0; i < causes->count; i++)
        if (text_equal(value_text_at(causes->as.items[i], "reason"), reason))
            return true;
    return false;
}

/* The three codes whose meaning depends on the Status. */
static enum err_code refine(enum err_code code, const struct value *status)
{
    switch (code) {
    case ERR_NOT_FOUND:
        return value_text_at(status, "details.name") ? code : ERR_NO_KIND;
    case ERR_CONFLICT:
        if (has_cause(status, "FieldManagerConflict")) /* SA-3 */
            return ERR_FIELD_CONFLICT;
        return text_equal(value_text_at(status, "reason"), "AlreadyExists")
                   ? ERR_EXISTS
                   : code;
    case ERR_TIMEOUT:
        return has_cause(status, "ResourceVersionTooLarge") ? ERR_TOO_LARGE_RV
                                                            : code;
    default:
        return code;
    }
}

/* ---- Retry-After ---- */

/* A server may be wrong about time; nobody waits for an hour because of it. */
static unsigned capped_ms(int64_t seconds)
{
    if (seconds <= 0)
        return 0;
    if (seconds > RETRY_AFTER_MAX)
        seconds = RETRY_AFTER_MAX;
    return (unsigned)seconds * 1000;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT", the only form that may still be sent. */
static bool parse_http_date(const char *text, int64_t *ret_unix)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char iso[] = "0000-00-00T00:00:00Z";
    char month[4] = {0};
    const char *at;
    ptrdiff_t place;

    if (strlen(text) != 29 || memcmp(text + 3, ", ", 2) != 0 ||
        strcmp(text + 25, " GMT") != 0)
        return false;
    memcpy(month, text + 8, 3);
    at = strstr(months, month);
    place = at ? at - months : 1;
    if (place % 3 != 0)
        return false;
    place = place / 3 + 1;

    memcpy(iso, text + 12, 4);
    iso[5] = (char)('0' + place / 10);
    iso[6] = (char)('0' + place % 10);
    memcpy(iso + 8, text + 5, 2);
    memcpy(iso + 11, text + 17, 8);
    return text_parse_rfc3339(iso, ret_unix);
}

bool status_retry_after(const char *header, int64_t unix_now, unsigned *ret_ms)
{
    int64_t number;

    if (!header)
        return false;
    header += strspn(header, " \t");
    if (header[0] == '-')
        return false;
    if (text_to_int64(header, strlen(header), &number))
        *ret_ms = capped_ms(number);
    else if (header[0] != '\0' && header[strspn(header, "0123456789")] == '\0')
        *ret_ms = capped_ms(INT64_MAX); /* too many for a number */
    else if (parse_http_date(header, &number))
        *ret_ms = capped_ms(number - unix_now);
    else
        return false;
    return true;
}

unsigned status_retry_after_ms(const char *header, int64_t unix_now)
{
    unsigned ms;

    return status_retry_after(header, unix_now, &ms) ? ms : 0;
}

/* ---- the error ---- */

/* The server's own words if it has any, and the longer of the two waits. */
static int fill(int code, const struct value *status, unsigned retry_ms,
                struct err *err)
{
    const char *message = value_text_at(status, "message");
    int64_t seconds = value_int_at(status, "details.retryAfterSeconds", 0);
    enum err_code what = refine(err_of_code(code), status);

    if (message && message[0])
        err_set(err, what, "%s", message);
    else if (code)
        err_set(err, what, "%s (HTTP %d)", err_text(what), code);
    else
        err_set(err, what, "%s", err_text(what));
    if (!err)
        return -(int)what;
    err->retry_after_ms = retry_ms;
    if (capped_ms(seconds) > retry_ms)
        err->retry_after_ms = capped_ms(seconds);
    return -(int)what;
}

/* A 404 with a Pod in it is no Status, whatever it says. */
static bool is_status(const struct value *v)
{
    return text_equal(value_text_at(v, "kind"), "Status");
}

int status_check(int http_code, const char *body, size_t len,
                 const char *retry_after_header, struct err *err)
{
    int64_t now = clock_unix(clock_real());
    struct value *status = NULL;
    struct arena a = {0};
    int rc = 0;

    if (http_code >= 200 && http_code < 300)
        return 0;
    if (body && len > 0 && len <= BODY_MAX)
        rc = value_parse(&a, body, len, &status, NULL);
    if (rc == -ERR_NOMEM)
        err_nomem(err);
    else
        rc = fill(http_code, is_status(status) ? status : NULL,
                  status_retry_after_ms(retry_after_header, now), err);
    arena_release(&a);
    return rc;
}

/* The Status' own number; 0 when it is none of HTTP's. */
static int code_of_status(const struct value *status)
{
    int64_t code = value_int_at(status, "code", 0);

    if (code >= 400 && code < 600)
        return (int)code;
    return code_of_reason(value_text_at(status, "reason"));
}

int status_check_value(const struct value *status, struct err *err)
{

    if (!is_status(status))
        return err_set(err, ERR_PROTOCOL,
                       "the watch reported an error without a Status");
    return fill(code_of_status(status), status, 0, err);
}

size_t status_causes(const struct value *status, struct status_cause *out,
                     size_t max)
{
    const struct value *causes = value_path(status, "details.causes");

    if (!value_is(causes, VALUE_ARRAY))
        return 0;
    for (size_t i = 0; i < causes->count && i < max; i++) {
        const struct value *cause = causes->as.items[i];

        out[i] = (struct status_cause){
            .reason = value_text_at(cause, "reason"),
            .field = value_text_at(cause, "field"),
            .message = value_text_at(cause, "message"),
        };
    }
    return causes->count;
}
