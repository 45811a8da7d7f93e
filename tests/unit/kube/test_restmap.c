#include "kube/restmap.h"

#include <string.h>

#include "base/str.h"
#include "test.h"

/* ---- answers of a small server ---- */

#define VERBS "\"verbs\":[\"create\",\"get\",\"list\",\"patch\",\"watch\"]"
#define RESOURCE(plural, kind, more)                                           \
    "{\"resource\":\"" plural "\",\"responseKind\":{\"group\":\"\","           \
    "\"version\":\"\",\"kind\":\"" kind "\"}," VERBS more "}"
#define VERSION(version, resources)                                            \
    "{\"version\":\"" version                                                  \
    "\",\"freshness\":\"Current\",\"resources\":[" resources "]}"
#define GROUP(name, versions)                                                  \
    "{\"metadata\":{\"name\":\"" name "\"},\"versions\":[" versions "]}"
#define DISCOVERY(groups)                                                      \
    "{\"kind\":\"APIGroupDiscoveryList\","                                     \
    "\"apiVersion\":\"apidiscovery.k8s.io/v2\",\"metadata\":{},"               \
    "\"items\":[" groups "]}"

#define NAMESPACED ",\"scope\":\"Namespaced\""

static const char CORE[] = DISCOVERY("{\"metadata\":{},\"versions\":[" VERSION(
    "v1",
    RESOURCE("pods", "Pod",
             NAMESPACED
             ",\"singularResource\":\"pod\","
             "\"shortNames\":[\"po\"],"
             "\"subresources\":[{\"subresource\":"
             "\"status\"}]") "," RESOURCE("nodes", "Node",
                                          ",\"scope\":"
                                          "\"Cluster"
                                          "\"") "," RESOURCE("events", "Event",
                                                             NAMESPACED)) "]}");

#define APPS                                                                   \
    GROUP("apps",                                                              \
          VERSION(                                                             \
              "v1",                                                            \
              RESOURCE(                                                        \
                  "deployments", "Deployment",                                 \
                  NAMESPACED                                                   \
                  ",\"singularResource\":\"deployment\","                      \
                  "\"shortNames\":[\"deploy\"],"                               \
                  "\"subresources\":[{\"subresource\":"                        \
                  "\"scale\"},{\"subresource\":\"status\"}"                    \
                  "]")) "," VERSION("v1beta1",                                 \
                                    RESOURCE(                                  \
                                        "deployments", "Deployment",           \
                                        NAMESPACED) "," RESOURCE("oldies",     \
                                                                 "Oldie",      \
                                                                 NAMESPACED)))
#define EVENTS                                                                 \
    GROUP("events.k8s.io",                                                     \
          VERSION("v1", RESOURCE("events", "Event", NAMESPACED)))

static const char APIS[] = DISCOVERY(APPS "," EVENTS);

/* One refresh with these two answers; NULL is a failed one. */
static int refresh(struct restmap *m, const char *api, const char *apis,
                   struct err *err)
{
    int rc = restmap_begin(m, err);

    if (rc == 0 && check_str(restmap_next_path(m), "/api"))
        rc = restmap_feed(m, api, api ? strlen(api) : 0, err);
    if (rc == 0 && check_str(restmap_next_path(m), "/apis"))
        rc = restmap_feed(m, apis, apis ? strlen(apis) : 0, err);
    if (rc == 0) {
        check(!restmap_next_path(m));
        rc = restmap_end(m, err);
    }
    return rc;
}

static struct restmap *map_of(const char *api, const char *apis)
{
    struct restmap *m = restmap_new();
    struct err err = {0};

    check_ok(refresh(m, api, apis, &err), &err);
    return m;
}

/* ---- aggregated discovery ---- */

