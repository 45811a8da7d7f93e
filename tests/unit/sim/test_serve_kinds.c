/* What is special about single kinds; as the API server answers. */

#include <stdio.h>
#include <string.h>

#include "kit.h"

#define CORE "/api/v1/namespaces/default"
#define EVENTS "/apis/events.k8s.io/v1/namespaces/default/events"

/* A map that was given empty is to Go not the one that was not given. */
TEST(an_immutable_map_is_not_even_emptied)
{
    struct kit k;

    kit_start(&k, NULL);
    kit_ask(&k, "POST", CORE "/configmaps",
            "{'metadata':{'name':'a'},'immutable':true}");
    check_int(kit_ask(&k, "MERGE", CORE "/configmaps/a", "{'binaryData':{}}"),
              422);
    check_has(kit_body(&k), "\"field\":\"binaryData\"");
    check_int(kit_ask(&k, "MERGE", CORE "/configmaps/a", "{'data':{}}"), 200);
    check_int(kit_ask(&k, "MERGE", CORE "/configmaps/a", "{'data':null}"), 200);
    kit_ask(&k, "POST", CORE "/secrets",
            "{'metadata':{'name':'a'},'immutable':true}");
    check_int(kit_ask(&k, "STRATEGIC", CORE "/secrets/a",
                      "{'data':{'k':null},'metadata':{'labels':{'a':'b'}}}"),
              422);
    kit_stop(&k);
}

TEST(the_selector_of_a_budget_is_patched_as_a_whole)
{
    static const char url[] =
        "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
    struct kit k;

    kit_start(&k, NULL);
    kit_ask(&k, "POST", url,
            "{'metadata':{'name':'a'},'spec':{'selector':{'matchLabels':{'a':"
            "'b'}}}}");
    check_int(kit_ask(&k, "STRATEGIC",
                      "/apis/policy/v1/namespaces/default/"
                      "poddisruptionbudgets/a",
                      "{'spec':{'selector':{'matchExpressions':[{'key':'x',"
                      "'operator':'Exists'}]}}}"),
              200);
    check_has(kit_body(&k), "\"selector\":{\"matchExpressions\":[{\"key\":\"x\""
                            ",\"operator\":\"Exists\"}]}");
    kit_stop(&k);
}

TEST(what_a_claim_has_is_shown_once_it_names_a_volume)
{
    static const char claim[] =
        "{'metadata':{'name':'%s'},'spec':{%s'accessModes':['ReadWriteOnce'],"
        "'resources':{'requests':{'storage':'1Gi'}}}}";
    static const char *const volumes[] = {"", "'volumeName':'v',"};
    static const char *const names[] = {"a", "b"};
    static const char *const cells[] = {
        "\"cells\":[\"a\",\"Pending\",\"\",\"\",\"\",",
        "\"cells\":[\"b\",\"Pending\",\"v\",\"0\",\"\","};
    struct kit k;

    kit_start(&k, NULL);
    for (size_t i = 0; i < 2; i++) {
        char body[256], url[96];

        snprintf(body, sizeof body, claim, names[i], volumes[i]);
        k.q.accept = NULL;
        check_int(kit_ask(&k, "POST", CORE "/persistentvolumeclaims", body),
                  201);
        k.q.accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
        snprintf(url, sizeof url, CORE "/persistentvolumeclaims/%s", names[i]);
        check_int(kit_ask(&k, "GET", url, NULL), 200);
        check_has(kit_body(&k), cells[i]);
    }
    kit_stop(&k);
}

/* Nothing is set aside for it. */
TEST(a_service_that_is_made_at_its_status_has_no_address)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "PUT", CORE "/services/a/status",
                      "{'apiVersion':'v1','kind':'Service','metadata':{'name':"
                      "'a'},'spec':{'ports':[{'port':80}]}}"),
              201);
    check_str(kit_text(&k, "spec.type"), "ClusterIP");
    check_str(kit_text(&k, "spec.clusterIP"), "");
    kit_stop(&k);
}

