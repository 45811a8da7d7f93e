/* Who owns a field after updates. True answers are those of Kubernetes 1.36. */

#include "kit_managed.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

#define CONFIG_MAP(metadata, data)                                             \
    "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a'" metadata    \
    "},'data':" data "}"
#define STORED(data) CONFIG_MAP(",'uid':'1'", data)

static struct mkit k;

static void begin(void)
{
    mkit_begin(&k, "v1", "ConfigMap");
    k.empty =
        mkit_json(&k, "{'apiVersion':'v1','kind':'ConfigMap','metadata':{}}");
}

TEST(what_an_object_is_created_with_is_its_creators)
{
    begin();
    check_int(mkit_update(&k, "m1",
                          CONFIG_MAP(",'uid':'1','labels':{'l':'1'}",
                                     "{'a':'1','b':'2'}")),
              0);
    check_str(mkit_managers(&k),
              "m1 Update {'f:data':{'.':{},'f:a':{},'f:b':{}},"
              "'f:metadata':{'f:labels':{'.':{},'f:l':{}}}}");
    check_str(value_text_at(
                  k.live->as.members[2].value->as.members[3].value->as.items[0],
                  "time"),
              "2025-10-09T08:53:20Z");
    mkit_end(&k);
}

TEST(what_another_changes_is_no_longer_mine)
{
    begin();
    mkit_update(&k, "m1", STORED("{'a':'1','b':'2','c':'3'}"));
    check_int(mkit_update(&k, "m2", STORED("{'a':'1','b':'9','d':'4'}")), 0);
    check_str(mkit_managers(&k), "m1 Update {'f:data':{'.':{},'f:a':{}}}\n"
                                 "m2 Update {'f:data':{'f:b':{},'f:d':{}}}");
    mkit_end(&k);
}

TEST(the_time_of_an_entry_changes_with_its_fields_only)
{
    const struct value *entries;

    begin();
    mkit_update(&k, "m1", STORED("{'a':'1'}"));
    k.now += 60;
    mkit_update(&k, "m1", STORED("{'a':'1'}"));
    entries = value_path(k.live, "metadata.managedFields");
    check_str(value_text_at(entries->as.items[0], "time"),
              "2025-10-09T08:53:20Z");
    mkit_update(&k, "m1", STORED("{'a':'2'}"));
    entries = value_path(k.live, "metadata.managedFields");
    check_str(value_text_at(entries->as.items[0], "time"),
              "2025-10-09T08:54:20Z");
    mkit_end(&k);
}

TEST(clients_may_send_managers_or_put_an_end_to_them)
{
    begin();
    mkit_update(&k, "m1", STORED("{'a':'1'}"));
    mkit_update(&k, "m2", STORED("{'a':'1','b':'1'}"));
    /* the second entry is taken out by the request itself */
    check_int(mkit_update(&k, "m3",
                          CONFIG_MAP(",'uid':'1','managedFields':[{'manager':"
                                     "'m1','operation':'Update','apiVersion':"
                                     "'v1','fieldsType':'FieldsV1','fieldsV1':"
                                     "{'f:data':{'f:a':{}}}}]",
                                     "{'a':'1','b':'1'}")),
              0);
    check_str(mkit_managers(&k), "m1 Update {'f:data':{'f:a':{}}}");
    /* nonsense is as if nothing had been sent */
    mkit_update(&k, "m3",
                CONFIG_MAP(",'uid':'1','managedFields':[{'manager':'x'}]",
                           "{'a':'1','b':'1'}"));
    check_str(mkit_managers(&k), "m1 Update {'f:data':{'f:a':{}}}");
    mkit_update(&k, "m3",
                CONFIG_MAP(",'uid':'1','managedFields':[{}]", "{'a':'5'}"));
    check_str(mkit_managers(&k), "");
    /* and from then on nobody is written down */
    mkit_update(&k, "m3", STORED("{'a':'6'}"));
    check_str(mkit_managers(&k), "");
    mkit_end(&k);
}

TEST(ten_updaters_are_kept_apart)
{
    char manager[16], object[256];
    const struct value *all;

    begin();
    mkit_update(&k, "m0", STORED("{'x':'1'}"));
    for (int i = 1; i < 13; i++) {
        k.now++;
        snprintf(manager, sizeof(manager), "m%d", i);
        snprintf(object, sizeof(object),
                 "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'uid':"
                 "'1'},'data':{'x':'1','y%d':'1'}}",
                 i);
        check_int(mkit_update(&k, manager, object), 0);
    }
    all = value_path(k.live, "metadata.managedFields");
    check_int(all->count, 2); /* each took away what the one before had */
    mkit_end(&k);
}

