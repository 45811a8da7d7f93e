/*
 * runtime_limit.c -- near its memory limit a run ends by itself and says why,
 *                    before the kernel kills it and says nothing.
 *
 * The limit is --memory-limit, or that of the container (cgroup.h). What is
 * free is given back first. A kill would look like a crash, come at any moment
 * and name nothing; the reason here names the kinds that are large, since it is
 * nearly always a kind that should be watched in part.
 */
#include "app/controller.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/cgroup.h"
#include "runtime_impl.h"

#define NEAR_PERCENT 90u
#define OFTEN_MS 100u  /* above half of the limit, and at the start */
#define SELDOM_MS 500u /* a list may bring 20 MB meanwhile */
#define LARGEST 3
#define HEAD_BYTES 300u /* of a snapshot beside its text, about */

struct size {
    const struct store *store;
    uint64_t bytes;
};

/* The largest stores, largest first. */
struct sizes {
    struct size items[LARGEST];
};

static void add_store(void *arg, struct store *store)
{
    struct sizes *s = arg;
    struct size now = {store, 0};
    struct snapshot *const *items;
    size_t count = store_list(store, "", &items);

    for (size_t i = 0; i < count; i++)
        now.bytes += HEAD_BYTES + (items[i]->packed_len ? items[i]->packed_len
                                                        : items[i]->text_len);
    for (size_t i = 0; i < LARGEST; i++) {
        struct size *at = &s->items[i];

        if (at->store == store)
            return;
        if (!at->store || at->bytes < now.bytes) {
            struct size swap = *at;

            *at = now;
            now = swap;
        }
    }
}

static void add_kinds(struct runtime *rt, struct str *out)
{
    struct sizes sizes = {0};

    for (size_t i = 0; i < rt->unit_count; i++)
        if (rt->units[i].controller)
            controller_each_store(rt->units[i].controller, add_store, &sizes);
    for (size_t i = 0; i < LARGEST && sizes.items[i].store; i++)
        str_addf(out, "%s%zu %s: %llu MiB",
                 i ? ", " : "; largest: ", store_count(sizes.items[i].store),
                 store_gvk(sizes.items[i].store)->kind,
                 (unsigned long long)(sizes.items[i].bytes >> 20));
}

static void refuse(struct runtime *rt, uint64_t used, uint64_t limit)
{
    struct str kinds = {0};
    struct err err = {0};

    add_kinds(rt, &kinds);
    err_set(&err, ERR_LIMIT,
            "%llu of %llu MiB of memory are used, the limit is near%s",
            (unsigned long long)(used >> 20), (unsigned long long)(limit >> 20),
            str_text(&kinds));
    err_hint(&err, "raise the memory limit of the container, or look at less: "
                   "--namespace, 'labels' or 'bodies = false' in reads");
    str_release(&kinds);
    runtime_fail(rt, &err);
}

static uint64_t used_now(const struct runtime *rt, uint64_t *ret_limit)
{
    struct cgroup_memory group;

    *ret_limit = rt->options->memory_limit;
    if (*ret_limit)
        return cgroup_resident();
    if (!cgroup_memory("", &group))
        return 0;
    *ret_limit = group.limit;
    return group.used;
}

static void look(void *arg)
{
    struct runtime *rt = arg;
    uint64_t limit, used = used_now(rt, &limit);

    rt->limit_timer = 0;
    if (!limit)
        return;
    telemetry_limit(rt->telemetry, limit);
    if (used >= limit / 100 * NEAR_PERCENT) {
        mem_trim();
        used = used_now(rt, &limit);
    }
    if (used >= limit / 100 * NEAR_PERCENT) {
        refuse(rt, used, limit);
        return;
    }
    rt->limit_timer =
        loop_after(rt->loop, used > limit / 2 ? OFTEN_MS : SELDOM_MS, look, rt);
}

void runtime_mind_limit(struct runtime *rt)
{
    if (!runtime_ends(rt))
        rt->limit_timer = loop_after(rt->loop, OFTEN_MS, look, rt);
}
