/* CustomResourceDefinitions at run time. */

#include <stdio.h>
#include <string.h>

#include "kit.h"

#define CRDS "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
#define THINGS "/apis/x.example/v1/namespaces/default/things"

static const char definition[] =
    "{'metadata':{'name':'things.x.example'},'spec':{'group':'x.example',"
    "'scope':'Namespaced','names':{'plural':'things','kind':'Thing'},"
    "'versions':[{'name':'v1','served':true,'storage':true,'subresources':{"
    "'status':{},'scale':{'specReplicasPath':'.spec.n',"
    "'statusReplicasPath':'.status.n'}},'schema':{'openAPIV3Schema':{'type':"
    "'object','properties':{'spec':{'type':'object','properties':{'n':{'type':"
    "'integer','default':3},'color':{'type':'string'}}},'status':{'type':"
    "'object','properties':{'n':{'type':'integer'}}}}}}}]}}";

TEST(a_definition_is_served_and_goes_with_its_instances)
{
    struct kit k;
    struct sim_watch *w;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "GET", THINGS, NULL), 404);
    check_int(kit_ask(&k, "POST", CRDS, definition), 201);
    check_has(kit_body(&k), "\"storedVersions\":[\"v1\"]");
    check_int(kit_ask(&k, "GET", CRDS "/things.x.example", NULL), 200);
    check_has(kit_body(&k), "\"type\":\"Established\"");
    check_str(kit_text(&k, "status.acceptedNames.kind"), "Thing");
    check_int(kit_ask(&k, "POST", THINGS,
                      "{'apiVersion':'x.example/v1','kind':'Thing','metadata':"
                      "{'name':'a'},'spec':{'color':'red','bogus':1}}"),
              201);
    check_str(kit_text(&k, "spec.n"), "3");
    check_str(kit_text(&k, "spec.color"), "red");
    check_str(kit_text(&k, "spec.bogus"), "");
    check_int(k.r.warning_count, 1);
    check_int(kit_ask(&k, "MERGE", THINGS "/a", "{'spec':{'n':'x'}}"), 422);
    check_int(kit_ask(&k, "STRATEGIC", THINGS "/a", "{}"), 415);
    check_int(kit_ask(&k, "POST", THINGS, "{'metadata':{'name':'b'}}"), 400);
    check_int(kit_ask(&k, "APPLY", THINGS "/a/scale?fieldManager=m&force=true",
                      "{'apiVersion':'autoscaling/v1','kind':'Scale',"
                      "'metadata':{'name':'a'},'spec':{'replicas':4}}"),
              500);
    check_int(
        kit_ask(&k, "MERGE", THINGS "/a/scale", "{'spec':{'replicas':-1}}"),
        422);
    check_has(kit_body(&k), "\"field\":\".spec.n\"");
    check_int(
        kit_ask(&k, "JSON", THINGS "/a", "[{'op':'remove','path':'/kind'}]"),
        422);
    check_int(kit_ask(&k, "JSON", THINGS "/a",
                      "[{'op':'remove','path':'/apiVersion'}]"),
              500);
    check_int(
        kit_ask(&k, "MERGE", THINGS "/a/scale", "{'spec':{'replicas':9}}"),
        200);
    check_int(kit_ask(&k, "GET", THINGS "/a", NULL), 200);
    check_str(kit_text(&k, "spec.n"), "9");
    w = kit_watch(&k, THINGS "?watch=1");
    check_str(kit_watch_next(&k, w, NULL), "ADDED a");
    check_int(kit_ask(&k, "DELETE", CRDS "/things.x.example", NULL), 200);
    check_str(kit_watch_next(&k, w, NULL), "DELETED a");
    check_str(kit_watch_next(&k, w, NULL), "END");
    check_int(kit_ask(&k, "GET", CRDS "/things.x.example", NULL), 404);
    check_int(kit_ask(&k, "GET", THINGS "/a", NULL), 404);
    sim_watch_free(w);
    kit_stop(&k);
}

