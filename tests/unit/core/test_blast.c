/*
 * test_blast.c -- the limits of what is deleted, and their brake.
 */
#include "base/clock.h"
#include "core/blast.h"
#include "test.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

static const struct resource config_map = {
    .api_version = "v1", .group = "", .kind = "ConfigMap"};
static const struct resource claim = {
    .api_version = "v1", .group = "", .kind = "PersistentVolumeClaim"};
static const struct object_key key = {"default", "a"};

/* `maps` ConfigMaps and `claims` claims, children, of so many. */
static struct blast blast_of(size_t maps, size_t claims, size_t owned)
{
    struct blast b = {.limits = blast_limits_default, .owned = owned};

    for (size_t i = 0; i < maps; i++)
        blast_add(&b, &config_map, &key, true);
    for (size_t i = 0; i < claims; i++)
        blast_add(&b, &claim, &key, true);
    return b;
}

TEST(kinds_that_hold_data_are_known_by_group_and_kind)
{
    static const struct {
        const char *group, *kind;
        bool stateful;
    } e[] = {
        {"", "PersistentVolumeClaim", true},
        {"", "PersistentVolume", true},
        {"", "Namespace", true},
        {"", "Secret", true},
        {"apiextensions.k8s.io", "CustomResourceDefinition", true},
        {"", "ConfigMap", false},
        {"example.com", "Secret", false},
        {"apiextensions.k8s.io.example.com", "CustomResourceDefinition", false},
        {"", "CustomResourceDefinition", false},
    };

    for (size_t i = 0; i < COUNT(e); i++) {
        struct resource r = {.group = e[i].group, .kind = e[i].kind};

        check(blast_is_stateful(&r) == e[i].stateful);
    }
}

TEST(few_deletions_need_no_leave)
{
    struct blast b = blast_of(3, 0, 3);
    struct err err = {0};

    check_ok(blast_check(&b, &err), &err);
    b = blast_of(2, 1, 3);
    check_ok(blast_check(&b, &err), &err);
    b = blast_of(10, 0, 20);
    check_ok(blast_check(&b, &err), &err);
}

TEST(each_limit_is_told_with_what_allows_it)
{
    static const struct {
        size_t maps, claims, owned;
        const char *says;
    } e[] = {
        {11, 0, 100,
         "the plan deletes 11 objects, at most 10 in one pass (ConfigMap 'a', "
         "ConfigMap 'a', ConfigMap 'a', ...); plan:allow_bulk(reason) in the "
         "script allows it"},
        {1, 2, 100,
         "the plan deletes 2 objects that hold data, at most 1 in one pass "
         "(PersistentVolumeClaim 'a', PersistentVolumeClaim 'a'); "
         "plan:allow_bulk(reason) in the script allows it"},
        {4, 0, 7,
         "the plan deletes 4 of 7 children, at most half of them in one pass "
         "(ConfigMap 'a', ConfigMap 'a', ConfigMap 'a', ...); "
         "plan:allow_bulk(reason) in the script allows it"},
    };

    for (size_t i = 0; i < COUNT(e); i++) {
        struct blast b = blast_of(e[i].maps, e[i].claims, e[i].owned);
        struct err err = {0};

        check_int(blast_check(&b, &err), -ERR_BLAST_RADIUS);
        check_str(err.msg, e[i].says);
        b.allowed = true;
        check_ok(blast_check(&b, &err), &err);
    }
}

TEST(that_every_child_is_meant_does_not_mean_their_data)
{
    struct blast b = blast_of(30, 1, 31);
    struct err err = {0};

    b.all = true;
    check_ok(blast_check(&b, &err), &err);
    blast_add(&b, &claim, &key, true);
    check_int(blast_check(&b, &err), -ERR_BLAST_RADIUS);
}

TEST(objects_that_are_no_children_are_no_share_of_them)
{
    struct blast b = blast_of(0, 0, 4);
    struct err err = {0};

    for (int i = 0; i < 8; i++)
        blast_add(&b, &config_map, &key, false);
    check_ok(blast_check(&b, &err), &err);
}

TEST(a_limit_of_none_lets_nothing_go)
{
    struct blast b = blast_of(1, 0, 5);
    struct err err = {0};

    b.limits.per_pass = 0;
    check_int(blast_check(&b, &err), -ERR_BLAST_RADIUS);
    check_has(err.msg, "deletes 1 object, at most 0");
    check_str(err.hint, "--max-deletes 1 allows every plan so many");
}

/* ---- the brake ---- */

TEST(a_minute_has_room_for_so_many)
{
    struct blast_brake b = {0};

    for (int i = 0; i < 5; i++)
        check_int(blast_brake_take(&b, 5, 100000 + (uint64_t)i * 1000), 0);
    check_int(blast_brake_take(&b, 5, 104500), 60000 - 4000 - 500);
    check_int(blast_brake_take(&b, 5, 159999), 1);
    check_int(blast_brake_take(&b, 5, 160000), 0);
    check_int(blast_brake_take(&b, 5, 160000), 1000);
    check_int(blast_brake_take(&b, 5, 1000000), 0);
}

TEST(no_room_at_all_is_asked_for_once_a_minute)
{
    struct blast_brake b = {0};

    check_int(blast_brake_take(&b, 0, 5), 60000);
    check_int(blast_brake_take(&b, 0, 70005), 60000);
}

/* Never more than the limit in any 60 seconds, and never a needless wait. */
TEST(any_sixty_seconds_hold_no_more_than_the_limit)
{
    struct blast_brake b = {0};
    uint64_t taken[400] = {0}, now = 0;
    size_t count = 0;
    struct rng rng;

    rng_init(&rng, test_seed());
    for (int i = 0; i < 4000 && count < 400; i++) {
        uint64_t wait = blast_brake_take(&b, 7, now);

        if (wait == 0) {
            if (count >= 7)
                check(now / 1000 - taken[count - 7] / 1000 >= 60);
            taken[count++] = now;
        } else
            check(blast_brake_take(&b, 7, now + wait - 1) != 0);
        now += wait ? wait : rng_below(&rng, 9000);
    }
    check(count > 40);
}
