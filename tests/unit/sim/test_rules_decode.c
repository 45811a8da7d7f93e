/* Normal form and defaults; what is expected is what the API server answered
 * to a dry run of the same object. */

#include <string.h>

#include "sim/kinds.h"
#include "sim/rules.h"

#include "crd_help.h"

static struct arena arena;

static int nothing(void *arg, struct arena *a, const struct gvk *gvk,
                   const struct object_key *key, struct value **ret,
                   struct failure *f)
{
    (void)arg, (void)a, (void)gvk, (void)key, (void)f;
    *ret = NULL;
    return 0;
}

static uint64_t seven(void *arg)
{
    (void)arg;
    return 7;
}

static const struct rules_world world = {
    .get = nothing, .random = seven, .unix_now = 1700000000};

/* Decodes and defaults; the text of the object, or the refusal's. */
static const char *settled(const char *text, struct value *unknown)
{
    struct value *object = quoted(&arena, text);
    struct kinds *k = kinds_new();
    struct rules_call c = {.subresource = "", .world = &world, .a = &arena};
    struct failure f;
    const char *out;

    failure_init(&f, &arena);
    c.kind = kinds_find_kind(k, value_text_at(object, "apiVersion"),
                             value_text_at(object, "kind"));
    if (rules_decode(&c, object, unknown, &f) == 0)
        rules_default(&c, object, &f);
    out = f.code ? f.message : printed(&arena, object);
    kinds_free(k);
    return out;
}

static void done(void)
{
    arena_release(&arena);
}

TEST(rules_drop_nulls_and_zero_values_as_the_go_types_do)
{
    check_str(settled("{'apiVersion':'v1','kind':'ConfigMap','metadata':"
                      "{'name':'x','labels':{},'creationTimestamp':null},"
                      "'data':{'a':'b','c':null},'immutable':false}",
                      NULL),
              "{\"apiVersion\":\"v1\",\"data\":{\"a\":\"b\",\"c\":\"\"},"
              "\"immutable\":false,\"kind\":\"ConfigMap\","
              "\"metadata\":{\"name\":\"x\"}}");
    check_str(settled("{'apiVersion':'rbac.authorization.k8s.io/v1','kind':"
                      "'ClusterRole','rules':[]}",
                      NULL),
              "{\"apiVersion\":\"rbac.authorization.k8s.io/v1\","
              "\"kind\":\"ClusterRole\",\"metadata\":{},\"rules\":null}");
    done();
}

TEST(rules_print_quantities_and_times_as_the_server_does)
{
    check_str(
        settled("{'apiVersion':'v1','kind':'ResourceQuota','metadata':"
                "{'name':'x','creationTimestamp':"
                "'2024-01-01T02:00:00.7+02:00'},'spec':{'hard':{'a':0.5,"
                "'b':'1024Mi','c':'1.50','d':'100e3','e':'0.5Gi',"
                "'f':10,'g':'1000','h':'1023','i':'500Ki','j':'0',"
                "'k':'1000Ki','l':'1500m','m':'0.5Ki'}}}",
                NULL),
        "{\"apiVersion\":\"v1\",\"kind\":\"ResourceQuota\",\"metadata\":"
        "{\"creationTimestamp\":\"2024-01-01T00:00:00Z\",\"name\":\"x\"},"
        "\"spec\":{\"hard\":{\"a\":\"500m\",\"b\":\"1Gi\",\"c\":\"1500m\","
        "\"d\":\"100e3\",\"e\":\"512Mi\",\"f\":\"10\",\"g\":\"1k\","
        "\"h\":\"1023\",\"i\":\"500Ki\",\"j\":\"0\",\"k\":\"1000Ki\","
        "\"l\":\"1500m\",\"m\":\"512\"}},\"status\":{}}");
    done();
}

