/* Jobs: what the API server answered to the same policies and states. */

#include <stdio.h>
#include <string.h>

#include "kit.h"

#define JOBS "/apis/batch/v1/namespaces/default/jobs"
#define INDEXED "'completionMode':'Indexed','completions':5"

/* In specs # stands for INDEXED; ! before one: pods are restarted. */
static const struct {
    const char *spec;
    const char *causes; /* "reason field" lines, sorted */
} SPECS[] = {
    {"'completionMode':'x'", "NotSupported spec.completionMode"},
    {"'completionMode':'Indexed'", ""},
    {"'backoffLimitPerIndex':1", "Invalid spec.backoffLimitPerIndex"},
    {"'maxFailedIndexes':1",
     "Invalid spec.maxFailedIndexes\nRequired spec.backoffLimitPer"
     "Index"},
    {"'maxFailedIndexes':-1,#",
     "Invalid spec.maxFailedIndexes\nRequired spec.backoffLimitPer"
     "Index"},
    {"'maxFailedIndexes':6,'backoffLimitPerIndex':-1,#",
     "Invalid spec.backoffLimitPerIndex\nInvalid spec.maxFailedInd"
     "exes"},
    {"'completionMode':'Indexed','completions':100001,'backoffLimi"
     "tPerIndex':1,'parallelism':10001",
     "Invalid spec.parallelism\nRequired spec.maxFailedIndexes"},
    {"'completionMode':'Indexed','completions':100001,'backoffLimi"
     "tPerIndex':1,'parallelism':100001,'maxFailedIndexes':100001",
     "Invalid spec.maxFailedIndexes\nInvalid spec.maxFailedIndexes"
     "\nInvalid spec.parallelism\nInvalid spec.parallelism"},
    {"'managedBy':''", "Required spec.managedBy"},
    {"'managedBy':'x'", "Invalid spec.managedBy"},
    {"'managedBy':'a b/c d'", "Invalid spec.managedBy\nInvalid spec.managedBy"},
    {"'managedBy':'a.b/ccccccccccccccccccccccccccccccccccccccccccc"
     "ccccccccccccccccccccccccccc'",
     "TooLong spec.managedBy"},
    {"'managedBy':'a.b/c'", ""},
    {"'podReplacementPolicy':'x'", "NotSupported spec.podReplacementPolicy"},
    {"'podReplacementPolicy':'TerminatingOrFailed','podFailurePoli"
     "cy':{'rules':[]}",
     "NotSupported spec.podReplacementPolicy"},
    {"!'podFailurePolicy':{'rules':[]}",
     "Invalid spec.template.spec.restartPolicy"},
    {"'podFailurePolicy':{}", ""},
    {"'podFailurePolicy':{'rules':[{}]}",
     "Invalid spec.podFailurePolicy.rules[0]\nRequired spec.podFai"
     "lurePolicy.rules[0].action"},
    {"'podFailurePolicy':{'rules':[{'action':'x'}]}",
     "Invalid spec.podFailurePolicy.rules[0]\nNotSupported spec.po"
     "dFailurePolicy.rules[0].action"},
    {"'podFailurePolicy':{'rules':[{'action':'FailIndex'}]}",
     "Invalid spec.podFailurePolicy.rules[0]\nInvalid spec.podFail"
     "urePolicy.rules[0].action"},
    {"'podFailurePolicy':{'rules':[{'action':'FailIndex','onExitCo"
     "des':{'operator':'In','values':[1]}}]},'backoffLimitPerIndex"
     "':1,#",
     ""},
    {"'podFailurePolicy':{'rules':[{'action':'Ignore','onExitCodes"
     "':{}}]}",
     "Invalid spec.podFailurePolicy.rules[0].onExitCodes.values\nR"
     "equired spec.podFailurePolicy.rules[0].onExitCodes.operator"},
    {"'podFailurePolicy':{'rules':[{'action':'Ignore','onExitCodes"
     "':{'operator':'x','values':[3,2,2,0],'containerName':'nope'}"
     "}]}",
     "Duplicate spec.podFailurePolicy.rules[0].onExitCodes.values["
     "2]\nInvalid spec.podFailurePolicy.rules[0].onExitCodes.conta"
     "inerName\nInvalid spec.podFailurePolicy.rules[0].onExitCodes"
     ".values\nNotSupported spec.podFailurePolicy.rules[0].onExitC"
     "odes.operator"},
    {"'podFailurePolicy':{'rules':[{'action':'Ignore','onExitCodes"
     "':{'operator':'In','values':[0,1],'containerName':'c'}}]}",
     "Invalid spec.podFailurePolicy.rules[0].onExitCodes.values[0]"},
    {"'podFailurePolicy':{'rules':[{'action':'Count','onPodConditi"
     "ons':[]}]}",
     "Invalid spec.podFailurePolicy.rules[0]"},
    {"'podFailurePolicy':{'rules':[{'action':'Count','onPodConditi"
     "ons':[{}]}]}",
     "Invalid spec.podFailurePolicy.rules[0].onPodConditions[0].ty"
     "pe\nInvalid spec.podFailurePolicy.rules[0].onPodConditions[0"
     "].type"},
    {"'podFailurePolicy':{'rules':[{'action':'Count','onPodConditi"
     "ons':[{'type':'a b','status':'x'}]}]}",
     "Invalid spec.podFailurePolicy.rules[0].onPodConditions[0].ty"
     "pe\nNotSupported spec.podFailurePolicy.rules[0].onPodConditi"
     "ons[0].status"},
    {"'podFailurePolicy':{'rules':[{'action':'Count','onPodConditi"
     "ons':[{'type':'Ready'}],'onExitCodes':{'operator':'In','valu"
     "es':[1]}}]}",
     "Invalid spec.podFailurePolicy.rules[0]"},
    {"'successPolicy':{'rules':[{'succeededCount':1}]}",
     "Invalid spec.successPolicy"},
    {"'successPolicy':{},#", "Required spec.successPolicy.rules"},
    {"'successPolicy':{'rules':[{}]},#",
     "Required spec.successPolicy.rules[0]"},
    {"'successPolicy':{'rules':[{'succeededCount':6}]},#",
     "Invalid spec.successPolicy.rules[0].succeededCount"},
    {"'successPolicy':{'rules':[{'succeededCount':-1}]},#",
     "Invalid spec.successPolicy.rules[0].succeededCount"},
    {"'successPolicy':{'rules':[{'succeededIndexes':'','succeededC"
     "ount':2}]},#",
     "Invalid spec.successPolicy.rules[0].succeededCount"},
    {"'successPolicy':{'rules':[{'succeededIndexes':'0','succeeded"
     "Count':2}]},#",
     "Invalid spec.successPolicy.rules[0].succeededCount"},
    {"'successPolicy':{'rules':[{'succeededIndexes':'0-2','succeed"
     "edCount':2}]},#",
     ""},
    {"'successPolicy':{'rules':[{'succeededIndexes':'1,3-4','succe"
     "ededCount':2}]},#",
     ""},
    {"'successPolicy':{'rules':[{'succeededIndexes':'4-4','succeed"
     "edCount':2}]},#",
     "Invalid spec.successPolicy.rules[0].succeededCount\nInvalid "
     "spec.successPolicy.rules[0].succeededIndexes"},
    {"'successPolicy':{'rules':[{'succeededIndexes':'5','succeeded"
     "Count':2}]},#",
     "Invalid spec.successPolicy.rules[0].succeededCount\nInvalid "
     "spec.successPolicy.rules[0].succeededIndexes"},
    {"'successPolicy':{'rules':[{'succeededIndexes':'3-1','succeed"
     "edCount':2}]},#",
     "Invalid spec.successPolicy.rules[0].succeededCount\nInvalid "
     "spec.successPolicy.rules[0].succeededIndexes"},
    {"'successPolicy':{'rules':[{'succeededIndexes':'1,1','succeed"
     "edCount':2}]},#",
     "Invalid spec.successPolicy.rules[0].succeededCount\nInvalid "
     "spec.successPolicy.rules[0].succeededIndexes"},
    {"'successPolicy':{'rules':[{'succeededIndexes':'2,1','succeed"
     "edCount':2}]},#",
     "Invalid spec.successPolicy.rules[0].succeededCount\nInvalid "
     "spec.successPolicy.rules[0].succeededIndexes"},
    {"'successPolicy':{'rules':[{'succeededIndexes':'x','succeeded"
     "Count':2}]},#",
     "Invalid spec.successPolicy.rules[0].succeededCount\nInvalid "
     "spec.successPolicy.rules[0].succeededIndexes"},
    {"'successPolicy':{'rules':[{'succeededIndexes':'1-2-3','succe"
     "ededCount':2}]},#",
     "Invalid spec.successPolicy.rules[0].succeededCount\nInvalid "
     "spec.successPolicy.rules[0].succeededIndexes"},
    {"'successPolicy':{'rules':[{'succeededIndexes':'0-2,2','succe"
     "ededCount':2}]},#",
     "Invalid spec.successPolicy.rules[0].succeededCount\nInvalid "
     "spec.successPolicy.rules[0].succeededIndexes"},
    {"'successPolicy':{'rules':[{'succeededIndexes':'+1','succeede"
     "dCount':2}]},#",
     "Invalid spec.successPolicy.rules[0].succeededCount"},
    {"'successPolicy':{'rules':[{'succeededIndexes':' 1','succeede"
     "dCount':2}]},#",
     "Invalid spec.successPolicy.rules[0].succeededCount\nInvalid "
     "spec.successPolicy.rules[0].succeededIndexes"},
    {"'successPolicy':{'rules':[{'succeededIndexes':'1,','succeede"
     "dCount':2}]},#",
     "Invalid spec.successPolicy.rules[0].succeededCount\nInvalid "
     "spec.successPolicy.rules[0].succeededIndexes"},
    {"'successPolicy':{'rules':[{'succeededIndexes':'-1','succeede"
     "dCount':2}]},#",
     "Invalid spec.successPolicy.rules[0].succeededCount\nInvalid "
     "spec.successPolicy.rules[0].succeededIndexes"},
    {"'successPolicy':{'rules':[{'succeededIndexes':'0-','succeede"
     "dCount':2}]},#",
     "Invalid spec.successPolicy.rules[0].succeededCount\nInvalid "
     "spec.successPolicy.rules[0].succeededIndexes"},
    {"'successPolicy':{'rules':[{'succeededIndexes':'9999999999999"
     "9999999','succeededCount':2}]},#",
     "Invalid spec.successPolicy.rules[0].succeededCount\nInvalid "
     "spec.successPolicy.rules[0].succeededIndexes"},
    {"'successPolicy':{'rules':[{'succeededIndexes':'0'},{'succeed"
     "edIndexes':'0'},{'succeededIndexes':'0'},{'succeededIndexes'"
     ":'0'},{'succeededIndexes':'0'},{'succeededIndexes':'0'},{'su"
     "cceededIndexes':'0'},{'succeededIndexes':'0'},{'succeededInd"
     "exes':'0'},{'succeededIndexes':'0'},{'succeededIndexes':'0'}"
     ",{'succeededIndexes':'0'},{'succeededIndexes':'0'},{'succeed"
     "edIndexes':'0'},{'succeededIndexes':'0'},{'succeededIndexes'"
     ":'0'},{'succeededIndexes':'0'},{'succeededIndexes':'0'},{'su"
     "cceededIndexes':'0'},{'succeededIndexes':'0'},{'succeededInd"
     "exes':'0'}]},#",
     "TooMany spec.successPolicy.rules"},
};

