/* Watches: what they are sent, and when they end. */

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

static void label(struct kit *k, const char *name, const char *value)
{
    char body[256], url[256];

    snprintf(url, sizeof url, "%s/%s", MAPS, name);
    snprintf(body, sizeof body, "{'metadata':{'labels':{'l':'%s'}}}", value);
    check_int(kit_ask(k, "MERGE", url, body), 200);
}

TEST(a_watch_begins_with_what_is_there_and_goes_on)
{
    struct kit k;
    struct sim_watch *w;

    kit_start(&k, NULL);
    make(&k, "b", "1");
    make(&k, "a", "1");
    w = kit_watch(&k, MAPS "?watch=1");
    check_str(kit_watch_next(&k, w, NULL), "ADDED a");
    check_str(kit_watch_next(&k, w, NULL), "ADDED b");
    check_str(kit_watch_next(&k, w, NULL), "-");
    label(&k, "a", "2");
    make(&k, "c", "1");
    kit_ask(&k, "DELETE", MAPS "/b", NULL);
    kit_ask(&k, "POST", "/api/v1/namespaces/kube-system/configmaps",
            "{'metadata':{'name':'elsewhere'}}");
    check_str(kit_watch_next(&k, w, NULL), "MODIFIED a");
    check_str(kit_watch_next(&k, w, NULL), "ADDED c");
    check_str(kit_watch_next(&k, w, NULL), "DELETED b");
    check_str(kit_watch_next(&k, w, NULL), "-");
    sim_watch_free(w);
    kit_stop(&k);
}

TEST(what_leaves_a_selection_is_deleted_for_its_watch)
{
    struct kit k;
    struct sim_watch *w;
    struct value *event = NULL;
    char rv[32];

    kit_start(&k, NULL);
    make(&k, "a", "x");
    w = kit_watch(&k, MAPS "?watch=1&labelSelector=l%3Dx");
    check_str(kit_watch_next(&k, w, NULL), "ADDED a");
    label(&k, "a", "y");
    strcpy(rv, kit_text(&k, "metadata.resourceVersion"));
    check_str(kit_watch_next(&k, w, &event), "DELETED a");
    check_str(value_text_at(event, "object.metadata.resourceVersion"), rv);
    check_str(value_text_at(event, "object.metadata.labels.l"), "x");
    label(&k, "a", "z");
    label(&k, "a", "x");
    check_str(kit_watch_next(&k, w, NULL), "ADDED a");
    kit_ask(&k, "DELETE", MAPS "/a", NULL);
    check_str(kit_watch_next(&k, w, NULL), "DELETED a");
    check_str(kit_watch_next(&k, w, NULL), "-");
    sim_watch_free(w);
    kit_stop(&k);
}

TEST(a_watch_resumes_where_a_list_ended)
{
    struct kit k;
    struct sim_watch *w;
    char url[256];

    kit_start(&k, NULL);
    make(&k, "a", "1");
    kit_ask(&k, "GET", MAPS, NULL);
    snprintf(url, sizeof url, "%s?watch=1&resourceVersion=%s", MAPS,
             kit_text(&k, "metadata.resourceVersion"));
    make(&k, "b", "1");
    w = kit_watch(&k, url);
    check_str(kit_watch_next(&k, w, NULL), "ADDED b");
    check_str(kit_watch_next(&k, w, NULL), "-");
    sim_watch_free(w);
    kit_stop(&k);
}

TEST(a_watch_that_fell_behind_is_told_so_and_ends)
{
    struct sim_options o = {.controllers = "none", .history = 3};
    struct kit k;
    struct sim_watch *w, *idle;
    struct value *event;

    kit_start_with(&k, &o);
    w = kit_watch(&k, MAPS "?watch=1");
    idle = kit_watch(&k, "/api/v1/secrets?watch=1");
    check_str(kit_watch_next(&k, w, NULL), "-");
    for (int i = 0; i < 5; i++) {
        char name[16];

        snprintf(name, sizeof name, "n%d", i);
        make(&k, name, "1");
        check_str(kit_watch_next(&k, idle, NULL), "-");
    }
    check_str(kit_watch_next(&k, w, &event), "ERROR 410");
    check_str(value_text_at(event, "object.reason"), "Expired");
    check_str(kit_watch_next(&k, w, NULL), "END");
    sim_watch_free(w);
    sim_watch_free(idle);
    kit_stop(&k);
}

TEST(bookmarks_come_each_minute_and_before_the_end)
{
    struct kit k;
    struct sim_watch *w;
    struct value *event;
    char rv[32];

    kit_start(&k, NULL);
    make(&k, "a", "1");
    strcpy(rv, kit_text(&k, "metadata.resourceVersion"));
    w = kit_watch(&k, MAPS "?watch=1&allowWatchBookmarks=true&"
                           "resourceVersion=1&timeoutSeconds=100");
    check_str(kit_watch_next(&k, w, NULL), "ADDED a");
    check_str(kit_watch_next(&k, w, NULL), "-");
    clock_fake_advance(&k.clock, 60000);
    check_str(kit_watch_next(&k, w, &event), "BOOKMARK");
    check_str(value_text_at(event, "object.metadata.resourceVersion"), rv);
    check_str(value_text_at(event, "object.kind"), "ConfigMap");
    check_str(kit_watch_next(&k, w, NULL), "-");
    clock_fake_advance(&k.clock, 38000);
    check_str(kit_watch_next(&k, w, NULL), "BOOKMARK");
    check_str(kit_watch_next(&k, w, NULL), "-");
    clock_fake_advance(&k.clock, 2000);
    check_str(kit_watch_next(&k, w, NULL), "END");
    sim_watch_free(w);
    kit_stop(&k);
}

TEST(a_streamed_list_ends_with_a_bookmark_that_says_so)
{
    struct kit k;
    struct sim_watch *w;
    struct value *event;

    kit_start(&k, NULL);
    make(&k, "a", "1");
    w = kit_watch(&k, MAPS "?watch=1&sendInitialEvents=true&"
                           "allowWatchBookmarks=true&"
                           "resourceVersionMatch=NotOlderThan");
    check_str(kit_watch_next(&k, w, NULL), "ADDED a");
    check_str(kit_watch_next(&k, w, &event), "BOOKMARK");
    check_str(
        value_text(value_get(value_path(event, "object.metadata.annotations"),
                             "k8s.io/initial-events-end")),
        "true");
    check_str(kit_watch_next(&k, w, NULL), "-");
    sim_watch_free(w);
    check_int(kit_ask(&k, "GET", MAPS "?watch=1&sendInitialEvents=true", NULL),
              422);
    kit_stop(&k);
}

TEST(a_watch_of_metadata_has_metadata)
{
    struct kit k;
    struct sim_watch *w;
    struct value *event;

    kit_start(&k, NULL);
    make(&k, "a", "1");
    k.q.accept = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
    w = kit_watch(&k, MAPS "?watch=1");
    check_str(kit_watch_next(&k, w, &event), "ADDED a");
    check_str(value_text_at(event, "object.kind"), "PartialObjectMetadata");
    sim_watch_free(w);
    kit_stop(&k);
}
