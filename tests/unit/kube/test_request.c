#include "kube/request.h"

#include <string.h>

#include "test.h"

static const struct resource DEPLOYMENTS = {
    .api_version = "apps/v1",
    .group = "apps",
    .version = "v1",
    .kind = "Deployment",
    .plural = "deployments",
    .namespaced = true,
};
static const struct resource PODS = {
    .api_version = "v1",
    .group = "",
    .version = "v1",
    .kind = "Pod",
    .plural = "pods",
    .namespaced = true,
};
static const struct resource NODES = {
    .api_version = "v1",
    .group = "",
    .version = "v1",
    .kind = "Node",
    .plural = "nodes",
};
static const struct target BLOG = {&DEPLOYMENTS, {"default", "blog"}};
static const struct target BLOG_POD = {&PODS, {"default", "blog"}};

static struct arena arena;

static struct value *json(const char *text)
{
    struct value *v = NULL;

    check_int(value_parse(&arena, text, strlen(text), &v, NULL), 0);
    return v;
}

/* The request as one line of text in the arena; the message when there is
 * none. */
static const char *line(int rc, const struct request *r, const struct err *err)
{
    if (rc < 0)
        return arena_printf(&arena, "%s: %s", err_name(err->code), err->msg);
    return arena_printf(&arena, "%s %s%s%s%s%s", http_method_name(r->method),
                        r->path, r->content_type ? " " : "",
                        r->content_type ? r->content_type : "",
                        r->body ? " " : "", r->body ? r->body : "");
}

/* ---- paths ---- */

static const char *path(const struct resource *r, const char *ns,
                        const char *name, const char *subresource)
{
    struct str out = {0};
    struct err err = {0};
    int rc = request_path(r, ns, name, subresource, &out, &err);
    const char *text = rc < 0 ? err.msg : str_text(&out);

    text = arena_strdup(&arena, text);
    if (rc < 0)
        check_int(out.len, 0);
    str_release(&out);
    return text;
}

TEST(paths_have_group_namespace_name_and_subresource)
{
    check_str(path(&DEPLOYMENTS, "default", "blog", "status"),
              "/apis/apps/v1/namespaces/default/deployments/blog/status");
    check_str(path(&DEPLOYMENTS, "default", "blog", NULL),
              "/apis/apps/v1/namespaces/default/deployments/blog");
    check_str(path(&DEPLOYMENTS, "default", NULL, NULL),
              "/apis/apps/v1/namespaces/default/deployments");
    check_str(path(&DEPLOYMENTS, "", NULL, NULL), "/apis/apps/v1/deployments");
    check_str(path(&PODS, "", NULL, NULL), "/api/v1/pods");
    check_str(path(&NODES, "", "n-1", NULL), "/api/v1/nodes/n-1");
    arena_release(&arena);
}

TEST(a_path_does_not_leave_its_place)
{
    check_has(path(&PODS, "default", "..", NULL), "'..' is no name");
    check_has(path(&PODS, "default", "a/b", NULL), "'a/b' is no name");
    check_has(path(&PODS, "default", "a%2Fb", NULL), "is no name");
    check_has(path(&PODS, "default", "", NULL), "'' is no name");
    check_has(path(&PODS, "..", "a", NULL), "name of a namespace");
    check_has(path(&PODS, "default", "a", "b/c"), "name of a subresource");
    arena_release(&arena);
}

TEST(the_scope_of_a_kind_is_kept)
{
    check_str(path(&PODS, "", "a", NULL), "'Pod a' needs a namespace");
    check_str(path(&NODES, "default", NULL, NULL),
              "a Node has no namespace, not 'default'");
    arena_release(&arena);
}

TEST(odd_names_are_escaped)
{
    check_str(path(&NODES, "", "system:a?b#c d\xC3\xA9", NULL),
              "/api/v1/nodes/system:a%3Fb%23c%20d%C3%A9");
    arena_release(&arena);
}

