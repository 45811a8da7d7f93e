/* log: both formats, escaping, cutting; read back through a pipe's file. */
#include "test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/value.h"

static char captured[65536];
static int saved_stderr;
static FILE *sink;

static void capture_start(enum log_format format)
{
    static struct clock_fake fake;

    clock_fake_init(&fake);
    log_setup(LOG_INFO, format, &fake.clock);
    sink = tmpfile();
    saved_stderr = dup(2);
    dup2(fileno(sink), 2);
}

static const char *capture_end(void)
{
    size_t n;

    dup2(saved_stderr, 2);
    close(saved_stderr);
    rewind(sink);
    n = fread(captured, 1, sizeof captured - 1, sink);
    captured[n] = '\0';
    fclose(sink);
    log_setup(LOG_INFO, LOG_TEXT, NULL);
    return captured;
}

TEST(log_writes_logfmt)
{
    capture_start(LOG_TEXT);
    log_info("object reconciled", "object", "default/blog", "n", log_num(-3),
             "empty", "", "null", NULL, "text", "two words", NULL);
    check_str(capture_end(),
              "time=2026-01-02T03:04:05Z level=info msg=\"object reconciled\" "
              "object=default/blog n=-3 empty=\"\" null=\"\" "
              "text=\"two words\"\n");
}

TEST(log_writes_json)
{
    capture_start(LOG_JSON);
    log_error("failed", "why", "a \"b\"\n\x01\x7f\xC3\xA9\xFF", NULL);
    check_str(capture_end(),
              "{\"time\":\"2026-01-02T03:04:05Z\",\"level\":\"error\","
              "\"msg\":\"failed\",\"why\":\"a \\\"b\\\"\\n\\u0001\\u007f"
              "\xC3\xA9\xEF\xBF\xBD\"}\n");
}

TEST(log_leaves_out_what_is_below_the_level)
{
    capture_start(LOG_TEXT);
    log_debug("quiet", NULL);
    check(!log_enabled(LOG_DEBUG) && log_enabled(LOG_WARN));
    check_str(capture_end(), "");
}

TEST(log_does_not_let_a_value_forge_a_line)
{
    capture_start(LOG_TEXT);
    log_warn("x", "name", "a\nlevel=error", "esc", "\x1b[31m", "csi",
             "\xC2\x9B"
             "31m \xC2\xA0",
             NULL);
    check_str(capture_end(), "time=2026-01-02T03:04:05Z level=warn msg=\"x\" "
                             "name=\"a\\nlevel=error\" esc=\"\\u001b[31m\" "
                             "csi=\"\\u009b31m \xC2\xA0\"\n");
}

TEST(log_cuts_long_values_between_characters)
{
    static char text[8000];

    for (size_t i = 0; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "\xC3\xA9", 2);
    capture_start(LOG_TEXT);
    log_info("x", "v", text + 1, "next", "1", NULL);
    check_has(capture_end(), "...\" next=1\n");
    check(strlen(captured) < 4300);
    check(text_is_utf8(captured, strlen(captured)));
}

TEST(log_line_that_overflows_is_still_json)
{
    static char text[4000];
    struct arena a = {0};
    struct value *v;
    struct err err = {0};

    memset(text, '\x01', sizeof text - 1); /* six bytes each when escaped */
    capture_start(LOG_JSON);
    log_info("x", "a", text, "b", text, "c", text, "d", text, NULL);
    capture_end();
    check(strlen(captured) > 20000 && strlen(captured) <= 32768);
    check_ok(value_parse(&a, captured, strlen(captured), &v, &err), &err);
    arena_release(&a);
}

TEST(log_line_that_overflows_is_still_one_line)
{
    static char text[4000];

    memset(text, 'x', sizeof text - 1);
    capture_start(LOG_TEXT);
    log_info("x", "a", text, "b", text, "c", text, "d", text, "e", text, "f",
             text, "g", text, "h", text, "i", text, "j", text, NULL);
    capture_end();
    check(strlen(captured) <= 32768);
    check(strchr(captured, '\n') == captured + strlen(captured) - 1);
}

TEST(log_asks_for_no_memory)
{
    uint64_t before;

    capture_start(LOG_JSON);
    before = mem_stats().allocs;
    log_info("x", "key", "value with \"quotes\"", NULL);
    check(mem_stats().allocs == before);
    capture_end();
}

TEST(log_num_keeps_eight_numbers)
{
    const char *first = log_num(1);

    for (int i = 2; i <= 8; i++)
        log_num(i);
    check_str(first, "1");
    check_str(log_num(-9223372036854775807LL - 1), "-9223372036854775808");
}
