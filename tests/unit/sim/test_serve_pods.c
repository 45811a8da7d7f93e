/* Eviction, binding, logs, tokens, reviews, Events of two groups. */

#include <string.h>

#include "kit.h"

#define PODS "/api/v1/namespaces/default/pods"
#define BUDGETS "/apis/policy/v1/namespaces/default/poddisruptionbudgets"

static void make_pod(struct kit *k)
{
    kit_account(k);
    check_int(kit_ask(k, "POST", PODS,
                      "{'metadata':{'name':'a','labels':{'l':'x'}},'spec':{"
                      "'nodeName':'n','containers':[{'name':'c','image':'i:1'}]"
                      "}}"),
              201);
    check_int(kit_ask(k, "MERGE", PODS "/a/status",
                      "{'status':{'phase':'Running','conditions':[{'type':"
                      "'Ready','status':'True'}]}}"),
              200);
}

TEST(an_eviction_asks_the_budget)
{
    static const char *const eviction =
        "{'apiVersion':'policy/v1','kind':'Eviction','metadata':{'name':'a'}}";
    struct kit k;

    kit_start(&k, NULL);
    make_pod(&k);
    check_int(kit_ask(&k, "POST", BUDGETS,
                      "{'metadata':{'name':'b'},'spec':{'minAvailable':1,"
                      "'selector':{'matchLabels':{'l':'x'}}}}"),
              201);
    check_int(kit_ask(&k, "POST", PODS "/a/eviction", eviction), 429);
    check_str(kit_text(&k, "reason"), "TooManyRequests");
    check_has(kit_body(&k), "\"reason\":\"DisruptionBudget\"");
    check_int(k.r.retry_after_s, 10);
    kit_ask(&k, "MERGE", BUDGETS "/b/status",
            "{'status':{'observedGeneration':1,'disruptionsAllowed':0,"
            "'desiredHealthy':1,'currentHealthy':1,'expectedPods':1}}");
    check_int(kit_ask(&k, "POST", PODS "/a/eviction", eviction), 429);
    check_has(kit_body(&k), "needs 1 healthy pods and has 1 currently");
    check_int(k.r.retry_after_s, 0);
    kit_ask(&k, "MERGE", BUDGETS "/b/status",
            "{'status':{'disruptionsAllowed':1,'currentHealthy':2}}");
    check_int(kit_ask(&k, "POST", PODS "/a/eviction", eviction), 201);
    check_int(kit_ask(&k, "GET", PODS "/a", NULL), 200);
    check(*kit_text(&k, "metadata.deletionTimestamp"));
    check_int(kit_ask(&k, "GET", BUDGETS "/b", NULL), 200);
    check_str(kit_text(&k, "status.disruptionsAllowed"), "0");
    check_str(kit_text(&k, "status.disruptedPods.a"), "2026-01-01T00:00:00Z");
    check_has(kit_body(&k), "\"reason\":\"InsufficientPods\"");
    check_has(kit_body(&k), "\"observedGeneration\":1,\"reason\"");
    kit_stop(&k);
}

TEST(an_eviction_is_judged_before_the_pod)
{
    static const struct {
        const char *url, *body;
        int status;
    } cases[] = {
        {PODS "/a/eviction", "{'metadata':{}}", 400},
        {PODS "/a/eviction", "{'metadata':{'name':'b'}}", 400},
        {PODS "/a/eviction",
         "{'kind':'Potato','apiVersion':'policy/v1','metadata':{'name':'a'}}",
         400},
        {PODS "/a/eviction", "{'metadata':{'name':'a','namespace':'other'}}",
         400},
        {PODS "/a/eviction",
         "{'metadata':{'name':'a'},'deleteOptions':{'gracePeriodSeconds':'x'}}",
         400},
        {PODS "/a/eviction?dryRun=All",
         "{'metadata':{'name':'a'},'deleteOptions':{'dryRun':['All','All']}}",
         500},
        {PODS "/a/eviction",
         "{'metadata':{'name':'a'},'deleteOptions':{'preconditions':{"
         "'resourceVersion':'1'}}}",
         409},
        {PODS "/a/eviction?dryRun=All",
         "{'apiVersion':'policy/v1beta1','kind':'Eviction','metadata':{"
         "'name':'a'},'deleteOptions':{'dryRun':['All']}}",
         201},
    };
    struct kit k;

    kit_start(&k, NULL);
    make_pod(&k);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_int(kit_ask(&k, "POST", cases[i].url, cases[i].body),
                  cases[i].status);
    }
    check_int(kit_ask(&k, "GET", PODS "/a", NULL), 200);
    check_str(kit_text(&k, "metadata.deletionTimestamp"), "");
    kit_stop(&k);
}

