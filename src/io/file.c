/*
 * file.c -- see file.h for the contract.
 */
#include "io/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define CHUNK 16384

static int no_access(const char *path, struct err *err)
{
    return err_set(err, ERR_IO, "cannot read '%s': %s", path, strerror(errno));
}

static int read_all(int fd, const char *path, size_t max, struct str *out,
                    struct err *err)
{
    char chunk[CHUNK];
    size_t total = 0;

    for (;;) {
        ssize_t n = read(fd, chunk, sizeof(chunk));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return no_access(path, err);
        if (n == 0)
            return 0;
        total += (size_t)n;
        if (max && total > max)
            return err_set(err, ERR_LIMIT, "'%s' is larger than %zu bytes",
                           path, max);
        if (str_addn(out, chunk, (size_t)n) < 0)
            return str_check(out, path, err);
    }
}

int file_read(const char *path, size_t max, struct str *out, struct err *err)
{
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    int rc;

    if (fd < 0)
        return no_access(path, err);
    rc = read_all(fd, standard ? "standard input" : path, max, out, err);
    if (!standard)
        close(fd);
    return rc;
}

bool file_exists(const char *path)
{
    struct stat st;

    return path && stat(path, &st) == 0;
}

bool file_is_folder(const char *path)
{
    struct stat st;

    return path && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

long long file_mtime_ns(const char *path)
{
    struct stat st;

    if (!path || stat(path, &st) < 0)
        return 0;
    return (long long)st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec;
}

/* ---- folders ---- */

struct listing {
    struct arena *a;
    const char **names;
    size_t count, cap;
};

static int add_name(struct listing *l, const char *name)
{
    if (l->count + 1 >= l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 16;
        const char **names = arena_alloc(l->a, cap * sizeof(*names));

        if (!names)
            return -ERR_NOMEM;
        if (l->count)
            memcpy(names, l->names, l->count * sizeof(*names));
        l->names = names;
        l->cap = cap;
    }
    l->names[l->count] = arena_strdup(l->a, name);
    return l->names[l->count++] ? 0 : -ERR_NOMEM;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int file_list(struct arena *a, const char *folder, const char *suffix,
              const char ***ret_names, struct err *err)
{
    struct listing l = {.a = a};
    struct dirent *entry;
    DIR *dir = opendir(folder);
    int rc = 0;

    if (!dir)
        return no_access(folder, err);
    while (rc == 0 && (entry = readdir(dir)))
        if (entry->d_name[0] != '.' &&
            (!suffix || text_ends(entry->d_name, suffix)))
            rc = add_name(&l, entry->d_name);
    closedir(dir);
    if (rc == 0 && !l.names) {
        l.names = arena_alloc(a, sizeof(*l.names));
        rc = l.names ? 0 : -ERR_NOMEM;
    }
    if (rc < 0)
        return err_nomem(err);
    qsort(l.names, l.count, sizeof(*l.names), compare_names);
    l.names[l.count] = NULL;
    *ret_names = l.names;
    return 0;
}

/* ---- paths ---- */

const char *file_join(struct arena *a, const char *folder, const char *name)
{
    if (name[0] == '/')
        return arena_strdup(a, name);
    return arena_printf(a, "%s%s%s", folder, text_ends(folder, "/") ? "" : "/",
                        name);
}

const char *file_folder(struct arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return arena_strdup(a, ".");
    return slash == path ? arena_strdup(a, "/")
                         : arena_strndup(a, path, (size_t)(slash - path));
}
