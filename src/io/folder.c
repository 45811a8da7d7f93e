/*
 * folder.c -- see io/folder.h for the contract.
 */
#include "io/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "io/file.h"

#define MAX_DEPTH 32

/* ---- what is in it ---- */

struct walk {
    struct arena *a;
    const char **paths;
    size_t count, max;
};

static int no_access(const char *path, struct err *err)
{
    return err_set(err, ERR_IO, "cannot read '%s': %s", path, strerror(errno));
}

static int add_path(struct walk *w, const char *folder, const char *path,
                    struct err *err)
{
    if (w->count == w->max)
        return err_set(err, ERR_LIMIT, "'%s' holds more than %zu files", folder,
                       w->max);
    w->paths[w->count++] = path;
    return 0;
}

static int walk_folder(struct walk *w, const char *folder, const char *prefix,
                       unsigned depth, struct err *err);

static int walk_entry(struct walk *w, const char *folder, const char *prefix,
                      const char *name, unsigned depth, struct err *err)
{
    const char *full = arena_printf(w->a, "%s/%s", folder, name);
    const char *path = arena_printf(w->a, "%s%s", prefix, name);
    struct stat st;

    if (!full || !path)
        return err_nomem(err);
    if (lstat(full, &st) < 0)
        return no_access(full, err);
    if (!S_ISDIR(st.st_mode))
        return add_path(w, folder, path, err);
    if (depth == MAX_DEPTH)
        return err_set(err, ERR_LIMIT, "'%s' is too deep", full);
    path = arena_printf(w->a, "%s/", path);
    return path ? walk_folder(w, full, path, depth + 1, err) : err_nomem(err);
}

static int walk_folder(struct walk *w, const char *folder, const char *prefix,
                       unsigned depth, struct err *err)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    int rc = 0;

    if (!dir)
        return no_access(folder, err);
    while (rc == 0 && (entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            rc = walk_entry(w, folder, prefix, entry->d_name, depth, err);
    closedir(dir);
    return rc;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int folder_files(struct arena *a, const char *folder, size_t max,
                 const char ***ret_paths, struct err *err)
{
    struct walk w = {.a = a, .max = max};
    int rc;

    w.paths = arena_calloc(a, max + 1, sizeof(*w.paths));
    if (!w.paths)
        return err_nomem(err);
    rc = walk_folder(&w, folder, "", 0, err);
    if (rc < 0)
        return rc;
    qsort(w.paths, w.count, sizeof(*w.paths), compare_paths);
    *ret_paths = w.paths;
    return 0;
}

/* ---- making and replacing ---- */

static int no_write(const char *path, int code, struct err *err)
{
    return err_set(err, ERR_IO, "cannot write '%s': %s", path, strerror(code));
}

/* "charts/website/" is "charts/website". */
static char *without_slashes(struct arena *a, const char *path)
{
    char *copy = arena_strdup(a, path);

    for (size_t len = copy ? strlen(copy) : 0; len > 1 && copy[len - 1] == '/';
         len--)
        copy[len - 1] = '\0';
    return copy;
}

int folder_make_beside(struct arena *a, const char *path, const char **ret,
                       struct err *err)
{
    const char *plain = without_slashes(a, path);
    const char *parent = plain ? file_folder(a, plain) : NULL;
    char *made = plain ? arena_printf(a, "%s.XXXXXX", plain) : NULL;
    int rc;

    if (!parent || !made)
        return err_nomem(err);
    rc = file_make_folder(parent, err);
    if (rc < 0)
        return rc;
    if (!mkdtemp(made) || chmod(made, 0755) < 0)
        return no_write(path, errno, err);
    *ret = made;
    return 0;
}

int folder_replace(const char *made, const char *path, struct err *err)
{
    struct stat st;

    if (lstat(path, &st) < 0) {
        if (rename(made, path) < 0)
            return no_write(path, errno, err);
        return 0;
    }
    if (renameat2(AT_FDCWD, made, AT_FDCWD, path, RENAME_EXCHANGE) < 0)
        return no_write(path, errno, err);
    folder_remove(made);
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int flag,
                      struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    remove(path);
    return 0;
}

void folder_remove(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
