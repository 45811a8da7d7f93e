/* kube/schema: the built-in kinds, what is added to them, whole objects. */
#include <string.h>

#include "base/mem.h"
#include "kube/schema.h"
#include "test.h"

static const struct gvk DEPLOYMENT = {"apps/v1", "Deployment"};
static const struct gvk WEBSITE = {"example.com/v1", "Website"};

/* ---- helpers ---- */

static struct value *parse(struct arena *a, const char *text)
{
    struct value *v = NULL;
    struct err err = {0};

    check_ok(value_parse(a, text, strlen(text), &v, &err), &err);
    return v;
}

/* A step for each name; "[]" goes to the element. */
static struct schema_node path(const struct schema_set *set,
                               const struct gvk *gvk, const char *names)
{
    struct schema_node n = schema_find(set, gvk->api_version, gvk->kind);

    while (*names) {
        size_t len = strcspn(names, " ");

        if (strncmp(names, "[]", 2) == 0)
            n = schema_item(n);
        else
            n = schema_fieldn(n, names, len);
        names += len;
        names += strspn(names, " ");
    }
    return n;
}

static bool text_is(struct schema_text text, const char *want)
{
    return text.len == strlen(want) && memcmp(text.at, want, text.len) == 0;
}

/* Issues as lines. */
static bool note(void *arg, const struct schema_issue *issue)
{
    str_addf(arg, "%s: %s\n", issue->path, issue->message);
    return true;
}

static void check_issues(const struct schema_set *set, const struct gvk *gvk,
                         const char *object, const char *want)
{
    struct arena a = {0};
    struct str got = {0};
    struct err err = {0};
    struct value *v = parse(&a, object);

    check_ok(schema_check(set, gvk, v, note, &got, &err), &err);
    check_str(str_text(&got), want);
    str_release(&got);
    arena_release(&a);
}

/* ---- built-in kinds ---- */

TEST(schema_finds_built_in_kinds_without_a_set)
{
    check(schema_known(schema_find(NULL, "v1", "Pod")));
    check(schema_known(schema_find(NULL, "apps/v1", "Deployment")));
    check(!schema_known(schema_find(NULL, "apps/v1", "Pod")));
    check(!schema_known(schema_find(NULL, "v1", "Po")));
    check(!schema_known(schema_find(NULL, "v1", "")));
    check(!schema_known(schema_find(NULL, "", "")));
    check(!schema_known(schema_find(NULL, "zzz/v9", "Zzz")));
    check(!schema_known(schema_find(NULL, "# kubernetes", "v1")));
}

TEST(schema_tells_the_type_of_a_field)
{
    static const struct {
        const char *names;
        enum schema_type type;
    } cases[] = {
        {"", SCHEMA_OBJECT},
        {"spec", SCHEMA_OBJECT},
        {"spec replicas", SCHEMA_INTEGER},
        {"spec paused", SCHEMA_BOOLEAN},
        {"spec strategy rollingUpdate maxSurge", SCHEMA_INT_OR_STRING},
        {"metadata", SCHEMA_OBJECT},
        {"metadata labels", SCHEMA_MAP},
        {"metadata labels app", SCHEMA_STRING},
        {"metadata creationTimestamp", SCHEMA_TIME},
        {"metadata managedFields [] fieldsV1", SCHEMA_MAP},
        {"metadata managedFields [] fieldsV1 f:spec", SCHEMA_ANY},
        {"spec template spec containers", SCHEMA_ARRAY},
        {"spec template spec containers [] name", SCHEMA_STRING},
        {"spec template spec containers [] resources limits cpu",
         SCHEMA_QUANTITY},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct schema_node n = path(NULL, &DEPLOYMENT, cases[i].names);

        check(schema_known(n));
        check_str(schema_type_name(schema_type(n)),
                  schema_type_name(cases[i].type));
    }
    check_int(schema_type(path(NULL, &(struct gvk){"v1", "Secret"}, "data x")),
              SCHEMA_BYTES);
    check_int(schema_type(path(
                  NULL,
                  &(struct gvk){"apiextensions.k8s.io/v1",
                                "CustomResourceDefinition"},
                  "spec versions [] schema openAPIV3Schema properties a "
                  "properties b default")),
              SCHEMA_ANY);
}