/* Reading leaves out what deleting tells, as long as it waits. */
TEST(a_service_that_waits_for_its_end_is_told_as_it_is_stored)
{
    struct kit k;

    kit_start(&k, NULL);
    kit_ask(&k, "POST", CORE "/services",
            "{'metadata':{'name':'a','finalizers':['example.com/x']},'spec':{"
            "'type':'ExternalName','externalName':'a.b','internalTrafficPolicy'"
            ":'Local'}}");
    check_int(kit_ask(&k, "GET", CORE "/services/a", NULL), 200);
    check_str(kit_text(&k, "spec.internalTrafficPolicy"), "");
    check_int(kit_ask(&k, "DELETE", CORE "/services/a", NULL), 200);
    check_str(kit_text(&k, "spec.internalTrafficPolicy"), "Local");
    check_int(kit_ask(&k, "MERGE", CORE "/services/a",
                      "{'metadata':{'finalizers':[]}}"),
              200);
    check_str(kit_text(&k, "spec.internalTrafficPolicy"), "Local");
    check_int(kit_ask(&k, "GET", CORE "/services/a", NULL), 404);
    kit_stop(&k);
}

TEST(who_wrote_an_event_in_its_other_group_is_forgotten_with_the_next_write)
{
    struct kit k;

    kit_start(&k, NULL);
    kit_ask(&k, "POST", CORE "/events?fieldManager=one",
            "{'metadata':{'name':'e'},'reason':'R','involvedObject':{'namespace"
            "':'default'}}");
    check_has(kit_body(&k), "\"manager\":\"one\"");
    check_int(kit_ask(&k, "MERGE", EVENTS "/e?fieldManager=two",
                      "{'metadata':{'labels':{'a':'b'}}}"),
              200);
    check_str(kit_text(&k, "apiVersion"), "events.k8s.io/v1");
    check_has(kit_body(&k), "\"manager\":\"two\"");
    check(!strstr(kit_body(&k), "\"manager\":\"one\""));
    kit_stop(&k);
}

TEST(names_are_too_long_and_badly_shaped)
{
    char body[400], name[300];
    struct kit k;

    kit_start(&k, NULL);
    memset(name, 'Q', 260);
    name[260] = '\0';
    snprintf(body, sizeof body, "{'metadata':{'name':'%s'}}", name);
    check_int(kit_ask(&k, "POST", CORE "/configmaps", body), 422);
    check_int(value_path(k.answer, "details.causes")->count, 2);
    check_int(kit_ask(&k, "POST",
                      "/apis/policy/v1/namespaces/default/"
                      "poddisruptionbudgets",
                      "{'metadata':{'name':'Upper_'},'spec':{}}"),
              201);
    kit_stop(&k);
}

/* Nobody could say who owns what of it. */
TEST(what_has_an_item_without_its_key_cannot_be_applied)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", CORE "/serviceaccounts",
                      "{'metadata':{'name':'a'},'secrets':[{}]}"),
              201);
    check(!value_path(k.answer, "metadata.managedFields"));
    check_int(kit_ask(&k, "APPLY", CORE "/serviceaccounts/a?fieldManager=m",
                      "{'apiVersion':'v1','kind':'ServiceAccount','metadata':{"
                      "'name':'a'}}"),
              500);
    kit_stop(&k);
}

TEST(bytes_may_be_numbers_in_a_list)
{
    static const char *const wrong[] = {"[256]", "[-1]", "['a']", "{}", "7"};
    char body[96];
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", CORE "/configmaps",
                      "{'metadata':{'name':'a'},'binaryData':{'e':[],'n':null,"
                      "'b':[1,null,2]}}"),
              201);
    check_str(kit_text(&k, "binaryData.b"), "AQAC");
    check_has(kit_body(&k), "\"e\":\"\",\"n\":\"\"");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        snprintf(body, sizeof body,
                 "{'metadata':{'name':'b'},'binaryData':{'b':%s}}", wrong[i]);
        check_int(kit_ask(&k, "POST", CORE "/configmaps", body), 400);
    }
    kit_stop(&k);
}

