/* Patches of all kinds, status, scale. */

#include <stdio.h>
#include <string.h>

#include "kit.h"

#define MAPS "/api/v1/namespaces/default/configmaps"
#define DEPLOYMENTS "/apis/apps/v1/namespaces/default/deployments"

#define DEPLOYMENT                                                             \
    "{'metadata':{'name':'d'},'spec':{'replicas':2,'selector':{'matchLabels':" \
    "{'a':'b'}},'template':{'metadata':{'labels':{'a':'b'}},'spec':{"          \
    "'containers':[{'name':'c','image':'i:1'}]}}}}"

TEST(each_kind_of_patch_changes_an_object)
{
    struct kit k;

    kit_start(&k, NULL);
    kit_ask(&k, "POST", MAPS,
            "{'metadata':{'name':'a'},'data':{'x':'1','y':'2'}}");
    check_int(kit_ask(&k, "MERGE", MAPS "/a", "{'data':{'x':null,'z':'3'}}"),
              200);
    check_str(kit_text(&k, "data.x"), "");
    check_str(kit_text(&k, "data.z"), "3");
    check_int(kit_ask(&k, "JSON", MAPS "/a",
                      "[{'op':'replace','path':'/data/z','value':'4'}]"),
              200);
    check_str(kit_text(&k, "data.z"), "4");
    check_int(kit_ask(&k, "STRATEGIC", MAPS "/a", "{'data':{'z':'5'}}"), 200);
    check_str(kit_text(&k, "data.z"), "5");
    check_int(kit_ask(&k, "JSON", MAPS "/a",
                      "[{'op':'test','path':'/data/z','value':'0'}]"),
              422);
    check_int(kit_ask(&k, "JSON", MAPS "/a", "{}"), 400);
    check_int(kit_ask(&k, "MERGE", MAPS "/none", "{}"), 404);
    check_int(kit_ask(&k, "MERGE", MAPS "/a", "{'data':{'z':[1]}}"), 422);
    check_int(
        kit_ask(&k, "MERGE", MAPS "/a", "{'metadata':{'resourceVersion':'1'}}"),
        409);
    kit_stop(&k);
}

TEST(an_apply_creates_changes_and_conflicts)
{
    struct kit k;
    uint64_t before;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "APPLY", MAPS "/a?fieldManager=one",
                      "{'apiVersion':'v1','kind':'ConfigMap','metadata':{"
                      "'name':'a'},'data':{'x':'1'}}"),
              201);
    before = sim_revision(k.sim);
    check_int(kit_ask(&k, "APPLY", MAPS "/a?fieldManager=one",
                      "{'apiVersion':'v1','kind':'ConfigMap','metadata':{"
                      "'name':'a'},'data':{'x':'1'}}"),
              200);
    check_int(sim_revision(k.sim), before);
    check_int(kit_ask(&k, "APPLY", MAPS "/a?fieldManager=two",
                      "{'apiVersion':'v1','kind':'ConfigMap','metadata':{"
                      "'name':'a'},'data':{'x':'2'}}"),
              409);
    check_has(kit_body(&k), "\"reason\":\"FieldManagerConflict\"");
    check_int(kit_ask(&k, "APPLY", MAPS "/a?fieldManager=two&force=true",
                      "{'apiVersion':'v1','kind':'ConfigMap','metadata':{"
                      "'name':'a'},'data':{'x':'2'}}"),
              200);
    check_str(kit_text(&k, "data.x"), "2");
    kit_stop(&k);
}

/* What tidelock relies on to create without adopting. */
TEST(an_apply_says_who_it_is_about)
{
    struct kit k;

    kit_start(&k, NULL);
    kit_ask(&k, "POST", MAPS, "{'metadata':{'name':'a'},'data':{'x':'1'}}");
    check_int(kit_ask(&k, "APPLY", MAPS "/b?fieldManager=m",
                      "{'apiVersion':'v1','kind':'ConfigMap','metadata':null,"
                      "'data':{'x':'1'}}"),
              400);
    check_int(kit_ask(&k, "APPLY", MAPS "/a?fieldManager=m",
                      "{'apiVersion':'v1','kind':'ConfigMap','metadata':null,"
                      "'data':{'y':'2'}}"),
              200);
    check_str(kit_text(&k, "metadata.name"), "a");
    check_int(kit_ask(&k, "APPLY", MAPS "/b?fieldManager=m",
                      "{'apiVersion':'v1','kind':'ConfigMap','metadata':[]}"),
              500);
    kit_stop(&k);
}