/* Each adds a field of its own, so nobody's set gets empty. */
TEST(more_than_ten_updaters_become_ancient_changes)
{
    char manager[16], object[512] = "{'apiVersion':'v1','kind':'ConfigMap',"
                                    "'metadata':{'uid':'1'},'data':{'x':'1'";
    size_t len = strlen(object);
    const struct value *all;

    begin();
    for (int i = 0; i < 12; i++) {
        snprintf(manager, sizeof(manager), "m%02d", i);
        len += (size_t)snprintf(object + len, sizeof(object) - len,
                                ",'y%d':'1'}}", i);
        check_int(mkit_update(&k, manager, object), 0);
        object[len -= 2] = '\0';
        k.now++;
    }
    all = value_path(k.live, "metadata.managedFields");
    check_int(all->count, 10);
    check_str(value_text_at(all->as.items[0], "manager"), "ancient-changes");
    check_str(mkit_text(&k, value_get(all->as.items[0], "fieldsV1")),
              "{'f:data':{'.':{},'f:x':{},'f:y0':{},'f:y1':{},'f:y2':{}}}");
    check_str(value_text_at(all->as.items[0], "time"), "2025-10-09T08:53:22Z");
    mkit_end(&k);
}

TEST(what_is_reset_is_nobodys)
{
    static const char *const reset[] = {"status", NULL};

    mkit_begin(&k, "apps/v1", "Deployment");
    k.reset = reset;
    check_int(mkit_update(&k, "m1",
                          "{'apiVersion':'apps/v1','kind':'Deployment',"
                          "'metadata':{'name':'a'},'spec':{'replicas':1},"
                          "'status':{'replicas':1}}"),
              0);
    check_str(mkit_managers(&k),
              "m1 Update {'f:spec':{'.':{},'f:replicas':{}}}");
    mkit_end(&k);
}

TEST(lists_are_owned_item_by_item_where_the_schema_says_so)
{
    mkit_begin(&k, "v1", "Service");
    k.empty = mkit_json(&k, "{'apiVersion':'v1','kind':'Service','metadata':{},"
                            "'spec':{},'status':{'loadBalancer':{}}}");
    mkit_update(&k, "m1",
                "{'apiVersion':'v1','kind':'Service','metadata':{'uid':'1'},"
                "'spec':{'ports':[{'port':80,'protocol':'TCP'}]},"
                "'status':{'loadBalancer':{}}}");
    mkit_update(&k, "m2",
                "{'apiVersion':'v1','kind':'Service','metadata':{'uid':'1'},"
                "'spec':{'ports':[{'port':443},{'port':80,'protocol':'TCP',"
                "'name':'x'}]},'status':{'loadBalancer':{}}}");
    check_str(mkit_managers(&k),
              "m1 Update {'f:spec':{'f:ports':{'.':{},'k:{\\'port\\':80,"
              "\\'protocol\\':\\'TCP\\'}':{'.':{},'f:port':{},'f:protocol':{}}"
              "}}}\n"
              "m2 Update {'f:spec':{'f:ports':{'k:{\\'port\\':443,"
              "\\'protocol\\':\\'TCP\\'}':{'.':{},'f:port':{}},'k:{\\'port\\':"
              "80,\\'protocol\\':\\'TCP\\'}':{'f:name':{}}}}}");
    mkit_end(&k);
}

/* A selector is one value: who owned parts of it owns it whole. */
TEST(entries_are_brought_in_line_with_the_schema)
{
    mkit_begin(&k, "apps/v1", "Deployment");
    k.live = mkit_json(&k, "{'metadata':{'uid':'1'},'spec':{'selector':{"
                           "'matchLabels':{'a':'1'}}}}");
    check_int(
        mkit_update(&k, "m1",
                    "{'metadata':{'uid':'1','managedFields':[{'manager':'m9',"
                    "'operation':'Apply','apiVersion':'apps/v1','fieldsType':"
                    "'FieldsV1','fieldsV1':{'f:spec':{'f:selector':{"
                    "'f:matchLabels':{'f:a':{}}},'f:paused':{}}}}]},'spec':{"
                    "'selector':{'matchLabels':{'a':'1'}}}}"),
        0);
    check_str(mkit_managers(&k),
              "m9 Apply {'f:spec':{'f:paused':{},'f:selector':{}}}");
    mkit_end(&k);
}

static int no_other_version(void *arg, const char *api_version,
                            const struct value *object,
                            const struct value **ret,
                            struct schema_node *ret_schema)
{
    (void)arg;
    (void)api_version;
    (void)object;
    (void)ret_schema;
    *ret = NULL;
    return 0;
}

