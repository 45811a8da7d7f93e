/* See stage.h. */
#include "stage.h"

#include <string.h>

#include "base/log.h"
#include "test.h"

static const struct resource RESOURCES[STAGE_KINDS] = {
    [STAGE_ROOT] = {.api_version = "example.com/v1",
                    .group = "example.com",
                    .version = "v1",
                    .kind = "Widget",
                    .plural = "widgets",
                    .singular = "widget",
                    .namespaced = true,
                    .has_status = true},
    [STAGE_MAP] = {.api_version = "v1",
                   .group = "",
                   .version = "v1",
                   .kind = "ConfigMap",
                   .plural = "configmaps",
                   .singular = "configmap",
                   .namespaced = true},
    [STAGE_SECRET] = {.api_version = "v1",
                      .group = "",
                      .version = "v1",
                      .kind = "Secret",
                      .plural = "secrets",
                      .singular = "secret",
                      .namespaced = true},
    [STAGE_DEPLOY] = {.api_version = "apps/v1",
                      .group = "apps",
                      .version = "v1",
                      .kind = "Deployment",
                      .plural = "deployments",
                      .singular = "deployment",
                      .namespaced = true,
                      .has_scale = true},
    [STAGE_EVENT] = {.api_version = "events.k8s.io/v1",
                     .group = "events.k8s.io",
                     .version = "v1",
                     .kind = "Event",
                     .plural = "events",
                     .singular = "event",
                     .namespaced = true},
    [STAGE_NODE] = {.api_version = "v1",
                    .group = "",
                    .version = "v1",
                    .kind = "Node",
                    .plural = "nodes",
                    .singular = "node"},
};

/* What is tested here would be logged again and again. */
__attribute__((constructor)) static void be_quiet(void)
{
    log_setup((enum log_level)(LOG_ERROR + 1), LOG_TEXT, clock_real());
}

const struct resource *stage_resource(enum stage_kind kind)
{
    return &RESOURCES[kind];
}

/* ---- objects ---- */

static char *with_quotes(struct stage *s, const char *text)
{
    char *copy = arena_strdup(&s->arena, text);

    for (char *c = copy; c && *c; c++)
        if (*c == '\'')
            *c = '"';
    s->oom |= !copy;
    return copy;
}

struct value *stage_value(struct stage *s, const char *text)
{
    char *copy = with_quotes(s, text);
    struct value *v = NULL;
    struct err err = {0};

    if (copy && value_parse(&s->arena, copy, strlen(copy), &v, &err) < 0) {
        s->oom = true;
        v = NULL;
        if (!torturing())
            check_ok(-1, &err);
    }
    return v;
}

struct snapshot *stage_snapshot(struct stage *s, const char *text)
{
    char *copy = with_quotes(s, text);
    struct snapshot *snap = NULL;
    struct err err = {0};

    if (!copy || !check(s->held_count < 16) ||
        snapshot_parse(copy, strlen(copy), NULL, &snap, &err) < 0) {
        s->oom = true;
        if (!torturing())
            check_ok(-1, &err);
        return NULL;
    }
    s->held[s->held_count++] = snap;
    return snap;
}

void stage_root(struct stage *s, const char *text)
{
    s->root = stage_snapshot(s, text);
    s->cs.root = s->root;
}

void stage_init(struct stage *s)
{
    *s = (struct stage){.decl = {.name = "shop",
                                 .root = {"example.com/v1", "Widget"},
                                 .field_manager = "tidelock-shop",
                                 .finalizer = "tidelock.dev/shop"}};
    changeset_init(&s->cs, &s->arena);
    plan_init(&s->plan, &s->arena);
    s->cs.root_resource = &RESOURCES[STAGE_ROOT];
    s->cs.decl = &s->decl;
    stage_root(s, "{'apiVersion':'example.com/v1','kind':'Widget','metadata':{"
                  "'name':'blog','namespace':'default','uid':'root-uid',"
                  "'resourceVersion':'50','generation':2}}");
}

void stage_release(struct stage *s)
{
    for (size_t i = 0; i < s->held_count; i++)
        snapshot_unref(s->held[i], "test");
    arena_release(&s->arena);
}

/* ---- changes ---- */

static struct value *small_body(struct stage *s, const struct resource *r,
                                const char *name)
{
    const char *text = arena_printf(
        &s->arena, "{'apiVersion':'%s','kind':'%s','metadata':{'name':'%s'}}",
        r->api_version, r->kind, name);

    return text ? stage_value(s, text) : NULL;
}

struct change *stage_change(struct stage *s, enum change_verb verb,
                            enum stage_kind kind, const char *name)
{
    const struct resource *r = &RESOURCES[kind];
    struct change *c = changeset_add(&s->cs, verb);

    if (!c) {
        s->oom = true;
        return NULL;
    }
    c->resource = r;
    c->key = (struct object_key){r->namespaced ? "default" : "", name};
    if (verb != CHANGE_DELETE && verb != CHANGE_PRUNE)
        c->body = small_body(s, r, name);
    c->force = verb == CHANGE_APPLY;
    if (verb == CHANGE_CREATE || verb == CHANGE_EVENT)
        return c;
    c->uid = kind == STAGE_ROOT ? STAGE_ROOT_UID
                                : arena_printf(&s->arena, "uid-%s", name);
    c->resource_version = kind == STAGE_ROOT ? NULL : "7";
    c->destructive = verb == CHANGE_DELETE || verb == CHANGE_PRUNE ||
                     verb == CHANGE_RECREATE;
    s->oom |= !c->uid;
    return c;
}

void stage_field(struct stage *s, struct change *c, const char *path,
                 const char *before, const char *after)
{
    struct change_field *fields;

    if (!c)
        return;
    fields = arena_calloc(&s->arena, c->field_count + 1, sizeof(*fields));
    if (!fields) {
        s->oom = true;
        return;
    }
    if (c->field_count)
        memcpy(fields, c->fields, c->field_count * sizeof(*fields));
    fields[c->field_count] = (struct change_field){
        .path = path,
        .before = before ? stage_value(s, before) : NULL,
        .after = after ? stage_value(s, after) : NULL,
    };
    c->fields = fields;
    c->field_count++;
}

struct pass stage_pass(struct stage *s)
{
    return (struct pass){.key = s->root ? s->root->key
                                        : (struct object_key){"", ""},
                         .root = s->root,
                         .plan = &s->plan,
                         .cs = &s->cs,
                         .err = &s->err,
                         .requeue_ms = -1};
}
