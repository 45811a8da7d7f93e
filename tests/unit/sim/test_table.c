/* What kubectl get shows. True answers are those of Kubernetes 1.36. */

#include "sim/table.h"

#include <string.h>

#include "sim/crd.h"
#include "test.h"

#define NOW 1760000000 /* 2025-10-09T08:53:20Z */

static struct arena arena;
static struct failure f;

static struct value *json(const char *text)
{
    char *copy = arena_strdup(&arena, text);
    struct value *v = NULL;
    struct err err = {0};

    for (char *at = copy; at && *at; at++)
        if (*at == '\'')
            *at = '"';
    check_ok(value_parse(&arena, copy, strlen(copy), &v, &err), &err);
    return v;
}

static const char *printed(const struct value *v)
{
    struct str text;
    char *out;

    str_init(&text, 0);
    check_int(value_print(v, &text, NULL), 0);
    out = arena_strdup(&arena, str_text(&text));
    for (char *at = out; at && *at; at++)
        if (*at == '"')
            *at = '\'';
    str_release(&text);
    return out;
}

static struct table_call call(const struct kind *k)
{
    return (struct table_call){&arena, k, TABLE_NONE, NOW};
}

/* The row of one object. */
static const struct value *row(const struct kind *k, const char *object)
{
    struct table_call c = call(k);
    struct value *table = NULL;

    failure_init(&f, &arena);
    check_int(table_new(&c, &table, &f), 0);
    check_int(table_add(&c, table, json(object), &f), 0);
    return value_get(table, "rows")->as.items[0];
}

static const char *cells(const char *group, const char *kind,
                         const char *object)
{
    const struct kind k = {.r = {.group = group, .kind = kind}};

    return printed(value_get(row(&k, object), "cells"));
}

#define POD(spec, status)                                                      \
    "{'metadata':{'name':'p','creationTimestamp':'2025-10-09T08:50:00Z'},"     \
    "'spec':{'containers':[{'name':'a'},{'name':'b'}]" spec                    \
    "},'status':{" status "}}"
#define ENDED(code, more)                                                      \
    "{'terminated':{'exitCode':" code                                          \
    ",'finishedAt':'2025-10-09T08:00:00Z'" more "}}"
#define WIDE ",'<none>','<none>','<none>','<none>']"

