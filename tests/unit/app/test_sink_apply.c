/*
 * sink_apply, row by row: what is sent, what is told, how it ends.
 */
#include <string.h>

#include "apply_desk.h"
#include "test.h"

/* ---- creates ---- */

TEST(a_create_is_an_apply_that_takes_only_what_is_not_there)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_CREATE, STAGE_MAP, "a")->declared_hash = "h";
    api_rule(&d.api, "PATCH configmaps/a", 201, MAP("a", "12"));
    check_ok(desk_run(&d), &d.err);
    check_str(api_log(&d.api), "PATCH configmaps/a\n");
    check_has(api_body(&d.api), "\"resourceVersion\":\"1\"");
    check_str(str_text(&d.seen), "ConfigMap a 12 h\n");
    check_int(d.writes, 1);
    check(!d.failed);
    desk_release(&d);
}

TEST(a_create_that_meets_our_own_object_plans_again)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_CREATE, STAGE_MAP, "a");
    api_rule(&d.api, "PATCH configmaps/a", 409, STATUS("Conflict", "is there"));
    api_rule(&d.api, "GET configmaps/a", 200, MAP("a", "12"));
    check_int(desk_run(&d), -ERR_CONFLICT);
    check_str(api_log(&d.api), "PATCH configmaps/a\nGET configmaps/a\n");
    check_str(str_text(&d.seen), "ConfigMap a 12\n");
    check_str(d.err.msg, "cannot create 'ConfigMap default/a': is there");
    check(d.failed == &d.stage.cs.items[0]);
    check_int(d.writes, 0);
    desk_release(&d);
}

TEST(a_create_that_meets_a_foreign_object_says_whose_name_it_is)
{
    static const char *const foreign[] = {
        "{'apiVersion':'v1','kind':'ConfigMap'," META("a", "u", "12", "") "}",
        "{'apiVersion':'v1','kind':'ConfigMap'," META("a", "u", "12",
                                                      OWNED("other")) "}",
    };
    struct desk d;

    for (size_t i = 0; i < 2; i++) {
        desk_set(&d);
        stage_change(&d.stage, CHANGE_CREATE, STAGE_MAP, "a");
        api_rule(&d.api, "PATCH configmaps/a", 409,
                 STATUS("AlreadyExists", "is there"));
        api_rule(&d.api, "GET configmaps/a", 200, foreign[i]);
        check_int(desk_run(&d), -ERR_NAME_CONFLICT);
        check_str(str_text(&d.seen), "");
        check_has(d.err.msg, "'ConfigMap a' exists and is not owned");
        check_has(d.err.hint, "never adopts");
        desk_release(&d);
    }
}

TEST(a_create_whose_rival_is_gone_again_plans_again)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_CREATE, STAGE_MAP, "a");
    api_rule(&d.api, "PATCH configmaps/a", 409, STATUS("AlreadyExists", "is"));
    api_rule(&d.api, "GET configmaps/a", 404, STATUS("NotFound", "gone"));
    check_int(desk_run(&d), -ERR_CONFLICT);
    check_str(str_text(&d.seen), "gone ConfigMap a \n");
    desk_release(&d);
}

/* ---- applies ---- */

TEST(an_apply_that_met_another_version_plans_again_from_the_truth)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_APPLY, STAGE_MAP, "a");
    api_rule(&d.api, "PATCH configmaps/a", 409, STATUS("Conflict", "changed"));
    api_rule(&d.api, "GET configmaps/a", 200, MAP("a", "13"));
    check_int(desk_run(&d), -ERR_CONFLICT);
    check_has(api_body(&d.api), "\"uid\":\"uid-a\"");
    check_str(str_text(&d.seen), "ConfigMap a 13\n");
    check_has(d.err.msg, "cannot change 'ConfigMap default/a'");
    desk_release(&d);
}

TEST(an_apply_to_an_object_that_is_gone_plans_again)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_APPLY, STAGE_MAP, "a");
    api_rule(&d.api, "PATCH configmaps/a", 409, STATUS("Conflict", "uid"));
    api_rule(&d.api, "GET configmaps/a", 404, STATUS("NotFound", "gone"));
    check_int(desk_run(&d), -ERR_CONFLICT);
    check_str(str_text(&d.seen), "gone ConfigMap a uid-a\n");
    desk_release(&d);
}

