/*
 * Writes that change nothing, and yet take a revision: the API server compares
 * what it would store with what it has stored, byte for byte. The answers are
 * those of a real one.
 */
#include <stdio.h>
#include <string.h>

#include "kit.h"

#define CRDS "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
#define BOXES "/apis/x.example/v1/namespaces/default/boxes"
#define OLD_BOXES "/apis/x.example/v1beta1/namespaces/default/boxes"
#define DEPLOYMENTS "/apis/apps/v1/namespaces/default/deployments"
#define JOBS "/apis/batch/v1/namespaces/default/jobs"

#define SCHEMA                                                                 \
    "'schema':{'openAPIV3Schema':{'type':'object','properties':{'spec':{"      \
    "'type':'object','properties':{'n':{'type':'integer'},'inner':{'type':"    \
    "'object','x-kubernetes-embedded-resource':true,"                          \
    "'x-kubernetes-preserve-unknown-fields':true},'m':{'type':'object',"       \
    "'additionalProperties':{'type':'string'}}}}}}}"

static const char boxes[] =
    "{'metadata':{'name':'boxes.x.example'},'spec':{'group':'x.example',"
    "'scope':'Namespaced','names':{'plural':'boxes','kind':'Box'},'versions':["
    "{'name':'v1','served':true,'storage':true," SCHEMA "},"
    "{'name':'v1beta1','served':true,'storage':false," SCHEMA "}]}}";

/* Did the last request store something? */
static bool is_new(struct kit *k)
{
    static char last[32];
    bool differs = strcmp(last, kit_text(k, "metadata.resourceVersion")) != 0;

    snprintf(last, sizeof last, "%s", kit_text(k, "metadata.resourceVersion"));
    return differs;
}

static void apply_box(struct kit *k, const char *meta, const char *spec)
{
    char text[512];

    snprintf(text, sizeof text,
             "{'apiVersion':'x.example/v1','kind':'Box','metadata':{'name':'a'"
             "%s},'spec':%s}",
             meta, spec);
    kit_ask(k, "APPLY", BOXES "/a?fieldManager=m", text);
}

TEST(what_an_apply_makes_of_custom_resources_is_not_decoded)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", CRDS, boxes), 201);
    apply_box(&k, ",'labels':{}", "{}");
    check_int(k.r.status, 201);
    check(is_new(&k));
    check(!strstr(kit_body(&k), "\"labels\""));
    apply_box(&k, ",'labels':{}", "{}");
    check_int(k.r.status, 200);
    check(is_new(&k));
    check_str(kit_text(&k, "metadata.generation"), "1");
    check_int(kit_ask(&k, "MERGE", BOXES "/a", "{}"), 200);
    check(is_new(&k));
    check_int(kit_ask(&k, "MERGE", BOXES "/a", "{}"), 200);
    check(!is_new(&k));
    apply_box(
        &k, "",
        "{'inner':{'apiVersion':'v1','kind':'A','metadata':{'labels':{}}}}");
    check_str(kit_text(&k, "metadata.generation"), "2");
    apply_box(
        &k, "",
        "{'inner':{'apiVersion':'v1','kind':'A','metadata':{'labels':{}}}}");
    check_str(kit_text(&k, "metadata.generation"), "3");
    check(!strstr(kit_body(&k), "\"labels\""));
    kit_stop(&k);
}

TEST(what_is_stored_in_another_version_is_decoded_for_that)
{
    static const char body[] =
        "{'apiVersion':'x.example/v1beta1','kind':'Box','metadata':{'name':"
        "'b','annotations':{}}}";
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", CRDS, boxes), 201);
    check_int(kit_ask(&k, "APPLY", OLD_BOXES "/b?fieldManager=m", body), 201);
    check(is_new(&k));
    check_int(kit_ask(&k, "MERGE", OLD_BOXES "/b", "{}"), 200);
    check(!is_new(&k));
    kit_stop(&k);
}

TEST(nulls_of_an_apply_are_judged)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", CRDS, boxes), 201);
    apply_box(&k, "", "{'n':null}");
    check_int(k.r.status, 422);
    check_has(kit_body(&k), "\"field\":\"spec.n\"");
    apply_box(&k, "", "{'m':{'x':'y'}}");
    check_int(k.r.status, 201);
    /* What loses its last field to an apply is null. */
    apply_box(&k, "", "{'m':{}}");
    check_int(k.r.status, 422);
    check_has(kit_body(&k), "\"field\":\"spec.m\"");
    check_int(kit_ask(&k, "MERGE", BOXES "/a", "{'spec':{'n':null}}"), 200);
    kit_stop(&k);
}

#define PORTS(first, second)                                                   \
    "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'a'},"     \
    "'spec':{'selector':{'matchLabels':{'a':'b'}},'template':{'metadata':{"    \
    "'labels':{'a':'b'}},'spec':{'containers':[{'name':'c','image':'i',"       \
    "'ports':[{'containerPort':" first "},{'containerPort':" second "}]}]}}}}"
#define SCALE                                                                  \
    "{'apiVersion':'autoscaling/v1','kind':'Scale','metadata':{'name':'a'},"   \
    "'spec':{'replicas':1}}"

static int apply_ports(struct kit *k, const char *body)
{
    return kit_ask(k, "APPLY", DEPLOYMENTS "/a?fieldManager=m", body);
}

