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

/* ---- the frame ---- */

TEST(an_unknown_controller_is_refused_with_a_list)
{
    struct clock_fake clock;
    struct sim_options o = {.clock = &clock.clock,
                            .controllers = "deployment,frobnicator"};
    struct sim *s = NULL;
    struct err err = {0};

    clock_fake_init(&clock);
    check_int(sim_new(&o, &s, &err), -ERR_USAGE);
    check_has(err.msg, "frobnicator");
    check_has(err.hint, "statefulset");
    check(s == NULL);
}

TEST(controllers_are_switched_on_by_name)
{
    struct kit k;

    kit_start(&k, "deployment,replicaset-controller");
    kit_account(&k);
    make(&k, APPS "deployments", DEPLOYMENT("web", "2", "a"));
    kit_settle(&k, 1000);
    check_int(count(&k, CORE "pods"), 2);
    check_at(&k, APPS "deployments/web", "status.unavailableReplicas", "2");
    check_int(kit_ask(&k, "GET",
                      "/api/v1/namespaces/kube-system/serviceaccounts/default",
                      NULL),
              404);
    kit_stop(&k);
}

TEST(nobody_works_when_none_is_on)
{
    struct kit k;

    kit_start(&k, "none");
    make(&k, APPS "deployments", DEPLOYMENT("web", "2", "a"));
    check(sim_step(k.sim) == UINT64_MAX);
    check(sim_is_quiet(k.sim));
    kit_stop(&k);
}

static void fingerprint(uint64_t *hash)
{
    struct kit k;

    start(&k, 2);
    make(&k, APPS "deployments", DEPLOYMENT("web", "3", "a"));
    kit_settle(&k, 2000);
    check_int(kit_ask(&k, "GET", CORE "pods", NULL), 200);
    *hash = 0;
    for (const char *c = kit_body(&k); *c; c++)
        *hash = *hash * 31 + (unsigned char)*c;
    kit_stop(&k);
}

TEST(the_same_seed_gives_the_same_objects)
{
    uint64_t a, b;

    fingerprint(&a);
    fingerprint(&b);
    check(a == b);
}

TEST(an_idle_cluster_only_renews_leases)
{
    struct kit k;
    uint64_t revision, now;

    start(&k, 1);
    check(sim_is_quiet(k.sim));
    now = clock_now_ms(&k.clock.clock);
    check(sim_step(k.sim) > now + 5000);
    revision = sim_revision(k.sim);
    for (int i = 0; i < 6; i++) {
        clock_fake_advance(&k.clock, 10000);
        sim_step(k.sim);
    }
    check_int(sim_revision(k.sim) - revision, 6);
    kit_stop(&k);
}

/* ---- Deployments ---- */

TEST(a_rollout_replaces_pods_within_its_limits)
{
    struct kit k;

    start(&k, 2);
    make(&k, APPS "deployments", DEPLOYMENT("web", "4", "a"));
    kit_settle(&k, 2000);
    check_int(kit_ask(&k, "MERGE", APPS "deployments/web",
                      "{'spec':{'template':{'spec':{'containers':[{'name':'c',"
                      "'image':'b'}]}}}}"),
              200);
    for (int i = 0; i < 100 && !sim_is_quiet(k.sim); i++) {
        check(count(&k, CORE "pods?fieldSelector=status.phase!=Failed") <= 9);
        kit_settle(&k, 50);
        clock_fake_advance(&k.clock, 50);
    }
    kit_settle(&k, 5000);
    check_at(&k, APPS "deployments/web", "status.updatedReplicas", "4");
    check_at(&k, APPS "deployments/web", "status.replicas", "4");
    check_str(object_annotation(k.answer, "deployment.kubernetes.io/revision"),
              "2");
    check_int(count(&k, APPS "replicasets"), 2);
    check_int(count(&k, CORE "pods"), 4);
    check_int(kit_ask(&k, "MERGE", APPS "deployments/web",
                      "{'spec':{'template':{'spec':{'containers':[{'name':'c',"
                      "'image':'a'}]}}}}"),
              200);
    kit_settle(&k, 5000);
    check_int(count(&k, APPS "replicasets"), 2);
    check_at(&k, APPS "deployments/web", "status.updatedReplicas", "4");
    check_str(object_annotation(k.answer, "deployment.kubernetes.io/revision"),
              "3");
    kit_stop(&k);
}

