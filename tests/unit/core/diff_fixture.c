#include "core/diff_fixture.h"

#include <string.h>

#include "base/mem.h"
#include "test.h"

static const struct {
    struct gvk gvk;
    const char *group, *plural;
    bool namespaced, owned, scale;
} known[FX_KINDS] = {
    [CONFIG_MAP] = {{"v1", "ConfigMap"}, "", "configmaps", true, true, false},
    [DEPLOYMENT] =
        {{"apps/v1", "Deployment"}, "apps", "deployments", true, true, true},
    [SECRET] = {{"v1", "Secret"}, "", "secrets", true, true, false},
    [JOB] = {{"batch/v1", "Job"}, "batch", "jobs", true, true, false},
    [READ_MAP] = {{"v1", "ConfigMap"}, "", "configmaps", true, false, false},
    [NODE] = {{"v1", "Node"}, "", "nodes", false, false, false},
    [READ_DEPLOY] =
        {{"apps/v1", "Deployment"}, "apps", "deployments", true, false, true},
};

static struct resource resources[FX_KINDS];

static void fill_resource(struct resource *r, const struct gvk *gvk,
                          const char *group, const char *plural)
{
    const char *slash = strchr(gvk->api_version, '/');

    *r = (struct resource){.api_version = gvk->api_version,
                           .group = group,
                           .version = slash ? slash + 1 : gvk->api_version,
                           .kind = gvk->kind,
                           .plural = plural,
                           .singular = plural,
                           .namespaced = true,
                           .has_status = true,
                           .can_list = true,
                           .can_watch = true,
                           .can_create = true,
                           .can_patch = true,
                           .can_delete = true};
}

static void init_decl(struct fixture *f)
{
    f->owns[0].gvk = known[CONFIG_MAP].gvk;
    f->owns[1].gvk = known[DEPLOYMENT].gvk;
    f->owns[2].gvk = known[SECRET].gvk;
    f->owns[3].gvk = known[JOB].gvk;
    f->owns[3].retired = true;
    f->reads[0].gvk = known[READ_MAP].gvk;
    f->reads[1].gvk = known[NODE].gvk;
    f->reads[2].gvk = known[READ_DEPLOY].gvk;
    f->decl.name = "website";
    f->decl.root = (struct gvk){"example.com/v1", "Website"};
    f->decl.owns = f->owns;
    f->decl.owns_count = 4;
    f->decl.reads = f->reads;
    f->decl.reads_count = 3;
    f->decl.field_manager = "tidelock-website";
    f->decl.finalizer = "tidelock.dev/website";
}

void fx_init(struct fixture *f)
{
    memset(f, 0, sizeof(*f));
    init_decl(f);
    fill_resource(&f->root_resource, &f->decl.root, "example.com", "websites");
    for (size_t i = 0; i < FX_KINDS; i++) {
        fill_resource(&resources[i], &known[i].gvk, known[i].group,
                      known[i].plural);
        resources[i].namespaced = known[i].namespaced;
        resources[i].has_scale = known[i].scale;
        f->kinds[i] = (struct view_kind){.gvk = known[i].gvk,
                                         .resource = &resources[i],
                                         .known = true,
                                         .owned = known[i].owned,
                                         .items = f->items[i]};
    }
    f->view.kinds = f->kinds;
    f->view.count = FX_KINDS;
    f->view.root_resource = &f->root_resource;
    f->view.now = FX_NOW;
    plan_init(&f->plan, &f->arena);
    fx_root(f, "{}");
}

void fx_release(struct fixture *f)
{
    for (size_t k = 0; k < FX_KINDS; k++)
        for (size_t i = 0; i < f->kinds[k].count; i++)
            snapshot_unref(f->items[k][i], "test");
    snapshot_unref(f->view.root, "test");
    diff_memo_free(f->memo);
    schema_set_free(f->schemas);
    arena_release(&f->arena);
}

/* ---- objects ---- */

struct value *fx_value(struct fixture *f, const char *text)
{
    char *copy = arena_strdup(&f->arena, text);
    struct value *v = NULL;

    for (char *c = copy; c && *c; c++)
        if (*c == '\'')
            *c = '"';
    if (copy && value_parse(&f->arena, copy, strlen(copy), &v, &f->err) < 0) {
        if (!torturing())
            check_ok(-1, &f->err);
        v = NULL;
    }
    if (!v)
        f->oom = true;
    return v;
}

