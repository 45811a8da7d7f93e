/*
 * check_try.c -- the script at work on the examples: the job function and the
 *                checks of production, on a view made of files.
 *
 * DESIGN
 *
 * Each root is tried as it is when it is new, when its children are there, a
 * second later (a plan that differs then would write for ever), and, where
 * there is a finalize, while it is being deleted. The time is always the same,
 * so that the same operator gives the same findings.
 */
#include "check_impl.h"

#include <stdlib.h>
#include <string.h>

#include "app/source_files.h"
#include "core/diff.h"
#include "io/file.h"

#define NOW 1767323045 /* 2026-01-02T03:04:05Z */
#define JOB_LIMIT ((size_t)256 << 20)

struct attempt {
    struct check *c;
    struct arena arena;
    struct source *source;
    const char *name;  /* "examples/blog.yaml:3" */
    const char *stage; /* "when it is new" */
    struct snapshot *root;
    struct value *params;
    struct plan plan;
    struct changeset cs;
};

/* ---- issues ---- */

static const char *code_of(enum schema_problem problem)
{
    switch (problem) {
    case SCHEMA_WRONG_TYPE:
        return "wrong-type";
    case SCHEMA_WRONG_VALUE:
        return "wrong-value";
    case SCHEMA_UNKNOWN_FIELD:
        return "unknown-field";
    case SCHEMA_MISSING_FIELD:
        return "missing-field";
    case SCHEMA_WRONG_EMPTY:
        break;
    }
    return NULL; /* {} for []: put right on the way */
}

struct looking {
    struct check *c;
    const struct finding *where;
    const char *prefix;
};

static const char *hint_for(const struct schema_issue *issue)
{
    bool to_string = strstr(issue->message, "expected string, got");

    if (issue->problem != SCHEMA_WRONG_TYPE)
        return NULL;
    if (strstr(issue->message, "got string"))
        return "quotes make a string, in YAML too: tonumber(value)";
    return to_string ? "tostring(value)" : NULL;
}

static bool on_issue(void *arg, const struct schema_issue *issue)
{
    const struct looking *l = arg;
    struct findings *f = &l->c->found;
    const char *code = code_of(issue->problem);
    struct finding what = *l->where;

    if (!code)
        return true;
    if (!what.code || issue->problem != SCHEMA_UNKNOWN_FIELD)
        what.code = code;
    what.hint = hint_for(issue);
    what.path = issue->path;
    what.message = arena_printf(f->arena, "%s%s: %s", l->prefix, issue->path,
                                issue->message);
    findings_add(f, &what);
    return true;
}

int check_object(struct check *c, struct schema_node n, const struct value *v,
                 const struct finding *where, const char *prefix,
                 struct err *err)
{
    struct looking l = {c, where, prefix};

    return schema_check_node(n, v, on_issue, &l, err);
}

/* ---- the view ---- */

