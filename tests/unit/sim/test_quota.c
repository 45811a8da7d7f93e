/* ResourceQuotas: what is counted, refused and let in; texts and numbers are
 * those of the API server. */

#include <stdio.h>
#include <string.h>

#include "kit.h"

#define NS "/api/v1/namespaces/default"
#define QUOTAS NS "/resourcequotas"

static const char *used(struct kit *k, const char *quota, const char *name)
{
    char url[96];

    snprintf(url, sizeof url, QUOTAS "/%s", quota);
    kit_ask(k, "GET", url, NULL);
    return value_text(value_get(value_path(k->answer, "status.used"), name));
}

static void make_quota(struct kit *k, const char *name, const char *spec,
                       const char *status)
{
    char body[512], url[96];

    snprintf(body, sizeof body, "{'metadata':{'name':'%s'},'spec':{%s}}", name,
             spec);
    check_int(kit_ask(k, "POST", QUOTAS, body), 201);
    snprintf(url, sizeof url, QUOTAS "/%s/status", name);
    snprintf(body, sizeof body, "{'status':{%s}}", status);
    check_int(kit_ask(k, "MERGE", url, body), 200);
}

static int make_map(struct kit *k, const char *name)
{
    char body[96];

    snprintf(body, sizeof body, "{'metadata':{'name':'%s'}}", name);
    return kit_ask(k, "POST", NS "/configmaps", body);
}

static int make_pod(struct kit *k, const char *name, const char *resources,
                    const char *more)
{
    char body[512];

    snprintf(body, sizeof body,
             "{'metadata':{'name':'%s'},'spec':{'containers':[{'name':'c',"
             "'image':'i','resources':{%s}}]%s}}",
             name, resources, more);
    return kit_ask(k, "POST", NS "/pods", body);
}

TEST(a_quota_that_was_never_counted_lets_nothing_in)
{
    struct kit k;

    kit_start(&k, NULL);
    make_quota(&k, "q", "'hard':{'configmaps':'2'}",
               "'hard':{'configmaps':'2'}");
    check_int(make_map(&k, "a"), 403);
    check_str(kit_text(&k, "message"),
              "configmaps \"a\" is forbidden: status unknown for quota: q, "
              "resources: configmaps");
    kit_stop(&k);
}

TEST(what_is_let_in_is_counted_and_what_is_too_much_refused)
{
    struct kit k;

    kit_start(&k, NULL);
    make_quota(&k, "q", "'hard':{'configmaps':'2','count/secrets':'0'}",
               "'hard':{'configmaps':'2','count/secrets':'0'},"
               "'used':{'configmaps':'0','count/secrets':'0'}");
    check_int(kit_ask(&k, "POST", NS "/configmaps?dryRun=All",
                      "{'metadata':{'name':'a'}}"),
              201);
    check_str(used(&k, "q", "configmaps"), "0");
    check_int(make_map(&k, "a"), 201);
    check_int(make_map(&k, "a"), 409); /* charged nevertheless */
    check_str(used(&k, "q", "configmaps"), "2");
    check_int(make_map(&k, "b"), 403);
    check_str(kit_text(&k, "message"),
              "configmaps \"b\" is forbidden: exceeded quota: q, requested: "
              "configmaps=1, used: configmaps=2, limited: configmaps=2");
    check_int(make_map(&k, "Not valid"), 422); /* which comes first */
    check_int(kit_ask(&k, "POST", NS "/secrets", "{'metadata':{'name':'s'}}"),
              403);
    kit_stop(&k);
}

TEST(pods_count_for_what_they_ask_for)
{
    static const char *const names =
        "'pods':'%s','requests.cpu':'%s','limits.memory':'%s'";
    char hard[128], none[128], spec[160], status[320];
    struct kit k;

    kit_start(&k, NULL);
    kit_account(&k);
    snprintf(hard, sizeof hard, names, "3", "1", "1Gi");
    snprintf(none, sizeof none, names, "0", "0", "0");
    snprintf(spec, sizeof spec, "'hard':{%s}", hard);
    snprintf(status, sizeof status, "'hard':{%s},'used':{%s}", hard, none);
    make_quota(&k, "q", spec, status);
    check_int(make_pod(&k, "a", "", ""), 403);
    check_str(kit_text(&k, "message"),
              "pods \"a\" is forbidden: failed quota: q: must specify "
              "limits.memory for: c; requests.cpu for: c");
    check_int(make_pod(&k, "a",
                       "'requests':{'cpu':'500m'},'limits':{'memory':'512Mi'}",
                       ""),
              201);
    check_str(used(&k, "q", "requests.cpu"), "500m");
    check_str(used(&k, "q", "limits.memory"), "512Mi");
    check_int(make_pod(&k, "b",
                       "'requests':{'cpu':'600m'},'limits':{'memory':'600Mi'}",
                       ""),
              403);
    check_str(kit_text(&k, "message"),
              "pods \"b\" is forbidden: exceeded quota: q, requested: "
              "limits.memory=600Mi,requests.cpu=600m, used: "
              "limits.memory=512Mi,requests.cpu=500m, limited: "
              "limits.memory=1Gi,requests.cpu=1");
    kit_stop(&k);
}