TEST(a_deployment_scales_up_and_down)
{
    struct kit k;

    start(&k, 1);
    make(&k, APPS "deployments", DEPLOYMENT("web", "1", "a"));
    kit_settle(&k, 2000);
    kit_ask(&k, "MERGE", APPS "deployments/web/scale",
            "{'spec':{'replicas':5}}");
    kit_settle(&k, 2000);
    check_at(&k, APPS "deployments/web", "status.availableReplicas", "5");
    kit_ask(&k, "MERGE", APPS "deployments/web/scale",
            "{'spec':{'replicas':0}}");
    kit_settle(&k, 2000);
    check_at(&k, APPS "deployments/web", "status.replicas", "");
    check_int(count(&k, CORE "pods"), 0);
    kit_stop(&k);
}

TEST(a_recreated_deployment_has_no_two_versions_at_once)
{
    struct kit k;

    start(&k, 1);
    make(&k, APPS "deployments", DEPLOYMENT("web", "2", "a"));
    kit_settle(&k, 2000);
    check_int(kit_ask(&k, "MERGE", APPS "deployments/web",
                      "{'spec':{'strategy':{'type':'Recreate',"
                      "'rollingUpdate':null},'template':{'spec':{"
                      "'containers':[{'name':'c','image':'b'}]}}}}"),
              200);
    kit_settle(&k, 5000);
    check_at(&k, APPS "deployments/web", "status.readyReplicas", "2");
    check_at(&k, APPS "deployments/web", "status.updatedReplicas", "2");
    check_int(count(&k, CORE "pods"), 2);
    kit_stop(&k);
}

TEST(a_paused_deployment_waits)
{
    struct kit k;

    start(&k, 1);
    make(&k, APPS "deployments", DEPLOYMENT("web", "1", "a"));
    kit_settle(&k, 2000);
    kit_ask(&k, "MERGE", APPS "deployments/web",
            "{'spec':{'paused':true,'template':{'spec':{'containers':"
            "[{'name':'c','image':'b'}]}}}}");
    kit_settle(&k, 2000);
    check_int(count(&k, APPS "replicasets"), 1);
    check_at(&k, APPS "deployments/web", "status.updatedReplicas", "");
    check_str(condition(&k, "Progressing", "reason"), "DeploymentPaused");
    kit_ask(&k, "MERGE", APPS "deployments/web", "{'spec':{'paused':false}}");
    kit_settle(&k, 2000);
    check_at(&k, APPS "deployments/web", "status.updatedReplicas", "1");
    kit_stop(&k);
}

TEST(a_rollout_that_hangs_misses_its_deadline)
{
    struct kit k;

    start(&k, 1);
    make(&k, APPS "deployments", DEPLOYMENT("web", "2", "a"));
    kit_settle(&k, 2000);
    kit_ask(&k, "MERGE", APPS "deployments/web",
            "{'spec':{'progressDeadlineSeconds':30,'template':{'metadata':"
            "{'annotations':{'sim.tidelock.dev/pod':'hang'}}}}}");
    kit_settle(&k, 60000);
    check_at(&k, APPS "deployments/web", "status.readyReplicas", "2");
    check_str(condition(&k, "Progressing", "reason"),
              "ProgressDeadlineExceeded");
    check_str(condition(&k, "Available", "status"), "True");
    check(sim_is_quiet(k.sim));
    kit_stop(&k);
}

TEST(a_pod_that_is_deleted_is_replaced)
{
    struct kit k;

    start(&k, 1);
    make(&k, APPS "deployments", DEPLOYMENT("web", "2", "a"));
    kit_settle(&k, 2000);
    check_int(kit_ask(&k, "DELETE", CORE "pods", NULL), 200);
    kit_settle(&k, 3000);
    check_int(count(&k, CORE "pods"), 2);
    check_at(&k, APPS "deployments/web", "status.readyReplicas", "2");
    kit_stop(&k);
}

/* ---- StatefulSets ---- */

#define STATEFUL(name, more)                                                   \
    "{'apiVersion':'apps/v1','kind':'StatefulSet','metadata':{'name':'" name   \
    "'},'spec':{'replicas':3,'serviceName':'" name                             \
    "','selector':{'matchLabels':{'app':'" name "'}}," more                    \
    "'template':{'metadata':{'labels':{'app':'" name                           \
    "'}},'spec':{'containers':[{'name':'c','image':'a'}]}}}}"