TEST(a_pod_is_bound_once)
{
    struct kit k;

    kit_start(&k, NULL);
    kit_account(&k);
    kit_ask(&k, "POST", PODS,
            "{'metadata':{'name':'a'},'spec':{'containers':[{'name':'c',"
            "'image':'i:1'}]}}");
    check_int(kit_ask(&k, "POST", PODS "/a/binding",
                      "{'metadata':{'name':'a'},'target':{'kind':'Node',"
                      "'name':'n'}}"),
              201);
    check_int(kit_ask(&k, "GET", PODS "/a", NULL), 200);
    check_str(kit_text(&k, "spec.nodeName"), "n");
    check_has(kit_body(&k), "\"type\":\"PodScheduled\"");
    check_int(kit_ask(&k, "POST", PODS "/a/binding",
                      "{'metadata':{'name':'a'},'target':{'name':'m'}}"),
              409);
    check_int(kit_ask(&k, "GET", PODS "/a/log", NULL), 200);
    check_str(k.r.content_type, "text/plain");
    check_int(kit_ask(&k, "GET", PODS "/none/log", NULL), 404);
    check_int(kit_ask(&k, "GET", PODS "?fieldSelector=spec.nodeName%3Dn", NULL),
              200);
    check_int(value_get(k.answer, "items")->count, 1);
    check_int(kit_ask(&k, "GET", PODS "?fieldSelector=spec.nodeName%3D", NULL),
              200);
    check_int(value_get(k.answer, "items")->count, 0);
    kit_stop(&k);
}