TEST(two_answers_tell_all_kinds)
{
    struct restmap *m = map_of(CORE, APIS);
    const struct resource *r = restmap_find(m, "apps/v1", "Deployment");

    check_int(restmap_count(m), 7);
    if (check(r)) {
        check_str(r->api_version, "apps/v1");
        check_str(r->group, "apps");
        check_str(r->version, "v1");
        check_str(r->kind, "Deployment");
        check_str(r->plural, "deployments");
        check_str(r->singular, "deployment");
        check(r->namespaced && r->has_status && r->has_scale);
        check(r->can_list && r->can_watch && r->can_create && r->can_patch);
        check(!r->can_delete);
    }
    r = restmap_find(m, "v1", "Pod");
    if (check(r)) {
        check_str(r->group, "");
        check_str(r->api_version, "v1");
        check(r->namespaced && r->has_status && !r->has_scale);
    }
    r = restmap_find(m, "v1", "Node");
    check(r && !r->namespaced && !r->has_status);
    restmap_free(m);
    restmap_free(NULL);
}

TEST(what_the_server_does_not_have_is_not_found)
{
    struct restmap *m = map_of(CORE, APIS);

    check(!restmap_find(m, "apps/v2", "Deployment"));
    check(!restmap_find(m, "v1", "Deployment"));
    check(!restmap_find(m, "v1", "pod"));
    check(!restmap_find(m, "", ""));
    check(!restmap_find(m, "zzz/v1", "Z"));
    check(!restmap_find_group_kind(m, "", "Deployment"));
    check(!restmap_find_word(m, "nothing"));
    restmap_free(m);
}

TEST(a_new_map_is_empty)
{
    struct restmap *m = restmap_new();

    check_int(restmap_count(m), 0);
    check(!restmap_find(m, "v1", "Pod"));
    check(!restmap_find_word(m, "pods"));
    check(!restmap_next_path(m));
    check_int(restmap_feed(m, "{}", 2, NULL), -ERR_INVALID);
    restmap_free(m);
}

TEST(the_preferred_version_comes_first)
{
    struct restmap *m = map_of(CORE, APIS);

    check_str(restmap_find_group_kind(m, "apps", "Deployment")->api_version,
              "apps/v1");
    check_str(restmap_find_group_kind(m, "apps", "Oldie")->api_version,
              "apps/v1beta1");
    check_str(restmap_find_group_kind(m, "", "Event")->api_version, "v1");
    check_str(restmap_find_word(m, "deploy")->api_version, "apps/v1");
    restmap_free(m);
}

TEST(of_two_resources_of_one_kind_the_listable_counts)
{
    struct restmap *m = map_of(
        CORE,
        DISCOVERY(GROUP(
            "x.io", VERSION("v1", "{\"resource\":\"atests\",\"responseKind\":"
                                  "{\"kind\":\"T\"},\"verbs\":[\"create\"]},"
                                  "{\"resource\":\"ts\",\"responseKind\":"
                                  "{\"kind\":\"T\"},\"verbs\":[\"list\"]}"))));

    check_str(restmap_find(m, "x.io/v1", "T")->plural, "ts");
    check_str(restmap_find_group_kind(m, "x.io", "T")->plural, "ts");
    check_str(restmap_find_word(m, "atests")->plural, "atests");
    restmap_free(m);
}

TEST(a_bad_resource_does_not_spoil_the_others)
{
    struct restmap *m = map_of(
        DISCOVERY("7,{},{\"metadata\":{\"name\":7},\"versions\":7}"),
        DISCOVERY(GROUP(
            "x.io",
            "{},7,{\"version\":\"../v1\"},{\"version\":7}," VERSION(
                "v1",
                "7,{},{\"resource\":\"a\"},{\"resource\":\"a/b\","
                "\"responseKind\":{\"kind\":\"B\"}},"
                "{\"resource\":\"..\",\"responseKind\":"
                "{\"kind\":\"C\"}},{\"resource\":\"subs\","
                "\"responseKind\":null,\"subresources\":7},"
                "{\"resource\":\"d\",\"responseKind\":"
                "{\"kind\":\"D\"},\"verbs\":7,"
                "\"shortNames\":[7]}")) "," GROUP("a/b",
                                                  VERSION("v1",
                                                          RESOURCE("es", "E",
                                                                   "")))));

    check_int(restmap_count(m), 1);
    check(restmap_find(m, "x.io/v1", "D"));
    restmap_free(m);
}

/* ---- refreshing ---- */

/* rows: S116
 * broken: a discovery that ended did not take effect */
