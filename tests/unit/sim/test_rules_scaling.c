/* Autoscalers: what the API server answered to the same specs. */

#include <stdio.h>
#include <string.h>

#include "kit.h"

#define SCALERS                                                                \
    "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers"

/* In specs ^ and ~ stand for the common beginnings. */
#define TARGET                                                                 \
    "'scaleTargetRef':{'apiVersion':'apps/v1','kind':'Deployment','name':'a'}" \
    ",'maxReplicas':"

static const struct {
    const char *spec;
    const char *causes; /* "reason field" lines, sorted */
} ANSWERS[] = {
    {"^'metrics':[{}]",
     "NotSupported spec.metrics[0].type\nNotSupported spec.metrics[0"
     "].type\nRequired spec.metrics[0].type"},
    {"^'metrics':[{'type':'x'}]",
     "NotSupported spec.metrics[0].type\nNotSupported spec.metrics[0"
     "].type"},
    {"^'metrics':[{'type':'Resource'}]", "Required spec.metrics[0].resource"},
    {"^'metrics':[{'type':'Resource','resource':{'name':'cpu','targe"
     "t':{'type':'AverageValue','averageValue':'1'}},'pods':{'metric"
     "':{'name':'a'},'target':{'type':'AverageValue','averageValue':"
     "'1'}}}]",
     "Forbidden spec.metrics[0].pods"},
    {"^'metrics':[{'type':'Pods','resource':{'name':'cpu','target':{"
     "'type':'AverageValue','averageValue':'1'}}}]",
     "Required spec.metrics[0].pods"},
    {"^'metrics':[{'type':'Resource','resource':{'name':'','target':"
     "{'type':'','averageValue':'0'}}}]",
     "Invalid spec.metrics[0].resource.target.averageValue\nInvalid "
     "spec.metrics[0].resource.target.type\nRequired spec.metrics[0]"
     ".resource.name\nRequired spec.metrics[0].resource.target.type"},
    {"^'metrics':[{'type':'Resource','resource':{'name':'cpu','targe"
     "t':{'type':'Nope','averageUtilization':0,'averageValue':'-1'}}"
     "}]",
     "Forbidden spec.metrics[0].resource.target.averageValue\nInvali"
     "d spec.metrics[0].resource.target.averageUtilization\nInvalid "
     "spec.metrics[0].resource.target.averageValue\nInvalid spec.met"
     "rics[0].resource.target.type"},
    {"^'metrics':[{'type':'ContainerResource','containerResource':{'"
     "name':'','container':'','target':{}}}]",
     "Invalid spec.metrics[0].containerResource.target.type\nRequire"
     "d spec.metrics[0].containerResource.container\nRequired spec.m"
     "etrics[0].containerResource.name\nRequired spec.metrics[0].con"
     "tainerResource.target.averageUtilization\nRequired spec.metric"
     "s[0].containerResource.target.type"},
    {"^'metrics':[{'type':'ContainerResource','containerResource':{'"
     "name':'weird','container':'Not Valid','target':{'type':'Utiliz"
     "ation'}}}]",
     "Invalid spec.metrics[0].containerResource.container\nInvalid s"
     "pec.metrics[0].containerResource.name\nInvalid spec.metrics[0]"
     ".containerResource.name\nRequired spec.metrics[0].containerRes"
     "ource.target.averageUtilization"},
    {"^'metrics':[{'type':'ContainerResource','containerResource':{'"
     "name':'cpu','container':'c','target':{'type':'Utilization','av"
     "erageUtilization':5}}}]",
     ""},
    {"^'metrics':[{'type':'Object','object':{'describedObject':{'kin"
     "d':'a/b','name':'%','apiVersion':'a/b/c'},'metric':{'name':'x/"
     "y'},'target':{'type':'Value'}}}]",
     "Invalid spec.metrics[0].object.describedObject.apiVersion\nInv"
     "alid spec.metrics[0].object.describedObject.kind\nInvalid spec"
     ".metrics[0].object.describedObject.name\nInvalid spec.metrics["
     "0].object.metric.name\nRequired spec.metrics[0].object.target."
     "averageValue"},
    {"^'metrics':[{'type':'Object','object':{'describedObject':{'kin"
     "d':'Pod','name':'p','apiVersion':'v1'},'metric':{'name':'x'},'"
     "target':{'type':'Value','value':'1'}}}]",
     ""},
    {"^'metrics':[{'type':'External','external':{'metric':{'name':''"
     "},'target':{'type':'Value','value':'0','averageValue':'0'}}}]",
     "Forbidden spec.metrics[0].external.target.value\nInvalid spec."
     "metrics[0].external.target.averageValue\nInvalid spec.metrics["
     "0].external.target.value\nRequired spec.metrics[0].external.me"
     "tric.name"},
    {"^'metrics':[{'type':'External','external':{'metric':{'name':'a"
     "'},'target':{'type':'Value'}},'object':{'describedObject':{},'"
     "metric':{},'target':{}}}]",
     "Forbidden spec.metrics[0].object\nInvalid spec.metrics[0].obje"
     "ct.target.type\nRequired spec.metrics[0].object.describedObjec"
     "t.kind\nRequired spec.metrics[0].object.describedObject.name\n"
     "Required spec.metrics[0].object.metric.name\nRequired spec.met"
     "rics[0].object.target.averageValue\nRequired spec.metrics[0].o"
     "bject.target.type"},
    {"^'metrics':[{'type':'Pods','pods':{'metric':{},'target':{'type"
     "':'AverageValue'}}}]",
     "Required spec.metrics[0].pods.metric.name\nRequired spec.metri"
     "cs[0].pods.target.averageValue"},
    {"^'metrics':[{'type':'y','pods':{'metric':{},'target':{'type':'"
     "AverageValue'}},'resource':{'name':'x','target':{'type':'Avera"
     "geValue','averageValue':'1'}}}]",
     "Forbidden spec.metrics[0].pods\nForbidden spec.metrics[0].reso"
     "urce\nNotSupported spec.metrics[0].type\nNotSupported spec.met"
     "rics[0].type\nRequired spec.metrics[0].pods.metric.name\nRequi"
     "red spec.metrics[0].pods.target.averageValue"},
    {"^'behavior':{}", ""},
    {"^'behavior':{'scaleUp':{}}", ""},
    {"^'behavior':{'scaleUp':{'policies':[]}}",
     "Required spec.behavior.scaleUp.policies"},
    {"^'behavior':{'scaleDown':{'policies':[{'type':'x','value':0,'p"
     "eriodSeconds':1801}],'selectPolicy':'Nope','stabilizationWindo"
     "wSeconds':-1,'tolerance':'-1'}}",
     "Invalid spec.behavior.scaleDown.policies[0].periodSeconds\nInv"
     "alid spec.behavior.scaleDown.policies[0].value\nInvalid spec.b"
     "ehavior.scaleDown.stabilizationWindowSeconds\nInvalid spec.beh"
     "avior.scaleDown.tolerance\nNotSupported spec.behavior.scaleDow"
     "n.policies[0].type\nNotSupported spec.behavior.scaleDown.selec"
     "tPolicy"},
    {"^'behavior':{'scaleDown':{'policies':[{}],'stabilizationWindow"
     "Seconds':3601}}",
     "Invalid spec.behavior.scaleDown.policies[0].periodSeconds\nInv"
     "alid spec.behavior.scaleDown.policies[0].value\nInvalid spec.b"
     "ehavior.scaleDown.stabilizationWindowSeconds\nNotSupported spe"
     "c.behavior.scaleDown.policies[0].type"},
    {"^'behavior':{'scaleUp':{'policies':[{'type':'Pods','value':1,'"
     "periodSeconds':1800}],'selectPolicy':'','tolerance':'0.1'}}",
     "NotSupported spec.behavior.scaleUp.selectPolicy"},
    {"^'minReplicas':0", "Forbidden spec.metrics\nInvalid spec.minReplicas"},
    {"^'minReplicas':5", "Invalid spec.maxReplicas"},
    {"~0", "Invalid spec.maxReplicas\nRequired spec.maxReplicas"},
    {"~-1", "Invalid spec.maxReplicas\nInvalid spec.maxReplicas"},
    {"~-2,'minReplicas':-1",
     "Invalid spec.maxReplicas\nInvalid spec.maxReplicas\nInvalid sp"
     "ec.minReplicas"},
    {"'scaleTargetRef':{},'maxReplicas':3",
     "Invalid spec.scaleTargetRef.apiVersion\nRequired spec.scaleTar"
     "getRef.kind\nRequired spec.scaleTargetRef.name"},
    {"'scaleTargetRef':{'kind':'..','name':'a/b','apiVersion':'x/y/z"
     "'},'maxReplicas':3",
     "Invalid spec.scaleTargetRef.apiVersion\nInvalid spec.scaleTarg"
     "etRef.kind\nInvalid spec.scaleTargetRef.name"},
    {"'scaleTargetRef':{'kind':'ReplicationController','name':'a'},'"
     "maxReplicas':3",
     ""},
    {"'scaleTargetRef':{'kind':'ReplicationController','name':'a','a"
     "piVersion':'v1'},'maxReplicas':3",
     ""},
    {"'scaleTargetRef':{'kind':'Foo','name':'a','apiVersion':'v1'},'"
     "maxReplicas':3",
     "Invalid spec.scaleTargetRef.apiVersion"},
    {"'scaleTargetRef':{'kind':'Foo','name':'a','apiVersion':'/v1'},"
     "'maxReplicas':3",
     "Invalid spec.scaleTargetRef.apiVersion"},
    {"'scaleTargetRef':{'kind':'Foo','name':'a','apiVersion':'/'},'m"
     "axReplicas':3",
     "Invalid spec.scaleTargetRef.apiVersion"},
    {"'scaleTargetRef':{'kind':'Foo','name':'a','apiVersion':'g/'},'"
     "maxReplicas':3",
     ""},
};

