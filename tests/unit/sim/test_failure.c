/* What a refused request is answered with. */

#include "sim/failure.h"

#include "test.h"

static struct arena arena;

static const char *printed(const struct failure *f)
{
    struct value *status = failure_status(f);
    struct str text;
    char *kept = NULL;

    str_init(&text, 0);
    if (status && value_print(status, &text, NULL) == 0)
        kept = arena_strdup(f->a, str_text(&text));
    str_release(&text);
    return kept;
}

TEST(a_failure_is_a_status_with_what_it_is_about)
{
    struct failure f;

    failure_init(&f, &arena);
    check_int(
        failure_set(&f, 404, "NotFound", "%s \"%s\" not found", "pods", "a"),
        -1);
    check_int(failure_about(&f, "", "pods", "a"), -1);
    check_str(printed(&f),
              "{\"apiVersion\":\"v1\",\"code\":404,\"details\":{\"kind\":"
              "\"pods\",\"name\":\"a\"},\"kind\":\"Status\",\"message\":"
              "\"pods \\\"a\\\" not found\",\"metadata\":{},\"reason\":"
              "\"NotFound\",\"status\":\"Failure\"}");
    arena_release(&arena);
}

TEST(causes_make_an_object_invalid)
{
    struct failure f;

    failure_init(&f, &arena);
    check_int(failure_invalid(&f, "apps", "Deployment", "a"), 0);
    check_int(
        failure_cause(&f, CAUSE_REQUIRED, "spec.selector", "Required value"),
        0);
    check_int(failure_cause(&f, CAUSE_INVALID, "spec.replicas",
                            "Invalid value: %d: too few", -1),
              0);
    check_int(failure_invalid(&f, "apps", "Deployment", "a"), -1);
    check_int(f.code, 422);
    check_str(f.message, "Deployment.apps \"a\" is invalid: [spec.selector: "
                         "Required value, spec.replicas: Invalid value: -1: "
                         "too few]");
    check(printed(&f) != NULL);
    arena_release(&arena);
}

TEST_ALLOC(a_failure_survives_out_of_memory)
{
    struct failure f;
    int rc = 0;

    failure_init(&f, &arena);
    if (failure_cause(&f, CAUSE_INVALID, "a", "b") < 0)
        rc = -ERR_NOMEM;
    failure_invalid(&f, "", "Pod", "x");
    if (f.code != 422 || !failure_status(&f))
        rc = -ERR_NOMEM;
    arena_release(&arena);
    return rc;
}
