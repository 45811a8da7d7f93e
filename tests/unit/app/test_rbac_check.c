/*
 * `rbac --check`, and `rbac` as a whole, with a server that answers by table.
 */
#include <string.h>

#include "api.h"
#include "app/rbac.h"
#include "app/runtime.h"
#include "rights.h"
#include "test.h"

#define REVIEWS "POST apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
#define YES "{'status':{'allowed':true}}"
#define NO "{'status':{'allowed':false,'reason':'no'}}"

struct desk {
    struct rights rights;
    struct api api;
    struct rbac_check *check;
    unsigned done;
    struct err err;
    struct str text;
};

static void on_done(void *arg, const struct err *err)
{
    struct desk *d = arg;

    d->done++;
    d->err = *err;
}

static bool is_done(void *arg)
{
    return ((struct desk *)arg)->done > 0;
}

/* 9 rights: get, list and watch of Widgets, patch of their status, create and
 * patch of Events; get, create and patch of the Lease. */
static bool start(struct desk *d)
{
    memset(d, 0, sizeof *d);
    rights_init(&d->rights);
    api_init(&d->api);
    return *rights_yaml(&d->rights) && api_open(&d->api);
}

static void ask(struct desk *d)
{
    d->check =
        rbac_check_start(d->api.cluster, &d->rights.made, on_done, d, &d->err);
    if (d->check && check(api_until(&d->api, is_done, d)))
        rbac_check_print(d->check, &d->text);
}

static void end(struct desk *d)
{
    rbac_check_free(d->check);
    api_release(&d->api);
    rights_release(&d->rights);
    str_release(&d->text);
}

TEST(each_verb_is_asked_for_and_all_may_be_there)
{
    struct desk d;

    if (check(start(&d))) {
        api_rule(&d.api, REVIEWS, 201, YES)->forever = true;
        ask(&d);
        check_ok(-(int)d.err.code, &d.err);
        check_str(str_text(&d.text), "All 9 rights are there.\n");
        check_int(d.done, 1);
        check_str(api_log(&d.api), REVIEWS
                  "\n" REVIEWS "\n" REVIEWS "\n" REVIEWS "\n" REVIEWS
                  "\n" REVIEWS "\n" REVIEWS "\n" REVIEWS "\n" REVIEWS "\n");
    }
    end(&d);
}

TEST(what_is_missing_is_named)
{
    struct desk d;

    if (check(start(&d))) {
        api_rule(&d.api, REVIEWS, 201, NO)->forever = true;
        ask(&d);
        check_ok(-(int)d.err.code, &d.err);
        check_str(str_text(&d.text),
                  "missing: get widgets.example.com in all namespaces"
                  "   (resource example.com/v1 Widget)\n"
                  "missing: list widgets.example.com in all namespaces"
                  "   (resource example.com/v1 Widget)\n"
                  "missing: watch widgets.example.com in all namespaces"
                  "   (resource example.com/v1 Widget)\n"
                  "missing: patch widgets.example.com/status in all namespaces"
                  "   (resource example.com/v1 Widget: its status)\n"
                  "missing: create events.events.k8s.io in all namespaces"
                  "   (Events: of scripts, and of passes that fail)\n"
                  "missing: patch events.events.k8s.io in all namespaces"
                  "   (Events: of scripts, and of passes that fail)\n"
                  "missing: get leases.coordination.k8s.io 'tidelock'"
                  " in namespace 'default'"
                  "   (the Lease tidelock: the kinds that it ever owned)\n"
                  "missing: create leases.coordination.k8s.io 'tidelock'"
                  " in namespace 'default'"
                  "   (the Lease tidelock: the kinds that it ever owned)\n"
                  "missing: patch leases.coordination.k8s.io 'tidelock'"
                  " in namespace 'default'"
                  "   (the Lease tidelock: the kinds that it ever owned)\n"
                  "9 of 9 rights are missing.\n");
    }
    end(&d);
}

TEST(a_question_names_namespace_subresource_and_object)
{
    struct desk d;

    if (check(start(&d))) {
        struct rbac_role *role = &d.rights.made.roles[0];

        d.rights.made.role_count = 1;
        role->ns = "web";
        role->rules = &role->rules[1]; /* the status */
        role->rule_count = 1;
        role->rules[0].name = "blog";
        api_rule(&d.api, REVIEWS, 201, NO);
        ask(&d);
        check_str(api_body(&d.api),
                  "{\"apiVersion\":\"authorization.k8s.io/v1\","
                  "\"kind\":\"SelfSubjectAccessReview\",\"spec\":{"
                  "\"resourceAttributes\":{\"group\":\"example.com\","
                  "\"name\":\"blog\",\"namespace\":\"web\","
                  "\"resource\":\"widgets\",\"subresource\":\"status\","
                  "\"verb\":\"patch\"}}}");
        check_has(str_text(&d.text), "\n1 of 1 rights is missing.\n");
    }
    end(&d);
}

