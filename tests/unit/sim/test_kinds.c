/* Which resources are served. */

#include <string.h>

#include "sim/crd.h"
#include "sim/kinds.h"

#include "crd_help.h"

static struct arena arena;

static const char shirts[] =
    "{'metadata':{'name':'shirts.shop.io'},'spec':{'group':'shop.io',"
    "'scope':'Namespaced','names':{'plural':'shirts','kind':'Shirt',"
    "'shortNames':['sh','st'],'categories':['all']},'versions':["
    "{'name':'v1beta1','served':true,'storage':false,'schema':"
    "{'openAPIV3Schema':{'type':'object'}}},"
    "{'name':'v1','served':true,'storage':true,'subresources':{'status':{}},"
    "'schema':{'openAPIV3Schema':{'type':'object','properties':{'spec':"
    "{'type':'object','properties':{'size':{'type':'integer'}}}}}}}]}}";

static struct value *parse(const char *text)
{
    return quoted(&arena, text);
}

static bool put(struct kinds *k, const struct value *definition)
{
    struct failure f;

    failure_init(&f, &arena);
    return check_int(kinds_put_crd(k, definition, &f), 0);
}

TEST(kinds_know_the_built_in_resources)
{
    struct kinds *k = kinds_new();
    const struct kind *deployment, *pod;

    if (!check(k))
        return;
    deployment = kinds_find(k, "apps", "v1", "deployments");
    pod = kinds_find_kind(k, "v1", "Pod");
    if (check(deployment && pod)) {
        check_str(deployment->list_kind, "DeploymentList");
        check_str(deployment->bucket, "apps/deployments");
        check_str(deployment->short_names[0], "deploy");
        check(!deployment->short_names[1]);
        check_str(deployment->categories[0], "all");
        check_str(deployment->verbs[0], "create");
        check_str(deployment->verbs[7], "watch");
        check(!deployment->verbs[8] && !deployment->crd);
        check(schema_known(deployment->schema));
        check_str(pod->bucket, "core/pods");
    }
    check(!kinds_find(k, "apps", "v1", "pods"));
    check(!kinds_find_kind(k, "apps/v1", "Pod"));
    kinds_free(k);
}

TEST(kinds_of_two_groups_or_versions_may_share_a_bucket)
{
    struct kinds *k = kinds_new();

    if (!check(k))
        return;
    check_str(kinds_find(k, "events.k8s.io", "v1", "events")->bucket,
              "core/events");
    check_str(kinds_find(k, "", "v1", "events")->bucket, "core/events");
    check_str(kinds_find_bucket(k, "core/events")->r.group, "");
    check_str(
        kinds_find_bucket(k, "autoscaling/horizontalpodautoscalers")->r.version,
        "v2");
    check(!kinds_find_bucket(k, "core/nothing"));
    kinds_free(k);
}

TEST(kinds_come_in_the_order_of_group_version_plural)
{
    struct kinds *k = kinds_new();
    const struct kind *one, *before = NULL;

    if (!check(k) || !put(k, parse(shirts)))
        return;
    for (size_t it = 0; (one = kinds_next(k, &it)); before = one)
        if (before)
            check(strcmp(before->r.group, one->r.group) < 0 ||
                  strcmp(before->r.version, one->r.version) < 0 ||
                  strcmp(before->r.plural, one->r.plural) < 0);
    kinds_free(k);
    arena_release(&arena);
}

TEST(a_definition_is_served_in_each_of_its_versions)
{
    struct kinds *k = kinds_new();
    const struct kind *v1, *beta;

    if (!check(k) || !put(k, parse(shirts)))
        return;
    v1 = kinds_find(k, "shop.io", "v1", "shirts");
    beta = kinds_find_kind(k, "shop.io/v1beta1", "Shirt");
    if (check(v1 && beta)) {
        check_str(v1->bucket, beta->bucket);
        check_str(v1->r.singular, "shirt");
        check_str(v1->list_kind, "ShirtList");
        check_str(v1->short_names[1], "st");
        check(v1->r.namespaced && v1->r.has_status && !beta->r.has_status);
        check(kinds_find_bucket(k, "shop.io/shirts") == v1);
        check(crd_is_storage(v1->crd, "v1"));
        check_int(
            schema_type(schema_field(schema_field(v1->schema, "spec"), "size")),
            SCHEMA_INTEGER);
    }
    kinds_free(k);
    arena_release(&arena);
}

TEST(a_kind_that_is_gone_keeps_its_names_and_may_come_back)
{
    struct kinds *k = kinds_new();
    struct value *definition = parse(shirts);
    const struct kind *v1, *beta;

    if (!check(k) || !put(k, definition))
        return;
    v1 = kinds_find(k, "shop.io", "v1", "shirts");
    beta = kinds_find(k, "shop.io", "v1beta1", "shirts");
    kinds_remove_crd(k, "shirts.shop.io");
    check(!kinds_find(k, "shop.io", "v1", "shirts"));
    check(!kinds_find_bucket(k, "shop.io/shirts"));
    check_str(v1->r.plural, "shirts");
    put(k, definition);
    check(kinds_find(k, "shop.io", "v1", "shirts") == v1);

    value_set(&arena, value_path(definition, "spec.versions")->as.items[0],
              "served", value_bool(&arena, false));
    put(k, definition);
    check(!beta->served && v1->served);
    check(crd_definition(v1->crd) != definition);
    kinds_free(k);
    arena_release(&arena);
}

TEST_ALLOC(kinds_survive_out_of_memory)
{
    struct value *definition = parse(shirts);
    struct kinds *k = kinds_new();
    struct failure f;
    int rc = -ERR_NOMEM;

    failure_init(&f, &arena);
    if (k && definition && kinds_put_crd(k, definition, &f) == 0) {
        check(kinds_find(k, "shop.io", "v1", "shirts"));
        rc = 0;
    }
    kinds_free(k);
    arena_release(&arena);
    return rc;
}