TEST(schema_answers_a_question_too_many_with_the_unknown)
{
    struct schema_node n = path(NULL, &DEPLOYMENT, "spec replcas deep deeper");
    struct schema_field field = {0};
    struct schema_text text;

    check(!schema_known(n));
    check_int(schema_type(n), SCHEMA_ANY);
    check(!schema_known(schema_item(n)));
    check(!schema_field_next(n, &field));
    check(!schema_is_required(n));
    check(!schema_is_atomic(n));
    check(!schema_list_key(n, 0, &text));
    check(schema_allows(n, "x", 1));
    check(!schema_known(path(NULL, &DEPLOYMENT, "spec replicas x")));
    check(!schema_known(path(NULL, &DEPLOYMENT, "spec replicas []")));
    check(!schema_known(path(NULL, &DEPLOYMENT, "spec []")));
}

TEST(schema_lists_the_fields_of_an_object)
{
    struct schema_node n = path(NULL, &DEPLOYMENT, "spec");
    struct schema_field field = {0};
    struct str required = {0};
    unsigned count = 0;

    while (schema_field_next(n, &field)) {
        count++;
        if (!schema_is_required(field.node))
            continue;
        str_addn(&required, field.name.at, field.name.len);
        str_addc(&required, ' ');
    }
    check_int(count, 8);
    check_str(str_text(&required), "selector template ");
    str_release(&required);

    n = path(NULL, &(struct gvk){"v1", "Pod"}, "");
    memset(&field, 0, sizeof field);
    for (count = 0; schema_field_next(n, &field); count++)
        ;
    check_int(count, 5); /* and none of PodSpec's, whose key begins alike */
}

TEST(schema_tells_how_arrays_merge)
{
    struct gvk pod = {"v1", "Pod"};
    struct schema_node ports = path(NULL, &pod, "spec containers [] ports");
    struct schema_node command = path(NULL, &pod, "spec containers [] command");
    struct schema_node names = path(NULL, &pod, "metadata finalizers");
    struct schema_text key;

    check_int(schema_list(ports), SCHEMA_LIST_MAP);
    check(schema_list_key(ports, 0, &key) && text_is(key, "containerPort"));
    check(schema_list_key(ports, 1, &key) && text_is(key, "protocol"));
    check(!schema_list_key(ports, 2, &key));
    check(schema_patch_key(ports, &key) && text_is(key, "containerPort"));

    check_int(schema_list(command), SCHEMA_LIST_ATOMIC);
    check(!schema_list_key(command, 0, &key));
    check(!schema_patch_key(command, &key));

    check_int(schema_list(names), SCHEMA_LIST_SET);
    check(schema_patch_key(names, &key) && text_is(key, ""));

    check(schema_list_key(path(NULL, &pod, "spec volumes"), 0, &key) &&
          text_is(key, "name"));
}

TEST(schema_tells_what_is_replaced_as_a_whole)
{
    check(schema_is_atomic(path(NULL, &DEPLOYMENT, "spec selector")));
    check(schema_is_atomic(
        path(NULL, &(struct gvk){"v1", "Service"}, "spec selector")));
    check(!schema_is_atomic(path(NULL, &DEPLOYMENT, "metadata labels")));
    check(!schema_is_atomic(path(NULL, &DEPLOYMENT, "spec template")));
}