TEST(an_apply_of_version_one_only_creates)
{
    static const char *const body =
        "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a',"
        "'resourceVersion':'1'},'data':{'x':'1'}}";
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "APPLY", MAPS "/a?fieldManager=one", body), 201);
    check_int(kit_ask(&k, "APPLY", MAPS "/a?fieldManager=one", body), 409);
    check_str(kit_text(&k, "reason"), "Conflict");
    check_int(kit_ask(&k, "APPLY", MAPS "/b?fieldManager=one",
                      "{'apiVersion':'v1','kind':'ConfigMap','metadata':{"
                      "'name':'b','uid':'x'}}"),
              409);
    kit_stop(&k);
}

TEST(status_is_written_apart)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", DEPLOYMENTS, DEPLOYMENT), 201);
    check_str(kit_text(&k, "metadata.generation"), "1");
    check_int(kit_ask(&k, "MERGE", DEPLOYMENTS "/d/status",
                      "{'spec':{'replicas':7},'status':{'replicas':2}}"),
              200);
    check_str(kit_text(&k, "spec.replicas"), "2");
    check_str(kit_text(&k, "status.replicas"), "2");
    check_str(kit_text(&k, "metadata.generation"), "1");
    check_int(kit_ask(&k, "MERGE", DEPLOYMENTS "/d",
                      "{'spec':{'replicas':7},'status':{'replicas':9}}"),
              200);
    check_str(kit_text(&k, "spec.replicas"), "7");
    check_str(kit_text(&k, "status.replicas"), "2");
    check_str(kit_text(&k, "metadata.generation"), "2");
    check_int(kit_ask(&k, "POST", DEPLOYMENTS "/d/status", "{}"), 405);
    check_int(kit_ask(&k, "MERGE", MAPS "/a/status", "{}"), 404);
    kit_stop(&k);
}

TEST(a_built_in_object_keeps_its_kind_whatever_a_patch_takes)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", MAPS, "{'metadata':{'name':'p'}}"), 201);
    check_int(
        kit_ask(&k, "JSON", MAPS "/p", "[{'op':'remove','path':'/kind'}]"),
        200);
    check_str(kit_text(&k, "kind"), "ConfigMap");
    check_int(kit_ask(&k, "JSON", MAPS "/p",
                      "[{'op':'replace','path':'/kind','value':'Secret'}]"),
              422);
    check_has(kit_body(&k), "\"field\":\"patch\"");
    check_int(kit_ask(&k, "MERGE", MAPS "/p", "{'apiVersion':null}"), 400);
    check_int(k.r.warning_count, 1);
    check_int(kit_ask(&k, "MERGE", MAPS "/p?fieldValidation=Strict",
                      "{'apiVersion':null}"),
              422);
    check_int(kit_ask(&k, "MERGE", MAPS "/p", "{'apiVersion':7}"), 422);
    check_int(
        kit_ask(&k, "JSON", MAPS "/p", "[{'op':'add','path':'','value':{}}]"),
        422);
    check_int(kit_ask(&k, "JSON", MAPS "/p",
                      "[{'op':'replace','path':'','value':{'apiVersion':'v1',"
                      "'kind':'ConfigMap','metadata':{'name':'p'}}}]"),
              200);
    check_int(kit_ask(&k, "JSON", MAPS "/p",
                      "[{'op':'add','path':'/metadata/labels',"
                      "'value':{'a':'b'}},{'op':'add','path':"
                      "'/metadata/labels/-'}]"),
              422);
    check_has(kit_body(&k), "\"field\":\"metadata.labels\"");
    kit_stop(&k);
}

TEST(an_empty_list_of_managers_is_a_reset)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", MAPS,
                      "{'metadata':{'name':'p'},'data':{"
                      "'a':'b'}}"),
              201);
    check_has(kit_body(&k), "managedFields");
    check_int(
        kit_ask(&k, "MERGE", MAPS "/p", "{'metadata':{'managedFields':[]}}"),
        200);
    check(!strstr(kit_body(&k), "managedFields"));
    kit_stop(&k);
}