/* In this order, of an indexed Job j and another k. */
static const struct {
    const char *job, *status, *causes;
} STATES[] = {
    {"j",
     "'active':-1,'ready':-1,'terminating':-1,'succeeded':-1,'fail"
     "ed':-1",
     "Invalid status.active\nInvalid status.failed\nInvalid status"
     ".failed\nInvalid status.ready\nInvalid status.succeeded\nInv"
     "alid status.succeeded\nInvalid status.terminating"},
    {"j", "'ready':1", "Invalid status.ready"},
    {"j", "'active':1,'ready':1", ""},
    {"j", "'active':0", "Invalid status.ready"},
    {"j",
     "'uncountedTerminatedPods':{'succeeded':['','a','a'],'failed'"
     ":['a','b','b']}",
     "Duplicate status.uncountedTerminatedPods.failed[0]\nDuplicat"
     "e status.uncountedTerminatedPods.failed[2]\nDuplicate status"
     ".uncountedTerminatedPods.succeeded[2]\nInvalid status.uncoun"
     "tedTerminatedPods.succeeded[0]"},
    {"j", "'completedIndexes':'0-2'", ""},
    {"j", "'completedIndexes':'9'", "Invalid status.completedIndexes"},
    {"j", "'failedIndexes':'3'", "Invalid status.failedIndexes"},
    {"j", "'failedIndexes':''", "Invalid status.failedIndexes"},
    {"j", "'conditions':[{'type':'Complete','status':'True'}]",
     "Invalid status.active\nInvalid status.conditions\nRequired s"
     "tatus.completionTime\nRequired status.startTime"},
    {"j", "'conditions':[{'type':'Failed','status':'True'}]",
     "Invalid status.active\nInvalid status.conditions\nRequired s"
     "tatus.startTime"},
    {"j",
     "'conditions':[{'type':'Failed','status':'True'},{'type':'Com"
     "plete','status':'True'}]",
     "Invalid status.active\nInvalid status.conditions\nInvalid st"
     "atus.conditions\nInvalid status.conditions\nRequired status."
     "completionTime\nRequired status.startTime"},
    {"j",
     "'conditions':[{'type':'Complete','status':'True'},{'type':'F"
     "ailureTarget','status':'True'}]",
     "Invalid status.active\nInvalid status.conditions\nInvalid st"
     "atus.conditions\nRequired status.completionTime\nRequired st"
     "atus.startTime"},
    {"j",
     "'conditions':[{'type':'SuccessCriteriaMet','status':'True'},"
     "{'type':'Failed','status':'True'},{'type':'FailureTarget','s"
     "tatus':'True'}]",
     "Invalid status.active\nInvalid status.conditions\nInvalid st"
     "atus.conditions\nRequired status.startTime"},
    {"j", "'completionTime':'2024-05-06T07:08:09Z'",
     "Invalid status.completionTime"},
    {"j",
     "'startTime':'2024-05-06T07:08:10Z','completionTime':'2024-05"
     "-06T07:08:09Z','conditions':[{'type':'Complete','status':'Tr"
     "ue'},{'type':'SuccessCriteriaMet','status':'True'}],'active'"
     ":0",
     "Invalid status.completionTime\nInvalid status.ready"},
    {"j",
     "'startTime':'2024-05-06T07:08:09Z','active':0,'ready':0,'fai"
     "led':3",
     ""},
    {"j", "'startTime':'2024-05-06T07:08:10Z'", "Invalid status.startTime"},
    {"j", "'failed':2", "Invalid status.failed"},
    {"j", "'succeeded':2", ""},
    {"j", "'succeeded':1", "Invalid status.succeeded"},
    {"j", "'active':1,'terminating':1", ""},
    {"j",
     "'conditions':[{'type':'Complete','status':'True'},{'type':'S"
     "uccessCriteriaMet','status':'True'}],'completionTime':'2024-"
     "05-06T07:08:10Z'",
     "Invalid status.active\nInvalid status.terminating"},
    {"j",
     "'conditions':[{'type':'Complete','status':'True'},{'type':'S"
     "uccessCriteriaMet','status':'True'}],'completionTime':'2024-"
     "05-06T07:08:10Z','active':0,'terminating':0,'ready':0,'uncou"
     "ntedTerminatedPods':{'failed':['x']}",
     "Invalid status.uncountedTerminatedPods"},
    {"j",
     "'conditions':[{'type':'Complete','status':'True'},{'type':'S"
     "uccessCriteriaMet','status':'True'}],'completionTime':'2024-"
     "05-06T07:08:10Z','active':0,'terminating':0,'ready':0",
     ""},
    {"j", "'completionTime':'2024-05-06T07:08:11Z'",
     "Invalid status.completionTime"},
    {"j", "'conditions':[]",
     "Invalid status.completionTime\nInvalid status.conditions\nIn"
     "valid status.conditions"},
    {"j", "'conditions':[{'type':'Complete','status':'True'}]",
     "Invalid status.conditions\nInvalid status.conditions"},
    {"j", "'active':2", "Invalid status.active"},
    {"j", "'startTime':null",
     "Invalid status.startTime\nRequired status.startTime"},
    {"j", "'completionTime':null", "Required status.completionTime"},
    {"j",
     "'conditions':[{'type':'Complete','status':'True'},{'type':'S"
     "uccessCriteriaMet','status':'True'},{'type':'Failed','status"
     "':'True'}]",
     "Invalid status.conditions\nInvalid status.conditions\nInvali"
     "d status.conditions"},
    {"k",
     "'active':-1,'ready':-1,'terminating':-1,'succeeded':-1,'fail"
     "ed':-1",
     "Invalid status.active\nInvalid status.failed\nInvalid status"
     ".failed\nInvalid status.ready\nInvalid status.succeeded\nInv"
     "alid status.succeeded\nInvalid status.terminating"},
    {"k", "'ready':1", "Invalid status.ready"},
    {"k", "'active':1,'ready':1", ""},
    {"k", "'active':0", "Invalid status.ready"},
    {"k",
     "'uncountedTerminatedPods':{'succeeded':['','a','a'],'failed'"
     ":['a','b','b']}",
     "Duplicate status.uncountedTerminatedPods.failed[0]\nDuplicat"
     "e status.uncountedTerminatedPods.failed[2]\nDuplicate status"
     ".uncountedTerminatedPods.succeeded[2]\nInvalid status.uncoun"
     "tedTerminatedPods.succeeded[0]"},
    {"k", "'completedIndexes':'0-2'",
     "Invalid status.completedIndexes\nInvalid status.completedInd"
     "exes"},
    {"k", "'completedIndexes':'9'",
     "Invalid status.completedIndexes\nInvalid status.completedInd"
     "exes"},
    {"k", "'failedIndexes':'3'", "Invalid status.failedIndexes"},
    {"k", "'failedIndexes':''", "Invalid status.failedIndexes"},
    {"k", "'conditions':[{'type':'Complete','status':'True'}]",
     "Invalid status.active\nInvalid status.conditions\nRequired s"
     "tatus.completionTime\nRequired status.startTime"},
    {"k", "'conditions':[{'type':'Failed','status':'True'}]",
     "Invalid status.active\nInvalid status.conditions\nRequired s"
     "tatus.startTime"},
    {"k",
     "'conditions':[{'type':'Failed','status':'True'},{'type':'Com"
     "plete','status':'True'}]",
     "Invalid status.active\nInvalid status.conditions\nInvalid st"
     "atus.conditions\nInvalid status.conditions\nRequired status."
     "completionTime\nRequired status.startTime"},
    {"k",
     "'conditions':[{'type':'Complete','status':'True'},{'type':'F"
     "ailureTarget','status':'True'}]",
     "Invalid status.active\nInvalid status.conditions\nInvalid st"
     "atus.conditions\nRequired status.completionTime\nRequired st"
     "atus.startTime"},
    {"k",
     "'conditions':[{'type':'SuccessCriteriaMet','status':'True'},"
     "{'type':'Failed','status':'True'},{'type':'FailureTarget','s"
     "tatus':'True'}]",
     "Invalid status.active\nInvalid status.conditions\nInvalid st"
     "atus.conditions\nRequired status.startTime"},
    {"k", "'completionTime':'2024-05-06T07:08:09Z'",
     "Invalid status.completionTime"},
    {"k",
     "'startTime':'2024-05-06T07:08:10Z','completionTime':'2024-05"
     "-06T07:08:09Z','conditions':[{'type':'Complete','status':'Tr"
     "ue'},{'type':'SuccessCriteriaMet','status':'True'}],'active'"
     ":0",
     "Invalid status.completionTime\nInvalid status.ready"},
    {"k",
     "'startTime':'2024-05-06T07:08:09Z','active':0,'ready':0,'fai"
     "led':3",
     ""},
    {"k", "'startTime':'2024-05-06T07:08:10Z'", "Invalid status.startTime"},
    {"k", "'failed':2", "Invalid status.failed"},
    {"k", "'succeeded':2", ""},
    {"k", "'succeeded':1", "Invalid status.succeeded"},
    {"k", "'active':1,'terminating':1", ""},
    {"k",
     "'conditions':[{'type':'Complete','status':'True'},{'type':'S"
     "uccessCriteriaMet','status':'True'}],'completionTime':'2024-"
     "05-06T07:08:10Z'",
     "Invalid status.active\nInvalid status.terminating"},
    {"k",
     "'conditions':[{'type':'Complete','status':'True'},{'type':'S"
     "uccessCriteriaMet','status':'True'}],'completionTime':'2024-"
     "05-06T07:08:10Z','active':0,'terminating':0,'ready':0,'uncou"
     "ntedTerminatedPods':{'failed':['x']}",
     "Invalid status.uncountedTerminatedPods"},
    {"k",
     "'conditions':[{'type':'Complete','status':'True'},{'type':'S"
     "uccessCriteriaMet','status':'True'}],'completionTime':'2024-"
     "05-06T07:08:10Z','active':0,'terminating':0,'ready':0",
     ""},
    {"k", "'completionTime':'2024-05-06T07:08:11Z'",
     "Invalid status.completionTime"},
    {"k", "'conditions':[]",
     "Invalid status.completionTime\nInvalid status.conditions\nIn"
     "valid status.conditions"},
    {"k", "'conditions':[{'type':'Complete','status':'True'}]",
     "Invalid status.conditions\nInvalid status.conditions"},
    {"k", "'active':2", "Invalid status.active"},
    {"k", "'startTime':null",
     "Invalid status.startTime\nRequired status.startTime"},
    {"k", "'completionTime':null", "Required status.completionTime"},
    {"k",
     "'conditions':[{'type':'Complete','status':'True'},{'type':'S"
     "uccessCriteriaMet','status':'True'},{'type':'Failed','status"
     "':'True'}]",
     "Invalid status.conditions\nInvalid status.conditions\nInvali"
     "d status.conditions"},
};

