/*
 * test_operator_params.c -- parameters without a script.
 */
#include <string.h>

#include "core/operator.h"
#include "test.h"

static struct operator_parameter parameters[] = {
    {"count", "integer", NULL, NULL},
    {"zone", "string", NULL, NULL},
};
static const struct operator_decl decl = {
    .name = "website",
    .parameters = parameters,
    .parameters_count = 2,
};

static int read(struct arena *a, const char *json, struct value **ret,
                struct err *err)
{
    struct value *given = NULL;
    int rc = value_parse(a, json, strlen(json), &given, err);

    return rc < 0 ? rc : operator_params(&decl, a, given, ret, err);
}

TEST_ALLOC(parameters_survive_out_of_memory)
{
    struct arena a = {0};
    struct err err = {0};
    struct value *v = NULL;
    int rc = read(&a, "{\"count\":\"12\",\"zone\":\"a\"}", &v, &err);

    if (rc == 0) {
        check_int(value_int_at(v, "count", 0), 12);
        check_str(value_text_at(v, "zone"), "a");
    }
    check(rc == 0 || rc == -ERR_NOMEM);
    arena_release(&a);
    return rc;
}

TEST(parameters_that_are_no_text_or_number_are_refused)
{
    struct arena a = {0};
    struct err err = {0};
    struct value *v = NULL;

    check_int(read(&a, "{\"count\":[1],\"zone\":\"a\"}", &v, &err),
              -ERR_CONFIG);
    check_str(err.msg, "parameter 'count': expected integer, got array");
    check_int(read(&a, "{\"count\":\"\\\"1\\\"\",\"zone\":\"a\"}", &v, &err),
              -ERR_CONFIG);
    check_str(err.msg, "parameter 'count': expected integer, got \"\"1\"\"");
    arena_release(&a);
}

TEST(owned_kinds_are_found_by_version_and_kind)
{
    struct operator_owned owns[] = {{{"v1", "Pod"}, false},
                                    {{"apps/v1", "Deployment"}, true}};
    struct operator_decl d = {.owns = owns, .owns_count = 2};

    check(operator_owns(&d, &(struct gvk){"apps/v1", "Deployment"}) ==
          &owns[1]);
    check(!operator_owns(&d, &(struct gvk){"apps/v2", "Deployment"}));
}
