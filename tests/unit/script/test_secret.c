/*
 * test_secret.c -- values of Secrets: handles in scripts, bytes in plans.
 */
#include "kit.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

struct example {
    const char *body;
    const char *want;
};
#define COUNT(list) (sizeof(list) / sizeof *(list))

/* cGFzcw== is "pass", /w== is the byte 255. */
static void add_secrets(struct kit *k)
{
    kit_item(k, READ_SECRET,
             "{'metadata':{'name':'a','namespace':'default',"
             "'annotations':{'kubectl.kubernetes.io/last-applied-configuration'"
             ":'leak','other':'x'}},'data':{'p':'cGFzcw==','same':'cGFzcw==',"
             "'bin':'/w=='},'type':'Opaque'}");
    kit_item(k, READ_SECRET,
             "{'metadata':{'name':'b','namespace':'default'},"
             "'data':{'p':'cGFzcw==','q':'eA=='}}");
}

#define SECRET "local a = view:get('v1', 'Secret', 'a') "

static void gives(const char *body, const char *want)
{
    struct kit k;

    kit_init(&k);
    add_secrets(&k);
    if (check_ok(kit_run(&k, arena_printf(&k.arena, "%s%s", SECRET, body)),
                 &k.err))
        check_str(kit_plan(&k), want);
    kit_release(&k);
}

TEST(secret_values_are_handles_that_compare_by_value)
{
    gives("log.info(type(a.data.p))", "info: userdata\n");
    gives("log.info(a.data.p == a.data.same)", "info: true\n");
    gives("log.info(a.data.p == a.data.bin)", "info: false\n");
    gives("log.info(a.data.p == view:get('v1', 'Secret', 'b').data.p)",
          "info: true\n");
    gives("log.info(a.data.p == 'cGFzcw==')", "info: false\n");
    gives("log.info(a.data.nope == nil)", "info: true\n");
    gives("log.info(a.type)", "info: Opaque\n");
}

TEST(the_checksum_is_keyed_by_the_root)
{
    struct kit k;
    char first[128];

    kit_init(&k);
    add_secrets(&k);
    check_ok(kit_run(&k, SECRET "log.info(a.data.p:checksum())"), &k.err);
    snprintf(first, sizeof first, "%s", kit_plan(&k));
    check_int(strlen(first), 71);
    /* HMAC-SHA256 of "pass" with the key "u-1" */
    check_str(first, "info: c28d5e699e31969efe9ee13ef88ceefa3b7e20dbab7feaf2c7"
                     "78c76bd47d9411\n");
    kit_root(&k, "{'metadata':{'name':'blog','namespace':'default','uid':"
                 "'u-2'}}");
    check_ok(kit_run(&k, SECRET "log.info(a.data.p:checksum())"), &k.err);
    check(strcmp(first, kit_plan(&k)) != 0);
    kit_release(&k);
}

TEST(secret_values_never_become_text)
{
    static const char *const bodies[] = {
        "local x = 'p=' .. a.data.p",
        "local x = tostring(a.data.p)",
        "local x = string.format('%s', a.data.p)",
        "log.info(a.data.p)",
        "local x = a.data.p < a.data.same",
        "local x = #a.data.p",
        "a.data.p()",
        "a.data.p.x = 1",
    };
    struct kit k;

    for (size_t i = 0; i < COUNT(bodies); i++) {
        kit_init(&k);
        add_secrets(&k);
        kit_fails(&k, arena_printf(&k.arena, "%s%s", SECRET, bodies[i]),
                  ERR_SCRIPT,
                  "operator.lua:1: a secret value cannot be turned "
                  "into text: scripts see handles, not bytes\n  hint: place it "
                  "as it is, compare it, or use handle:checksum(); an operator "
                  "with reads_secret_values = true gets the values themselves");
        kit_release(&k);
    }
}

TEST(other_uses_of_secret_values_say_why_not)
{
    static const struct example e[] = {
        {"a.data.p:upper()", "operator.lua:1: a secret value has no field or "
                             "method 'upper': scripts see handles, not bytes"},
        {"string.upper(a.data.p)", "bad argument #1 to 'upper' (string "
                                   "expected, got secret)"},
        {"table.concat { a.data.p }", "invalid value (a userdata) at index 1"},
        {"tidelock.checksum(a.data)", "operator.lua:1: tidelock.checksum: a "
                                      "secret value inside"},
        {"plan:condition('A', true, 'B', a.data.p)",
         "operator.lua:1: "
         "plan:condition: message: expected a text, got a secret value"},
    };
    struct kit k;

    for (size_t i = 0; i < COUNT(e); i++) {
        kit_init(&k);
        add_secrets(&k);
        check(kit_run(&k, arena_printf(&k.arena, "%s%s", SECRET, e[i].body)) <
              0);
        check_has(k.err.msg, e[i].want);
        kit_release(&k);
    }
}

TEST(the_copy_in_last_applied_is_not_shown)
{
    gives("plan:status(a.metadata.annotations)",
          "status @operator.lua:1 {\"other\":\"x\"}\n");
}