TEST(a_collection_of_custom_resources_has_no_name_to_put)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", CRDS, definition), 201);
    check_int(kit_ask(&k, "PUT", THINGS, "{}"), 400);
    check_str(kit_text(&k, "message"), "name must be provided");
    check_int(kit_ask(&k, "MERGE", THINGS, "{}"), 400);
    kit_stop(&k);
}

TEST(nobody_owns_the_replicas_of_a_scale_to_zero)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", CRDS, definition), 201);
    check_int(kit_ask(&k, "POST", THINGS,
                      "{'apiVersion':'x.example/v1','kind':'Thing','metadata':"
                      "{'name':'a'},'spec':{'color':'red'}}"),
              201);
    check_int(kit_ask(&k, "MERGE", THINGS "/a/scale?fieldManager=two",
                      "{'spec':{'replicas':0}}"),
              200);
    check_int(kit_ask(&k, "GET", THINGS "/a", NULL), 200);
    check_str(kit_text(&k, "spec.n"), "0");
    check_has(kit_body(&k), "managedFields");
    check(!strstr(kit_body(&k), "two"));
    kit_stop(&k);
}

static const char boxes[] =
    "{'metadata':{'name':'boxes.x.example'},'spec':{'group':'x.example',"
    "'scope':'Namespaced','names':{'plural':'boxes','kind':'Box'},"
    "'versions':[{'name':'v1','served':true,'storage':true,'subresources':{"
    "'status':{},'scale':{'specReplicasPath':'.spec.n',"
    "'statusReplicasPath':'.status.n'}},'additionalPrinterColumns':[{'name':"
    "'Ready','type':'string','jsonPath':"
    "'.status.conditions[?(@.type==\\\"Ready\\\")].status'}],"
    "'schema':{'openAPIV3Schema':{'type':'object','properties':{"
    "'spec':{'type':'object','properties':{'n':{'type':'integer'},"
    "'port':{'x-kubernetes-int-or-string':true},'inner':{'type':'object',"
    "'x-kubernetes-embedded-resource':true,"
    "'x-kubernetes-preserve-unknown-fields':true}}},'status':{'type':'object',"
    "'properties':{'n':{'type':'integer'},'conditions':{'type':'array','items':"
    "{'type':'object','properties':{'type':{'type':'string'},'status':{'type':"
    "'string'}}}}}}}}}}]}}";

#define BOXES "/apis/x.example/v1/namespaces/default/boxes"
#define BOX(spec)                                                              \
    "{'apiVersion':'x.example/v1','kind':'Box','metadata':{'name':'a'},"       \
    "'spec':" spec "}"

static int make_box(struct kit *k, const char *body)
{
    return kit_ask(k, "POST", BOXES, body);
}

TEST(embedded_resources_are_typed_like_the_outer_one)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", CRDS, boxes), 201);
    check_int(make_box(&k, BOX("{'inner':{'kind':{}}}")), 400);
    check_int(make_box(&k, BOX("{'inner':{'apiVersion':[]}}")), 400);
    check_int(make_box(&k, BOX("{'inner':{'metadata':{'name':1}}}")), 400);
    check_int(make_box(&k, BOX("['x']")), 422);
    check_has(kit_body(&k), "\"field\":\".spec.n\"");
    check_int(make_box(&k, BOX("{'inner':{'apiVersion':'v1','kind':'A',"
                               "'metadata':{'labels':{}}}}")),
              201);
    check_has(kit_body(&k), "\"metadata\":{}");
    check_int(kit_ask(&k, "MERGE", BOXES "/a", "{'spec':{'inner':{'kind':1}}}"),
              422);
    check_int(kit_ask(&k, "APPLY", BOXES "/a?fieldManager=m&force=true",
                      BOX("{'inner':{'metadata':{'bogus':1}}}")),
              500);
    check_int(kit_ask(&k, "APPLY", BOXES "/a?fieldManager=m&force=true",
                      BOX("{'port':{}}")),
              422);
    kit_stop(&k);
}

