/* Requests on the embedded cluster: paths, verbs, codes. */

#include <string.h>

#include "kit.h"

#define MAPS "/api/v1/namespaces/default/configmaps"

TEST(a_cluster_begins_with_what_every_cluster_has)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "GET", "/api/v1/namespaces", NULL), 200);
    check_str(kit_text(&k, "kind"), "NamespaceList");
    check_int(value_get(k.answer, "items")->count, 4);
    check_int(kit_ask(&k, "GET", "/api/v1/namespaces/default", NULL), 200);
    check_str(kit_text(&k, "status.phase"), "Active");
    check_has(kit_body(&k), "\"kubernetes.io/metadata.name\":\"default\"");
    check_has(kit_body(&k), "\"finalizers\":[\"kubernetes\"]");
    check_int(kit_ask(&k, "GET",
                      "/api/v1/namespaces/default/services/kubernetes", NULL),
              200);
    check_str(kit_text(&k, "spec.clusterIP"), "10.96.0.1");
    kit_stop(&k);
}

TEST(an_object_is_created_read_changed_and_deleted)
{
    struct kit k;
    char rv[32];

    kit_start(&k, NULL);
    check_int(
        kit_ask(&k, "POST", MAPS, "{'metadata':{'name':'a'},'data':{'x':'1'}}"),
        201);
    check_str(kit_text(&k, "apiVersion"), "v1");
    check_str(kit_text(&k, "kind"), "ConfigMap");
    check_str(kit_text(&k, "metadata.namespace"), "default");
    check_str(kit_text(&k, "metadata.creationTimestamp"),
              "2026-01-01T00:00:00Z");
    check_int(strlen(kit_text(&k, "metadata.uid")), 36);
    strcpy(rv, kit_text(&k, "metadata.resourceVersion"));
    check_int(kit_ask(&k, "POST", MAPS, "{'metadata':{'name':'a'}}"), 409);
    check_str(kit_text(&k, "reason"), "AlreadyExists");
    check_int(kit_ask(&k, "PUT", MAPS "/a",
                      "{'metadata':{'name':'a'},'data':{'x':'2'}}"),
              200);
    check(strcmp(kit_text(&k, "metadata.resourceVersion"), rv) != 0);
    check_int(kit_ask(&k, "GET", MAPS "/a", NULL), 200);
    check_str(kit_text(&k, "data.x"), "2");
    check_int(kit_ask(&k, "DELETE", MAPS "/a", NULL), 200);
    check_str(kit_text(&k, "status"), "Success");
    check_str(kit_text(&k, "details.kind"), "configmaps");
    check_int(kit_ask(&k, "GET", MAPS "/a", NULL), 404);
    check_str(kit_text(&k, "reason"), "NotFound");
    check_str(kit_text(&k, "message"), "configmaps \"a\" not found");
    check_int(kit_ask(&k, "DELETE", MAPS "/a", NULL), 404);
    kit_stop(&k);
}

TEST(an_update_that_changes_nothing_writes_nothing)
{
    struct kit k;
    uint64_t before;

    kit_start(&k, NULL);
    kit_ask(&k, "POST", MAPS, "{'metadata':{'name':'a'},'data':{'x':'1'}}");
    before = sim_revision(k.sim);
    check_int(kit_ask(&k, "PUT", MAPS "/a",
                      "{'metadata':{'name':'a'},'data':{'x':'1'}}"),
              200);
    check_int(kit_ask(&k, "MERGE", MAPS "/a", "{'data':{'x':'1'}}"), 200);
    check_int(
        kit_ask(&k, "POST", MAPS "?dryRun=All", "{'metadata':{'name':'b'}}"),
        201);
    check_int(kit_ask(&k, "DELETE", MAPS "/a?dryRun=All", NULL), 200);
    check_int(sim_revision(k.sim), before);
    check_int(kit_ask(&k, "GET", MAPS "/b", NULL), 404);
    check_int(kit_ask(&k, "GET", MAPS "/a", NULL), 200);
    kit_stop(&k);
}

