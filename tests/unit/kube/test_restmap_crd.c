#include "kube/restmap.h"

#include <string.h>

#include "base/str.h"
#include "test.h"

static const struct resource WIDGET = {
    .api_version = "x.io/v1",
    .group = "x.io",
    .version = "v1",
    .kind = "Widget",
    .plural = "widgets",
    .singular = "widget",
    .namespaced = true,
};

TEST(a_kind_may_be_added_and_replaced)
{
    struct restmap *m = restmap_new();
    struct resource changed = WIDGET;

    check_int(restmap_add(m, &WIDGET, NULL), 0);
    check_int(restmap_add(m, &WIDGET, NULL), 0);
    check_int(restmap_count(m), 1);
    changed.namespaced = false;
    check_int(restmap_add(m, &changed, NULL), 0);
    check_int(restmap_count(m), 1);
    check(!restmap_find(m, "x.io/v1", "Widget")->namespaced);
    changed.api_version = "x.io/v2";
    changed.version = "v2";
    check_int(restmap_add(m, &changed, NULL), 0);
    check_int(restmap_count(m), 2);
    check_str(restmap_find_word(m, "widgets")->api_version, "x.io/v1");
    restmap_free(m);
}

static int add_crd(struct restmap *m, const char *json, struct err *err)
{
    struct arena a = {0};
    struct value *v;
    int rc = value_parse(&a, json, strlen(json), &v, err);

    if (rc == 0)
        rc = restmap_add_crd(m, v, err);
    arena_release(&a);
    return rc;
}

#define CRD(versions)                                                          \
    "{\"kind\":\"CustomResourceDefinition\",\"spec\":{\"group\":\"x.io\","     \
    "\"scope\":\"Namespaced\",\"names\":{\"kind\":\"Widget\","                 \
    "\"plural\":\"widgets\",\"singular\":\"widget\","                          \
    "\"shortNames\":[\"wd\"]},\"versions\":[" versions "]}}"
#define SERVED(name) "{\"name\":\"" name "\",\"served\":true}"

TEST(a_definition_brings_its_served_versions)
{
    struct restmap *m = restmap_new();
    const struct resource *r;

    check_int(add_crd(m,
                      CRD("{\"name\":\"v1\",\"served\":true,\"subresources\":"
                          "{\"status\":{}}},{\"name\":\"v0\",\"served\":false},"
                          "{\"name\":\"v2\"}"),
                      NULL),
              0);
    check_int(restmap_count(m), 1);
    r = restmap_find(m, "x.io/v1", "Widget");
    if (check(r)) {
        check(r->namespaced && r->has_status && !r->has_scale);
        check(r->can_list && r->can_watch && r->can_create && r->can_patch &&
              r->can_delete);
        check(restmap_find_word(m, "wd") == r);
        check(restmap_find_word(m, "widget.x.io") == r);
    }
    restmap_free(m);
}

/* A definition with the versions names[first..count-1], last one first. */
static int add_reversed(struct restmap *m, const char *const *names,
                        size_t first, size_t count)
{
    struct str crd = {0};
    int rc;

    str_add(&crd, "{\"spec\":{\"group\":\"x.io\",\"scope\":\"Namespaced\","
                  "\"names\":{\"kind\":\"Widget\",\"plural\":\"widgets\"},"
                  "\"versions\":[");
    for (size_t i = count; i-- > first;)
        str_addf(&crd, SERVED("%s") "%s", names[i], i > first ? "," : "");
    str_add(&crd, "]}}");
    rc = add_crd(m, str_text(&crd), NULL);
    str_release(&crd);
    return rc;
}

TEST(versions_of_a_definition_are_in_order_of_preference)
{
    static const char *const order[] = {"v10",      "v2",      "v1",
                                        "v11beta2", "v3beta1", "v3alpha1",
                                        "foo1",     "foo10",   "v01"};
    const size_t count = sizeof order / sizeof order[0];
    struct restmap *m = restmap_new();

    for (size_t i = 0; i < count; i++) {
        const struct resource *r;

        check_int(add_reversed(m, order, i, count), 0);
        r = restmap_find_group_kind(m, "x.io", "Widget");
        if (check(r))
            check_str(r->version, order[i]);
    }
    restmap_free(m);
}

TEST(a_changed_definition_replaces_the_old_one)
{
    struct restmap *m = restmap_new();

    check_int(restmap_add(m, &WIDGET, NULL), 0);
    check_int(add_crd(m, CRD(SERVED("v1alpha1") "," SERVED("v2")), NULL), 0);
    check(!restmap_find(m, "x.io/v1", "Widget"));
    check(restmap_find(m, "x.io/v1alpha1", "Widget"));
    check_int(restmap_count(m), 2);
    check_int(add_crd(m, CRD(SERVED("v1")), NULL), 0);
    check_int(restmap_count(m), 1);
    restmap_free(m);
}

TEST(a_definition_that_lacks_something_is_refused)
{
    static const char *const bad[] = {
        "{}",
        "[]",
        "{\"spec\":{\"group\":\"X\"}}",
        "{\"spec\":{\"group\":\"x.io\"}}",
        "{\"spec\":{\"group\":\"x.io\",\"names\":{\"kind\":\"W\"}}}",
        "{\"spec\":{\"group\":\"x.io\",\"names\":{\"kind\":\"W\","
        "\"plural\":\"ws\"}}}",
        "{\"spec\":{\"group\":\"x.io\",\"names\":{\"kind\":\"W\","
        "\"plural\":\"ws\"},\"scope\":\"Galactic\"}}",
        "{\"spec\":{\"group\":\"x.io\",\"names\":{\"kind\":\"W\","
        "\"plural\":\"ws\"},\"scope\":\"Cluster\",\"versions\":[]}}",
        CRD("{\"served\":true}"),
        CRD("{\"name\":\"a/b\",\"served\":true}"),
    };
    struct restmap *m = restmap_new();
    struct err err = {0};

    check_int(restmap_add(m, &WIDGET, NULL), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        check_int(add_crd(m, bad[i], &err), -ERR_INVALID);
        check_has(err.msg, "the definition has no ");
    }
    check(restmap_find(m, "x.io/v1", "Widget"));
    restmap_free(m);
}

TEST_ALLOC(definitions_survive_out_of_memory)
{
    struct restmap *m = restmap_new();
    int rc;

    if (!m)
        return -ERR_NOMEM;
    rc = restmap_add(m, &WIDGET, NULL);
    if (rc == 0) {
        rc = add_crd(m, CRD(SERVED("v2") "," SERVED("v3")), NULL);
        check_int(restmap_count(m), rc == 0 ? 2 : 1);
    }
    restmap_free(m);
    return rc;
}
