/* The controllers at work: the frame, Deployments, what is collected. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "control_kit.h"

TEST(a_deployment_gets_its_pods)
{
    struct kit k;

    control_start(&k, 2);
    control_make(&k, APPS "deployments", DEPLOYMENT("web", "3", "a"));
    kit_settle(&k, 2000);
    check_at(&k, APPS "deployments/web", "status.readyReplicas", "3");
    check_str(control_condition(&k, "Available", "reason"),
              "MinimumReplicasAvailable");
    check_str(control_condition(&k, "Progressing", "reason"),
              "NewReplicaSetAvailable");
    check_str(object_annotation(k.answer, "deployment.kubernetes.io/revision"),
              "1");
    check_int(control_count(&k, CORE "pods"), 3);
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
    control_make(&k, APPS "deployments", DEPLOYMENT("web", "2", "a"));
    kit_settle(&k, 1000);
    check_int(control_count(&k, CORE "pods"), 2);
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
    control_make(&k, APPS "deployments", DEPLOYMENT("web", "2", "a"));
    check(sim_step(k.sim) == UINT64_MAX);
    check(sim_is_quiet(k.sim));
    kit_stop(&k);
}

static void fingerprint(uint64_t *hash)
{
    struct kit k;

    control_start(&k, 2);
    control_make(&k, APPS "deployments", DEPLOYMENT("web", "3", "a"));
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

    control_start(&k, 1);
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

    control_start(&k, 2);
    control_make(&k, APPS "deployments", DEPLOYMENT("web", "4", "a"));
    kit_settle(&k, 2000);
    check_int(kit_ask(&k, "MERGE", APPS "deployments/web",
                      "{'spec':{'template':{'spec':{'containers':[{'name':'c',"
                      "'image':'b'}]}}}}"),
              200);
    for (int i = 0; i < 100 && !sim_is_quiet(k.sim); i++) {
        check(control_count(&k, CORE
                            "pods?fieldSelector=status.phase!=Failed") <= 9);
        kit_settle(&k, 50);
        clock_fake_advance(&k.clock, 50);
    }
    kit_settle(&k, 5000);
    check_at(&k, APPS "deployments/web", "status.updatedReplicas", "4");
    check_at(&k, APPS "deployments/web", "status.replicas", "4");
    check_str(object_annotation(k.answer, "deployment.kubernetes.io/revision"),
              "2");
    check_int(control_count(&k, APPS "replicasets"), 2);
    check_int(control_count(&k, CORE "pods"), 4);
    check_int(kit_ask(&k, "MERGE", APPS "deployments/web",
                      "{'spec':{'template':{'spec':{'containers':[{'name':'c',"
                      "'image':'a'}]}}}}"),
              200);
    kit_settle(&k, 5000);
    check_int(control_count(&k, APPS "replicasets"), 2);
    check_at(&k, APPS "deployments/web", "status.updatedReplicas", "4");
    check_str(object_annotation(k.answer, "deployment.kubernetes.io/revision"),
              "3");
    kit_stop(&k);
}

TEST(a_deployment_scales_up_and_down)
{
    struct kit k;

    control_start(&k, 1);
    control_make(&k, APPS "deployments", DEPLOYMENT("web", "1", "a"));
    kit_settle(&k, 2000);
    kit_ask(&k, "MERGE", APPS "deployments/web/scale",
            "{'spec':{'replicas':5}}");
    kit_settle(&k, 2000);
    check_at(&k, APPS "deployments/web", "status.availableReplicas", "5");
    kit_ask(&k, "MERGE", APPS "deployments/web/scale",
            "{'spec':{'replicas':0}}");
    kit_settle(&k, 2000);
    check_at(&k, APPS "deployments/web", "status.replicas", "");
    check_int(control_count(&k, CORE "pods"), 0);
    kit_stop(&k);
}

TEST(a_recreated_deployment_has_no_two_versions_at_once)
{
    struct kit k;

    control_start(&k, 1);
    control_make(&k, APPS "deployments", DEPLOYMENT("web", "2", "a"));
    kit_settle(&k, 2000);
    check_int(kit_ask(&k, "MERGE", APPS "deployments/web",
                      "{'spec':{'strategy':{'type':'Recreate',"
                      "'rollingUpdate':null},'template':{'spec':{"
                      "'containers':[{'name':'c','image':'b'}]}}}}"),
              200);
    kit_settle(&k, 5000);
    check_at(&k, APPS "deployments/web", "status.readyReplicas", "2");
    check_at(&k, APPS "deployments/web", "status.updatedReplicas", "2");
    check_int(control_count(&k, CORE "pods"), 2);
    kit_stop(&k);
}

TEST(a_paused_deployment_waits)
{
    struct kit k;

    control_start(&k, 1);
    control_make(&k, APPS "deployments", DEPLOYMENT("web", "1", "a"));
    kit_settle(&k, 2000);
    kit_ask(&k, "MERGE", APPS "deployments/web",
            "{'spec':{'paused':true,'template':{'spec':{'containers':"
            "[{'name':'c','image':'b'}]}}}}");
    kit_settle(&k, 2000);
    check_int(control_count(&k, APPS "replicasets"), 1);
    check_at(&k, APPS "deployments/web", "status.updatedReplicas", "");
    check_str(control_condition(&k, "Progressing", "reason"),
              "DeploymentPaused");
    kit_ask(&k, "MERGE", APPS "deployments/web", "{'spec':{'paused':false}}");
    kit_settle(&k, 2000);
    check_at(&k, APPS "deployments/web", "status.updatedReplicas", "1");
    kit_stop(&k);
}

TEST(a_rollout_that_hangs_misses_its_deadline)
{
    struct kit k;

    control_start(&k, 1);
    control_make(&k, APPS "deployments", DEPLOYMENT("web", "2", "a"));
    kit_settle(&k, 2000);
    kit_ask(&k, "MERGE", APPS "deployments/web",
            "{'spec':{'progressDeadlineSeconds':30,'template':{'metadata':"
            "{'annotations':{'sim.tidelock.dev/pod':'hang'}}}}}");
    kit_settle(&k, 60000);
    check_at(&k, APPS "deployments/web", "status.readyReplicas", "2");
    check_str(control_condition(&k, "Progressing", "reason"),
              "ProgressDeadlineExceeded");
    check_str(control_condition(&k, "Available", "status"), "True");
    check(sim_is_quiet(k.sim));
    kit_stop(&k);
}

TEST(a_pod_that_is_deleted_is_replaced)
{
    struct kit k;

    control_start(&k, 1);
    control_make(&k, APPS "deployments", DEPLOYMENT("web", "2", "a"));
    kit_settle(&k, 2000);
    check_int(kit_ask(&k, "DELETE", CORE "pods", NULL), 200);
    kit_settle(&k, 3000);
    check_int(control_count(&k, CORE "pods"), 2);
    check_at(&k, APPS "deployments/web", "status.readyReplicas", "2");
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
    control_make(k, CORE "configmaps", body);
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
    control_make(&k, CORE "configmaps", "{'metadata':{'name':'a'}}");
    make_owned(&k, "b", "a", "");
    make_owned(&k, "c", "b", "");
    kit_settle(&k, 100);
    check_int(get(&k, "c"), 200);
    kit_ask(&k, "DELETE", CORE "configmaps/a?propagationPolicy=Background",
            NULL);
    kit_settle(&k, 100);
    check_int(get(&k, "b"), 404);
    check_int(get(&k, "c"), 404);
    control_make(
        &k, CORE "configmaps",
        "{'metadata':{'name':'d','ownerReferences':[{'apiVersion':'v1',"
        "'kind':'ConfigMap','name':'a','uid':'gone'}]}}");
    control_make(
        &k, CORE "configmaps",
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
    control_make(&k, CORE "configmaps", "{'metadata':{'name':'a'}}");
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
    control_make(&k, CORE "configmaps", "{'metadata':{'name':'a'}}");
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
    control_make(&k, CORE "configmaps", "{'metadata':{'name':'a'}}");
    snprintf(uid, sizeof uid, "%s", kit_text(&k, "metadata.uid"));
    snprintf(body, sizeof body,
             "{'metadata':{'name':'b','ownerReferences':[{'apiVersion':'v1',"
             "'kind':'ConfigMap','name':'a','uid':'%s'}]}}",
             uid);
    control_make(&k, "/api/v1/namespaces/kube-public/configmaps", body);
    kit_settle(&k, 100);
    check_int(
        kit_ask(&k, "GET", "/api/v1/namespaces/kube-public/configmaps/b", NULL),
        404);
    kit_stop(&k);
}

TEST(a_deployment_is_deleted_with_all_that_it_made)
{
    struct kit k;

    control_start(&k, 1);
    control_make(&k, APPS "deployments", DEPLOYMENT("web", "2", "a"));
    kit_settle(&k, 2000);
    kit_ask(&k, "DELETE", APPS "deployments/web?propagationPolicy=Foreground",
            NULL);
    kit_settle(&k, 3000);
    check_int(kit_ask(&k, "GET", APPS "deployments/web", NULL), 404);
    check_int(control_count(&k, APPS "replicasets"), 0);
    check_int(control_count(&k, CORE "pods"), 0);
    kit_stop(&k);
}

/* ---- namespaces ---- */

