/* kube/schema: kinds that are added, from CRDs and OpenAPI documents. */
#include "base/mem.h"
#include "kube/schema.h"
#include "schema_help.h"

static const struct gvk WEBSITE = {"example.com/v1", "Website"};

/* ---- CustomResourceDefinitions ---- */

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

    check_int(schema_list(path(set, &WEBSITE, "spec hosts")), SCHEMA_LIST_SET);
    check_int(schema_list(routes), SCHEMA_LIST_MAP);
    check(schema_list_key(routes, 1, &key) && text_is(key, "path"));
    check_int(schema_list(path(set, &WEBSITE, "spec defaults a")),
              SCHEMA_LIST_ATOMIC);
    check(schema_is_atomic(path(set, &WEBSITE, "spec whole")));
    check_ok(schema_default(path(set, &WEBSITE, "spec routes [] path"), &a, &v,
                            &err),
             &err);
    check_str(value_text(v), "/");
    check_ok(schema_default(path(set, &WEBSITE, "spec defaults"), &a, &v, &err),
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
