/*
 * Watching folders: a hint that something below them changed.
 */
#include "io/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"
#include "test.h"

struct place {
    struct loop *loop;
    struct watch *watch;
    char folder[64];
    unsigned told;
    bool late;
    struct err err;
};

static void on_change(void *arg)
{
    struct place *p = arg;

    p->told++;
}

static void on_late(void *arg)
{
    struct place *p = arg;

    p->late = true;
}

static void place_init(struct place *p)
{
    *p = (struct place){0};
    strcpy(p->folder, "/tmp/tidelock-watch-XXXXXX");
    check(mkdtemp(p->folder) != NULL);
    p->loop = loop_new(&p->err);
    if (p->loop)
        p->watch = watch_new(p->loop, on_change, p);
}

static void place_release(struct place *p)
{
    char command[96];

    watch_free(p->watch);
    loop_free(p->loop);
    snprintf(command, sizeof command, "rm -rf %s", p->folder);
    check_int(system(command), 0);
}

static const char *path(struct place *p, const char *name)
{
    static char text[128];

    snprintf(text, sizeof text, "%s/%s", p->folder, name);
    return text;
}

static void put(struct place *p, const char *name)
{
    check_ok(file_write(path(p, name), "x", 1, 0600, &p->err), &p->err);
}

/* Was anything told, before a long time is over? */
static bool hears(struct place *p)
{
    loop_timer_id late = loop_after(p->loop, 20000, on_late, p);

    p->told = 0;
    while (!p->told && !p->late)
        loop_turn(p->loop, true);
    loop_cancel(p->loop, late);
    return p->told > 0;
}

TEST(a_file_that_is_replaced_is_told)
{
    struct place p;

    place_init(&p);
    put(&p, "a.lua");
    check_ok(watch_add(p.watch, p.folder, &p.err), &p.err);
    put(&p, "a.lua");
    check(hears(&p));
    place_release(&p);
}

TEST(a_file_is_watched_through_its_folder)
{
    struct place p;

    place_init(&p);
    put(&p, "a.lua");
    check_ok(watch_add(p.watch, path(&p, "a.lua"), &p.err), &p.err);
    check_ok(watch_add(p.watch, p.folder, &p.err), &p.err);
    check(unlink(path(&p, "a.lua")) == 0);
    check(hears(&p));
    place_release(&p);
}

TEST(folders_below_are_watched)
{
    struct place p;

    place_init(&p);
    check(mkdir(path(&p, "lib"), 0700) == 0);
    check_ok(watch_add(p.watch, p.folder, &p.err), &p.err);
    put(&p, "lib/b.lua");
    check(hears(&p));
    place_release(&p);
}

TEST(a_link_that_is_swapped_is_told)
{
    struct place p;

    place_init(&p);
    check(symlink("one", path(&p, "..data")) == 0);
    check_ok(watch_add(p.watch, p.folder, &p.err), &p.err);
    check(symlink("two", path(&p, "..data_tmp")) == 0);
    check(hears(&p));
    place_release(&p);
}

TEST(what_is_not_there_cannot_be_watched)
{
    struct place p;

    place_init(&p);
    check_int(watch_add(p.watch, path(&p, "no/file"), &p.err), -ERR_IO);
    check_has(p.err.msg, "cannot watch");
    place_release(&p);
}

/* Whatever is watched when memory ends, hears no less of the rest. */
TEST_ALLOC(watching_survives_out_of_memory)
{
    struct place p;
    int rc;

    place_init(&p);
    rc = p.loop && p.watch ? 0 : -ERR_NOMEM;
    if (rc == 0) {
        check(mkdir(path(&p, "lib"), 0700) == 0);
        check(mkdir(path(&p, "lib/below"), 0700) == 0);
        rc = watch_add(p.watch, p.folder, &p.err);
    }
    if (rc == 0) {
        watch_clear(p.watch);
        rc = watch_add(p.watch, path(&p, "lib/none"), &p.err);
    }
    place_release(&p);
    return rc;
}
