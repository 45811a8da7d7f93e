/*
 * job.c -- one reconcile: freeze a view, run the script, make a changeset.
 *
 * Everything born here lives in the job's arena; references to snapshots that
 * a sink may look at later are held until job_end().
 */
#include "controller_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define JOB_ARENA_LIMIT (256u << 20)

int job_hold(struct job *job, struct snapshot *s)
{
    void *items = job->held;

    if (mem_grow(&items, &job->held_cap, job->held_count + 1,
                 sizeof(*job->held)) < 0)
        return -ERR_NOMEM;
    job->held = items;
    job->held[job->held_count++] = snapshot_ref(s, "job");
    return 0;
}

int job_begin(struct job *job, struct snapshot *root)
{
    arena_init(&job->arena, JOB_ARENA_LIMIT);
    job->busy = true;
    job->planned = false;
    job->reporting = false;
    job->lost_child = false;
    job->zones_added = 0;
    job->trace = NULL;
    job->row = NULL;
    job->shown = false;
    job->why = NULL;
    err_clear(&job->err);
    memset(&job->view, 0, sizeof(job->view));
    job->key.ns = arena_strdup(&job->arena, root->key.ns);
    job->key.name = arena_strdup(&job->arena, root->key.name);
    if (!job->key.ns || !job->key.name || job_hold(job, root) < 0)
        return -ERR_NOMEM;
    job->view.root = root;
    job->view.root_resource = job->controller->root.feed->resource;
    return 0;
}

void job_end(struct job *job)
{
    task_cancel(&job->task);
    for (size_t i = 0; job->frozen && i < job->controller->now.slot_count; i++)
        frozen_unref(job->frozen[i]);
    job->frozen = NULL;
    for (size_t i = 0; i < job->held_count; i++)
        snapshot_unref(job->held[i], "job");
    mem_free(job->held);
    arena_release(&job->arena);
    memset(job, 0, offsetof(struct job, arena));
    job->held = NULL;
    job->held_count = job->held_cap = 0;
    job->busy = false;
}

/* ---- the view ---- */

struct collect {
    struct job *job;
    struct snapshot **items;
    size_t count, cap;
    bool failed;
};

static void collect_add(struct collect *c, struct snapshot *s)
{
    struct arena *a = &c->job->arena;

    if (c->count == c->cap) {
        size_t cap = c->cap ? c->cap * 2 : 8;
        struct snapshot **items = arena_alloc(a, cap * sizeof(*items));

        if (!items) {
            c->failed = true;
            return;
        }
        if (c->count)
            memcpy(items, c->items, c->count * sizeof(*items));
        c->items = items;
        c->cap = cap;
    }
    if (job_hold(c->job, s) < 0)
        c->failed = true;
    else
        c->items[c->count++] = s;
}

static void collect_owned(void *arg, struct snapshot *s)
{
    collect_add(arg, s);
}

/* This root's children, orphans (by label) among them. */
static int view_owned(struct job *job, struct source_feed *feed,
                      struct view_kind *kind)
{
    struct collect c = {.job = job};
    struct snapshot *root = job->view.root;

    store_owned_by(feed->store, root->uid, collect_owned, &c);
    kind->items = c.items;
    kind->count = c.count;
    return c.failed ? -ERR_NOMEM : 0;
}

/* "read\nns/name", as mapping.c writes it. The index of the read, or -1 when
 * out of memory; `key` borrows from `name` and the arena. */
static int64_t split_name(struct arena *a, const char *name,
                          struct object_key *key)
{
    const char *line = strchr(name, '\n');
    const char *slash = strchr(line, '/');
    int64_t read = -1;

    key->ns = arena_strndup(a, line + 1, (size_t)(slash - line - 1));
    key->name = slash + 1;
    if (key->ns)
        text_to_int64(name, (size_t)(line - name), &read);
    return read;
}

static int compare_items(const void *a, const void *b)
{
    const struct snapshot *x = *(struct snapshot *const *)a;
    const struct snapshot *y = *(struct snapshot *const *)b;

    return object_key_compare(&x->key, &y->key);
}