TEST(schema_knows_defaults_of_keys)
{
    struct schema_node port =
        path(NULL, &(struct gvk){"v1", "Service"}, "spec ports []");
    struct arena a = {0};
    struct err err = {0};
    struct value *v = NULL;

    check_ok(schema_default(schema_field(port, "protocol"), &a, &v, &err),
             &err);
    check_str(value_text(v), "TCP");
    check_ok(schema_default(schema_field(port, "port"), &a, &v, &err), &err);
    check(value_is(v, VALUE_INTEGER) && v->as.integer == 0);
    check_ok(schema_default(schema_field(port, "name"), &a, &v, &err), &err);
    check(v == NULL);
    arena_release(&a);
}

TEST(schema_lists_allowed_values)
{
    struct schema_node type =
        path(NULL, &(struct gvk){"v1", "Service"}, "spec type");
    struct schema_node modes =
        path(NULL, &(struct gvk){"v1", "PersistentVolumeClaim"},
             "spec accessModes");
    struct schema_text one;

    check(schema_allows(type, "NodePort", 8));
    check(!schema_allows(type, "NodePorts", 9));
    check(schema_allowed(type, 0, &one) && text_is(one, "ClusterIP"));
    check(!schema_allowed(type, 4, &one));
    check(schema_allows(modes, "anything", 8)); /* it is about the items */
    check(!schema_allows(schema_item(modes), "anything", 8));
    check(schema_allows(schema_item(modes), "ReadWriteOnce", 13));
}

TEST(schema_says_how_to_compare)
{
    check_int(schema_scalar(path(NULL, &DEPLOYMENT, "spec template spec "
                                                    "containers [] resources "
                                                    "requests memory")),
              SCALAR_QUANTITY);
    check_int(schema_scalar(path(NULL, &DEPLOYMENT,
                                 "spec strategy rollingUpdate maxSurge")),
              SCALAR_INT_OR_STRING);
    check_int(schema_scalar(path(NULL, &DEPLOYMENT,
                                 "metadata creationTimestamp")),
              SCALAR_TIME);
    check_int(schema_scalar(path(NULL, &DEPLOYMENT, "spec replicas")),
              SCALAR_PLAIN);
    check_int(schema_integer_bits(path(NULL, &DEPLOYMENT, "spec replicas")),
              32);
    check_int(schema_integer_bits(path(NULL, &DEPLOYMENT,
                                       "metadata generation")),
              64);
}

TEST(schema_knows_the_urls_of_built_in_kinds)
{
    struct schema_text version = schema_builtin_version();
    struct resource *all = NULL, *deployment = NULL, *node = NULL;
    struct arena a = {0};
    struct err err = {0};
    size_t count = 0;

    check(version.len > 3 && memcmp(version.at, "v1.", 3) == 0);
    check_ok(schema_builtin_resources(&a, &all, &count, &err), &err);
    check(count > 60);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(all[i].kind, "Deployment") == 0)
            deployment = &all[i];
        if (strcmp(all[i].kind, "Node") == 0)
            node = &all[i];
        check(strcmp(all[i].kind, "PodList") != 0);
    }
    if (check(deployment && node)) {
        check_str(deployment->api_version, "apps/v1");
        check_str(deployment->group, "apps");
        check_str(deployment->version, "v1");
        check_str(deployment->plural, "deployments");
        check_str(deployment->singular, "deployment");
        check(deployment->namespaced && deployment->has_status);
        check(deployment->has_scale && deployment->can_watch);
        check_str(node->group, "");
        check_str(node->version, "v1");
        check(!node->namespaced && !node->has_scale && node->can_delete);
    }
    arena_release(&a);
}

/* ---- whole objects ---- */

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

    check_int(schema_check(NULL, &WEBSITE, parse(&a, "{}"), note, &got, &err),
              -ERR_NO_KIND);
    check_has(err.msg, "'example.com/v1 Website'");
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

/* ---- kinds that are added ---- */