TEST(a_scale_sorts_the_keys_of_managers_as_text)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(apply_ports(&k, PORTS("80", "443")), 201);
    is_new(&k);
    for (int i = 0; i < 2; i++) {
        check_int(kit_ask(&k, "PUT", DEPLOYMENTS "/a/scale", SCALE), 200);
        check_int(is_new(&k), i == 0);
    }
    check_int(kit_ask(&k, "MERGE", DEPLOYMENTS "/a", "{}"), 200);
    check(is_new(&k));
    check_int(kit_ask(&k, "MERGE", DEPLOYMENTS "/a", "{}"), 200);
    check(!is_new(&k));
    check_int(kit_ask(&k, "DELETE", DEPLOYMENTS "/a", NULL), 200);
    check_int(apply_ports(&k, PORTS("443", "8080")), 201);
    is_new(&k);
    check_int(kit_ask(&k, "PUT", DEPLOYMENTS "/a/scale", SCALE), 200);
    check(!is_new(&k));
    kit_stop(&k);
}

#define JOB(name, labels)                                                      \
    "{'metadata':{" name "},'spec':{'template':{'metadata':{" labels "},"      \
    "'spec':{'restartPolicy':'Never','containers':[{'name':'c','image':'i'}"   \
    "]}}}}"

TEST(a_job_is_read_with_the_labels_of_its_pods)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", JOBS, JOB("'name':'a'", "")), 201);
    check_str(kit_text(&k, "metadata.labels.job-name"), "a");
    is_new(&k);
    for (int i = 0; i < 2; i++) {
        check_int(kit_ask(&k, "MERGE", JOBS "/a", "{}"), 200);
        check_int(is_new(&k), i == 0);
    }
    /* An empty map is the Job's as well, and filled with the template's. */
    check_int(kit_ask(&k, "POST", JOBS, JOB("'name':'b'", "'labels':{}")), 201);
    check_str(kit_text(&k, "metadata.labels.job-name"), "b");
    is_new(&k);
    check_int(kit_ask(&k, "MERGE", JOBS "/b", "{}"), 200);
    check(!is_new(&k));
    check_int(
        kit_ask(&k, "POST", JOBS, JOB("'generateName':'c'", "'labels':{}")),
        201);
    check_has(kit_body(&k), "job-name");
    check(strlen(kit_text(&k, "metadata.labels.job-name")) > 1);
    check_int(kit_ask(&k, "PUT", JOBS "/b/status", JOB("'name':'b'", "")), 200);
    check_str(kit_text(&k, "metadata.labels.job-name"), "b");
    kit_stop(&k);
}

/* Go's conversion of what was merged, where decoding would refuse it. */
TEST(numbers_that_are_applied_lose_what_does_not_fit)
{
    static const struct {
        const char *sent;
        int code;
        const char *is;
    } answers[] = {
        {"4294967301", 201, "5"},                     /* 2^32 + 5 */
        {"5.0", 201, "5"},        {"1e300", 201, ""}, /* nothing of it fits: 0
                                                       */
        {"2147483648", 422, ""},  {"1.5", 500, ""},   {"true", 500, ""},
    };
    struct kit k;
    char body[512];

    kit_start(&k, NULL);
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        snprintf(
            body, sizeof body,
            "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{"
            "'name':'n'},'spec':{'minReadySeconds':%s,'selector':{"
            "'matchLabels':{'a':'b'}},'template':{'metadata':{'labels':{"
            "'a':'b'}},'spec':{'containers':[{'name':'c','image':'i'}]}}}}",
            answers[i].sent);
        check_int(kit_ask(&k, "APPLY",
                          DEPLOYMENTS "/n?fieldManager=m&dryRun=All", body),
                  answers[i].code);
        check_str(kit_text(&k, "spec.minReadySeconds"), answers[i].is);
    }
    /* A list in the place of a number or a text is none after conflicts. */
    check_int(apply_ports(&k, PORTS("80", "443")), 201);
    for (int i = 0; i < 2; i++) {
        snprintf(body, sizeof body,
                 "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{"
                 "'name':'a'},'spec':{%s'strategy':{'rollingUpdate':{"
                 "'maxSurge':['x']}}}}",
                 i ? "'template':{'spec':{'containers':[{'name':'c','image':"
                     "'other'}]}},"
                   : "");
        check_int(kit_ask(&k, "APPLY", DEPLOYMENTS "/a?fieldManager=two", body),
                  i ? 409 : 500);
    }
    /* A uid is of an object that is there, whatever its name. */
    check_int(kit_ask(&k, "APPLY", DEPLOYMENTS "/n?fieldManager=m",
                      "{'apiVersion':'apps/v1','kind':'Deployment',"
                      "'metadata':{'uid':'u'}}"),
              409);
    kit_stop(&k);
}

TEST(collisions_of_revisions_are_counted_up)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(apply_ports(&k, PORTS("80", "443")), 201);
    check_int(kit_ask(&k, "MERGE", DEPLOYMENTS "/a/status",
                      "{'status':{'collisionCount':3}}"),
              200);
    check_int(kit_ask(&k, "MERGE", DEPLOYMENTS "/a/status",
                      "{'status':{'collisionCount':2,'terminatingReplicas':-1,"
                      "'observedGeneration':-1}}"),
              422);
    check_str(kit_causes(&k), "Invalid status.collisionCount\n"
                              "Invalid status.observedGeneration\n"
                              "Invalid status.terminatingReplicas");
    kit_stop(&k);
}