TEST(an_operator_may_ask_for_the_values_themselves)
{
    static const char text[] =
        "local tidelock = require 'tidelock'\nreturn tidelock.operator { api = "
        "1, name = 'x', resource = { 'example.com/v1', 'Website' },\n"
        "reads_secret_values = true, owns = { { 'v1', 'Secret' } }, reconcile ="
        " function(s, view)\nlocal a = view:get('v1', 'Secret', 'a') "
        "log.info(tidelock.base64.decode(a.data.p)) end }";
    struct kit k;

    kit_init(&k);
    kit_item(&k, OWNED_SECRET,
             "{'metadata':{'name':'a','namespace':'default'},"
             "'data':{'p':'cGFzcw=='}}");
    check_ok(kit_load(&k, text), &k.err);
    check_ok(kit_call(&k, JOB_RECONCILE), &k.err);
    check_str(kit_plan(&k), "info: pass\n");
    kit_release(&k);
}

/* ---- handles in plans ---- */

static const char placed[] = SECRET
    "local b = view:get('v1', 'Secret', 'b')\n"
    "plan:apply { apiVersion = 'v1', kind = 'Secret', metadata = { name = 'x' }"
    ", data = { p = a.data.p, bin = a.data.bin }, stringData = { q = b.data.q "
    "} }\n"
    "plan:apply { apiVersion = 'apps/v1', kind = 'Deployment', metadata = { "
    "name = 'd' }, spec = { data = { a.data.p } } }\n"
    "plan:patch({ 'v1', 'Secret', 'a' }, { { op = 'add', path = '/data/z', "
    "value = a.data.p }, { op = 'add', path = '/stringData/z', value = "
    "a.data.p } }, { type = 'json' })";

TEST(handles_become_bytes_behind_the_script)
{
    struct kit k;
    const struct value *v;

    kit_init(&k);
    add_secrets(&k);
    check_ok(kit_run(&k, placed), &k.err);
    check_ok(plan_resolve_secrets(&k.plan, &k.view, &k.err), &k.err);
    check_str(kit_plan(&k),
              "apply Secret x @operator.lua:2 {\"apiVersion\":\"v1\",\"data\":{"
              "\"bin\":\"/w==\",\"p\":\"cGFzcw==\"},\"kind\":\"Secret\","
              "\"metadata\":{\"name\":\"x\"},\"stringData\":{\"q\":\"x\"}}\n"
              "apply Deployment d @operator.lua:3 {\"apiVersion\":\"apps/v1\","
              "\"kind\":\"Deployment\",\"metadata\":{\"name\":\"d\"},\"spec\":{"
              "\"data\":[\"pass\"]}}\n"
              "patch Secret a json @operator.lua:4 [{\"op\":\"add\",\"path\":"
              "\"/data/z\",\"value\":\"cGFzcw==\"},{\"op\":\"add\",\"path\":"
              "\"/stringData/z\",\"value\":\"pass\"}]\n");
    v = value_path(k.plan.steps[0].body, "data.p");
    check(v && v->sensitive);
    kit_release(&k);
}

TEST(bytes_that_are_no_text_stay_in_the_data_of_secrets)
{
    struct kit k;

    kit_init(&k);
    add_secrets(&k);
    check_ok(kit_run(&k, SECRET
                     "plan:apply { apiVersion = 'v1', kind = "
                     "'ConfigMap', metadata = { name = 'm' }, data = { x = "
                     "a.data.bin } }"),
             &k.err);
    check_int(plan_resolve_secrets(&k.plan, &k.view, &k.err), -ERR_PLAN);
    check_str(k.err.msg, "operator.lua:1: ConfigMap 'm': secret value 'bin': "
                         "not UTF-8: binary values can only be placed under "
                         "the data of a Secret");
    kit_release(&k);
}

TEST(a_secret_value_has_no_place_in_a_status)
{
    struct kit k;

    kit_init(&k);
    add_secrets(&k);
    check_ok(kit_run(&k, SECRET "plan:status { a = { p = { a.data.p } } }"),
             &k.err);
    check_int(plan_resolve_secrets(&k.plan, &k.view, &k.err), -ERR_PLAN);
    check_str(k.err.msg, "operator.lua:1: plan:status: a secret value has no "
                         "place in a status");
    kit_release(&k);
}

TEST(a_root_that_is_a_secret_has_handles_too)
{
    static const char text[] =
        "local tidelock = require 'tidelock'\nreturn tidelock.operator { api = "
        "1, name = 'x', resource = { 'v1', 'Secret' }, owns = { { 'v1', "
        "'ConfigMap' } }, reconcile = function(s, view, plan) plan:apply { "
        "apiVersion = 'v1', kind = 'ConfigMap', metadata = { name = 'm' }, "
        "data = { p = s.data.p } } end }";
    struct kit k;
    struct gvk gvk = {"v1", "Secret"};
    static const char json[] =
        "{\"metadata\":{\"name\":\"a\",\"namespace\":\"default\"},\"data\":{"
        "\"p\":\"cGFzcw==\"}}";

    kit_init(&k);
    check_ok(snapshot_parse(json, sizeof json - 1, &gvk, &k.view.root, &k.err),
             &k.err);
    check_ok(kit_load(&k, text), &k.err);
    check_ok(kit_call(&k, JOB_RECONCILE), &k.err);
    check_ok(plan_resolve_secrets(&k.plan, &k.view, &k.err), &k.err);
    check_str(kit_plan(&k),
              "apply ConfigMap m @operator.lua:2 {\"apiVersion\":\"v1\","
              "\"data\":{\"p\":\"pass\"},\"kind\":\"ConfigMap\","
              "\"metadata\":{\"name\":\"m\"}}\n");
    kit_release(&k);
}
