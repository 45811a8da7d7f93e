/*
 * folder.h -- whole folders: listed, replaced and removed with all that is in
 *             them. Links are never followed.
 */
#ifndef TIDELOCK_IO_FOLDER_H
#define TIDELOCK_IO_FOLDER_H

#include "base/arena.h"
#include "base/err.h"

/* Paths, from the folder on, of everything in it that is no folder, hidden or
 * not, sorted; in the arena, NULL-terminated. -ERR_LIMIT when there are more
 * than `max`. */
int folder_files(struct arena *a, const char *folder, size_t max,
                 const char ***ret_paths, struct err *err);
/* A new, empty folder beside `path`, on the same file system; its name is the
 * arena's. -ERR_IO. */
int folder_make_beside(struct arena *a, const char *path, const char **ret,
                       struct err *err);
/* What was made beside `path` becomes `path`, at once; what was there before
 * is removed. -ERR_IO, and `path` is as it was. */
int folder_replace(const char *made, const char *path, struct err *err);
/* With all that is in it; what cannot be removed stays. */
void folder_remove(const char *path);

#endif
