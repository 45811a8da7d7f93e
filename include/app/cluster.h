/*
 * cluster.h -- one API server: configuration, HTTP client, discovery, schemas.
 */
#ifndef TIDELOCK_APP_CLUSTER_H
#define TIDELOCK_APP_CLUSTER_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "io/http.h"
#include "io/loop.h"
#include "kube/config.h"
#include "kube/restmap.h"
#include "kube/schema.h"

struct cluster_options {
    const char *kubeconfig; /* --kubeconfig, NULL: KUBECONFIG, then in-cluster
                             * when in a pod, then ~/.kube/config (AU-1) */
    const char *context;    /* --context, NULL: current-context */
    unsigned qps, burst;    /* a rate for all requests; 0: none */
};

/* An API server in this process: answers without HTTP. */
struct cluster_direct {
    /* The status code; the body lives in `a`. */
    int (*answer)(void *arg, const struct request *r, struct arena *a,
                  const char **ret_body, size_t *ret_len);
    void *arg;
};

struct cluster {
    struct loop *loop; /* borrowed */
    /* NULL: by HTTP. A cluster that has it is not opened but filled in by its
     * owner, and knows nothing but cluster_send() and cluster_cancel(). */
    const struct cluster_direct *direct;
    struct arena arena;
    struct kubeconfig config;
    struct http *http;
    struct restmap *restmap;
    struct schema_set *schemas;
    char *apis_etag;                     /* of the last /apis answer */
    struct cluster_discovery *discovery; /* the refresh under way, or NULL */
    struct map *schema_groups;           /* "apps/v1": what was learned */
    struct cluster_call *calls;          /* under way */
    struct inflight *inflight; /* borrowed; learns from writes, or NULL */
    uint64_t held_until_ms;    /* a hold of http.h that the log was told of */
    unsigned relearn_ms;       /* CLUSTER_RELEARN_MS; tests are in a hurry */
    void (*on_schemas)(void *arg); /* see cluster_relearn(), or NULL */
    void *on_schemas_arg;
};

int cluster_open(struct loop *loop, const struct cluster_options *options,
                 struct cluster **ret, struct err *err);
void cluster_close(struct cluster *c); /* NULL is fine */

/* Called once from a loop turn; err->code NONE on success. */
typedef void (*cluster_done_fn)(void *arg, bool changed, const struct err *err);
/* Refresh the restmap (DI-1). With an unchanged ETag `changed` is false and
 * nothing was read. One refresh at a time: a second call joins the first. */
int cluster_discover(struct cluster *c, cluster_done_fn done, void *arg,
                     struct err *err);

/* Learn the schemas of a group version (a CRD's) from the server's OpenAPI v3
 * document, once. Known already: `done` is called before returning. A server
 * that does not tell is not an error: `changed` is false, and the next call
 * asks again. */
int cluster_learn(struct cluster *c, const char *api_version,
                  cluster_done_fn done, void *arg, struct err *err);

/* What was learned may be out of date: a script uses a field that the schema
 * does not have, or the server refuses one that it has. Asks by ETag, at most
 * once in CLUSTER_RELEARN_MS, and again after times that grow to
 * CLUSTER_RELEARN_MAX times that, because a server publishes a schema a while
 * after it was changed; on_schemas is called when it is another. A doubt that
 * is not `lasting` ends after some minutes: for callers who will say it again.
 * Nothing happens for what cluster_learn() was not asked for. */
#define CLUSTER_RELEARN_MS 10000u
#define CLUSTER_RELEARN_MAX 30u
void cluster_relearn(struct cluster *c, const char *api_version, bool lasting);

/* What one short request ended with. Borrowed during the callback. */
struct cluster_answer {
    int status; /* HTTP code, 0 when there was no answer */
    const char *body;
    size_t len;
    const char *etag;      /* or NULL */
    int64_t date;          /* the server's clock, 0: not told */
    bool sent;             /* a write that failed may have had its effect */
    const struct err *err; /* code NONE: fine; the API server's Status
                            * (kube/status.h) is in it already */
};
typedef void (*cluster_answer_fn)(void *arg,
                                  const struct cluster_answer *answer);
struct cluster_call; /* freed when answered or cancelled */
struct cluster_call *cluster_send(struct cluster *c, const struct request *r,
                                  cluster_answer_fn fn, void *arg,
                                  struct err *err);
/* The same for the Lease itself: no fence stops it, and it is not repeated. */
struct cluster_call *cluster_send_unfenced(struct cluster *c,
                                           const struct request *r,
                                           cluster_answer_fn fn, void *arg,
                                           struct err *err);
void cluster_cancel(struct cluster_call *call); /* NULL is fine */

#endif
