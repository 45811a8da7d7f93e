/*
 * Leader election as a pure step: candidates on one Lease, with a fake clock.
 * The table of S136 is here: no Lease, another's that is valid or expired, our
 * own, conflicts, failures, skewed clocks, release.
 */
#include "kube/lease.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

/* The API server's side: one Lease, or none. */
struct server {
    struct arena arena;
    struct value *lease; /* NULL: none */
    unsigned version;
    unsigned writes;
};

static void server_init(struct server *s)
{
    memset(s, 0, sizeof(*s));
    arena_init(&s->arena, 0);
}

static void bump(struct server *s)
{
    char text[16];

    snprintf(text, sizeof text, "%u", ++s->version);
    value_set(&s->arena, value_make(&s->arena, s->lease, "metadata"),
              "resourceVersion", value_string(&s->arena, text));
}

/* An annotation, say: a new version and nothing else. */
static void touch(struct server *s)
{
    bump(s);
}

static enum err_code serve(struct server *s, enum lease_action action,
                           const struct value *body)
{
    const char *version = value_text_at(body, "metadata.resourceVersion");
    const struct value *spec = value_get(body, "spec");

    if (action == LEASE_READ)
        return s->lease ? ERR_NONE : ERR_NOT_FOUND;
    if (action == LEASE_CREATE && s->lease)
        return ERR_EXISTS;
    if (action == LEASE_WRITE && !s->lease)
        return ERR_NOT_FOUND;
    if (action == LEASE_WRITE &&
        !text_equal(version,
                    value_text_at(s->lease, "metadata.resourceVersion")))
        return ERR_CONFLICT;
    s->lease = value_object(&s->arena);
    value_set(&s->arena, s->lease, "spec", value_copy(&s->arena, spec));
    bump(s);
    s->writes++;
    return ERR_NONE;
}

/* One candidate and its own idea of the time of day. */
struct candidate {
    struct lease l;
    struct server *s;
    int64_t skew_us;
};

static void candidate_init(struct candidate *c, struct server *s,
                           const char *name, uint64_t seed)
{
    c->s = s;
    c->skew_us = 0;
    lease_init(&c->l, name, &lease_timing_default, seed);
}

/* One request and its answer, both at `now`. */
static void answer(struct candidate *c, enum lease_action action, uint64_t now)
{
    struct arena a = {0};
    struct value *body = NULL;
    enum err_code code;

    if (action != LEASE_READ)
        body =
            lease_body(&c->l, &a, "tidelock", (int64_t)now * 1000 + c->skew_us);
    lease_asked(&c->l, action, now);
    code = serve(c->s, action, body);
    lease_answered(&c->l, now, code, code == ERR_NONE ? c->s->lease : NULL);
    arena_release(&a);
}

/* Everything that the candidate wants at this moment. */
static void turn(struct candidate *c, uint64_t now)
{
    struct lease_want w = lease_next(&c->l, now);

    for (unsigned i = 0; w.action != LEASE_WAIT && w.action != LEASE_OVER;
         i++) {
        if (!check(i < 10))
            return;
        answer(c, w.action, now);
        w = lease_next(&c->l, now);
    }
}

/* Both, every 100 ms, from `from` to `to`; never two leaders. */
static void run(struct candidate *a, struct candidate *b, uint64_t from,
                uint64_t to)
{
    for (uint64_t now = from; now <= to; now += 100) {
        if (a)
            turn(a, now);
        if (b)
            turn(b, now);
        if (a && b)
            check(!(lease_leads(&a->l, now) && lease_leads(&b->l, now)));
    }
}

static const char *spec_text(const struct server *s, const char *field)
{
    return value_text_at(value_get(s->lease, "spec"), field);
}

TEST(lease_that_is_absent_is_made_and_led)
{
    struct server s;
    struct candidate a;

    server_init(&s);
    candidate_init(&a, &s, "a", 1);
    turn(&a, 1000);
    check(lease_leads(&a.l, 1000));
    check_str(spec_text(&s, "holderIdentity"), "a");
    check_int(value_int_at(s.lease, "spec.leaseDurationSeconds", 0), 15);
    check_int(value_int_at(s.lease, "spec.leaseTransitions", -1), 0);
    check_str(spec_text(&s, "renewTime"), "1970-01-01T00:00:01.000000Z");
    check_str(spec_text(&s, "acquireTime"), "1970-01-01T00:00:01.000000Z");
    arena_release(&s.arena);
}

