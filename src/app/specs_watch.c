/*
 * specs_watch.c -- `tidelock test --watch`: wait until a file was changed.
 *
 * A look at the times of all files a few times a second: an operator has some
 * dozens, editors replace files instead of writing them, and no file system
 * that an operator may lie on is left out.
 */
#include <signal.h>
#include <string.h>

#include "io/file.h"
#include "specs_impl.h"

#define LOOK_MS 200u
#define MAX_DEPTH 8

struct waiting {
    struct loop *loop;
    const char *const *paths;
    size_t count;
    uint64_t before;
    bool changed;
    bool ended; /* by a signal */
    struct err err;
};

static uint64_t mix(uint64_t sum, const void *data, size_t len)
{
    const unsigned char *bytes = data;

    for (size_t i = 0; i < len; i++)
        sum = (sum ^ bytes[i]) * 0x100000001b3u; /* FNV-1a */
    return sum;
}

/* Names and times of all that lies at `path`. */
static uint64_t look_at(struct arena *a, const char *path, unsigned depth,
                        uint64_t sum)
{
    long long time = file_mtime_ns(path);
    const char **names;

    sum = mix(sum, path, strlen(path));
    sum = mix(sum, &time, sizeof(time));
    if (depth == 0 || !file_is_folder(path) ||
        file_list(a, path, NULL, &names, NULL) < 0)
        return sum;
    for (; *names; names++) {
        const char *below = file_join(a, path, *names);

        if (below)
            sum = look_at(a, below, depth - 1, sum);
    }
    return sum;
}

/* Of an operator that is one file, what lies beside it counts too. */
static uint64_t look(const struct waiting *w)
{
    struct arena a = {0};
    uint64_t sum = 0xcbf29ce484222325u;

    for (size_t i = 0; i < w->count; i++) {
        const char *folder = file_is_folder(w->paths[i])
                                 ? w->paths[i]
                                 : file_folder(&a, w->paths[i]);

        sum = look_at(&a, folder ? folder : w->paths[i], MAX_DEPTH, sum);
    }
    arena_release(&a);
    return sum;
}

static void on_time(void *arg)
{
    struct waiting *w = arg;

    w->changed = look(w) != w->before;
    if (w->changed || w->ended)
        loop_stop(w->loop);
    else if (!loop_after(w->loop, LOOK_MS, on_time, w)) {
        err_nomem(&w->err);
        loop_stop(w->loop);
    }
}

static void on_signal(int signum, void *arg)
{
    struct waiting *w = arg;

    (void)signum;
    w->ended = true;
    loop_stop(w->loop);
}

uint64_t specs_look(const struct specs_options *o)
{
    const struct waiting w = {.paths = o->operators,
                              .count = o->operator_count};

    return look(&w);
}

int specs_wait(const struct specs_options *o, uint64_t before,
               bool *ret_changed, struct err *err)
{
    struct waiting w = {.loop = loop_new(err),
                        .paths = o->operators,
                        .count = o->operator_count,
                        .before = before};
    int rc;

    if (!w.loop)
        return -(int)err->code;
    rc = loop_on_signal(w.loop, SIGINT, on_signal, &w, err);
    if (rc == 0)
        rc = loop_on_signal(w.loop, SIGTERM, on_signal, &w, err);
    if (rc == 0 && !loop_after(w.loop, 0, on_time, &w))
        rc = err_nomem(err);
    if (rc == 0)
        loop_run(w.loop);
    loop_free(w.loop);
    if (rc == 0 && w.err.code != ERR_NONE) {
        *err = w.err;
        rc = -(int)err->code;
    }
    *ret_changed = w.changed;
    return rc;
}