TEST(a_stale_update_is_a_conflict)
{
    struct kit k;

    kit_start(&k, NULL);
    kit_ask(&k, "POST", MAPS, "{'metadata':{'name':'a'}}");
    check_int(kit_ask(&k, "PUT", MAPS "/a",
                      "{'metadata':{'name':'a','resourceVersion':'1'}}"),
              409);
    check_str(kit_text(&k, "reason"), "Conflict");
    check_str(kit_text(&k, "message"),
              "Operation cannot be fulfilled on configmaps \"a\": the object "
              "has been modified; please apply your changes to the latest "
              "version and try again");
    check_int(
        kit_ask(&k, "PUT", MAPS "/a", "{'metadata':{'name':'a','uid':'x'}}"),
        409);
    check_int(kit_ask(&k, "PUT", MAPS "/a", "{'metadata':{'name':'b'}}"), 400);
    check_int(kit_ask(&k, "PUT", MAPS "/c", "{'metadata':{'name':'c'}}"), 404);
    kit_stop(&k);
}

TEST(a_generated_name_is_free)
{
    struct kit k;
    char first[64];

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", MAPS, "{'metadata':{'generateName':'a-'}}"),
              201);
    strcpy(first, kit_text(&k, "metadata.name"));
    check_int(strlen(first), 7);
    check_int(kit_ask(&k, "POST", MAPS, "{'metadata':{'generateName':'a-'}}"),
              201);
    check(strcmp(kit_text(&k, "metadata.name"), first) != 0);
    kit_stop(&k);
}

TEST(what_is_wrong_with_a_request_has_its_code)
{
    static const struct {
        const char *method, *url, *body;
        int code;
        const char *reason;
    } cases[] = {
        {"GET", "/api/v1/nothing", NULL, 404, "NotFound"},
        {"GET", "/apis/none.example/v1/things", NULL, 404, ""},
        {"GET", "/nothing", NULL, 404, ""},
        {"PUT", MAPS, "{}", 405, "MethodNotAllowed"},
        {"POST", MAPS "/a", "{}", 405, "MethodNotAllowed"},
        {"POST", MAPS, "{", 400, "BadRequest"},
        {"POST", MAPS, "[]", 400, "BadRequest"},
        {"POST", MAPS, "{'kind':'Pod','metadata':{'name':'a'}}", 400,
         "BadRequest"},
        {"POST", MAPS, "{'apiVersion':'v2','metadata':{'name':'a'}}", 400,
         "BadRequest"},
        {"POST", MAPS, "{'metadata':{'name':'a','namespace':'b'}}", 400,
         "BadRequest"},
        {"POST", "/api/v1/namespaces/gone/configmaps",
         "{'metadata':{'name':'a'}}", 404, "NotFound"},
        {"POST", MAPS "?fieldValidation=Strict",
         "{'metadata':{'name':'a'},'bogus':1}", 400, "BadRequest"},
        {"POST", MAPS "?dryRun=Some", "{'metadata':{'name':'a'}}", 422,
         "Invalid"},
        {"POST", MAPS "?fieldValidation=x", "{'metadata':{'name':'a'}}", 422,
         "Invalid"},
        {"GET", MAPS "?limit=x", NULL, 400, "BadRequest"},
        {"GET", MAPS "?labelSelector=!!", NULL, 400, "BadRequest"},
        {"GET", MAPS "?fieldSelector=data.x=1", NULL, 400, "BadRequest"},
        {"GET", MAPS "?resourceVersion=x", NULL, 400, "BadRequest"},
        {"GET", MAPS "?resourceVersionMatch=Exact", NULL, 422, "Invalid"},
        {"GET", MAPS "?resourceVersion=999999", NULL, 504, "Timeout"},
        {"GET", MAPS "?continue=x", NULL, 400, "BadRequest"},
        {"DELETE", MAPS "/a?propagationPolicy=x", NULL, 422, "Invalid"},
        {"DELETE", "/api/v1/namespaces/default", NULL, 403, "Forbidden"},
        {"PATCH", MAPS "/a", "{}", 415, "UnsupportedMediaType"},
        {"APPLY", MAPS "/a", "{}", 422, "Invalid"},
        {"GET", "/api/v1/namespaces/default/nodes", NULL, 404, "NotFound"},
        {"GET", "/api/v1/pods/a", NULL, 404, "NotFound"},
        {"GET", MAPS "/a/nothing", NULL, 404, "NotFound"},
    };
    struct kit k;

    kit_start(&k, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int code = kit_ask(&k, cases[i].method, cases[i].url, cases[i].body);

        if (!check_int(code, cases[i].code) ||
            !check_str(kit_text(&k, "reason"), cases[i].reason))
            check_str(cases[i].url, kit_body(&k));
    }
    k.q.accept = "application/vnd.kubernetes.protobuf";
    check_int(kit_ask(&k, "GET", MAPS, NULL), 406);
    k.q.accept = "application/vnd.kubernetes.protobuf,application/json";
    check_int(kit_ask(&k, "GET", MAPS, NULL), 200);
    k.q.user = NULL;
    check_int(kit_ask(&k, "GET", MAPS, NULL), 401);
    check_int(kit_ask(&k, "GET", "/readyz", NULL), 200);
    kit_stop(&k);
}

