/*
 * Tests of app/pass_log: the last plan of each root.
 */
#include "app/pass_log.h"

#include <stdio.h>
#include <string.h>

#include "base/value.h"
#include "test.h"

static struct snapshot root = {
    .uid = "uid-1", .resource_version = "7", .generation = 2};

static struct pass pass_of(const char *name, const struct err *err)
{
    return (struct pass){.key = {"web", name}, .root = &root, .err = err};
}

static void add_text(void *arg, const char *json, size_t len)
{
    str_addf(arg, "%.*s\n", (int)len, json);
}

/* All of it, a pass a line. */
static const char *text_of(const struct pass_log *l)
{
    static char copy[4096];
    struct str out = {0};

    pass_log_each(l, add_text, &out);
    snprintf(copy, sizeof copy, "%s", str_text(&out));
    str_release(&out);
    return copy;
}

TEST(a_pass_is_kept_with_its_outcome)
{
    struct pass_log *l = pass_log_new();
    struct err err = {0};
    struct pass pass = pass_of("blog", &err);

    pass.why = "1 of 3";
    pass_log_planned(l, "shop", &pass, 0);
    check_has(text_of(l), "\"outcome\":\"running\"");
    pass.writes = 3;
    pass_log_pass(l, "shop", &pass);
    check_str(
        text_of(l),
        "{\"changes\":[],\"changesLeftOut\":0,\"code\":\"\",\"error\":\"\","
        "\"generation\":2,\"hash\":\"\",\"milliseconds\":0,\"object\":"
        "\"web/blog\",\"operator\":\"shop\",\"outcome\":\"applied\","
        "\"resourceVersion\":\"7\",\"row\":\"\",\"time\":"
        "\"1970-01-01T00:00:00Z\",\"uid\":\"uid-1\",\"why\":\"1 of "
        "3\",\"writes\":3}\n");
    err_set(&err, ERR_FORBIDDEN, "no");
    pass_log_planned(l, "shop", &pass, 0);
    pass_log_pass(l, "shop", &pass);
    check_has(text_of(l), "\"code\":\"FORBIDDEN\",\"error\":\"no\"");
    check_has(text_of(l), "\"outcome\":\"failed\"");
    err_set(&err, ERR_CONFLICT, "changed");
    pass_log_pass(l, "shop", &pass);
    check_has(text_of(l), "\"outcome\":\"again\"");
    pass_log_free(l);
}

TEST(the_oldest_passes_are_forgotten)
{
    struct pass_log *l = pass_log_new();
    struct err err = {0};
    struct str out = {0};
    char name[32];

    for (unsigned i = 0; i < PASS_LOG_MAX + 1; i++) {
        struct pass pass = pass_of(name, &err);

        snprintf(name, sizeof name, "w%u", i);
        pass_log_planned(l, "shop", &pass, 0);
    }
    pass_log_each(l, add_text, &out);
    check(!strstr(str_text(&out), "\"web/w0\""));
    check(strstr(str_text(&out), "\"web/w500\"") <
          strstr(str_text(&out), "\"web/w1\"")); /* the newest first */
    str_release(&out);
    pass_log_free(l);
}

TEST_TORTURE(passes_are_forgotten_when_memory_is_short)
{
    struct pass_log *l = pass_log_new();
    struct err err = {0};
    struct pass pass = pass_of("blog", &err);

    pass_log_planned(l, "shop", &pass, 0);
    pass_log_pass(l, "shop", &pass);
    if (!torturing())
        check_has(text_of(l), "applied");
    pass_log_free(l);
}
