/*
 * crew.c -- see crew.h.
 */
#include "app/crew.h"

#include <string.h>

#include "script/frame.h"
#include "test.h"

#define MAX_ITEMS 4096

#define HEAD                                                                   \
    "local tidelock = require 'tidelock'\n"                                    \
    "local function names(site) return { site.spec.configRef } end\n"          \
    "local function map(pod) return { pod.metadata.labels.site } end\n"        \
    "local function reconcile(site, view, plan)\n"
#define TAIL                                                                   \
    "\nend\n"                                                                  \
    "return tidelock.operator { api = 1, name = 'crew', resource = { "         \
    "'example.com/v1', 'Website' }, owns = { { 'v1', 'ConfigMap' }, { 'v1', "  \
    "'Secret' } }, reads = { { 'v1', 'ConfigMap', names = names }, { 'v1', "   \
    "'Pod', namespace = 'all', map = map }, { 'v1', 'Secret' } }, "            \
    "parameters = { image = { type = 'string', default = 'busybox' } }, "      \
    "reconcile = reconcile }\n"

static char *requote(struct arena *a, const char *json)
{
    char *copy = arena_strdup(a, json);

    for (char *c = copy; *c; c++)
        if (*c == '\'')
            *c = '"';
    return copy;
}

static struct snapshot *make(struct crew *c, const char *json,
                             const struct gvk *gvk)
{
    const char *text = requote(&c->objects, json);
    struct snapshot *s = NULL;
    struct err err = {0};

    check_ok(snapshot_parse(text, strlen(text), gvk, &s, &err), &err);
    return s;
}

static void make_view(struct crew *c)
{
    static const struct resource namespaced = {.namespaced = true};
    static const struct gvk gvks[CREW_KINDS] = {
        {"v1", "ConfigMap"}, {"v1", "Secret"}, {"v1", "ConfigMap"},
        {"v1", "Pod"},       {"v1", "Secret"},
    };
    static const struct gvk site = {"example.com/v1", "Website"};

    for (unsigned i = 0; i < CREW_KINDS; i++) {
        c->items[i] = arena_calloc(&c->objects, MAX_ITEMS, sizeof(**c->items));
        c->kinds[i] = (struct view_kind){
            .gvk = gvks[i],
            .resource = &namespaced,
            .known = true,
            .owned = i < CREW_READ_MAP,
            .items = c->items[i],
        };
    }
    c->view.kinds = c->kinds;
    c->view.count = CREW_KINDS;
    c->view.now = 1767323045;
    c->view.params = value_object(&c->objects);
    value_set(&c->objects, c->view.params, "image",
              value_string(&c->objects, "busybox"));
    c->view.root =
        make(c,
             "{'metadata':{'name':'blog','namespace':'default','uid':'u-1',"
             "'resourceVersion':'7','generation':3},'spec':{'configRef':"
             "'settings','replicas':2}}",
             &site);
}

void crew_open_pool(struct crew *c, const struct workers_options *options)
{
    memset(c, 0, sizeof(*c));
    c->loop = loop_new(&c->err);
    if (!check(c->loop != NULL))
        return;
    c->executor =
        options->count ? workers_new(c->loop, options, &c->err) : inline_new();
    if (!c->executor)
        check_str(c->err.msg, "");
    make_view(c);
}

void crew_open(struct crew *c, unsigned workers, size_t cache_bytes)
{
    struct workers_options options = {.count = workers,
                                      .cache_bytes = cache_bytes};

    crew_open_pool(c, &options);
}

void crew_close(struct crew *c)
{
    snapshot_unref(c->view.root, "crew");
    for (unsigned i = 0; i < CREW_KINDS; i++)
        for (size_t k = 0; k < c->kinds[i].count; k++)
            snapshot_unref(c->items[i][k], "crew");
    program_free(c->program);
    executor_free(c->executor);
    loop_free(c->loop);
    arena_release(&c->results);
    arena_release(&c->objects);
}

bool crew_load_text(struct crew *c, const char *text)
{
    struct script_file file = {"operator.lua", text, strlen(text)};

    program_free(c->program);
    err_clear(&c->err);
    c->program = executor_load(c->executor, &file, 1, &c->limits, &c->err);
    for (unsigned i = 0; c->program && i < 3; i++)
        c->kinds[CREW_READ_MAP + i].read = i < c->program->decl->reads_count
                                               ? &c->program->decl->reads[i]
                                               : NULL;
    return c->program != NULL;
}

bool crew_load(struct crew *c, const char *body)
{
    struct str text = {0};
    bool ok;

    str_addf(&text, "%s%s%s", HEAD, body, TAIL);
    ok = crew_load_text(c, str_text(&text));
    str_release(&text);
    return ok;
}

void crew_item(struct crew *c, enum crew_kind kind, const char *json)
{
    struct view_kind *k = &c->kinds[kind];

    c->items[kind][k->count++] = make(c, json, &k->gvk);
}

void crew_pods(struct crew *c, unsigned count)
{
    struct str json = {0};

    for (unsigned i = 0; i < count; i++) {
        str_clear(&json);
        str_addf(&json,
                 "{'metadata':{'name':'pod-%04u','namespace':'default','uid':"
                 "'p%u','resourceVersion':'%u','labels':{'site':'blog','odd':"
                 "'%s'}},'spec':{'nodeName':'node-%u','filler':'%0900u'}}",
                 i, i, i + 100, i % 2 ? "yes" : "no", i % 7, i);
        crew_item(c, CREW_POD, str_text(&json));
    }
    str_release(&json);
}

bool crew_call(struct crew *c, enum task_call call,
               const struct snapshot *object, size_t read)
{
    bool views = call == TASK_RECONCILE || call == TASK_FINALIZE;

    arena_clear(&c->results);
    plan_init(&c->plan, &c->results);
    c->task = (struct task){
        .program = c->program,
        .call = call,
        .view = views ? &c->view : NULL,
        .object = object,
        .read = read,
        .arena = &c->results,
        .plan = views ? &c->plan : NULL,
    };
    c->err = executor_wait(c->loop, &c->task);
    return c->err.code == ERR_NONE;
}

bool crew_run(struct crew *c)
{
    return crew_call(c, TASK_RECONCILE, NULL, 0);
}

void crew_print(struct crew *c, struct str *out)
{
    struct frame_answer m = {.plan = c->plan};
    struct err err = {0};

    check_ok(frame_put(out, FRAME_ANSWER, &m, &err), &err);
    for (size_t i = 0; i < c->plan.read_count; i++) {
        const struct view_read *r = &c->plan.reads[i];

        str_addf(out, "\n%u %s %s/%s %s", r->kind,
                 r->list       ? "list"
                 : r->snapshot ? "read"
                               : "absent",
                 r->ns ? r->ns : "", r->name ? r->name : "",
                 r->snapshot ? r->snapshot->resource_version : "");
    }
}