TEST(a_dry_apply_sends_the_version_back)
{
    static const char *const body =
        "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'p',"
        "'resourceVersion':'7'}}";
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "APPLY", MAPS "/p?fieldManager=x&dryRun=All", body),
              201);
    check_str(kit_text(&k, "metadata.resourceVersion"), "7");
    check_int(kit_ask(&k, "APPLY", MAPS "/p?fieldManager=x", body), 201);
    check(strcmp(kit_text(&k, "metadata.resourceVersion"), "7") != 0);
    kit_stop(&k);
}

#define ROLES "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles"

TEST(an_empty_list_has_a_manager_before_it_is_stored_as_none)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", ROLES "?fieldManager=m",
                      "{'metadata':{'name':'r'},'rules':[]}"),
              201);
    check_has(kit_body(&k), "\"fieldsV1\":{\"f:rules\":{}}");
    check_has(kit_body(&k), "\"rules\":null");
    check_int(kit_ask(&k, "POST", ROLES "?fieldManager=m",
                      "{'metadata':{'name':'none'}}"),
              201);
    check(!strstr(kit_body(&k), "managedFields"));
    kit_stop(&k);
}

#define CLASSES "/apis/storage.k8s.io/v1/storageclasses"
#define POLICIES "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies"

TEST(a_class_keeps_its_parameters_and_a_policy_has_two_types)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", CLASSES,
                      "{'metadata':{'name':'c'},'provisioner':'p.io/x',"
                      "'reclaimPolicy':''}"),
              201);
    check_int(kit_ask(&k, "MERGE", CLASSES "/c", "{'parameters':{'a':'b'}}"),
              422);
    check_has(kit_body(&k), "FieldValueInvalid");
    check_int(kit_ask(&k, "POST", POLICIES,
                      "{'metadata':{'name':'n'},'spec':{'podSelector':{},"
                      "'policyTypes':['Ingress','Egress','Ingress']}}"),
              422);
    check_has(kit_body(&k), "\"field\":\"spec.policyTypes\"");
    kit_stop(&k);
}

TEST(the_last_of_equal_names_counts_among_many_members)
{
    struct str body = {0};
    struct kit k;

    kit_start(&k, NULL);
    str_add(&body, "{'metadata':{'name':'wide'},'data':{");
    for (int i = 0; i < 100; i++)
        str_addf(&body, "'k%d':'1',", i);
    str_add(&body, "'k3':'2','k99':'3','k99':'4'}}");
    check_int(kit_ask(&k, "POST", MAPS "?fieldValidation=Strict",
                      str_text(&body)),
              400);
    check_has(kit_body(&k), "duplicate field \\\"data.k3\\\"");
    check_has(kit_body(&k), "duplicate field \\\"data.k99\\\"");
    check_int(kit_ask(&k, "POST", MAPS, str_text(&body)), 201);
    check_str(kit_text(&k, "data.k3"), "2");
    check_str(kit_text(&k, "data.k99"), "4");
    check_str(kit_text(&k, "data.k98"), "1");
    str_release(&body);
    kit_stop(&k);
}

/* The same short operation, as often as is said. */
static int ask_often(struct kit *k, const char *path, const char *operation,
                     unsigned count)
{
    struct str body = {0};
    int code;

    str_addc(&body, '[');
    for (unsigned i = 0; i < count; i++)
        str_addf(&body, "%s%s", i ? "," : "", operation);
    str_addc(&body, ']');
    code = kit_ask(k, "JSON", path, str_text(&body));
    str_release(&body);
    return code;
}

TEST(a_json_patch_is_bounded)
{
    static const char test[] =
        "{'op':'test','path':'/metadata/name','value':'d'}";
    static const char copy[] =
        "{'op':'copy','from':'/spec','path':'/spec/template/x'}";
    static const char scale[] = DEPLOYMENTS "/d/scale";
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", DEPLOYMENTS, DEPLOYMENT), 201);
    check_int(ask_often(&k, DEPLOYMENTS "/d", test, 10000), 200);
    check_int(ask_often(&k, DEPLOYMENTS "/d", test, 10001), 413);
    check_int(ask_often(&k, DEPLOYMENTS "/d", copy, 10000), 422);
    check_int(ask_often(&k, scale, test, 10000), 200);
    check_int(ask_often(&k, scale, test, 10001), 413);
    check_int(ask_often(&k, scale,
                        "{'op':'copy','from':'','path':'/metadata/x'}", 10000),
              422);
    kit_stop(&k);
}

