/*
 * kit.c -- see kit.h.
 */
#include "kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "test.h"

static const char frame_head[] = "local tidelock = require 'tidelock' "
                                 "local function reconcile(site, view, plan) ";

static const char frame_tail[] =
    "\nend\n"
    "return tidelock.operator { api = 1, name = 'website',\n"
    "  resource = { 'example.com/v1', 'Website' },\n"
    "  owns = { { 'v1', 'ConfigMap' }, { 'apps/v1', 'Deployment' },\n"
    "    { 'v1', 'Secret' }, { 'batch/v1', 'Job', retired = true } },\n"
    "  reads = { { 'v1', 'ConfigMap',\n"
    "      names = function(s) return { s.spec and s.spec.configRef } end },\n"
    "    { 'v1', 'Node', namespace = 'none' }, { 'v1', 'Secret' },\n"
    "    { 'v1', 'Pod', namespace = 'all', bodies = false } },\n"
    "  parameters = { image = { type = 'string', default = 'nginx' } },\n"
    "  memory = { 'lastRun' },\n"
    "  reconcile = reconcile,\n"
    "  finalize = function(s, v, p) reconcile(s, v, p) return true end,\n"
    "}\n";

static const struct resource website = {
    .api_version = "example.com/v1",
    .group = "example.com",
    .version = "v1",
    .kind = "Website",
    .plural = "websites",
    .namespaced = true,
};
static const struct resource namespaced = {.namespaced = true};
static const struct resource cluster = {.namespaced = false};

#define KIND(api_version, name, of, is_owned)                                  \
    {                                                                          \
        .gvk = {api_version, name}, .resource = of, .known = true,             \
        .owned = is_owned                                                      \
    }

static const struct view_kind kinds[KIT_KINDS] = {
    [OWNED_MAP] = KIND("v1", "ConfigMap", &namespaced, true),
    [OWNED_DEPLOYMENT] = KIND("apps/v1", "Deployment", &namespaced, true),
    [OWNED_SECRET] = KIND("v1", "Secret", &namespaced, true),
    [OWNED_JOB] = KIND("batch/v1", "Job", &namespaced, true),
    [READ_MAP] = KIND("v1", "ConfigMap", &namespaced, false),
    [READ_NODE] = KIND("v1", "Node", &cluster, false),
    [READ_SECRET] = KIND("v1", "Secret", &namespaced, false),
    [READ_POD] = KIND("v1", "Pod", &namespaced, false),
};

/* Single to double quotes, in the arena. */
static const char *quoted(struct kit *k, const char *json)
{
    char *text = arena_strdup(&k->arena, json);

    for (char *c = text; c && *c; c++)
        if (*c == '\'')
            *c = '"';
    return text;
}

static struct snapshot *parse(struct kit *k, const char *json,
                              const struct gvk *gvk)
{
    const char *text = quoted(k, json);
    struct snapshot *s = NULL;

    if (!text || snapshot_parse(text, strlen(text), gvk, &s, &k->err) < 0)
        k->oom = true;
    return s;
}

void kit_init(struct kit *k)
{
    memset(k, 0, sizeof *k);
    memcpy(k->kinds, kinds, sizeof kinds);
    for (int i = 0; i < KIT_KINDS; i++)
        k->kinds[i].items = k->items[i];
    k->view.root_resource = &website;
    k->view.kinds = k->kinds;
    k->view.count = KIT_KINDS;
    k->view.now = KIT_NOW;
    k->limits.cpu_ms = 30000; /* a busy machine is no reason to fail */
}

static void drop_root(struct kit *k)
{
    snapshot_unref(k->view.root, "test");
    k->view.root = NULL;
}

void kit_release(struct kit *k)
{
    drop_root(k);
    for (int i = 0; i < KIT_KINDS; i++)
        for (size_t j = 0; j < k->kinds[i].count; j++)
            snapshot_unref(k->items[i][j], "test");
    for (int i = 0; i < VIEW_MAX_ZONES; i++)
        zone_free(k->loaded[i]);
    script_free(k->script);
    arena_release(&k->arena);
    str_release(&k->printed);
}

