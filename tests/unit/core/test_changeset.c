/*
 * Requests of changes: dry runs, versions, words.
 */
#include <string.h>

#include "core/diff_fixture.h"
#include "core/fake_server.h"
#include "test.h"

static const struct render_options AS_SENT;

static const char *dry_path(struct fixture *f, size_t i)
{
    const struct render_options dry = {.dry_run = true};
    struct request_pair pair;

    check_ok(change_requests(&f->cs, &f->cs.items[i], &dry, &f->arena, &pair,
                             &f->err),
             &f->err);
    return pair.items[0].path;
}

TEST(a_dry_run_is_the_same_request_with_one_word_more)
{
    struct fixture f;

    fx_init(&f);
    f.decl.has_finalize = true;
    fx_child(&f, CONFIG_MAP, "{'metadata':{'name':'old'}}", FX_OURS);
    fx_apply_map(&f, "a");
    fx_condition(&f, "Ready", "True");
    check_ok(fx_diff(&f), &f.err);
    check_int(f.cs.count, 4);
    check_has(dry_path(&f, 0), "dryRun=All");
    check_has(dry_path(&f, 1), "dryRun=All&fieldValidation=Strict");
    check_has(dry_path(&f, 2), "/configmaps/old");
    check_has(dry_path(&f, 3), "/status?fieldManager=tidelock-website&"
                               "force=true&dryRun=All");
    fx_release(&f);
}

TEST(without_a_newer_version_the_root_is_the_one_planned_from)
{
    struct fixture f;
    struct request_pair pair;

    fx_init(&f);
    fx_condition(&f, "Ready", "True");
    check_ok(fx_diff(&f), &f.err);
    check_ok(change_requests(&f.cs, &f.cs.items[0], &AS_SENT, &f.arena, &pair,
                             &f.err),
             &f.err);
    check_int(pair.count, 1);
    check_has(pair.items[0].body, "\"resourceVersion\":\"50\"");
    fx_release(&f);
}

TEST(rendering_leaves_the_change_as_it_is)
{
    struct fixture f;
    const char *first, *second;

    fx_init(&f);
    fx_apply_map(&f, "a");
    check_ok(fx_diff(&f), &f.err);
    first = fx_requests(&f, 0);
    second = fx_requests(&f, 0);
    check_str(first, second);
    check(!value_path(f.cs.items[0].body, "metadata.resourceVersion"));
    fx_release(&f);
}

TEST(an_event_is_created_in_the_namespace_of_its_root)
{
    struct fixture f;

    fx_init(&f);
    *plan_add_event(&f.plan) =
        (struct plan_event){"Warning", "Odd", "looks odd", "operator.lua:9"};
    check_ok(fx_diff(&f), &f.err);
    check_has(fx_requests(&f, 0),
              "POST /apis/events.k8s.io/v1/namespaces/default/events?"
              "fieldManager=tidelock-website {\"action\":\"Reconcile\","
              "\"apiVersion\":\"events.k8s.io/v1\",\"eventTime\":"
              "\"2026-01-02T03:04:05.000000Z\",\"kind\":\"Event\","
              "\"metadata\":{\"name\":\"blog.");
    check_has(fx_requests(&f, 0),
              "\"note\":\"looks odd\",\"reason\":\"Odd\",\"regarding\":{"
              "\"apiVersion\":\"example.com/v1\",\"kind\":\"Website\","
              "\"name\":\"blog\",\"namespace\":\"default\",\"uid\":"
              "\"" FX_ROOT_UID "\"},\"reportingController\":"
              "\"tidelock-website\",\"reportingInstance\":"
              "\"tidelock-website\",\"type\":\"Warning\"}");
    fx_release(&f);
}

TEST(an_event_of_a_cluster_scoped_root_lives_in_default)
{
    struct fixture f;
    char note[1200];

    fx_init(&f);
    f.root_resource.namespaced = false;
    fx_root(&f, "{}");
    memset(note, 'x', sizeof(note) - 1);
    note[sizeof(note) - 1] = '\0';
    memcpy(note + 1023, "\xc3\xa9", 2); /* across the limit of 1024 bytes */
    *plan_add_event(&f.plan) =
        (struct plan_event){"Normal", "Long", note, NULL};
    check_ok(fx_diff(&f), &f.err);
    check_has(fx_requests(&f, 0), "/namespaces/default/events");
    check_int(strlen(value_text_at(f.cs.items[0].body, "note")), 1023);
    fx_release(&f);
}

TEST(every_verb_has_a_word_and_a_sign)
{
    static const struct {
        enum change_verb verb;
        const char *word, *sign;
        bool child;
    } verbs[] = {
        {CHANGE_ADD_FINALIZER, "add finalizer", "~", false},
        {CHANGE_CREATE, "create", "+", true},
        {CHANGE_APPLY, "change", "~", true},
        {CHANGE_RECREATE, "recreate", "-/+", true},
        {CHANGE_PATCH, "patch", "~", true},
        {CHANGE_SCALE, "scale", "~", true},
        {CHANGE_DELETE, "delete", "-", true},
        {CHANGE_PRUNE, "delete", "-", true},
        {CHANGE_RELEASE, "release", "~", true},
        {CHANGE_STATUS, "status", "~", false},
        {CHANGE_REMOVE_FINALIZER, "remove finalizer", "~", false},
        {CHANGE_EVENT, "event", "+", false},
    };

    for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
        struct change c = {.verb = verbs[i].verb};

        check_str(change_verb_word(verbs[i].verb), verbs[i].word);
        check_str(change_verb_sign(verbs[i].verb), verbs[i].sign);
        check_int(change_is_child(&c), verbs[i].child);
    }
}

TEST_ALLOC(a_plan_survives_out_of_memory_from_diff_to_requests)
{
    struct fixture f;
    struct request_pair pair;
    int rc;

    fx_init(&f);
    f.decl.has_finalize = true;
    fx_child(&f, CONFIG_MAP, "{'metadata':{'name':'old'}}", FX_OURS);
    fx_child(&f, CONFIG_MAP, "{'metadata':{'name':'held'}}", FX_ORPHAN);
    fx_child(&f, CONFIG_MAP,
             "{'metadata':{'name':'a','managedFields':[{"
             "'manager':'tidelock-website','operation':'Apply',"
             "'fieldsV1':{'f:data':{'f:z':{}}}}]},'data':{'z':'y'}}",
             FX_OURS);
    fx_apply_map(&f, "a");
    fx_after(&f, fx_apply_map(&f, "b"), "a");
    fx_apply(&f, "{'apiVersion':'v1','kind':'Secret','metadata':{"
                 "'name':'s'},'stringData':{'p':'q'}}");
    fx_condition(&f, "Ready", "True");
    f.memo = diff_memo_new(4);
    rc = fx_diff(&f);
    for (size_t i = 0; rc == 0 && i < f.cs.count; i++)
        rc = change_requests(&f.cs, &f.cs.items[i], &AS_SENT, &f.arena, &pair,
                             &f.err);
    if (rc == 0) {
        check_int(f.cs.count, 7);
        check_int(strlen(f.cs.hash), 64);
    }
    fx_release(&f);
    return rc;
}
