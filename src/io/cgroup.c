/*
 * cgroup.c -- see cgroup.h for the contract.
 *
 * A limit may stand at any group on the way up, so all of them are looked at.
 * In a container whose groups have a namespace of their own, the way is "/". Of
 * version 1, "no limit" is a number near 2^63.
 */
#include "io/cgroup.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "io/file.h"

#define MAX_BYTES ((size_t)64 << 10)
#define NO_LIMIT (INT64_C(1) << 60)
#define MAX_PATH 4096

/* Where a version keeps its numbers. */
struct layout {
    const char *line;  /* how its line in /proc/self/cgroup begins, behind the
                        * number: ":memory:" */
    const char *mount; /* below the root */
    const char *limit, *used, *inactive;
};

static const struct layout layouts[] = {
    {"::", "/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file "},
    {":memory:", "/sys/fs/cgroup/memory", "memory.limit_in_bytes",
     "memory.usage_in_bytes", "total_inactive_file "},
};

static bool read_text(const char *path, struct str *out)
{
    struct err ignored = {0};

    str_clear(out);
    return file_read(path, MAX_BYTES, out, &ignored) == 0;
}

static bool read_number(const char *group, const char *name, int64_t *ret)
{
    char path[MAX_PATH];
    struct str text = {0};
    bool ok;

    snprintf(path, sizeof path, "%s/%s", group, name);
    ok = read_text(path, &text) &&
         text_to_int64(str_text(&text), strcspn(str_text(&text), "\n"), ret);
    str_release(&text);
    return ok;
}

/* A line "name number" of memory.stat; 0 when there is none. */
static int64_t read_stat(const char *group, const char *name)
{
    char path[MAX_PATH + sizeof "/memory.stat"];
    struct str text = {0};
    const char *at;
    int64_t n = 0;

    snprintf(path, sizeof path, "%s/memory.stat", group);
    at = read_text(path, &text) ? str_text(&text) : "";
    while (*at && strncmp(at, name, strlen(name)) != 0) {
        at += strcspn(at, "\n");
        at += *at == '\n';
    }
    if (*at) {
        at += strlen(name);
        text_to_int64(at, strcspn(at, "\n"), &n);
    }
    str_release(&text);
    return n;
}

/* The process's group in /proc/self/cgroup, "" for the root of them. */
static bool find_group(const char *text, const struct layout *l, char *ret)
{
    for (const char *at = text; *at;) {
        size_t len = strcspn(at, "\n");
        const char *colon = memchr(at, ':', len);
        size_t head = strlen(l->line);

        if (colon && strncmp(colon, l->line, head) == 0) {
            const char *path = colon + head;

            len = (size_t)(at + len - path);
            if (len == 1 || len >= MAX_PATH / 2)
                len = 0;
            memcpy(ret, path, len);
            ret[len] = '\0';
            return true;
        }
        at += len + (at[len] == '\n');
    }
    return false;
}

static void tighten(const char *group, const struct layout *l,
                    struct cgroup_memory *ret)
{
    int64_t limit, used;

    if (!read_number(group, l->limit, &limit) || limit <= 0 ||
        limit >= NO_LIMIT || (ret->limit && (uint64_t)limit >= ret->limit) ||
        !read_number(group, l->used, &used))
        return;
    used -= read_stat(group, l->inactive);
    ret->limit = (uint64_t)limit;
    ret->used = used > 0 ? (uint64_t)used : 0;
}

static void look_at(const char *root, const char *groups,
                    const struct layout *l, struct cgroup_memory *ret)
{
    char name[MAX_PATH / 2], path[MAX_PATH];

    if (!find_group(groups, l, name))
        return;
    for (;;) {
        char *slash = strrchr(name, '/');

        snprintf(path, sizeof path, "%s%s%s", root, l->mount, name);
        tighten(path, l, ret);
        if (!slash)
            return;
        *slash = '\0';
    }
}

bool cgroup_memory(const char *root, struct cgroup_memory *ret)
{
    char path[MAX_PATH];
    struct str groups = {0};

    *ret = (struct cgroup_memory){0};
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    if (read_text(path, &groups))
        for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
            look_at(root, str_text(&groups), &layouts[i], ret);
    str_release(&groups);
    return ret->limit > 0;
}

uint64_t cgroup_resident(void)
{
    struct str text = {0};
    int64_t pages = 0;
    const char *at;

    /* "size resident ..." in pages */
    at = read_text("/proc/self/statm", &text) ? strchr(str_text(&text), ' ')
                                              : NULL;
    if (at)
        text_to_int64(at + 1, strcspn(at + 1, " "), &pages);
    str_release(&text);
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}
