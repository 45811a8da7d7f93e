/*
 * test_folder.c -- whole folders: nothing beside them is touched, no link is
 *                  followed.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"
#include "io/folder.h"
#include "test.h"

static const char *scratch(struct arena *a)
{
    const char *path = NULL;
    struct err err = {0};

    check_ok(folder_make_beside(a, "/tmp/tidelock-folder", &path, &err), &err);
    return path;
}

static const char *put(struct arena *a, const char *folder, const char *name)
{
    const char *path = file_join(a, folder, name);
    struct err err = {0};

    if (path)
        check_ok(file_write(path, name, strlen(name), 0600, &err), &err);
    return path;
}

TEST(folder_files_are_sorted_hidden_ones_too)
{
    struct arena a = {0};
    struct err err = {0};
    const char *top = scratch(&a), **paths;

    check_int(mkdir(file_join(&a, top, "sub"), 0700), 0);
    put(&a, top, "b");
    put(&a, top, ".hidden");
    put(&a, top, "sub/a");
    check_int(symlink("/etc", file_join(&a, top, "link")), 0);
    if (check_ok(folder_files(&a, top, 10, &paths, &err), &err)) {
        check_str(paths[0], ".hidden");
        check_str(paths[1], "b");
        check_str(paths[2], "link");
        check_str(paths[3], "sub/a");
        check(!paths[4]);
    }
    check_int(folder_files(&a, top, 3, &paths, &err), -ERR_LIMIT);
    folder_remove(top);
    check(!file_exists(top));
    check(file_exists("/etc/passwd"));
    arena_release(&a);
}

TEST(folder_replaces_all_of_it)
{
    struct arena a = {0};
    struct err err = {0};
    const char *top = scratch(&a);
    const char *path = file_join(&a, top, "kept/");
    const char *made = NULL;

    for (int i = 0; i < 2; i++) {
        check_ok(folder_make_beside(&a, path, &made, &err), &err);
        put(&a, made, i ? "new" : "old");
        check_ok(folder_replace(made, file_join(&a, top, "kept"), &err), &err);
        check(!file_exists(made));
    }
    check(file_exists(file_join(&a, path, "new")));
    check(!file_exists(file_join(&a, path, "old")));
    folder_remove(top);
    arena_release(&a);
}

TEST_ALLOC(folder_files_survive_out_of_memory)
{
    struct arena a = {0};
    struct err err = {0};
    const char **paths;
    int rc = folder_files(&a, "/etc/ssl", 2000, &paths, &err);

    if (rc == 0)
        check(paths[0]);
    arena_release(&a);
    return rc;
}