TEST(lookups_see_the_old_state_until_the_end)
{
    struct restmap *m = map_of(CORE, APIS);

    check_int(restmap_begin(m, NULL), 0);
    check_int(restmap_feed(m, CORE, strlen(CORE), NULL), 0);
    check_int(restmap_feed(m, DISCOVERY(""), strlen(DISCOVERY("")), NULL), 0);
    check(restmap_find(m, "apps/v1", "Deployment"));
    check_int(restmap_end(m, NULL), 0);
    check(!restmap_find(m, "apps/v1", "Deployment"));
    check(restmap_find(m, "v1", "Pod"));
    check_int(restmap_count(m), 3);
    restmap_free(m);
}

TEST(pointers_outlive_a_refresh)
{
    struct restmap *m = map_of(CORE, APIS);
    const struct resource *pod = restmap_find(m, "v1", "Pod");
    const struct resource *old = restmap_find(m, "apps/v1", "Deployment");

    check_int(refresh(m, CORE, DISCOVERY(""), NULL), 0);
    check_str(old->plural, "deployments");
    check(restmap_find(m, "v1", "Pod") == pod);
    check_int(refresh(m, CORE, APIS, NULL), 0);
    check_str(restmap_find(m, "apps/v1", "Deployment")->plural, "deployments");
    restmap_free(m);
}

TEST(a_resource_that_changed_is_a_new_one)
{
    struct restmap *m = map_of(DISCOVERY(""), DISCOVERY(EVENTS));
    const struct resource *old = restmap_find(m, "events.k8s.io/v1", "Event");
    const struct resource *r;

    check_int(refresh(m, DISCOVERY(""),
                      DISCOVERY(GROUP(
                          "events.k8s.io",
                          VERSION("v1", RESOURCE("events", "Event", "")))),
                      NULL),
              0);
    r = restmap_find(m, "events.k8s.io/v1", "Event");
    check(old->namespaced);
    check(r && r != old && !r->namespaced);
    restmap_free(m);
}

TEST(a_stale_version_keeps_what_was_known)
{
    struct restmap *m = map_of(CORE, APIS);
    const struct resource *old = restmap_find(m, "apps/v1", "Deployment");
    static const char stale[] = DISCOVERY(
        GROUP("apps", "{\"version\":\"v1\",\"freshness\":\"Stale\"}") "," GROUP(
            "new.io", "{\"version\":\"v1\",\"freshness\":\"Stale\","
                      "\"resources\":[" RESOURCE("ns", "N", "") "]}"));

    check_int(refresh(m, CORE, stale, NULL), 0);
    check(restmap_find(m, "apps/v1", "Deployment") == old);
    check(!restmap_find(m, "apps/v1beta1", "Deployment"));
    check(!restmap_find(m, "events.k8s.io/v1", "Event"));
    check(restmap_find(m, "new.io/v1", "N"));
    restmap_free(m);
}

TEST(a_root_that_fails_keeps_its_groups)
{
    struct restmap *m = map_of(CORE, APIS);

    check_int(refresh(m, NULL, DISCOVERY(APPS), NULL), 0);
    check(restmap_find(m, "v1", "Pod"));
    check(!restmap_find(m, "events.k8s.io/v1", "Event"));
    check_int(refresh(m, DISCOVERY(""), NULL, NULL), 0);
    check(!restmap_find(m, "v1", "Pod"));
    check(restmap_find(m, "apps/v1", "Deployment"));
    restmap_free(m);
}

TEST(ending_early_keeps_the_rest)
{
    struct restmap *m = map_of(CORE, APIS);

    check_int(restmap_begin(m, NULL), 0);
    check_int(restmap_end(m, NULL), 0);
    check_int(restmap_count(m), 7);
    restmap_free(m);
}

