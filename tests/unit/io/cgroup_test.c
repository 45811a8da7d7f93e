/*
 * The memory limit of the container, from a made-up /proc and /sys.
 */
#include "io/cgroup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/file.h"
#include "test.h"

struct root {
    char path[64];
    struct cgroup_memory memory;
    struct err err;
};

static void root_init(struct root *r)
{
    *r = (struct root){0};
    strcpy(r->path, "/tmp/tidelock-cgroup-XXXXXX");
    check(mkdtemp(r->path) != NULL);
}

static void root_release(struct root *r)
{
    char command[96];

    snprintf(command, sizeof command, "rm -rf %s", r->path);
    check_int(system(command), 0);
}

static void put(struct root *r, const char *name, const char *text)
{
    struct arena a = {0};
    const char *path = arena_printf(&a, "%s%s", r->path, name);

    check_ok(file_make_folder(file_folder(&a, path), &r->err), &r->err);
    check_ok(file_write(path, text, strlen(text), 0600, &r->err), &r->err);
    arena_release(&a);
}

TEST(cgroup_2_of_a_container_is_its_root)
{
    struct root r;

    root_init(&r);
    put(&r, "/proc/self/cgroup", "0::/\n");
    put(&r, "/sys/fs/cgroup/memory.max", "268435456\n");
    put(&r, "/sys/fs/cgroup/memory.current", "200000000\n");
    put(&r, "/sys/fs/cgroup/memory.stat",
        "anon 150000000\ninactive_file 50000000\nactive_file 1\n");
    check(cgroup_memory(r.path, &r.memory));
    check_int(r.memory.limit, 268435456);
    check_int(r.memory.used, 150000000);
    root_release(&r);
}

TEST(cgroup_the_tightest_limit_on_the_way_up_counts)
{
    struct root r;

    root_init(&r);
    put(&r, "/proc/self/cgroup", "0::/pod/box\n");
    put(&r, "/sys/fs/cgroup/pod/box/memory.max", "max\n");
    put(&r, "/sys/fs/cgroup/pod/box/memory.current", "10\n");
    put(&r, "/sys/fs/cgroup/pod/memory.max", "1000\n");
    put(&r, "/sys/fs/cgroup/pod/memory.current", "600\n");
    put(&r, "/sys/fs/cgroup/memory.max", "5000\n");
    put(&r, "/sys/fs/cgroup/memory.current", "4000\n");
    check(cgroup_memory(r.path, &r.memory));
    check_int(r.memory.limit, 1000);
    check_int(r.memory.used, 600);
    root_release(&r);
}

TEST(cgroup_1_has_a_hierarchy_for_memory)
{
    struct root r;

    root_init(&r);
    put(&r, "/proc/self/cgroup", "9:cpu,cpuacct:/x\n4:memory:/docker/abc\n");
    put(&r, "/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "4096\n");
    put(&r, "/sys/fs/cgroup/memory/docker/abc/memory.usage_in_bytes", "99\n");
    put(&r, "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "9223372036854771712\n");
    put(&r, "/sys/fs/cgroup/memory/memory.usage_in_bytes", "99\n");
    check(cgroup_memory(r.path, &r.memory));
    check_int(r.memory.limit, 4096);
    check_int(r.memory.used, 99);
    root_release(&r);
}

TEST(cgroup_without_a_limit_there_is_none)
{
    struct root r;

    root_init(&r);
    check(!cgroup_memory(r.path, &r.memory));
    put(&r, "/proc/self/cgroup", "0::/\nnonsense\n");
    check(!cgroup_memory(r.path, &r.memory));
    put(&r, "/sys/fs/cgroup/memory.max", "max\n");
    put(&r, "/sys/fs/cgroup/memory.current", "1\n");
    check(!cgroup_memory(r.path, &r.memory));
    put(&r, "/sys/fs/cgroup/memory.max", "");
    check(!cgroup_memory(r.path, &r.memory));
    root_release(&r);
}

TEST(cgroup_this_process_is_somewhere_in_ram)
{
    check(cgroup_resident() > 100000);
}
