/*
 * A plan as JSON and YAML: the requests as they would be sent, without secrets.
 */
#include <string.h>

#include "kube/request.h"
#include "printed.h"
#include "test.h"

static const struct report_options JSON = {.format = REPORT_JSON};
static const struct report_options YAML = {.format = REPORT_YAML};

/* One pass of one root, as a document. */
static const char *text_of(struct printed *p, struct stage *s,
                           struct report_options options)
{
    printed_init(p, options);
    check_ok(printed_pass(p, s), &p->err);
    return printed_finish(p);
}

/* The same, read back. */
static struct value *doc_of(struct printed *p, struct stage *s)
{
    const char *text = text_of(p, s, JSON);
    struct value *doc = NULL;

    check_ok(value_parse(&s->arena, text, strlen(text), &doc, &p->err),
             &p->err);
    return doc;
}

/* The i-th of the array at `path`. */
static struct value *at(const struct value *v, const char *path, uint32_t i)
{
    const struct value *list = value_path(v, path);

    return value_is(list, VALUE_ARRAY) && i < list->count ? list->as.items[i]
                                                          : NULL;
}

static struct value *change_at(const struct value *doc, uint32_t i)
{
    return at(at(doc, "items", 0), "changes", i);
}

static struct value *request_at(const struct value *doc, uint32_t i)
{
    return at(change_at(doc, i), "requests", 0);
}

static void done(struct printed *p, struct stage *s)
{
    printed_release(p);
    stage_release(s);
}

TEST(a_yaml_plan_is_a_whole_document)
{
    struct stage s;
    struct printed p;
    struct change *c;

    stage_init(&s);
    c = stage_change(&s, CHANGE_CREATE, STAGE_MAP, "a");
    c->line = "operator.lua:3";
    c->confirmed = true;
    stage_field(&s, c, ".data.k", NULL, "'v'");
    s.cs.unchanged = 2;
    strcpy(s.cs.hash, "abc");
    check_str(text_of(&p, &s, YAML),
              "apiVersion: tidelock.dev/v1alpha1\n"
              "items:\n"
              "- changes:\n"
              "  - action: create\n"
              "    apiVersion: v1\n"
              "    confirmed: true\n"
              "    fields:\n"
              "    - after: v\n"
              "      path: .data.k\n"
              "    kind: ConfigMap\n"
              "    line: operator.lua:3\n"
              "    name: a\n"
              "    namespace: default\n"
              "    requests:\n"
              "    - body:\n"
              "        apiVersion: v1\n"
              "        kind: ConfigMap\n"
              "        metadata:\n"
              "          name: a\n"
              "          resourceVersion: \"1\"\n"
              "      contentType: application/apply-patch+yaml\n"
              "      method: PATCH\n"
              "      path: \"/api/v1/namespaces/default/configmaps/a?"
              "fieldManager=tidelock-shop&fieldValidation=Strict\"\n"
              "  hash: abc\n"
              "  root:\n"
              "    apiVersion: example.com/v1\n"
              "    kind: Widget\n"
              "    name: blog\n"
              "    namespace: default\n"
              "    uid: root-uid\n"
              "  unchanged: 2\n"
              "kind: Plan\n"
              "operator: shop\n"
              "operatorWrites: []\n"
              "summary:\n"
              "  change: 0\n"
              "  create: 1\n"
              "  delete: 0\n"
              "  errors: 0\n"
              "  events: 0\n"
              "  recreate: 0\n"
              "  roots: 1\n"
              "  status: 0\n");
    done(&p, &s);
}

