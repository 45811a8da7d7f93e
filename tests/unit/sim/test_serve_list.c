/* Lists: pages, selectors, revisions, forms. */

#include <stdio.h>
#include <string.h>

#include "kit.h"

#define MAPS "/api/v1/namespaces/default/configmaps"

static void make(struct kit *k, const char *name, const char *label)
{
    char body[256];

    snprintf(body, sizeof body,
             "{'metadata':{'name':'%s','labels':{'l':'%s'}}}", name, label);
    check_int(kit_ask(k, "POST", MAPS, body), 201);
}

/* "a b c" of the last answer. */
static const char *names(struct kit *k)
{
    const struct value *items = value_get(k->answer, "items");
    struct str out;
    const char *text;

    str_init(&out, 0);
    for (uint32_t i = 0; items && i < items->count; i++)
        str_addf(&out, "%s%s", i ? " " : "",
                 value_text_at(items->as.items[i], "metadata.name"));
    text = arena_strdup(&k->arena, str_text(&out));
    str_release(&out);
    return text;
}

static const char *listed(struct kit *k, const char *query)
{
    char url[1024];

    snprintf(url, sizeof url, "%s?%s", MAPS, query);
    check_int(kit_ask(k, "GET", url, NULL), 200);
    return names(k);
}

TEST(a_list_comes_in_pages_that_are_one_moment)
{
    struct kit k;
    char token[256], rv[32], query[512];

    kit_start(&k, NULL);
    make(&k, "a", "1");
    make(&k, "b", "1");
    make(&k, "c", "1");
    check_str(listed(&k, "limit=2"), "a b");
    check_str(kit_text(&k, "metadata.remainingItemCount"), "1");
    strcpy(token, kit_text(&k, "metadata.continue"));
    strcpy(rv, kit_text(&k, "metadata.resourceVersion"));
    make(&k, "d", "1");
    kit_ask(&k, "DELETE", MAPS "/c", NULL);
    snprintf(query, sizeof query, "limit=2&continue=%s", token);
    check_str(listed(&k, query), "c");
    check_str(kit_text(&k, "metadata.resourceVersion"), rv);
    check_str(kit_text(&k, "metadata.continue"), "");
    snprintf(query, sizeof query, "resourceVersion=%s", rv);
    check_str(listed(&k, query), "a b d");
    strcat(query, "&resourceVersionMatch=Exact");
    check_str(listed(&k, query), "a b c");
    kit_stop(&k);
}

TEST(a_page_that_is_too_old_offers_to_go_on_anyhow)
{
    struct sim_options o = {.controllers = "none", .history = 2};
    struct kit k;
    char url[512];

    kit_start_with(&k, &o);
    make(&k, "a", "1");
    make(&k, "b", "1");
    listed(&k, "limit=1");
    snprintf(url, sizeof url, "%s?limit=5&continue=%s", MAPS,
             kit_text(&k, "metadata.continue"));
    make(&k, "c", "1");
    make(&k, "d", "1");
    make(&k, "e", "1");
    check_int(kit_ask(&k, "GET", url, NULL), 410);
    check_str(kit_text(&k, "reason"), "Expired");
    snprintf(url, sizeof url, "%s?limit=5&continue=%s", MAPS,
             kit_text(&k, "metadata.continue"));
    check_int(kit_ask(&k, "GET", url, NULL), 200);
    check_str(names(&k), "b c d e");
    check_int(kit_ask(&k, "GET",
                      MAPS "?resourceVersion=1&resourceVersionMatch=Exact",
                      NULL),
              410);
    kit_stop(&k);
}

TEST(selectors_choose)
{
    struct kit k;

    kit_start(&k, NULL);
    make(&k, "a", "x");
    make(&k, "b", "y");
    make(&k, "c", "x");
    check_str(listed(&k, "labelSelector=l%3Dx"), "a c");
    check_str(listed(&k, "labelSelector=l+in+(y,z)"), "b");
    check_str(listed(&k, "fieldSelector=metadata.name%3Dc"), "c");
    check_str(listed(&k, "fieldSelector=metadata.name!%3Dc,metadata.namespace"
                         "=default"),
              "a b");
    check_str(listed(&k, "labelSelector=l%3Dx&limit=1"), "a");
    check_str(kit_text(&k, "metadata.remainingItemCount"), "");
    check(*kit_text(&k, "metadata.continue"));
    kit_stop(&k);
}

TEST(items_of_built_in_lists_do_not_say_their_kind)
{
    struct kit k;

    kit_start(&k, NULL);
    make(&k, "a", "x");
    listed(&k, "");
    check_has(kit_body(&k), "\"items\":[{\"metadata\":");
    check_str(kit_text(&k, "kind"), "ConfigMapList");
    check_str(kit_text(&k, "apiVersion"), "v1");
    listed(&k, "labelSelector=l%3Dx");
    check_has(kit_body(&k), "\"items\":[{\"metadata\":");
    check_int(kit_ask(&k, "GET", "/api/v1/configmaps", NULL), 200);
    check_str(names(&k), "a");
    kit_stop(&k);
}

TEST(metadata_is_enough_for_some)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(
        kit_ask(&k, "POST", MAPS, "{'metadata':{'name':'a'},'data':{'x':'1'}}"),
        201);
    k.q.accept = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
    check_int(kit_ask(&k, "GET", MAPS "/a", NULL), 200);
    check_str(kit_text(&k, "kind"), "PartialObjectMetadata");
    check_str(kit_text(&k, "apiVersion"), "meta.k8s.io/v1");
    check_str(kit_text(&k, "metadata.name"), "a");
    check(!value_get(k.answer, "data"));
    k.q.accept =
        "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";
    check_int(kit_ask(&k, "GET", MAPS, NULL), 200);
    check_str(kit_text(&k, "kind"), "PartialObjectMetadataList");
    check_str(names(&k), "a");
    k.q.accept = "application/yaml";
    check_int(kit_ask(&k, "GET", MAPS "/a", NULL), 200);
    check_has(kit_body(&k), "kind: ConfigMap\n");
    check_str(k.r.content_type, "application/yaml");
    kit_stop(&k);
}

TEST(a_body_may_be_yaml)
{
    struct kit k;

    kit_start(&k, NULL);
    k.q.content_type = "application/yaml";
    check_int(
        kit_ask(&k, "POST", MAPS,
                "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n"),
        201);
    k.q.content_type = "application/x-nothing";
    check_int(kit_ask(&k, "POST", MAPS, "{}"), 415);
    kit_stop(&k);
}

TEST(strict_decoding_tells_of_unknown_and_duplicate_fields)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", MAPS "?fieldValidation=Strict",
                      "{'metadata':{'name':'a','name':'b'},'spec':{'x':1}}"),
              400);
    check_str(kit_text(&k, "message"),
              "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: "
              "strict decoding error: duplicate field \"metadata.name\", "
              "unknown field \"spec\"");
    check_int(kit_ask(&k, "POST", MAPS,
                      "{'metadata':{'name':'a','name':'b'},'spec':{'x':1}}"),
              201);
    check_str(kit_text(&k, "metadata.name"), "b");
    check_int(k.r.warning_count, 2);
    check_str(k.r.warnings[0], "duplicate field \"metadata.name\"");
    check_str(k.r.warnings[1], "unknown field \"spec\"");
    check_int(kit_ask(&k, "POST", MAPS "?fieldValidation=Ignore",
                      "{'metadata':{'name':'a'},'spec':{'x':1}}"),
              201);
    check_int(k.r.warning_count, 0);
    kit_stop(&k);
}