static void fill(struct fixture *f, struct value *object, const char *key,
                 struct value *item)
{
    if (object && !value_get(object, key) &&
        value_set(&f->arena, object, key, item) < 0)
        f->oom = true;
}

static struct value *text(struct fixture *f, const char *t)
{
    return value_string(&f->arena, t);
}

static struct snapshot *freeze(struct fixture *f, const struct value *object)
{
    struct snapshot *snap = NULL;
    struct str s;

    str_init(&s, 0);
    if (f->oom || value_print(object, &s, &f->err) < 0 ||
        snapshot_parse(s.data, s.len, NULL, &snap, &f->err) < 0)
        f->oom = true;
    str_release(&s);
    return snap;
}

void fx_root(struct fixture *f, const char *json)
{
    struct value *v = fx_value(f, json);
    struct value *meta = value_make(&f->arena, v, "metadata");

    fill(f, v, "apiVersion", text(f, f->decl.root.api_version));
    fill(f, v, "kind", text(f, f->decl.root.kind));
    fill(f, meta, "name", text(f, "blog"));
    if (f->root_resource.namespaced)
        fill(f, meta, "namespace", text(f, "default"));
    fill(f, meta, "uid", text(f, FX_ROOT_UID));
    fill(f, meta, "resourceVersion", text(f, "50"));
    fill(f, meta, "generation", value_integer(&f->arena, 3));
    snapshot_unref(f->view.root, "test");
    f->view.root = freeze(f, v);
}

struct snapshot *fx_add(struct fixture *f, enum fx_kind kind,
                        const struct value *object)
{
    struct snapshot *snap = freeze(f, object);
    size_t i = f->kinds[kind].count;

    if (!snap)
        return NULL;
    while (i > 0 &&
           object_key_compare(&f->items[kind][i - 1]->key, &snap->key) > 0) {
        f->items[kind][i] = f->items[kind][i - 1];
        i--;
    }
    f->items[kind][i] = snap;
    f->kinds[kind].count++;
    return snap;
}

static void own(struct fixture *f, struct value *meta, enum fx_owner owner)
{
    const char *ref =
        owner == FX_OURS
            ? "[{'apiVersion':'example.com/v1','kind':'Website',"
              "'name':'blog','uid':'" FX_ROOT_UID "','controller':true,"
              "'blockOwnerDeletion':true}]"
            : "[{'apiVersion':'apps/v1','kind':'ReplicaSet','name':'other',"
              "'uid':'bbbb','controller':true}]";

    if (owner == FX_OURS || owner == FX_FOREIGN)
        fill(f, meta, "ownerReferences", fx_value(f, ref));
    if (owner == FX_ORPHAN)
        fill(f, value_make(&f->arena, meta, "labels"), LABEL_OWNER_UID,
             text(f, FX_ROOT_UID));
    if (owner == FX_OURS || owner == FX_ORPHAN)
        fill(f, value_make(&f->arena, meta, "labels"), LABEL_OPERATOR,
             text(f, f->decl.name));
}

struct snapshot *fx_child(struct fixture *f, enum fx_kind kind,
                          const char *json, enum fx_owner owner)
{
    struct value *v = fx_value(f, json);
    struct value *meta = value_make(&f->arena, v, "metadata");
    const char *name = value_text_at(meta, "name");
    char *uid = arena_printf(&f->arena, "uid-%s", name ? name : "");

    fill(f, v, "apiVersion", text(f, known[kind].gvk.api_version));
    fill(f, v, "kind", text(f, known[kind].gvk.kind));
    if (known[kind].namespaced)
        fill(f, meta, "namespace", text(f, "default"));
    if (uid)
        fill(f, meta, "uid", text(f, uid));
    fill(f, meta, "resourceVersion", text(f, "100"));
    own(f, meta, owner);
    return f->oom || !uid ? NULL : fx_add(f, kind, v);
}

/* ---- plans ---- */

struct plan_step *fx_apply(struct fixture *f, const char *json)
{
    struct value *v = fx_value(f, json);
    struct plan_step *s = v ? plan_add(&f->plan, PLAN_APPLY, &f->err) : NULL;

    if (!s) {
        f->oom = true;
        return NULL;
    }
    s->body = v;
    s->ref.gvk.api_version = value_text_at(v, "apiVersion");
    s->ref.gvk.kind = value_text_at(v, "kind");
    s->ref.key.name = value_text_at(v, "metadata.name");
    s->ref.key.ns = value_text_at(v, "metadata.namespace");
    if (!s->ref.key.ns)
        s->ref.key.ns = "";
    s->line = "operator.lua:31";
    return s;
}

