/* Timers and signals of loop.h. Waiting is for milliseconds and always ends
 * by the event that is tested, so nothing here depends on speed. */
#include "io/loop.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "test.h"

struct trace {
    struct loop *loop;
    char text[64];
    loop_timer_id other;
    unsigned left;
};

static void note(struct trace *t, char c)
{
    size_t len = strlen(t->text);

    if (len + 1 < sizeof t->text)
        t->text[len] = c;
}

static void note_a(void *arg)
{
    note(arg, 'a');
}

static void note_b(void *arg)
{
    note(arg, 'b');
}

static void note_c(void *arg)
{
    note(arg, 'c');
}

static void setup(struct trace *t)
{
    struct err err = {0};

    *t = (struct trace){0};
    t->loop = loop_new(&err);
    check_ok(t->loop ? 0 : -(int)err.code, &err);
}

TEST(loop_fires_timers_by_deadline_and_then_by_age)
{
    struct trace t;

    setup(&t);
    loop_after(t.loop, 20, note_c, &t);
    loop_after(t.loop, 0, note_a, &t);
    loop_after(t.loop, 0, note_b, &t);
    check_str(t.text, ""); /* not from inside the call */
    loop_run(t.loop);
    check_str(t.text, "abc");
    loop_free(t.loop);
}

TEST(loop_does_not_fire_a_timer_early)
{
    struct trace t;
    uint64_t start;

    setup(&t);
    for (unsigned i = 0; i < 5; i++) {
        start = clock_now_ms(loop_clock(t.loop));
        loop_after(t.loop, 7, note_a, &t);
        loop_run(t.loop);
        check(clock_now_ms(loop_clock(t.loop)) >= start + 7);
    }
    check_str(t.text, "aaaaa");
    loop_free(t.loop);
}

TEST(loop_forgets_a_cancelled_timer)
{
    struct trace t;
    loop_timer_id id;

    setup(&t);
    id = loop_after(t.loop, 0, note_a, &t);
    loop_after(t.loop, 0, note_b, &t);
    loop_cancel(t.loop, id);
    loop_cancel(t.loop, id);
    loop_cancel(t.loop, 0);
    check(loop_check(t.loop));
    loop_run(t.loop);
    check(loop_check(t.loop));
    check_str(t.text, "b");
    loop_free(t.loop);
}

static void cancel_other(void *arg)
{
    struct trace *t = arg;

    note(t, 'x');
    loop_cancel(t->loop, t->other);
}

TEST(loop_timer_may_cancel_one_that_is_due_too)
{
    struct trace t;

    setup(&t);
    loop_after(t.loop, 0, cancel_other, &t);
    t.other = loop_after(t.loop, 0, note_a, &t);
    loop_run(t.loop);
    check_str(t.text, "x");
    loop_free(t.loop);
}

static void again(void *arg)
{
    struct trace *t = arg;

    note(t, 't');
    if (--t->left)
        loop_after(t->loop, 0, again, t);
}

static void readable(uv_poll_t *poll, int status, int events)
{
    struct trace *t = poll->data;

    (void)status;
    (void)events;
    note(t, 'P');
    uv_close((uv_handle_t *)poll, NULL);
}

TEST(loop_chain_of_immediate_timers_does_not_starve_sockets)
{
    struct trace t;
    uv_poll_t poll;
    int ends[2];
    const char *socket_seen;

    setup(&t);
    t.left = 20;
    if (!check(pipe(ends) == 0))
        return;
    check(write(ends[1], "x", 1) == 1);
    uv_poll_init(loop_uv(t.loop), &poll, ends[0]);
    poll.data = &t;
    uv_poll_start(&poll, UV_READABLE, readable);
    loop_after(t.loop, 0, again, &t);
    loop_run(t.loop);

    socket_seen = strchr(t.text, 'P');
    check(socket_seen && socket_seen - t.text <= 3);
    check_int(t.left, 0);
    close(ends[0]);
    close(ends[1]);
    loop_free(t.loop);
}

static void stop(void *arg)
{
    struct trace *t = arg;

    note(t, 's');
    loop_stop(t->loop);
}

TEST(loop_stop_ends_the_run_with_timers_left)
{
    struct trace t;

    setup(&t);
    loop_after(t.loop, 0, stop, &t);
    loop_after(t.loop, 3600000, note_a, &t);
    loop_run(t.loop);
    check_str(t.text, "s");
    loop_stop(t.loop); /* before the run: it returns at once */
    loop_run(t.loop);
    check_str(t.text, "s");
    loop_free(t.loop);
}

TEST(loop_turn_says_whether_anything_is_left)
{
    struct trace t;

    setup(&t);
    check(!loop_turn(t.loop, true));
    loop_after(t.loop, 3600000, note_a, &t);
    check(loop_turn(t.loop, false));
    loop_after(t.loop, UINT64_MAX, note_b, &t); /* no overflow */
    check(loop_turn(t.loop, false));
    check_str(t.text, "");
    loop_free(t.loop);
}

/* An hour's timer keeps the loop alive; the turn that ran the short one must
 * come back without sleeping that hour. */
TEST(loop_turn_does_not_sleep_after_a_timer_ran)
{
    struct trace t;

    setup(&t);
    loop_after(t.loop, 3600000, note_b, &t);
    for (unsigned delay = 0; delay < 5; delay++) {
        memset(t.text, 0, sizeof t.text);
        loop_after(t.loop, delay, note_a, &t);
        while (t.text[0] == '\0')
            loop_turn(t.loop, true);
        check_str(t.text, "a");
    }
    loop_free(t.loop);
}

static void on_signal(int signum, void *arg)
{
    struct trace *t = arg;

    note(t, signum == SIGUSR1 ? '1' : '2');
    loop_stop(t->loop);
}

TEST(loop_delivers_signals_and_they_do_not_keep_it_running)
{
    struct trace t;
    struct err err = {0};

    setup(&t);
    check_ok(loop_on_signal(t.loop, SIGUSR1, on_signal, &t, &err), &err);
    loop_run(t.loop); /* returns: nothing else to wait for */
    check_str(t.text, "");

    loop_after(t.loop, 10000, note_a, &t); /* the deadline of this test */
    kill(getpid(), SIGUSR1);
    loop_run(t.loop);
    check_str(t.text, "1");
    loop_free(t.loop);
}

TEST(loop_refuses_a_signal_that_cannot_be_caught)
{
    struct trace t;
    struct err err = {0};

    setup(&t);
    check_int(loop_on_signal(t.loop, SIGKILL, on_signal, &t, &err), -ERR_IO);
    check_has(err.msg, "cannot watch signal 9");
    loop_free(t.loop);
}

TEST_ALLOC(loop_survives_out_of_memory)
{
    struct err err = {0};
    struct trace t = {0};
    struct loop *l = loop_new(&err);
    int rc = l ? 0 : -(int)err.code;

    for (unsigned i = 0; i < 20 && rc == 0; i++)
        rc = loop_after(l, 0, note_a, &t) ? 0 : -ERR_NOMEM;
    if (rc == 0)
        rc = loop_on_signal(l, SIGUSR2, on_signal, &t, &err);
    if (rc == 0)
        loop_run(l);
    check_int(strlen(t.text), rc == 0 ? 20 : 0);
    loop_free(l);
    return rc;
}