TEST(a_namespace_goes_with_all_that_is_in_it)
{
    struct kit k;

    control_start(&k, 1);
    control_make(&k, "/api/v1/namespaces", "{'metadata':{'name':'n'}}");
    kit_settle(&k, 100);
    check_int(kit_ask(&k, "GET", "/api/v1/namespaces/n/serviceaccounts/default",
                      NULL),
              200);
    check_int(kit_ask(&k, "GET",
                      "/api/v1/namespaces/n/configmaps/kube-root-ca.crt", NULL),
              200);
    control_make(&k, "/apis/apps/v1/namespaces/n/deployments",
                 DEPLOYMENT("web", "2", "a"));
    control_make(&k, "/api/v1/namespaces/n/configmaps",
                 "{'metadata':{'name':'held','finalizers':['x.y/z']}}");
    kit_settle(&k, 2000);
    check_int(kit_ask(&k, "DELETE", "/api/v1/namespaces/n", NULL), 200);
    kit_settle(&k, 5000);
    check_int(kit_ask(&k, "GET", "/api/v1/namespaces/n", NULL), 200);
    check_str(control_condition(&k, "NamespaceContentRemaining", "status"),
              "True");
    check_has(control_condition(&k, "NamespaceFinalizersRemaining", "message"),
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

    control_start(&k, 1);
    kit_ask(&k, "DELETE", CORE "serviceaccounts/default", NULL);
    kit_settle(&k, 100);
    check_int(kit_ask(&k, "GET", CORE "serviceaccounts/default", NULL), 200);
    kit_stop(&k);
}

/* ---- size ---- */

TEST(many_deployments_settle)
{
    struct kit k;
    char body[600];
    int total = test_rounds(100, 1000);

    control_start(&k, 3);
    for (int i = 0; i < total; i++) {
        snprintf(body, sizeof body,
                 "{'metadata':{'name':'d%d'},'spec':{'replicas':3,'selector':"
                 "{'matchLabels':{'app':'d%d'}},'template':{'metadata':"
                 "{'labels':{'app':'d%d'}},'spec':{'containers':[{'name':'c',"
                 "'image':'a'}]}}}}",
                 i, i, i);
        control_make(&k, APPS "deployments", body);
    }
    kit_settle(&k, 60000);
    check(sim_is_quiet(k.sim));
    check_int(control_count(&k, CORE "pods?fieldSelector=status.phase=Running"),
              3 * total);
    check_at(&k, APPS "deployments/d7", "status.readyReplicas", "3");
    kit_stop(&k);
}

/* A failed allocation anywhere in a step: the step comes again. */
TEST(controllers_recover_from_lost_memory)
{
    struct kit k;
    uint64_t rounds = (uint64_t)test_rounds(40, 400);

    for (uint64_t i = 0; i < rounds; i++) {
        control_start(&k, 1);
        control_make(&k, APPS "deployments", DEPLOYMENT("web", "2", "a"));
        mem_fail_at(1 + i * 3581 % 9973 % (100 * (1 + i)));
        kit_settle(&k, 30000);
        mem_fail_at(0);
        kit_settle(&k, 30000);
        check_at(&k, APPS "deployments/web", "status.readyReplicas", "2");
        check_int(control_count(&k, CORE "pods"), 2);
        check(sim_is_quiet(k.sim));
        kit_stop(&k);
    }
}

TEST(controllers_start_or_say_that_memory_is_out)
{
    struct clock_fake clock;
    struct sim_options o = {.clock = &clock.clock, .nodes = 1};
    struct sim *s;
    struct err err;
    bool failed = true;

    clock_fake_init(&clock);
    for (uint64_t i = 1; failed; i += 1 + i / 8) {
        s = NULL;
        mem_fail_at(i);
        failed = sim_new(&o, &s, &err) < 0 || sim_start(s, &err) < 0;
        if (failed)
            check_int(err.code, ERR_NOMEM);
        failed = mem_fail_happened() != 0;
        mem_fail_at(0);
        sim_free(s);
    }
}

/* ---- after a restart ---- */

struct kept {
    struct arena a;
    struct sim_change *items;
    size_t count, cap;
};

static void keep(void *arg, const struct sim_change *c)
{
    struct kept *all = arg;
    struct sim_change *to;

    if (!check_int(mem_grow((void **)&all->items, &all->cap, all->count + 1,
                            sizeof *all->items),
                   0))
        return;
    to = &all->items[all->count++];
    *to = *c;
    to->bucket = arena_strdup(&all->a, c->bucket);
    to->key.ns = arena_strdup(&all->a, c->key.ns);
    to->key.name = arena_strdup(&all->a, c->key.name);
    to->json = c->json ? arena_strndup(&all->a, c->json, c->len) : NULL;
}

/* Is there no later change of the same object? */
static bool is_last(const struct kept *all, size_t i)
{
    for (size_t j = i + 1; j < all->count; j++)
        if (text_equal(all->items[i].bucket, all->items[j].bucket) &&
            object_key_equal(&all->items[i].key, &all->items[j].key))
            return false;
    return true;
}

TEST(controllers_go_on_after_a_restart)
{
    struct kept all = {0};
    struct sim_options o = {.nodes = 1, .keep = keep, .keep_arg = &all};
    struct kit k, again = {0};
    struct err err = {0};

    kit_start_with(&k, &o);
    control_make(&k, APPS "deployments", DEPLOYMENT("web", "2", "a"));
    for (int i = 0; i < 2; i++)
        sim_step(k.sim);
    o = (struct sim_options){.clock = &k.clock.clock, .nodes = 1, .seed = 7};
    check_ok(sim_new(&o, &again.sim, &err), &err);
    for (size_t i = 0; i < all.count; i++)
        if (is_last(&all, i) && all.items[i].json)
            check_ok(sim_restore(again.sim, &all.items[i], &err), &err);
    check_ok(sim_start(again.sim, &err), &err);
    again.clock = k.clock;
    again.q.user = "system:admin";
    for (int i = 0; i < 100 && !sim_is_quiet(again.sim); i++) {
        sim_step(again.sim);
        clock_fake_advance(&k.clock, 50);
    }
    check_at(&again, APPS "deployments/web", "status.readyReplicas", "2");
    check_int(control_count(&again, CORE "pods"), 2);
    arena_release(&again.arena);
    sim_free(again.sim);
    kit_stop(&k);
    mem_free(all.items);
    arena_release(&all.a);
}