TEST(lease_is_renewed_without_reading_and_keeps_its_times)
{
    struct server s;
    struct candidate a;

    server_init(&s);
    candidate_init(&a, &s, "a", 1);
    run(&a, NULL, 1000, 61000);
    check(lease_leads(&a.l, 61000));
    /* every 2.0 to 2.4 s */
    check(s.writes >= 25 && s.writes <= 31);
    check_int(a.l.slow, 0);
    check_str(spec_text(&s, "acquireTime"), "1970-01-01T00:00:01.000000Z");
    check_int(value_int_at(s.lease, "spec.leaseTransitions", -1), 0);
    arena_release(&s.arena);
}

/* rows: S136
 * broken: each look at a lease began its time anew */
TEST(lease_of_another_is_waited_for_by_our_own_clock)
{
    struct server s;
    struct candidate a, b;
    uint64_t now = 1000;

    server_init(&s);
    candidate_init(&a, &s, "a", 1);
    candidate_init(&b, &s, "b", 2);
    a.skew_us = 3600LL * 1000000;  /* an hour ahead */
    b.skew_us = -3600LL * 1000000; /* an hour behind */
    run(&a, &b, now, 30000);
    check(lease_leads(&a.l, 30000));
    check(!lease_leads(&b.l, 30000));
    /* a stops renewing: b leads when it has seen nothing for 15 s */
    for (now = 30100; !lease_leads(&b.l, now) && now < 90000; now += 100) {
        turn(&b, now);
        if (lease_leads(&a.l, now))
            check(!lease_leads(&b.l, now));
    }
    check(now > 30000 + 15000 - 2500 && now < 30000 + 15000 + 3000);
    check_int(value_int_at(s.lease, "spec.leaseTransitions", -1), 1);
    /* a wakes up: its time is over, whatever it wants to do */
    check(!lease_leads(&a.l, now));
    check_int(lease_next(&a.l, now).action, LEASE_OVER);
    check_int(lease_role(&a.l), LEASE_LOST);
    arena_release(&s.arena);
}

TEST(lease_of_another_with_a_longer_promise_is_waited_for_longer)
{
    struct server s;
    struct candidate a, b;
    const struct lease_timing slow = {60000, 40000, 5000};

    server_init(&s);
    candidate_init(&a, &s, "a", 1);
    lease_init(&a.l, "a", &slow, 1);
    candidate_init(&b, &s, "b", 2);
    turn(&a, 1000);
    run(NULL, &b, 1100, 60000);
    check(!lease_leads(&b.l, 60000));
    run(NULL, &b, 60100, 64000);
    check(lease_leads(&b.l, 64000));
    arena_release(&s.arena);
}

TEST(lease_that_others_annotate_is_read_and_renewed)
{
    struct server s;
    struct candidate a;

    server_init(&s);
    candidate_init(&a, &s, "a", 1);
    turn(&a, 1000);
    touch(&s);
    run(&a, NULL, 1100, 5000);
    check(lease_leads(&a.l, 5000));
    check_int(a.l.slow, 1);
    /* and a version alone is no sign of life for who waits */
    for (uint64_t now = 5100; now <= 5100 + 18000; now += 500)
        touch(&s);
    arena_release(&s.arena);
}

TEST(lease_version_alone_is_no_sign_of_life)
{
    struct server s;
    struct candidate a, b;

    server_init(&s);
    candidate_init(&a, &s, "a", 1);
    candidate_init(&b, &s, "b", 2);
    turn(&a, 1000);
    for (uint64_t now = 1100; now <= 19000; now += 100) {
        if (now % 1000 == 0)
            touch(&s);
        turn(&b, now);
    }
    check(lease_leads(&b.l, 19000));
    arena_release(&s.arena);
}

/* rows: S136, D40
 * broken: a leader went on to the end of its lease */
TEST(lease_that_cannot_be_renewed_is_lost_at_the_deadline)
{
    struct server s;
    struct candidate a;
    uint64_t now;

    server_init(&s);
    candidate_init(&a, &s, "a", 1);
    turn(&a, 1000);
    for (now = 1100; now < 11000; now += 100) {
        struct lease_want w = lease_next(&a.l, now);

        check(lease_leads(&a.l, now));
        if (w.action == LEASE_WAIT) {
            check(w.at <= 11000);
            continue;
        }
        lease_asked(&a.l, w.action, now);
        lease_answered(&a.l, now, ERR_SERVER, NULL);
    }
    check(!lease_leads(&a.l, 11000));
    check_int(lease_next(&a.l, 11000).action, LEASE_OVER);
    arena_release(&s.arena);
}

