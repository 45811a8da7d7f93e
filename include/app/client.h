/*
 * client.h -- an API server for commands that ask one thing after the other:
 *             a request, its answer, the next request.
 *
 * Each call runs the loop until its answer is there. Not for `run`, where
 * nothing may wait.
 */
#ifndef TIDELOCK_APP_CLIENT_H
#define TIDELOCK_APP_CLIENT_H

#include "app/cluster.h"

struct client {
    struct loop *loop;
    struct cluster *cluster;
};

int client_open(struct client *c, const struct cluster_options *options,
                struct err *err);
void client_close(struct client *c); /* all zero bytes are fine */
int client_discover(struct client *c, struct err *err);

struct client_answer {
    int status;
    const char *body; /* in the arena */
    size_t len;
    int64_t date; /* the server's clock, 0: not told */
};
/* The error is the API server's own where it has one. */
int client_ask(struct client *c, struct arena *a, const struct request *r,
               struct client_answer *ret, struct err *err);
/* Items of a list, page after page: `fn` gets each, and may end it with an
 * error. They live in `a`. */
typedef int (*client_item_fn)(void *arg, struct value *item, struct err *err);
struct client_list {
    const struct resource *resource;
    struct list_options options;
};
int client_each(struct client *c, struct arena *a, const struct client_list *l,
                client_item_fn fn, void *arg, struct err *err);
int client_wait(struct client *c, uint64_t ms, struct err *err);

#endif
