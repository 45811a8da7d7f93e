/*
 * watch.c -- see watch.h for the contract.
 *
 * One libuv handle for each folder. A folder that comes later is not seen until
 * it is added: whoever is told of a change adds what there is then.
 */
#include "io/watch.h"

#include <string.h>
#include <uv.h>

#include "base/mem.h"
#include "io/file.h"

#define MAX_DEPTH 8

struct folder {
    uv_fs_event_t handle; /* first: closing it gives the folder */
    struct watch *watch;
    struct folder *next;
    char *path;
};

struct watch {
    struct loop *loop;
    loop_fn fn;
    void *arg;
    struct folder *folders;
    size_t count;
};

struct watch *watch_new(struct loop *loop, loop_fn fn, void *arg)
{
    struct watch *w = mem_calloc(1, sizeof(*w));

    if (!w)
        return NULL;
    w->loop = loop;
    w->fn = fn;
    w->arg = arg;
    return w;
}

static void on_closed(uv_handle_t *handle)
{
    struct folder *f = (struct folder *)handle;

    mem_free(f->path);
    mem_free(f);
}

void watch_clear(struct watch *w)
{
    while (w->folders) {
        struct folder *f = w->folders;

        w->folders = f->next;
        uv_close((uv_handle_t *)&f->handle, on_closed);
    }
    w->count = 0;
}

void watch_free(struct watch *w)
{
    if (!w)
        return;
    watch_clear(w);
    mem_free(w);
}

static void on_event(uv_fs_event_t *handle, const char *name, int events,
                     int status)
{
    struct folder *f = (struct folder *)handle;

    (void)name;
    (void)events;
    (void)status; /* an error is a reason to look, too */
    f->watch->fn(f->watch->arg);
}

static bool is_watched(const struct watch *w, const char *path)
{
    for (const struct folder *f = w->folders; f; f = f->next)
        if (strcmp(f->path, path) == 0)
            return true;
    return false;
}

/* In the list before it is started: whatever fails then, watch_clear() closes
 * it. */
static int add_folder(struct watch *w, const char *path, struct err *err)
{
    struct folder *f;
    int rc;

    if (is_watched(w, path))
        return 0;
    if (w->count == WATCH_MAX_FOLDERS)
        return err_set(err, ERR_LIMIT, "more than %d folders to watch",
                       WATCH_MAX_FOLDERS);
    f = mem_calloc(1, sizeof(*f));
    if (!f)
        return err_nomem(err);
    f->path = mem_strdup(path);
    if (!f->path) {
        mem_free(f);
        return err_nomem(err);
    }
    f->watch = w;
    uv_fs_event_init(loop_uv(w->loop), &f->handle); /* cannot fail */
    f->next = w->folders;
    w->folders = f;
    w->count++;
    rc = uv_fs_event_start(&f->handle, on_event, path, 0);
    if (rc < 0)
        return err_set(err, ERR_IO, "cannot watch '%s': %s", path,
                       uv_strerror(rc));
    return 0;
}

static int add_below(struct watch *w, struct arena *a, const char *folder,
                     unsigned depth, struct err *err)
{
    const char **names;
    int rc = add_folder(w, folder, err);

    if (rc == 0)
        rc = file_list(a, folder, NULL, &names, err);
    for (; rc == 0 && depth < MAX_DEPTH && *names; names++) {
        const char *path = file_join(a, folder, *names);

        if (!path)
            rc = err_nomem(err);
        else if (file_is_folder(path))
            rc = add_below(w, a, path, depth + 1, err);
    }
    return rc;
}

int watch_add(struct watch *w, const char *path, struct err *err)
{
    struct arena a = {0};
    int rc;

    if (file_is_folder(path)) {
        rc = add_below(w, &a, path, 0, err);
    } else {
        const char *folder = file_folder(&a, path);

        rc = folder ? add_folder(w, folder, err) : err_nomem(err);
    }
    arena_release(&a);
    return rc;
}
