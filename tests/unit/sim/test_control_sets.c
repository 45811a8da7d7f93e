/* The controllers at work: sets, Jobs, schedules. */
#include <stdio.h>
#include <string.h>

#include "control_kit.h"

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

    control_start(&k, 2);
    control_make(&k, APPS "statefulsets", STATEFUL("db", CLAIMS));
    kit_settle(&k, 100);
    check_int(control_count(&k, CORE "pods"), 1);
    kit_settle(&k, 3000);
    check_at(&k, APPS "statefulsets/db", "status.readyReplicas", "3");
    check_at(&k, APPS "statefulsets/db", "status.availableReplicas", "3");
    check_at(&k, CORE "persistentvolumeclaims/data-db-2", "status.phase",
             "Bound");
    check_at(&k, CORE "pods/db-1", "spec.hostname", "db-1");
    kit_ask(&k, "MERGE", APPS "statefulsets/db", "{'spec':{'replicas':1}}");
    kit_settle(&k, 3000);
    check_int(control_count(&k, CORE "pods"), 1);
    check_int(control_count(&k, CORE "persistentvolumeclaims"), 3);
    kit_stop(&k);
}

TEST(a_statefulset_updates_down_to_its_partition)
{
    struct kit k;
    const char *old;

    control_start(&k, 2);
    control_make(&k, APPS "statefulsets", STATEFUL("db", ""));
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

    control_start(&k, 1);
    control_make(&k, APPS "statefulsets",
                 STATEFUL("db", "'podManagementPolicy':'Parallel',"));
    kit_settle(&k, 100);
    check_int(control_count(&k, CORE "pods"), 3);
    kit_stop(&k);
}

TEST(claims_go_with_the_pods_when_the_set_says_so)
{
    struct kit k;

    control_start(&k, 1);
    control_make(
        &k, APPS "statefulsets",
        STATEFUL("db",
                 CLAIMS "'persistentVolumeClaimRetentionPolicy':{'whenScaled':"
                        "'Delete','whenDeleted':'Delete'},"));
    kit_settle(&k, 3000);
    kit_ask(&k, "MERGE", APPS "statefulsets/db", "{'spec':{'replicas':1}}");
    kit_settle(&k, 3000);
    check_int(control_count(&k, CORE "persistentvolumeclaims"), 1);
    kit_ask(&k, "DELETE", APPS "statefulsets/db", NULL);
    kit_settle(&k, 3000);
    check_int(control_count(&k, CORE "persistentvolumeclaims"), 0);
    check_int(control_count(&k, "/api/v1/persistentvolumes"), 0);
    kit_stop(&k);
}

/* ---- DaemonSets ---- */

