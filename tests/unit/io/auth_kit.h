/*
 * auth_kit.h -- an `struct auth` with its own clock and a temporary folder, and
 *               a place where askers keep what they got.
 *
 *     struct auth_stage f;
 *
 *     auth_setup(&f);
 *     f.config.token = "secret";
 *     if (auth_begin(&f))
 *         auth_expect(&f, "Authorization: Bearer secret\n", 1);
 *     auth_teardown(&f);
 */
#ifndef TIDELOCK_TESTS_UNIT_IO_AUTH_KIT_H
#define TIDELOCK_TESTS_UNIT_IO_AUTH_KIT_H

#include "io/auth.h"
#include "io/auth_impl.h"

struct auth_stage {
    char folder[64];
    struct loop *loop;
    struct clock_fake clock; /* of the credentials, not of the loop */
    struct kubeconfig config;
    const char *args[4];
    struct auth *auth;
};

/* What one asker got. */
struct got {
    struct auth_stage *stage;
    unsigned calls;
    char headers[1024]; /* each with a newline behind it */
    char cert[2048], key[1024];
    uint64_t generation;
    struct err err;
    void (*then)(struct got *g); /* called last by the callback */
};

void auth_setup(struct auth_stage *f);
/* Make loop and auth; from here on the config is as the test wants it. */
bool auth_begin(struct auth_stage *f);
void auth_teardown(struct auth_stage *f);

/* A path in the folder; write such a file as a kubelet does, by rename. */
void auth_path(const struct auth_stage *f, const char *name, char out[128]);
void auth_put(const struct auth_stage *f, const char *name, const char *text);
size_t auth_count_lines(const struct auth_stage *f, const char *name);

/* auth_get(); everything in `g` but `then` is made new. */
int auth_ask(struct auth_stage *f, struct got *g);
/* The same, and wait for the answer: 0 or the negative code. */
int auth_wait(struct auth_stage *f, struct got *g);
/* Ask, and check what comes. */
void auth_expect(struct auth_stage *f, const char *headers,
                 uint64_t generation);
/* For out-of-memory tests: begin, ask, wait; fixture still to be torn down. */
int auth_once(struct auth_stage *f);

#endif
