/*
 * test_attacks.c -- every row of attacks.h ends in a worker process as it does
 *                   in this one, and costs neither the worker nor this process.
 */
#include "attacks.h"

#include <string.h>

#include "app/crew.h"
#include "base/mem.h"
#include "test.h"

static enum err_code code_of(enum attack_end end)
{
    switch (end) {
    case ATTACK_RAISES:
    case ATTACK_FAILS:
        return ERR_SCRIPT;
    case ATTACK_KILLED:
        return ERR_BUDGET;
    case ATTACK_REFUSED:
        return ERR_PLAN;
    case ATTACK_GIVES:
    case ATTACK_ENDS:
        return ERR_NONE;
    }
    return ERR_NONE;
}

/* The status and the log, as the rows have them. */
static bool gives(const struct crew *c, const char *want)
{
    const struct plan *p = &c->plan;
    struct str text = {0};
    bool same;

    if (p->status) {
        str_addf(&text, "status @%s ", p->status_line);
        check_int(value_print(p->status, &text, NULL), 0);
        str_add(&text, "\n");
    }
    for (size_t i = 0; i < p->log_count; i++)
        str_addf(&text, "%s: %s\n", p->logs[i].warn ? "warn" : "info",
                 p->logs[i].text);
    same = !want || check_str(str_text(&text), want);
    str_release(&text);
    return same;
}

/* Where a row does not say which budget ends it, the clock may: of the worker,
 * or of who watches it. */
static bool is_ended_from_outside(const struct crew *c, const struct attack *a)
{
    return a->end == ATTACK_KILLED && !a->want && c->err.code == ERR_DEADLINE;
}

static bool ends_so(const struct crew *c, const struct attack *a)
{
    const char *place =
        a->end == ATTACK_FAILS ? "operator.lua:" : "operator.lua:1: ";
    bool ended_well = c->err.code == ERR_NONE;

    if (a->end == ATTACK_ENDS && ended_well)
        return true;
    if (is_ended_from_outside(c, a))
        return true;
    if (a->end != ATTACK_ENDS && !check_int(c->err.code, code_of(a->end)))
        return false;
    if (ended_well)
        return gives(c, a->want);
    return check(strncmp(c->err.msg, place, strlen(place)) == 0) &&
           (!a->want || check_has(c->err.msg, a->want));
}

/* The body in line 1, and the declaration of the crew's own frame. Gives how
 * many workers it may have cost. */
static unsigned attack(struct crew *c, const struct attack *a)
{
    struct str text = {0};

    str_addf(&text,
             "local tidelock = require 'tidelock' local function "
             "reconcile(site, view, plan) %s\nend\n"
             "return tidelock.operator { api = 1, name = 'crew', resource = { "
             "'example.com/v1', 'Website' }, owns = { { 'v1', 'ConfigMap' }, { "
             "'v1', 'Secret' } }, reads = { { 'v1', 'ConfigMap', names = "
             "function(s) return { s.spec.configRef } end }, { 'v1', 'Pod', "
             "namespace = 'all' }, { 'v1', 'Secret' } }, parameters = { image "
             "= { type = 'string', default = 'busybox' } }, reconcile = "
             "reconcile }\n",
             a->body);
    err_clear(&c->err);
    if (crew_load_text(c, str_text(&text)))
        crew_run(c);
    str_release(&text);
    if (!ends_so(c, a))
        check_str(a->body, c->err.msg);
    return is_ended_from_outside(c, a);
}

static void run_all(const struct attack *rows, size_t count)
{
    static const struct attack harmless = {"", ATTACK_GIVES, "", ""};
    struct workers_stats stats;
    unsigned lost = 0;
    uint64_t before;
    struct crew c;

    crew_open(&c, 1, 0);
    c.limits.cpu_ms = 30000; /* the count ends them, on slow machines too */
    attack(&c, &harmless);
    before = mem_stats().live;
    for (size_t i = 0; i < count; i++)
        lost += attack(&c, &rows[i]);
    attack(&c, &harmless);
    check_int(mem_stats().live, before); /* nothing of it stays here */
    stats = workers_stats(c.executor);
    check_int(stats.alive, 1);
    /* a worker whose own clock ended the row lives on */
    check(stats.died + stats.overran <= lost);
    check_int(stats.refused, 0);
    crew_close(&c);
}

TEST(attacks_end_in_a_worker_as_the_list_says)
{
    run_all(attacks, attack_count);
}

TEST(what_the_advisories_describe_is_not_possible_in_a_worker)
{
    run_all(advisories, advisory_count);
}