TEST(query_values_are_escaped)
{
    struct str out = {0};

    str_add(&out, "/a");
    check_int(request_query(&out, "k", "a=b,c in (d),!e"), 0);
    check_int(request_query(&out, "l", "~x_y-z.&?/+%"), 0);
    check_str(str_text(&out), "/a?k=a%3Db%2Cc%20in%20%28d%29%2C%21e"
                              "&l=~x_y-z.%26%3F%2F%2B%25");
    str_release(&out);
}

/* ---- reads ---- */

static const char *list(struct list_options o)
{
    struct request r = {0};
    struct err err = {0};
    int rc = request_list(&arena, &PODS, &o, &r, &err);

    check(!r.watch);
    return line(rc, &r, &err);
}

static const char *watch(struct list_options o)
{
    struct request r = {0};
    struct err err = {0};
    int rc = request_watch(&arena, &PODS, &o, &r, &err);

    check(r.watch == (rc == 0));
    return line(rc, &r, &err);
}

TEST(a_get_names_one_object)
{
    struct request r = {0};
    struct err err = {0};
    int rc = request_get(&arena, &BLOG, &r, &err);

    check_str(line(rc, &r, &err),
              "GET /apis/apps/v1/namespaces/default/deployments/blog");
    check_str(r.accept, "application/json");
    check(!r.watch && !r.body && !r.content_type);
    arena_release(&arena);
}

TEST(a_list_says_only_what_it_was_told)
{
    check_str(list((struct list_options){.ns = ""}), "GET /api/v1/pods");
    check_str(list((struct list_options){0}), "GET /api/v1/pods");
    check_str(
        list((struct list_options){.ns = "a",
                                   .label_selector = "x=y",
                                   .field_selector = "status.phase!=Failed",
                                   .limit = 500,
                                   .resource_version = "7",
                                   .rv_match = "NotOlderThan",
                                   .timeout_seconds = 9,
                                   .send_initial_events = true}),
        "GET /api/v1/namespaces/a/pods?labelSelector=x%3Dy"
        "&fieldSelector=status.phase%21%3DFailed&limit=500"
        "&resourceVersion=7&resourceVersionMatch=NotOlderThan");
    arena_release(&arena);
}

TEST(the_token_of_a_page_stands_for_its_version)
{
    check_str(list((struct list_options){.limit = 2,
                                         .continue_token = "a+b/c=",
                                         .resource_version = "7",
                                         .rv_match = "Exact"}),
              "GET /api/v1/pods?limit=2&continue=a%2Bb%2Fc%3D");
    arena_release(&arena);
}

TEST(a_version_that_cannot_be_matched_is_refused)
{
    check_has(list((struct list_options){.rv_match = "NotOlderThan"}),
              "INVALID: a resourceVersionMatch needs");
    check_has(list((struct list_options){.rv_match = "Exact",
                                         .resource_version = "0"}),
              "INVALID: resourceVersion 0");
    check_has(list((struct list_options){.ns = "a/b"}), "INVALID: 'a/b'");
    arena_release(&arena);
}

TEST(a_watch_always_asks_for_bookmarks)
{
    check_str(watch((struct list_options){.resource_version = "7",
                                          .timeout_seconds = 300,
                                          .limit = 5,
                                          .continue_token = "t",
                                          .rv_match = "NotOlderThan"}),
              "GET /api/v1/pods?watch=true&allowWatchBookmarks=true"
              "&resourceVersion=7&timeoutSeconds=300");
    arena_release(&arena);
}

TEST(a_watch_may_begin_with_the_list)
{
    check_str(watch((struct list_options){.ns = "a",
                                          .label_selector = "x",
                                          .resource_version = "",
                                          .send_initial_events = true}),
              "GET /api/v1/namespaces/a/pods?watch=true"
              "&allowWatchBookmarks=true&labelSelector=x"
              "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan");
    arena_release(&arena);
}

TEST(metadata_alone_is_another_media_type)
{
    struct list_options o = {.metadata_only = true};
    struct request r = {0};

    check_int(request_list(&arena, &PODS, &o, &r, NULL), 0);
    check_str(r.accept,
              "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;"
              "v=v1,application/json");
    check_int(request_watch(&arena, &PODS, &o, &r, NULL), 0);
    check_str(r.accept, "application/json;as=PartialObjectMetadata;"
                        "g=meta.k8s.io;v=v1,application/json");
    arena_release(&arena);
}

