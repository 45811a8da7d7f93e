/*
 * test_docs.c -- the operators that documents show can be loaded and run.
 */
#include <stdio.h>
#include <string.h>

#include "kit.h"
#include "test.h"

static char text[65536];

/* The first block of Lua in the document, or NULL. */
static char *first_block(const char *path)
{
    static const char fence[] = "\n```lua\n";
    FILE *f = fopen(path, "r");
    size_t len;
    char *start, *end;

    if (!f)
        return NULL;
    len = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[len] = '\0';
    start = strstr(text, fence);
    if (!start)
        return NULL;
    start += sizeof fence - 1;
    end = strstr(start, "\n```");
    if (end)
        end[1] = '\0';
    return end ? start : NULL;
}

TEST(the_example_of_the_script_api_runs)
{
    char *block = first_block("lua/API.md");
    struct kit k;

    if (!block) {
        test_skip("not run in the root of the project");
        return;
    }
    kit_init(&k);
    kit_root(&k, "{'metadata':{'name':'blog','namespace':'default'},'spec':{"
                 "'content':{'a':'b'}}}");
    if (check_ok(kit_load(&k, block), &k.err) &&
        check_ok(kit_call(&k, JOB_RECONCILE), &k.err)) {
        check_int(k.plan.count, 1);
        check_int(k.plan.condition_count, 1);
    }
    kit_release(&k);
}
