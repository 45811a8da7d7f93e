/*
 * versions.c -- see versions.h.
 */
#include "app/versions.h"

#include <sqlite3.h>

static const struct library app_libraries[] = {
    {"SQLite", sqlite3_libversion},
    {0},
};

const struct library *versions_library(size_t i)
{
    const struct library *const lists[] = {script_libraries, io_libraries,
                                           app_libraries, sim_libraries,
                                           kube_libraries, base_libraries};

    for (size_t l = 0; l < sizeof(lists) / sizeof(lists[0]); l++)
        for (const struct library *lib = lists[l]; lib->name; lib++)
            if (i-- == 0)
                return lib;
    return NULL;
}