static const char CRD[] =
    "{\"metadata\":{\"name\":\"websites.example.com\"},"
    "\"spec\":{\"group\":\"example.com\",\"names\":{\"kind\":\"Website\"},"
    "\"versions\":[{\"name\":\"v1\",\"served\":true,\"schema\":"
    "{\"openAPIV3Schema\":{\"type\":\"object\",\"required\":[\"spec\"],"
    "\"properties\":{\"metadata\":{\"type\":\"object\"},"
    "\"spec\":{\"type\":\"object\",\"required\":[\"image\",\"port\"],"
    "\"properties\":{"
    "\"image\":{\"type\":\"string\"},"
    "\"port\":{\"type\":\"integer\",\"format\":\"int32\",\"default\":80},"
    "\"target\":{\"x-kubernetes-int-or-string\":true},"
    "\"size\":{\"x-kubernetes-int-or-string\":true,\"pattern\":"
    "\"^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$|[KMGTPE]i\"},"
    "\"tier\":{\"type\":\"string\",\"enum\":[\"free\",\"paid\"]},"
    "\"since\":{\"type\":\"string\",\"format\":\"date-time\"},"
    "\"hosts\":{\"type\":\"array\",\"x-kubernetes-list-type\":\"set\","
    "\"items\":{\"type\":\"string\"}},"
    "\"routes\":{\"type\":\"array\",\"x-kubernetes-list-type\":\"map\","
    "\"x-kubernetes-list-map-keys\":[\"host\",\"path\"],"
    "\"items\":{\"type\":\"object\",\"required\":[\"host\"],\"properties\":{"
    "\"host\":{\"type\":\"string\"},"
    "\"path\":{\"type\":\"string\",\"default\":\"/\"}}}},"
    "\"limits\":{\"type\":\"object\",\"additionalProperties\":"
    "{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}},"
    "\"extra\":{\"type\":\"object\","
    "\"x-kubernetes-preserve-unknown-fields\":true},"
    "\"partly\":{\"type\":\"object\","
    "\"x-kubernetes-preserve-unknown-fields\":true,"
    "\"properties\":{\"known\":{\"type\":\"string\"}}},"
    "\"closed\":{\"type\":\"object\"},"
    "\"anything\":{\"x-kubernetes-preserve-unknown-fields\":true},"
    "\"whole\":{\"type\":\"object\",\"x-kubernetes-map-type\":\"atomic\","
    "\"properties\":{\"a\":{\"type\":\"string\"}}},"
    "\"defaults\":{\"type\":\"object\",\"default\":{\"a\":[1,\"\\t|\"]},"
    "\"properties\":{\"a\":{\"type\":\"array\",\"items\":{}}}},"
    "\"object\":{\"type\":\"object\",\"x-kubernetes-embedded-resource\":true,"
    "\"properties\":{\"spec\":{\"type\":\"object\"}}}"
    "}}}}}},"
    "{\"name\":\"v1alpha1\",\"served\":false,\"schema\":{}},"
    "{\"name\":\"v2\",\"served\":true}]}}";

static struct schema_set *website_set(void)
{
    struct schema_set *set = schema_set_new();
    struct arena a = {0};
    struct err err = {0};

    if (check(set != NULL))
        check_ok(schema_set_add_crd(set, parse(&a, CRD), &err), &err);
    arena_release(&a); /* nothing is borrowed */
    return set;
}