#define CLAIMS "/api/v1/namespaces/default/persistentvolumeclaims"

/* It is stored without the phase that it is read with. */
TEST(the_first_update_of_a_claim_is_a_change)
{
    static const char *const label = "{'metadata':{'labels':{'a':'b'}}}";
    struct kit k;
    uint64_t at;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", CLAIMS,
                      "{'metadata':{'name':'c','labels':{'a':'b'}},'spec':{"
                      "'accessModes':['ReadWriteOnce'],'resources':{'requests':"
                      "{'storage':'1Gi'}}}}"),
              201);
    check_str(kit_text(&k, "status.phase"), "Pending");
    at = sim_revision(k.sim);
    check_int(kit_ask(&k, "MERGE", CLAIMS "/c", label), 200);
    check_int(sim_revision(k.sim), at + 1);
    check_int(kit_ask(&k, "MERGE", CLAIMS "/c", label), 200);
    check_int(sim_revision(k.sim), at + 1);
    kit_stop(&k);
}

#define SERVICES "/api/v1/namespaces/default/services"

TEST(a_policy_of_external_names_is_seen_at_status_only)
{
    static const char *const urls[] = {
        SERVICES "/s", SERVICES, SERVICES "?fieldSelector=metadata.name%3Ds"};
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", SERVICES,
                      "{'metadata':{'name':'s'},'spec':{'type':'ExternalName',"
                      "'externalName':'a.b','internalTrafficPolicy':'Local'}}"),
              201);
    check_str(kit_text(&k, "spec.internalTrafficPolicy"), "");
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        check_int(kit_ask(&k, "GET", urls[i], NULL), 200);
        check(!strstr(kit_body(&k), "\"Local\""));
    }
    check_int(kit_ask(&k, "GET", SERVICES "/s/status", NULL), 200);
    check_str(kit_text(&k, "spec.internalTrafficPolicy"), "Local");
    kit_stop(&k);
}

TEST(a_range_without_a_name_is_named_by_a_uid)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", "/api/v1/namespaces/default/limitranges",
                      "{'spec':{'limits':[]}}"),
              201);
    check_int(strlen(kit_text(&k, "metadata.name")), 36);
    kit_stop(&k);
}

TEST(a_namespace_that_orphans_nothing_waits_for_what_depends_on_it)
{
    struct kit k;

    kit_start(&k, NULL);
    kit_ask(&k, "POST", "/api/v1/namespaces", "{'metadata':{'name':'n'}}");
    check_int(kit_ask(&k, "DELETE", "/api/v1/namespaces/n",
                      "{'orphanDependents':false}"),
              202);
    check_has(kit_body(&k), "\"finalizers\":[\"foregroundDeletion\"]");
    kit_stop(&k);
}
