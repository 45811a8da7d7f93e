/*
 * clock.h -- time as a value that is handed in. Nobody else asks the kernel.
 */
#ifndef TIDELOCK_BASE_CLOCK_H
#define TIDELOCK_BASE_CLOCK_H

#include <stdint.h>

struct clock {
    uint64_t (*now_ms)(const struct clock *c);  /* monotonic milliseconds */
    int64_t (*unix_now)(const struct clock *c); /* wall clock, seconds, UTC */
};

static inline uint64_t clock_now_ms(const struct clock *c)
{
    return c->now_ms(c);
}
static inline int64_t clock_unix(const struct clock *c)
{
    return c->unix_now(c);
}

/* The kernel's clocks; a static, never freed. */
const struct clock *clock_real(void);

/* The same, but its milliseconds go on while the machine is suspended: for what
 * other machines count, too. */
const struct clock *clock_boot(void);

/* Moves only when told to. Embed it and use &fake.clock. */
struct clock_fake {
    struct clock clock;
    uint64_t ms;
    int64_t unix_seconds;
};
void clock_fake_init(struct clock_fake *f);
void clock_fake_advance(struct clock_fake *f, uint64_t ms); /* both clocks */

/* Deterministic pseudo random numbers (jitter, tests): xorshift64*. */
struct rng {
    uint64_t state;
};
void rng_init(struct rng *r, uint64_t seed);
uint64_t rng_next(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t bound); /* 0 when bound is 0 */
/* Seed from the kernel; only app calls this. */
uint64_t rng_seed_from_kernel(void);

#endif
