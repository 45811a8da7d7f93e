/* The controllers at work: nodes, budgets, Services, unhappy pods. */
#include <stdio.h>
#include <string.h>

#include "control_kit.h"

/* ---- disruption ---- */

#define BUDGET "/apis/policy/v1/namespaces/default/poddisruptionbudgets"

TEST(a_budget_says_how_many_may_go)
{
    struct kit k;
    char url[160], body[160];

    control_start(&k, 1);
    control_make(&k, APPS "deployments", DEPLOYMENT("web", "3", "a"));
    control_make(
        &k, BUDGET,
        "{'metadata':{'name':'b'},'spec':{'maxUnavailable':1,'selector':"
        "{'matchLabels':{'app':'web'}}}}");
    kit_settle(&k, 2000);
    check_at(&k, BUDGET "/b", "status.disruptionsAllowed", "1");
    check_at(&k, BUDGET "/b", "status.desiredHealthy", "2");
    check_at(&k, BUDGET "/b", "status.expectedPods", "3");
    check_int(kit_ask(&k, "GET", CORE "pods", NULL), 200);
    snprintf(url, sizeof url, CORE "pods/%s/eviction",
             object_name(array_at(value_get(k.answer, "items"), 0)));
    snprintf(body, sizeof body,
             "{'apiVersion':'policy/v1','kind':'Eviction','metadata':{'name':"
             "'%s'}}",
             object_name(array_at(value_get(k.answer, "items"), 0)));
    check_int(kit_ask(&k, "POST", url, body), 201);
    kit_settle(&k, 3000);
    check_at(&k, BUDGET "/b", "status.currentHealthy", "3");
    check_at(&k, BUDGET "/b", "status.disruptionsAllowed", "1");
    check_int(control_count(&k, CORE "pods"), 3);
    kit_stop(&k);
}

/* ---- services ---- */

TEST(a_service_knows_its_pods)
{
    struct kit k;
    const struct value *slice, *endpoint;

    control_start(&k, 1);
    control_make(&k, CORE "services",
                 "{'metadata':{'name':'web'},'spec':{'selector':{'app':'web'},"
                 "'ports':[{'port':80,'targetPort':8080}]}}");
    control_make(&k, APPS "deployments", DEPLOYMENT("web", "2", "a"));
    kit_settle(&k, 2000);
    check_int(kit_ask(&k, "GET",
                      "/apis/discovery.k8s.io/v1/namespaces/default/"
                      "endpointslices?labelSelector=kubernetes.io/"
                      "service-name=web",
                      NULL),
              200);
    slice = array_at(value_get(k.answer, "items"), 0);
    check_int(array_count(value_get(slice, "endpoints")), 2);
    endpoint = array_at(value_get(slice, "endpoints"), 0);
    check(value_bool_at(endpoint, "conditions.ready", false));
    check_int(value_int_at(array_at(value_get(slice, "ports"), 0), "port", 0),
              8080);
    check_int(kit_ask(&k, "GET", CORE "endpoints/web", NULL), 200);
    check_int(array_count(value_get(array_at(value_get(k.answer, "subsets"), 0),
                                    "addresses")),
              2);
    kit_ask(&k, "DELETE", CORE "services/web", NULL);
    kit_settle(&k, 1000);
    check_int(kit_ask(&k, "GET", CORE "endpoints/web", NULL), 404);
    kit_stop(&k);
}

/* ---- nodes ---- */

TEST(a_node_that_is_not_ready_loses_its_pods)
{
    struct kit k;

    control_start(&k, 2);
    control_make(
        &k, APPS "deployments",
        "{'metadata':{'name':'web'},'spec':{'replicas':2,'selector':{"
        "'matchLabels':{'app':'web'}},'template':{'metadata':{'labels':{'app':"
        "'web'}},'spec':{'tolerations':[{'key':'node.kubernetes.io/not-ready',"
        "'operator':'Exists','effect':'NoExecute','tolerationSeconds':300}],"
        "'containers':[{'name':'c','image':'a'}]}}}}");
    kit_settle(&k, 2000);
    check_int(control_count(&k, CORE "pods?fieldSelector=spec.nodeName=node-1"),
              1);
    check_int(kit_ask(&k, "MERGE", "/api/v1/nodes/node-1",
                      "{'metadata':{'annotations':{'sim.tidelock.dev/node':"
                      "'not-ready'}}}"),
              200);
    kit_settle(&k, 1000);
    check_at(&k, "/api/v1/nodes/node-1", "status.phase", "");
    check_str(control_condition(&k, "Ready", "status"), "False");
    check_int(array_count(value_path(k.answer, "spec.taints")), 2);
    check_at(&k, APPS "deployments/web", "status.readyReplicas", "1");
    kit_settle(&k, 400000);
    check_at(&k, APPS "deployments/web", "status.readyReplicas", "2");
    check_int(control_count(&k, CORE "pods?fieldSelector=spec.nodeName=node-2"),
              2);
    check_int(kit_ask(&k, "MERGE", "/api/v1/nodes/node-1",
                      "{'metadata':{'annotations':{'sim.tidelock.dev/node':"
                      "null}}}"),
              200);
    kit_settle(&k, 5000);
    check_at(&k, "/api/v1/nodes/node-1", "spec.taints", "");
    check_str(control_condition(&k, "Ready", "status"), "True");
    check_int(control_count(&k, CORE "pods"), 2);
    kit_stop(&k);
}

