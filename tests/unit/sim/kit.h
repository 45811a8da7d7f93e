/*
 * kit.h -- a cluster for tests: a fake clock, requests as texts.
 *
 *     struct kit k;
 *
 *     kit_start(&k, NULL);
 *     check_int(kit_ask(&k, "POST", "/api/v1/namespaces/default/configmaps",
 *                       "{'metadata':{'name':'a'}}"), 201);
 *     check_str(kit_text(&k, "metadata.name"), "a");
 *     kit_stop(&k);
 *
 * Single quotes in bodies stand for double ones. The answer stays until the
 * next question.
 */
#ifndef TIDELOCK_TESTS_UNIT_SIM_KIT_H
#define TIDELOCK_TESTS_UNIT_SIM_KIT_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/value.h"
#include "sim/sim.h"
#include "test.h"

struct kit {
    struct clock_fake clock;
    struct sim *sim;
    struct arena arena;       /* of the answer */
    struct sim_request q;     /* what the next question has besides: accept,
                                 content_type, user; stays as it is set */
    struct sim_response r;    /* the last answer */
    struct value *answer;     /* its body, when it is JSON */
    struct arena watch_arena; /* of kit_watch_next() */
};

/* Controllers: NULL is "none". A check fails when it does not start. */
void kit_start(struct kit *k, const char *controllers);
/* With everything chosen but the clock and the seed, which are the kit's. */
void kit_start_with(struct kit *k, const struct sim_options *o);
void kit_stop(struct kit *k);
/* The account of the namespace `default`, where no controller makes it: no pod
 * is created without. */
void kit_account(struct kit *k);

/* The status of the answer. Patches: "MERGE", "JSON", "STRATEGIC", "APPLY" are
 * PATCH with their content type. `body` may be NULL. */
int kit_ask(struct kit *k, const char *method, const char *url,
            const char *body);
/* A text of the answer at a dotted path; "" when there is none; an integer as
 * its digits. */
const char *kit_text(struct kit *k, const char *path);
/* "Required spec.a\nInvalid spec.b": the causes of a refusal, sorted. */
const char *kit_causes(struct kit *k);
/* The body of the answer, whatever it is. */
const char *kit_body(const struct kit *k);
/* Let the controllers work until they have nothing to do now, time moving on
 * by at most `ms`. */
void kit_settle(struct kit *k, uint64_t ms);

/* GET with ?watch=1 in the URL; the caller frees it by sim_watch_free(). */
struct sim_watch *kit_watch(struct kit *k, const char *url);
/* "ADDED a", "BOOKMARK", "ERROR 410", "-" for nothing now, "END"; *ret_event
 * (may be NULL) is the whole. */
const char *kit_watch_next(struct kit *k, struct sim_watch *w,
                           struct value **ret_event);

#endif