TEST(scopes_choose_the_pods_that_a_quota_is_about)
{
    struct kit k;

    kit_start(&k, NULL);
    kit_account(&k);
    make_quota(&k, "best", "'hard':{'pods':'1'},'scopes':['BestEffort']",
               "'hard':{'pods':'1'},'used':{'pods':'0'}");
    make_quota(&k, "term",
               "'hard':{'pods':'0'},'scopeSelector':{'matchExpressions':[{"
               "'scopeName':'Terminating','operator':'Exists'}]}",
               "'hard':{'pods':'0'},'used':{'pods':'0'}");
    check_int(make_pod(&k, "a", "", ""), 201);
    check_int(make_pod(&k, "b", "", ""), 403);
    check_int(make_pod(&k, "c", "'requests':{'cpu':'1'}", ""), 201);
    check_int(make_pod(&k, "d", "'requests':{'cpu':'1'}",
                       ",'activeDeadlineSeconds':5"),
              403);
    check_int(kit_ask(&k, "MERGE", NS "/pods/c",
                      "{'spec':{'activeDeadlineSeconds':5}}"),
              403);
    kit_stop(&k);
}

TEST(services_count_for_their_ports_and_claims_for_their_class)
{
    static const char hard[] =
        "'services.nodeports':'1','gold.storageclass.storage.k8s.io/"
        "requests.storage':'1Gi'";
    static const char none[] =
        "'services.nodeports':'0','gold.storageclass.storage.k8s.io/"
        "requests.storage':'0'";
    static const char claim[] =
        "{'metadata':{'name':'c'},'spec':{'accessModes':['ReadWriteOnce'],"
        "'storageClassName':'%s','resources':{'requests':{'storage':'2Gi'}}}}";
    char spec[160], status[320], body[256];
    struct kit k;

    kit_start(&k, NULL);
    snprintf(spec, sizeof spec, "'hard':{%s}", hard);
    snprintf(status, sizeof status, "'hard':{%s},'used':{%s}", hard, none);
    make_quota(&k, "q", spec, status);
    check_int(kit_ask(&k, "POST", NS "/services",
                      "{'metadata':{'name':'a'},'spec':{'type':'NodePort',"
                      "'ports':[{'port':1,'name':'a'},{'port':2,'name':'b'}]}"
                      "}"),
              403);
    check_int(kit_ask(&k, "POST", NS "/services",
                      "{'metadata':{'name':'a'},'spec':{'ports':[{'port':1}]}"
                      "}"),
              201);
    check_int(
        kit_ask(&k, "MERGE", NS "/services/a", "{'spec':{'type':'NodePort'}}"),
        200);
    check_str(used(&k, "q", "services.nodeports"), "1");
    snprintf(body, sizeof body, claim, "gold");
    check_int(kit_ask(&k, "POST", NS "/persistentvolumeclaims", body), 403);
    snprintf(body, sizeof body, claim, "other");
    check_int(kit_ask(&k, "POST", NS "/persistentvolumeclaims", body), 201);
    kit_stop(&k);
}

TEST(the_controller_counts_what_there_is)
{
    struct kit k;

    kit_start(&k, "resourcequota");
    check_int(make_map(&k, "a"), 201);
    check_int(kit_ask(&k, "POST", QUOTAS,
                      "{'metadata':{'name':'q'},'spec':{'hard':{'configmaps':"
                      "'2','pods':'5','count/deployments.apps':'1',"
                      "'count/none.example.com':'1'}}}"),
              201);
    kit_settle(&k, 1000);
    check_str(used(&k, "q", "configmaps"), "1");
    check_str(used(&k, "q", "pods"), "0");
    check_str(used(&k, "q", "count/deployments.apps"), "0");
    check(!used(&k, "q", "count/none.example.com"));
    check_str(kit_text(&k, "status.hard.pods"), "5");
    check_int(make_map(&k, "b"), 201);
    check_int(make_map(&k, "c"), 403);
    check_int(kit_ask(&k, "DELETE", NS "/configmaps/a", NULL), 200);
    kit_settle(&k, 1000);
    check_str(used(&k, "q", "configmaps"), "1");
    check_int(make_map(&k, "c"), 201);
    kit_stop(&k);
}

TEST(scopes_of_quotas_are_judged)
{
    static const char *const wrong[] = {
        "'hard':{'configmaps':'1'},'scopes':['BestEffort']",
        "'hard':{'pods':'1'},'scopes':['Terminating','NotTerminating']",
        "'hard':{'pods':'1'},'scopes':['Odd']",
        "'hard':{'odd':'1'}",
        "'hard':{'configmaps':'1.5'}",
        ("'hard':{'pods':'1'},'scopeSelector':{'matchExpressions':[{"
         "'scopeName':'Terminating','operator':'In','values':['a']}]}"),
    };
    char body[320];
    struct kit k;

    kit_start(&k, NULL);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        snprintf(body, sizeof body, "{'metadata':{'name':'q'},'spec':{%s}}",
                 wrong[i]);
        check_int(kit_ask(&k, "POST", QUOTAS, body), 422);
    }
    kit_ask(&k, "POST", QUOTAS,
            "{'metadata':{'name':'q'},'spec':{'hard':{'pods':'1'},'scopes':["
            "'BestEffort']}}");
    check_int(kit_ask(&k, "MERGE", QUOTAS "/q",
                      "{'spec':{'scopes':['NotBestEffort']}}"),
              422);
    kit_stop(&k);
}