TEST(entries_of_a_version_that_is_gone_go)
{
    begin();
    k.convert = no_other_version;
    k.live = mkit_json(
        &k, "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'uid':'1',"
            "'managedFields':[{'manager':'m9','operation':'Update',"
            "'apiVersion':'v0','fieldsType':'FieldsV1','fieldsV1':{'f:data':{"
            "'f:a':{}}}},{'manager':'m8','operation':'Update','apiVersion':"
            "'v1','fieldsType':'FieldsV1','fieldsV1':{'f:data':{'f:a':{}}}}]},"
            "'data':{'a':'1'}}");
    check_int(mkit_update(&k, "m1", STORED("{'a':'1','b':'1'}")), 0);
    check_str(mkit_managers(&k), "m8 Update {'f:data':{'f:a':{}}}\n"
                                 "m1 Update {'f:data':{'f:b':{}}}");
    mkit_end(&k);
}

TEST(a_scale_carries_the_managers_of_replicas)
{
    struct managed_scale m = {.replicas = "spec.replicas",
                              .api_version = "apps/v1"};
    struct value *parent, *scale = NULL, *back = NULL;

    mkit_begin(&k, "apps/v1", "Deployment");
    m.a = &k.a;
    parent = mkit_json(
        &k, "{'metadata':{'managedFields':[{'manager':'a','operation':'Apply','"
            "apiVersion':'apps/v1',"
            "'fieldsType':'FieldsV1','time':'2025-10-09T08:53:20Z','fieldsV1':"
            "{'f:spec':{'f:replicas':{},'f:paused':{}}}},{'manager':'b',"
            "'operation':'Update','apiVersion':'apps/v1','fieldsType':"
            "'FieldsV1','fieldsV1':{'f:spec':{'f:paused':{}}}}]}}");
    check_int(managed_to_scale(&m, parent, &scale, &k.f), 0);
    check_str(mkit_text(&k, scale),
              "[{'apiVersion':'autoscaling/v1','fieldsType':'FieldsV1',"
              "'fieldsV1':{'f:spec':{'f:replicas':{}}},'manager':'a',"
              "'operation':'Apply','time':'2025-10-09T08:53:20Z'}]");
    scale = mkit_json(
        &k, "{'metadata':{'managedFields':[{'manager':'c','operation':'Update',"
            "'apiVersion':"
            "'autoscaling/v1','subresource':'scale','fieldsType':'FieldsV1',"
            "'time':'2025-10-09T08:53:20Z','fieldsV1':{'f:spec':{"
            "'f:replicas':{}}}}]}}");
    check_int(managed_from_scale(&m, parent, scale, &back, &k.f), 0);
    check_str(mkit_text(&k, back),
              "[{'apiVersion':'apps/v1','fieldsType':'FieldsV1','fieldsV1':{"
              "'f:spec':{'f:paused':{}}},'manager':'a','operation':'Apply',"
              "'time':'2025-10-09T08:53:20Z'},{'apiVersion':'apps/v1',"
              "'fieldsType':'FieldsV1','fieldsV1':{'f:spec':{'f:paused':{}}},"
              "'manager':'b','operation':'Update'},{'apiVersion':'apps/v1',"
              "'fieldsType':'FieldsV1','fieldsV1':{'f:spec':{'f:replicas':{}}}"
              ",'manager':'c','operation':'Update','subresource':'scale'}]");
    mkit_end(&k);
}

TEST_ALLOC(an_update_survives_out_of_memory)
{
    int rc;

    k = (struct mkit){.api_version = "v1", .kind = "ConfigMap", .now = 1};
    struct arena source = {0};
    struct value *object = NULL, *live = NULL;
    static const char was[] = "{\"metadata\":{\"uid\":\"1\"},\"data\":{\"a\":"
                              "\"1\"}}";
    static const char is[] =
        "{\"metadata\":{\"uid\":\"1\",\"managedFields\":[{\"manager\":\"b\","
        "\"operation\":\"Update\",\"apiVersion\":\"v1\",\"fieldsType\":"
        "\"FieldsV1\",\"fieldsV1\":{\"f:data\":{\"f:a\":{}}}}]},\"data\":{"
        "\"a\":\"2\"}}";
    struct managed_call c = {.a = &k.a,
                             .schema = schema_find(NULL, "v1", "ConfigMap"),
                             .api_version = "v1",
                             .kind = "ConfigMap",
                             .group = "",
                             .subresource = "",
                             .manager = "m"};

    failure_init(&k.f, &k.a);
    rc = value_parse(&source, was, sizeof(was) - 1, &live, NULL);
    if (rc == 0)
        rc = value_parse(&source, is, sizeof(is) - 1, &object, NULL);
    c.a = &source;
    if (rc == 0)
        rc = managed_update(&c, live, object, &k.f) < 0 ? -ERR_NOMEM : 0;
    if (rc == 0)
        check_int(value_path(object, "metadata.managedFields")->count, 1);
    arena_release(&source);
    arena_release(&k.a);
    return rc;
}