#define POD(more)                                                              \
    "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'a'},'spec':{"         \
    "'containers':[{'name':'c','image':'i'}]" more "}}"

/* However many of them are gone. */
TEST(tolerations_that_are_gone_are_told_once)
{
    struct kit k;

    kit_start(&k, NULL);
    kit_account(&k);
    check_int(kit_ask(&k, "APPLY", CORE "/pods/a?fieldManager=m",
                      POD(",'tolerations':[{'key':'x'},{'key':'y'}]")),
              201);
    check_int(kit_ask(&k, "APPLY", CORE "/pods/a?fieldManager=m", POD("")),
              422);
    check_int(value_path(k.answer, "details.causes")->count, 1);
    check_int(kit_ask(&k, "MERGE", CORE "/pods/a", "{'spec':{'affinity':{}}}"),
              422);
    check_int(kit_ask(&k, "MERGE", CORE "/pods/a",
                      "{'spec':{'automountServiceAccountToken':false}}"),
              422);
    kit_stop(&k);
}

/* The last counts; strict decoding refuses it, a warning tells of it. */
TEST(a_key_that_is_twice_in_yaml_is_judged_by_field_validation)
{
    static const char body[] = "metadata:\n  name: %s\ndata:\n  k: v\n  k: w\n";
    static const char *const modes[] = {"Ignore", "Warn", "Strict"};
    char text[96], url[96];
    struct kit k;

    kit_start(&k, NULL);
    k.q.content_type = "application/yaml";
    for (size_t i = 0; i < 3; i++) {
        snprintf(text, sizeof text, body, i ? i > 1 ? "c" : "b" : "a");
        snprintf(url, sizeof url, CORE "/configmaps?fieldValidation=%s",
                 modes[i]);
        check_int(kit_ask(&k, "POST", url, text), i < 2 ? 201 : 400);
        if (i < 2)
            check_str(kit_text(&k, "data.k"), "w");
        else
            check_has(kit_body(&k), "line 5: key \\\"k\\\" already set in map");
    }
    kit_stop(&k);
}

TEST(parts_of_claims_and_slices_are_judged)
{
    static const char claim[] =
        "{'metadata':{'name':'a'},'spec':{'accessModes':['ReadWriteOnce',"
        "'ReadWriteOncePod'],'resources':{'requests':{'storage':'1'}},"
        "'selector':{'matchExpressions':[{'key':'a','operator':'Odd'}]}}}";
    static const char slice[] =
        "{'metadata':{'name':'a'},'addressType':'IPv6','endpoints':[{"
        "'addresses':['10.0.0.1'],'nodeName':'A_','hostname':'B_','hints':{"
        "'forZones':[{'name':'a'},{'name':'a'}]}}],'ports':[{'name':'','port'"
        ":1,'appProtocol':'a b'}]}";
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", CORE "/persistentvolumeclaims", claim), 422);
    check_int(value_path(k.answer, "details.causes")->count, 2);
    check_int(kit_ask(&k, "POST",
                      "/apis/discovery.k8s.io/v1/namespaces/default/"
                      "endpointslices",
                      slice),
              422);
    check_int(value_path(k.answer, "details.causes")->count, 5);
    kit_stop(&k);
}

TEST(a_network_policy_is_another_when_a_map_is_emptied)
{
    static const char url[] =
        "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies";
    struct kit k;

    kit_start(&k, NULL);
    kit_ask(&k, "POST", url,
            "{'metadata':{'name':'a'},'spec':{'podSelector':{}}}");
    check_int(kit_ask(&k, "MERGE",
                      "/apis/networking.k8s.io/v1/namespaces/default/"
                      "networkpolicies/a",
                      "{'spec':{'podSelector':{'matchLabels':{}}}}"),
              200);
    check_str(kit_text(&k, "metadata.generation"), "2");
    kit_stop(&k);
}