TEST(a_scale_is_read_as_one)
{
    static const struct {
        const char *method, *body;
        int status;
    } cases[] = {
        {"PUT", "{'metadata':{'name':'d'},'spec':{'replicas':'x'}}", 400},
        {"PUT", "{'kind':'Deployment','metadata':{'name':'d'}}", 400},
        {"PUT", "{'spec':{'replicas':1}}", 400},
        {"MERGE", "{'spec':{'replicas':'x'}}", 422},
        {"MERGE", "{'metadata':{'name':'e'}}", 400},
        {"MERGE", "{'spec':{'replicas':-1}}", 422},
    };
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", DEPLOYMENTS,
                      "{'metadata':{'name':'d'},'spec':{'selector':{"
                      "'matchLabels':{'l':'x'}},'template':{'metadata':{"
                      "'labels':{'l':'x'}},'spec':{'containers':[{'name':'c',"
                      "'image':'i:1'}]}}}}"),
              201);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_int(
            kit_ask(&k, cases[i].method, DEPLOYMENTS "/d/scale", cases[i].body),
            cases[i].status);
    }
    kit_stop(&k);
}

TEST(a_scale_is_a_view_of_its_parent)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", DEPLOYMENTS, DEPLOYMENT), 201);
    check_int(kit_ask(&k, "GET", DEPLOYMENTS "/d/scale", NULL), 200);
    check_str(kit_text(&k, "kind"), "Scale");
    check_str(kit_text(&k, "spec.replicas"), "2");
    check_str(kit_text(&k, "status.selector"), "a=b");
    check_int(
        kit_ask(&k, "MERGE", DEPLOYMENTS "/d/scale", "{'spec':{'replicas':5}}"),
        200);
    check_str(kit_text(&k, "spec.replicas"), "5");
    check_int(kit_ask(&k, "PUT", DEPLOYMENTS "/d/scale",
                      "{'metadata':{'name':'d','namespace':'default'},'spec':"
                      "{'replicas':6}}"),
              200);
    check_int(kit_ask(&k, "GET", DEPLOYMENTS "/d", NULL), 200);
    check_str(kit_text(&k, "spec.replicas"), "6");
    check_str(kit_text(&k, "metadata.generation"), "3");
    check_has(kit_body(&k), "\"subresource\":\"scale\"");
    check_int(kit_ask(&k, "MERGE", DEPLOYMENTS "/d/scale",
                      "{'spec':{'replicas':-1}}"),
              422);
    check_int(kit_ask(&k, "MERGE", DEPLOYMENTS "/d/scale",
                      "{'spec':{'replicas':'x'}}"),
              422);
    check_has(kit_body(&k), "\"field\":\"patch\"");
    check_int(kit_ask(&k, "GET", DEPLOYMENTS "/none/scale", NULL), 404);
    kit_stop(&k);
}

/* Without its version an object has no fields, so no name. */
TEST(a_patch_that_takes_the_version_leaves_nothing)
{
    struct kit k;

    kit_start(&k, NULL);
    kit_ask(&k, "POST", MAPS, "{'metadata':{'name':'a'},'data':{'x':'1'}}");
    check_int(kit_ask(&k, "MERGE", MAPS "/a", "{'apiVersion':null}"), 400);
    check_int(kit_ask(&k, "MERGE", MAPS "/a", "{'apiVersion':'apps/v1'}"), 422);
    check_int(kit_ask(&k, "JSON", MAPS "/a",
                      "[{'op':'replace','path':'/kind','value':7}]"),
              422);
    check_int(kit_ask(&k, "STRATEGIC", MAPS "/a",
                      "{'apiVersion':null,'kind':'Secret'}"),
              200);
    check_str(kit_text(&k, "kind"), "ConfigMap");
    kit_stop(&k);
}

TEST(nothing_is_added_in_the_place_of_the_whole)
{
    struct kit k;

    kit_start(&k, NULL);
    kit_ask(&k, "POST", MAPS, "{'metadata':{'name':'a'},'data':{'x':'1'}}");
    check_int(
        kit_ask(&k, "JSON", MAPS "/a", "[{'op':'add','path':'','value':{}}]"),
        422);
    check_int(kit_ask(&k, "JSON", MAPS "/a",
                      "[{'op':'copy','from':'','path':'/data'}]"),
              422);
    check_int(kit_ask(&k, "JSON", MAPS "/a",
                      "[{'op':'replace','path':'','value':{}}]"),
              400);
    kit_stop(&k);
}
