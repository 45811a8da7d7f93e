/*
 * Objects of whose bodies only some fields are kept, as scripts see them.
 */
#include "kit.h"
#include "test.h"

#define POD                                                                    \
    "{'metadata':{'name':'p','namespace':'default'},'spec':{'nodeName':'n1',"  \
    "'priority':null,'containers':[{'name':'c','image':'i'}],"                 \
    "'affinity':{'x':1}},'status':{'phase':'Running','podIP':'10.0.0.1'}}"

#define HINT "\n  hint: add '%s' to the list bodies of its entry in reads"

/* What a reconcile with this body ends with: what it logged, or its error. */
static const char *outcome(struct kit *k, const char *bodies, const char *body)
{
    const char *text = arena_printf(
        &k->arena,
        "local tidelock = require 'tidelock' return tidelock.operator { "
        "api = 1, name = 'website', resource = { 'example.com/v1', 'Website' "
        "}, owns = { { 'v1', 'ConfigMap' }, { 'apps/v1', 'Deployment' }, "
        "{ 'v1', 'Secret' }, { 'batch/v1', 'Job', retired = true } }, "
        "reads = { { 'v1', 'ConfigMap' }, { 'v1', 'Node', namespace = 'none' }"
        ", { 'v1', 'Secret' }, { 'v1', 'Pod', namespace = 'all', bodies = %s }"
        " }, reconcile = function(site, view, plan) "
        "local pod = view:get('v1', 'Pod', 'p') %s end }",
        bodies, body);

    if (!check(text != NULL))
        return "";
    kit_root(k, "{'metadata':{'name':'blog','namespace':'default','uid':'u'}}");
    kit_item(k, READ_POD, POD);
    if (kit_load(k, text) < 0 || kit_call(k, JOB_RECONCILE) < 0)
        return kit_error(k);
    return kit_plan(k);
}

#define GIVES(bodies, body, want)                                              \
    do {                                                                       \
        struct kit k_;                                                         \
                                                                               \
        kit_init(&k_);                                                         \
        check_has(outcome(&k_, bodies, body), want);                           \
        kit_release(&k_);                                                      \
    } while (0)

#define TWO "{ '.spec.nodeName', '.spec.priority', '.status.phase' }"

TEST(kept_fields_are_there_and_unset_ones_are_nil)
{
    GIVES(TWO, "log.info(pod.spec.nodeName .. pod.status.phase)",
          "info: n1Running");
    GIVES(TWO, "log.info(pod.spec.priority == nil)", "info: true");
    GIVES(TWO, "log.info(pod.metadata.name .. pod.kind)", "info: pPod");
    GIVES("{ '.spec.containers', '.spec.none' }",
          "log.info(pod.spec.containers[1].image, pod.spec.none)", "info: i");
    GIVES("{ '.spec', '.data.x.y' }", "log.info(pod.spec.affinity.x)",
          "info: 1");
    GIVES("{ '.spec', '.data.x.y' }", "log.info(pod.data == nil)",
          "info: true");
    GIVES("true", "log.info(pod.spec.affinity.x)", "info: 1");
}

TEST(a_field_that_is_not_kept_is_an_error_that_says_what_to_declare)
{
    GIVES(TWO, "log.info(pod.spec.affinity)",
          "operator.lua:1: Pod: the field .spec.affinity is not kept: reads "
          "declares which fields of its bodies are\n  hint: add "
          "'.spec.affinity' to the list bodies of its entry in reads");
    GIVES(TWO, "log.info(pod.status.podIP)",
          "the field .status.podIP is not kept");
    GIVES(TWO, "log.info(pod.data)", "the field .data is not kept");
    GIVES(TWO, "pcall(function() return pod.data end)", "the field .data is not kept");
    GIVES("{ '.spec.affinity.y' }", "log.info(pod.spec.affinity.x)",
          "the field .spec.affinity.x is not kept");
    GIVES("false", "log.info(pod.spec)", "the field .spec is not kept");
    GIVES("{}", "log.info(pod.spec)", "the field .spec is not kept");
}

TEST(items_of_lists_and_selectors_know_what_is_kept)
{
    GIVES(TWO, "log.info(view:list('v1', 'Pod')[1].spec.nodeName)", "info: n1");
    GIVES(TWO, "log.info(view:list('v1', 'Pod')[1].data)",
          "the field .data is not kept");
    GIVES(TWO, "log.info(view:list('v1', 'Pod')[1].spec.affinity)",
          "the field .spec.affinity is not kept");
    GIVES(TWO,
          "log.info(#view:list('v1', 'Pod', { fields = "
          "'status.phase=Running,metadata.name=p' }))",
          "info: 1");
    GIVES(TWO,
          "view:list('v1', 'Pod', { fields = 'status.podIP=10.0.0.1' })",
          "the field .status.podIP is not kept");
}

/* The metatable does not get in the way of what is done with objects. */
TEST(a_partial_object_can_be_changed_walked_and_declared)
{
    GIVES(TWO, "pod.spec.extra = 'e' log.info(pod.spec.extra)", "info: e");
    GIVES(TWO,
          "local n = '' for k in pairs(pod) do n = n .. k .. ' ' end "
          "log.info(n)",
          "info: apiVersion kind metadata spec status ");
    GIVES(TWO, "log.info(tidelock.json.encode(pod.spec))",
          "info: {\"nodeName\":\"n1\",\"priority\":null}");
    GIVES(TWO,
          "plan:apply { apiVersion = 'v1', kind = 'ConfigMap', metadata = { "
          "name = 'c' }, data = pod.status }",
          "{\"phase\":\"Running\"}");
}

TEST(bodies_says_what_it_may_be)
{
    GIVES("{ 'spec' }", "",
          "tidelock.operator: reads, entry 4: bodies: 'spec' is no path: it begins with "
          "a dot, as in '.spec.nodeName'");
    GIVES("{ '.metadata.name' }", "", "bodies: '.metadata.name' is always kept");
    GIVES("{ 7 }", "",
          "bodies: expected paths of fields such as \".spec.nodeName\", got "
          "number");
    GIVES("{ spec = true }", "", "bodies: there is no field 'spec'");
    GIVES("'spec'", "",
          "bodies: expected true, false or a list of fields, got \"spec\"");
}