#define CLAIMS                                                                 \
    "'volumeClaimTemplates':[{'metadata':{'name':'data'},'spec':{"             \
    "'accessModes':['ReadWriteOnce'],'resources':{'requests':{'storage':"      \
    "'1Gi'}}}}],"

TEST(a_statefulset_makes_its_pods_in_order)
{
    struct kit k;

    start(&k, 2);
    make(&k, APPS "statefulsets", STATEFUL("db", CLAIMS));
    kit_settle(&k, 100);
    check_int(count(&k, CORE "pods"), 1);
    kit_settle(&k, 3000);
    check_at(&k, APPS "statefulsets/db", "status.readyReplicas", "3");
    check_at(&k, APPS "statefulsets/db", "status.availableReplicas", "3");
    check_at(&k, CORE "persistentvolumeclaims/data-db-2", "status.phase",
             "Bound");
    check_at(&k, CORE "pods/db-1", "spec.hostname", "db-1");
    kit_ask(&k, "MERGE", APPS "statefulsets/db", "{'spec':{'replicas':1}}");
    kit_settle(&k, 3000);
    check_int(count(&k, CORE "pods"), 1);
    check_int(count(&k, CORE "persistentvolumeclaims"), 3);
    kit_stop(&k);
}

TEST(a_statefulset_updates_down_to_its_partition)
{
    struct kit k;
    const char *old;

    start(&k, 2);
    make(&k, APPS "statefulsets", STATEFUL("db", ""));
    kit_settle(&k, 3000);
    kit_ask(&k, "MERGE", APPS "statefulsets/db",
            "{'spec':{'updateStrategy':{'type':'RollingUpdate',"
            "'rollingUpdate':{'partition':1}},'template':{'spec':{"
            "'containers':[{'name':'c','image':'b'}]}}}}");
    kit_settle(&k, 5000);
    check_at(&k, APPS "statefulsets/db", "status.updatedReplicas", "2");
    old = kit_text(&k, "status.currentRevision");
    check(strcmp(old, kit_text(&k, "status.updateRevision")) != 0);
    check_int(kit_ask(&k, "GET", CORE "pods/db-0", NULL), 200);
    check_str(
        value_text_at(array_at(value_path(k.answer, "spec.containers"), 0),
                      "image"),
        "a");
    kit_ask(&k, "MERGE", APPS "statefulsets/db",
            "{'spec':{'updateStrategy':{'rollingUpdate':{'partition':0}}}}");
    kit_settle(&k, 5000);
    check_at(&k, APPS "statefulsets/db", "status.currentReplicas", "3");
    check_int(kit_ask(&k, "GET", CORE "pods/db-0", NULL), 200);
    check_str(
        value_text_at(array_at(value_path(k.answer, "spec.containers"), 0),
                      "image"),
        "b");
    kit_stop(&k);
}

TEST(a_parallel_statefulset_does_not_wait)
{
    struct kit k;

    start(&k, 1);
    make(&k, APPS "statefulsets",
         STATEFUL("db", "'podManagementPolicy':'Parallel',"));
    kit_settle(&k, 100);
    check_int(count(&k, CORE "pods"), 3);
    kit_stop(&k);
}

TEST(claims_go_with_the_pods_when_the_set_says_so)
{
    struct kit k;

    start(&k, 1);
    make(&k, APPS "statefulsets",
         STATEFUL("db",
                  CLAIMS "'persistentVolumeClaimRetentionPolicy':{'whenScaled':"
                         "'Delete','whenDeleted':'Delete'},"));
    kit_settle(&k, 3000);
    kit_ask(&k, "MERGE", APPS "statefulsets/db", "{'spec':{'replicas':1}}");
    kit_settle(&k, 3000);
    check_int(count(&k, CORE "persistentvolumeclaims"), 1);
    kit_ask(&k, "DELETE", APPS "statefulsets/db", NULL);
    kit_settle(&k, 3000);
    check_int(count(&k, CORE "persistentvolumeclaims"), 0);
    check_int(count(&k, "/api/v1/persistentvolumes"), 0);
    kit_stop(&k);
}

/* ---- DaemonSets ---- */