static int create(struct kit *k, const char *spec)
{
    struct str body;
    int code;

    str_init(&body, 0);
    str_add(&body, "{'metadata':{'name':'h'},'spec':{");
    if (*spec == '^')
        str_add(&body, TARGET "3,");
    else if (*spec == '~')
        str_add(&body, TARGET);
    str_addf(&body, "%s}}", spec + (*spec == '^' || *spec == '~'));
    code = kit_ask(k, "POST", SCALERS "?dryRun=All", str_text(&body));
    str_release(&body);
    return code;
}

TEST(autoscalers_are_judged_field_by_field)
{
    struct kit k;

    kit_start(&k, NULL);
    for (size_t i = 0; i < sizeof ANSWERS / sizeof ANSWERS[0]; i++) {
        check_int(create(&k, ANSWERS[i].spec), *ANSWERS[i].causes ? 422 : 201);
        check_str(kit_causes(&k), ANSWERS[i].causes);
    }
    kit_stop(&k);
}

TEST(an_autoscaler_may_keep_the_target_that_it_has)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", SCALERS,
                      "{'metadata':{'name':'h'},'spec':{'maxReplicas':3,"
                      "'scaleTargetRef':{'kind':'ReplicationController',"
                      "'name':'a'}}}"),
              201);
    check_int(kit_ask(&k, "MERGE", SCALERS "/h",
                      "{'spec':{'scaleTargetRef':{'name':'b'}}}"),
              200);
    check_int(kit_ask(&k, "MERGE", SCALERS "/h",
                      "{'spec':{'scaleTargetRef':{'kind':'B'}}}"),
              422);
    check_str(kit_causes(&k), "Invalid spec.scaleTargetRef.apiVersion");
    kit_stop(&k);
}

