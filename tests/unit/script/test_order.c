/*
 * test_order.c -- pairs and next go in the same order everywhere; equal jobs
 *                 give equal plans.
 */
#include "kit.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "test.h"

static void logs(const char *body, const char *want)
{
    struct kit k;

    kit_init(&k);
    kit_gives(&k, body, want);
    kit_release(&k);
}

#define JOIN(table)                                                            \
    "local n = {} for k in pairs(" table ") do n[#n + 1] = tostring(k) end "   \
    "log.info(table.concat(n, ' '))"

TEST(pairs_sorts_numbers_then_texts_then_booleans)
{
    logs(JOIN("{ c = 1, a = 1, b = 1 }"), "info: a b c\n");
    logs(JOIN("{ 'x', 'y', z = 1, [10] = 1, [2.5] = 1, [-1] = 1 }"),
         "info: -1 1 2 2.5 10 z\n");
    logs(JOIN("{ [true] = 1, [false] = 1, a = 1 }"), "info: a false true\n");
    logs(JOIN("{ aa = 1, a = 1, ['a\\0'] = 1, B = 1, [''] = 1 }"),
         "info:  B a a? aa\n");
}

TEST(pairs_goes_over_large_tables_in_order)
{
    logs("local t = {} for i = 1, 500 do t['k' .. (i * 7919) % 1000] = i end "
         "local last = '' for k in pairs(t) do assert(last < k) last = k end "
         "log.info(#last)",
         "info: 4\n");
}

TEST(pairs_sees_removed_keys_no_more_and_added_ones_not_yet)
{
    logs("local t = { a = 1, b = 2, c = 3 } for k in pairs(t) do t.b = nil "
         "t[k .. 'x'] = 1 log.info(k) end",
         "info: a\ninfo: c\n");
}

TEST(pairs_honours_its_metamethod)
{
    logs("local t = setmetatable({}, { __pairs = function() return function(_, "
         "k) if not k then return 'x', 1 end end, nil, nil end }) for k in "
         "pairs(t) do log.info(k) end",
         "info: x\n");
}

TEST(what_pairs_returns_is_bound_to_its_table)
{
    logs("local f = pairs { a = 1, b = 2 } log.info(f({ z = 1 })) "
         "log.info(f()) log.info(f() == nil)",
         "info: a\ninfo: b\ninfo: true\n");
}

TEST(next_gives_the_next_key_in_order)
{
    logs("local t = { b = 1, a = 2, 'x' } local k = next(t) local n = {} while "
         "k ~= nil do n[#n + 1] = tostring(k) k = next(t, k) end "
         "log.info(table.concat(n, ' '))",
         "info: 1 a b\n");
    logs("log.info(next {} == nil)", "info: true\n");
    logs("log.info(next({ [{}] = 1, [{}] = 2 }) ~= nil)", "info: true\n");
}

TEST(tables_with_keys_that_have_no_order_are_not_iterated)
{
    struct kit k;

    kit_init(&k);
    check_ok(kit_run(&k, "for k in pairs { [{}] = 1 } do end"), &k.err);
    kit_fails(&k, "for k in pairs { [{}] = 1, [{}] = 2 } do end", ERR_SCRIPT,
              "operator.lua:1: pairs: several table keys have no order, the "
              "plan would differ between two runs\n  hint: use texts or "
              "numbers as keys where the table is iterated");
    kit_fails(&k, "local t = { a = 1, [{}] = 1, [{}] = 2 } next(t, 'a')",
              ERR_SCRIPT,
              "operator.lua:1: pairs: several table keys have no order, the "
              "plan would differ between two runs\n  hint: use texts or "
              "numbers as keys where the table is iterated");
    kit_release(&k);
}

/* Texts that differ in every state: hashes, addresses, times. */
static const char busy[] =
    "local n = {} for k, v in pairs(site.spec.map) do n[#n + 1] = k .. "
    "tostring(v) .. tostring({}) .. tostring(pairs) end\n"
    "local copy = {} for k, v in pairs(site.spec.map) do copy[k] = v end\n"
    "plan:apply { apiVersion = 'v1', kind = 'ConfigMap', metadata = { name = "
    "'a' }, data = copy, list = n }\n"
    "plan:status { sum = tidelock.checksum(copy), now = view.now, s = "
    "string.format('%s %q', copy, 'x') }\n"
    "table.sort(n, function(a, b) return a > b end) log.info(n[1])";

static const char *one_plan(struct kit *k)
{
    struct rng r;

    rng_init(&r, 7);
    kit_init(k);
    str_add(&k->printed, "{'metadata':{'name':'a','namespace':'b','uid':'u'},"
                         "'spec':{'map':{");
    for (int i = 0; i < 60; i++)
        str_addf(&k->printed, "%s'key%llu':%d", i ? "," : "",
                 (unsigned long long)rng_next(&r), i);
    str_add(&k->printed, "}}}");
    kit_root(k, str_text(&k->printed));
    check_ok(kit_run(k, busy), &k->err);
    return kit_plan(k);
}

TEST(the_same_job_gives_the_same_bytes)
{
    struct kit first, again;
    const char *want = one_plan(&first);

    for (int i = 0; i < 20; i++) {
        void *move = malloc((size_t)i * 1000 + 1); /* other addresses */

        check_str(one_plan(&again), want);
        kit_release(&again);
        free(move);
    }
    kit_release(&first);
}
