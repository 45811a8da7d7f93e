/* kube/schema: walking the built-in kinds. */
#include "kube/schema.h"

#include "kube/schema_builtin.h"
#include "schema_help.h"

static const struct gvk DEPLOYMENT = {"apps/v1", "Deployment"};

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
    check_int(
        schema_type(path(NULL,
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
    check(!schema_allowed(n, 0, &text));
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
    struct schema_node modes = path(
        NULL, &(struct gvk){"v1", "PersistentVolumeClaim"}, "spec accessModes");
    struct schema_text one;

    check(schema_allowed(type, 0, &one) && text_is(one, "ClusterIP"));
    check(!schema_allowed(type, 4, &one));
    check(!schema_allowed(modes, 0, &one)); /* the list is of the items */
    check(schema_allowed(schema_item(modes), 2, &one) &&
          text_is(one, "ReadWriteOnce"));
}

TEST(schema_says_how_to_compare)
{
    check_int(schema_scalar(path(NULL, &DEPLOYMENT,
                                 "spec template spec "
                                 "containers [] resources "
                                 "requests memory")),
              SCALAR_QUANTITY);
    check_int(schema_scalar(path(NULL, &DEPLOYMENT,
                                 "spec strategy rollingUpdate maxSurge")),
              SCALAR_INT_OR_STRING);
    check_int(
        schema_scalar(path(NULL, &DEPLOYMENT, "metadata creationTimestamp")),
        SCALAR_TIME);
    check_int(schema_scalar(path(NULL, &DEPLOYMENT, "spec replicas")),
              SCALAR_PLAIN);
    check_int(schema_integer_bits(path(NULL, &DEPLOYMENT, "spec replicas")),
              32);
    check_int(
        schema_integer_bits(path(NULL, &DEPLOYMENT, "metadata generation")),
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