TEST(a_root_that_cannot_be_read_is_an_error_and_may_be_fed_again)
{
    static const char *const bad[] = {"", "<html>", "[]",
                                      "{\"kind\":\"Status\"}",
                                      "{\"kind\":\"APIResourceList\"}"};
    struct restmap *m = map_of(CORE, APIS);
    struct err err = {0};

    check_int(restmap_begin(m, NULL), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        check_int(restmap_feed(m, bad[i], strlen(bad[i]), &err), -ERR_PROTOCOL);
        check_has(err.msg, "cannot read '/api': ");
        check_str(restmap_next_path(m), "/api");
    }
    check_int(restmap_feed(m, "{", 1, NULL), -ERR_PROTOCOL);
    check_int(restmap_feed(m, CORE, strlen(CORE), NULL), 0);
    check_int(restmap_end(m, NULL), 0);
    check_int(restmap_count(m), 7);
    restmap_free(m);
}

/* ---- legacy discovery ---- */

#define LEGACY_VERBS "\"verbs\":[\"get\",\"list\",\"watch\",\"delete\"]"

static const struct {
    const char *path;
    const char *body;
} LEGACY[] = {
    {"/api", "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"]}"},
    {"/apis",
     "{\"kind\":\"APIGroupList\",\"groups\":[{\"name\":\"apps\",\"versions\":["
     "{\"version\":\"v2\"},{\"version\":\"v1\"},{\"version\":\"v1beta1\"}],"
     "\"preferredVersion\":{\"version\":\"v1\"}},{\"name\":\"b/d\"},{},7]}"},
    {"/api/v1",
     "{\"kind\":\"APIResourceList\",\"groupVersion\":\"v1\",\"resources\":["
     "{\"name\":\"pods\",\"singularName\":\"pod\",\"namespaced\":true,"
     "\"kind\":\"Pod\"," LEGACY_VERBS ",\"shortNames\":[\"po\"]},"
     "{\"name\":\"pods/status\",\"kind\":\"Pod\"," LEGACY_VERBS "},7]}"},
    {"/apis/apps/v1",
     "{\"kind\":\"APIResourceList\",\"groupVersion\":\"apps/v1\","
     "\"resources\":[{\"name\":\"deployments/scale\",\"kind\":\"Scale\"},"
     "{\"name\":\"deployments\",\"kind\":\"Deployment\"," LEGACY_VERBS "}]}"},
    {"/apis/apps/v2", NULL},
    {"/apis/apps/v1beta1",
     "{\"kind\":\"APIResourceList\",\"groupVersion\":\"apps/v1beta1\","
     "\"resources\":[{\"name\":\"deployments\",\"kind\":\"Deployment\"}]}"},
};

/* A refresh in which the answer to one path is another one. */
static int refresh_legacy(struct restmap *m, const char *odd_path,
                          const char *odd_body)
{
    int rc = restmap_begin(m, NULL);

    for (size_t i = 0; rc == 0 && i < sizeof LEGACY / sizeof LEGACY[0]; i++) {
        const char *path = restmap_next_path(m);
        const char *body = LEGACY[i].body;

        if (!check_str(path, LEGACY[i].path))
            break;
        if (odd_path && strcmp(path, odd_path) == 0)
            body = odd_body;
        rc = restmap_feed(m, body, body ? strlen(body) : 0, NULL);
    }
    if (rc == 0) {
        check(!restmap_next_path(m));
        rc = restmap_end(m, NULL);
    }
    return rc;
}

TEST(an_old_server_is_asked_group_by_group)
{
    struct restmap *m = restmap_new();
    const struct resource *r;

    check_int(refresh_legacy(m, NULL, NULL), 0);
    check_int(restmap_count(m), 3);
    r = restmap_find(m, "v1", "Pod");
    if (check(r)) {
        check_str(r->singular, "pod");
        check(r->namespaced && r->has_status && !r->has_scale);
        check(r->can_list && r->can_watch && r->can_delete && !r->can_create);
    }
    r = restmap_find_group_kind(m, "apps", "Deployment");
    if (check(r)) {
        check_str(r->api_version, "apps/v1");
        check_str(r->group, "apps");
        check_str(r->version, "v1");
        check(!r->namespaced && !r->has_status && r->has_scale);
    }
    check(restmap_find_word(m, "po") == restmap_find(m, "v1", "Pod"));
    restmap_free(m);
}