TEST(a_live_read_that_fails_leaves_the_first_reason)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_APPLY, STAGE_MAP, "a");
    api_rule(&d.api, "PATCH configmaps/a", 409, STATUS("Conflict", "changed"));
    api_rule(&d.api, "GET configmaps/a", 403, STATUS("Forbidden", "no"));
    check_int(desk_run(&d), -ERR_CONFLICT);
    check_has(d.err.msg, "changed");
    check_str(str_text(&d.seen), "");
    desk_release(&d);
}

TEST(the_first_refusal_stops_the_rest)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_APPLY, STAGE_MAP, "a");
    stage_change(&d.stage, CHANGE_APPLY, STAGE_MAP, "b");
    stage_change(&d.stage, CHANGE_APPLY, STAGE_MAP, "c");
    stage_change(&d.stage, CHANGE_STATUS, STAGE_ROOT, "blog");
    api_rule(&d.api, "PATCH configmaps/a", 200, MAP("a", "8"));
    api_rule(&d.api, "PATCH configmaps/b", 422, STATUS("Invalid", "data: no"));
    check_int(desk_run(&d), -ERR_REJECTED);
    check_str(api_log(&d.api), "PATCH configmaps/a\nPATCH configmaps/b\n");
    check_str(d.err.msg, "cannot change 'ConfigMap default/b': data: no");
    check(d.failed == &d.stage.cs.items[1]);
    check_int(d.writes, 1);
    desk_release(&d);
}

/* ---- deletes ---- */

TEST(a_delete_looks_at_the_root_first)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_PRUNE, STAGE_MAP, "a");
    stage_change(&d.stage, CHANGE_DELETE, STAGE_MAP, "b");
    api_rule(&d.api, "GET widgets/blog", 200, WIDGET("51", AS_PLANNED));
    api_rule(&d.api, "DELETE configmaps/a", 200, DELETED);
    api_rule(&d.api, "DELETE configmaps/b", 200, DELETED);
    check_ok(desk_run(&d), &d.err);
    check_str(api_log(&d.api), "GET widgets/blog\nDELETE configmaps/a\n"
                               "DELETE configmaps/b\n");
    check_has(api_body(&d.api), "\"preconditions\":{\"resourceVersion\":\"7\","
                                "\"uid\":\"uid-b\"}");
    check_str(str_text(&d.seen), "Widget blog 51\ngone ConfigMap a uid-a\n"
                                 "gone ConfigMap b uid-b\n");
    check_int(d.writes, 2);
    desk_release(&d);
}

TEST(an_object_that_waits_for_its_finalizers_is_not_gone)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_PRUNE, STAGE_MAP, "a");
    api_rule(&d.api, "GET widgets/blog", 200, WIDGET("51", AS_PLANNED));
    api_rule(&d.api, "DELETE configmaps/a", 200, DYING_MAP("a", "14"));
    check_ok(desk_run(&d), &d.err);
    check_has(str_text(&d.seen), "\nConfigMap a 14\n");
    check_int(d.writes, 1);
    desk_release(&d);
}

/* Some kinds answer with what was deleted; with its last finalizer an object
 * goes by the request that takes it. */
TEST(a_last_word_of_an_object_is_no_object)
{
    static const char *const words[] = {
        MAP("a", "14"),
        "{'apiVersion':'v1','kind':'ConfigMap'," META(
            "a", "uid-a", "14",
            ",'deletionTimestamp':'2026-01-01T00:00:00Z'") "}",
    };
    struct desk d;

    for (size_t i = 0; i < 2; i++) {
        desk_set(&d);
        stage_change(&d.stage, CHANGE_PRUNE, STAGE_MAP, "a");
        api_rule(&d.api, "GET widgets/blog", 200, WIDGET("51", AS_PLANNED));
        api_rule(&d.api, "DELETE configmaps/a", 200, words[i]);
        check_ok(desk_run(&d), &d.err);
        check_str(str_text(&d.seen),
                  "Widget blog 51\ngone ConfigMap a uid-a\n");
        check_int(d.writes, 1);
        desk_release(&d);
    }
}

TEST(what_is_gone_already_needs_no_delete)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_PRUNE, STAGE_MAP, "a");
    stage_change(&d.stage, CHANGE_APPLY, STAGE_MAP, "b");
    api_rule(&d.api, "GET widgets/blog", 200, WIDGET("51", AS_PLANNED));
    api_rule(&d.api, "DELETE configmaps/a", 404, STATUS("NotFound", "gone"));
    api_rule(&d.api, "PATCH configmaps/b", 200, MAP("b", "8"));
    check_ok(desk_run(&d), &d.err);
    check_str(str_text(&d.seen), "Widget blog 51\ngone ConfigMap a uid-a\n"
                                 "ConfigMap b 8\n");
    check_int(d.writes, 1);
    desk_release(&d);
}

