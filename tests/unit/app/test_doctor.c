/*
 * `doctor` without a cluster; with one, tests/e2e/test_doctor.py.
 */
#include "app/doctor.h"
#include "app/runtime.h"
#include "base/str.h"
#include "test.h"

static void keep(void *arg, const char *text, size_t len)
{
    str_addn(arg, text, len);
}

static int look(struct str *out, bool json, struct err *err)
{
    const char *operators[] = {"/nonexistent/operator"};
    const struct doctor_options options = {
        .operators = operators,
        .operator_count = 1,
        .cluster = {.kubeconfig = "/nonexistent/kubeconfig"},
        .json = json,
        .print = keep,
        .print_arg = out};

    return doctor_run(&options, err);
}

TEST(doctor_says_of_each_thing_how_it_is)
{
    struct str out = {0};
    struct err err = {0};

    check_int(look(&out, false, &err), EXIT_ERROR);
    check_int(err.code, ERR_NONE);
    check_has(str_text(&out), "machine\n  ok    tidelock: ");
    check_has(str_text(&out), "FAIL  /nonexistent/operator: there is no");
    check_has(str_text(&out), "FAIL  configuration: ");
    check_has(str_text(&out), " 2 wrong.\n");
    str_release(&out);
}

TEST_ALLOC(doctor_survives_out_of_memory)
{
    struct str out = {0};
    struct err err = {0};
    int code = look(&out, true, &err);
    int rc = out.failed ? -ERR_NOMEM : -(int)err.code;

    check_int(code, EXIT_ERROR);
    if (rc == 0)
        check_has(str_text(&out), "\"kind\": \"Doctor\"");
    str_release(&out);
    return rc;
}