#define SCALERS_V1                                                             \
    "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers"
#define NOTES "metadata.annotations"

static const char *note(struct kit *k, const char *name)
{
    const char *text =
        value_text(value_get(value_path(k->answer, NOTES), name));

    return text ? text : "";
}

/* What the API server makes of these metrics for those who read v1. */
static const char metrics[] =
    "[{'type':'Resource','resource':{'name':'cpu','target':{'type':"
    "'Utilization','averageUtilization':5}}},{'type':'Resource','re"
    "source':{'name':'cpu','target':{'type':'AverageValue','average"
    "Value':'500m'}}},{'type':'Pods','pods':{'metric':{'name':'x','"
    "selector':{'matchLabels':{'b':'c','a':'d'},'matchExpressions':"
    "[{'key':'k','operator':'In','values':['v']}]}},'target':{'type"
    "':'AverageValue','averageValue':'1k'}}},{'type':'Object','obje"
    "ct':{'describedObject':{'kind':'Pod','name':'p','apiVersion':'"
    "v1'},'metric':{'name':'x'},'target':{'type':'Value','value':'1"
    "'}}},{'type':'Object','object':{'describedObject':{'kind':'Pod"
    "','name':'p'},'metric':{'name':'x'},'target':{'type':'AverageV"
    "alue','averageValue':'1'}}},{'type':'External','external':{'me"
    "tric':{'name':'x','selector':{'matchLabels':{'b':'c','a':'d'},"
    "'matchExpressions':[{'key':'k','operator':'In','values':['v']}"
    "]}},'target':{'type':'Value','value':'1'}}},{'type':'External'"
    ",'external':{'metric':{'name':'x'},'target':{'type':'AverageVa"
    "lue','averageValue':'1'}}},{'type':'ContainerResource','contai"
    "nerResource':{'name':'cpu','container':'c','target':{'type':'U"
    "tilization','averageUtilization':7}}},{'type':'Resource','reso"
    "urce':{'name':'cpu','target':{'type':'Utilization','averageUti"
    "lization':6}}}]";
