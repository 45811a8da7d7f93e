/*
 * sink_apply's trail: a line for each write, with its cause and without a
 * value.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "apply_desk.h"
#include "base/log.h"
#include "test.h"

/* What the run of the desk said, without the time. */
static const char *logged(struct desk *d)
{
    static char text[8192];
    FILE *file = tmpfile();
    int saved = dup(STDERR_FILENO);
    size_t n;

    log_setup(LOG_INFO, LOG_JSON, clock_real());
    dup2(fileno(file), STDERR_FILENO);
    desk_run(d);
    dup2(saved, STDERR_FILENO);
    close(saved);
    log_setup(LOG_NONE, LOG_TEXT, clock_real());
    rewind(file);
    n = fread(text, 1, sizeof text - 1, file);
    text[n] = '\0';
    fclose(file);
    return text;
}

static size_t lines_of(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += *text == '\n';
    return n;
}

TEST(each_write_is_said_with_its_cause_and_without_a_value)
{
    struct desk d;
    const char *text;

    desk_set(&d);
    d.stage.cs.row = "steady";
    d.stage.cs.script = "d1ge57";
    memcpy(d.stage.cs.hash, "4a5h", 5);
    stage_change(&d.stage, CHANGE_CREATE, STAGE_SECRET, "a")->body =
        stage_value(&d.stage, "{'apiVersion':'v1','kind':'Secret','metadata':"
                              "{'name':'a'},'data':{'k':'Y2FuYXJ5'}}");
    stage_change(&d.stage, CHANGE_STATUS, STAGE_ROOT, "blog");
    api_rule(&d.api, "PATCH secrets/a", 201,
             "{'apiVersion':'v1','kind':'Secret','data':{'k':'Y2FuYXJ5'}," META(
                 "a", "uid-a", "12", OWNED(STAGE_ROOT_UID)) "}");
    api_rule(&d.api, "PATCH widgets/blog/status", 200, WIDGET("51", ""));
    text = logged(&d);
    check_ok(-(int)d.err.code, &d.err);
    check_int((long long)lines_of(text), 2);
    check_has(text,
              "\"msg\":\"wrote\",\"operator\":\"shop\",\"verb\":\"create\","
              "\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"object\":"
              "\"default/a\",\"root\":\"default/blog\",\"uid\":\"root-uid\","
              "\"plan\":\"4a5h\",\"row\":\"steady\",\"script\":\"d1ge57\","
              "\"before\":\"\",\"after\":\"12\"}\n");
    check_has(text, "\"kind\":\"Widget\",\"object\":\"default/blog\"");
    check_has(text, "\"before\":\"50\",\"after\":\"51\"}\n");
    check(!strstr(text, "Y2FuYXJ5"));
    desk_release(&d);
}

TEST(what_is_deleted_has_no_version_after_it)
{
    struct desk d;
    const char *text;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_PRUNE, STAGE_MAP, "a")->live =
        stage_snapshot(&d.stage, MAP("a", "7"));
    api_rule(&d.api, "GET widgets/blog", 200, WIDGET("51", AS_PLANNED));
    api_rule(&d.api, "DELETE configmaps/a", 200, DELETED);
    text = logged(&d);
    check_ok(-(int)d.err.code, &d.err);
    check_int((long long)lines_of(text), 1);
    check_has(text, "\"verb\":\"delete\"");
    check_has(text, "\"before\":\"7\",\"after\":\"\"}\n");
    desk_release(&d);
}

TEST(a_write_that_is_refused_is_not_said)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_APPLY, STAGE_MAP, "a");
    api_rule(&d.api, "PATCH configmaps/a", 403, STATUS("Forbidden", "no"));
    check_str(logged(&d), "");
    check_int(d.writes, 0);
    desk_release(&d);
}
