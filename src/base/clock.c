/*
 * clock.c -- see clock.h for the contract.
 */
#include "base/clock.h"

#include <sys/random.h>
#include <time.h>
#include <unistd.h>

/* CLOCK_MONOTONIC stands still while the machine is suspended, which is right
 * for delays: a laptop that wakes up does not fire all of them at once. */
static uint64_t real_now_ms(const struct clock *c)
{
    struct timespec now;

    (void)c;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int64_t real_unix_now(const struct clock *c)
{
    (void)c;
    return time(NULL);
}

const struct clock *clock_real(void)
{
    static const struct clock real = {real_now_ms, real_unix_now};

    return &real;
}

static uint64_t boot_now_ms(const struct clock *c)
{
    struct timespec now;

    (void)c;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

const struct clock *clock_boot(void)
{
    static const struct clock boot = {boot_now_ms, real_unix_now};

    return &boot;
}

/* The clock is the first member of its fake, so one pointer is the other. */
static const struct clock_fake *fake_of(const struct clock *c)
{
    return (const struct clock_fake *)(const void *)c;
}

static uint64_t fake_now_ms(const struct clock *c)
{
    return fake_of(c)->ms;
}

static int64_t fake_unix_now(const struct clock *c)
{
    return fake_of(c)->unix_seconds;
}

/* An ordinary day that is easy to recognise in expected output. */
void clock_fake_init(struct clock_fake *f)
{
    f->clock = (struct clock){fake_now_ms, fake_unix_now};
    f->ms = 1000000;
    f->unix_seconds = 1767323045; /* 2026-01-02T03:04:05Z */
}

/* The wall clock moves by whole seconds as they pass on the other one, so many
 * small steps add up to what one large step gives. */
void clock_fake_advance(struct clock_fake *f, uint64_t ms)
{
    uint64_t before = f->ms / 1000;

    f->ms += ms;
    f->unix_seconds += (int64_t)(f->ms / 1000 - before);
}

void rng_init(struct rng *r, uint64_t seed)
{
    r->state = seed ? seed : 0x9E3779B97F4A7C15u; /* zero would stay zero */
}

/* Vigna, "An experimental exploration of Marsaglia's xorshift generators". */
uint64_t rng_next(struct rng *r)
{
    uint64_t x = r->state;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    r->state = x;
    return x * 0x2545F4914F6CDD1Du;
}

/* The low bits are the weak ones. The bias of % is of no matter here: bounds
 * are tiny against 2^53. */
uint64_t rng_below(struct rng *r, uint64_t bound)
{
    return bound ? (rng_next(r) >> 11) % bound : 0;
}

uint64_t rng_seed_from_kernel(void)
{
    uint64_t seed = 0;

    if (getrandom(&seed, sizeof seed, 0) == (ssize_t)sizeof seed && seed)
        return seed;
    return real_now_ms(NULL) ^ ((uint64_t)getpid() << 32);
}