TEST(a_group_that_fails_keeps_what_was_known)
{
    static const char *const bad[] = {
        NULL, "<html>", "{\"kind\":\"Status\"}",
        "{\"kind\":\"APIResourceList\",\"groupVersion\":\"apps/v9\"}"};
    struct restmap *m = restmap_new();
    const struct resource *r;

    check_int(refresh_legacy(m, NULL, NULL), 0);
    r = restmap_find(m, "apps/v1", "Deployment");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        check_int(refresh_legacy(m, "/apis/apps/v1", bad[i]), 0);
        check(restmap_find(m, "apps/v1", "Deployment") == r);
        check(restmap_find_group_kind(m, "apps", "Deployment") == r);
    }
    restmap_free(m);
}

TEST(the_two_forms_may_be_mixed)
{
    static const char *const paths[] = {"/apis", "/api/v1"};
    const char *bodies[] = {APIS, LEGACY[2].body};
    struct restmap *m = restmap_new();

    check_int(restmap_begin(m, NULL), 0);
    check_int(restmap_feed(m, LEGACY[0].body, strlen(LEGACY[0].body), NULL), 0);
    for (int i = 0; i < 2; i++) {
        check_str(restmap_next_path(m), paths[i]);
        check_int(restmap_feed(m, bodies[i], strlen(bodies[i]), NULL), 0);
    }
    check_int(restmap_end(m, NULL), 0);
    check(restmap_find(m, "v1", "Pod"));
    check(restmap_find(m, "apps/v1", "Deployment"));
    restmap_free(m);
}

/* ---- words ---- */

static const char *word(const struct restmap *m, const char *text)
{
    const struct resource *r = restmap_find_word(m, text);

    return r ? r->api_version : "";
}

TEST(a_word_may_be_plural_singular_short_or_kind)
{
    struct restmap *m = map_of(CORE, APIS);

    check_str(word(m, "deployments"), "apps/v1");
    check_str(word(m, "deployment"), "apps/v1");
    check_str(word(m, "deploy"), "apps/v1");
    check_str(word(m, "Deployment"), "apps/v1");
    check_str(word(m, "DEPLOY"), "apps/v1");
    check_str(word(m, "deplo"), "");
    check_str(word(m, ""), "");
    check_str(word(m, "."), "");
    restmap_free(m);
}

TEST(a_word_may_say_group_and_version)
{
    struct restmap *m = map_of(CORE, APIS);

    check_str(word(m, "events"), "v1");
    check_str(word(m, "events.events.k8s.io"), "events.k8s.io/v1");
    check_str(word(m, "events.v1.events.k8s.io"), "events.k8s.io/v1");
    check_str(word(m, "events.v1"), "v1");
    check_str(word(m, "deploy.apps"), "apps/v1");
    check_str(word(m, "deployments.v1beta1.apps"), "apps/v1beta1");
    check_str(word(m, "deployments.v1"), "");
    check_str(word(m, "deployments.app"), "");
    check_str(word(m, "deployments.v1beta1.app"), "");
    restmap_free(m);
}

TEST(a_plural_wins_over_a_short_name)
{
    struct restmap *m = map_of(
        CORE, DISCOVERY(GROUP("x.io", VERSION("v1", RESOURCE("po", "P", "")))));

    check_str(word(m, "po"), "x.io/v1");
    check_str(word(m, "po.v1"), "v1");
    restmap_free(m);
}

/* ---- out of memory ---- */

TEST_ALLOC(discovery_survives_out_of_memory)
{
    struct restmap *m = restmap_new();
    int rc;

    if (!m)
        return -ERR_NOMEM;
    rc = refresh(m, CORE, APIS, NULL);
    check_int(restmap_count(m), rc == 0 ? 7 : 0);
    if (rc < 0) {
        check_int(rc, -ERR_NOMEM);
        check_int(restmap_end(m, NULL), 0);
    }
    restmap_free(m);
    return rc;
}

TEST_ALLOC(legacy_discovery_survives_out_of_memory)
{
    struct restmap *m = restmap_new();
    int rc;

    if (!m)
        return -ERR_NOMEM;
    rc = refresh_legacy(m, NULL, NULL);
    check_int(restmap_count(m), rc == 0 ? 3 : 0);
    restmap_free(m);
    return rc;
}
