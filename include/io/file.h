/*
 * file.h -- reading and writing files and folders, bounded and with errors
 *           that name them.
 */
#ifndef TIDELOCK_IO_FILE_H
#define TIDELOCK_IO_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* The whole file; "-" is standard input. -ERR_IO "cannot read 'x': no such
 * file or directory", -ERR_LIMIT when larger than `max`. */
int file_read(const char *path, size_t max, struct str *out, struct err *err);
/* Replace the file by these bytes, whole or not at all: written beside it,
 * then renamed. `mode` is that of the new file (0600: only the owner's).
 * -ERR_IO "cannot write 'x': ...". */
int file_write(const char *path, const char *data, size_t len, unsigned mode,
               struct err *err);
/* The folder, and those it lies in, are there afterwards. -ERR_IO. */
int file_make_folder(const char *path, struct err *err);
bool file_exists(const char *path);
bool file_is_folder(const char *path);
/* Is `path`, links followed, below `folder`? No, when either is not there. */
bool file_is_within(const char *path, const char *folder);
/* Modification time in nanoseconds, 0 when it cannot be read. */
long long file_mtime_ns(const char *path);
/* Names of a folder's entries that end with `suffix` (NULL: all), sorted, no
 * hidden ones; in the arena, NULL-terminated. */
int file_list(struct arena *a, const char *folder, const char *suffix,
              const char ***ret_names, struct err *err);
/* "folder/name", or `name` when it is absolute; NULL on out of memory. */
const char *file_join(struct arena *a, const char *folder, const char *name);
/* The folder part of a path, "." when it has none; NULL on out of memory. */
const char *file_folder(struct arena *a, const char *path);
/* Where the program of that name lies beside this one, or in `other` as seen
 * from there; NULL: nowhere, or out of memory. */
const char *file_beside_us(struct arena *a, const char *name,
                           const char *other);

#endif
