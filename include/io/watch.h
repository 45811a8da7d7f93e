/*
 * watch.h -- tells that files may have changed: a hint that comes soon, from
 *            the kernel, and may be missing.
 *
 * A folder is watched and not its files, so that whatever replaces them is
 * seen: an editor's rename, and the link `..data` by which a kubelet swaps the
 * whole of a mounted ConfigMap. Where the kernel does not watch (no inotify,
 * its limit reached, a file system of another machine) nothing comes: whoever
 * relies on files looks at them now and then as well.
 */
#ifndef TIDELOCK_IO_WATCH_H
#define TIDELOCK_IO_WATCH_H

#include "base/err.h"
#include "io/loop.h"

#define WATCH_MAX_FOLDERS 256

struct watch;

/* `fn` is called in a turn, once or more for each change. NULL: no memory. */
struct watch *watch_new(struct loop *loop, loop_fn fn, void *arg);
void watch_free(struct watch *w); /* NULL is fine */
/* A folder, those below it, and for a file the one that it lies in. One that is
 * watched already is not watched twice. -ERR_IO, -ERR_LIMIT, -ERR_NOMEM: it, or
 * one below it, is not watched. */
int watch_add(struct watch *w, const char *path, struct err *err);
/* Forget all of them. */
void watch_clear(struct watch *w);

#endif
