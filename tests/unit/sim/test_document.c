/* Discovery and OpenAPI documents. */

#include "sim/kinds.h"

#include "crd_help.h"

#define AGGREGATED                                                             \
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

static struct arena arena;

static const char shirts[] =
    "{'metadata':{'name':'shirts.shop.io'},'spec':{'group':'shop.io',"
    "'scope':'Namespaced','names':{'plural':'shirts','kind':'Shirt',"
    "'categories':['all']},'versions':["
    "{'name':'v1beta1','served':true,'storage':false,'schema':"
    "{'openAPIV3Schema':{'type':'object'}}},"
    "{'name':'v1','served':true,'storage':true,'subresources':{'status':{},"
    "'scale':{'specReplicasPath':'.spec.size'}},"
    "'schema':{'openAPIV3Schema':{'type':'object','description':'A shirt.',"
    "'properties':{'spec':{'type':'object','properties':{'size':"
    "{'type':'integer','description':'how large'},'port':"
    "{'x-kubernetes-int-or-string':true}}}}}}}]}}";

static struct document ask(struct kinds *k, const char *path,
                           const char *accept)
{
    struct document_call call = {path, accept};
    struct document d = {0};
    struct failure f;

    failure_init(&f, &arena);
    check_int(kinds_document(k, &arena, &call, &d, &f), 0);
    return d;
}

static struct value *ask_json(struct kinds *k, const char *path,
                              const char *accept)
{
    struct document d = ask(k, path, accept);
    struct value *v = NULL;
    struct err err;

    if (check(d.body))
        check_ok(value_parse(&arena, d.body, d.len, &v, &err), &err);
    return v;
}

static void put(struct kinds *k)
{
    struct failure f;

    failure_init(&f, &arena);
    check_int(kinds_put_crd(k, quoted(&arena, shirts), &f), 0);
}

/* The member of an array whose `key` is `text`. */
static struct value *find(const struct value *list, const char *key,
                          const char *text)
{
    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count; i++)
        if (text_equal(value_text_at(list->as.items[i], key), text))
            return list->as.items[i];
    return NULL;
}

TEST(discovery_lists_groups_by_rank_and_versions_by_preference)
{
    struct kinds *k = kinds_new();
    struct value *groups, *shop;

    put(k);
    groups = value_get(ask_json(k, "/apis", "application/json"), "groups");
    if (check(value_is(groups, VALUE_ARRAY))) {
        check_str(value_text_at(groups->as.items[0], "name"),
                  "apiregistration.k8s.io");
        check_str(value_text_at(groups->as.items[1], "name"), "apps");
        shop = groups->as.items[groups->count - 1];
        check_str(printed(&arena, shop),
                  "{\"name\":\"shop.io\",\"preferredVersion\":{\"groupVersion\""
                  ":\"shop.io/v1\",\"version\":\"v1\"},\"versions\":[{"
                  "\"groupVersion\":\"shop.io/v1\",\"version\":\"v1\"},{"
                  "\"groupVersion\":\"shop.io/v1beta1\",\"version\":"
                  "\"v1beta1\"}]}");
    }
    check_str(value_text_at(ask_json(k, "/apis/autoscaling/", NULL),
                            "preferredVersion.version"),
              "v2");
    kinds_free(k);
    arena_release(&arena);
}

TEST(discovery_lists_resources_with_their_subresources)
{
    struct kinds *k = kinds_new();
    struct value *core, *shop;

    put(k);
    core = value_get(ask_json(k, "/api/v1", NULL), "resources");
    check_str(
        printed(&arena, find(core, "name", "pods/eviction")),
        "{\"group\":\"policy\",\"kind\":\"Eviction\",\"name\":\"pods/eviction\""
        ",\"namespaced\":true,\"singularName\":\"\",\"verbs\":[\"create\"],"
        "\"version\":\"v1\"}");
    check(find(core, "name", "pods/log"));
    check(find(core, "name", "serviceaccounts/token"));
    check(!find(core, "name", "pods/exec"));
    shop = ask_json(k, "/apis/shop.io/v1", NULL);
    check_str(value_text_at(shop, "apiVersion"), "v1");
    shop = value_get(shop, "resources");
    if (check(value_is(shop, VALUE_ARRAY) && shop->count == 3)) {
        check_str(value_text_at(shop->as.items[1], "name"), "shirts/status");
        check_str(value_text_at(shop->as.items[2], "kind"), "Scale");
    }
    check(!ask(k, "/apis/shop.io/v2", NULL).body);
    check(!ask(k, "/apis/shop", NULL).body);
    check(!ask(k, "/api/v1/pods", NULL).body);
    check(!ask(k, "/apis/apps/v1/deployments", NULL).body);
    check(!ask(k, "/", NULL).body);
    kinds_free(k);
    arena_release(&arena);
}

TEST(aggregated_discovery_is_given_to_those_who_ask_for_it)
{
    struct kinds *k = kinds_new();
    struct document before, after;
    struct value *apps, *v;

    before = ask(k, "/apis", AGGREGATED ",application/json");
    check_str(before.content_type, AGGREGATED);
    v = ask_json(k, "/apis", AGGREGATED);
    check_str(value_text_at(v, "apiVersion"), "apidiscovery.k8s.io/v2");
    apps = value_path(value_get(v, "items")->as.items[1], "versions");
    apps = value_get(apps->as.items[0], "resources");
    check_str(value_text_at(find(apps, "resource", "deployments"),
                            "responseKind.kind"),
              "Deployment");
    check_str(ask(k, "/apis", "application/json").content_type,
              "application/json");
    put(k);
    after = ask(k, "/apis", AGGREGATED);
    check(strcmp(before.etag, after.etag) != 0);
    kinds_remove_crd(k, "shirts.shop.io");
    check_str(ask(k, "/apis", AGGREGATED).etag, before.etag);
    kinds_free(k);
    arena_release(&arena);
}