/* Counted from when the write was sent, not from when it was answered. */
TEST(lease_answer_that_comes_late_gives_no_more_time)
{
    struct server s;
    struct candidate a;
    struct arena arena = {0};

    server_init(&s);
    candidate_init(&a, &s, "a", 1);
    check_int(lease_next(&a.l, 1000).action, LEASE_READ);
    answer(&a, LEASE_READ, 1000);
    check_int(lease_next(&a.l, 1000).action, LEASE_CREATE);
    lease_asked(&a.l, LEASE_CREATE, 1000);
    check_int(
        serve(&s, LEASE_CREATE, lease_body(&a.l, &arena, "tidelock", 1000000)),
        ERR_NONE);
    lease_answered(&a.l, 8000, ERR_NONE, s.lease);
    check(lease_leads(&a.l, 8000));
    check(lease_leads(&a.l, 10999));
    check(!lease_leads(&a.l, 11000));
    arena_release(&arena);
    arena_release(&s.arena);
}

/* rows: S136
 * broken: a leader that was overtaken did not say so */
TEST(lease_taken_by_another_meanwhile_is_lost)
{
    struct server s;
    struct candidate a, b;

    server_init(&s);
    candidate_init(&a, &s, "a", 1);
    candidate_init(&b, &s, "b", 2);
    turn(&a, 1000);
    value_set(&s.arena, value_get(s.lease, "spec"), "holderIdentity",
              value_string(&s.arena, "b"));
    touch(&s);
    run(&a, NULL, 1100, 4000);
    check(!lease_leads(&a.l, 4000));
    check_int(lease_role(&a.l), LEASE_LOST);
    arena_release(&s.arena);
}

TEST(lease_that_is_deleted_is_lost)
{
    struct server s;
    struct candidate a;

    server_init(&s);
    candidate_init(&a, &s, "a", 1);
    turn(&a, 1000);
    s.lease = NULL;
    run(&a, NULL, 1100, 4000);
    check_int(lease_role(&a.l), LEASE_LOST);
    check(!s.lease);
    arena_release(&s.arena);
}

/* The answer to the write was lost: it is ours all the same. */
TEST(lease_write_with_an_unknown_outcome_is_looked_at)
{
    struct server s;
    struct candidate a;
    struct arena arena = {0};

    server_init(&s);
    candidate_init(&a, &s, "a", 1);
    answer(&a, LEASE_READ, 1000);
    lease_asked(&a.l, LEASE_CREATE, 1000);
    serve(&s, LEASE_CREATE, lease_body(&a.l, &arena, "tidelock", 1000000));
    lease_answered(&a.l, 1500, ERR_TIMEOUT, NULL);
    check(!lease_leads(&a.l, 1500));
    run(&a, NULL, 1600, 4500);
    check(lease_leads(&a.l, 4500));
    check_int(value_int_at(s.lease, "spec.leaseTransitions", -1), 0);
    arena_release(&arena);
    arena_release(&s.arena);
}

/* rows: S136
 * broken: a lease that was given back had its whole time */
TEST(lease_is_released_and_taken_at_once)
{
    struct server s;
    struct candidate a, b;

    server_init(&s);
    candidate_init(&a, &s, "a", 1);
    candidate_init(&b, &s, "b", 2);
    run(&a, &b, 1000, 5000);
    touch(&s); /* the release meets a conflict first */
    lease_release(&a.l);
    check(!lease_leads(&a.l, 5100));
    turn(&a, 5100);
    check_int(lease_role(&a.l), LEASE_RELEASED);
    check_str(spec_text(&s, "holderIdentity"), "");
    check_int(value_int_at(s.lease, "spec.leaseDurationSeconds", 0), 1);
    run(NULL, &b, 5200, 8000);
    check(lease_leads(&b.l, 8000));
    check_int(lease_next(&a.l, 8000).action, LEASE_OVER);
    arena_release(&s.arena);
}

TEST(lease_of_another_is_not_released)
{
    struct server s;
    struct candidate a, b;

    server_init(&s);
    candidate_init(&a, &s, "a", 1);
    candidate_init(&b, &s, "b", 2);
    turn(&a, 1000);
    turn(&b, 1000);
    lease_release(&b.l); /* it never led */
    check_int(lease_role(&b.l), LEASE_RELEASED);
    value_set(&s.arena, value_get(s.lease, "spec"), "holderIdentity",
              value_string(&s.arena, "b"));
    touch(&s);
    lease_release(&a.l);
    turn(&a, 1100);
    check_int(lease_role(&a.l), LEASE_RELEASED);
    check_str(spec_text(&s, "holderIdentity"), "b");
    arena_release(&s.arena);
}

