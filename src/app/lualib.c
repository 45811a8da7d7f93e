/*
 * lualib.c -- see lualib.h. Libraries in plain Lua work with 5.4 wherever they
 *             lie: Debian has one folder for all versions.
 */
#include "lualib.h"

#include <stdlib.h>

#include "io/file.h"

/* Where Debian, LuaRocks and others put a library in plain Lua. */
static const char *const folders[] = {
    "/usr/share/lua/5.4",       "/usr/share/lua/5.3",
    "/usr/share/lua/5.1",       "/usr/local/share/lua/5.4",
    "/usr/local/share/lua/5.3", "/usr/local/share/lua/5.1",
};
#define FOLDERS (sizeof(folders) / sizeof(folders[0]))

const char *lualib_find(struct arena *a, const char *file, const char *variable)
{
    const char *own = variable ? getenv(variable) : NULL;
    size_t count = own && *own ? 1 : FOLDERS;

    for (size_t i = 0; i < count; i++) {
        const char *folder = own && *own ? own : folders[i];
        const char *path = file_join(a, folder, file);

        if (!path)
            return NULL;
        if (file_exists(path))
            return folder;
    }
    return "";
}