TEST(discovery_refuses_what_it_cannot_write)
{
    static const char *const none[] = {
        "application/vnd.kubernetes.protobuf",
        "application/json;g=apidiscovery.k8s.io;v=v2beta1;"
        "as=APIGroupDiscoveryList",
    };
    struct kinds *k = kinds_new();

    for (size_t i = 0; i < 2; i++) {
        struct document_call call = {"/apis", none[i]};
        struct document d;
        struct failure f;

        failure_init(&f, &arena);
        check_int(kinds_document(k, &arena, &call, &d, &f), -1);
        check_int(f.code, 406);
        check_str(f.reason, "NotAcceptable");
    }
    check(ask(k, "/apis", "application/yaml, */*;q=0.1").body);
    kinds_free(k);
    arena_release(&arena);
}

TEST(openapi_says_what_clients_look_for)
{
    struct kinds *k = kinds_new();
    struct value *doc = ask_json(k, "/openapi/v3/apis/apps/v1", NULL);
    struct value *schemas = value_path(doc, "components.schemas"), *field;
    struct value *paths = value_get(doc, "paths"), *patch;

    field = value_get(schemas, "io.k8s.api.core.v1.PodSpec");
    field = value_path(field, "properties.containers");
    check_str(value_text_at(field, "x-kubernetes-patch-merge-key"), "name");
    check_str(value_text_at(field, "x-kubernetes-patch-strategy"), "merge");
    check_str(value_text_at(field, "x-kubernetes-list-type"), "map");
    check_str(printed(&arena, value_get(field, "items")),
              "{\"allOf\":[{\"$ref\":\"#/components/schemas/"
              "io.k8s.api.core.v1.Container\"}]}");
    field = value_get(schemas, "io.k8s.api.apps.v1.DeploymentSpec");
    check_str(printed(&arena, value_get(field, "required")),
              "[\"selector\",\"template\"]");
    check_str(value_text_at(field, "properties.replicas.format"), "int32");
    field = value_get(schemas, "io.k8s.api.apps.v1.Deployment");
    check_str(
        printed(&arena, value_get(field, "x-kubernetes-group-version-kind")),
        "[{\"group\":\"apps\",\"kind\":\"Deployment\",\"version\":\"v1\"}]");
    patch = value_get(
        value_get(paths,
                  "/apis/apps/v1/namespaces/{namespace}/deployments/{name}"),
        "patch");
    check(find(value_get(patch, "parameters"), "name", "fieldValidation"));
    check(find(value_get(patch, "parameters"), "name", "dryRun"));
    check(value_get(value_path(patch, "requestBody.content"),
                    "application/strategic-merge-patch+json"));
    check_str(value_text_at(patch, "x-kubernetes-action"), "patch");
    kinds_free(k);
    arena_release(&arena);
}

TEST(openapi_publishes_the_schema_of_a_definition)
{
    struct kinds *k = kinds_new();
    struct value *doc, *schema, *place;

    put(k);
    doc = ask_json(k, "/openapi/v3/apis/shop.io/v1", NULL);
    schema =
        value_get(value_path(doc, "components.schemas"), "io.shop.v1.Shirt");
    check_str(value_text_at(schema, "description"), "A shirt.");
    check_str(printed(&arena, value_path(schema, "properties.metadata")),
              "{\"allOf\":[{\"$ref\":\"#/components/schemas/"
              "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta\"}]}");
    check_str(
        printed(&arena, value_path(schema, "properties.spec.properties.port")),
        "{\"anyOf\":[{\"type\":\"integer\"},{\"type\":\"string\"}],"
        "\"x-kubernetes-int-or-string\":true}");
    check(value_get(value_path(doc, "components.schemas"),
                    "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"));
    check(value_get(value_path(doc, "components.schemas"),
                    "io.shop.v1.ShirtList"));
    doc = value_get(ask_json(k, "/openapi/v3", NULL), "paths");
    place = value_get(value_get(doc, "apis/shop.io/v1"), "serverRelativeURL");
    check_has(value_text(place), "/openapi/v3/apis/shop.io/v1?hash=");
    check(value_get(doc, "api/v1"));
    check_str(value_text_at(ask_json(k, "/openapi/v2", NULL), "swagger"),
              "2.0");
    kinds_free(k);
    arena_release(&arena);
}

TEST(the_version_is_that_of_the_table)
{
    struct kinds *k = kinds_new();
    struct value *v = ask_json(k, "/version", NULL);

    check_str(value_text_at(v, "major"), "1");
    check_has(value_text_at(v, "gitVersion"), value_text_at(v, "minor"));
    kinds_free(k);
    arena_release(&arena);
}

TEST_ALLOC(documents_survive_out_of_memory)
{
    static const char *const paths[] = {"/apis", "/apis/shop.io/v1",
                                        "/openapi/v3/apis/shop.io/v1"};
    struct value *definition = quoted(&arena, shirts);
    struct kinds *k = kinds_new();
    struct failure f;
    int rc = -ERR_NOMEM;

    failure_init(&f, &arena);
    if (k && definition && kinds_put_crd(k, definition, &f) == 0)
        rc = 0;
    for (size_t i = 0; rc == 0 && i < 3; i++) {
        struct document_call call = {paths[i], NULL};
        struct document d;

        rc = kinds_document(k, &arena, &call, &d, &f) < 0 ? -ERR_NOMEM : 0;
        if (rc == 0)
            check(d.body && d.len > 100);
    }
    kinds_free(k);
    arena_release(&arena);
    return rc;
}
