/* DELETE: finalizers, grace, propagation, namespaces, collections. */

#include <stdio.h>
#include <string.h>

#include "kit.h"

#define MAPS "/api/v1/namespaces/default/configmaps"
#define PODS "/api/v1/namespaces/default/pods"

TEST(an_object_with_a_finalizer_waits_for_it)
{
    struct kit k;

    kit_start(&k, NULL);
    kit_ask(&k, "POST", MAPS,
            "{'metadata':{'name':'a','finalizers':['x.example/f']}}");
    check_int(kit_ask(&k, "DELETE", MAPS "/a", NULL), 200);
    check_str(kit_text(&k, "kind"), "ConfigMap");
    check_str(kit_text(&k, "metadata.deletionTimestamp"),
              "2026-01-01T00:00:00Z");
    check_str(kit_text(&k, "metadata.deletionGracePeriodSeconds"), "0");
    check_int(kit_ask(&k, "GET", MAPS "/a", NULL), 200);
    check_int(
        kit_ask(&k, "MERGE", MAPS "/a", "{'metadata':{'finalizers':null}}"),
        200);
    check_int(kit_ask(&k, "GET", MAPS "/a", NULL), 404);
    kit_stop(&k);
}

TEST(preconditions_of_a_delete_are_kept)
{
    struct kit k;
    char body[256];

    kit_start(&k, NULL);
    kit_ask(&k, "POST", MAPS, "{'metadata':{'name':'a'}}");
    snprintf(body, sizeof body, "{'preconditions':{'uid':'%s'}}",
             kit_text(&k, "metadata.uid"));
    check_int(kit_ask(&k, "DELETE", MAPS "/a", "{'preconditions':{'uid':'x'}}"),
              409);
    check_str(kit_text(&k, "reason"), "Conflict");
    check_int(kit_ask(&k, "DELETE", MAPS "/a",
                      "{'preconditions':{'resourceVersion':'1'}}"),
              409);
    check_int(kit_ask(&k, "DELETE", MAPS "/a", body), 200);
    kit_stop(&k);
}

TEST(propagation_is_a_finalizer)
{
    struct kit k;

    kit_start(&k, NULL);
    kit_ask(&k, "POST", MAPS, "{'metadata':{'name':'a'}}");
    check_int(
        kit_ask(&k, "DELETE", MAPS "/a?propagationPolicy=Foreground", NULL),
        200);
    check_has(kit_body(&k), "\"finalizers\":[\"foregroundDeletion\"]");
    check_int(kit_ask(&k, "GET", MAPS "/a", NULL), 200);
    kit_ask(&k, "POST", MAPS, "{'metadata':{'name':'b'}}");
    check_int(kit_ask(&k, "DELETE", MAPS "/b", "{'orphanDependents':true}"),
              200);
    check_has(kit_body(&k), "\"finalizers\":[\"orphan\"]");
    kit_ask(&k, "POST", MAPS, "{'metadata':{'name':'c'}}");
    check_int(
        kit_ask(&k, "DELETE", MAPS "/c?propagationPolicy=Background", NULL),
        200);
    check_str(kit_text(&k, "status"), "Success");
    kit_stop(&k);
}

TEST(a_pod_on_a_node_ends_gracefully)
{
    struct kit k;

    kit_start(&k, NULL);
    kit_account(&k);
    check_int(kit_ask(&k, "POST", PODS,
                      "{'metadata':{'name':'a'},'spec':{'nodeName':'n',"
                      "'containers':[{'name':'c','image':'i:1'}]}}"),
              201);
    check_int(kit_ask(&k, "DELETE", PODS "/a", NULL), 200);
    check_str(kit_text(&k, "metadata.deletionGracePeriodSeconds"), "30");
    check_str(kit_text(&k, "metadata.deletionTimestamp"),
              "2026-01-01T00:00:30Z");
    check_int(kit_ask(&k, "DELETE", PODS "/a?gracePeriodSeconds=10", NULL),
              200);
    check_str(kit_text(&k, "metadata.deletionTimestamp"),
              "2026-01-01T00:00:10Z");
    check_int(kit_ask(&k, "DELETE", PODS "/a?gracePeriodSeconds=0", NULL), 200);
    check_str(kit_text(&k, "kind"), "Pod");
    check_int(kit_ask(&k, "GET", PODS "/a", NULL), 404);
    check_int(kit_ask(&k, "POST", PODS,
                      "{'metadata':{'name':'b'},'spec':{"
                      "'containers':[{'name':'c','image':'i:1'}]}}"),
              201);
    check_int(kit_ask(&k, "DELETE", PODS "/b", NULL), 200);
    check_int(kit_ask(&k, "GET", PODS "/b", NULL), 404);
    kit_stop(&k);
}

TEST(a_namespace_that_ends_takes_nothing_new)
{
    struct kit k;

    kit_start(&k, NULL);
    kit_ask(&k, "POST", "/api/v1/namespaces", "{'metadata':{'name':'n'}}");
    check_int(kit_ask(&k, "DELETE", "/api/v1/namespaces/n", NULL), 200);
    check_str(kit_text(&k, "status.phase"), "Terminating");
    check_int(kit_ask(&k, "POST", "/api/v1/namespaces/n/configmaps",
                      "{'metadata':{'name':'a'}}"),
              403);
    check_str(kit_text(&k, "reason"), "Forbidden");
    check_has(kit_body(&k), "\"reason\":\"NamespaceTerminating\"");
    check_int(kit_ask(&k, "GET", "/api/v1/namespaces/n", NULL), 200);
    check_int(kit_ask(&k, "PUT", "/api/v1/namespaces/n/finalize",
                      "{'metadata':{'name':'n'},'spec':{'finalizers':[]}}"),
              200);
    check_int(kit_ask(&k, "GET", "/api/v1/namespaces/n", NULL), 404);
    kit_stop(&k);
}

