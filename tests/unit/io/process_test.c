/* Programs on the loop: what they print, how they end, and that they end. */
#include "io/process.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

struct run {
    struct loop *loop;
    struct process *process;
    unsigned done;
    int exit_code, signal;
    char out[256], errors[256];
    size_t out_len;
    struct err err;
};

static void copy(char out[256], const char *data, size_t len)
{
    memcpy(out, data, len < 255 ? len : 255); /* the rest is zero */
}

static void on_done(void *arg, const struct process_result *r,
                    const struct err *err)
{
    struct run *run = arg;

    run->done++;
    run->exit_code = r->exit_code;
    run->signal = r->signal;
    run->out_len = r->out_len;
    copy(run->out, r->out, r->out_len);
    copy(run->errors, r->errors, r->errors_len);
    run->err = *err;
}

static bool start(struct run *run, const struct process_spec *spec)
{
    *run = (struct run){.loop = loop_new(NULL)};
    run->process = process_start(run->loop, spec, on_done, run, &run->err);
    return run->process;
}

/* One shell command to its end. */
static void run_shell(struct run *run, const char *command,
                      struct process_spec spec)
{
    const char *const args[] = {"-c", command, NULL};

    spec.program = "/bin/sh";
    spec.args = args;
    if (check(start(run, &spec))) {
        check_int(run->done, 0);
        loop_run(run->loop);
        check_int(run->done, 1);
    }
    loop_free(run->loop);
}

TEST(process_gives_both_outputs_and_the_exit_code)
{
    struct run run;

    run_shell(&run, "echo to out; echo to err >&2; exit 3",
              (struct process_spec){0});
    check_str(run.out, "to out\n");
    check_str(run.errors, "to err\n");
    check_int(run.exit_code, 3);
    check_int(run.signal, 0);
    check_int(run.err.code, ERR_NONE);
}

TEST(process_keeps_bytes_as_they_are)
{
    struct run run;

    run_shell(&run, "printf 'a\\0b'", (struct process_spec){0});
    check_int(run.out_len, 3);
    check(memcmp(run.out, "a\0b", 4) == 0);
}

TEST(process_reads_nothing_from_us)
{
    struct run run;

    run_shell(&run, "cat; echo end", (struct process_spec){0});
    check_str(run.out, "end\n");
}

TEST(process_environment_is_ours_with_changes)
{
    const char *const env[] = {"TIDELOCK_A=new", "TIDELOCK_B=", NULL};
    struct run run;

    setenv("TIDELOCK_A", "old", 1);
    setenv("TIDELOCK_AB", "kept", 1);
    run_shell(&run, "echo $TIDELOCK_A-${TIDELOCK_B-unset}-$TIDELOCK_AB",
              (struct process_spec){.env = env});
    check_str(run.out, "new--kept\n");
    unsetenv("TIDELOCK_A");
    unsetenv("TIDELOCK_AB");
}

TEST(process_names_are_searched_for_in_path)
{
    const char *const args[] = {"found", NULL};
    struct run run;

    if (check(start(&run,
                    &(struct process_spec){.program = "echo", .args = args})))
        loop_run(run.loop);
    check_str(run.out, "found\n");
    loop_free(run.loop);
}

TEST(process_that_does_not_exist_is_not_found)
{
    struct run run;

    check(!start(&run, &(struct process_spec){.program = "/no/such/thing"}));
    check_int(run.err.code, ERR_NOT_FOUND);
    check_str(run.err.msg,
              "cannot run '/no/such/thing': no such file or directory");
    loop_run(run.loop);
    check_int(run.done, 0);
    loop_free(run.loop);
}

TEST(process_that_may_not_run_is_an_error)
{
    struct run run;

    check(!start(&run, &(struct process_spec){.program = "/etc/passwd"}));
    check_int(run.err.code, ERR_IO);
    check_has(run.err.msg, "permission denied");
    loop_free(run.loop);
}

TEST(process_that_prints_too_much_is_ended)
{
    struct run run;

    run_shell(&run, "yes", (struct process_spec){.max_output = 10000});
    check_int(run.err.code, ERR_LIMIT);
    check_int(run.signal, SIGKILL);
    check_int(run.exit_code, -1);
}

TEST(process_errors_are_cut_not_refused)
{
    struct run run;

    run_shell(&run, "yes | head -c 100000 >&2; echo ok",
              (struct process_spec){0});
    check_int(run.err.code, ERR_NONE);
    check_str(run.out, "ok\n");
    check_int(strlen(run.errors), sizeof run.errors - 1);
}

TEST(process_is_ended_at_its_deadline)
{
    struct run run;

    run_shell(&run, "echo partly; sleep 100",
              (struct process_spec){.timeout_ms = 300});
    check_int(run.err.code, ERR_TIMEOUT);
    check_int(run.signal, SIGTERM);
    check_str(run.out, "partly\n");
}

TEST(process_that_ignores_its_deadline_is_killed)
{
    struct run run;

    run_shell(&run, "trap '' TERM; while :; do sleep 0.05; done",
              (struct process_spec){.timeout_ms = 200});
    check_int(run.err.code, ERR_TIMEOUT);
    check_int(run.signal, SIGKILL);
}

TEST(process_is_over_although_a_grandchild_holds_the_pipe)
{
    struct run run;

    run_shell(&run, "sleep 100 & echo $!", (struct process_spec){0});
    check_int(run.err.code, ERR_NONE);
    check_int(run.exit_code, 0);
    check(run.out_len > 1);
    kill((pid_t)strtol(run.out, NULL, 10), SIGKILL);
}

TEST(process_that_was_stopped_reports_nothing)
{
    const char *const args[] = {"100", NULL};
    struct process_spec spec = {.program = "sleep", .args = args};
    struct run run;

    if (check(start(&run, &spec)))
        process_stop(run.process);
    loop_run(run.loop); /* ends: the process is reaped */
    check_int(run.done, 0);
    loop_free(run.loop);

    check(start(&run, &spec));
    process_stop(run.process);
    loop_free(run.loop); /* waits for it, too */
    process_stop(NULL);
}

/* 0 or the negative code of what failed. */
static int run_echo(void)
{
    const char *const args[] = {"x", NULL};
    struct run run;
    int rc;

    run = (struct run){.loop = loop_new(&run.err)};
    if (!run.loop)
        return -ERR_NOMEM;
    run.process =
        process_start(run.loop,
                      &(struct process_spec){
                          .program = "echo", .args = args, .timeout_ms = 10000},
                      on_done, &run, &run.err);
    if (run.process)
        loop_run(run.loop);
    rc = -(int)run.err.code;
    if (rc == 0)
        check_int(run.done, 1);
    if (rc == 0 && run.exit_code == 0)
        check_str(run.out, "x\n");
    loop_free(run.loop);
    return rc;
}

TEST_ALLOC(process_survives_out_of_memory)
{
    return run_echo();
}
