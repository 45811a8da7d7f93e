/*
 * api.h -- an API server that says what it was told to, and a cluster that
 *          talks to it.
 *
 *     struct api api;
 *
 *     api_init(&api);
 *     api_rule(&api, "GET configmaps/a", 404, "");
 *     if (api_open(&api)) {
 *         ...
 *         check_str(api_log(&api), "GET configmaps/a\n");
 *     }
 *     api_release(&api);
 *
 * A request is written short: what stands before the plural is left out, and
 * the query; "(dry)" follows when nothing is to be done, "(watch)" when it is a
 * stream: "PATCH widgets/blog/status", "PATCH configmaps/a (dry)", "GET apis".
 * Each rule answers once, the first that fits and is left; a request without
 * one is answered with 418, and the log says so.
 */
#ifndef TIDELOCK_TESTS_UNIT_APP_API_H
#define TIDELOCK_TESTS_UNIT_APP_API_H

#include <pthread.h>
#include <stdbool.h>

#include "app/cluster.h"
#include "folder.h"
#include "support/server.h"

#define API_RULES 32
#define API_HANG_UP                                                            \
    0                 /* a status: read the request, then cut the connection   \
                       */
#define API_SILENT -1 /* a status: say nothing until the client goes */

struct api_rule {
    const char *request;
    int status;
    const char *body;   /* JSON with single quotes for double ones */
    const char *header; /* "ETag: x", NULL: none */
    bool forever;       /* answers every time */
    bool used;
};

struct api {
    struct folder folder;
    struct server *server;
    struct loop *loop;       /* NULL on out of memory */
    struct cluster *cluster; /* NULL until api_open() */
    struct err err;
    /* what follows is shared with the threads of the server */
    pthread_mutex_t lock;
    struct api_rule rules[API_RULES];
    size_t rule_count;
    char log[4096];
    char body[8192]; /* of the newest request that was no GET */
};

void api_init(struct api *api);
void api_release(struct api *api);
/* Loop and cluster, by a kubeconfig that names this server. */
bool api_open(struct api *api);

/* The newest rule, for what the arguments do not say. */
struct api_rule *api_rule(struct api *api, const char *request, int status,
                          const char *body);
/* What came since the last call, one request a line. */
const char *api_log(struct api *api);
/* The body of the newest write. */
const char *api_body(struct api *api);

/* Turn the loop until the condition holds; false after a minute. */
bool api_until(struct api *api, bool (*held)(void *arg), void *arg);
/* Until as many requests are in the log. */
bool api_requests(struct api *api, unsigned n);
/* Let everything that is due happen: some turns without waiting. */
void api_settle(struct api *api);

#endif
