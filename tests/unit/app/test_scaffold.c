/*
 * Operators that are made from the templates.
 */
#include <string.h>

#include "app/scaffold.h"
#include "folder.h"
#include "io/file.h"
#include "test.h"

static void swallow(void *arg, const char *text, size_t len)
{
    (void)text;
    *(size_t *)arg += len;
}

static int make(const struct folder *f, bool table, size_t *ret_said,
                struct err *err)
{
    const struct scaffold_options o = {
        .name = "redis-cache",
        .dir = folder_path(f, "made/redis-cache"),
        .table = table,
        .print = swallow,
        .print_arg = ret_said,
    };

    return scaffold_run(&o, err);
}

TEST(what_is_made_is_complete)
{
    static const char *const names[] = {"operator.lua",
                                        "crd.yaml",
                                        "spec/cases.yaml",
                                        "spec/redis_cache_spec.lua",
                                        ".luarc.json",
                                        "README.md",
                                        "examples/redis-cache.yaml"};
    struct arena a = {0};
    struct folder f;
    struct err err = {0};
    size_t said = 0;

    folder_init(&f);
    check_ok(make(&f, true, &said, &err), &err);
    check(said > 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        check(file_exists(
            file_join(&a, folder_path(&f, "made/redis-cache"), names[i])));
    arena_release(&a);
    folder_release(&f);
}

TEST(nothing_is_written_over)
{
    struct folder f;
    struct err err = {0};
    size_t said = 0;

    folder_init(&f);
    check_ok(make(&f, false, &said, &err), &err);
    check_int(make(&f, false, &said, &err), -ERR_EXISTS);
    check_has(err.msg, "is there already, nothing was written");
    folder_release(&f);
}

TEST_ALLOC(a_scaffold_survives_out_of_memory)
{
    struct folder f;
    size_t said = 0;
    int rc;

    folder_init(&f);
    rc = make(&f, false, &said, NULL);
    folder_release(&f);
    return rc;
}