TEST(a_daemonset_has_a_pod_on_every_node_that_fits)
{
    struct kit k;

    control_start(&k, 3);
    kit_ask(&k, "MERGE", "/api/v1/nodes/node-2",
            "{'spec':{'taints':[{'key':'k','effect':'NoSchedule'}]}}");
    control_make(
        &k, APPS "daemonsets",
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

    control_start(&k, 1);
    control_make(&k, BATCH "jobs",
                 JOB("j", "'completions':3,'parallelism':2,", ""));
    kit_settle(&k, 5000);
    check_at(&k, BATCH "jobs/j", "status.succeeded", "3");
    check_str(control_condition(&k, "Complete", "reason"),
              "CompletionsReached");
    check_str(control_condition(&k, "SuccessCriteriaMet", "status"), "True");
    check(value_path(k.answer, "status.completionTime") != NULL);
    check_str(kit_text(&k, "status.active"), "");
    check_int(control_count(&k, CORE "pods"), 3);
    check(!object_has_finalizer(array_at(value_get(k.answer, "items"), 0),
                                "batch.kubernetes.io/job-tracking"));
    check(sim_is_quiet(k.sim));
    kit_stop(&k);
}

TEST(a_job_fails_after_its_backoff)
{
    struct kit k;
    uint64_t began;

    control_start(&k, 1);
    began = clock_now_ms(&k.clock.clock);
    control_make(&k, BATCH "jobs", JOB("j", "'backoffLimit':2,", "exit=3"));
    kit_settle(&k, 120000);
    check_at(&k, BATCH "jobs/j", "status.failed", "3");
    check_str(control_condition(&k, "Failed", "reason"),
              "BackoffLimitExceeded");
    check_str(control_condition(&k, "FailureTarget", "status"), "True");
    check(clock_now_ms(&k.clock.clock) - began >= 30000);
    check_int(control_count(&k, CORE "pods"), 3);
    kit_stop(&k);
}

TEST(an_indexed_job_has_a_pod_for_each_index)
{
    struct kit k;

    control_start(&k, 1);
    control_make(
        &k, BATCH "jobs",
        JOB("j", "'completions':4,'parallelism':2,'completionMode':'Indexed',",
            ""));
    kit_settle(&k, 5000);
    check_at(&k, BATCH "jobs/j", "status.completedIndexes", "0-3");
    check_str(control_condition(&k, "Complete", "status"), "True");
    kit_stop(&k);
}

TEST(a_job_is_suspended_and_resumed)
{
    struct kit k;

    control_start(&k, 1);
    control_make(&k, BATCH "jobs", JOB("j", "'suspend':true,", ""));
    kit_settle(&k, 2000);
    check_int(control_count(&k, CORE "pods"), 0);
    check_at(&k, BATCH "jobs/j", "status.startTime", "");
    check_str(control_condition(&k, "Suspended", "status"), "True");
    kit_ask(&k, "MERGE", BATCH "jobs/j", "{'spec':{'suspend':false}}");
    kit_settle(&k, 2000);
    check_at(&k, BATCH "jobs/j", "status.succeeded", "1");
    check_str(control_condition(&k, "Suspended", "reason"), "JobResumed");
    kit_stop(&k);
}

TEST(a_job_that_takes_too_long_is_stopped)
{
    struct kit k;

    control_start(&k, 1);
    control_make(&k, BATCH "jobs",
                 JOB("j",
                     "'activeDeadlineSeconds':20,'ttlSecondsAfterFinished':60,",
                     "hang"));
    kit_settle(&k, 70000);
    check_at(&k, BATCH "jobs/j", "status.failed", "1");
    check_str(control_condition(&k, "Failed", "reason"), "DeadlineExceeded");
    kit_settle(&k, 120000);
    check_int(kit_ask(&k, "GET", BATCH "jobs/j", NULL), 404);
    check_int(control_count(&k, CORE "pods"), 0);
    kit_stop(&k);
}

TEST(a_job_that_is_deleted_lets_its_pods_go)
{
    struct kit k;

    control_start(&k, 1);
    control_make(&k, BATCH "jobs", JOB("j", "", "hang"));
    kit_settle(&k, 2000);
    check_int(control_count(&k, CORE "pods"), 1);
    kit_ask(&k, "DELETE", BATCH "jobs/j?propagationPolicy=Background", NULL);
    kit_settle(&k, 60000);
    check_int(control_count(&k, CORE "pods"), 0);
    kit_stop(&k);
}

/* ---- CronJobs ---- */

#define CRON(name, spec, wish)                                                 \
    "{'apiVersion':'batch/v1','kind':'CronJob','metadata':{'name':'" name      \
    "'},'spec':{" spec "'jobTemplate':{'spec':{'template':{'metadata':"        \
    "{'annotations':{'sim.tidelock.dev/pod':'" wish                            \
    "'}},'spec':{'restartPolicy':'Never',"                                     \
    "'containers':[{'name':'c','image':'a'}]}}}}}}"

TEST(a_cronjob_runs_all_day_and_keeps_three)
{
    struct kit k;

    control_start(&k, 1);
    control_make(&k, BATCH "cronjobs",
                 CRON("c", "'schedule':'0 * * * *',", ""));
    control_run_for(&k, (24 * 60) * 60000);
    kit_settle(&k, 1000);
    check_int(control_count(&k, BATCH "jobs"), 3);
    check_at(&k, BATCH "cronjobs/c", "status.active", "");
    check(value_path(k.answer, "status.lastSuccessfulTime") != NULL);
    check(sim_is_quiet(k.sim));
    kit_stop(&k);
}

TEST(a_cronjob_minds_what_still_runs)
{
    struct kit k;

    control_start(&k, 1);
    control_make(&k, BATCH "cronjobs",
                 CRON("f",
                      "'schedule':'* * * * *','concurrencyPolicy':'Forbid',",
                      "hang"));
    control_make(&k, BATCH "cronjobs",
                 CRON("r",
                      "'schedule':'* * * * *','concurrencyPolicy':'Replace',",
                      "hang"));
    control_make(&k, BATCH "cronjobs",
                 CRON("s", "'schedule':'* * * * *','suspend':true,", ""));
    control_make(
        &k, BATCH "cronjobs",
        CRON("z", "'schedule':'* * * * *','timeZone':'Europe/Berlin',", ""));
    control_run_for(&k, (10) * 60000);
    check_int(control_count(&k, BATCH "jobs"), 2);
    check_at(&k, BATCH "cronjobs/f", "status.active", "");
    check_int(array_count(value_path(k.answer, "status.active")), 1);
    check(control_count(&k, CORE
                        "events?fieldSelector=reason=UnknownTimeZone") == 1);
    check(control_count(&k, CORE
                        "events?fieldSelector=reason=JobAlreadyActive") == 1);
    kit_stop(&k);
}

/* ---- claiming ---- */

TEST(pods_are_adopted_and_let_go_by_their_labels)
{
    struct kit k;
    const struct value *pods, *owner;
    char url[160];

    control_start(&k, 1);
    control_make(&k, CORE "pods",
                 "{'metadata':{'name':'stray','labels':{'app':'r'}},'spec':{"
                 "'containers':[{'name':'c','image':'a'}]}}");
    kit_settle(&k, 1000);
    control_make(&k, APPS "replicasets",
                 "{'metadata':{'name':'r'},'spec':{'replicas':2,'selector':{"
                 "'matchLabels':{'app':'r'}},'template':{'metadata':{'labels':"
                 "{'app':'r'}},'spec':{'containers':[{'name':'c','image':'a'}]}"
                 "}}}");
    kit_settle(&k, 1000);
    check_int(control_count(&k, CORE "pods"), 2);
    check_int(kit_ask(&k, "GET", CORE "pods/stray", NULL), 200);
    owner = object_controller(k.answer);
    check_str(value_text_at(owner, "name"), "r");
    check_int(kit_ask(&k, "MERGE", CORE "pods/stray",
                      "{'metadata':{'labels':{'app':'other'}}}"),
              200);
    kit_settle(&k, 1000);
    check_int(control_count(&k, CORE "pods"), 3);
    pods = value_get(k.answer, "items");
    check_int(array_count(pods), 3);
    check_int(kit_ask(&k, "GET", CORE "pods/stray", NULL), 200);
    check(object_controller(k.answer) == NULL);
    check_at(&k, APPS "replicasets/r", "status.readyReplicas", "2");
    snprintf(url, sizeof url, APPS "replicasets/%s", "r");
    check_int(kit_ask(&k, "MERGE", url, "{'spec':{'replicas':1}}"), 200);
    kit_settle(&k, 3000);
    check_at(&k, APPS "replicasets/r", "status.replicas", "1");
    kit_stop(&k);
}