TEST(lease_release_gives_up_when_nobody_answers)
{
    struct server s;
    struct candidate a;
    uint64_t now = 2000;

    server_init(&s);
    candidate_init(&a, &s, "a", 1);
    turn(&a, 1000);
    lease_release(&a.l);
    for (unsigned i = 0; lease_role(&a.l) == LEASE_RELEASING; i++) {
        struct lease_want w = lease_next(&a.l, now);

        if (!check(i < 100))
            break;
        if (w.action == LEASE_WAIT) {
            now = w.at;
            continue;
        }
        lease_asked(&a.l, w.action, now);
        lease_answered(&a.l, now, ERR_CONNECT, NULL);
    }
    check(now < 2000 + 10000 + 2500);
    arena_release(&s.arena);
}

/* rows: S93, S137
 * broken: a renew deadline beyond the lease was taken */
TEST(lease_timings_that_cannot_work_are_refused)
{
    static const struct {
        struct lease_timing timing;
        const char *says;
    } rows[] = {
        {{15000, 15000, 2000}, "must be below the lease duration"},
        {{15000, 10000, 9000}, "above 1.2 times the retry period"},
        {{15000, 10000, 0}, "above 1.2 times the retry period"},
        {{500, 400, 100}, "at least one second"},
    };
    struct err err = {0};

    check_ok(lease_timing_check(&lease_timing_default, &err), &err);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        check_int(lease_timing_check(&rows[i].timing, &err), -ERR_USAGE);
        check_has(err.msg, rows[i].says);
    }
}

/* Three candidates whose requests fail, arrive and are answered at random
 * times, and who are frozen at random: never two leaders, and somebody leads
 * again and again. */
struct flight {
    struct candidate c;
    bool under_way, served;
    enum lease_action action;
    enum err_code code;
    struct value *answer;
    uint64_t arrives, returns, frozen_until;
};

static void fly(struct flight *f, struct rng *rng, uint64_t now)
{
    struct lease_want w;

    if (f->under_way && !f->served && now >= f->arrives) {
        struct arena a = {0};
        struct value *body =
            f->action == LEASE_READ
                ? NULL
                : lease_body(&f->c.l, &a, "tidelock", (int64_t)now * 1000);

        f->code = serve(f->c.s, f->action, body);
        f->answer = f->code == ERR_NONE ? f->c.s->lease : NULL;
        f->served = true;
        if (rng_below(rng, 10) == 0) /* the answer is lost */
            f->code = ERR_TIMEOUT;
        arena_release(&a);
    }
    if (now < f->frozen_until)
        return;
    if (f->under_way && f->served && now >= f->returns) {
        f->under_way = false;
        lease_answered(&f->c.l, now, f->code, f->answer);
    }
    w = f->under_way ? (struct lease_want){LEASE_WAIT, 0}
                     : lease_next(&f->c.l, now);
    if (w.action == LEASE_WAIT || w.action == LEASE_OVER)
        return;
    lease_asked(&f->c.l, w.action, now);
    f->under_way = true;
    f->served = false;
    f->action = w.action;
    f->arrives = now + rng_below(rng, 2000);
    f->returns = f->arrives + rng_below(rng, 2000);
}

TEST(lease_never_has_two_leaders_whatever_is_late_lost_or_frozen)
{
    struct server s;
    struct flight f[3];
    struct rng rng;
    unsigned terms = 0;
    bool led = false;

    server_init(&s);
    memset(f, 0, sizeof(f));
    rng_init(&rng, test_seed());
    for (unsigned i = 0; i < 3; i++)
        candidate_init(&f[i].c, &s, (const char *[]){"a", "b", "c"}[i], i + 1);
    for (uint64_t now = 1000; now < 3000000; now += 50) {
        unsigned leaders = 0;

        for (unsigned i = 0; i < 3; i++) {
            if (rng_below(&rng, 4000) == 0)
                f[i].frozen_until = now + rng_below(&rng, 30000);
            fly(&f[i], &rng, now);
            leaders += lease_leads(&f[i].c.l, now);
            if (lease_role(&f[i].c.l) == LEASE_LOST) {
                char name[16]; /* its process starts again */

                snprintf(name, sizeof name, "%u-%llu", i,
                         (unsigned long long)now);
                candidate_init(&f[i].c, &s, name, now);
                f[i].under_way = false;
            }
        }
        if (!check(leaders <= 1))
            break;
        terms += leaders && !led;
        led = leaders > 0;
    }
    check(terms > 5);
    arena_release(&s.arena);
}
