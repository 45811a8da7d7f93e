/*
 * Which roots does a changed object concern?
 */
#include <string.h>

#include "pipe.h"
#include "test.h"

#define IDLE "reconcile = function() end"
#define OWNS "owns = { { 'v1', 'ConfigMap' } },\n"
#define OWNED_BY(name)                                                         \
    ",'ownerReferences':[{'apiVersion':'example.com/v1','kind':'Widget',"      \
    "'name':'" name "','uid':'uid-" name "','controller':true}]"
#define MENTIONED_BY(name)                                                     \
    ",'ownerReferences':[{'apiVersion':'example.com/v1','kind':'Widget',"      \
    "'name':'" name "','uid':'uid-" name "'}]"
#define ORPHAN_OF(name) ",'labels':{'tidelock.dev/owner-uid':'uid-" name "'}"

/* Two roots that were looked at already. */
static bool begin(struct pipe *p, const char *body)
{
    pipe_init(p);
    if (!check(pipe_start(p, body)))
        return false;
    pipe_put_meta(p, "Widget", "a", ",'generation':1");
    pipe_put_meta(p, "Widget", "b", ",'generation':1");
    pipe_run(p);
    return true;
}

/* ---- roots ---- */

TEST(a_root_is_woken_by_what_its_script_may_see)
{
    static const char *const metas[] = {
        ",'generation':2",
        ",'generation':2,'labels':{'x':'y'}",
        ",'generation':2,'labels':{'x':'z'}",
        ",'generation':2,'annotations':{'x':'y'}",
        ",'generation':2,'finalizers':['x/y']",
        ",'generation':2",
        ",'generation':2,'deletionTimestamp':'2026-01-01T00:00:00Z'",
    };
    struct pipe p;

    if (begin(&p, IDLE))
        for (size_t i = 0; i < sizeof metas / sizeof metas[0]; i++) {
            pipe_put_meta(&p, "Widget", "a", metas[i]);
            check_str(pipe_run(&p), "a: nothing\n");
        }
    pipe_release(&p);
}

/* A status is output: writing it must not wake the writer. */
/* rows: S112
 * broken: a root was woken by its own status */
TEST(a_root_is_not_woken_by_its_status)
{
    struct pipe p;

    pipe_init(&p);
    check(pipe_start(&p, IDLE));
    pipe_put_both(&p, "Widget", "a", ",'generation':1", "");
    check_str(pipe_run(&p), "a: nothing\n");
    pipe_put_both(&p, "Widget", "a", ",'generation':1", ",'status':{'x':1}");
    check_str(pipe_run(&p), "");
    pipe_release(&p);
}

TEST(a_kind_without_generation_is_always_woken)
{
    struct pipe p;

    pipe_init(&p);
    check(pipe_start(&p, IDLE));
    pipe_put(&p, "Widget", "a", "");
    check_str(pipe_run(&p), "a: nothing\n");
    pipe_put(&p, "Widget", "a", ",'status':{'x':1}");
    check_str(pipe_run(&p), "a: nothing\n");
    pipe_release(&p);
}

/* ---- children ---- */

/* rows: S109
 * broken: a child woke nobody */
TEST(a_child_wakes_its_controller)
{
    struct pipe p;

    if (begin(&p, OWNS IDLE)) {
        pipe_put_meta(&p, "ConfigMap", "x", OWNED_BY("a"));
        check_has(pipe_run(&p), "a: ");
        pipe_put_meta(&p, "ConfigMap", "y", MENTIONED_BY("a"));
        check_str(pipe_run(&p), "");
        pipe_put_meta(&p, "ConfigMap", "y", OWNED_BY("stranger"));
        check_str(pipe_run(&p), "");
    }
    pipe_release(&p);
}

TEST(an_orphan_wakes_the_root_of_its_label)
{
    struct pipe p;

    if (begin(&p, OWNS IDLE)) {
        pipe_put_meta(&p, "ConfigMap", "x", ORPHAN_OF("b"));
        check_has(pipe_run(&p), "b: ");
    }
    pipe_release(&p);
}

/* rows: S110
 * broken: the former owner was not woken */
TEST(a_child_that_changes_hands_wakes_both)
{
    struct pipe p;
    const char *story;

    if (begin(&p, OWNS IDLE)) {
        pipe_put_meta(&p, "ConfigMap", "x", OWNED_BY("a"));
        pipe_run(&p);
        pipe_put_meta(&p, "ConfigMap", "x", OWNED_BY("b"));
        story = pipe_run(&p);
        check_has(story, "a: ");
        check_has(story, "b: ");
        pipe_put_meta(&p, "ConfigMap", "x", "");
        check_has(pipe_run(&p), "b: ");
    }
    pipe_release(&p);
}

TEST(a_child_that_goes_wakes_its_controller)
{
    struct pipe p;

    if (begin(&p, OWNS IDLE)) {
        pipe_put_meta(&p, "ConfigMap", "x", OWNED_BY("a"));
        pipe_run(&p);
        pipe_remove(&p, "ConfigMap", "x");
        check_str(pipe_run(&p), "a: nothing\n");
    }
    pipe_release(&p);
}

/* A name became free that another root waits for. */
TEST(a_name_that_becomes_free_wakes_who_was_blocked)
{
    struct pipe p;

    pipe_init(&p);
    p.fail = ERR_NAME_CONFLICT;
    check(pipe_start(&p, OWNS IDLE));
    pipe_put(&p, "ConfigMap", "x", "");
    pipe_put(&p, "ConfigMap", "other/x", "");
    pipe_put(&p, "Widget", "a", "");
    pipe_run(&p);
    check(pipe_wait_ms(&p, "a") > 50000);
    p.fail = ERR_NONE;
    pipe_remove(&p, "ConfigMap", "other/x");
    check_str(pipe_run(&p), "");
    pipe_remove(&p, "ConfigMap", "x");
    check_has(pipe_run(&p), "a: ");
    pipe_release(&p);
}