TEST(a_daemonset_has_a_pod_on_every_node_that_fits)
{
    struct kit k;

    start(&k, 3);
    kit_ask(&k, "MERGE", "/api/v1/nodes/node-2",
            "{'spec':{'taints':[{'key':'k','effect':'NoSchedule'}]}}");
    make(&k, APPS "daemonsets",
         "{'apiVersion':'apps/v1','kind':'DaemonSet','metadata':{'name':'d'},"
         "'spec':{'selector':{'matchLabels':{'app':'d'}},'template':{"
         "'metadata':{'labels':{'app':'d'}},'spec':{'containers':[{'name':'c',"
         "'image':'a'}]}}}}");
    kit_settle(&k, 3000);
    check_at(&k, APPS "daemonsets/d", "status.numberAvailable", "2");
    check_at(&k, APPS "daemonsets/d", "status.desiredNumberScheduled", "2");
    kit_ask(&k, "MERGE", "/api/v1/nodes/node-2", "{'spec':{'taints':null}}");
    kit_settle(&k, 3000);
    check_at(&k, APPS "daemonsets/d", "status.numberReady", "3");
    kit_ask(&k, "MERGE", APPS "daemonsets/d",
            "{'spec':{'template':{'spec':{'containers':[{'name':'c',"
            "'image':'b'}]}}}}");
    kit_settle(&k, 5000);
    check_at(&k, APPS "daemonsets/d", "status.updatedNumberScheduled", "3");
    check_at(&k, APPS "daemonsets/d", "status.numberAvailable", "3");
    kit_stop(&k);
}

/* ---- Jobs ---- */

#define JOB(name, spec, wish)                                                  \
    "{'apiVersion':'batch/v1','kind':'Job','metadata':{'name':'" name          \
    "'},'spec':{" spec "'template':{'metadata':{'annotations':{"               \
    "'sim.tidelock.dev/pod':'" wish "'}},'spec':{'restartPolicy':'Never',"     \
    "'containers':[{'name':'c','image':'a'}]}}}}"

TEST(a_job_completes)
{
    struct kit k;

    start(&k, 1);
    make(&k, BATCH "jobs", JOB("j", "'completions':3,'parallelism':2,", ""));
    kit_settle(&k, 5000);
    check_at(&k, BATCH "jobs/j", "status.succeeded", "3");
    check_str(condition(&k, "Complete", "reason"), "CompletionsReached");
    check_str(condition(&k, "SuccessCriteriaMet", "status"), "True");
    check(value_path(k.answer, "status.completionTime") != NULL);
    check_str(kit_text(&k, "status.active"), "");
    check_int(count(&k, CORE "pods"), 3);
    check(!object_has_finalizer(array_at(value_get(k.answer, "items"), 0),
                                "batch.kubernetes.io/job-tracking"));
    check(sim_is_quiet(k.sim));
    kit_stop(&k);
}

TEST(a_job_fails_after_its_backoff)
{
    struct kit k;
    uint64_t began;

    start(&k, 1);
    began = clock_now_ms(&k.clock.clock);
    make(&k, BATCH "jobs", JOB("j", "'backoffLimit':2,", "exit=3"));
    kit_settle(&k, 120000);
    check_at(&k, BATCH "jobs/j", "status.failed", "3");
    check_str(condition(&k, "Failed", "reason"), "BackoffLimitExceeded");
    check_str(condition(&k, "FailureTarget", "status"), "True");
    check(clock_now_ms(&k.clock.clock) - began >= 30000);
    check_int(count(&k, CORE "pods"), 3);
    kit_stop(&k);
}

TEST(an_indexed_job_has_a_pod_for_each_index)
{
    struct kit k;

    start(&k, 1);
    make(&k, BATCH "jobs",
         JOB("j", "'completions':4,'parallelism':2,'completionMode':'Indexed',",
             ""));
    kit_settle(&k, 5000);
    check_at(&k, BATCH "jobs/j", "status.completedIndexes", "0-3");
    check_str(condition(&k, "Complete", "status"), "True");
    kit_stop(&k);
}

TEST(a_job_is_suspended_and_resumed)
{
    struct kit k;

    start(&k, 1);
    make(&k, BATCH "jobs", JOB("j", "'suspend':true,", ""));
    kit_settle(&k, 2000);
    check_int(count(&k, CORE "pods"), 0);
    check_at(&k, BATCH "jobs/j", "status.startTime", "");
    check_str(condition(&k, "Suspended", "status"), "True");
    kit_ask(&k, "MERGE", BATCH "jobs/j", "{'spec':{'suspend':false}}");
    kit_settle(&k, 2000);
    check_at(&k, BATCH "jobs/j", "status.succeeded", "1");
    check_str(condition(&k, "Suspended", "reason"), "JobResumed");
    kit_stop(&k);
}

