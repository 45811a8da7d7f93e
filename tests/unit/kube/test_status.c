#include "kube/status.h"

#include <string.h>

#include "test.h"

static struct err err; /* of the last check() */

static int code_of(int http_code, const char *body)
{
    err_clear(&err);
    return -status_check(http_code, body, body ? strlen(body) : 0, NULL, &err);
}

#define STATUS "{\"kind\":\"Status\",\"apiVersion\":\"v1\","

TEST(success_is_no_error)
{
    check_int(status_check(200, NULL, 0, NULL, NULL), 0);
    check_int(status_check(201, "{", 1, "30", NULL), 0);
    check_int(status_check(299, "x", 1, NULL, NULL), 0);
}

TEST(the_code_alone_decides_when_there_is_no_status)
{
    static const struct {
        int http;
        enum err_code code;
    } table[] = {
        {0, ERR_PROTOCOL},   {101, ERR_PROTOCOL},     {302, ERR_PROTOCOL},
        {400, ERR_REJECTED}, {401, ERR_UNAUTHORIZED}, {403, ERR_FORBIDDEN},
        {404, ERR_NO_KIND},  {405, ERR_REJECTED},     {408, ERR_TIMEOUT},
        {409, ERR_CONFLICT}, {410, ERR_GONE},         {413, ERR_LIMIT},
        {415, ERR_REJECTED}, {422, ERR_REJECTED},     {429, ERR_THROTTLED},
        {500, ERR_SERVER},   {502, ERR_SERVER},       {503, ERR_SERVER},
        {504, ERR_TIMEOUT},  {599, ERR_SERVER},
    };
    static const char *const bodies[] = {
        NULL,
        "",
        "<html>404 page not found</html>",
        "{\"kind\":\"Stat",
        "[]",
        "{\"kind\":\"Pod\",\"code\":200,\"reason\":\"AlreadyExists\"}",
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        for (size_t k = 0; k < sizeof bodies / sizeof bodies[0]; k++)
            check_int(code_of(table[i].http, bodies[k]), table[i].code);
    check_str(err.msg, "the API server failed (HTTP 599)");
}

TEST(a_missing_object_and_a_missing_kind_differ)
{
    check_int(code_of(404, STATUS "\"reason\":\"NotFound\",\"message\":"
                                  "\"pods \\\"x\\\" not found\",\"details\":"
                                  "{\"name\":\"x\",\"kind\":\"pods\"}}"),
              ERR_NOT_FOUND);
    check_str(err.msg, "pods \"x\" not found");
    check_int(code_of(404, STATUS "\"reason\":\"NotFound\",\"details\":{}}"),
              ERR_NO_KIND);
}

TEST(a_conflict_and_an_existing_object_differ)
{
    check_int(code_of(409, STATUS "\"reason\":\"Conflict\"}"), ERR_CONFLICT);
    check_int(code_of(409, STATUS "\"reason\":\"AlreadyExists\"}"), ERR_EXISTS);
    /* the message is for people */
    check_int(code_of(409, STATUS "\"message\":\"AlreadyExists\"}"),
              ERR_CONFLICT);
}

TEST(a_future_version_is_told_by_its_cause)
{
    check_int(code_of(504, STATUS "\"reason\":\"Timeout\",\"details\":"
                                  "{\"causes\":[{\"reason\":\"Other\"},"
                                  "{\"reason\":\"ResourceVersionTooLarge\"}],"
                                  "\"retryAfterSeconds\":1}}"),
              ERR_TOO_LARGE_RV);
    check_int(err.retry_after_ms, 1000);
    check_int(code_of(504, STATUS "\"reason\":\"Timeout\",\"message\":"
                                  "\"Too large resource version: 9\"}"),
              ERR_TIMEOUT);
}

TEST(the_message_is_the_servers)
{
    code_of(403, STATUS "\"reason\":\"Forbidden\",\"message\":\"pods is "
                        "forbidden: User \\\"x\\\" cannot list resource "
                        "\\\"pods\\\" in API group \\\"\\\"\"}");
    check_has(err.msg, "User \"x\" cannot list resource \"pods\"");
}

/* ---- Retry-After ---- */

static unsigned retry_after(int http_code, const char *body, const char *header)
{
    struct err e = {0};

    status_check(http_code, body, body ? strlen(body) : 0, header, &e);
    return e.retry_after_ms;
}

#define NOW 784111770 /* Sun, 06 Nov 1994 08:49:30 GMT */

TEST(retry_after_is_seconds)
{
    check_int(status_retry_after_ms("1", NOW), 1000);
    check_int(status_retry_after_ms("  7", NOW), 7000);
    check_int(status_retry_after_ms("0", NOW), 0);
    check_int(status_retry_after_ms(NULL, NOW), 0);
    check_int(status_retry_after_ms("", NOW), 0);
    check_int(status_retry_after_ms("soon", NOW), 0);
    check_int(status_retry_after_ms("1.5", NOW), 0);
}

TEST(retry_after_is_never_absurd)
{
    check_int(status_retry_after_ms("61", NOW), 60000);
    check_int(status_retry_after_ms("1000000000", NOW), 60000);
    check_int(status_retry_after_ms("99999999999999999999999", NOW), 60000);
    check_int(status_retry_after_ms("-5", NOW), 0);
    check_int(status_retry_after_ms("-99999999999999999999999", NOW), 0);
}

TEST(retry_after_may_be_a_date)
{
    const char *date = "Sun, 06 Nov 1994 08:49:37 GMT";

    check_int(status_retry_after_ms(date, NOW), 7000);
    check_int(status_retry_after_ms(date, NOW + 7), 0);
    check_int(status_retry_after_ms(date, NOW + 7000), 0);
    check_int(status_retry_after_ms(date, NOW - 7000), 60000);
    check_int(status_retry_after_ms("Sun, 06 Nov 1994 08:49:37 CET", NOW), 0);
    check_int(status_retry_after_ms("Sun, 06 ovD 1994 08:49:37 GMT", NOW), 0);
    check_int(status_retry_after_ms("Sun, 06 Xxx 1994 08:49:37 GMT", NOW), 0);
    check_int(status_retry_after_ms("Sun, 66 Nov 1994 08:49:37 GMT", NOW), 0);
    check_int(status_retry_after_ms("Sunday, 06-Nov-94 08:49:37 GMT", NOW), 0);
    check_int(retry_after(429, NULL, date), 0);
}

TEST(the_longer_of_header_and_details_counts)
{
    const char *body = STATUS "\"details\":{\"retryAfterSeconds\":5}}";

    check_int(retry_after(429, body, NULL), 5000);
    check_int(retry_after(429, body, "2"), 5000);
    check_int(retry_after(503, body, "9"), 9000);
    check_int(
        retry_after(429, STATUS "\"details\":{\"retryAfterSeconds\":-5}}", "2"),
        2000);
    check_int(retry_after(
                  429, STATUS "\"details\":{\"retryAfterSeconds\":1000000000}}",
                  NULL),
              60000);
}

/* ---- watch errors and causes ---- */

static int value_code(const char *text)
{
    struct arena a = {0};
    struct value *v = NULL;
    int rc;

    err_clear(&err);
    check_ok(value_parse(&a, text, strlen(text), &v, &err), &err);
    rc = status_check_value(v, &err);
    arena_release(&a);
    return -rc;
}

TEST(a_watch_error_is_a_status_without_an_answer)
{
    check_int(value_code(STATUS "\"code\":410,\"reason\":\"Expired\","
                                "\"message\":\"too old\"}"),
              ERR_GONE);
    check_str(err.msg, "too old");
    check_int(value_code(STATUS "\"code\":429,\"details\":"
                                "{\"retryAfterSeconds\":3}}"),
              ERR_THROTTLED);
    check_int(err.retry_after_ms, 3000);
    check_int(value_code(STATUS "\"code\":500}"), ERR_SERVER);
}

TEST(a_watch_error_without_code_is_told_by_its_reason)
{
    check_int(value_code(STATUS "\"reason\":\"Gone\"}"), ERR_GONE);
    check_int(value_code(STATUS "\"reason\":\"Expired\",\"code\":0}"),
              ERR_GONE);
    check_int(value_code(STATUS "\"reason\":\"InternalError\",\"code\":-7}"),
              ERR_SERVER);
    check_int(value_code(STATUS "\"reason\":\"Conflict\","
                                "\"code\":18446744073709}"),
              ERR_CONFLICT);
    check_int(value_code(STATUS "\"reason\":\"Novel\"}"), ERR_PROTOCOL);
    check_int(value_code(STATUS "\"code\":200}"), ERR_PROTOCOL);
}

TEST(a_field_of_another_writer_is_no_race)
{
    check_int(code_of(409, STATUS "\"reason\":\"Conflict\",\"details\":{"
                                  "\"causes\":[{\"reason\":"
                                  "\"FieldManagerConflict\"}]}}"),
              ERR_FIELD_CONFLICT);
}

TEST(a_watch_error_that_is_no_status_breaks_the_protocol)
{
    check_int(value_code("{\"kind\":\"Pod\"}"), ERR_PROTOCOL);
    check_int(value_code("null"), ERR_PROTOCOL);
    check_int(status_check_value(NULL, NULL), -ERR_PROTOCOL);
}

TEST(causes_are_counted_and_filled_as_far_as_there_is_room)
{
    static const char text[] =
        STATUS "\"details\":{\"causes\":[{\"reason\":\"FieldManagerConflict\","
               "\"field\":\".spec.replicas\",\"message\":\"conflict\"},{},7]}}";
    struct status_cause causes[2];
    struct arena a = {0};
    struct value *v = NULL;

    check_int(value_parse(&a, text, sizeof text - 1, &v, NULL), 0);
    check_int(status_causes(v, causes, 2), 3);
    check_str(causes[0].reason, "FieldManagerConflict");
    check_str(causes[0].field, ".spec.replicas");
    check_str(causes[0].message, "conflict");
    check_str(causes[1].reason, NULL);
    check_int(status_causes(v, NULL, 0), 3);
    check_int(status_causes(NULL, causes, 2), 0);
    arena_release(&a);
}

TEST_TORTURE(a_status_is_never_misread_for_lack_of_memory)
{
    static const char body[] = STATUS "\"reason\":\"AlreadyExists\"}";
    int rc = status_check(409, body, sizeof body - 1, "1", NULL);

    check(rc == -ERR_EXISTS || (torturing() && rc == -ERR_NOMEM));
}
