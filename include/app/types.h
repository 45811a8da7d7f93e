/*
 * types.h -- `check --types`: what an editor has to know of an operator.
 *
 * Writes LuaCATS types of the operator's own kind, of the kinds that it owns
 * and reads, and of the library, into a folder, and a .luarc.json beside
 * operator.lua that names the folder.
 */
#ifndef TIDELOCK_APP_TYPES_H
#define TIDELOCK_APP_TYPES_H

#include <stddef.h>

#include "base/err.h"

struct types_options {
    const char *operator_path;
    const char *const *files; /* -f: more definitions */
    size_t file_count;
    const char *folder; /* NULL: types/ of the operator's folder */
    void (*print)(void *arg, const char *text, size_t len);
    void *print_arg;
};

/* Files that are there already are replaced, but not .luarc.json: that may be
 * the author's. */
int types_write(const struct types_options *options, struct err *err);

#endif
