/*
 * test_attacks.c -- every row of attacks.h ends as it says, in this process.
 */
#include "attacks.h"

#include <string.h>

#include "kit.h"
#include "test.h"

static int code_of(enum attack_end end)
{
    switch (end) {
    case ATTACK_RAISES:
    case ATTACK_FAILS:
        return -ERR_SCRIPT;
    case ATTACK_KILLED:
        return -ERR_BUDGET;
    case ATTACK_REFUSED:
        return -ERR_PLAN;
    case ATTACK_GIVES:
    case ATTACK_ENDS:
        return 0;
    }
    return 0;
}

static bool names_place(const char *msg, enum attack_end end)
{
    const char *place =
        end == ATTACK_FAILS ? "operator.lua:" : "operator.lua:1: ";

    return check_has(msg, place) &&
           check(strncmp(msg, place, strlen(place)) == 0);
}

/* Did it end as the row says? The body is shown when it did not. */
static bool ends_so(struct kit *k, const struct attack *a, int rc)
{
    if (a->end == ATTACK_ENDS && rc == 0)
        return true;
    if (a->end == ATTACK_ENDS)
        return names_place(k->err.msg, a->end);
    /* the clock may be first where the machine is slow */
    if (!(a->end == ATTACK_KILLED && rc == -ERR_DEADLINE) &&
        !check_int(rc, code_of(a->end))) {
        check_str(k->err.msg, "");
        return false;
    }
    if (rc == 0)
        return !a->want || check_str(kit_plan(k), a->want);
    return names_place(k->err.msg, a->end) &&
           (!a->want || check_has(k->err.msg, a->want));
}

static void run_all(const struct attack *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct kit k;
        int rc;

        kit_init(&k);
        rc = kit_body(&k, rows[i].body);
        if (rc == 0 && rows[i].end != ATTACK_FAILS)
            rc = kit_call(&k, JOB_RECONCILE);
        if (!ends_so(&k, &rows[i], rc))
            check_str(rows[i].body, rows[i].id);
        kit_release(&k);
    }
}

/* rows: D52
 * broken: with load() in the list of what a script finds */
TEST(attacks_of_the_list_end_as_it_says)
{
    run_all(attacks, attack_count);
    TEST_FIGURE("D52", "attempts that end as listed", attack_count);
}

TEST(what_the_advisories_describe_is_not_possible)
{
    run_all(advisories, advisory_count);
}