struct plan_step *fx_apply_map(struct fixture *f, const char *name)
{
    char *json = arena_printf(&f->arena,
                              "{'apiVersion':'v1','kind':'ConfigMap',"
                              "'metadata':{'name':'%s'},'data':{'k':'v'}}",
                              name);

    return fx_apply(f, json ? json : "");
}

void fx_after(struct fixture *f, struct plan_step *s, const char *name)
{
    struct object_ref *after = arena_calloc(&f->arena, 1, sizeof(*after));

    if (!after || !s) {
        f->oom = true;
        return;
    }
    *after = (struct object_ref){known[CONFIG_MAP].gvk, {"", name}};
    s->after = after;
    s->after_count = 1;
}

struct plan_step *fx_step(struct fixture *f, enum plan_verb verb,
                          enum fx_kind kind, const char *name)
{
    struct plan_step *s = plan_add(&f->plan, verb, &f->err);

    if (!s) {
        f->oom = true;
        return NULL;
    }
    s->ref.gvk = known[kind].gvk;
    s->ref.key = (struct object_key){"", name};
    s->line = "operator.lua:40";
    return s;
}

void fx_condition(struct fixture *f, const char *type, const char *status)
{
    struct plan_condition *c = plan_add_condition(&f->plan);

    if (c)
        *c = (struct plan_condition){type, status, "Because", "so", NULL};
    else
        f->oom = true;
}

/* ---- results ---- */

int fx_diff(struct fixture *f)
{
    struct diff_input in = {.decl = &f->decl,
                            .view = &f->view,
                            .plan = &f->plan,
                            .schemas = f->schemas,
                            .failed = f->failed,
                            .schemas_are_live = f->schemas_are_live,
                            .limits = f->limits,
                            .memo = f->memo};

    if (f->oom)
        return err_nomem(&f->err);
    changeset_init(&f->cs, &f->arena);
    return diff_plan(&in, &f->cs, &f->err);
}

const struct change *fx_change(const struct fixture *f, size_t i)
{
    return i < f->cs.count ? &f->cs.items[i] : NULL;
}

const char *fx_story(struct fixture *f)
{
    char *story = arena_strdup(&f->arena, "");

    for (size_t i = 0; story && i < f->cs.count; i++) {
        const struct change *c = &f->cs.items[i];

        story = arena_printf(&f->arena, "%s%s%s %s %s", story, i ? "; " : "",
                             change_verb_word(c->verb), c->resource->kind,
                             c->key.name);
    }
    return story;
}

const char *fx_notes(struct fixture *f)
{
    char *notes = arena_strdup(&f->arena, "");

    for (size_t i = 0; notes && i < f->cs.note_count; i++)
        notes = arena_printf(&f->arena, "%s%s%s: %s", notes, i ? "; " : "",
                             f->cs.notes[i].ref.key.name, f->cs.notes[i].text);
    return notes;
}

static const char *show(struct fixture *f, const struct value *v)
{
    struct str s;
    const char *text;

    if (!v)
        return "(absent)";
    if (value_text(v))
        return value_text(v);
    str_init(&s, 0);
    value_print(v, &s, &f->err);
    text = arena_strdup(&f->arena, str_text(&s));
    str_release(&s);
    return text;
}

const char *fx_fields(struct fixture *f, size_t i)
{
    const struct change *c = fx_change(f, i);
    char *out = arena_strdup(&f->arena, "");

    for (size_t k = 0; c && out && k < c->field_count; k++)
        out =
            arena_printf(&f->arena, "%s%s%s %s -> %s", out, k ? "; " : "",
                         c->fields[k].path, show(f, c->fields[k].before),
                         c->fields[k].sensitive ? "(sensitive)"
                                                : show(f, c->fields[k].after));
    return out;
}

const char *fx_requests(struct fixture *f, size_t i)
{
    const struct render_options options = {.root_rv = "77"};
    struct request_pair pair;
    const struct request *r = pair.items;
    char *out = arena_strdup(&f->arena, "");

    if (i >= f->cs.count || change_requests(&f->cs, &f->cs.items[i], &options,
                                            &f->arena, &pair, &f->err) < 0)
        return "";
    for (size_t k = 0; out && k < pair.count; k++)
        out = arena_printf(&f->arena, "%s%s%s %s %s", out, k ? "\n" : "",
                           http_method_name(r[k].method), r[k].path,
                           r[k].body ? r[k].body : "");
    return out;
}
