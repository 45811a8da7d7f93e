/* kube/schema: whole objects against their schema. */
#include "kube/schema.h"

#include "schema_help.h"

static const struct gvk DEPLOYMENT = {"apps/v1", "Deployment"};

TEST(schema_check_is_silent_about_a_good_object)
{
    check_issues(NULL, &DEPLOYMENT,
                 "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\","
                 "\"metadata\":{\"name\":\"a\",\"labels\":{\"x/y\":\"z\"},"
                 "\"creationTimestamp\":null},"
                 "\"spec\":{\"replicas\":2.0,\"selector\":{},"
                 "\"strategy\":{\"rollingUpdate\":{\"maxSurge\":\"25%\","
                 "\"maxUnavailable\":0}},"
                 "\"template\":{\"spec\":{\"containers\":[{\"name\":\"c\","
                 "\"resources\":{\"limits\":{\"cpu\":1.5,\"memory\":\"1Gi\"}},"
                 "\"ports\":[{\"containerPort\":80}]}]}}}}",
                 "");
}

TEST(schema_check_names_the_place_and_both_types)
{
    check_issues(NULL, &DEPLOYMENT,
                 "{\"spec\":{\"replicas\":\"2\",\"paused\":1,"
                 "\"selector\":null,\"template\":[1]},"
                 "\"metadata\":{\"name\":5,\"labels\":{\"a.b/c\":true}}}",
                 ".spec.replicas: expected integer, got string (\"2\")\n"
                 ".spec.paused: expected boolean, got integer (1)\n"
                 ".spec.template: expected object, got array\n"
                 ".spec.selector: required field is missing\n"
                 ".metadata.name: expected string, got integer (5)\n"
                 ".metadata.labels[\"a.b/c\"]: expected string, got boolean "
                 "(true)\n");
    check_issues(NULL, &DEPLOYMENT, "[]",
                 ".: expected object, got empty array\n");
}

TEST(schema_check_suggests_the_field_that_was_meant)
{
    check_issues(NULL, &DEPLOYMENT,
                 "{\"spec\":{\"replcas\":2,\"selector\":{},\"template\":"
                 "{\"spec\":{\"restart_policy\":\"Always\",\"wholly\":1,"
                 "\"containers\":[{\"name\":\"c\",\"Image\":\"i\"}]}}}}",
                 ".spec.replcas: unknown field, did you mean \"replicas\"?\n"
                 ".spec.template.spec.restart_policy: unknown field, did you "
                 "mean \"restartPolicy\"?\n"
                 ".spec.template.spec.wholly: unknown field\n"
                 ".spec.template.spec.containers[0].Image: unknown field, did "
                 "you mean \"image\"?\n");
}

TEST(schema_check_sees_values_that_cannot_be)
{
    check_issues(NULL, &(struct gvk){"v1", "Service"},
                 "{\"spec\":{\"type\":\"Nodeport\",\"ports\":["
                 "{\"port\":5000000000,\"targetPort\":1.5,"
                 "\"protocol\":\"tcp\"},{}]}}",
                 ".spec.type: expected one of \"ClusterIP\", "
                 "\"ExternalName\", \"LoadBalancer\", \"NodePort\", got "
                 "string (\"Nodeport\")\n"
                 ".spec.ports[0].port: expected 32-bit integer, got integer "
                 "(5000000000)\n"
                 ".spec.ports[0].targetPort: expected integer or string, got "
                 "number (1.5)\n"
                 ".spec.ports[0].protocol: expected one of \"SCTP\", \"TCP\", "
                 "\"UDP\", got string (\"tcp\")\n"
                 ".spec.ports[1].port: required field is missing\n");
    check_issues(NULL, &(struct gvk){"v1", "Secret"},
                 "{\"data\":{\"a\":\"aGk=\",\"b\":\"hi!\",\"c\":\"\"},"
                 "\"metadata\":{\"creationTimestamp\":\"yesterday\"}}",
                 ".data.b: expected base64 text, got string (\"hi!\")\n"
                 ".metadata.creationTimestamp: expected RFC 3339 time, got "
                 "string (\"yesterday\")\n");
    check_issues(NULL, &(struct gvk){"v1", "ResourceQuota"},
                 "{\"spec\":{\"hard\":{\"cpu\":\"lots\",\"pods\":\"10\"}}}",
                 ".spec.hard.cpu: expected quantity, got string (\"lots\")\n");
}