TEST(schema_reads_the_types_of_a_crd)
{
    static const struct {
        const char *names;
        enum schema_type type;
    } cases[] = {
        {"spec", SCHEMA_OBJECT},
        {"spec image", SCHEMA_STRING},
        {"spec port", SCHEMA_INTEGER},
        {"spec target", SCHEMA_INT_OR_STRING},
        {"spec size", SCHEMA_QUANTITY},
        {"spec since", SCHEMA_TIME},
        {"spec hosts []", SCHEMA_STRING},
        {"spec routes [] path", SCHEMA_STRING},
        {"spec limits x", SCHEMA_ARRAY},
        {"spec limits x []", SCHEMA_INTEGER},
        {"spec extra a b", SCHEMA_ANY},
        {"spec partly known", SCHEMA_STRING},
        {"spec partly unknown deep", SCHEMA_ANY},
        {"spec anything deep", SCHEMA_ANY},
        {"spec object kind", SCHEMA_STRING},
        {"spec object metadata labels", SCHEMA_MAP},
        {"apiVersion", SCHEMA_STRING},
        {"metadata ownerReferences [] uid", SCHEMA_STRING},
    };
    struct schema_set *set = website_set();

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct schema_node n = path(set, &WEBSITE, cases[i].names);

        if (!check(schema_known(n)))
            check_str(cases[i].names, "(the path that is unknown)");
        check_str(schema_type_name(schema_type(n)),
                  schema_type_name(cases[i].type));
    }
    check(!schema_known(path(set, &WEBSITE, "spec closed x")));
    check(!schema_known(path(set, &WEBSITE, "specs")));
    check(!schema_known(schema_find(set, "example.com/v1alpha1", "Website")));
    check(schema_known(schema_find(set, "example.com/v2", "Website")));
    check(schema_known(schema_find(set, "v1", "Pod")));
    schema_set_free(set);
}

TEST(schema_reads_the_merge_rules_of_a_crd)
{
    struct schema_set *set = website_set();
    struct schema_node routes = path(set, &WEBSITE, "spec routes");
    struct arena a = {0};
    struct err err = {0};
    struct schema_text key;
    struct value *v = NULL;

    check_int(schema_list(path(set, &WEBSITE, "spec hosts")),
              SCHEMA_LIST_SET);
    check_int(schema_list(routes), SCHEMA_LIST_MAP);
    check(schema_list_key(routes, 1, &key) && text_is(key, "path"));
    check_int(schema_list(path(set, &WEBSITE, "spec defaults a")),
              SCHEMA_LIST_ATOMIC);
    check(schema_is_atomic(path(set, &WEBSITE, "spec whole")));
    check_ok(schema_default(path(set, &WEBSITE, "spec routes [] path"), &a, &v,
                            &err),
             &err);
    check_str(value_text(v), "/");
    check_ok(schema_default(path(set, &WEBSITE, "spec defaults"), &a, &v,
                            &err),
             &err);
    if (check(value_path(v, "a") != NULL))
        check_str(value_text(value_path(v, "a")->as.items[1]), "\t|");
    arena_release(&a);
    schema_set_free(set);
}

TEST(schema_checks_a_custom_resource)
{
    struct schema_set *set = website_set();

    check_issues(set, &WEBSITE,
                 "{\"apiVersion\":\"example.com/v1\",\"kind\":\"Website\","
                 "\"metadata\":{\"name\":\"a\"},"
                 "\"spec\":{\"image\":\"i\",\"extra\":{\"x\":[1]},"
                 "\"object\":{\"kind\":\"Pod\"}}}",
                 "");
    check_issues(set, &WEBSITE,
                 "{\"spec\":{\"imag\":\"i\",\"tier\":\"gold\","
                 "\"closed\":{\"x\":1},\"routes\":[{\"path\":\"/\"}]},"
                 "\"metadata\":{\"label\":{}}}",
                 ".spec.imag: unknown field, did you mean \"image\"?\n"
                 ".spec.tier: expected one of \"free\", \"paid\", got string "
                 "(\"gold\")\n"
                 ".spec.closed.x: unknown field\n"
                 ".spec.routes[0].host: required field is missing\n"
                 ".spec.image: required field is missing\n"
                 ".metadata.label: unknown field, did you mean \"labels\"?\n");
    check_issues(set, &WEBSITE, "{}", ".spec: required field is missing\n");
    schema_set_free(set);
}

