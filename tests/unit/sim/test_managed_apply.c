/* Server-side apply. True answers are those of Kubernetes 1.36. */

#include "kit_managed.h"

#include <string.h>

#include "test.h"

#define DEPLOYMENT(spec)                                                       \
    "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'a'},"     \
    "'spec':" spec "}"
#define CONFIG(data)                                                           \
    "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a'},'data'"     \
    ":" data "}"

static struct mkit k;

static void begin(const char *api_version, const char *kind)
{
    mkit_begin(&k, api_version, kind);
}

TEST(what_is_applied_is_owned_without_its_name)
{
    begin("v1", "ConfigMap");
    check_int(mkit_apply(&k, "m1", CONFIG("{'a':'1'}")), 0);
    check_str(mkit_managers(&k), "m1 Apply {'f:data':{'f:a':{}}}");
    check_str(mkit_live(&k), "{'apiVersion':'v1','data':{'a':'1'},'kind':"
                             "'ConfigMap','metadata':{'name':'a'}}");
    mkit_end(&k);
}

TEST(to_apply_again_changes_nothing)
{
    const struct value *before;

    begin("v1", "ConfigMap");
    mkit_apply(&k, "m1", CONFIG("{'a':'1'}"));
    before = k.live;
    k.now += 60;
    check_int(mkit_apply(&k, "m1", CONFIG("{'a':'1'}")), 0);
    check(value_equal(before, k.live));
    mkit_end(&k);
}

TEST(what_another_owns_is_a_conflict_unless_forced)
{
    begin("apps/v1", "Deployment");
    mkit_update(&k, "m1", DEPLOYMENT("{'replicas':1,'paused':true}"));
    check_int(mkit_apply(&k, "m2", DEPLOYMENT("{'replicas':2}")), -1);
    check_int(k.f.code, 409);
    check_str(k.f.reason, "Conflict");
    check_str(k.f.message, "Apply failed with 1 conflict: conflict with \"m1\" "
                           "using apps/v1: .spec.replicas");
    check_str(mkit_causes(&k),
              ".spec.replicas: conflict with \"m1\" using apps/v1");
    check_int(mkit_force(&k, "m2", DEPLOYMENT("{'replicas':2}")), 0);
    check_str(mkit_managers(&k), "m2 Apply {'f:spec':{'f:replicas':{}}}\n"
                                 "m1 Update {'f:spec':{'.':{},'f:paused':{}}}");
    mkit_end(&k);
}

TEST(conflicts_with_several_are_told_one_by_one)
{
    begin("v1", "ConfigMap");
    mkit_apply(&k, "m2", CONFIG("{'a':'1','b':'1'}"));
    mkit_update(&k, "m1",
                "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a',"
                "'uid':'1'},'data':{'a':'1','b':'1','c':'1'}}");
    check_int(mkit_apply(&k, "m3", CONFIG("{'a':'2','b':'2','c':'2'}")), -1);
    check_str(k.f.message, "Apply failed with 3 conflicts: conflicts with "
                           "\"m1\" using v1:\n- .data.c\nconflicts with \"m2\":"
                           "\n- .data.a\n- .data.b");
    mkit_end(&k);
}

/* Who applies what is there already gets an entry without a time, and so the
 * first one. */
TEST(equal_values_are_owned_together)
{
    begin("v1", "ConfigMap");
    mkit_apply(&k, "m1", CONFIG("{'a':'1','b':'1'}"));
    check_int(mkit_apply(&k, "m2", CONFIG("{'a':'1'}")), 0);
    check_str(mkit_managers(&k), "m2 Apply {'f:data':{'f:a':{}}}\n"
                                 "m1 Apply {'f:data':{'f:a':{},'f:b':{}}}");
    /* m1 lets go: `a` stays because of m2, `b` goes */
    check_int(mkit_apply(&k, "m1", CONFIG("{}")), 0);
    check_has(mkit_live(&k), "'data':{'a':'1'}");
    check_str(mkit_managers(&k), "m2 Apply {'f:data':{'f:a':{}}}\n"
                                 "m1 Apply {'f:data':{}}");
    mkit_end(&k);
}

TEST(items_merge_by_key_with_its_default)
{
    begin("v1", "Service");
    mkit_update(&k, "m1",
                "{'apiVersion':'v1','kind':'Service','metadata':{'uid':'1'},"
                "'spec':{'ports':[{'port':80,'protocol':'TCP','name':'a'},"
                "{'port':80,'protocol':'UDP','name':'b'},{'port':1,"
                "'protocol':'TCP','name':'z'}]}}");
    check_int(
        mkit_force(&k, "m2",
                   "{'apiVersion':'v1','kind':'Service','metadata':{},'spec':"
                   "{'ports':[{'port':53,'name':'n'},{'port':80,'name':'c'}]}"
                   "}"),
        0);
    check_str(mkit_text(&k, value_path(k.live, "spec.ports")),
              "[{'name':'n','port':53},{'name':'c','port':80,'protocol':'TCP'},"
              "{'name':'b','port':80,'protocol':'UDP'},{'name':'z','port':1,"
              "'protocol':'TCP'}]");
    mkit_end(&k);
}

TEST(an_item_that_is_no_longer_applied_goes)
{
    static const char two[] =
        DEPLOYMENT("{'template':{'spec':{'containers':[{'name':'a','image':"
                   "'x'},{'name':'b','image':'y'}]}}}");
    static const char one[] = DEPLOYMENT(
        "{'template':{'spec':{'containers':[{'name':'b','image':'y'}]}}}");

    begin("apps/v1", "Deployment");
    mkit_apply(&k, "m1", two);
    check_int(mkit_apply(&k, "m1", one), 0);
    check_str(mkit_text(&k, value_path(k.live, "spec.template.spec")),
              "{'containers':[{'image':'y','name':'b'}]}");
    mkit_end(&k);
}