static const char noted[] =
    "[{\"type\":\"Resource\",\"resource\":{\"name\":\"cpu\",\"targe"
    "tAverageValue\":\"500m\"}},{\"type\":\"Pods\",\"pods\":{\"metr"
    "icName\":\"x\",\"targetAverageValue\":\"1k\",\"selector\":{\"m"
    "atchLabels\":{\"a\":\"d\",\"b\":\"c\"},\"matchExpressions\":[{"
    "\"key\":\"k\",\"operator\":\"In\",\"values\":[\"v\"]}]}}},{\"t"
    "ype\":\"Object\",\"object\":{\"target\":{\"kind\":\"Pod\",\"na"
    "me\":\"p\",\"apiVersion\":\"v1\"},\"metricName\":\"x\",\"targe"
    "tValue\":\"1\"}},{\"type\":\"Object\",\"object\":{\"target\":{"
    "\"kind\":\"Pod\",\"name\":\"p\"},\"metricName\":\"x\",\"target"
    "Value\":\"0\",\"averageValue\":\"1\"}},{\"type\":\"External\","
    "\"external\":{\"metricName\":\"x\",\"metricSelector\":{\"match"
    "Labels\":{\"a\":\"d\",\"b\":\"c\"},\"matchExpressions\":[{\"ke"
    "y\":\"k\",\"operator\":\"In\",\"values\":[\"v\"]}]},\"targetVa"
    "lue\":\"1\"}},{\"type\":\"External\",\"external\":{\"metricNam"
    "e\":\"x\",\"targetAverageValue\":\"1\"}},{\"type\":\"Container"
    "Resource\",\"containerResource\":{\"name\":\"cpu\",\"targetAve"
    "rageUtilization\":7,\"container\":\"c\"}}]";

TEST(the_first_version_keeps_metrics_as_text)
{
    struct kit k;
    char body[2048];

    kit_start(&k, NULL);
    snprintf(body, sizeof body,
             "{'metadata':{'name':'h'},'spec':{" TARGET "3,'metrics':%s}}",
             metrics);
    check_int(kit_ask(&k, "POST", SCALERS, body), 201);
    check_int(kit_ask(&k, "GET", SCALERS_V1 "/h", NULL), 200);
    check_str(note(&k, "autoscaling.alpha.kubernetes.io/metrics"), noted);
    check_str(kit_text(&k, "spec.targetCPUUtilizationPercentage"), "5");
    check_int(kit_ask(&k, "MERGE", SCALERS_V1 "/h",
                      "{'spec':{'targetCPUUtilizationPercentage':33}}"),
              200);
    check_int(kit_ask(&k, "GET", SCALERS "/h", NULL), 200);
    check_int(value_path(k.answer, "spec.metrics")->count, 8);
    check_has(kit_body(&k), "\"averageUtilization\":33");
    check_int(kit_ask(&k, "MERGE", SCALERS_V1 "/h",
                      "{'metadata':{'annotations':null}}"),
              200);
    check_int(kit_ask(&k, "GET", SCALERS "/h", NULL), 200);
    check_int(value_path(k.answer, "spec.metrics")->count, 1);
    kit_stop(&k);
}

TEST(the_first_version_keeps_behavior_as_the_server_has_it)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", SCALERS,
                      "{'metadata':{'name':'h'},'spec':{" TARGET "3,"
                      "'behavior':{'scaleDown':{'policies':[{'type':'Pods',"
                      "'value':1,'periodSeconds':9}]}}}}"),
              201);
    check_int(kit_ask(&k, "GET", SCALERS_V1 "/h", NULL), 200);
    check_str(note(&k, "autoscaling.alpha.kubernetes.io/behavior"),
              "{\"ScaleUp\":{\"StabilizationWindowSeconds\":0,"
              "\"SelectPolicy\":\"Max\",\"Policies\":[{\"Type\":\"Pods\","
              "\"Value\":4,\"PeriodSeconds\":15},{\"Type\":\"Percent\","
              "\"Value\":100,\"PeriodSeconds\":15}],\"Tolerance\":null},"
              "\"ScaleDown\":{\"StabilizationWindowSeconds\":null,"
              "\"SelectPolicy\":\"Max\",\"Policies\":[{\"Type\":\"Pods\","
              "\"Value\":1,\"PeriodSeconds\":9}],\"Tolerance\":null}}");
    /* What is no such text counts for nothing, and goes. */
    check_int(kit_ask(&k, "POST", SCALERS_V1,
                      "{'metadata':{'name':'i','annotations':{"
                      "'autoscaling.alpha.kubernetes.io/behavior':'[]',"
                      "'autoscaling.alpha.kubernetes.io/metrics':'nope'}},"
                      "'spec':{" TARGET "3}}"),
              201);
    check(!value_path(k.answer, NOTES));
    check_str(kit_text(&k, "spec.targetCPUUtilizationPercentage"), "80");
    kit_stop(&k);
}
