/*
 * One API server: schemas that change after they were learned.
 */
#include "api.h"
#include "test.h"

#define ASKED "GET openapi/v3/apis/example.com/v1"
#define DOCUMENT(fields)                                                       \
    "{'components':{'schemas':{'com.example.v1.Widget':{"                      \
    "'type':'object','properties':{" fields "},"                               \
    "'x-kubernetes-group-version-kind':[{'group':'example.com',"               \
    "'version':'v1','kind':'Widget'}]}}}}"
#define OLD DOCUMENT("'spec':{'type':'object'}")
#define NEW DOCUMENT("'spec':{'type':'object'},'more':{'type':'string'}")

static void on_learned(void *arg, bool changed, const struct err *err)
{
    (void)changed;
    (void)err;
    *(bool *)arg = true;
}

static void on_schemas(void *arg)
{
    ++*(unsigned *)arg;
}

static bool is_true(void *arg)
{
    return *(bool *)arg;
}

static bool is_positive(void *arg)
{
    return *(unsigned *)arg > 0;
}

/* A cluster that has asked for the schemas once, and is in a hurry. */
static int begin(struct api *api, unsigned *told)
{
    bool learned = false;
    int rc;

    *told = 0;
    if (!api_open(api))
        return -(int)api->err.code;
    api->cluster->relearn_ms = 1;
    api->cluster->on_schemas = on_schemas;
    api->cluster->on_schemas_arg = told;
    rc = cluster_learn(api->cluster, "example.com/v1", on_learned, &learned,
                       &api->err);
    if (rc == 0)
        check(api_until(api, is_true, &learned));
    return rc;
}

static bool knows_more(const struct api *api)
{
    struct schema_node kind =
        schema_find(api->cluster->schemas, "example.com/v1", "Widget");

    return schema_known(schema_field(kind, "more"));
}

static void doubt(struct api *api)
{
    cluster_relearn(api->cluster, "example.com/v1", false);
}

static void on_over(void *arg)
{
    *(bool *)arg = true;
}

/* Longer than a doubt takes that ends by itself. */
static void rest(struct api *api)
{
    bool over = false;

    check(loop_after(api->loop, 150, on_over, &over));
    check(api_until(api, is_true, &over));
}

TEST(what_is_in_doubt_is_asked_for_until_it_is_another)
{
    struct api api;
    unsigned told;

    api_init(&api);
    api_rule(&api, ASKED, 200, OLD)->header = "ETag: \"one\"";
    api_rule(&api, ASKED, 304, "");
    api_rule(&api, ASKED, 304, "");
    api_rule(&api, ASKED, 200, NEW)->header = "ETag: \"two\"";
    check_int(begin(&api, &told), 0);
    check(!knows_more(&api));
    doubt(&api);
    check(api_until(&api, is_positive, &told));
    check(knows_more(&api));
    check_has(server_last(api.server, true), "If-None-Match: \"one\"\r\n");
    rest(&api);
    check_int(told, 1);
    check_str(api_log(&api), ASKED "\n" ASKED "\n" ASKED "\n" ASKED "\n");
    api_release(&api);
}

/* Not every server, and not every proxy, has ETags. */
TEST(the_document_that_was_learned_is_no_news)
{
    struct api api;
    unsigned told;

    api_init(&api);
    api_rule(&api, ASKED, 200, OLD);
    api_rule(&api, ASKED, 200, OLD);
    api_rule(&api, ASKED, 200, "<html>");
    api_rule(&api, ASKED, 503, "");
    api_rule(&api, ASKED, 200, NEW);
    check_int(begin(&api, &told), 0);
    doubt(&api);
    check(api_until(&api, is_positive, &told));
    check(knows_more(&api));
    check_int(told, 1);
    api_release(&api);
}

TEST(a_doubt_ends_or_lasts)
{
    struct api api;
    unsigned told;

    api_init(&api);
    api_rule(&api, ASKED, 200, OLD);
    api_rule(&api, ASKED, 304, "")->forever = true;
    check_int(begin(&api, &told), 0);
    doubt(&api);
    check(api_requests(&api, 7));
    rest(&api);
    /* at once, and after 1, 2, 4, 8 and 16 ms */
    check_str(api_log(&api), ASKED "\n" ASKED "\n" ASKED "\n" ASKED "\n" ASKED
                                   "\n" ASKED "\n" ASKED "\n");
    doubt(&api);
    cluster_relearn(api.cluster, "example.com/v1", true);
    check(api_requests(&api, 8));
    check_int(told, 0);
    api_release(&api);
}

TEST(a_cluster_may_be_closed_in_doubt)
{
    struct api api;
    unsigned told;

    api_init(&api);
    api_rule(&api, ASKED, 200, OLD);
    check_int(begin(&api, &told), 0);
    api.cluster->relearn_ms = 20;
    doubt(&api);
    cluster_close(api.cluster);
    api.cluster = NULL;
    rest(&api);
    check_str(api_log(&api), ASKED "\n");
    api_release(&api);
}

TEST(many_doubts_are_one_question)
{
    struct api api;
    unsigned told;

    api_init(&api);
    api_rule(&api, ASKED, 200, OLD);
    api_rule(&api, ASKED, API_SILENT, "");
    check_int(begin(&api, &told), 0);
    rest(&api);
    doubt(&api);
    doubt(&api);
    check(api_requests(&api, 2));
    doubt(&api);
    rest(&api);
    check_str(api_log(&api), ASKED "\n" ASKED "\n");
    api_release(&api);
}

TEST(what_was_just_asked_for_is_left_alone_for_a_while)
{
    struct api api;
    unsigned told;

    api_init(&api);
    api_rule(&api, ASKED, 200, OLD);
    check_int(begin(&api, &told), 0);
    api.cluster->relearn_ms = CLUSTER_RELEARN_MS;
    doubt(&api);
    rest(&api);
    doubt(&api);
    rest(&api);
    check_str(api_log(&api), ASKED "\n");
    api_release(&api);
}

TEST(what_was_never_asked_for_is_not_in_doubt)
{
    struct api api;
    unsigned told;

    api_init(&api);
    api_rule(&api, ASKED, 200, OLD);
    check_int(begin(&api, &told), 0);
    cluster_relearn(api.cluster, "example.com/v2", true);
    rest(&api);
    check_str(api_log(&api), ASKED "\n");
    api_release(&api);
}

/* ---- out of memory ---- */

/* As passes do: what fails says so again. */
static bool doubted_until_known(void *arg)
{
    struct api *api = arg;

    if (!knows_more(api))
        doubt(api);
    return knows_more(api);
}

TEST_ALLOC(a_doubt_survives_out_of_memory)
{
    struct api api;
    unsigned told;
    int rc;

    api_init(&api);
    api_rule(&api, ASKED, 200, OLD)->header = "ETag: \"one\"";
    api_rule(&api, ASKED, 304, "");
    api_rule(&api, ASKED, 200, NEW)->forever = true;
    rc = begin(&api, &told);
    if (rc == 0) {
        check(api_until(&api, doubted_until_known, &api));
        check(told > 0);
    }
    api_release(&api);
    return rc;
}
