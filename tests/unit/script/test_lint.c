/*
 * What scripts find, as the sandbox tells it, and the state that reads their
 * text. The passes themselves are looked at by tests/e2e/test_check.py.
 */
#include <string.h>

#include "base/value.h"
#include "script/lint.h"
#include "test.h"

static bool lists(const struct value *list, const char *word)
{
    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count; i++)
        if (text_equal(value_text(list->as.items[i]), word))
            return true;
    return false;
}

TEST(the_environment_is_what_the_sandbox_has)
{
    struct arena a = {0};
    struct value *v = NULL;
    struct err err = {0};

    check_ok(script_environment(&a, &v, &err), &err);
    check_str(value_text_at(v, "globals.math.floor"), "function");
    check_str(value_text_at(v, "globals.log.info"), "function");
    check_str(value_text_at(v, "globals.math.pi"), "number");
    check(!value_path(v, "globals.os"));
    check(!value_path(v, "globals.math.random"));
    check(!value_path(v, "globals._G"));
    check_str(
        value_text(value_get(
            value_get(value_get(v, "modules"), "tidelock.conditions"), "find")),
        "function");
    check(lists(value_get(v, "plan"), "apply"));
    check(lists(value_get(v, "view"), "now"));
    check(!lists(value_get(v, "view"), "apply"));
    arena_release(&a);
}

/* A luacheck that is none: what the first module does is all there is. */
static int run_with(struct arena *a, const char *text, struct err *err)
{
    const struct script_file file = {"operator.lua", "return 1", 8};
    const struct script_file fake = {"luacheck/check_state.lua", text,
                                     strlen(text)};
    const struct lint_input in = {
        .files = &file, .count = 1, .luacheck = &fake, .luacheck_count = 1};
    struct value *v;

    return lint_run(a, &in, &v, err);
}

TEST(the_state_of_the_passes_has_no_io)
{
    static const char text[] =
        "for _, name in ipairs { 'io', 'os', 'coroutine' } do\n"
        "  assert(_G[name] == nil, name)\n"
        "end\n"
        "assert(package.loadlib == nil and package.path == nil)\n"
        "error('all as it should be')\n";
    struct arena a = {0};
    struct err err = {0};

    check_int(run_with(&a, text, &err), -ERR_SCRIPT);
    check_has(err.msg, "all as it should be");
    arena_release(&a);
}

TEST(a_luacheck_that_lacks_a_module_is_named)
{
    struct arena a = {0};
    struct err err = {0};

    check_int(run_with(&a, "return {}", &err), -ERR_CONFIG);
    check_has(err.msg, "luacheck has no module 'luacheck.utils'");
    check_has(err.hint, "lua-check");
    arena_release(&a);
}

TEST_ALLOC(lint_survives_out_of_memory)
{
    struct arena a = {0};
    struct err err = {0};
    int rc = run_with(&a, "return {}", &err);

    arena_release(&a);
    return rc == -ERR_CONFIG ? 0 : rc;
}

TEST_ALLOC(a_declaration_as_the_passes_read_it)
{
    struct operator_owned owns[] = {{{"v1", "ConfigMap"}, false},
                                    {{"v1", "Secret"}, true}};
    struct operator_read reads[] = {{.gvk = {"v1", "Node"}}};
    struct operator_parameter parameters[] = {{.name = "a", .type = "string"}};
    const char *memory[] = {"last"};
    struct operator_decl d = {.root = {"example.com/v1", "Site"},
                              .owns = owns,
                              .owns_count = 2,
                              .reads = reads,
                              .reads_count = 1,
                              .parameters = parameters,
                              .parameters_count = 1,
                              .memory = memory,
                              .memory_count = 1};
    struct arena a = {0};
    struct str text = {0};
    struct value *v;
    int rc = lint_declared(&a, &d, &v, NULL);

    if (rc == 0)
        rc = value_print(v, &text, NULL);
    if (rc == 0)
        check_str(str_text(&text),
                  "{\"memory\":[\"last\"],\"owns\":{\"v1 ConfigMap\":\"owned\","
                  "\"v1 Secret\":\"retired\"},\"parameters\":{\"a\":"
                  "\"string\"},\"reads\":{\"v1 Node\":\"read\"},\"root\":"
                  "\"example.com/v1 Site\"}");
    str_release(&text);
    arena_release(&a);
    return rc;
}