TEST(a_collection_is_deleted_by_selector)
{
    struct kit k;

    kit_start(&k, NULL);
    kit_ask(&k, "POST", MAPS, "{'metadata':{'name':'a','labels':{'l':'x'}}}");
    kit_ask(&k, "POST", MAPS, "{'metadata':{'name':'b'}}");
    check_int(kit_ask(&k, "DELETE", MAPS "?labelSelector=l%3Dx", NULL), 200);
    check_str(kit_text(&k, "kind"), "ConfigMapList");
    check_int(value_get(k.answer, "items")->count, 1);
    check_int(kit_ask(&k, "GET", MAPS "/a", NULL), 404);
    check_int(kit_ask(&k, "GET", MAPS "/b", NULL), 200);
    kit_stop(&k);
}

/* What the API server answers then is an object without anything in it. */
TEST(a_dry_end_that_finalizers_keep_off_no_more_is_answered_blankly)
{
    static const char dry[] =
        "{'propagationPolicy':'Background','dryRun':['All']}";
    struct kit k;

    kit_start(&k, NULL);
    kit_ask(&k, "POST", MAPS, "{'metadata':{'name':'a'},'data':{'k':'v'}}");
    check_int(
        kit_ask(&k, "DELETE", MAPS "/a", "{'propagationPolicy':'Orphan'}"),
        200);
    check_int(kit_ask(&k, "DELETE", MAPS "/a", dry), 200);
    check_str(kit_body(&k),
              "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{}}");
    check_int(kit_ask(&k, "GET", MAPS "/a", NULL), 200);
    kit_stop(&k);
}

TEST(a_pod_that_should_be_gone_takes_another_propagation)
{
    struct kit k;

    kit_start(&k, NULL);
    kit_account(&k);
    kit_ask(&k, "POST", PODS,
            "{'metadata':{'name':'a','finalizers':['example.com/x']},"
            "'spec':{'containers':[{'name':'c','image':'i'}]}}");
    check_int(kit_ask(&k, "DELETE", PODS "/a", NULL), 200);
    check_int(
        kit_ask(&k, "DELETE", PODS "/a", "{'propagationPolicy':'Foreground'}"),
        200);
    check_has(kit_body(&k),
              "\"finalizers\":[\"example.com/x\",\"foregroundDeletion\"]");
    kit_stop(&k);
}

TEST(events_of_the_second_group_are_in_conflict_as_those_of_the_first)
{
    static const char url[] =
        "/apis/events.k8s.io/v1/namespaces/default/events/e";
    struct kit k;

    kit_start(&k, NULL);
    kit_ask(&k, "POST", "/api/v1/namespaces/default/events",
            "{'metadata':{'name':'e'},'involvedObject':{'namespace':'default'"
            "}}");
    check_int(
        kit_ask(&k, "DELETE", url, "{'preconditions':{'resourceVersion':'1'}}"),
        409);
    check_str(kit_text(&k, "details.group"), "");
    check_str(kit_text(&k, "details.kind"), "Event");
    kit_stop(&k);
}

#define LEASES "/apis/coordination.k8s.io/v1/namespaces/default/leases"

/* The API server forgets the version of an object whose last finalizer an
 * option of the deletion takes. */
TEST(an_object_that_a_deletion_releases_has_no_version)
{
    static const char *const refused =
        "{'propagationPolicy':'Background','preconditions':{"
        "'resourceVersion':'%s'}}";
    struct kit k;
    char text[160];

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", LEASES, "{'metadata':{'name':'a'}}"), 201);
    check_int(kit_ask(&k, "DELETE", LEASES "/a",
                      "{'propagationPolicy':'Foreground'}"),
              200);
    check_int(kit_ask(&k, "GET", LEASES "/a", NULL), 200);
    snprintf(text, sizeof text, refused,
             kit_text(&k, "metadata.resourceVersion"));
    check_int(kit_ask(&k, "DELETE", LEASES "/a", text), 409);
    check_str(kit_text(&k, "details.kind"), "leases");
    check_int(kit_ask(&k, "DELETE", LEASES "/a",
                      "{'propagationPolicy':'Background','dryRun':['All']}"),
              200);
    check_str(kit_body(&k),
              "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\""
              ":\"Lease\",\"metadata\":{},\"spec\":{}}");
    check_int(kit_ask(&k, "DELETE", LEASES "/a",
                      "{'propagationPolicy':'Background'}"),
              200);
    check_int(kit_ask(&k, "GET", LEASES "/a", NULL), 404);
    kit_stop(&k);
}

TEST(what_goes_with_its_last_finalizer_is_answered_as_it_was_sent)
{
    static const char roles[] =
        "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles";
    char one[128];
    struct kit k;

    kit_start(&k, NULL);
    snprintf(one, sizeof one, "%s/a", roles);
    check_int(kit_ask(&k, "POST", roles,
                      "{'metadata':{'name':'a','finalizers':['x.y/held']}}"),
              201);
    check_int(kit_ask(&k, "MERGE", one, "{'rules':[]}"), 200);
    check_has(kit_body(&k), "\"rules\":null");
    check_int(kit_ask(&k, "DELETE", one, NULL), 200);
    check_int(kit_ask(&k, "MERGE", one,
                      "{'rules':[],'metadata':{'finalizers':[]}}"),
              200);
    check_has(kit_body(&k), "\"rules\":[]");
    check_int(kit_ask(&k, "GET", one, NULL), 404);
    kit_stop(&k);
}