/* ---- writes ---- */

#define BLOG_JSON                                                              \
    "{\"kind\":\"Deployment\",\"metadata\":{\"name\":\"blog\"},"               \
    "\"apiVersion\":\"apps/v1\",\"spec\":{\"replicas\":1.0}}"

static const char *apply(const char *body, struct write_options o)
{
    struct request r = {0};
    struct err err = {0};
    int rc = request_apply(&arena, &BLOG, json(body), &o, &r, &err);

    return line(rc, &r, &err);
}

static struct write_options by_us(void)
{
    return (struct write_options){.field_manager = "tidelock-web"};
}

TEST(an_apply_is_a_patch_in_canonical_form)
{
    check_str(apply(BLOG_JSON, by_us()),
              "PATCH /apis/apps/v1/namespaces/default/deployments/blog"
              "?fieldManager=tidelock-web application/apply-patch+yaml "
              "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\","
              "\"metadata\":{\"name\":\"blog\"},\"spec\":{\"replicas\":1}}");
    arena_release(&arena);
}

TEST(an_apply_carries_its_options)
{
    struct write_options o = {.field_manager = "a b",
                              .force = true,
                              .dry_run = true,
                              .field_validation = "Strict",
                              .subresource = "status"};

    check_has(apply(BLOG_JSON, o),
              "deployments/blog/status?fieldManager=a%20b&force=true"
              "&dryRun=All&fieldValidation=Strict ");
    arena_release(&arena);
}

TEST(an_apply_is_checked_as_the_server_does)
{
    static const struct {
        const char *body;
        const char *message;
    } table[] = {
        {"{}", "apiVersion of the body is ''"},
        {"{\"apiVersion\":\"apps/v2\"}", "'apps/v2', not 'apps/v1'"},
        {"{\"apiVersion\":\"apps/v1\",\"kind\":\"Pod\"}", "'Pod'"},
        {"{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\"}",
         "metadata.name of the body"},
        {"{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":"
         "{\"name\":\"blog\",\"namespace\":\"x\"}}",
         "'x', not 'default'"},
        {"{\"metadata\":{\"managedFields\":null}}", "no managedFields"},
        {"[]", "apiVersion"},
    };
    char manager[130] = {0};
    struct write_options o = {0};

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        check_has(apply(table[i].body, by_us()), table[i].message);
    check_has(apply(BLOG_JSON, o), "field manager");
    o.field_manager = "";
    check_has(apply(BLOG_JSON, o), "field manager");
    memset(manager, 'm', 129);
    o.field_manager = manager;
    check_has(apply(BLOG_JSON, o), "field manager");
    o.field_manager = manager + 1;
    check_has(apply(BLOG_JSON, o), "PATCH ");
    arena_release(&arena);
}

static const char *patch(enum patch_type type, struct write_options o)
{
    struct patch p = {type, json("[1]")};
    struct request r = {0};
    struct err err = {0};
    int rc = request_patch(&arena, &BLOG_POD, &p, &o, &r, &err);

    return line(rc, &r, &err);
}

TEST(each_patch_has_its_media_type)
{
    struct write_options o = {.field_manager = "m"};

    check_str(patch(PATCH_MERGE, o),
              "PATCH /api/v1/namespaces/default/pods/blog?fieldManager=m "
              "application/merge-patch+json [1]");
    check_has(patch(PATCH_JSON, o), " application/json-patch+json ");
    check_has(patch(PATCH_STRATEGIC, o),
              " application/strategic-merge-patch+json ");
    check_has(patch(PATCH_APPLY, o), "INVALID: ");
    o.force = true;
    check_str(patch(PATCH_MERGE, o), "INVALID: only an apply can be forced");
    arena_release(&arena);
}

static const char *create(const struct target *t, struct write_options o)
{
    struct request r = {0};
    struct err err = {0};
    int rc = request_create(&arena, t, json("{}"), &o, &r, &err);

    return line(rc, &r, &err);
}