TEST(schema_set_forgets_an_older_version_of_the_same_crd)
{
    struct schema_set *set = website_set();
    struct arena a = {0};
    struct err err = {0};
    uint64_t live = mem_stats().live;
    struct value *crd = parse(
        &a, "{\"metadata\":{\"name\":\"websites.example.com\"},\"spec\":{"
            "\"group\":\"example.com\",\"names\":{\"kind\":\"Website\"},"
            "\"versions\":[{\"name\":\"v1\",\"schema\":{\"openAPIV3Schema\":"
            "{\"properties\":{\"spec\":{\"type\":\"string\"}}}}},"
            "{\"name\":\"v2\"}]}}");
    uint64_t parsed = mem_stats().live - live;

    check_ok(schema_set_add_crd(set, crd, &err), &err);
    check_int(schema_type(path(set, &WEBSITE, "spec")), SCHEMA_STRING);
    check_int(mem_stats().live, live + parsed);
    arena_release(&a);
    schema_set_free(set);
}

TEST(schema_set_says_what_is_wrong_with_a_crd)
{
    struct schema_set *set = schema_set_new();
    struct arena a = {0};
    struct err err = {0};

    check_int(schema_set_add_crd(
                  set, parse(&a, "{\"metadata\":{\"name\":\"w\"}}"), &err),
              -ERR_INVALID);
    check_has(err.msg, "cannot use the schema of CustomResourceDefinition 'w'");
    check_has(err.msg, "spec.versions");
    check_int(schema_set_add_crd(
                  set,
                  parse(&a, "{\"spec\":{\"group\":\"g\",\"names\":{\"kind\":"
                            "\"K\"},\"versions\":[{\"name\":\"v1\","
                            "\"schema\":{\"openAPIV3Schema\":{\"properties\":"
                            "{\"a\\nb\":{}}}}}]}}"),
                  &err),
              -ERR_INVALID);
    check_has(err.msg, "control character");
    check(!schema_known(schema_find(set, "g/v1", "K")));
    arena_release(&a);
    schema_set_free(set);
}

/* ---- OpenAPI documents ---- */

static const char DOCUMENT[] =
    "{\"openapi\":\"3.0.0\",\"components\":{\"schemas\":{"
    "\"com.example.v1.Widget\":{\"type\":\"object\",\"properties\":{"
    "\"metadata\":{\"allOf\":[{\"$ref\":\"#/components/schemas/"
    "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta\"}],\"default\":{}},"
    "\"next\":{\"$ref\":\"#/components/schemas/com.example.v1.Widget\"},"
    "\"cpu\":{\"allOf\":[{\"$ref\":\"#/components/schemas/"
    "io.k8s.apimachinery.pkg.api.resource.Quantity\"}]},"
    "\"at\":{\"$ref\":\"#/components/schemas/"
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time\"},"
    "\"raw\":{\"$ref\":\"#/components/schemas/"
    "io.k8s.apimachinery.pkg.runtime.RawExtension\"},"
    "\"gone\":{\"$ref\":\"#/components/schemas/nowhere\"},"
    "\"hosts\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},"
    "\"x-kubernetes-patch-strategy\":\"merge\","
    "\"x-kubernetes-patch-merge-key\":\"ip\"}},"
    "\"x-kubernetes-group-version-kind\":[{\"group\":\"example.com\","
    "\"version\":\"v1\",\"kind\":\"Widget\"}]},"
    "\"io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta\":{\"type\":\"object\","
    "\"properties\":{\"name\":{\"type\":\"string\"},"
    "\"shoeSize\":{\"type\":\"integer\"}}},"
    "\"io.k8s.apimachinery.pkg.apis.meta.v1.Time\":{\"type\":\"string\","
    "\"format\":\"date-time\"},"
    "\"io.k8s.apimachinery.pkg.runtime.RawExtension\":{\"type\":\"object\"},"
    "\"io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions\":{"
    "\"x-kubernetes-group-version-kind\":[{\"group\":\"example.com\","
    "\"version\":\"v1\",\"kind\":\"DeleteOptions\"}]},"
    "\"io.k8s.api.core.v1.Pod\":{\"type\":\"object\",\"properties\":{"
    "\"spec\":{\"type\":\"boolean\"}},"
    "\"x-kubernetes-group-version-kind\":[{\"group\":\"\",\"version\":\"v1\","
    "\"kind\":\"Pod\"}]}"
    "}}}";