TEST(custom_resources_are_changed_by_name)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", CRDS, boxes), 201);
    check_int(kit_ask(&k, "PUT", BOXES, BOX("{}")), 400);
    check_int(kit_ask(&k, "MERGE", BOXES, "{}"), 400);
    check_int(make_box(&k, BOX("{'n':2}")), 201);
    check_int(kit_ask(&k, "JSON", BOXES "/a",
                      "[{'op':'replace','path':'','value':null}]"),
              422);
    check(!strstr(kit_body(&k), "causes"));
    check_int(kit_ask(&k, "JSON", BOXES "/a",
                      "[{'op':'replace','path':'','value':[]}]"),
              422);
    check_has(kit_body(&k), "causes");
    check_int(kit_ask(&k, "MERGE", BOXES "/a", "{'status':{'n':{}}}"), 200);
    check(!strstr(kit_body(&k), "managedFields"));
    kit_stop(&k);
}

TEST(a_scale_is_applied_to_custom_resources_while_nothing_changes)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", CRDS, boxes), 201);
    check_int(make_box(&k, BOX("{'n':2}")), 201);
    check_int(kit_ask(&k, "APPLY", BOXES "/a/scale?fieldManager=m",
                      "{'apiVersion':'autoscaling/v1','kind':'Scale',"
                      "'metadata':{'name':'a'},'spec':{'replicas':2}}"),
              200);
    check_int(kit_ask(&k, "APPLY", BOXES "/a/scale?fieldManager=m&force=true",
                      "{'apiVersion':'autoscaling/v1','kind':'Scale',"
                      "'metadata':{'name':'a'},'spec':{'replicas':3}}"),
              500);
    kit_stop(&k);
}

TEST(a_list_of_one_name_does_not_go_on)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(kit_ask(&k, "POST", CRDS, boxes), 201);
    check_int(make_box(&k, BOX("{}")), 201);
    check_int(make_box(&k, "{'apiVersion':'x.example/v1','kind':'Box',"
                           "'metadata':{'name':'b'}}"),
              201);
    check_int(kit_ask(&k, "GET",
                      BOXES "?limit=1&fieldSelector=metadata.name%3Da", NULL),
              200);
    check_has(kit_body(&k), "\"continue\":\"\"");
    kit_stop(&k);
}

TEST(a_definition_waits_for_finalizers_of_its_instances)
{
    struct kit k;

    kit_start(&k, NULL);
    kit_ask(&k, "POST", CRDS, definition);
    check_int(kit_ask(&k, "POST", THINGS,
                      "{'apiVersion':'x.example/v1','kind':'Thing','metadata':"
                      "{'name':'a','finalizers':['x.example/f']}}"),
              201);
    check_int(kit_ask(&k, "DELETE", CRDS "/things.x.example", NULL), 200);
    check_int(kit_ask(&k, "GET", CRDS "/things.x.example", NULL), 200);
    check_has(kit_body(&k), "\"type\":\"Terminating\"");
    check_int(kit_ask(&k, "POST", THINGS,
                      "{'apiVersion':'x.example/v1','kind':'Thing','metadata':"
                      "{'name':'b'}}"),
              405);
    check_int(
        kit_ask(&k, "MERGE", THINGS "/a", "{'metadata':{'finalizers':[]}}"),
        200);
    check_int(kit_ask(&k, "GET", CRDS "/things.x.example", NULL), 404);
    kit_stop(&k);
}

/* ---- state of an earlier life ---- */

static struct sim *second;

static void restore(void *arg, const struct sim_change *change)
{
    (void)arg;
    check_int(sim_restore(second, change, NULL), 0);
}

TEST(what_was_kept_is_there_again)
{
    struct clock_fake clock;
    struct sim_options o = {.controllers = "none", .keep = restore};
    struct kit k;

    clock_fake_init(&clock);
    o.clock = &clock.clock;
    o.keep = NULL;
    check_int(sim_new(&o, &second, NULL), 0);
    o.keep = restore;
    kit_start_with(&k, &o);
    kit_ask(&k, "POST", CRDS, definition);
    check_int(kit_ask(&k, "POST", THINGS,
                      "{'apiVersion':'x.example/v1','kind':'Thing','metadata':"
                      "{'name':'a'}}"),
              201);
    kit_ask(&k, "POST", "/api/v1/namespaces", "{'metadata':{'name':'n'}}");
    sim_free(k.sim);
    k.sim = second;
    check_int(sim_start(k.sim, NULL), 0);
    check_int(kit_ask(&k, "GET", THINGS "/a", NULL), 200);
    check_int(kit_ask(&k, "GET", "/api/v1/namespaces/n", NULL), 200);
    check_int(kit_ask(&k, "GET", "/api/v1/namespaces", NULL), 200);
    check_int(value_get(k.answer, "items")->count, 5);
    kit_stop(&k);
}

