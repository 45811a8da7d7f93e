/* clock: the fake one, and random numbers. */
#include "test.h"

#include "base/clock.h"

TEST(clock_real_moves_forward)
{
    const struct clock *c = clock_real();
    uint64_t before = clock_now_ms(c);

    check(clock_now_ms(c) >= before);
    check(clock_unix(c) > 1700000000);
}

TEST(clock_fake_moves_only_when_told)
{
    struct clock_fake f;
    uint64_t ms;
    int64_t unix_seconds;

    clock_fake_init(&f);
    ms = clock_now_ms(&f.clock);
    unix_seconds = clock_unix(&f.clock);
    clock_fake_advance(&f, 999);
    check_int(clock_now_ms(&f.clock) - ms, 999);
    check_int(clock_unix(&f.clock) - unix_seconds, 0);
    clock_fake_advance(&f, 1);
    check_int(clock_unix(&f.clock) - unix_seconds, 1);
    clock_fake_advance(&f, 3600000);
    check_int(clock_unix(&f.clock) - unix_seconds, 3601);
}

TEST(rng_is_determined_by_its_seed)
{
    struct rng a, b;

    rng_init(&a, 7);
    rng_init(&b, 7);
    for (int i = 0; i < 100; i++)
        check(rng_next(&a) == rng_next(&b));
    rng_init(&a, 0);
    check(rng_next(&a) != 0);
}

TEST(rng_stays_below_its_bound_and_reaches_all_of_it)
{
    unsigned seen[10] = {0};
    struct rng r;

    rng_init(&r, 1);
    check_int(rng_below(&r, 0), 0);
    check_int(rng_below(&r, 1), 0);
    for (int i = 0; i < 10000; i++) {
        uint64_t n = rng_below(&r, 10);

        if (!check(n < 10))
            return;
        seen[n]++;
    }
    for (int i = 0; i < 10; i++)
        check(seen[i] > 800 && seen[i] < 1200);
    check(rng_seed_from_kernel() != rng_seed_from_kernel());
}