TEST(a_job_that_takes_too_long_is_stopped)
{
    struct kit k;

    start(&k, 1);
    make(&k, BATCH "jobs",
         JOB("j", "'activeDeadlineSeconds':20,'ttlSecondsAfterFinished':60,",
             "hang"));
    kit_settle(&k, 70000);
    check_at(&k, BATCH "jobs/j", "status.failed", "1");
    check_str(condition(&k, "Failed", "reason"), "DeadlineExceeded");
    kit_settle(&k, 120000);
    check_int(kit_ask(&k, "GET", BATCH "jobs/j", NULL), 404);
    check_int(count(&k, CORE "pods"), 0);
    kit_stop(&k);
}

TEST(a_job_that_is_deleted_lets_its_pods_go)
{
    struct kit k;

    start(&k, 1);
    make(&k, BATCH "jobs", JOB("j", "", "hang"));
    kit_settle(&k, 2000);
    check_int(count(&k, CORE "pods"), 1);
    kit_ask(&k, "DELETE", BATCH "jobs/j?propagationPolicy=Background", NULL);
    kit_settle(&k, 60000);
    check_int(count(&k, CORE "pods"), 0);
    kit_stop(&k);
}

/* ---- CronJobs ---- */

static void run_for(struct kit *k, unsigned minutes)
{
    uint64_t end = clock_now_ms(&k->clock.clock) + minutes * 60000ull, now,
             wake;

    while ((now = clock_now_ms(&k->clock.clock)) < end) {
        wake = sim_step(k->sim);
        if (wake > end)
            wake = end;
        if (wake > now)
            clock_fake_advance(&k->clock, wake - now);
    }
}

#define CRON(name, spec, wish)                                                 \
    "{'apiVersion':'batch/v1','kind':'CronJob','metadata':{'name':'" name      \
    "'},'spec':{" spec "'jobTemplate':{'spec':{'template':{'metadata':"        \
    "{'annotations':{'sim.tidelock.dev/pod':'" wish                            \
    "'}},'spec':{'restartPolicy':'Never',"                                     \
    "'containers':[{'name':'c','image':'a'}]}}}}}}"

TEST(a_cronjob_runs_all_day_and_keeps_three)
{
    struct kit k;

    start(&k, 1);
    make(&k, BATCH "cronjobs", CRON("c", "'schedule':'0 * * * *',", ""));
    run_for(&k, 24 * 60);
    kit_settle(&k, 1000);
    check_int(count(&k, BATCH "jobs"), 3);
    check_at(&k, BATCH "cronjobs/c", "status.active", "");
    check(value_path(k.answer, "status.lastSuccessfulTime") != NULL);
    check(sim_is_quiet(k.sim));
    kit_stop(&k);
}

TEST(a_cronjob_minds_what_still_runs)
{
    struct kit k;

    start(&k, 1);
    make(&k, BATCH "cronjobs",
         CRON("f", "'schedule':'* * * * *','concurrencyPolicy':'Forbid',",
              "hang"));
    make(&k, BATCH "cronjobs",
         CRON("r", "'schedule':'* * * * *','concurrencyPolicy':'Replace',",
              "hang"));
    make(&k, BATCH "cronjobs",
         CRON("s", "'schedule':'* * * * *','suspend':true,", ""));
    make(&k, BATCH "cronjobs",
         CRON("z", "'schedule':'* * * * *','timeZone':'Europe/Berlin',", ""));
    run_for(&k, 10);
    check_int(count(&k, BATCH "jobs"), 2);
    check_at(&k, BATCH "cronjobs/f", "status.active", "");
    check_int(array_count(value_path(k.answer, "status.active")), 1);
    check(count(&k, CORE "events?fieldSelector=reason=UnknownTimeZone") == 1);
    check(count(&k, CORE "events?fieldSelector=reason=JobAlreadyActive") == 1);
    kit_stop(&k);
}

/* ---- the garbage collector ---- */

