/* What `tidelock sim --data` keeps: over restarts, and against odd files. */
#include "app/sim_data.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

static char path[64];

static void fresh(void)
{
    char extra[80];

    snprintf(path, sizeof(path), "/tmp/tidelock-unit-%d.db", (int)getpid());
    unlink(path);
    snprintf(extra, sizeof(extra), "%s-wal", path);
    unlink(extra);
}

static struct sim_change change(const char *name, uint64_t revision,
                                const char *json)
{
    return (struct sim_change){.revision = revision,
                               .bucket = "apps/deployments",
                               .key = {"default", name},
                               .json = json,
                               .len = json ? strlen(json) : 0};
}

static int collect(void *arg, const struct sim_change *c, struct err *err)
{
    char *out = arg;
    size_t len = strlen(out);

    (void)err;
    if (c->bucket)
        snprintf(out + len, 512 - len, "%s %s/%s %llu %.*s\n", c->bucket,
                 c->key.ns, c->key.name, (unsigned long long)c->revision,
                 (int)c->len, c->json);
    else
        snprintf(out + len, 512 - len, "%llu\n",
                 (unsigned long long)c->revision);
    return 0;
}

static void check_rows(const char *want)
{
    struct sim_data *d;
    struct err err = {0};
    char rows[512] = "";

    if (!check_ok(sim_data_open(path, &d, &err), &err))
        return;
    check_ok(sim_data_each(d, collect, rows, &err), &err);
    check_str(rows, want);
    sim_data_close(d);
}

static struct sim_data *opened(void)
{
    struct sim_data *d = NULL;
    struct err err = {0};

    check_ok(sim_data_open(path, &d, &err), &err);
    return d;
}

static void keep(struct sim_data *d, struct sim_change c)
{
    sim_data_keep(d, &c);
}

TEST(sim_data_keeps_what_was_committed)
{
    struct sim_data *d;
    struct err err = {0};
    struct stat st;

    fresh();
    d = opened();
    if (!d)
        return;
    check(!sim_data_dirty(d));
    keep(d, change("a", 11, "{\"a\":1}"));
    keep(d, change("b", 12, "{\"b\":1}"));
    check(sim_data_dirty(d));
    check_ok(sim_data_commit(d, &err), &err);
    check(!sim_data_dirty(d));
    keep(d, change("a", 13, "{\"a\":2}"));
    keep(d, change("b", 14, NULL));
    check_ok(sim_data_commit(d, &err), &err);
    keep(d, change("c", 15, "{}")); /* not committed */
    sim_data_close(d);
    check_rows("apps/deployments default/a 13 {\"a\":2}\n14\n");
    check_int(stat(path, &st), 0);
    check_int(st.st_mode & 0777, 0600);
    unlink(path);
}

TEST(sim_data_survives_the_end_of_the_process)
{
    pid_t child;
    int status;

    fresh();
    child = fork();
    if (child == 0) {
        struct sim_data *d;

        if (sim_data_open(path, &d, NULL) < 0)
            _exit(1);
        keep(d, change("a", 11, "{}"));
        if (sim_data_commit(d, NULL) < 0)
            _exit(1);
        keep(d, change("b", 12, "{}"));
        kill(getpid(), SIGKILL);
    }
    check(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    check_rows("apps/deployments default/a 11 {}\n11\n");
    fresh();
}

TEST(sim_data_keeps_texts)
{
    struct sim_data *d;
    struct arena a = {0};
    struct err err = {0};
    const char *text = "?";

    fresh();
    d = opened();
    if (!d)
        return;
    check_ok(sim_data_get_text(d, &a, "x", &text, &err), &err);
    check(text == NULL);
    check_ok(sim_data_set_text(d, "x", "one", &err), &err);
    check_ok(sim_data_set_text(d, "x", "two", &err), &err);
    sim_data_close(d);
    d = opened();
    check_ok(sim_data_get_text(d, &a, "x", &text, &err), &err);
    check_str(text, "two");
    sim_data_close(d);
    arena_release(&a);
    fresh();
}

TEST(sim_data_is_for_one_process)
{
    struct sim_data *d, *other = NULL;
    struct err err = {0};

    fresh();
    d = opened();
    if (!d)
        return;
    check_int(sim_data_open(path, &other, &err), -ERR_CONFIG);
    check_has(err.msg, "is in use by another process");
    check(*err.hint);
    sim_data_close(d);
    d = opened();
    sim_data_close(d);
    fresh();
}

static void write_file(const char *text, size_t len)
{
    FILE *f = fopen(path, "w");

    fwrite(text, 1, len, f);
    fclose(f);
}

static void check_refused(const char *why)
{
    struct sim_data *d;
    struct err err = {0};

    check_int(sim_data_open(path, &d, &err), -ERR_CONFIG);
    check_has(err.msg, why);
}

static void run_sql(const char *sql)
{
    char command[256];

    snprintf(command, sizeof(command),
             "python3 -c \"import sqlite3; c = sqlite3.connect('%s'); "
             "c.execute('%s'); c.commit()\"",
             path, sql);
    check_int(system(command), 0);
}

TEST(sim_data_refuses_files_of_others)
{
    static char text[5000];

    fresh();
    memset(text, 'x', sizeof(text));
    write_file(text, sizeof(text));
    check_refused("is not a file of tidelock sim");
    fresh();
    run_sql("CREATE TABLE t (x)");
    check_refused("is not a file of tidelock sim");
    fresh();
    sim_data_close(opened());
    run_sql("PRAGMA user_version = 99");
    check_refused("was written by a newer tidelock (version 99");
    fresh();
    snprintf(path, sizeof(path), "/nonexistent/x.db");
    check_refused("cannot open '/nonexistent/x.db': No such file");
}

TEST(sim_data_says_that_a_file_is_damaged)
{
    struct sim_data *d;
    struct err err = {0};
    FILE *f;
    char name[32];

    fresh();
    d = opened();
    if (!d)
        return;
    for (unsigned i = 0; i < 2000; i++) {
        snprintf(name, sizeof(name), "n%u", i);
        keep(d, change(name, i + 1, "{\"spec\":\"0123456789\"}"));
    }
    check_ok(sim_data_commit(d, &err), &err);
    sim_data_close(d);
    f = fopen(path, "r+");
    fseek(f, 3 * 4096, SEEK_SET);
    for (int i = 0; i < 4096 * 3; i++)
        fputc(0xa5, f);
    fclose(f);
    check_refused("is damaged");
    fresh();
}

TEST_ALLOC(sim_data_survives_out_of_memory)
{
    struct sim_data *d;
    struct arena a = {0};
    const char *text;
    int rc;

    fresh();
    rc = sim_data_open(path, &d, NULL);
    if (rc == 0) {
        keep(d, change("a", 11, "{}"));
        rc = sim_data_set_text(d, "x", "y", NULL);
        if (rc == 0)
            rc = sim_data_get_text(d, &a, "x", &text, NULL);
        if (rc == 0)
            check_str(text, "y");
        sim_data_close(d);
    }
    arena_release(&a);
    fresh();
    return rc;
}