TEST(schema_reads_the_kinds_of_an_openapi_document)
{
    struct gvk widget = {"example.com/v1", "Widget"};
    struct schema_set *set = schema_set_new();
    struct arena a = {0};
    struct err err = {0};
    struct schema_text key;

    check_ok(schema_set_add_openapi(set, parse(&a, DOCUMENT), &err), &err);
    arena_release(&a);
    check_int(schema_type(path(set, &widget, "next next cpu")),
              SCHEMA_QUANTITY);
    check_int(schema_type(path(set, &widget, "at")), SCHEMA_TIME);
    check_int(schema_type(path(set, &widget, "raw")), SCHEMA_MAP);
    check_int(schema_type(path(set, &widget, "gone")), SCHEMA_ANY);
    check_int(schema_type(path(set, &widget, "metadata shoeSize")),
              SCHEMA_INTEGER); /* the document's, not the built-in one */
    check(schema_list_key(path(set, &widget, "hosts"), 0, &key) &&
          text_is(key, "ip"));
    check(!schema_known(schema_find(set, "example.com/v1", "DeleteOptions")));
    schema_set_free(set);
}

TEST(schema_believes_the_server_more_than_the_built_in_table)
{
    struct gvk pod = {"v1", "Pod"};
    struct schema_set *set = schema_set_new();
    struct arena a = {0};
    struct err err = {0};

    check_ok(schema_set_add_openapi(set, parse(&a, DOCUMENT), &err), &err);
    check_int(schema_type(path(set, &pod, "spec")), SCHEMA_BOOLEAN);
    check_int(schema_type(path(NULL, &pod, "spec")), SCHEMA_OBJECT);
    check_ok(schema_set_add_openapi(set, parse(&a, "{}"), &err), &err);
    arena_release(&a);
    schema_set_free(set);
}

TEST(schema_survives_a_type_that_is_an_array_of_itself)
{
    static const char doc[] =
        "{\"components\":{\"schemas\":{\"A\":{\"type\":\"array\",\"items\":{"
        "\"$ref\":\"#/components/schemas/A\"}},\"W\":{\"properties\":{\"a\":{"
        "\"$ref\":\"#/components/schemas/A\"}},"
        "\"x-kubernetes-group-version-kind\":[{\"group\":\"example.com\","
        "\"version\":\"v1\",\"kind\":\"Website\"}]}}}}";
    struct schema_set *set = schema_set_new();
    struct arena a = {0};
    struct err err = {0};

    check_ok(schema_set_add_openapi(set, parse(&a, doc), &err), &err);
    check_int(schema_type(path(set, &WEBSITE, "a [] []")), SCHEMA_ARRAY);
    arena_release(&a);
    schema_set_free(set);
}

/* ---- out of memory ---- */

TEST_ALLOC(schema_set_survives_out_of_memory)
{
    struct schema_set *set = NULL;
    struct arena a = {0};
    struct value *crd, *doc;
    struct err err = {0};
    int rc = value_parse(&a, CRD, strlen(CRD), &crd, &err);

    if (rc == 0)
        rc = value_parse(&a, DOCUMENT, strlen(DOCUMENT), &doc, &err);
    if (rc == 0)
        rc = (set = schema_set_new()) ? 0 : -ERR_NOMEM;
    if (rc == 0)
        rc = schema_set_add_crd(set, crd, &err);
    if (rc == 0)
        rc = schema_set_add_openapi(set, doc, &err);
    if (rc == 0)
        check_int(schema_type(path(set, &WEBSITE, "spec port")),
                  SCHEMA_INTEGER);
    schema_set_free(set);
    arena_release(&a);
    return rc;
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

TEST_ALLOC(schema_builtin_resources_survives_out_of_memory)
{
    struct resource *all;
    struct arena a = {0};
    struct err err = {0};
    size_t count;
    int rc = schema_builtin_resources(&a, &all, &count, &err);

    arena_release(&a);
    return rc;
}
