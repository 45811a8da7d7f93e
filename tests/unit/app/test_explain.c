/*
 * Every code has a text, every text a code.
 */
#include <string.h>

#include "app/check.h"
#include "app/explain.h"
#include "app/reasons.h"
#include "test.h"

static const char *const reasons[] = {REASON_APPLIED,         REASON_HELD,
                                      REASON_LEADER_ELECTION, REASON_RELOADED,
                                      REASON_RELOAD_REFUSED,
#define XX(error, reason) reason,
                                      REASON_MAP(XX)
#undef XX
};
#define REASONS (sizeof reasons / sizeof reasons[0])

/* Is there an entry that has this very name? */
static bool has_entry(const char *code)
{
    struct explanation e;
    const char *name;
    size_t len;

    if (!explain_find(code, &e, NULL))
        return false;
    for (size_t i = 0; explain_name(&e, i, &name, &len); i++)
        if (strlen(code) == len && memcmp(code, name, len) == 0)
            return true;
    return false;
}

TEST(every_code_is_explained)
{
    const char *code;

    for (int i = ERR_NONE + 1; i < ERR_COUNT; i++)
        check_str(has_entry(err_name((enum err_code)i))
                      ? ""
                      : err_name((enum err_code)i),
                  "");
    for (size_t i = 0; i < REASONS; i++)
        check_str(has_entry(reasons[i]) ? "" : reasons[i], "");
    for (size_t i = 0; (code = check_code(i, NULL)); i++)
        check_str(has_entry(code) ? "" : code, "");
}

static bool is_code(const char *name)
{
    const char *code;
    bool found = false;

    for (int i = ERR_NONE + 1; i < ERR_COUNT; i++)
        found |= strcmp(err_name((enum err_code)i), name) == 0;
    for (size_t i = 0; i < REASONS; i++)
        found |= strcmp(reasons[i], name) == 0;
    for (size_t i = 0; (code = check_code(i, NULL)); i++)
        found |= strcmp(code, name) == 0;
    return found;
}

TEST(every_explanation_is_of_a_code_and_is_there_once)
{
    struct explanation e = {0}, found;
    size_t count = 0;

    while (explain_next(&e)) {
        const char *name;
        char text[64];
        size_t len;

        for (size_t i = 0; explain_name(&e, i, &name, &len); i++) {
            memcpy(text, name, len);
            text[len] = '\0';
            check_str(is_code(text) ? "" : text, "");
            check(explain_find(text, &found, NULL) && found.names == e.names);
        }
        count++;
    }
    check(count > 60);
}

static bool body_has(const struct explanation *e, const char *part)
{
    return memmem(e->body, e->body_len, part, strlen(part));
}

TEST(every_explanation_says_why_and_what_to_do_with_an_example)
{
    static const char *const parts[] = {"\n**Why.** ", "\n**What to do.** ",
                                        "\n**Example.**\n\n```\n"};
    struct explanation e = {0};

    while (explain_next(&e)) {
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
            if (!check(body_has(&e, parts[i])))
                check_str(e.names, parts[i]);
        check(e.body[strcspn(e.body, "\n") - 1] == '.');
    }
}

TEST(a_code_may_be_spelt_as_one_likes)
{
    static const char *const spellings[] = {"EMPTY_PLAN", "EmptyPlan",
                                            "empty-plan", "emptyplan"};
    struct explanation e;
    struct err err = {0};
    struct str out = {0};

    for (size_t i = 0; i < 4; i++)
        check(explain_find(spellings[i], &e, &err));
    explain_print(&e, false, &out);
    check_has(str_text(&out), "EMPTY_PLAN, EmptyPlan, empty-plan\n\n"
                              "The plan declares no child");
    check(!strstr(str_text(&out), "**"));
    check(!strstr(str_text(&out), "```"));
    check_has(str_text(&out), "\n    if not site.spec.ready then\n");
    str_clear(&out);
    explain_print(&e, true, &out);
    check_has(str_text(&out), "\033[1mWhy.\033[0m");
    str_release(&out);
}

TEST(a_code_that_is_none_is_not_explained)
{
    struct explanation e;
    struct err err = {0};

    check(!explain_find("EmptyPlans", &e, &err));
    check_str(err.msg, "there is no code 'EmptyPlans'");
    check_str(err.hint, "did you mean EmptyPlan?");
    check(!explain_find("", &e, &err));
    check(!explain_find("something else altogether", &e, &err));
    check_has(err.hint, "'tidelock explain' lists them");
}