TEST(a_create_goes_to_the_collection)
{
    struct write_options o = {.field_manager = "m"};

    check_str(create(&BLOG_POD, o), "POST /api/v1/namespaces/default/pods"
                                    "?fieldManager=m application/json {}");
    o.subresource = "eviction";
    check_str(create(&BLOG_POD, o),
              "POST /api/v1/namespaces/default/pods/blog/eviction"
              "?fieldManager=m application/json {}");
    o.force = true;
    check_has(create(&BLOG_POD, o), "INVALID: ");
    check_has(create(&(struct target){&PODS, {"", "a"}}, by_us()),
              "INVALID: a Pod needs a namespace");
    arena_release(&arena);
}

static const char *delete (struct delete_options o)
{
    struct request r = {0};
    struct err err = {0};
    int rc = request_delete(&arena, &BLOG_POD, &o, &r, &err);

    return line(rc, &r, &err);
}

TEST(a_delete_names_what_it_saw)
{
    struct delete_options o = {
        .uid = "u-1", .resource_version = "7", .propagation = "Foreground"};

    check_str(delete (o),
              "DELETE /api/v1/namespaces/default/pods/blog application/json "
              "{\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\","
              "\"preconditions\":{\"resourceVersion\":\"7\",\"uid\":\"u-1\"},"
              "\"propagationPolicy\":\"Foreground\"}");
    o.dry_run = true;
    check_has(delete (o), "\"dryRun\":[\"All\"]");
    arena_release(&arena);
}

TEST(a_delete_without_preconditions_is_refused)
{
    struct delete_options o = {.uid = "u-1", .propagation = "Orphan"};

    check_has(delete (o), "INVALID: a delete needs");
    o.resource_version = "";
    check_has(delete (o), "INVALID: a delete needs");
    o.resource_version = "7";
    check_has(delete (o), "DELETE ");
    o.uid = NULL;
    check_has(delete (o), "INVALID: a delete needs");
    o.uid = "u";
    o.propagation = NULL;
    check_has(delete (o), "propagation policy");
    o.propagation = "foreground";
    check_has(delete (o), "'foreground' is no propagation policy");
    arena_release(&arena);
}

TEST(a_refused_request_leaves_the_callers_untouched)
{
    struct request r = {.path = "mine", .body_len = 7};
    struct delete_options o = {0};

    check(request_delete(&arena, &BLOG_POD, &o, &r, NULL) < 0);
    check(request_get(&arena, &(struct target){&PODS, {"a", ".."}}, &r, NULL) <
          0);
    check_str(r.path, "mine");
    check_int(r.body_len, 7);
    arena_release(&arena);
}

/* ---- out of memory ---- */

static int build(struct arena *a, const struct value *body, struct request *r)
{
    struct write_options w = {.field_manager = "m", .dry_run = true};
    struct list_options l = {.label_selector = "a=b", .limit = 5};
    struct delete_options d = {"u", "7", "Orphan", true};
    int rc = request_get(a, &BLOG, r, NULL);

    if (rc == 0)
        rc = request_list(a, &DEPLOYMENTS, &l, r, NULL);
    if (rc == 0)
        rc = request_watch(a, &DEPLOYMENTS, &l, r, NULL);
    if (rc == 0)
        rc = request_apply(a, &BLOG, body, &w, r, NULL);
    if (rc == 0)
        rc = request_create(a, &BLOG, body, &w, r, NULL);
    if (rc == 0)
        rc = request_delete(a, &BLOG, &d, r, NULL);
    return rc;
}

TEST_ALLOC(requests_survive_out_of_memory)
{
    struct request r = {0};
    struct arena a = {0};
    struct value *body;
    int rc = value_parse(&a, BLOG_JSON, strlen(BLOG_JSON), &body, NULL);

    if (rc == 0)
        rc = build(&a, body, &r);
    if (rc == 0)
        check_has(r.body, "\"uid\":\"u\"");
    if (r.path)
        check_has(r.path, "/deployments");
    arena_release(&a);
    return rc;
}
