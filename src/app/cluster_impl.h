/*
 * cluster_impl.h -- what the files of the cluster share; private to app.
 */
#ifndef TIDELOCK_APP_CLUSTER_PRIVATE_H
#define TIDELOCK_APP_CLUSTER_PRIVATE_H

#include "app/cluster.h"

/* AU-1: --kubeconfig, else KUBECONFIG, else the pod's service account, else
 * ~/.kube/config. Everything lives in `a`. */
int cluster_config_load(struct arena *a, const struct cluster_options *o,
                        struct kubeconfig *ret, struct err *err);

/* cluster_send() of a GET that is answered with 304 when `etag` still holds;
 * NULL: of nothing. */
struct cluster_call *cluster_ask(struct cluster *c, const struct request *r,
                                 const char *etag, cluster_answer_fn fn,
                                 void *arg, struct err *err);

/* cluster_schemas.c; no call is under way any more. */
void cluster_forget_groups(struct cluster *c);

#endif
