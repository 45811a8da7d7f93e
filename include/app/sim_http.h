/*
 * sim_http.h -- the HTTP face of the embedded API server: who is it, what is
 *               asked, the answer; watches as streams; time for controllers.
 *
 *     request -> sim_handle -> answer kept
 *     end of the turn: sim_step, commit, answers leave, watches wake
 */
#ifndef TIDELOCK_APP_SIM_HTTP_H
#define TIDELOCK_APP_SIM_HTTP_H

#include "app/sim_audit.h"
#include "app/sim_data.h"
#include "io/loop.h"
#include "sim/sim.h"

struct sim_http;

struct sim_user {
    const char *token;
    const char *name;
};

struct sim_http_options {
    struct loop *loop; /* all borrowed until sim_http_close() */
    struct sim *sim;
    struct sim_data *data;   /* or NULL */
    struct sim_audit *audit; /* or NULL */
    const struct sim_user *users;
    size_t user_count;
    const char *address;
    uint16_t port;
    const char *certificate_pem, *key_pem; /* NULL: no TLS */
    /* State cannot be kept any more: nothing was answered, nothing will be. */
    void (*on_broken)(void *arg, const struct err *err);
    /* Something happened: requests, or time for controllers. May be NULL. */
    void (*on_turn)(void *arg);
    void *arg;
};

int sim_http_open(const struct sim_http_options *o, struct sim_http **ret,
                  struct err *err);
void sim_http_close(struct sim_http *h); /* NULL is fine */
uint16_t sim_http_port(const struct sim_http *h);

/* For struct sim_options.changed; `arg` is the struct sim_http, or NULL while
 * there is none. */
void sim_http_changed(struct sim_http *h);
/* Let controllers work, commit, wake watches: after whoever changed something
 * otherwise than by a request. */
void sim_http_turn(struct sim_http *h);

#endif
