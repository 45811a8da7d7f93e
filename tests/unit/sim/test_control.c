/* The controllers at work, in a cluster with a fake clock. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "kit.h"
#include "sim/control_draft.h"

#define APPS "/apis/apps/v1/namespaces/default/"
#define CORE "/api/v1/namespaces/default/"
#define BATCH "/apis/batch/v1/namespaces/default/"

static void start(struct kit *k, unsigned nodes)
{
    struct sim_options o = {
        .controllers = "all", .nodes = nodes, .pod_ready_ms = 200};

    kit_start_with(k, &o);
    kit_settle(k, 1000);
}

static void make(struct kit *k, const char *url, const char *body)
{
    if (!check_int(kit_ask(k, "POST", url, body), 201))
        printf("%s\n", kit_body(k));
}

static size_t count(struct kit *k, const char *url)
{
    check_int(kit_ask(k, "GET", url, NULL), 200);
    return array_count(value_get(k->answer, "items"));
}

static void check_at(struct kit *k, const char *url, const char *path,
                     const char *want)
{
    check_int(kit_ask(k, "GET", url, NULL), 200);
    check_str(kit_text(k, path), want);
}

/* "True" or the like of a condition of the last answer; "" when it has none. */
static const char *condition(struct kit *k, const char *type, const char *field)
{
    const char *text = value_text_at(
        condition_find(value_get(k->answer, "status"), type), field);

    return text ? text : "";
}

#define DEPLOYMENT(name, replicas, image)                                      \
    "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'" name    \
    "'},'spec':{'replicas':" replicas                                          \
    ",'selector':{'matchLabels':{'app':'" name                                 \
    "'}},'template':{'metadata':{'labels':{'app':'" name                       \
    "'}},'spec':{'containers':[{'name':'c','image':'" image "'}]}}}}"

TEST(a_deployment_gets_its_pods)
{
    struct kit k;

    start(&k, 2);
    make(&k, APPS "deployments", DEPLOYMENT("web", "3", "a"));
    kit_settle(&k, 2000);
    check_at(&k, APPS "deployments/web", "status.readyReplicas", "3");
    check_str(condition(&k, "Available", "reason"), "MinimumReplicasAvailable");
    check_str(condition(&k, "Progressing", "reason"), "NewReplicaSetAvailable");
    check_str(object_annotation(k.answer, "deployment.kubernetes.io/revision"),
              "1");
    check_int(count(&k, CORE "pods"), 3);
    check(sim_is_quiet(k.sim));
    kit_stop(&k);
}