/* A view's items are sorted, and a name may be asked for twice. */
static void collect_sort(struct collect *c)
{
    size_t kept = 0;

    if (c->count > 1)
        qsort(c->items, c->count, sizeof(struct snapshot *), compare_items);
    for (size_t i = 0; i < c->count; i++)
        if (kept == 0 || c->items[kept - 1] != c->items[i])
            c->items[kept++] = c->items[i];
    c->count = kept;
}

/* Only the objects that the root asked for by name. */
static int view_named(struct job *job, const struct feed_slot *slot,
                      struct view_kind *kind)
{
    struct collect c = {.job = job};
    struct root_memory *m = mapping_memory(slot->controller, &job->key, false);

    for (size_t i = 0; m && i < m->name_count; i++) {
        struct object_key key;
        int64_t read = split_name(&job->arena, m->names[i], &key);
        struct snapshot *s;

        if (read < 0)
            return -ERR_NOMEM;
        if ((size_t)read != slot->read_index)
            continue;
        s = store_get(slot->feed->store, &key);
        if (s)
            collect_add(&c, s);
    }
    collect_sort(&c);
    kind->items = c.items;
    kind->count = c.count;
    return c.failed ? -ERR_NOMEM : 0;
}

static const char *read_namespace(const struct job *job,
                                  const struct feed_slot *slot)
{
    return slot->read->scope == READ_OWN ? job->view.root->key.ns : "";
}

static int view_read(struct job *job, const struct feed_slot *slot,
                     struct view_kind *kind)
{
    if (slot->read->by_name)
        return view_named(job, slot, kind);
    kind->count =
        store_list(slot->feed->store, read_namespace(job, slot), &kind->items);
    return 0;
}

int job_look(struct job *job, size_t index, struct view_kind *kind)
{
    const struct controller *c = job->controller;
    const struct feed_slot *slot = &c->now.slots[index];

    return index < c->now.owned_count ? view_owned(job, slot->feed, kind)
                                      : view_read(job, slot, kind);
}

/* The same, to last as long as the job. */
static int freeze(struct job *job, size_t index, struct view_kind *kind)
{
    struct feed_slot *slot = &job->controller->now.slots[index];
    struct frozen *list;

    if (!slot->read || slot->read->by_name)
        return job_look(job, index, kind);
    list = frozen_take(&slot->frozen, slot->feed->store,
                       read_namespace(job, slot));
    if (!list)
        return -ERR_NOMEM;
    job->frozen[index] = list;
    kind->items = list->items;
    kind->count = list->count;
    return 0;
}

static int make_view(struct job *job)
{
    struct controller *c = job->controller;
    struct view *v = &job->view;
    int rc = 0;

    v->root_resource = c->root.feed->resource;
    v->now = clock_unix(c->config.clock);
    v->params = c->now.params;
    v->count = c->now.slot_count;
    v->kinds =
        arena_calloc(&job->arena, c->now.slot_count + 1, sizeof(*v->kinds));
    job->frozen =
        arena_calloc(&job->arena, c->now.slot_count + 1, sizeof(*job->frozen));
    if (!v->kinds || !job->frozen)
        return -ERR_NOMEM;
    for (size_t i = 0; i < c->now.slot_count && rc == 0; i++) {
        struct feed_slot *slot = &c->now.slots[i];
        struct view_kind *kind = &v->kinds[i];

        kind->gvk = *store_gvk(slot->feed->store);
        kind->resource = slot->feed->resource;
        kind->known = slot->feed->known;
        if (!kind->known)
            kind->unknown = arena_strdup(&job->arena, slot->feed->why.msg);
        kind->owned = i < c->now.owned_count;
        kind->read = slot->read;
        rc = freeze(job, i, kind);
    }
    return rc < 0 ? rc : job_fill_zones(job);
}

/* ---- changeset ---- */

/* The changes borrow names and preconditions from objects that the store may
 * let go of while the requests are under way. Children are held anyway. */
static int hold_live(struct job *job)
{
    const struct changeset *cs = &job->cs;
    int rc = 0;

    for (size_t i = 0; i < cs->count && rc == 0; i++)
        if (cs->items[i].live)
            rc = job_hold(job, (struct snapshot *)cs->items[i].live);
    return rc;
}