TEST(reviews_are_answered_and_not_kept)
{
    struct kit k;
    uint64_t before;

    kit_start(&k, NULL);
    before = sim_revision(k.sim);
    check_int(kit_ask(&k, "POST",
                      "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                      "{'spec':{'resourceAttributes':{'verb':'get','resource':"
                      "'pods'}}}"),
              201);
    check_has(kit_body(&k), "\"allowed\":true");
    check_int(kit_ask(&k, "POST",
                      "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
                      "{'spec':{'namespace':'default'}}"),
              201);
    check_has(kit_body(&k), "\"verbs\":[\"*\"]");
    check_int(kit_ask(&k, "POST",
                      "/apis/authentication.k8s.io/v1/selfsubjectreviews",
                      "{}"),
              201);
    check_str(kit_text(&k, "status.userInfo.username"), "admin");
    check_int(kit_ask(&k, "POST",
                      "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                      "{'spec':{}}"),
              422);
    check_int(sim_revision(k.sim), before);
    kit_ask(&k, "POST", "/api/v1/namespaces/default/serviceaccounts",
            "{'metadata':{'name':'s'}}");
    check_int(kit_ask(&k, "POST",
                      "/api/v1/namespaces/default/serviceaccounts/s/token",
                      "{}"),
              201);
    check_str(kit_text(&k, "kind"), "TokenRequest");
    check(*kit_text(&k, "status.token"));
    kit_stop(&k);
}

TEST(an_event_is_one_in_both_groups)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", "/api/v1/namespaces/default/events",
                      "{'metadata':{'name':'e'},'involvedObject':{'kind':'Pod',"
                      "'name':'a','namespace':'default'},'reason':'R',"
                      "'message':'M','type':'Normal'}"),
              201);
    check_int(kit_ask(&k, "GET",
                      "/apis/events.k8s.io/v1/namespaces/default/events/e",
                      NULL),
              200);
    check_str(kit_text(&k, "apiVersion"), "events.k8s.io/v1");
    check_str(kit_text(&k, "note"), "M");
    check_str(kit_text(&k, "regarding.name"), "a");
    check_int(kit_ask(&k, "GET",
                      "/api/v1/events?fieldSelector=involvedObject.name%3Da",
                      NULL),
              200);
    check_int(value_get(k.answer, "items")->count, 1);
    check_int(kit_ask(&k, "GET", "/apis/events.k8s.io/v1/events", NULL), 200);
    check_has(kit_body(&k), "\"note\":\"M\"");
    kit_stop(&k);
}

/* ---- Jobs ---- */

#define JOBS "/apis/batch/v1/namespaces/default/jobs"
#define JOB(meta)                                                              \
    "{'metadata':{" meta "},'spec':{'suspend':true,'template':{'metadata':{"   \
    "'labels':{'app':'a'}},'spec':{'restartPolicy':'Never','containers':[{"    \
    "'name':'c','image':'i'}]}}}}"

static bool has_own_labels(struct kit *k)
{
    return value_get(value_path(k->answer, "metadata.labels"), "job-name");
}

/* Labels by default are the template's own map, unless a name is generated. */
TEST(a_job_without_labels_has_those_of_its_pods)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", JOBS, JOB("'name':'a'")), 201);
    check(has_own_labels(&k));
    check_int(
        kit_ask(&k, "POST", JOBS, JOB("'name':'b','labels':{'app':'a'}")), 201);
    check(!has_own_labels(&k));
    check_int(kit_ask(&k, "POST", JOBS, JOB("'generateName':'c-'")), 201);
    check(!has_own_labels(&k));
    check_str(kit_text(&k, "metadata.labels.app"), "a");
    kit_stop(&k);
}

TEST(a_suspended_job_may_be_placed_anew_but_not_be_another)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", JOBS, JOB("'name':'a'")), 201);
    check_int(kit_ask(&k, "MERGE", JOBS "/a",
                      "{'spec':{'template':{'spec':{'nodeSelector':{'d':'s'},"
                      "'affinity':{'nodeAffinity':{}}}}}}"),
              200);
    check_int(kit_ask(&k, "MERGE", JOBS "/a",
                      "{'spec':{'template':{'spec':{'hostname':'h'}}}}"),
              422);
    check_has(kit_body(&k), "\"field\":\"spec.template.spec\"");
    check_int(kit_ask(&k, "MERGE", JOBS "/a", "{'spec':{'suspend':false}}"),
              200);
    check_int(kit_ask(&k, "MERGE", JOBS "/a",
                      "{'spec':{'template':{'spec':{'nodeSelector':null}}}}"),
              422);
    check_has(kit_body(&k), "\"field\":\"spec.template\"");
    kit_stop(&k);
}

#define SETS "/apis/apps/v1/namespaces/default/daemonsets"

/* The annotation is a field of the spec, which is not part of the metadata. */
TEST(the_generation_of_a_template_outlives_a_status_write)
{
    static const char set[] =
        "{'metadata':{'name':'a'},'spec':{'selector':{'matchLabels':{'app':"
        "'a'}},'template':{'metadata':{'labels':{'app':'a'}},'spec':{"
        "'containers':[{'name':'c','image':'i'}]}}}}";
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", SETS, set), 201);
    check_int(kit_ask(&k, "PUT", SETS "/a/status", set), 200);
    check_has(kit_body(&k), "template.generation\":\"1\"");
    kit_stop(&k);
}