static int make(struct kit *k, const char *name, const char *spec, bool dry)
{
    const bool again = *spec == '!';
    struct str body;
    int code;

    str_init(&body, 0);
    str_addf(&body,
             "{'metadata':{'name':'%s'},'spec':{'template':{'spec':{"
             "'containers':[{'name':'c','image':'i'}],'restartPolicy':'%s'}}",
             name, again ? "OnFailure" : "Never");
    spec += again;
    str_add(&body, *spec ? "," : "");
    for (; *spec; spec++)
        if (*spec == '#')
            str_add(&body, INDEXED);
        else
            str_addc(&body, *spec);
    str_add(&body, "}}");
    code = kit_ask(k, "POST", dry ? JOBS "?dryRun=All" : JOBS, str_text(&body));
    str_release(&body);
    return code;
}

TEST(policies_of_jobs_are_judged_field_by_field)
{
    struct kit k;

    kit_start(&k, NULL);
    for (size_t i = 0; i < sizeof SPECS / sizeof SPECS[0]; i++) {
        check_int(make(&k, "j", SPECS[i].spec, true),
                  *SPECS[i].causes ? 422 : 201);
        check_str(kit_causes(&k), SPECS[i].causes);
    }
    kit_stop(&k);
}

TEST(a_job_keeps_what_its_conditions_promise)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(make(&k, "j", "#", false), 201);
    check_int(make(&k, "k", "", false), 201);
    for (size_t i = 0; i < sizeof STATES / sizeof STATES[0]; i++) {
        char path[96], body[512];

        snprintf(path, sizeof path, JOBS "/%s/status", STATES[i].job);
        snprintf(body, sizeof body, "{'status':{%s}}", STATES[i].status);
        check_int(kit_ask(&k, "MERGE", path, body),
                  *STATES[i].causes ? 422 : 200);
        check_str(kit_causes(&k), STATES[i].causes);
    }
    kit_stop(&k);
}