/* ---- reads ---- */

TEST(a_read_wakes_every_root_that_may_list_it)
{
    struct pipe p;
    const char *story;

    if (begin(&p, "reads = { { 'v1', 'Secret' } },\n" IDLE)) {
        pipe_put(&p, "Widget", "other/c", "");
        pipe_run(&p);
        pipe_put(&p, "Secret", "x", "");
        story = pipe_run(&p);
        check_has(story, "a: ");
        check_has(story, "b: ");
        check(!strstr(story, "c: "));
        pipe_put(&p, "Secret", "other/x", "");
        check_str(pipe_run(&p), "c: nothing\n");
        pipe_remove(&p, "Secret", "other/x");
        check_str(pipe_run(&p), "c: nothing\n");
    }
    pipe_release(&p);
}

TEST(a_read_of_all_namespaces_wakes_all)
{
    struct pipe p;
    const char *story;

    if (begin(&p,
              "reads = { { 'v1', 'Secret', namespace = 'all' } },\n" IDLE)) {
        pipe_put(&p, "Secret", "other/x", "");
        story = pipe_run(&p);
        check_has(story, "a: ");
        check_has(story, "b: ");
    }
    pipe_release(&p);
}

TEST(a_named_read_wakes_who_asked_for_the_name)
{
    struct pipe p;

    pipe_init(&p);
    check(pipe_start(&p,
                     "reads = { { 'v1', 'Secret', names = function(w)\n"
                     "  return { w.spec and w.spec.secret } end } },\n" IDLE));
    pipe_put(&p, "Widget", "a", ",'spec':{'secret':'x'}");
    pipe_put(&p, "Widget", "b", ",'spec':{'secret':'y'}");
    pipe_put(&p, "Widget", "c", "");
    pipe_put(&p, "Widget", "other/d", ",'spec':{'secret':'x'}");
    pipe_run(&p);
    pipe_put(&p, "Secret", "x", "");
    check_str(pipe_run(&p), "a: nothing\n");
    pipe_remove(&p, "Secret", "x");
    check_str(pipe_run(&p), "a: nothing\n");
    pipe_put(&p, "Secret", "z", "");
    check_str(pipe_run(&p), "");
    /* another name: the old one wakes nobody any more */
    pipe_put(&p, "Widget", "a", ",'spec':{'secret':'z'}");
    check_str(pipe_run(&p), "a: nothing\n");
    pipe_put(&p, "Secret", "x", "");
    check_str(pipe_run(&p), "");
    pipe_put(&p, "Secret", "z", "");
    check_str(pipe_run(&p), "a: nothing\n");
    /* nor does the name of a root that is gone */
    pipe_remove(&p, "Widget", "b");
    pipe_run(&p);
    pipe_put(&p, "Secret", "y", "");
    check_str(pipe_run(&p), "");
    pipe_release(&p);
}

TEST(a_map_function_says_whom_an_object_concerns)
{
    struct pipe p;

    if (begin(&p, "reads = { { 'v1', 'Node', namespace = 'none',\n"
                  "  map = function(n) local l = n.metadata.labels\n"
                  "    return l and { { name = l.widget,\n"
                  "      namespace = 'default' } } or {} end } },\n" IDLE)) {
        pipe_put_meta(&p, "Node", "n", ",'labels':{'widget':'a'}");
        check_str(pipe_run(&p), "a: nothing\n");
        pipe_put_meta(&p, "Node", "n", ",'labels':{'widget':'b'}");
        check_has(pipe_run(&p), "b: nothing\n"); /* and a, whose it was */
        pipe_put_meta(&p, "Node", "n", "");
        check_str(pipe_run(&p), "b: nothing\n");
        pipe_put_meta(&p, "Node", "n", ",'labels':{'widget':'nobody'}");
        check_str(pipe_run(&p), "");
    }
    pipe_release(&p);
}

TEST(a_map_function_that_fails_wakes_nobody)
{
    struct pipe p;

    if (begin(&p, "reads = { { 'v1', 'Secret',\n"
                  "  map = function(n) error('x') end } },\n" IDLE)) {
        pipe_put(&p, "Secret", "x", "");
        check_str(pipe_run(&p), "");
    }
    pipe_release(&p);
}

/* ---- what is asked of the source ---- */

TEST(all_roots_are_planned_again_when_asked_for)
{
    struct pipe p;

    if (begin(&p, IDLE)) {
        controller_plan_all(p.controller);
        check_str(pipe_run(&p), "a: nothing\nb: nothing\n");
        check_str(pipe_run(&p), "");
    }
    pipe_release(&p);
}

TEST(feeds_are_asked_for_as_declared)
{
    struct pipe p;

    pipe_init(&p);
    p.config.ns = "shop";
    check(pipe_load(&p, OWNS "reads = { { 'v1', 'Secret', labels = 'a=b' },\n"
                             "  { 'v1', 'Node', namespace = 'none' },\n"
                             "  { 'apps/v1', 'Deployment',"
                             " namespace = 'elsewhere' } },\n" IDLE));
    check_int(p.feed_count, 5);
    check_str(pipe_feed(&p, "Widget")->want, "shop - -");
    check_str(pipe_feed(&p, "ConfigMap")->want, "shop - -");
    check_str(pipe_feed(&p, "Secret")->want, "shop a=b -");
    check_str(pipe_feed(&p, "Node")->want, " - -");
    check_str(pipe_feed(&p, "Deployment")->want, "elsewhere - -");
    pipe_release(&p);
}