static void make_owned(struct kit *k, const char *name, const char *owner,
                       const char *more)
{
    char body[512], uid[64];

    check_int(kit_ask(k, "GET", CORE "configmaps", NULL), 200);
    snprintf(body, sizeof body, CORE "configmaps/%s", owner);
    check_int(kit_ask(k, "GET", body, NULL), 200);
    snprintf(uid, sizeof uid, "%s", kit_text(k, "metadata.uid"));
    snprintf(body, sizeof body,
             "{'metadata':{'name':'%s','ownerReferences':[{'apiVersion':'v1',"
             "'kind':'ConfigMap','name':'%s','uid':'%s'%s}]}}",
             name, owner, uid, more);
    make(k, CORE "configmaps", body);
}

static int get(struct kit *k, const char *name)
{
    char url[128];

    snprintf(url, sizeof url, CORE "configmaps/%s", name);
    return kit_ask(k, "GET", url, NULL);
}

TEST(what_has_no_owner_left_is_collected)
{
    struct kit k;

    kit_start(&k, "garbagecollector");
    make(&k, CORE "configmaps", "{'metadata':{'name':'a'}}");
    make_owned(&k, "b", "a", "");
    make_owned(&k, "c", "b", "");
    kit_settle(&k, 100);
    check_int(get(&k, "c"), 200);
    kit_ask(&k, "DELETE", CORE "configmaps/a?propagationPolicy=Background",
            NULL);
    kit_settle(&k, 100);
    check_int(get(&k, "b"), 404);
    check_int(get(&k, "c"), 404);
    make(&k, CORE "configmaps",
         "{'metadata':{'name':'d','ownerReferences':[{'apiVersion':'v1',"
         "'kind':'ConfigMap','name':'a','uid':'gone'}]}}");
    make(&k, CORE "configmaps",
         "{'metadata':{'name':'e','ownerReferences':[{'apiVersion':'x.y/v1',"
         "'kind':'Unknown','name':'a','uid':'gone'}]}}");
    kit_settle(&k, 100);
    check_int(get(&k, "d"), 404);
    check_int(get(&k, "e"), 200);
    kit_stop(&k);
}

TEST(a_foreground_deletion_waits_for_what_blocks_it)
{
    struct kit k;

    kit_start(&k, "garbagecollector");
    make(&k, CORE "configmaps", "{'metadata':{'name':'a'}}");
    make_owned(&k, "b", "a", ",'blockOwnerDeletion':true");
    kit_ask(&k, "MERGE", CORE "configmaps/b",
            "{'metadata':{'finalizers':['x.y/held']}}");
    kit_ask(&k, "DELETE", CORE "configmaps/a?propagationPolicy=Foreground",
            NULL);
    kit_settle(&k, 100);
    check_int(get(&k, "a"), 200);
    check(object_deleting(k.answer));
    check_int(get(&k, "b"), 200);
    check(object_deleting(k.answer));
    kit_ask(&k, "MERGE", CORE "configmaps/b",
            "{'metadata':{'finalizers':null}}");
    kit_settle(&k, 100);
    check_int(get(&k, "b"), 404);
    check_int(get(&k, "a"), 404);
    kit_stop(&k);
}

TEST(orphans_lose_their_owner_and_stay)
{
    struct kit k;

    kit_start(&k, "garbagecollector");
    make(&k, CORE "configmaps", "{'metadata':{'name':'a'}}");
    make_owned(&k, "b", "a", "");
    kit_ask(&k, "DELETE", CORE "configmaps/a?propagationPolicy=Orphan", NULL);
    kit_settle(&k, 100);
    check_int(get(&k, "a"), 404);
    check_int(get(&k, "b"), 200);
    check(value_path(k.answer, "metadata.ownerReferences") == NULL);
    kit_stop(&k);
}

TEST(an_owner_in_another_namespace_is_absent)
{
    struct kit k;
    char body[400], uid[64];

    kit_start(&k, "garbagecollector");
    make(&k, CORE "configmaps", "{'metadata':{'name':'a'}}");
    snprintf(uid, sizeof uid, "%s", kit_text(&k, "metadata.uid"));
    snprintf(body, sizeof body,
             "{'metadata':{'name':'b','ownerReferences':[{'apiVersion':'v1',"
             "'kind':'ConfigMap','name':'a','uid':'%s'}]}}",
             uid);
    make(&k, "/api/v1/namespaces/kube-public/configmaps", body);
    kit_settle(&k, 100);
    check_int(
        kit_ask(&k, "GET", "/api/v1/namespaces/kube-public/configmaps/b", NULL),
        404);
    kit_stop(&k);
}