int job_diff(struct job *job, struct err *err)
{
    struct controller *c = job->controller;
    struct diff_input in = {
        .decl = c->now.decl,
        .view = &job->view,
        .plan = &job->plan,
        .restmap = c->config.restmap,
        .schemas = c->config.schemas,
        .schemas_are_live = c->config.schemas_are_live,
        .memo = c->memo,
        .limits = c->config.limits,
        .failed = job->reporting,
    };
    int rc;

    changeset_init(&job->cs, &job->arena);
    rc = diff_plan(&in, &job->cs, err);
    if (rc == 0 && (hold_live(job) < 0 || readset_keep(job) < 0))
        rc = err_nomem(err);
    return rc;
}

/* ---- the script ---- */

static void start_task(struct job *job, enum task_call call,
                       void (*done)(struct task *t, const struct err *err))
{
    bool views = call != TASK_NAMES;

    job->task = (struct task){
        .program = job->controller->now.program,
        .call = call,
        .view = views ? &job->view : NULL,
        .object = views ? NULL : job->view.root,
        .arena = &job->arena,
        .plan = views ? &job->plan : NULL,
        .done = done,
        .arg = job,
    };
    task_start(&job->task);
}

/* What was seen when it was dispatched need not be there any more: what is
 * about to be written is for a root of that uid, in a view that was whole. */
static int check_still(const struct job *job, struct err *err)
{
    struct controller *c = job->controller;
    const struct snapshot *now = store_get(c->root.feed->store, &job->key);

    if (!c->synced)
        return err_set(err, ERR_UNKNOWN,
                       "the view became incomplete while the script ran");
    if (!now || strcmp(now->uid, job->view.root->uid) != 0)
        return err_set(err, ERR_CONFLICT,
                       "the object went away while the script ran");
    return 0;
}

static void finish_plan(struct job *job, const struct err *outcome)
{
    struct err err = *outcome;
    int rc = -(int)err.code;

    job->trace = job->plan.trace;
    job->row = operator_row(job->controller->now.decl, job->plan.row);
    job->why = job->plan.why;
    if (rc == 0)
        rc = check_still(job, &err);
    if (rc == 0)
        rc = plan_resolve_secrets(&job->plan, &job->view, &err);
    if (rc == 0)
        rc = job_say_applied(job, &err);
    if (rc == 0)
        rc = job_diff(job, &err);
    job->planned = rc == 0;
    job_planned(job, &err);
}

/* A run that lacked a time zone is begun again with it. */
static void on_ran(struct task *t, const struct err *outcome)
{
    struct job *job = t->arg;
    struct err err = *outcome;

    if (err.code != ERR_NONE && job_add_zone(job, &err)) {
        plan_init(&job->plan, &job->arena);
        start_task(job, t->call, on_ran);
        return;
    }
    finish_plan(job, &err);
}

static void run_script(struct job *job)
{
    const struct snapshot *root = job->view.root;
    bool finalize = root->deleting && job->controller->now.decl->has_finalize;
    struct err err = {0};

    plan_init(&job->plan, &job->arena);
    if (make_view(job) < 0)
        err_nomem(&err);
    /* without finalize there is nothing to do but to take an old finalizer off
     */
    if (err.code != ERR_NONE || (root->deleting && !finalize))
        finish_plan(job, &err);
    else
        start_task(job, finalize ? TASK_FINALIZE : TASK_RECONCILE, on_ran);
}

static void on_named(struct task *t, const struct err *outcome)
{
    struct job *job = t->arg;
    struct err err = *outcome;

    if (err.code == ERR_NONE)
        mapping_set_names(job->controller, job->view.root, t->names, &err);
    if (err.code == ERR_NONE)
        run_script(job);
    else
        finish_plan(job, &err);
}

void job_plan(struct job *job)
{
    plan_init(&job->plan, &job->arena);
    if (mapping_lacks_names(job->controller, job->view.root))
        start_task(job, TASK_NAMES, on_named);
    else
        run_script(job);
}
