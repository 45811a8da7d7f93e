/*
 * client.h -- one HTTP client against a scripted server, and a place where
 *             what it reports is kept.
 *
 *     struct fixture f;
 *     struct answer a;
 *
 *     fixture_start(&f, (struct server_spec){.script = script});
 *     fixture_get(&f, "/version", &a);      // sends and waits
 *     check_int(a.status, 200);
 *     fixture_stop(&f);
 */
#ifndef TIDELOCK_TESTS_UNIT_IO_CLIENT_H
#define TIDELOCK_TESTS_UNIT_IO_CLIENT_H

#include "io/http.h"
#include "support/server.h"

struct answer {
    unsigned done; /* how often on_done came */
    http_id id;
    int status;
    bool sent;
    char body[8192]; /* the start of it */
    size_t body_len;
    char retry_after[64], warning[256], etag[64];
    struct err err;
    /* of on_data */
    char data[8192];
    size_t data_len;
    unsigned pieces;
    bool (*on_piece)(struct answer *a); /* NULL: go on */
    void (*on_end)(struct answer *a);
    void *arg;
};

struct fixture {
    struct server *server; /* NULL: none */
    struct loop *loop;
    struct http *http; /* NULL: not made yet, or failed with `err` */
    struct kubeconfig config;
    struct http_limits limits;
    struct err err;
    char url[128];
};

/* Server, loop and a config that trusts the test CA; no client yet. */
void fixture_init(struct fixture *f, struct server_spec spec);
bool fixture_client(struct fixture *f); /* http_new() from config and limits */
void fixture_start(struct fixture *f, struct server_spec spec); /* both */
void fixture_stop(struct fixture *f);

struct http_call answer_call(struct answer *a); /* collects, no retry */
/* Send without waiting; `a` is cleared but for its on_*, arg. */
http_id fixture_send(struct fixture *f, const struct request *r,
                     struct http_call call);
void fixture_get(struct fixture *f, const char *path, struct answer *a);
void fixture_write(struct fixture *f, const char *body, struct answer *a);
/* A watch; its bytes go to a->data. */
http_id fixture_watch(struct fixture *f, const char *path, struct answer *a);

/* Turn the loop until the condition holds; false after ten seconds. */
typedef bool (*until_fn)(void *arg);
bool fixture_until(struct fixture *f, until_fn held, void *arg);
bool fixture_done(struct fixture *f, struct answer *a); /* until on_done */
/* Until the server has read `n` requests. */
bool fixture_requests(struct fixture *f, unsigned n);
/* Let everything that is due happen: some turns without waiting. */
void fixture_settle(struct fixture *f);

/* The name of the error, for check_str(). */
const char *answer_error(const struct answer *a);

#endif
