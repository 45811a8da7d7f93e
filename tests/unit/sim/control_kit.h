/*
 * control_kit.h -- a cluster with controllers, for tests; see kit.h.
 */
#ifndef TIDELOCK_TESTS_UNIT_SIM_CONTROL_KIT_H
#define TIDELOCK_TESTS_UNIT_SIM_CONTROL_KIT_H

#include "kit.h"
#include "sim/control_draft.h"

#define APPS "/apis/apps/v1/namespaces/default/"
#define CORE "/api/v1/namespaces/default/"
#define BATCH "/apis/batch/v1/namespaces/default/"

/* All controllers, so many nodes, pods Ready after 0.2 s; settled. */
void control_start(struct kit *k, unsigned nodes);
/* POST that has to succeed. */
void control_make(struct kit *k, const char *url, const char *body);
/* Items of a list. */
size_t control_count(struct kit *k, const char *url);
/* A text of an object, as kit_text(). */
void check_at(struct kit *k, const char *url, const char *path,
              const char *want);
/* A field of a condition of the last answer; "" when it has none. */
const char *control_condition(struct kit *k, const char *type,
                              const char *field);
/* Let time pass, quiet or not. */
void control_run_for(struct kit *k, uint64_t ms);

#define DEPLOYMENT(name, replicas, image)                                      \
    "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'" name    \
    "'},'spec':{'replicas':" replicas                                          \
    ",'selector':{'matchLabels':{'app':'" name                                 \
    "'}},'template':{'metadata':{'labels':{'app':'" name                       \
    "'}},'spec':{'containers':[{'name':'c','image':'" image "'}]}}}}"

#endif