/* ---- names that clash ---- */

static const char other[] =
    "{'metadata':{'name':'%s.x.example'},'spec':{'group':'x.example','scope':"
    "'Namespaced','names':{'plural':'%s','kind':'%s','shortNames':['%s']},"
    "'versions':[{'name':'v1','served':true,'storage':true,'schema':{"
    "'openAPIV3Schema':{'type':'object'}}}]}}";

static int define(struct kit *k, const char *plural, const char *kind,
                  const char *shorter)
{
    char body[600];

    snprintf(body, sizeof body, other, plural, plural, kind, shorter);
    return kit_ask(k, "POST", CRDS, body);
}

TEST(a_kind_that_is_taken_is_served_when_it_is_free)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(define(&k, "things", "Thing", "th"), 201);
    check_int(define(&k, "stuffs", "Thing", "st"), 201);
    check_int(kit_ask(&k, "GET", CRDS "/stuffs.x.example", NULL), 200);
    check_str(kit_text(&k, "status.acceptedNames.kind"), "");
    check_str(kit_text(&k, "status.acceptedNames.plural"), "stuffs");
    check_has(kit_body(&k), "\"message\":\"\\\"ThingList\\\" is already in "
                            "use\",\"reason\":\"ListKindConflict\","
                            "\"status\":\"False\",\"type\":\"NamesAccepted\"");
    check_has(kit_body(&k), "\"reason\":\"NotAccepted\",\"status\":\"False\","
                            "\"type\":\"Established\"");
    check_int(kit_ask(&k, "GET", "/apis/x.example/v1/stuffs", NULL), 404);
    check_int(kit_ask(&k, "DELETE", CRDS "/things.x.example", NULL), 200);
    check_int(kit_ask(&k, "GET", CRDS "/stuffs.x.example", NULL), 200);
    check_str(kit_text(&k, "status.acceptedNames.kind"), "Thing");
    check_has(kit_body(&k), "\"reason\":\"NoConflicts\",\"status\":\"True\"");
    check_int(kit_ask(&k, "GET", "/apis/x.example/v1/stuffs", NULL), 200);
    check_int(kit_ask(&k, "GET", "/apis/x.example/v1/things", NULL), 404);
    kit_stop(&k);
}

TEST(short_names_and_plurals_are_one_space_of_names)
{
    struct kit k;

    kit_start(&k, NULL);
    check_int(define(&k, "things", "Thing", "th"), 201);
    check_int(define(&k, "stuffs", "Stuff", "things"), 201);
    check_int(kit_ask(&k, "GET", CRDS "/stuffs.x.example", NULL), 200);
    check_has(kit_body(&k), "ShortNamesConflict");
    check_str(kit_text(&k, "status.acceptedNames.kind"), "Stuff");
    check_int(kit_ask(&k, "GET", "/apis/x.example/v1/stuffs", NULL), 404);
    check_int(kit_ask(&k, "MERGE", CRDS "/stuffs.x.example",
                      "{'spec':{'names':{'shortNames':['sf']}}}"),
              200);
    check_int(kit_ask(&k, "GET", "/apis/x.example/v1/stuffs", NULL), 200);
    /* one that is served stays so, whatever it asks for */
    check_int(kit_ask(&k, "MERGE", CRDS "/stuffs.x.example",
                      "{'spec':{'names':{'shortNames':['th']}}}"),
              200);
    check_int(kit_ask(&k, "GET", CRDS "/stuffs.x.example", NULL), 200);
    check_has(kit_body(&k), "\"shortNames\":[\"sf\"]");
    check_int(kit_ask(&k, "GET", "/apis/x.example/v1/stuffs", NULL), 200);
    kit_stop(&k);
}