TEST(a_recreate_is_two_requests)
{
    struct stage s;
    struct printed p;
    struct value *c;

    stage_init(&s);
    stage_change(&s, CHANGE_RECREATE, STAGE_DEPLOY, "blog");
    c = change_at(doc_of(&p, &s), 0);
    check_str(value_text_at(c, "action"), "recreate");
    check_int(value_path(c, "requests")->count, 2);
    check_str(value_text_at(at(c, "requests", 0), "method"), "DELETE");
    check_str(value_text_at(at(c, "requests", 0), "body.preconditions.uid"),
              "uid-blog");
    check_str(value_text_at(at(c, "requests", 1), "method"), "PATCH");
    check_str(
        value_text_at(at(c, "requests", 1), "body.metadata.resourceVersion"),
        "1");
    done(&p, &s);
}

TEST(errors_notes_and_requeues_are_in_the_document)
{
    struct stage s;
    struct printed p;
    struct pass pass;
    struct value *item = NULL;
    struct object_ref ref = {{"v1", "ConfigMap"}, {"default", "late"}};
    const char *text;

    stage_init(&s);
    err_set(&s.err, ERR_REJECTED, "spec: wrong");
    err_hint(&s.err, "look at it");
    s.plan.nothing = "paused";
    check_int(changeset_note(&s.cs, &ref, NULL, "held: gate"), 0);
    printed_init(&p, JSON);
    pass = stage_pass(&s);
    pass.requeue_ms = 1500;
    check_ok(report_pass(p.report, &pass, &p.err), &p.err);
    text = printed_finish(&p);
    check_ok(value_parse(&s.arena, text, strlen(text), &item, &p.err), &p.err);
    check_int(value_int_at(item, "summary.errors", 0), 1);
    item = at(item, "items", 0);
    check_str(value_text_at(item, "error.code"), "REJECTED");
    check_str(value_text_at(item, "error.message"), "spec: wrong");
    check_str(value_text_at(item, "error.hint"), "look at it");
    check_str(value_text_at(item, "nothing"), "paused");
    check_int(value_int_at(item, "requeueAfterMilliseconds", 0), 1500);
    check_str(value_text_at(at(item, "notes", 0), "name"), "late");
    check_str(value_text_at(at(item, "notes", 0), "text"), "held: gate");
    done(&p, &s);
}

TEST(unchanged_roots_are_in_the_document)
{
    struct stage s;
    struct printed p;
    struct value *doc;

    stage_init(&s);
    doc = doc_of(&p, &s);
    check_int(value_path(doc, "items")->count, 1);
    check_int(value_path(at(doc, "items", 0), "changes")->count, 0);
    check_int(value_int_at(doc, "summary.roots", 0), 1);
    done(&p, &s);
}

TEST(the_operators_own_write_is_in_the_document)
{
    struct stage s;
    struct printed p;
    struct value *doc = NULL;
    const char *text;
    struct request r = {.method = HTTP_PATCH,
                        .path = "/apis/x",
                        .body = "{\"a\":1}",
                        .body_len = 7};

    stage_init(&s);
    printed_init(&p, JSON);
    check_ok(report_operator_write(p.report, &r, "Lease", &p.err), &p.err);
    text = printed_finish(&p);
    check_ok(value_parse(&s.arena, text, strlen(text), &doc, &p.err), &p.err);
    check_int(value_int_at(at(doc, "operatorWrites", 0), "body.a", 0), 1);
    check_str(value_text_at(at(doc, "operatorWrites", 0), "path"), "/apis/x");
    done(&p, &s);
}

/* ---- secrets ---- */