TEST(a_pod_says_in_a_word_why_it_does_not_run)
{
    static const struct {
        const char *pod, *want;
    } all[] = {
        {POD("", "'phase':'Pending'"), "['p','0/2','Pending','0','3m20s'" WIDE},
        {POD("", "'phase':'Running','containerStatuses':[{'name':'a','ready':"
                 "true,'restartCount':0,'state':{'running':{}}},{'name':'b',"
                 "'restartCount':3,'state':{'waiting':{'reason':"
                 "'CrashLoopBackOff'}},'lastState':" ENDED("1", "") "}]"),
         "['p','1/2','CrashLoopBackOff','3 (53m ago)','3m20s'" WIDE},
        {POD("", "'phase':'Succeeded','containerStatuses':[{'name':'a',"
                 "'state':" ENDED("0", ",'reason':'Completed'") "}]"),
         "['p','0/2','Completed','0','3m20s'" WIDE},
        {POD("",
             "'phase':'Failed','containerStatuses':[{'name':'a','state':" ENDED(
                 "2", "") "},{'name':'b','state':" ENDED("0",
                                                         ",'signal':15") "}]"),
         "['p','0/2','ExitCode:2','0','3m20s'" WIDE},
        {POD("", "'phase':'Failed','reason':'Evicted'"),
         "['p','0/2','Evicted','0','3m20s'" WIDE},
        {POD("",
             "'phase':'Running','containerStatuses':[{'name':'a','state'"
             ":" ENDED(
                 "0", ",'reason':'Completed'") "},{'name':'b','ready':"
                                               "true,'state':{'running':{}}}]"),
         "['p','1/2','NotReady','0','3m20s'" WIDE},
        {POD(",'initContainers':[{'name':'i'},{'name':'s','restartPolicy':"
             "'Always'}]",
             "'phase':'Pending','initContainerStatuses':[{'name':'i','state'"
             ":" ENDED("0", "") "},{'name':'s','state':{'running':{}}}]"),
         "['p','0/3','Init:1/2','0','3m20s'" WIDE},
        {POD(",'initContainers':[{'name':'i'}]",
             "'phase':'Pending','initContainerStatuses':[{'name':'i','state'"
             ":" ENDED("3", "") "}]"),
         "['p','0/2','Init:ExitCode:3','0','3m20s'" WIDE},
        {POD(",'nodeName':'n','readinessGates':[{'conditionType':'x'},{"
             "'conditionType':'y'}]",
             "'phase':'Running','podIPs':[{'ip':'1.2.3.4'}],'conditions':[{"
             "'type':'x','status':'True'}]"),
         "['p','0/2','Running','0','3m20s','1.2.3.4','n','<none>','1/2']"},
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        check_str(cells("", "Pod", all[i].pod), all[i].want);
    check_has(cells("", "Pod",
                    "{'metadata':{'name':'p','deletionTimestamp':"
                    "'2025-10-09T08:50:00Z'},'spec':{},'status':{'phase':"
                    "'Running'}}"),
              "'Terminating'");
    arena_release(&arena);
}

TEST(pods_that_ended_have_a_condition_in_their_row)
{
    const struct kind k = {.r = {.group = "", .kind = "Pod"}};

    check_str(
        printed(value_get(row(&k, POD("", "'phase':'Failed'")), "conditions")),
        "[{'message':'The pod failed.','reason':'Failed','status':'True'"
        ",'type':'Completed'}]");
    arena_release(&arena);
}

TEST(ages_are_as_kubectl_writes_them)
{
    static const struct {
        const char *created, *want;
    } all[] = {
        {"2025-10-09T08:53:25Z", "['a','<invalid>']"},
        {"2025-10-09T08:51:21Z", "['a','119s']"},
        {"2025-10-09T08:50:20Z", "['a','3m']"},
        {"2025-10-09T08:43:20Z", "['a','10m']"},
        {"2025-10-09T05:53:19Z", "['a','3h']"},
        {"2025-10-09T05:43:19Z", "['a','3h10m']"},
        {"2025-10-07T06:53:20Z", "['a','2d2h']"},
        {"2025-09-09T08:53:20Z", "['a','30d']"},
        {"2022-09-09T08:53:20Z", "['a','3y31d']"},
        {"2010-09-09T08:53:20Z", "['a','15y']"},
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        check_str(cells("", "ServiceAccount",
                        arena_printf(&arena,
                                     "{'metadata':{'name':'a',"
                                     "'creationTimestamp':'%s'}}",
                                     all[i].created)),
                  all[i].want);
    check_str(cells("", "ServiceAccount", "{'metadata':{'name':'a'}}"),
              "['a','<unknown>']");
    arena_release(&arena);
}

TEST(an_account_is_shown_with_its_namespace_even_without_one)
{
    check_has(cells("rbac.authorization.k8s.io", "RoleBinding",
                    "{'metadata':{'name':'a'},'roleRef':{'kind':'Role','name':"
                    "'r'},'subjects':[{'kind':'ServiceAccount','name':'s'},{"
                    "'kind':'ServiceAccount','name':'t','namespace':'n'}]}"),
              "'/s, n/t'");
    arena_release(&arena);
}

struct example {
    const char *group, *kind, *object, *want;
};

static void check_examples(const struct example *all, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_str(cells(all[i].group, all[i].kind, all[i].object), all[i].want);
    arena_release(&arena);
}

TEST(each_kind_has_its_own_cells)
{
    static const struct example all[] = {
        {"apps", "Deployment",
         "{'metadata':{'name':'a'},'spec':{'replicas':3,'selector':{"
         "'matchLabels':{'app':'x'},'matchExpressions':[{'key':'a','operator':"
         "'In','values':['2','1']},{'key':'z','operator':'DoesNotExist'}]},"
         "'template':{'spec':{'containers':[{'name':'c','image':'i'},{'name':"
         "'d','image':'j'}]}}},'status':{'readyReplicas':1,'updatedReplicas':"
         "2}}",
         "['a','1/3',2,0,'<unknown>','c,d','i,j','a in (1,2),app=x,!z']"},
        {"", "Service",
         "{'metadata':{'name':'s'},'spec':{'type':'LoadBalancer','clusterIPs':"
         "['10.0.0.1'],'ports':[{'port':80,'nodePort':30000,'protocol':'TCP'},"
         "{'port':53,'protocol':'UDP'}]},'status':{'loadBalancer':{'ingress':[{"
         "'hostname':'z.y'},{'ip':'5.5.5.5'}]}}}",
         "['s','LoadBalancer','10.0.0.1','5.5.5.5,z.y','80:30000/TCP,53/UDP',"
         "'<unknown>','<none>']"},
        {"", "Endpoints",
         "{'metadata':{'name':'e'},'subsets':[{'addresses':[{'ip':'1.1.1.1'},{"
         "'ip':'fd00::1'}],'ports':[{'port':80},{'port':81}]}]}",
         "['e','1.1.1.1:80,[fd00::1]:80,1.1.1.1:81 + 1 more...','<unknown>']"},
        {"", "Node",
         "{'metadata':{'name':'n','labels':{'node-role.kubernetes.io/b':'',"
         "'node-role.kubernetes.io/a':''}},'spec':{'unschedulable':true},"
         "'status':{'conditions':[{'type':'Ready','status':'False'}],"
         "'nodeInfo':{'kubeletVersion':'v1','kernelVersion':'k','architecture':"
         "'arm'}}}",
         "['n','NotReady,SchedulingDisabled','a,b','<unknown>','v1','<none>',"
         "'<none>','<unknown>','k (arm)','<unknown>']"},
        {"events.k8s.io", "Event",
         "{'metadata':{'name':'e'},'regarding':{'kind':'Pod','name':'p'},"
         "'reason':'R','note':' x\\n','type':'Normal','eventTime':"
         "'2025-10-09T08:53:00.000000Z','deprecatedFirstTimestamp':null,"
         "'reportingController':'c','reportingInstance':'i'}",
         "['20s','Normal','R','pod/p','','c, i','x','20s',1,'e']"},
        {"batch", "Job",
         "{'metadata':{'name':'j'},'spec':{'completions':3},'status':{"
         "'succeeded':3,'startTime':'2025-10-09T08:00:00Z','completionTime':"
         "'2025-10-09T08:01:00Z','conditions':[{'type':'Complete','status':"
         "'True'}]}}",
         "['j','Complete','3/3','60s','<unknown>','','','<none>']"},
        {"", "PersistentVolumeClaim",
         "{'metadata':{'name':'c'},'spec':{'volumeName':'v','volumeMode':"
         "'Block'},'status':{'phase':'Bound','capacity':{'storage':'1Gi'},"
         "'accessModes':['ReadWriteMany','ReadWriteOnce']}}",
         "['c','Bound','v','1Gi','RWO,RWX','','<unset>','<unknown>','Block']"},
        {"autoscaling", "HorizontalPodAutoscaler",
         "{'metadata':{'name':'h'},'spec':{'scaleTargetRef':{'kind':"
         "'Deployment','name':'d'},'maxReplicas':5,'metrics':[{'type':"
         "'Resource','resource':{'name':'cpu','target':{'averageUtilization':"
         "70}}},{'type':'Pods','pods':{'target':{'averageValue':'10'}}},{"
         "'type':'x'}]},'status':{'currentMetrics':[{'resource':{'current':{"
         "'averageUtilization':33}}}]}}",
         "['h','Deployment/d','cpu: 33%/70%, <unknown>/10 + 1 more...',"
         "'<unset>',5,0,'<unknown>']"},
    };

    check_examples(all, sizeof(all) / sizeof(all[0]));
}

TEST(kinds_that_are_seldom_listed_have_cells_too)
{
    static const struct example all[] = {
        {"", "ResourceQuota",
         "{'metadata':{'name':'q'},'status':{'hard':{'pods':'9','limits.cpu':"
         "'4'},'used':{'pods':'1'}}}",
         "['q','pods: 1/9','limits.cpu: 0/4','<unknown>']"},
        {"apps", "ControllerRevision",
         "{'metadata':{'name':'r','ownerReferences':[{'apiVersion':'apps/v1',"
         "'kind':'StatefulSet','name':'s','controller':true}]},'revision':4}",
         "['r','statefulset.apps/s',4,'<unknown>']"},
        {"apiregistration.k8s.io", "APIService",
         "{'metadata':{'name':'a'},'status':{'conditions':[{'type':"
         "'Available','status':'False','reason':'R'}]}}",
         "['a','Local','False (R)','<unknown>']"},
        {"certificates.k8s.io", "CertificateSigningRequest",
         "{'metadata':{'name':'a'},'spec':{'signerName':'s','username':'u',"
         "'expirationSeconds':3600},'status':{'conditions':[{'type':"
         "'Approved'}],'certificate':'x'}}",
         "['a','<unknown>','s','u','60m','Approved,Issued']"},
        {"flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration",
         "{'metadata':{'name':'a'},'spec':{'type':'Limited','limited':{"
         "'nominalConcurrencyShares':5}}}",
         "['a','Limited',5,'<none>','<none>','<none>','<unknown>']"},
        {"resource.k8s.io", "ResourceClaim",
         "{'metadata':{'name':'a'},'status':{'allocation':{},'reservedFor':[{}"
         "]}}",
         "['a','allocated,reserved','<unknown>']"},
        {"x", "Unheard",
         "{'metadata':{'name':'a','creationTimestamp':"
         "'2025-10-09T08:50:00Z'}}",
         "['a','2025-10-09T08:50:00Z']"},
    };

    check_examples(all, sizeof(all) / sizeof(all[0]));
}

TEST(columns_of_custom_resources_are_those_of_their_definition)
{
    static const char text[] =
        "{'metadata':{'name':'g.x.y'},'spec':{'group':'x.y','scope':"
        "'Namespaced','names':{'kind':'G','plural':'g'},'versions':[{'name':"
        "'v1','served':true,'storage':true,'additionalPrinterColumns':["
        "{'name':'S','type':'string','jsonPath':'.spec.s'},{'name':'I','type':"
        "'integer','jsonPath':'.spec.list[1]'},{'name':'D','type':'date',"
        "'jsonPath':'.spec.d'},{'name':'L','type':'string','jsonPath':"
        "'.metadata.labels.a\\\\.b/c','priority':1},{'name':'M','type':"
        "'boolean','jsonPath':'.spec.none'}],'schema':{'openAPIV3Schema':{"
        "'type':'object'}}}]}}";
    struct kind k = {.r = {.group = "x.y", .version = "v1", .kind = "G"}};
    struct crd *crd = NULL;
    struct table_call c = call(&k);
    struct value *table = NULL;

    failure_init(&f, &arena);
    check_int(crd_new(json(text), &crd, &f), 0);
    k.crd = crd;
    check_str(printed(value_get(
                  row(&k, "{'metadata':{'name':'a','labels':{'a.b/c':'l'}},"
                          "'spec':{'s':{'k':1},'list':[1,2.0],'d':"
                          "'2025-10-09T08:53:00Z'}}"),
                  "cells")),
              "['a','{\\'k\\':1}',2,'20s','l',null]");
    check_int(table_new(&c, &table, &f), 0);
    check_str(printed(value_get(table, "columnDefinitions")->as.items[4]),
              "{'description':'Custom resource definition column (in JSONPath "
              "format): .metadata.labels.a\\\\.b/c','format':'','name':'L',"
              "'priority':1,'type':'string'}");
    crd_free(crd);
    arena_release(&arena);
}

TEST(a_row_may_carry_the_metadata_of_its_object)
{
    const struct kind k = {.r = {.group = "", .kind = "ConfigMap"}};
    struct table_call c = call(&k);
    struct value *table = NULL;

    failure_init(&f, &arena);
    c.include = TABLE_METADATA;
    check_int(table_new(&c, &table, &f), 0);
    check_int(
        table_add(&c, table, json("{'metadata':{'name':'a'},'data':{}}"), &f),
        0);
    check_str(printed(value_get(table, "rows")),
              "[{'cells':['a',0,'<unknown>'],'object':{'apiVersion':"
              "'meta.k8s.io/v1','kind':'PartialObjectMetadata','metadata':{"
              "'name':'a'}}}]");
    arena_release(&arena);
}

TEST_ALLOC(a_table_survives_out_of_memory)
{
    static const char text[] = "{\"metadata\":{\"name\":\"a\"}}";
    const struct kind k = {.r = {.group = "apps", .kind = "Deployment"}};
    struct arena a = {0};
    struct table_call c = {&a, &k, TABLE_OBJECT, NOW};
    struct value *o = NULL, *table = NULL;
    struct failure why;
    int rc = value_parse(&a, text, sizeof(text) - 1, &o, NULL);

    failure_init(&why, &a);
    if (rc == 0 &&
        (table_new(&c, &table, &why) < 0 || table_add(&c, table, o, &why) < 0))
        rc = -ERR_NOMEM;
    if (rc == 0)
        check_int(value_get(table, "rows")->count, 1);
    arena_release(&a);
    return rc;
}
