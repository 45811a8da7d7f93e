/*
 * Tests of app/workers: whose task is next.
 */
#include <string.h>

#include "base/mem.h"
#include "crew.h"
#include "test.h"

#define STORM 20

/* One of many tasks, with all that it needs. */
struct errand {
    struct task task;
    struct plan plan;
    struct arena arena;
    unsigned *counter;
    unsigned place; /* in which order it ended, from 1 */
};

static void on_errand(struct task *t, const struct err *err)
{
    struct errand *e = t->arg;

    check_int(err->code, ERR_NONE);
    e->place = ++*e->counter;
}

static void errand_start(struct errand *e, struct program *p,
                         const struct view *view, unsigned *counter)
{
    *e = (struct errand){.counter = counter};
    plan_init(&e->plan, &e->arena);
    e->task = (struct task){
        .program = p,
        .call = TASK_RECONCILE,
        .view = view,
        .arena = &e->arena,
        .plan = &e->plan,
        .done = on_errand,
        .arg = e,
    };
    task_start(&e->task);
}

/* Tasks that are not over: one of them is with the worker. */
static size_t count_open(const struct crew *c)
{
    struct workers_stats stats = workers_stats(c->executor);

    return stats.waiting + stats.busy;
}

/* An operator with twenty objects to look at, and another with one.
 * broken: comes_before() that always says no: the storm ends first */
TEST(workers_take_the_single_task_of_one_program_before_the_storm_of_another)
{
    struct crew c;
    struct program *storm;
    struct view_kind kinds[CREW_KINDS];
    struct view view; /* of the storm: reads are those of its declaration */
    struct errand storms[STORM], one;
    unsigned counter = 0;

    crew_open(&c, 1, 0);
    if (!check(crew_load(&c, "plan:requeue(5)")))
        return;
    storm = c.program;
    view = c.view;
    memcpy(kinds, c.kinds, sizeof kinds);
    view.kinds = kinds;
    c.program = NULL; /* so that it is not dropped */
    check(crew_load(&c, "plan:requeue(6)"));
    for (unsigned i = 0; i < STORM; i++)
        errand_start(&storms[i], storm, &view, &counter);
    errand_start(&one, c.program, &c.view, &counter);
    check_int(count_open(&c), STORM + 1);
    while (counter < STORM + 1)
        loop_turn(c.loop, true);
    check(one.place <= 2);
    for (unsigned i = 1; i < STORM; i++) /* its own stay in their order */
        check(storms[i].place > storms[i - 1].place);
    check_int(workers_stats(c.executor).waiting, 0);
    for (unsigned i = 0; i < STORM; i++)
        arena_release(&storms[i].arena);
    arena_release(&one.arena);
    program_free(storm);
    crew_close(&c);
}

/* Cancelled from the middle of a list, the others still run. */
TEST(workers_forget_a_task_that_waits_when_it_is_cancelled)
{
    struct crew c;
    struct errand all[4];
    unsigned counter = 0;

    crew_open(&c, 1, 0);
    if (!check(crew_load(&c, "plan:requeue(5)")))
        return;
    for (unsigned i = 0; i < 4; i++)
        errand_start(&all[i], c.program, &c.view, &counter);
    task_cancel(&all[3].task);
    task_cancel(&all[1].task);
    check_int(count_open(&c), 2);
    while (counter < 2)
        loop_turn(c.loop, true);
    check_int(all[0].place, 1);
    check_int(all[2].place, 2);
    for (unsigned i = 0; i < 4; i++)
        arena_release(&all[i].arena);
    crew_close(&c);
}