TEST(the_data_of_a_secret_is_hidden)
{
    struct stage s;
    struct printed p;
    struct change *c;
    struct value *body;

    stage_init(&s);
    c = stage_change(&s, CHANGE_APPLY, STAGE_SECRET, "keys");
    c->body = stage_value(&s, "{'apiVersion':'v1','kind':'Secret','metadata':{"
                              "'name':'keys'},'data':{'a':'b2xk'},"
                              "'stringData':{'b':'plain'},'type':'Opaque'}");
    stage_field(&s, c, ".data.a", "'b2xk'", "'bmV3'");
    c->fields[0].sensitive = true;
    body = value_get(request_at(doc_of(&p, &s), 0), "body");
    check_str(value_text_at(body, "data.a"), "(sensitive)");
    check_str(value_text_at(body, "stringData.b"), "(sensitive)");
    check_str(value_text_at(body, "type"), "Opaque");
    check(!strstr(str_text(&p.text), "b2xk"));
    check(!strstr(str_text(&p.text), "bmV3"));
    check(!strstr(str_text(&p.text), "plain"));
    printed_release(&p);
    check_has(text_of(&p, &s, YAML), "a: \"(sensitive)\"\n");
    check(!strstr(str_text(&p.text), "b2xk"));
    check(!strstr(str_text(&p.text), "bmV3"));
    done(&p, &s);
}

TEST(a_copied_secret_is_hidden_wherever_it_is)
{
    struct stage s;
    struct printed p;
    struct change *c;
    struct value *body;

    stage_init(&s);
    c = stage_change(&s, CHANGE_CREATE, STAGE_MAP, "a");
    c->body = stage_value(&s, "{'apiVersion':'v1','kind':'ConfigMap',"
                              "'metadata':{'name':'a'},'data':{'t':'token',"
                              "'u':'plain'},'list':[{'v':'token'},'x']}");
    value_path(c->body, "data.t")->sensitive = true;
    value_get(at(c->body, "list", 0), "v")->sensitive = true;
    stage_field(&s, c, ".data", NULL, "{'t':'token'}");
    value_get(c->fields[0].after, "t")->sensitive = true;
    body = value_get(request_at(doc_of(&p, &s), 0), "body");
    check_str(value_text_at(body, "data.t"), "(sensitive)");
    check_str(value_text_at(body, "data.u"), "plain");
    check_str(value_text_at(at(body, "list", 0), "v"), "(sensitive)");
    check(!strstr(str_text(&p.text), "token"));
    printed_release(&p);
    text_of(&p, &s, YAML);
    check(!strstr(str_text(&p.text), "token"));
    done(&p, &s);
}

/* The preconditions of a JSON patch stand before what the script wrote. */
TEST(a_secret_in_a_json_patch_is_hidden)
{
    struct stage s;
    struct printed p;
    struct change *c;
    struct value *body;

    stage_init(&s);
    c = stage_change(&s, CHANGE_PATCH, STAGE_MAP, "a");
    c->patch_type = PATCH_JSON;
    c->body = stage_value(&s, "[{'op':'add','path':'/data/t',"
                              "'value':'token'}]");
    value_get(c->body->as.items[0], "value")->sensitive = true;
    body = value_get(request_at(doc_of(&p, &s), 0), "body");
    check(body->count > 1);
    check_str(value_text_at(body->as.items[body->count - 1], "value"),
              "(sensitive)");
    check_str(value_text_at(body->as.items[0], "op"), "test");
    check(!strstr(str_text(&p.text), "token"));
    done(&p, &s);
}

TEST_ALLOC(a_document_survives_out_of_memory)
{
    struct stage s;
    struct printed p;
    struct change *c;
    const char *text;
    int rc;

    stage_init(&s);
    c = stage_change(&s, CHANGE_APPLY, STAGE_SECRET, "a");
    stage_field(&s, c, ".data.k", "'b2xk'", "'b'");
    if (c && !s.oom)
        value_set(&s.arena, c->body, "data", c->fields[0].before);
    if (!s.oom)
        err_set(&s.err, ERR_SCRIPT, "operator.lua:3: no image");
    printed_init(&p, YAML);
    printed_pass(&p, &s);
    text = printed_finish(&p);
    rc =
        p.err.code == ERR_NONE && p.text.failed ? -ERR_NOMEM : -(int)p.err.code;
    if (rc == 0) {
        check_has(text, "path: .data.k\n");
        check_has(text, "code: SCRIPT\n");
        check_has(text, "uid: uid-a\n");
    }
    done(&p, &s);
    return rc;
}