TEST(rules_name_unknown_fields_and_drop_them)
{
    struct value *unknown = value_array(&arena);

    check_str(settled("{'apiVersion':'v1','kind':'Pod','foo':1,'spec':"
                      "{'containers':[{'name':'a','bar':{}}],"
                      "'restartPolicy':'Never'}}",
                      unknown),
              "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{},"
              "\"spec\":{\"containers\":[{\"imagePullPolicy\":"
              "\"IfNotPresent\",\"name\":\"a\",\"resources\":{},"
              "\"terminationMessagePath\":\"/dev/termination-log\","
              "\"terminationMessagePolicy\":\"File\"}],\"dnsPolicy\":"
              "\"ClusterFirst\",\"enableServiceLinks\":true,"
              "\"restartPolicy\":\"Never\",\"schedulerName\":"
              "\"default-scheduler\",\"securityContext\":{},"
              "\"terminationGracePeriodSeconds\":30},\"status\":{}}");
    check_str(printed(&arena, unknown), "[\"foo\",\"spec.containers[0].bar\"]");
    done();
}

TEST(rules_refuse_what_is_of_another_type)
{
    check_has(settled("{'apiVersion':'apps/v1','kind':'Deployment','spec':"
                      "{'replicas':'3'}}",
                      NULL),
              "Deployment in version \"v1\" cannot be handled as a Deployment: "
              "json: cannot unmarshal string into Go struct field "
              "Deployment.spec.replicas of type int32");
    check_has(settled("{'apiVersion':'apps/v1','kind':'Deployment','spec':"
                      "{'replicas':3000000000}}",
                      NULL),
              "number into Go struct field Deployment.spec.replicas");
    check_has(settled("{'apiVersion':'v1','kind':'ConfigMap','binaryData':"
                      "{'x':'%%'}}",
                      NULL),
              "illegal base64 data");
    check_has(settled("{'apiVersion':'coordination.k8s.io/v1','kind':'Lease',"
                      "'spec':{'renewTime':'2024-01-01T00:00:00Z'}}",
                      NULL),
              "parsing time");
    done();
}

TEST(rules_merge_string_data_of_secrets)
{
    check_str(settled("{'apiVersion':'v1','kind':'Secret','data':{'a':"
                      "'aGVsbG8='},'stringData':{'b':'x','a':'y'}}",
                      NULL),
              "{\"apiVersion\":\"v1\",\"data\":{\"a\":\"eQ==\",\"b\":\"eA==\"},"
              "\"kind\":\"Secret\",\"metadata\":{},\"type\":\"Opaque\"}");
    done();
}

TEST(rules_know_an_account_by_its_old_name)
{
#define POD "{'apiVersion':'v1','kind':'Pod','spec':{"
    static const char *const pods[] = {
        POD "'serviceAccountName':'','serviceAccount':'a'}}",
        POD "'serviceAccountName':null,'serviceAccount':'a'}}",
        POD "'serviceAccountName':'a','serviceAccount':'b'}}",
        POD "'serviceAccountName':'a'}}",
    };

    for (size_t i = 0; i < sizeof(pods) / sizeof(pods[0]); i++)
        check_has(settled(pods[i], NULL),
                  "\"serviceAccount\":\"a\",\"serviceAccountName\":\"a\"");
    check(!strstr(settled(POD "'serviceAccountName':''}}", NULL),
                  "\"serviceAccount\":"));
#undef POD
    done();
}

TEST_ALLOC(rules_decode_survives_out_of_memory)
{
    static const char text[] =
        "{'apiVersion':'batch/v1','kind':'Job','foo':1,'spec':{'template':"
        "{'spec':{'containers':[{'name':'a','image':'b','resources':"
        "{'limits':{'cpu':0.5}}}],'serviceAccount':'s'}}}}";
    struct arena a = {0};
    struct kinds *k = kinds_new();
    struct value *object = quoted(&a, text);
    struct value *unknown = value_array(&a);
    struct rules_call c = {.subresource = "", .world = &world, .a = &a};
    struct failure f;
    int rc = -ERR_NOMEM;

    failure_init(&f, &a);
    if (k && object && unknown) {
        c.kind = kinds_find_kind(k, "batch/v1", "Job");
        rc = rules_decode(&c, object, unknown, &f);
        if (rc == 0)
            rc = rules_default(&c, object, &f);
        if (rc == 0)
            check_int(value_int_at(object, "spec.backoffLimit", 0), 6);
        else
            check_int(f.code, 500);
        rc = rc < 0 ? -ERR_NOMEM : 0;
    }
    kinds_free(k);
    arena_release(&a);
    return rc;
}
