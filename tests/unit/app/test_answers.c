/*
 * What a sink learns from answers, and whether a plan still holds.
 */
#include <string.h>

#include "pipe.h"
#include "test.h"

#define IDLE "reconcile = function() end"
#define OWNS "owns = { { 'v1', 'ConfigMap' } },\n"
#define MINE                                                                   \
    ",'ownerReferences':[{'apiVersion':'example.com/v1','kind':'Widget',"      \
    "'name':'blog','uid':'uid-blog','controller':true}]"

#define MADE                                                                   \
    MINE ",'managedFields':[{'manager':'tidelock-shop','operation':'Apply',"   \
         "'apiVersion':'v1','fieldsV1':{'f:data':{}}}]"

static const struct resource *resource_of(const struct pipe *p,
                                          enum stage_kind kind)
{
    const struct resource *r = stage_resource(kind);

    return restmap_find(p->restmap, r->api_version, r->kind);
}

/* Tell the controller of an object, as the answer to a write. */
static void tell(struct pipe *p, enum stage_kind kind, const char *name,
                 const char *meta)
{
    struct sink_observer o = controller_observer(p->controller);
    const struct resource *r = resource_of(p, kind);
    const char *ns = kind == STAGE_NODE ? "" : "default";
    const char *text = arena_printf(
        &p->stage.arena,
        "{'apiVersion':'%s','kind':'%s','metadata':{'name':'%s',"
        "'namespace':'%s','uid':'uid-%s','resourceVersion':'%u'%s}}",
        r->api_version, r->kind, name, ns, name, ++p->version, meta);

    o.object(o.arg, r, stage_snapshot(&p->stage, text), NULL);
}

static size_t count(struct pipe *p, const char *kind)
{
    return store_count(pipe_feed(p, kind)->feed.store);
}

TEST(an_answer_is_seen_at_once)
{
    struct pipe p;

    pipe_init(&p);
    check(pipe_start(&p, OWNS IDLE));
    pipe_put_meta(&p, "Widget", "blog", ",'generation':1");
    check_str(pipe_run(&p), "blog: nothing\n");
    tell(&p, STAGE_MAP, "a", MINE);
    check_int(count(&p, "ConfigMap"), 1);
    check_has(pipe_run(&p), "blog: ");
    tell(&p, STAGE_SECRET, "x", ""); /* a kind that nobody looks at */
    check_str(pipe_run(&p), "");
    pipe_release(&p);
}

TEST(an_answer_that_says_gone_takes_the_object_out)
{
    struct pipe p;
    struct sink_observer o;
    const struct object_key key = {"default", "a"};

    pipe_init(&p);
    check(pipe_start(&p, OWNS IDLE));
    o = controller_observer(p.controller);
    tell(&p, STAGE_MAP, "a", MINE);
    o.gone(o.arg, resource_of(&p, STAGE_MAP), &key, "another");
    check_int(count(&p, "ConfigMap"), 1);
    o.gone(o.arg, resource_of(&p, STAGE_MAP), &key, "uid-a");
    check_int(count(&p, "ConfigMap"), 0);
    pipe_release(&p);
}

/* No watch would ever take it out again. */
TEST(an_answer_out_of_scope_is_not_stored)
{
    struct pipe p;

    pipe_init(&p);
    p.config.ns = "shop";
    check(pipe_start(&p,
                     OWNS "reads = { { 'v1', 'Secret', labels = 'a=b',"
                          " namespace = 'all' }, { 'v1', 'Node',"
                          " namespace = 'none' }, { 'apps/v1', 'Deployment',"
                          " namespace = 'all', bodies = false } },\n" IDLE));
    tell(&p, STAGE_MAP, "a", "");
    check_int(count(&p, "ConfigMap"), 0); /* another namespace */
    tell(&p, STAGE_SECRET, "a", ",'labels':{'a':'c'}");
    check_int(count(&p, "Secret"), 0);
    tell(&p, STAGE_SECRET, "a", ",'labels':{'a':'b'}");
    check_int(count(&p, "Secret"), 1);
    tell(&p, STAGE_NODE, "n", "");
    check_int(count(&p, "Node"), 1);
    tell(&p, STAGE_DEPLOY, "d", ""); /* a body where only metadata are kept */
    check_int(count(&p, "Deployment"), 0);
    pipe_release(&p);
}

TEST(children_of_a_kind_are_known)
{
    struct pipe p;
    const struct gvk maps = {"v1", "ConfigMap"}, secrets = {"v1", "Secret"};

    pipe_init(&p);
    check(pipe_start(&p, OWNS IDLE));
    check(!controller_owns_any(p.controller, &maps));
    pipe_put(&p, "ConfigMap", "a", "");
    check(!controller_owns_any(p.controller, &maps));
    pipe_put_meta(&p, "ConfigMap", "b", MINE);
    check(controller_owns_any(p.controller, &maps));
    check(!controller_owns_any(p.controller, &secrets));
    pipe_release(&p);
}

/* ---- what a plan was made from ---- */

#define READS                                                                  \
    OWNS "reads = { { 'v1', 'Secret' } },\n"                                   \
         "reconcile = function(w, view, plan)\n"                               \
         "  plan:apply { apiVersion = 'v1', kind = 'ConfigMap',\n"             \
         "    metadata = { name = 'new' } }\n"

/* A plan that prunes `old`, held in the sink. */
static void plan_a_prune(struct pipe *p, const char *reads)
{
    pipe_init(p);
    p->hold = true;
    check(
        pipe_start(p, arena_printf(&p->stage.arena, READS "  %s end", reads)));
    pipe_put(p, "Secret", "x", "");
    pipe_put_meta(p, "ConfigMap", "old", MADE);
    pipe_put(p, "Widget", "blog", "");
    check_str(pipe_run(p), "blog: create new, delete old\n");
}

static bool holds(struct pipe *p)
{
    struct sink_observer o = controller_observer(p->controller);

    return o.holds(o.arg, p->held[0].cs);
}

TEST(a_plan_holds_while_its_lists_do)
{
    struct pipe p;

    plan_a_prune(&p, "view:list('v1', 'Secret')");
    check(holds(&p));
    pipe_put(&p, "Secret", "x", ",'data':{'k':''}"); /* the same members */
    check(holds(&p));
    pipe_put(&p, "Secret", "y", "");
    check(!holds(&p));
    pipe_remove(&p, "Secret", "y");
    check(holds(&p));
    pipe_remove(&p, "Secret", "x");
    check(!holds(&p));
    pipe_release(&p);
}

TEST(a_plan_holds_while_its_objects_do)
{
    struct pipe p;

    plan_a_prune(&p, "local s = view:get('v1', 'Secret', 'x').data");
    check(holds(&p));
    pipe_put(&p, "Secret", "y", "");
    check(holds(&p));
    pipe_put(&p, "Secret", "x", ",'data':{'k':''}");
    check(!holds(&p));
    pipe_release(&p);
}

TEST(a_plan_holds_while_what_was_absent_is)
{
    struct pipe p;

    plan_a_prune(&p, "view:get('v1', 'Secret', 'z')");
    check(holds(&p));
    pipe_put(&p, "Secret", "z", "");
    check(!holds(&p));
    pipe_release(&p);
}

TEST(what_the_plan_itself_writes_is_no_change)
{
    struct pipe p;

    plan_a_prune(&p, "view:list('v1', 'ConfigMap')");
    check(holds(&p));
    tell(&p, STAGE_MAP, "new", MINE);
    check(holds(&p));
    pipe_put_meta(&p, "ConfigMap", "other", MINE);
    check(!holds(&p));
    pipe_release(&p);
}