TEST(a_delete_that_met_another_version_plans_again)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_PRUNE, STAGE_MAP, "a");
    api_rule(&d.api, "GET widgets/blog", 200, WIDGET("51", AS_PLANNED));
    api_rule(&d.api, "DELETE configmaps/a", 409, STATUS("Conflict", "changed"));
    api_rule(&d.api, "GET configmaps/a", 200, MAP("a", "15"));
    check_int(desk_run(&d), -ERR_CONFLICT);
    check_has(str_text(&d.seen), "\nConfigMap a 15\n");
    check_has(d.err.msg, "cannot delete 'ConfigMap default/a'");
    desk_release(&d);
}

TEST(a_root_that_changed_since_stops_everything_destructive)
{
    static const struct {
        int status;
        const char *body, *seen, *message;
    } table[] = {
        {200, WIDGET("51", ",'generation':3"), "Widget blog 51\n",
         "Widget 'blog' changed since it was planned for"},
        {200, WIDGET("51", AS_PLANNED DYING), "Widget blog 51\n",
         "changed since"},
        {200,
         "{'apiVersion':'example.com/v1','kind':'Widget'," META(
             "blog", "another", "51", AS_PLANNED) "}",
         "Widget blog 51\n", "changed since"},
        {404, STATUS("NotFound", "gone"), "gone Widget blog root-uid\n",
         "was deleted since"},
    };
    struct desk d;

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        desk_set(&d);
        stage_change(&d.stage, CHANGE_PRUNE, STAGE_MAP, "a");
        api_rule(&d.api, "GET widgets/blog", table[i].status, table[i].body);
        check_int(desk_run(&d), -ERR_CONFLICT);
        check_str(api_log(&d.api), "GET widgets/blog\n");
        check_str(str_text(&d.seen), table[i].seen);
        check_has(d.err.msg, table[i].message);
        check_int(d.writes, 0);
        desk_release(&d);
    }
}

TEST(a_view_that_changed_since_stops_everything_destructive)
{
    struct desk d;

    desk_set(&d);
    d.view_changed = true;
    stage_change(&d.stage, CHANGE_APPLY, STAGE_MAP, "b");
    stage_change(&d.stage, CHANGE_PRUNE, STAGE_MAP, "a");
    api_rule(&d.api, "PATCH configmaps/b", 200, MAP("b", "8"));
    api_rule(&d.api, "GET widgets/blog", 200, WIDGET("51", AS_PLANNED));
    check_int(desk_run(&d), -ERR_CONFLICT);
    check_str(api_log(&d.api), "PATCH configmaps/b\nGET widgets/blog\n");
    check_has(d.err.msg, "was read for Widget 'blog' changed");
    check_int(d.writes, 1);
    desk_release(&d);
}

TEST(a_root_that_cannot_be_read_stops_everything_destructive)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_PRUNE, STAGE_MAP, "a");
    api_rule(&d.api, "GET widgets/blog", 403, STATUS("Forbidden", "no"));
    check_int(desk_run(&d), -ERR_FORBIDDEN);
    check_str(api_log(&d.api), "GET widgets/blog\n");
    desk_release(&d);

    desk_set(&d);
    stage_change(&d.stage, CHANGE_PRUNE, STAGE_MAP, "a");
    api_rule(&d.api, "GET widgets/blog", 200, "<html>");
    check_int(desk_run(&d), -ERR_PROTOCOL);
    check_str(api_log(&d.api), "GET widgets/blog\n");
    desk_release(&d);
}

/* ---- recreates ---- */

#define PROBE "PATCH configmaps/probe-uid-a (dry)"

TEST(a_recreate_deletes_and_creates)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_RECREATE, STAGE_MAP, "a");
    api_rule(&d.api, "GET widgets/blog", 200, WIDGET("51", AS_PLANNED));
    api_rule(&d.api, "DELETE configmaps/a", 200, DELETED);
    api_rule(&d.api, "PATCH configmaps/a", 201, MAP("a", "20"));
    check_ok(desk_run(&d), &d.err);
    check_str(api_log(&d.api), "GET widgets/blog\nDELETE configmaps/a\n"
                               "PATCH configmaps/a\n");
    check_has(api_body(&d.api), "\"resourceVersion\":\"1\"");
    check_has(str_text(&d.seen), "gone ConfigMap a uid-a\nConfigMap a 20\n");
    check_int(d.writes, 2);
    desk_release(&d);
}