TEST(a_server_that_does_not_tell_is_an_error_told_once)
{
    static const struct {
        int status;
        const char *body;
        enum err_code code;
    } rows[] = {
        {403,
         "{'kind':'Status','status':'Failure','reason':'Forbidden',"
         "'message':'not you'}",
         ERR_FORBIDDEN},
        {201, "<html>", ERR_INVALID},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct desk d;

        if (check(start(&d))) {
            api_rule(&d.api, REVIEWS, rows[i].status, rows[i].body)->forever =
                true;
            ask(&d);
            check_int(d.err.code, rows[i].code);
            check_has(d.err.msg, "cannot ask what is allowed: ");
            api_settle(&d.api);
            check_int(d.done, 1);
        }
        end(&d);
    }
}

TEST_TORTURE(a_check_survives_out_of_memory)
{
    struct desk d;

    if (start(&d)) {
        api_rule(&d.api, REVIEWS, 201, YES)->forever = true;
        d.check = rbac_check_start(d.api.cluster, &d.rights.made, on_done, &d,
                                   &d.err);
        if (d.check)
            check(api_until(&d.api, is_done, &d));
        check(!d.check || d.done == 1);
        if (d.err.code == ERR_NONE && d.check &&
            rbac_check_print(d.check, &d.text) == 0 && !d.text.failed)
            check_str(str_text(&d.text), "All 9 rights are there.\n");
    }
    end(&d);
}

/* ---- the command ---- */

static const char OPERATOR[] =
    "return require 'tidelock'.operator {\n"
    "  api = 1, name = 'shop', resource = { 'example.com/v1', 'Widget' },\n"
    "  owns = { { 'v1', 'ConfigMap' } },\n"
    "  parameters = { image = { type = 'string' } },\n"
    "  reconcile = function() end,\n"
    "}\n";

static const char CRD[] =
    "kind: CustomResourceDefinition\n"
    "apiVersion: apiextensions.k8s.io/v1\n"
    "metadata: {name: widgets.example.com}\n"
    "spec:\n"
    "  group: example.com\n"
    "  scope: Namespaced\n"
    "  names: {kind: Widget, plural: widgets, singular: widget}\n"
    "  versions: [{name: v1, served: true, storage: true}]\n";

static void keep(void *arg, const char *text, size_t len)
{
    str_addn(arg, text, len);
}

static int run(struct str *out, struct rbac_options options, struct err *err)
{
    str_clear(out);
    err_clear(err);
    options.print = keep;
    options.print_arg = out;
    options.offline = true;
    return rbac_run(&options, err);
}

TEST(an_operator_needs_no_parameters_and_no_server_to_tell_its_rights)
{
    struct folder folder;
    struct str out = {0};
    struct err err = {0};
    const char *paths[2];
    struct rbac_options options = {.operators = paths, .operator_count = 1};

    folder_init(&folder);
    paths[0] = paths[1] = folder_write(&folder, "operator.lua", OPERATOR);
    check_int(run(&out, options, &err), EXIT_ERROR);
    check_has(err.msg, "'Widget' in 'example.com/v1' is no built-in kind");

    options.files =
        (const char *const[]){folder_write(&folder, "crd.yaml", CRD)};
    options.file_count = 1;
    check_int(run(&out, options, &err), EXIT_OK);
    check_ok(-(int)err.code, &err);
    check_has(str_text(&out), "# What operator shop needs");
    check_has(str_text(&out), "  name: \"tidelock-shop\"\n");
    check(!strstr(str_text(&out), "widgets/status"));

    options.json = true;
    options.name = "mine";
    options.ns = options.lease_ns = "web";
    options.lease = "a.b";
    check_int(run(&out, options, &err), EXIT_OK);
    check_has(str_text(&out), "\"name\": \"mine\"");
    check_has(str_text(&out), "\"a.b\"");

    options.operator_count = 2;
    check_int(run(&out, options, &err), EXIT_ERROR);
    check_has(err.msg, "are both named 'shop'");
    str_release(&out);
    folder_release(&folder);
}

TEST(names_that_could_break_out_of_a_manifest_are_refused)
{
    static const struct rbac_options rows[] = {
        {.ns = "web\nkind: x"},     {.ns = "WEB"},   {.lease = "a b"},
        {.lease_ns = "../default"}, {.name = "a/b"}, {.name = "\xff"},
    };
    struct str out = {0};
    struct err err;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_int(run(&out, rows[i], &err), EXIT_BAD_USAGE);
        check_int(err.code, ERR_USAGE);
        check_str(str_text(&out), "");
    }
    str_release(&out);
}