TEST(an_atomic_value_has_one_owner)
{
    begin("apps/v1", "Deployment");
    mkit_apply(&k, "m1", DEPLOYMENT("{'selector':{'matchLabels':{'a':'1'}}}"));
    check_int(mkit_apply(&k, "m2",
                         DEPLOYMENT("{'selector':{'matchLabels':{'b':'1'}}}")),
              -1);
    check_str(mkit_causes(&k), ".spec.selector: conflict with \"m1\"");
    mkit_end(&k);
}

TEST(a_configuration_that_does_not_fit_is_refused)
{
    static const struct {
        const char *config;
        int code;
        const char *message;
    } all[] = {
        {DEPLOYMENT("{'x':1}"), 500,
         "failed to create typed patch object (/a; apps/v1, Kind=Deployment): "
         ".spec.x: field not declared in schema"},
        {DEPLOYMENT("{'template':{'spec':{'containers':[{'name':'a'},{'name':"
                    "'a'}]}}}"),
         500,
         "failed to create typed patch object (/a; apps/v1, Kind=Deployment): "
         ".spec.template.spec.containers: duplicate entries for key "
         "[name=\"a\"]"},
        {"{'apiVersion':'apps/v1','kind':'Deployment','metadata':{"
         "'managedFields':[]}}",
         400, "metadata.managedFields must be nil"},
        {"{'apiVersion':'v1','kind':'Pod'}", 400,
         "invalid object type: /v1, Kind=Pod"},
    };

    begin("apps/v1", "Deployment");
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        check_int(mkit_apply(&k, "m1", all[i].config), -1);
        check_int(k.f.code, all[i].code);
        check_str(k.f.message, all[i].message);
    }
    mkit_end(&k);
}

TEST(objects_without_managers_get_one_before_the_first_apply)
{
    begin("v1", "ConfigMap");
    k.live = mkit_json(&k, "{'apiVersion':'v1','kind':'ConfigMap','metadata':"
                           "{'uid':'1'},'data':{'a':'1'}}");
    check_int(mkit_apply(&k, "m1", CONFIG("{'b':'1'}")), 0);
    check_str(mkit_managers(&k),
              "m1 Apply {'f:data':{'f:b':{}}}\n"
              "before-first-apply Update {'f:data':{'.':{},'f:a':{}}}");
    mkit_end(&k);
}

/* kubectl apply, then kubectl apply --server-side. */
TEST(what_kubectl_applied_before_is_no_conflict_for_it)
{
    static const char config[] =
        "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{"
        "\"annotations\":{},\"name\":\"a\"},\"data\":{\"a\":\"1\"}}\n";
    struct value *annotations;

    begin("v1", "ConfigMap");
    mkit_update(&k, "kubectl-client-side-apply",
                "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a',"
                "'uid':'1','annotations':{}},'data':{'a':'1'}}");
    annotations = value_path(k.live, "metadata.annotations");
    value_set(&k.a, annotations,
              "kubectl.kubernetes.io/last-applied-configuration",
              value_string(&k.a, config));
    check_int(mkit_apply(&k, "other", CONFIG("{'a':'<2>'}")), -1);
    check_int(mkit_apply(&k, "kubectl", CONFIG("{'a':'<2>'}")), 0);
    annotations = value_path(k.live, "metadata.annotations");
    check_str(value_text(annotations->as.members[0].value),
              "{\"apiVersion\":\"v1\",\"data\":{\"a\":\"\\u003c2\\u003e\"},"
              "\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"}}\n");
    mkit_end(&k);
}

TEST(a_set_keeps_what_others_put_in)
{
    begin("v1", "ConfigMap");
    mkit_apply(&k, "m1",
               "{'apiVersion':'v1','kind':'ConfigMap','metadata':{"
               "'finalizers':['x/a','x/b']}}");
    mkit_apply(&k, "m2",
               "{'apiVersion':'v1','kind':'ConfigMap','metadata':{"
               "'finalizers':['x/c','x/b']}}");
    mkit_apply(&k, "m1",
               "{'apiVersion':'v1','kind':'ConfigMap','metadata':{"
               "'finalizers':['x/a']}}");
    check_str(mkit_text(&k, value_path(k.live, "metadata.finalizers")),
              "['x/a','x/c','x/b']");
    mkit_end(&k);
}

TEST_ALLOC(an_apply_survives_out_of_memory)
{
    static const char text[] =
        "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{},"
        "\"data\":{\"a\":\"1\"}}";
    struct managed_call c = {.schema = schema_find(NULL, "v1", "ConfigMap"),
                             .api_version = "v1",
                             .kind = "ConfigMap",
                             .group = "",
                             .subresource = "",
                             .manager = "m"};
    struct arena a = {0};
    struct value *config = NULL, *ret = NULL;
    struct failure f;
    int rc = value_parse(&a, text, sizeof(text) - 1, &config, NULL);

    failure_init(&f, &a);
    c.a = &a;
    if (rc == 0)
        rc = managed_apply(&c, NULL, config, &ret, &f) < 0 ? -ERR_NOMEM : 0;
    if (rc == 0)
        check_int(value_path(ret, "metadata.managedFields")->count, 1);
    arena_release(&a);
    return rc;
}