TEST(a_recreate_that_has_to_wait_leaves_the_create_for_later)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_RECREATE, STAGE_MAP, "a");
    stage_change(&d.stage, CHANGE_APPLY, STAGE_MAP, "b");
    api_rule(&d.api, "GET widgets/blog", 200, WIDGET("51", AS_PLANNED));
    api_rule(&d.api, "DELETE configmaps/a", 200, DYING_MAP("a", "14"));
    api_rule(&d.api, "PATCH configmaps/b", 200, MAP("b", "8"));
    check_ok(desk_run(&d), &d.err);
    check_str(api_log(&d.api), "GET widgets/blog\nDELETE configmaps/a\n"
                               "PATCH configmaps/b\n");
    desk_release(&d);
}

TEST(an_immutable_field_is_asked_about_first)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_APPLY, STAGE_MAP, "a")->check_immutable =
        true;
    api_rule(&d.api, "PATCH configmaps/a (dry)", 200, MAP("a", "7"));
    api_rule(&d.api, "PATCH configmaps/a", 200, MAP("a", "8"));
    check_ok(desk_run(&d), &d.err);
    check_str(api_log(&d.api), "PATCH configmaps/a (dry)\n"
                               "PATCH configmaps/a\n");
    check_str(str_text(&d.seen), "ConfigMap a 8\n");
    check_int(d.writes, 1);
    desk_release(&d);
}

TEST(what_cannot_be_changed_in_place_is_made_anew)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_APPLY, STAGE_MAP, "a")->check_immutable =
        true;
    api_rule(&d.api, "PATCH configmaps/a (dry)", 422,
             STATUS("Invalid", "field is immutable"));
    api_rule(&d.api, PROBE, 201, MAP("probe-uid-a", "9"));
    api_rule(&d.api, "GET widgets/blog", 200, WIDGET("51", AS_PLANNED));
    api_rule(&d.api, "DELETE configmaps/a", 200, DELETED);
    api_rule(&d.api, "PATCH configmaps/a", 201, MAP("a", "20"));
    check_ok(desk_run(&d), &d.err);
    check_str(api_log(&d.api), "PATCH configmaps/a (dry)\n" PROBE "\n"
                               "GET widgets/blog\n"
                               "DELETE configmaps/a\nPATCH configmaps/a\n");
    check_has(api_body(&d.api), "\"resourceVersion\":\"1\"");
    check_str(str_text(&d.seen), "Widget blog 51\ngone ConfigMap a uid-a\n"
                                 "ConfigMap a 20\n");
    check_int(d.writes, 2);
    desk_release(&d);
}

TEST(what_would_be_made_anew_beyond_the_limit_stays)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_APPLY, STAGE_MAP, "a")->check_immutable =
        true;
    d.stage.cs.blast.limits.per_pass = 0;
    api_rule(&d.api, "PATCH configmaps/a (dry)", 422,
             STATUS("Invalid", "field is immutable"));
    api_rule(&d.api, PROBE, 201, MAP("probe-uid-a", "9"));
    check_int(desk_run(&d), -ERR_BLAST_RADIUS);
    check_has(d.err.msg, "deletes 1 object, at most 0 in one pass (ConfigMap");
    check_str(api_log(&d.api), "PATCH configmaps/a (dry)\n" PROBE "\n");
    desk_release(&d);
}

#define RIVAL_MAP                                                              \
    "{'apiVersion':'v1','kind':'ConfigMap'," META(                             \
        "a", "uid-a", "9",                                                     \
        OWNED(STAGE_ROOT_UID) ",'managedFields':[{'manager':'kubectl-edit',"   \
                              "'operation':'Update','fieldsV1':"               \
                              "{'f:data':{'f:color':{}}}}]") "}"

TEST(what_is_fought_over_is_left_alone_and_the_rest_is_done)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_APPLY, STAGE_MAP, "a")->contested =
        ".data.color";
    stage_change(&d.stage, CHANGE_APPLY, STAGE_MAP, "b");
    stage_change(&d.stage, CHANGE_STATUS, STAGE_ROOT, "blog");
    api_rule(&d.api, "GET configmaps/a", 200, RIVAL_MAP);
    api_rule(&d.api, "PATCH configmaps/b", 200, MAP("b", "12"));
    check_int(desk_run(&d), -ERR_CONTESTED);
    check_str(d.err.msg, "cannot change 'ConfigMap default/a': 'kubectl-edit' "
                         "keeps changing .data.color");
    check_str(api_log(&d.api), "GET configmaps/a\nPATCH configmaps/b\n");
    check_int(d.writes, 1);
    check_str(d.stage.cs.items[0].rival, "kubectl-edit");
    desk_release(&d);
}