void kit_root(struct kit *k, const char *json)
{
    struct gvk gvk = {"example.com/v1", "Website"};

    drop_root(k);
    k->view.root = parse(k, json, &gvk);
}

void kit_item(struct kit *k, enum kit_kind kind, const char *json)
{
    struct view_kind *v = &k->kinds[kind];
    struct snapshot *s = parse(k, json, &v->gvk);

    if (s)
        k->items[kind][v->count++] = s;
}

void kit_params(struct kit *k, const char *json)
{
    const char *text = quoted(k, json);

    if (text)
        value_parse(&k->arena, text, strlen(text), &k->view.params, &k->err);
}

void kit_zone(struct kit *k, const char *name)
{
    struct view_zone *z = &k->zones[k->view.zone_count];
    char bytes[8192];
    FILE *f =
        fopen(arena_printf(&k->arena, "/usr/share/zoneinfo/%s", name), "rb");
    size_t len = f ? fread(bytes, 1, sizeof bytes, f) : 0;

    if (f)
        fclose(f);
    z->name = name;
    z->why = arena_printf(&k->arena, "there is no time zone '%s'", name);
    if (len && zone_parse(name, bytes, len, &k->loaded[k->view.zone_count],
                          &k->err) == 0)
        z->zone = k->loaded[k->view.zone_count];
    k->view.zones = k->zones;
    k->view.zone_count++;
}

/* The view's reads point into the declaration, in the order of the frame. */
static void connect(struct kit *k)
{
    const struct operator_decl *d = script_decl(k->script);
    size_t next = 0;

    for (int i = 0; i < KIT_KINDS; i++)
        k->kinds[i].read = NULL;
    for (int i = READ_MAP; i < KIT_KINDS && next < d->reads_count; i++)
        if (gvk_equal(&k->kinds[i].gvk, &d->reads[next].gvk))
            k->kinds[i].read = &d->reads[next++];
}

int kit_load_with(struct kit *k, const char *text, const char *name,
                  const char *module)
{
    struct script_file files[2] = {{"operator.lua", text, strlen(text)},
                                   {name, module, module ? strlen(module) : 0}};
    int rc;

    script_free(k->script);
    k->script = NULL;
    err_clear(&k->err);
    rc = script_load(files, name ? 2 : 1, &k->limits, &k->script, &k->err);
    if (rc == 0)
        connect(k);
    return rc;
}

int kit_load(struct kit *k, const char *text)
{
    return kit_load_with(k, text, NULL, NULL);
}

int kit_body(struct kit *k, const char *body)
{
    char *text =
        arena_printf(&k->arena, "%s%s%s", frame_head, body, frame_tail);

    return text ? kit_load(k, text) : err_nomem(&k->err);
}

static int use_defaults(struct kit *k)
{
    if (!k->view.root)
        kit_root(k, "{'metadata':{'name':'blog','namespace':'default',"
                    "'uid':'u-1','generation':3},'spec':{}}");
    if (k->oom || !k->view.root)
        return err_nomem(&k->err);
    if (k->view.params)
        return 0;
    return operator_params(script_decl(k->script), &k->arena, NULL,
                           &k->view.params, &k->err);
}

int kit_call(struct kit *k, enum job_call call)
{
    int rc = use_defaults(k);

    if (rc < 0)
        return rc;
    err_clear(&k->err);
    plan_init(&k->plan, &k->arena);
    return script_run(k->script, call, &k->view, &k->plan, &k->err);
}

int kit_run(struct kit *k, const char *body)
{
    int rc = kit_body(k, body);

    return rc < 0 ? rc : kit_call(k, JOB_RECONCILE);
}

/* ---- printing ---- */

static void print_json(struct kit *k, const struct value *v)
{
    struct err err = {0};

    if (value_print(v, &k->printed, &err) < 0)
        str_addf(&k->printed, "<%s>", err.msg);
}

static void print_ref(struct kit *k, const struct object_ref *ref)
{
    str_addf(&k->printed, "%s %s", ref->gvk.kind, ref->key.name);
    if (*ref->key.ns)
        str_addf(&k->printed, " in %s", ref->key.ns);
}

