/*
 * test_website.c -- the operator in operators/website, run on the real VM.
 */
#include "kit.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

#define SITE                                                                   \
    "{'metadata':{'name':'blog','namespace':'default','uid':'u-1',"            \
    "'generation':1},'spec':{'content':{'index.html':'hello'}}}"

static bool load(struct kit *k)
{
    static char text[65536];
    FILE *f = fopen("operators/website/operator.lua", "r");
    struct script_file file = {"operator.lua", text, 0};

    if (!f) {
        test_skip("not run in the root of the project");
        return false;
    }
    file.len = fread(text, 1, sizeof text, f);
    fclose(f);
    kit_init(k);
    kit_root(k, SITE);
    return check_ok(script_load(&file, 1, NULL, &k->script, &k->err), &k->err);
}

TEST(website_declares_its_three_children)
{
    struct kit k;

    if (!load(&k))
        return;
    if (check_ok(kit_call(&k, JOB_RECONCILE), &k.err)) {
        check_int(k.plan.count, 3);
        check_str(k.plan.steps[0].ref.gvk.kind, "ConfigMap");
        check_str(k.plan.steps[1].ref.gvk.kind, "Deployment");
        check_str(k.plan.steps[2].ref.gvk.kind, "Service");
        check(!value_path(k.plan.steps[1].body, "spec.replicas"));
    }
    kit_release(&k);
}

/* The pass after the creation sees a Deployment without a status. */
TEST(website_reports_the_same_before_and_after_creating_its_deployment)
{
    char before[4096];
    struct kit k;

    if (!load(&k))
        return;
    check_ok(kit_call(&k, JOB_RECONCILE), &k.err);
    snprintf(before, sizeof before, "%s", kit_plan(&k));
    kit_item(&k, OWNED_DEPLOYMENT,
             "{'metadata':{'name':'blog','namespace':'default',"
             "'generation':1},'spec':{},'status':{}}");
    check_ok(kit_call(&k, JOB_RECONCILE), &k.err);
    check_str(kit_plan(&k), before);
    check_has(before, "condition Ready=Unknown Starting \"0 replicas are "
                      "ready\"");
    check_has(before, "condition Progressing=True RollingOut");
    kit_release(&k);
}

TEST(website_is_ready_when_its_deployment_is_available)
{
    struct kit k;

    if (!load(&k))
        return;
    kit_item(&k, OWNED_DEPLOYMENT,
             "{'metadata':{'name':'blog','namespace':'default',"
             "'generation':1},'status':{'observedGeneration':1,"
             "'readyReplicas':2,'conditions':["
             "{'type':'Available','status':'True'},"
             "{'type':'Progressing','status':'True',"
             "'reason':'NewReplicaSetAvailable','message':'done'}]}}");
    check_ok(kit_call(&k, JOB_RECONCILE), &k.err);
    check_has(kit_plan(&k), "condition Ready=True Serving \"2 replicas are "
                            "ready\"");
    check_has(kit_plan(&k), "condition Progressing=False RolledOut \"done\"");
    check_has(kit_plan(&k), "{\"readyReplicas\":2}");
    kit_release(&k);
}