static bool is_asked_for(const char *const *names, const char *name)
{
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

/* Objects of the files that the read shows to this root. */
static int fill_read(struct attempt *t, size_t index, struct view_kind *kind,
                     struct err *err)
{
    const struct operator_read *read = kind->read;
    struct source_want want = {.gvk = read->gvk, .ns = ""};
    struct source_feed *feed;
    struct snapshot *const *all;
    struct snapshot **items;
    const char **names = NULL;
    const char *ns = read->scope == READ_NAMED ? read->ns
                     : read->scope == READ_OWN ? t->root->key.ns
                                               : "";
    size_t count;
    int rc = read->by_name ? script_names(t->c->script, index, t->root,
                                          &t->arena, &names, err)
                           : 0;

    if (rc < 0)
        return rc;
    feed = source_feed(t->source, &want, err);
    if (!feed)
        return -(int)err->code;
    count = store_list(feed->store, ns, &all);
    items = arena_calloc(&t->arena, count + 1, sizeof(struct snapshot *));
    if (!items)
        return err_nomem(err);
    for (size_t i = 0; i < count; i++)
        if (!names || is_asked_for(names, all[i]->key.name))
            items[kind->count++] = all[i];
    kind->items = items;
    return 0;
}

static void name_kind(const struct attempt *t, const struct gvk *gvk,
                      struct view_kind *kind)
{
    kind->gvk = *gvk;
    kind->resource =
        restmap_find(t->c->rt.restmap, gvk->api_version, gvk->kind);
    kind->known = kind->resource != NULL;
    kind->unknown = "nothing is known of the kind";
}

static int make_view(struct attempt *t, struct view *v, struct err *err)
{
    const struct operator_decl *d = t->c->decl;
    int rc = 0;

    *v = (struct view){.root = t->root,
                       .now = NOW,
                       .params = t->params,
                       .count = d->owns_count + d->reads_count};
    v->root_resource =
        restmap_find(t->c->rt.restmap, d->root.api_version, d->root.kind);
    v->kinds = arena_calloc(&t->arena, v->count + 1, sizeof(*v->kinds));
    if (!v->kinds)
        return err_nomem(err);
    for (size_t i = 0; i < d->owns_count; i++) {
        name_kind(t, &d->owns[i].gvk, &v->kinds[i]);
        v->kinds[i].owned = true;
    }
    for (size_t i = 0; i < d->reads_count && rc == 0; i++) {
        struct view_kind *kind = &v->kinds[d->owns_count + i];

        name_kind(t, &d->reads[i].gvk, kind);
        kind->read = &d->reads[i];
        if (kind->known)
            rc = fill_read(t, i, kind, err);
    }
    return rc;
}

/* ---- one run ---- */

static const char *failure_code(enum err_code code)
{
    switch (code) {
    case ERR_SCRIPT:
        return "script-error";
    case ERR_BUDGET:
        return "over-budget";
    case ERR_EMPTY_PLAN:
        return "empty-plan";
    case ERR_UNKNOWN:
    case ERR_NO_KIND:
        return "unknown-kind";
    default:
        return "plan-refused";
    }
}

/* "operator.lua:31" */
static void set_place(struct attempt *t, const char *line, struct finding *ret)
{
    const char *colon = line ? strrchr(line, ':') : NULL;
    int64_t number;

    ret->file = "operator.lua";
    if (!colon || !text_to_int64(colon + 1, strlen(colon + 1), &number))
        return;
    ret->line = (unsigned)number;
    ret->file = arena_strndup(&t->arena, line, (size_t)(colon - line));
    if (!ret->file)
        ret->file = "operator.lua";
}

/* Once for each kind: there are no more than are owned. */
static void note_applied(struct check *c, const struct gvk *gvk)
{
    const char *name =
        arena_printf(&c->rt.arena, "%s %s", gvk->api_version, gvk->kind);

    if (!c->applied)
        c->applied = arena_calloc(&c->rt.arena, c->decl->owns_count + 1,
                                  sizeof(*c->applied));
    if (!name || !c->applied) {
        c->found.failed = true;
        return;
    }
    if (!operator_owns(c->decl, gvk))
        return;
    for (size_t i = 0; i < c->applied_count; i++)
        if (strcmp(c->applied[i], name) == 0)
            return;
    c->applied[c->applied_count++] = name;
}

static int look_at_step(struct attempt *t, const struct plan_step *step,
                        struct err *err)
{
    struct check *c = t->c;
    const struct gvk *gvk = &step->ref.gvk;
    struct schema_node n =
        schema_find(c->rt.schemas, gvk->api_version, gvk->kind);
    struct finding where = {0};
    struct str prefix = {0};
    int rc;

    if (step->verb == PLAN_APPLY)
        note_applied(c, gvk);
    if (step->verb != PLAN_APPLY || !step->body || !schema_known(n))
        return 0;
    set_place(t, step->line, &where);
    schema_fix_empty(c->rt.schemas, gvk, step->body);
    str_addf(&prefix, "%s: ", gvk->kind);
    rc = check_object(c, n, step->body, &where, str_text(&prefix), err);
    str_release(&prefix);
    return rc;
}

/* Fields of the status that would be left out. */
static int look_at_status(struct attempt *t, struct err *err)
{
    const struct gvk *gvk = &t->c->decl->root;
    struct schema_node root =
        schema_find(t->c->rt.schemas, gvk->api_version, gvk->kind);
    struct schema_node status = schema_field(root, "status");
    struct finding where = {.code = "unknown-status-field"};
    const struct plan *p = &t->plan;

    if (!schema_known(root))
        return 0;
    set_place(t, p->condition_count ? p->conditions[0].line : p->status_line,
              &where);
    if (!schema_known(status) && (p->status || p->condition_count)) {
        where.message = "the definition of the root's kind has no .status: "
                        "nothing of it is written";
        where.path = ".status";
        findings_add(&t->c->found, &where);
        return 0;
    }
    if (p->condition_count &&
        !schema_known(schema_field(status, "conditions"))) {
        where.message = ".status.conditions: the definition of the root's kind "
                        "does not have it: conditions are not written";
        where.path = ".status.conditions";
        findings_add(&t->c->found, &where);
    }
    set_place(t, p->status_line, &where);
    return p->status ? check_object(t->c, status, p->status, &where, "", err)
                     : 0;
}

static int diff(struct attempt *t, const struct view *view, struct err *err)
{
    struct diff_input in = {
        .decl = t->c->decl,
        .view = view,
        .plan = &t->plan,
        .restmap = t->c->rt.restmap,
        .schemas = t->c->rt.schemas,
        .schemas_are_live = true,
    };

    changeset_init(&t->cs, &t->arena);
    return diff_plan(&in, &t->cs, err);
}

/* Run, look at every step, then at the whole. Gives the outcome: 1 failed. */
static int run(struct attempt *t, enum job_call call, struct view *view,
               struct err *err)
{
    struct err why = {0};
    int rc;

    t->c->found.when = arena_printf(
        &t->arena, "%.*s, %s", (int)strcspn(t->name, ":"), t->name, t->stage);
    do {
        plan_init(&t->plan, &t->arena);
        rc = script_run(t->c->script, call, view, &t->plan, &why);
    } while (rc < 0 &&
             zones_serve(t->c->rt.zones, &t->plan, &t->arena, view, &why));
    if (rc == 0)
        rc = plan_resolve_secrets(&t->plan, view, &why);
    for (size_t i = 0; i < t->plan.count && rc == 0; i++)
        rc = look_at_step(t, &t->plan.steps[i], &why);
    if (rc == 0)
        rc = look_at_status(t, &why);
    if (rc == 0)
        rc = diff(t, view, &why);
    if (rc == -ERR_NOMEM)
        return err_nomem(err);
    if (rc < 0)
        findings_add_err(&t->c->found, failure_code(why.code), "operator.lua",
                         &why);
    t->c->found.when = NULL;
    t->c->cut |= rc < 0;
    return rc < 0 ? 1 : 0;
}

/* ---- the children as they would be ---- */

/* What is sent has the owner and the labels; the server adds an identity. */
static int child_snapshot(struct attempt *t, const struct change *change,
                          struct snapshot **ret, struct err *err)
{
    struct arena *a = &t->arena;
    struct value *body = value_copy(a, change->body);
    struct value *meta = body ? value_make(a, body, "metadata") : NULL;
    struct gvk gvk = {change->resource->api_version, change->resource->kind};
    struct str text = {0};
    int rc;

    if (!meta ||
        value_set(a, meta, "uid",
                  value_string(
                      a, arena_printf(a, "child-%s", change->key.name))) < 0 ||
        value_set(a, meta, "resourceVersion", value_string(a, "2")) < 0 ||
        value_set(a, meta, "generation", value_integer(a, 1)) < 0 ||
        value_set(a, meta, "name", value_string(a, change->key.name)) < 0 ||
        (*change->key.ns &&
         value_set(a, meta, "namespace", value_string(a, change->key.ns)) < 0))
        return err_nomem(err);
    rc = value_print(body, &text, err);
    if (rc == 0)
        rc = snapshot_parse(text.data, text.len, &gvk, ret, err);
    str_release(&text);
    return rc;
}

static int compare_children(const void *a, const void *b)
{
    const struct snapshot *x = *(struct snapshot *const *)a;
    const struct snapshot *y = *(struct snapshot *const *)b;

    return object_key_compare(&x->key, &y->key);
}

/* Put what the first run would create into the owned kinds of `view`. */
static int add_children(struct attempt *t, const struct changeset *cs,
                        struct view *view, struct err *err)
{
    int rc = 0;

    for (size_t k = 0; k < t->c->decl->owns_count && rc == 0; k++) {
        struct view_kind *kind = &view->kinds[k];
        struct snapshot **items =
            arena_calloc(&t->arena, cs->count + 1, sizeof(*items));

        if (!items)
            return err_nomem(err);
        kind->items = items;
        for (size_t i = 0; i < cs->count && rc == 0; i++) {
            const struct change *change = &cs->items[i];

            if (change->verb != CHANGE_CREATE ||
                change->resource != kind->resource)
                continue;
            rc = child_snapshot(t, change, &items[kind->count], err);
            kind->count += rc == 0;
        }
        if (kind->count > 1)
            qsort(items, kind->count, sizeof(*items), compare_children);
    }
    return rc;
}

/* The root as it is while it is being deleted. */
static int deleted_root(struct attempt *t, struct snapshot **ret,
                        struct err *err)
{
    struct arena *a = &t->arena;
    struct value *root, *finalizers = value_array(a), *meta;
    struct str text = {0};
    int rc = snapshot_value(t->root, a, &root, err);

    if (rc < 0)
        return rc;
    meta = value_make(a, root, "metadata");
    if (!meta || !finalizers ||
        value_append(a, finalizers, value_string(a, t->c->decl->finalizer)) <
            0 ||
        value_set(a, meta, "finalizers", finalizers) < 0 ||
        value_set(a, meta, "deletionTimestamp",
                  value_string(a, "2026-01-02T03:04:00Z")) < 0)
        return err_nomem(err);
    rc = value_print(root, &text, err);
    if (rc == 0)
        rc = snapshot_parse(text.data, text.len, NULL, ret, err);
    str_release(&text);
    return rc;
}

static int finalize(struct attempt *t, struct view *view, struct err *err)
{
    struct snapshot *root;
    int rc = deleted_root(t, &root, err);

    if (rc < 0)
        return rc;
    view->root = root;
    t->stage = "while it is deleted";
    rc = run(t, JOB_FINALIZE, view, err);
    snapshot_unref(root, "check");
    return rc;
}

static void drop_children(const struct attempt *t, struct view *view)
{
    for (size_t k = 0; k < t->c->decl->owns_count; k++)
        for (size_t i = 0; i < view->kinds[k].count; i++)
            snapshot_unref(view->kinds[k].items[i], "check");
}

/* ---- one root ---- */

static void add_time(struct attempt *t)
{
    struct finding what = {
        .code = "time-dependent",
        .message = "one second later the plan is another one: each pass would "
                   "write",
        .hint = "round the time to what the plan depends on, and plan:requeue"};

    set_place(t, t->plan.count ? t->plan.steps[0].line : NULL, &what);
    findings_add(&t->c->found, &what);
}

static int try_root(struct attempt *t, struct err *err)
{
    struct view view;
    struct changeset first;
    int rc = make_view(t, &view, err);

    if (rc < 0) {
        findings_add_err(&t->c->found, failure_code(err->code), "operator.lua",
                         err);
        return rc == -ERR_NOMEM ? rc : 0;
    }
    t->stage = "when it is new";
    rc = run(t, JOB_RECONCILE, &view, err);
    if (rc != 0)
        return rc < 0 ? rc : 0;
    first = t->cs; /* all of it is the arena's */
    view.now = NOW + 1;
    rc = run(t, JOB_RECONCILE, &view, err);
    if (rc == 0 && strcmp(first.hash, t->cs.hash) != 0)
        add_time(t);
    t->stage = "when its children are there";
    if (rc >= 0)
        rc = add_children(t, &first, &view, err);
    if (rc == 0)
        rc = run(t, JOB_RECONCILE, &view, err);
    if (rc >= 0 && t->c->decl->has_finalize)
        rc = finalize(t, &view, err);
    drop_children(t, &view);
    return rc < 0 ? rc : 0;
}

/* "examples/blog.yaml:3" */
static void place_example(struct attempt *t, struct finding *ret)
{
    set_place(t, t->name, ret);
}

/* The example itself has to be what the definition says. */
static int look_at_root(struct attempt *t, const struct value *object,
                        struct err *err)
{
    const struct gvk *gvk = &t->c->decl->root;
    struct schema_node n =
        schema_find(t->c->rt.schemas, gvk->api_version, gvk->kind);
    struct finding where = {0};

    if (!schema_known(n))
        return 0;
    place_example(t, &where);
    return check_object(t->c, n, object, &where, "", err);
}

static int try_object(struct check *c, const struct value *object,
                      const char *name, struct value *params, struct err *err)
{
    struct attempt t = {.c = c, .name = name, .params = params};
    const char *ns = value_text_at(object, "metadata.namespace");
    struct object_key key = {ns ? ns : "default",
                             value_text_at(object, "metadata.name")};
    struct source_want want = {.gvk = c->decl->root, .ns = ""};
    struct source_feed *feed;
    int rc = 0;

    arena_init(&t.arena, JOB_LIMIT);
    t.source = source_files_new(c->rt.restmap, NULL, NULL, err);
    for (size_t i = 0; t.source && i < c->rt.manifests.count && rc == 0; i++)
        rc = source_files_add(t.source, c->rt.manifests.items[i], "default",
                              err);
    feed = t.source && rc == 0 ? source_feed(t.source, &want, err) : NULL;
    if (!feed)
        rc = -(int)err->code;
    if (rc == 0 && feed->resource && !feed->resource->namespaced)
        key.ns = "";
    t.root = rc == 0 ? store_get(feed->store, &key) : NULL;
    if (t.root)
        rc = look_at_root(&t, object, err);
    if (t.root && rc == 0)
        rc = try_root(&t, err);
    c->tried += t.root != NULL;
    source_free(t.source);
    arena_release(&t.arena);
    return rc;
}

/* ---- all of them ---- */

static struct value *parameters(struct check *c, struct err *err)
{
    struct bundle b = {0};
    struct value *params = NULL;

    if (bundle_load(&c->rt.arena, c->path, &c->options->bundle, &b, err) == 0)
        params = value_copy(&c->rt.arena, b.params);
    if (b.params && !params)
        err_nomem(err);
    bundle_release(&b); /* names of parameters went with it */
    return params;
}

static void add_no_example(struct check *c)
{
    findings_add(&c->found,
                 &(struct finding){
                     .file = "operator.lua",
                     .code = "no-example",
                     .message = "there is no example: the script was not run",
                     .hint = "put an object of the root's kind into examples/, "
                             "or give one with -f"});
}

int check_try(struct check *c, struct err *err)
{
    const struct manifests *m = &c->rt.manifests;
    struct err why = {0};
    struct value *params = parameters(c, &why);
    int rc = 0;

    if (why.code == ERR_NOMEM || why.code == ERR_USAGE) {
        *err = why;
        return -(int)why.code;
    }
    if (!params) {
        findings_add_err(&c->found, "missing-parameter", "operator.lua", &why);
        return 0;
    }
    for (size_t i = 0; i < m->count && rc == 0; i++)
        if (runtime_is_root(&c->rt, &c->rt.units[0], m->items[i]))
            rc = try_object(c, m->items[i], m->names[i], params, err);
    if (rc == 0 && c->tried == 0)
        add_no_example(c);
    return rc;
}