static void print_step(struct kit *k, const struct plan_step *s)
{
    static const char *const verbs[] = {"apply", "patch", "delete", "scale"};

    str_addf(&k->printed, "%s ", verbs[s->verb]);
    print_ref(k, &s->ref);
    for (size_t i = 0; i < s->after_count; i++) {
        str_add(&k->printed, i ? ", " : " after ");
        print_ref(k, &s->after[i]);
    }
    if (s->held)
        str_addf(&k->printed, " held: %s", s->held);
    str_add(&k->printed, s->orphan ? " orphan" : "");
    str_add(&k->printed, s->recreate ? " recreate" : "");
    if (s->verb == PLAN_SCALE)
        str_addf(&k->printed, " to %lld", (long long)s->replicas);
    if (s->verb == PLAN_PATCH)
        str_addf(&k->printed, " %s",
                 s->patch_type == PATCH_JSON    ? "json"
                 : s->patch_type == PATCH_MERGE ? "merge"
                                                : "apply");
    str_addf(&k->printed, " @%s", s->line);
    if (s->body) {
        str_add(&k->printed, " ");
        print_json(k, s->body);
    }
    str_add(&k->printed, "\n");
}

static void print_rest(struct kit *k)
{
    const struct plan *p = &k->plan;

    if (p->status) {
        str_addf(&k->printed, "status @%s ", p->status_line);
        print_json(k, p->status);
        str_add(&k->printed, "\n");
    }
    if (p->nothing)
        str_addf(&k->printed, "nothing: %s\n", p->nothing);
    if (p->prune_all)
        str_addf(&k->printed, "prune all: %s\n", p->prune_all);
    if (p->allow_bulk)
        str_addf(&k->printed, "allow bulk: %s\n", p->allow_bulk);
    if (p->requeue_ms >= 0)
        str_addf(&k->printed, "requeue %lld ms\n", (long long)p->requeue_ms);
    if (p->requeue_at >= 0)
        str_addf(&k->printed, "requeue at %lld\n", (long long)p->requeue_at);
    if (p->finalize_done)
        str_add(&k->printed, "finalized\n");
    for (size_t i = 0; i < p->log_count; i++)
        str_addf(&k->printed, "%s: %s\n", p->logs[i].warn ? "warn" : "info",
                 p->logs[i].text);
}

const char *kit_plan(struct kit *k)
{
    const struct plan *p = &k->plan;

    str_clear(&k->printed);
    for (size_t i = 0; i < p->count; i++)
        print_step(k, &p->steps[i]);
    for (size_t i = 0; i < p->condition_count; i++)
        str_addf(&k->printed, "condition %s=%s %s \"%s\" @%s\n",
                 p->conditions[i].type, p->conditions[i].status,
                 p->conditions[i].reason, p->conditions[i].message,
                 p->conditions[i].line);
    for (size_t i = 0; i < p->event_count; i++)
        str_addf(&k->printed, "event %s %s \"%s\" @%s\n", p->events[i].type,
                 p->events[i].reason, p->events[i].note, p->events[i].line);
    print_rest(k);
    return str_text(&k->printed);
}

const char *kit_reads(struct kit *k)
{
    str_clear(&k->printed);
    for (size_t i = 0; i < k->plan.read_count; i++) {
        const struct view_read *r = &k->plan.reads[i];

        str_addf(&k->printed, "%u %s %s/%s\n", r->kind,
                 r->list       ? "list"
                 : r->snapshot ? "body"
                               : "absent",
                 r->ns ? r->ns : "", r->name ? r->name : "");
    }
    return str_text(&k->printed);
}

const char *kit_error(struct kit *k)
{
    str_clear(&k->printed);
    str_add(&k->printed, k->err.msg);
    if (*k->err.hint)
        str_addf(&k->printed, "\n  hint: %s", k->err.hint);
    return str_text(&k->printed);
}

/* ---- checks ---- */

void kit_fails(struct kit *k, const char *body, enum err_code code,
               const char *want)
{
    int rc = kit_run(k, body);

    check_int(rc, -(int)code);
    check_str(kit_error(k), want);
}

void kit_gives(struct kit *k, const char *body, const char *want)
{
    if (check_ok(kit_run(k, body), &k->err))
        check_str(kit_plan(k), want);
}