TEST(pods_of_a_node_that_is_gone_go_too)
{
    struct kit k;

    control_start(&k, 2);
    control_make(&k, APPS "deployments", DEPLOYMENT("web", "2", "a"));
    kit_settle(&k, 2000);
    kit_ask(&k, "DELETE", "/api/v1/nodes/node-1", NULL);
    kit_settle(&k, 60000);
    check_int(control_count(&k, CORE "pods?fieldSelector=spec.nodeName=node-2"),
              2);
    check_int(control_count(&k, CORE "pods"), 2);
    kit_stop(&k);
}

TEST(a_pod_that_fits_nowhere_stays_pending)
{
    struct kit k;

    control_start(&k, 1);
    control_make(&k, CORE "pods",
                 "{'metadata':{'name':'big'},'spec':{'containers':[{'name':'c',"
                 "'image':'a','resources':{'requests':{'cpu':'1000'}}}]}}");
    control_make(&k, CORE "pods",
                 "{'metadata':{'name':'odd'},'spec':{'nodeSelector':{'a':'b'},"
                 "'containers':[{'name':'c','image':'a'}]}}");
    kit_settle(&k, 1000);
    check_at(&k, CORE "pods/big", "status.phase", "Pending");
    check_str(control_condition(&k, "PodScheduled", "reason"), "Unschedulable");
    check_str(control_condition(&k, "PodScheduled", "message"),
              "0/1 nodes are available: 1 Insufficient cpu.");
    check(sim_is_quiet(k.sim));
    kit_ask(&k, "MERGE", "/api/v1/nodes/node-1",
            "{'metadata':{'labels':{'a':'b'}}}");
    kit_settle(&k, 1000);
    check_at(&k, CORE "pods/odd", "status.phase", "Running");
    kit_stop(&k);
}

/* ---- annotations ---- */

static void make_pod(struct kit *k, const char *name, const char *notes)
{
    char body[400];

    snprintf(body, sizeof body,
             "{'metadata':{'name':'%s','annotations':{%s}},'spec':{"
             "'containers':[{'name':'c','image':'a'}]}}",
             name, notes);
    control_make(k, CORE "pods", body);
}

static const char *waiting(struct kit *k)
{
    const char *text = value_text_at(
        array_at(value_path(k->answer, "status.containerStatuses"), 0),
        "state.waiting.reason");

    return text ? text : "";
}

TEST(annotations_make_pods_fail_in_every_way)
{
    struct kit k;

    control_start(&k, 1);
    make_pod(&k, "crash", "'sim.tidelock.dev/pod':'crash'");
    make_pod(&k, "hang", "'sim.tidelock.dev/pod':'hang'");
    make_pod(&k, "pending", "'sim.tidelock.dev/pod':'pending'");
    make_pod(&k, "fail", "'sim.tidelock.dev/pod':'fail'");
    make_pod(&k, "image", "'sim.tidelock.dev/pod':'image-missing'");
    make_pod(&k, "slow", "'sim.tidelock.dev/ready-after':'3s'");
    make_pod(&k, "short", "'sim.tidelock.dev/run-for':'5s'");
    kit_settle(&k, 2000);
    check_at(&k, CORE "pods/crash", "status.phase", "Running");
    check_str(waiting(&k), "CrashLoopBackOff");
    check_at(&k, CORE "pods/hang", "status.phase", "Running");
    check_str(control_condition(&k, "Ready", "status"), "False");
    check_at(&k, CORE "pods/pending", "status.phase", "Pending");
    check_at(&k, CORE "pods/fail", "status.reason", "Evicted");
    check_at(&k, CORE "pods/image", "status.phase", "Pending");
    check_str(waiting(&k), "ImagePullBackOff");
    check_at(&k, CORE "pods/slow", "status.phase", "Running");
    check_str(control_condition(&k, "Ready", "status"), "False");
    check_at(&k, CORE "pods/short", "status.phase", "Running");
    check_str(control_condition(&k, "Ready", "status"), "True");
    clock_fake_advance(&k.clock, 6000);
    kit_settle(&k, 0);
    check_at(&k, CORE "pods/slow", "status.phase", "Running");
    check_str(control_condition(&k, "Ready", "status"), "True");
    check_int(kit_ask(&k, "GET", CORE "pods/short", NULL), 200);
    check_int(value_int_at(
                  array_at(value_path(k.answer, "status.containerStatuses"), 0),
                  "restartCount", 0),
              1);
    kit_ask(&k, "DELETE", CORE "pods/crash", NULL);
    kit_ask(&k, "DELETE", CORE "pods/hang", NULL);
    kit_settle(&k, 1000);
    check_int(kit_ask(&k, "GET", CORE "pods/crash", NULL), 404);
    check_int(kit_ask(&k, "GET", CORE "pods/hang", NULL), 200);
    kit_settle(&k, 40000);
    check_int(kit_ask(&k, "GET", CORE "pods/hang", NULL), 404);
    kit_stop(&k);
}