TEST(a_deployment_is_deleted_with_all_that_it_made)
{
    struct kit k;

    start(&k, 1);
    make(&k, APPS "deployments", DEPLOYMENT("web", "2", "a"));
    kit_settle(&k, 2000);
    kit_ask(&k, "DELETE", APPS "deployments/web?propagationPolicy=Foreground",
            NULL);
    kit_settle(&k, 3000);
    check_int(kit_ask(&k, "GET", APPS "deployments/web", NULL), 404);
    check_int(count(&k, APPS "replicasets"), 0);
    check_int(count(&k, CORE "pods"), 0);
    kit_stop(&k);
}

/* ---- namespaces ---- */

TEST(a_namespace_goes_with_all_that_is_in_it)
{
    struct kit k;

    start(&k, 1);
    make(&k, "/api/v1/namespaces", "{'metadata':{'name':'n'}}");
    kit_settle(&k, 100);
    check_int(kit_ask(&k, "GET", "/api/v1/namespaces/n/serviceaccounts/default",
                      NULL),
              200);
    check_int(kit_ask(&k, "GET",
                      "/api/v1/namespaces/n/configmaps/kube-root-ca.crt", NULL),
              200);
    make(&k, "/apis/apps/v1/namespaces/n/deployments",
         DEPLOYMENT("web", "2", "a"));
    make(&k, "/api/v1/namespaces/n/configmaps",
         "{'metadata':{'name':'held','finalizers':['x.y/z']}}");
    kit_settle(&k, 2000);
    check_int(kit_ask(&k, "DELETE", "/api/v1/namespaces/n", NULL), 200);
    kit_settle(&k, 5000);
    check_int(kit_ask(&k, "GET", "/api/v1/namespaces/n", NULL), 200);
    check_str(condition(&k, "NamespaceContentRemaining", "status"), "True");
    check_has(condition(&k, "NamespaceFinalizersRemaining", "message"),
              "x.y/z in 1 resource instances");
    check_int(kit_ask(&k, "MERGE", "/api/v1/namespaces/n/configmaps/held",
                      "{'metadata':{'finalizers':null}}"),
              200);
    kit_settle(&k, 2000);
    if (!check_int(kit_ask(&k, "GET", "/api/v1/namespaces/n", NULL), 404))
        printf("%s\n", kit_body(&k));
    check_int(kit_ask(&k, "GET", "/api/v1/namespaces/n/pods", NULL), 200);
    check_int(array_count(value_get(k.answer, "items")), 0);
    kit_stop(&k);
}

TEST(the_default_account_comes_back)
{
    struct kit k;

    start(&k, 1);
    kit_ask(&k, "DELETE", CORE "serviceaccounts/default", NULL);
    kit_settle(&k, 100);
    check_int(kit_ask(&k, "GET", CORE "serviceaccounts/default", NULL), 200);
    kit_stop(&k);
}

/* ---- disruption ---- */

#define BUDGET "/apis/policy/v1/namespaces/default/poddisruptionbudgets"