TEST(a_field_that_nobody_else_owns_is_changed_on_its_way)
{
    struct desk d;
    struct change *c;

    desk_set(&d);
    c = stage_change(&d.stage, CHANGE_APPLY, STAGE_MAP, "a");
    c->contested = ".data.color";
    api_rule(&d.api, "GET configmaps/a", 200, MAP("a", "9"));
    check_int(desk_run(&d), -ERR_CONTESTED);
    check_has(d.err.msg, ".data.color does not stay as it is written: the "
                         "server, a webhook or the script itself changes it");
    desk_release(&d);
}

TEST(a_rival_that_is_known_is_not_looked_for)
{
    struct desk d;
    struct change *c;

    desk_set(&d);
    c = stage_change(&d.stage, CHANGE_APPLY, STAGE_MAP, "a");
    c->contested = ".data.color";
    c->rival = "hpa";
    check_int(desk_run(&d), -ERR_CONTESTED);
    check_has(d.err.msg, "'hpa' keeps changing .data.color");
    check_str(api_log(&d.api), "");
    desk_release(&d);
}

TEST(a_delete_waits_when_there_is_no_room_in_the_minute)
{
    struct desk d;

    desk_set(&d);
    d.deletes_left = 2;
    stage_change(&d.stage, CHANGE_CREATE, STAGE_MAP, "new");
    stage_change(&d.stage, CHANGE_PRUNE, STAGE_MAP, "a");
    stage_change(&d.stage, CHANGE_PRUNE, STAGE_MAP, "b");
    stage_change(&d.stage, CHANGE_PRUNE, STAGE_MAP, "c");
    api_rule(&d.api, "PATCH configmaps/new", 201, MAP("new", "9"));
    api_rule(&d.api, "GET widgets/blog", 200, WIDGET("51", AS_PLANNED));
    api_rule(&d.api, "DELETE configmaps/b", 200, DELETED);
    api_rule(&d.api, "DELETE configmaps/a", 200, DELETED);
    check_int(desk_run(&d), -ERR_BLAST_RADIUS);
    check_str(api_log(&d.api), "PATCH configmaps/new\nGET widgets/blog\n"
                               "DELETE configmaps/a\nDELETE configmaps/b\n");
    check_int(d.writes, 3);
    check_int(d.deletes_left, 0);
    desk_release(&d);
}

TEST(a_root_that_changed_meanwhile_is_not_made_anew)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_APPLY, STAGE_MAP, "a")->check_immutable =
        true;
    api_rule(&d.api, "PATCH configmaps/a (dry)", 422, STATUS("Invalid", "no"));
    api_rule(&d.api, PROBE, 201, MAP("probe-uid-a", "9"));
    api_rule(&d.api, "GET widgets/blog", 200, WIDGET("51", ",'generation':3"));
    check_int(desk_run(&d), -ERR_CONFLICT);
    check_str(api_log(&d.api),
              "PATCH configmaps/a (dry)\n" PROBE "\nGET widgets/blog\n");
    desk_release(&d);
}

TEST(what_is_not_valid_at_all_is_not_deleted_to_be_made_anew)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_APPLY, STAGE_MAP, "a")->check_immutable =
        true;
    api_rule(&d.api, "PATCH configmaps/a (dry)", 422,
             STATUS("Invalid", "image: Required value"));
    api_rule(&d.api, PROBE, 422, STATUS("Invalid", "image: Required value"));
    check_int(desk_run(&d), -ERR_REJECTED);
    check_str(d.err.msg, "cannot change 'ConfigMap default/a': image: Required "
                         "value");
    check_str(api_log(&d.api), "PATCH configmaps/a (dry)\n" PROBE "\n");
    check_int(d.writes, 0);
    check(d.failed != NULL);
    desk_release(&d);
}

TEST(a_question_that_is_refused_ends_the_pass)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_APPLY, STAGE_MAP, "a")->check_immutable =
        true;
    api_rule(&d.api, "PATCH configmaps/a (dry)", 403, STATUS("Forbidden", "x"));
    check_int(desk_run(&d), -ERR_FORBIDDEN);
    check_str(api_log(&d.api), "PATCH configmaps/a (dry)\n");
    check_has(d.err.msg, "cannot change 'ConfigMap default/a'");
    desk_release(&d);
}
