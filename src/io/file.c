/*
 * file.c -- see file.h for the contract.
 */
#include "io/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
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

/* ---- writing ---- */

static int no_write(const char *path, int code, struct err *err)
{
    return err_set(err, ERR_IO, "cannot write '%s': %s", path, strerror(code));
}

static int write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

int file_write(const char *path, const char *data, size_t len, unsigned mode,
               struct err *err)
{
    struct str beside = {0};
    int fd, failed = 0;
    int rc = str_addf(&beside, "%s.%d", path, (int)getpid());

    if (rc < 0)
        return err_nomem(err);
    unlink(beside.data);
    fd = open(beside.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
              (mode_t)mode);
    if (fd < 0)
        failed = errno;
    else {
        failed = write_all(fd, data, len);
        if (close(fd) < 0 && !failed)
            failed = errno;
        if (!failed && rename(beside.data, path) < 0)
            failed = errno;
        if (failed)
            unlink(beside.data);
    }
    str_release(&beside);
    return failed ? no_write(path, failed, err) : 0;
}

int file_make_folder(const char *path, struct err *err)
{
    struct str part = {0};

    for (const char *end = path; *end;) {
        end += strspn(end, "/");
        end += strcspn(end, "/");
        str_clear(&part);
        if (str_addn(&part, path, (size_t)(end - path)) < 0) {
            str_release(&part);
            return err_nomem(err);
        }
        if (mkdir(part.data, 0777) < 0 && errno != EEXIST) {
            no_write(part.data, errno, err);
            str_release(&part);
            return -ERR_IO;
        }
    }
    str_release(&part);
    if (file_is_folder(path))
        return 0;
    return err_set(err, ERR_IO, "'%s' is not a folder", path);
}

/* ---- looking ---- */

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

bool file_is_within(const char *path, const char *folder)
{
    char real[PATH_MAX], above[PATH_MAX];
    size_t len;

    if (!realpath(path, real) || !realpath(folder, above))
        return false;
    len = strlen(above);
    return strncmp(real, above, len) == 0 &&
           (real[len] == '/' || above[len - 1] == '/');
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

const char *file_beside_us(struct arena *a, const char *name, const char *other)
{
    char us[4096];
    ssize_t len = readlink("/proc/self/exe", us, sizeof(us) - 1);
    const char *folder, *path;

    if (len <= 0)
        return NULL;
    us[len] = '\0';
    folder = file_folder(a, us);
    path = folder ? file_join(a, folder, name) : NULL;
    if (file_exists(path))
        return path;
    path = folder ? arena_printf(a, "%s/%s/%s", folder, other, name) : NULL;
    return file_exists(path) ? path : NULL;
}