TEST(a_budget_says_how_many_may_go)
{
    struct kit k;
    char url[160], body[160];

    start(&k, 1);
    make(&k, APPS "deployments", DEPLOYMENT("web", "3", "a"));
    make(&k, BUDGET,
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
    check_int(count(&k, CORE "pods"), 3);
    kit_stop(&k);
}

/* ---- services ---- */

TEST(a_service_knows_its_pods)
{
    struct kit k;
    const struct value *slice, *endpoint;

    start(&k, 1);
    make(&k, CORE "services",
         "{'metadata':{'name':'web'},'spec':{'selector':{'app':'web'},"
         "'ports':[{'port':80,'targetPort':8080}]}}");
    make(&k, APPS "deployments", DEPLOYMENT("web", "2", "a"));
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

    start(&k, 2);
    make(&k, APPS "deployments",
         "{'metadata':{'name':'web'},'spec':{'replicas':2,'selector':{"
         "'matchLabels':{'app':'web'}},'template':{'metadata':{'labels':{'app':"
         "'web'}},'spec':{'tolerations':[{'key':'node.kubernetes.io/not-ready',"
         "'operator':'Exists','effect':'NoExecute','tolerationSeconds':300}],"
         "'containers':[{'name':'c','image':'a'}]}}}}");
    kit_settle(&k, 2000);
    check_int(count(&k, CORE "pods?fieldSelector=spec.nodeName=node-1"), 1);
    check_int(kit_ask(&k, "MERGE", "/api/v1/nodes/node-1",
                      "{'metadata':{'annotations':{'sim.tidelock.dev/node':"
                      "'not-ready'}}}"),
              200);
    kit_settle(&k, 1000);
    check_at(&k, "/api/v1/nodes/node-1", "status.phase", "");
    check_str(condition(&k, "Ready", "status"), "False");
    check_int(array_count(value_path(k.answer, "spec.taints")), 2);
    check_at(&k, APPS "deployments/web", "status.readyReplicas", "1");
    kit_settle(&k, 400000);
    check_at(&k, APPS "deployments/web", "status.readyReplicas", "2");
    check_int(count(&k, CORE "pods?fieldSelector=spec.nodeName=node-2"), 2);
    check_int(kit_ask(&k, "MERGE", "/api/v1/nodes/node-1",
                      "{'metadata':{'annotations':{'sim.tidelock.dev/node':"
                      "null}}}"),
              200);
    kit_settle(&k, 5000);
    check_at(&k, "/api/v1/nodes/node-1", "spec.taints", "");
    check_str(condition(&k, "Ready", "status"), "True");
    check_int(count(&k, CORE "pods"), 2);
    kit_stop(&k);
}

TEST(pods_of_a_node_that_is_gone_go_too)
{
    struct kit k;

    start(&k, 2);
    make(&k, APPS "deployments", DEPLOYMENT("web", "2", "a"));
    kit_settle(&k, 2000);
    kit_ask(&k, "DELETE", "/api/v1/nodes/node-1", NULL);
    kit_settle(&k, 60000);
    check_int(count(&k, CORE "pods?fieldSelector=spec.nodeName=node-2"), 2);
    check_int(count(&k, CORE "pods"), 2);
    kit_stop(&k);
}

TEST(a_pod_that_fits_nowhere_stays_pending)
{
    struct kit k;

    start(&k, 1);
    make(&k, CORE "pods",
         "{'metadata':{'name':'big'},'spec':{'containers':[{'name':'c',"
         "'image':'a','resources':{'requests':{'cpu':'1000'}}}]}}");
    make(&k, CORE "pods",
         "{'metadata':{'name':'odd'},'spec':{'nodeSelector':{'a':'b'},"
         "'containers':[{'name':'c','image':'a'}]}}");
    kit_settle(&k, 1000);
    check_at(&k, CORE "pods/big", "status.phase", "Pending");
    check_str(condition(&k, "PodScheduled", "reason"), "Unschedulable");
    check_str(condition(&k, "PodScheduled", "message"),
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
    make(k, CORE "pods", body);
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

    start(&k, 1);
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
    check_str(condition(&k, "Ready", "status"), "False");
    check_at(&k, CORE "pods/pending", "status.phase", "Pending");
    check_at(&k, CORE "pods/fail", "status.reason", "Evicted");
    check_at(&k, CORE "pods/image", "status.phase", "Pending");
    check_str(waiting(&k), "ImagePullBackOff");
    check_at(&k, CORE "pods/slow", "status.phase", "Running");
    check_str(condition(&k, "Ready", "status"), "False");
    check_at(&k, CORE "pods/short", "status.phase", "Running");
    check_str(condition(&k, "Ready", "status"), "True");
    clock_fake_advance(&k.clock, 6000);
    kit_settle(&k, 0);
    check_at(&k, CORE "pods/slow", "status.phase", "Running");
    check_str(condition(&k, "Ready", "status"), "True");
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

/* ---- size ---- */

TEST(many_deployments_settle)
{
    struct kit k;
    char body[600];
    int total = test_rounds(100, 1000);

    start(&k, 3);
    for (int i = 0; i < total; i++) {
        snprintf(body, sizeof body,
                 "{'metadata':{'name':'d%d'},'spec':{'replicas':3,'selector':"
                 "{'matchLabels':{'app':'d%d'}},'template':{'metadata':"
                 "{'labels':{'app':'d%d'}},'spec':{'containers':[{'name':'c',"
                 "'image':'a'}]}}}}",
                 i, i, i);
        make(&k, APPS "deployments", body);
    }
    kit_settle(&k, 60000);
    check(sim_is_quiet(k.sim));
    check_int(count(&k, CORE "pods?fieldSelector=status.phase=Running"),
              3 * total);
    check_at(&k, APPS "deployments/d7", "status.readyReplicas", "3");
    kit_stop(&k);
}
