/* err: filling, wrapping, cutting, the catalogue. */
#include "test.h"

#include <string.h>

#include "base/text.h"

TEST(err_set_returns_the_negative_code_and_forgets_the_past)
{
    struct err err = {.retry_after_ms = 7, .hint = "old"};

    check_int(err_set(&err, ERR_GONE, "cannot watch '%s'", "pods"), -ERR_GONE);
    check_int(err.code, ERR_GONE);
    check_str(err.msg, "cannot watch 'pods'");
    check_str(err.hint, "");
    check_int(err.retry_after_ms, 0);
}

TEST(err_wrap_puts_context_in_front)
{
    struct err err = {0};

    err_set(&err, ERR_CONFLICT, "object changed on the server");
    err_hint(&err, "try %d times", 2);
    check_int(err_wrap(&err, "cannot apply '%s'", "blog"), -ERR_CONFLICT);
    check_str(err.msg, "cannot apply 'blog': object changed on the server");
    check_str(err.hint, "try 2 times");
}

TEST(err_accepts_its_own_message_as_argument)
{
    struct err err = {0};

    err_set(&err, ERR_IO, "first");
    err_set(&err, ERR_CONFIG, "second after %s", err.msg);
    check_str(err.msg, "second after first");
    err_wrap(&err, "again %s", err.msg);
    check_str(err.msg, "again second after first: second after first");
}

TEST(err_cuts_long_messages_between_characters)
{
    struct err err = {0};
    char text[2000];

    for (int shift = 0; shift < 4; shift++) {
        memset(text, 'x', sizeof text);
        for (size_t i = (size_t)shift; i + 4 < sizeof text; i += 4)
            memcpy(text + i, "\xF0\x9F\x8C\x8A", 4); /* a wave */
        text[sizeof text - 5] = '\0';

        err_set(&err, ERR_INVALID, "%s", text);
        check(strlen(err.msg) > 1000 && strlen(err.msg) < sizeof err.msg);
        check(text_is_utf8(err.msg, strlen(err.msg)));

        err_wrap(&err, "somewhere");
        check(text_starts(err.msg, "somewhere: "));
        check(text_is_utf8(err.msg, strlen(err.msg)));

        err_wrap(&err, "%s", text);
        check(text_is_utf8(err.msg, strlen(err.msg)));

        err_hint(&err, "%s", text);
        check(text_is_utf8(err.hint, strlen(err.hint)));
    }
}

TEST(err_may_be_null_for_callers_who_want_the_code_only)
{
    check_int(err_set(NULL, ERR_LIMIT, "x"), -ERR_LIMIT);
    check_int(err_nomem(NULL), -ERR_NOMEM);
    check(err_wrap(NULL, "x") < 0);
    check(err_hint(NULL, "x") < 0);
    err_clear(NULL);
}

TEST(err_catalogue_is_complete)
{
    for (int code = 0; code < ERR_COUNT; code++) {
        check(strlen(err_name((enum err_code)code)) > 0);
        check(strlen(err_text((enum err_code)code)) > 0);
        check(err_retry((enum err_code)code) <= RETRY_SLOW);
    }
    check_str(err_name(ERR_CONFLICT), "CONFLICT");
    check_int(err_retry(ERR_GONE), RETRY_NOW);
    check_str(err_name(ERR_COUNT), "UNKNOWN");
}
