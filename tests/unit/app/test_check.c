/*
 * `check` without luacheck: what a run finds, and running out of memory. With
 * luacheck, and the words, tests/e2e/test_check.py.
 */
#include <stdlib.h>
#include <string.h>

#include "app/check.h"
#include "app/runtime.h"
#include "base/str.h"
#include "folder.h"
#include "test.h"

#define OPERATOR                                                               \
    "local tidelock = require 'tidelock'\n"                                    \
    "return tidelock.operator { api = 1, name = 'maps',\n"                     \
    "  resource = { 'v1', 'ConfigMap' }, owns = { { 'v1', 'Secret' } },\n"     \
    "  reconcile = function(map, _, plan)\n"                                   \
    "    local kind = 'Secret' -- tidelock: ignore unknown-field for a test\n" \
    "    plan:apply { apiVersion = 'v1', kind = kind, dat = { a = '' },\n"     \
    "      metadata = { name = map.metadata.name } }\n"                        \
    "  end }\n"
#define EXAMPLE                                                                \
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {b: c}\n"

struct desk {
    struct folder folder;
    struct str out;
    struct err err;
    int code;
};

static void keep(void *arg, const char *text, size_t len)
{
    str_addn(arg, text, len);
}

static void desk_run(struct desk *d, const char *script, bool json)
{
    const char *path = d->folder.path;
    const struct check_options options = {.operators = &path,
                                          .operator_count = 1,
                                          .json = json,
                                          .print = keep,
                                          .print_arg = &d->out};

    setenv("TIDELOCK_LUACHECK", "/nonexistent", 1);
    folder_write(&d->folder, "operator.lua", script);
    folder_write(&d->folder, "examples/a.yaml", EXAMPLE);
    err_clear(&d->err);
    d->code = check_run(&options, &d->err);
    unsetenv("TIDELOCK_LUACHECK");
}

static void desk_release(struct desk *d)
{
    str_release(&d->out);
    folder_release(&d->folder);
}

TEST(check_runs_the_examples)
{
    struct desk d = {0};

    folder_init(&d.folder);
    desk_run(&d, OPERATOR, false);
    check_int(d.code, EXIT_ERROR);
    check_has(str_text(&d.out),
              "operator.lua:6: error: Secret: .dat: unknown "
              "field, did you mean \"data\"? [unknown-field]");
    check_has(str_text(&d.out), "examples/a.yaml, when it is new");
    check_has(str_text(&d.out), "no unknown-field here to ignore");
    check_has(str_text(&d.out), "luacheck is not installed");
    desk_release(&d);
}

TEST(codes_of_findings_are_listed_once)
{
    enum check_level level;

    for (size_t i = 0; check_code(i, &level); i++)
        for (size_t k = 0; k < i; k++)
            check(strcmp(check_code(i, NULL), check_code(k, NULL)) != 0);
}

static int survive(bool json)
{
    struct desk d = {0};
    int rc;

    folder_init(&d.folder);
    desk_run(&d, OPERATOR, json);
    rc = d.out.failed ? -ERR_NOMEM : -(int)d.err.code;
    if (rc == 0)
        check_has(str_text(&d.out), "did you mean");
    desk_release(&d);
    return rc;
}

TEST_ALLOC(check_survives_out_of_memory)
{
    return survive(false);
}

TEST_ALLOC(check_as_a_document_survives_out_of_memory)
{
    return survive(true);
}
