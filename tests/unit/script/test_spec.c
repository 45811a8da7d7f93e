/*
 * The state of specs, and the lines that are counted for them.
 */
#include <string.h>

#include "kit.h"
#include "script/spec.h"
#include "test.h"

/* ---- a host ---- */

struct answers {
    const char *asked; /* the last question, in the arena of the test */
    struct arena arena;
    bool fail;
    unsigned count;
};

/* Gives back what it was given; for "list" every number doubled. */
static int answer(void *arg, const char *question, const struct value *given,
                  struct arena *a, struct value **ret, struct err *err)
{
    struct answers *s = arg;

    s->count++;
    s->asked = arena_strdup(&s->arena, question);
    if (s->fail) {
        err_set(err, ERR_INVALID, "nobody knows");
        return err_hint(err, "ask another one");
    }
    if (!given)
        return 0;
    *ret = value_copy(a, given);
    return *ret ? 0 : err_nomem(err);
}

static int run(struct answers *s, const char *module, struct value **ret,
               struct err *err)
{
    const struct spec_host host = {answer, s};
    struct value *options = value_object(&s->arena);

    if (!options ||
        value_set(&s->arena, options, "path", value_string(&s->arena, "x")) < 0)
        return err_nomem(err);
    return spec_run(&host, module, options, &s->arena, ret, err);
}

TEST(a_module_that_does_not_exist_is_told_with_where_it_was_looked_for)
{
    struct answers s = {0};
    struct value *ret = NULL;
    struct err err = {0};

    check_int(run(&s, "tidelock.nowhere", &ret, &err), -ERR_SCRIPT);
    check(strstr(err.msg, "module 'tidelock.nowhere' not found"));
    check(strstr(err.msg, "no embedded module 'tidelock.nowhere'"));
    arena_release(&s.arena);
}

TEST(a_module_that_gives_no_function_fails)
{
    struct answers s = {0};
    struct value *ret = NULL;
    struct err err = {0};

    check_int(run(&s, "tidelock.testing.given", &ret, &err), -ERR_SCRIPT);
    check(strstr(err.msg, "attempt to call a table value"));
    arena_release(&s.arena);
}

TEST(the_library_of_operators_is_there_for_specs)
{
    struct answers s = {0};
    struct value *ret = NULL;
    struct err err = {0};

    /* a table that cannot be called, but it was loaded */
    check_int(run(&s, "tidelock.conditions", &ret, &err), -ERR_SCRIPT);
    check(strstr(err.msg, "attempt to call a table value"));
    check(!strstr(err.msg, "not found"));
    arena_release(&s.arena);
}

TEST(the_run_asks_its_host_and_a_failure_has_the_hint)
{
    struct answers s = {.fail = true};
    struct value *ret = NULL;
    struct err err = {0};

    check_int(run(&s, NULL, &ret, &err), -ERR_SCRIPT);
    check_int(s.count, 1);
    check_str(s.asked, "load");
    check(strstr(err.msg, "nobody knows\n  hint: ask another one"));
    arena_release(&s.arena);
}

TEST(operators_cannot_require_what_is_for_specs)
{
    struct kit k;

    kit_init(&k);
    check_int(kit_load(&k, "require 'tidelock.testing'"), -ERR_SCRIPT);
    check(strstr(k.err.msg, "there is no module 'tidelock.testing'"));
    kit_release(&k);
}

TEST_ALLOC(a_spec_state_survives_out_of_memory)
{
    struct answers s = {.fail = true};
    struct value *ret = NULL;
    struct err err = {0};
    int rc = run(&s, "tidelock.nowhere", &ret, &err);

    arena_release(&s.arena);
    return rc == -ERR_SCRIPT ? 0 : rc; /* that module is not there */
}

/* ---- coverage ---- */

static uint32_t runs_of(const struct kit *k, const char *file, size_t line)
{
    struct script_covered c;

    for (size_t i = 0; script_covered(k->script, i, &c); i++)
        if (strcmp(c.file, file) == 0)
            return line <= c.count ? c.runs[line - 1] : 0;
    return 0;
}

#define BRANCH                                                                 \
    "if site.spec.a then\n"                                                    \
    "  log.info('a')\n"                                                        \
    "else\n"                                                                   \
    "  log.info('b')\n"                                                        \
    "end"

TEST(lines_that_run_are_counted)
{
    struct kit k;

    kit_init(&k);
    kit_root(&k, "{'metadata':{'name':'x','namespace':'d'},'spec':{'a':true}}");
    check_ok(kit_body(&k, BRANCH), &k.err);
    check_ok(kit_call(&k, JOB_RECONCILE), &k.err);
    check_int(runs_of(&k, "operator.lua", 2), 0); /* nobody asked for it */
    check_ok(script_cover(k.script, &k.err), &k.err);
    check_ok(kit_call(&k, JOB_RECONCILE), &k.err);
    check_int(runs_of(&k, "operator.lua", 2), 1);
    check_ok(kit_call(&k, JOB_RECONCILE), &k.err);
    check_int(runs_of(&k, "operator.lua", 2), 2);
    check_int(runs_of(&k, "operator.lua", 4), 0);
    check_int(runs_of(&k, "tidelock/init.lua", 20), 0); /* the runtime's own */
    kit_release(&k);
}

TEST(a_covered_script_is_still_stopped)
{
    struct kit k;

    kit_init(&k);
    kit_root(&k, "{'metadata':{'name':'x','namespace':'d'}}");
    check_ok(kit_body(&k, "while true do end"), &k.err);
    check_ok(script_cover(k.script, &k.err), &k.err);
    check_int(kit_call(&k, JOB_RECONCILE), -ERR_BUDGET);
    kit_release(&k);
}