TEST(schema_check_hides_what_is_sensitive)
{
    struct arena a = {0};
    struct str got = {0};
    struct err err = {0};
    struct value *v = parse(&a, "{\"spec\":{\"replicas\":\"hunter2\","
                                "\"selector\":{},\"template\":{}}}");

    value_path(v, "spec.replicas")->sensitive = true;
    check_ok(schema_check(NULL, &DEPLOYMENT, v, note, &got, &err), &err);
    check_str(str_text(&got), ".spec.replicas: expected integer, got string "
                              "(sensitive)\n");
    str_release(&got);
    arena_release(&a);
}

TEST(schema_check_cuts_a_long_text_between_characters)
{
    check_issues(NULL, &DEPLOYMENT,
                 "{\"metadata\":{\"generation\":"
                 "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa9tail\"}}",
                 ".metadata.generation: expected integer, got string "
                 "(\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"...)\n");
}

static bool only_one(void *arg, const struct schema_issue *issue)
{
    (void)issue;
    ++*(int *)arg;
    return false;
}

TEST(schema_check_stops_when_asked)
{
    struct arena a = {0};
    struct err err = {0};
    int calls = 0;
    struct value *v = parse(&a, "{\"a\":1,\"b\":2,\"spec\":{\"c\":3}}");

    check_ok(schema_check(NULL, &DEPLOYMENT, v, only_one, &calls, &err), &err);
    check_int(calls, 1);
    arena_release(&a);
}

TEST(schema_check_does_not_know_every_kind)
{
    struct arena a = {0};
    struct str got = {0};
    struct err err = {0};
    struct gvk website = {"example.com/v1", "Website"};

    check_int(schema_check(NULL, &website, parse(&a, "{}"), note, &got, &err),
              -ERR_NO_KIND);
    check_has(err.msg, "no schema");
    arena_release(&a);
}

TEST(schema_tells_empty_arrays_from_empty_objects)
{
    static const char text[] =
        "{\"spec\":{\"selector\":[],\"template\":{\"spec\":{"
        "\"containers\":{},\"volumes\":[{\"name\":\"v\",\"emptyDir\":[]}],"
        "\"nodeSelector\":[]}}}}";
    struct arena a = {0};
    struct str out = {0};
    struct err err = {0};
    struct value *v = parse(&a, text);

    check_issues(NULL, &DEPLOYMENT, text,
                 ".spec.selector: expected object, got empty array\n"
                 ".spec.template.spec.containers: expected array, got empty "
                 "object\n"
                 ".spec.template.spec.volumes[0].emptyDir: expected object, "
                 "got empty array\n"
                 ".spec.template.spec.nodeSelector: expected object, got empty "
                 "array\n");
    schema_fix_empty(NULL, &DEPLOYMENT, v);
    check_ok(value_print(v, &out, &err), &err);
    check_str(str_text(&out),
              "{\"spec\":{\"selector\":{},\"template\":{\"spec\":{"
              "\"containers\":[],\"nodeSelector\":{},"
              "\"volumes\":[{\"emptyDir\":{},\"name\":\"v\"}]}}}}");
    check_int(value_append(&a, value_path(v, "spec.template.spec.containers"),
                           value_null(&a)),
              0);
    str_release(&out);
    arena_release(&a);
}

TEST_ALLOC(schema_check_survives_out_of_memory)
{
    static const char text[] = "{\"spec\":{\"replicas\":\"2\",\"x\":1}}";
    struct arena a = {0};
    struct value *v;
    struct err err = {0};
    int calls = 0;
    int rc = value_parse(&a, text, strlen(text), &v, &err);

    if (rc == 0)
        rc = schema_check(NULL, &DEPLOYMENT, v, only_one, &calls, &err);
    if (rc == 0)
        check_int(calls, 1);
    arena_release(&a);
    return rc;
}
