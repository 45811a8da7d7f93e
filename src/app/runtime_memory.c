/*
 * runtime_memory.c -- what the heap no longer needs goes back to the system.
 *
 * DESIGN
 *
 * A first list, a relist or a thousand roots that converge leave a heap with
 * many holes: the allocator keeps them, and they are counted as ours. So from
 * time to time, when something happened since, whole free pages are given back;
 * the quieter it is, the more seldom somebody looks.
 */
#include "base/mem.h"
#include "runtime_impl.h"

#define OFTEN_MS 3000u
#define SELDOM_MS 60000u
/* Allocations since the last time that make it worth looking. */
#define MUCH 20000u

static void look(void *arg)
{
    struct runtime *rt = arg;
    uint64_t allocs = mem_stats().allocs;

    rt->trim_ms = rt->trim_ms < SELDOM_MS / 2 ? rt->trim_ms * 2 : SELDOM_MS;
    if (allocs - rt->trimmed_at > MUCH) {
        mem_trim();
        rt->trimmed_at = allocs;
        rt->trim_ms = OFTEN_MS;
    }
    rt->trim_timer = loop_after(rt->loop, rt->trim_ms, look, rt);
}

void runtime_stay_small(struct runtime *rt)
{
    rt->trim_ms = OFTEN_MS;
    rt->trim_timer = loop_after(rt->loop, rt->trim_ms, look, rt);
}
