/*
 * workers_call.c -- a task as a frame, questions answered, the answer taken.
 *
 * DESIGN
 *
 * What a worker may learn is the view of its task and nothing else: a question
 * names a place in it. What it may cost is bounded, too: so many questions, so
 * many bytes, and for lists as many steps as the script may take anyway, since
 * looking through them is done here, on the one thread.
 *
 * Secrets are sealed for the root that is looked at, so they are never kept.
 */
#include <string.h>

#include "base/mem.h"
#include "script/select.h"
#include "workers_impl.h"

#define MAX_QUESTIONS 1000000u
#define MAX_BYTES (UINT64_C(256) << 20)
#define DEFAULT_STEPS 5000000u

static const struct snapshot *root_of(const struct task *t)
{
    return t->view ? t->view->root : t->object;
}

/* ---- objects ---- */

static bool is_secret(const struct snapshot *s)
{
    return strcmp(s->kind, "Secret") == 0 && strcmp(s->api_version, "v1") == 0;
}

/* With its text, unless the worker has it; it keeps it where that is of use.
 * Secrets are keyed by the root; map has none, so there it is its own. */
static int make_object(struct seat *seat, struct snapshot *s, bool keep,
                       struct frame_object *ret, struct err *err)
{
    const struct task *t = seat->task;
    const char *uid = t->call == TASK_MAP ? "" : root_of(t)->uid;
    bool open = t->program->decl->reads_secret_values;
    uint64_t number;
    int rc;

    keep &= open || !is_secret(s);
    number = keep ? cache_find(&seat->cache, s) : 0;
    if (number) {
        *ret = (struct frame_object){.body = number};
        return 0;
    }
    rc = frame_seal(s, open, uid, &seat->pool->scratch, ret, err);
    if (rc == 0 && keep)
        ret->body = cache_add(&seat->cache, s);
    if (rc == 0)
        seat->bytes += ret->json_len;
    return rc;
}

static struct frame_row make_row(struct seat *seat, struct snapshot *s,
                                 uint32_t item)
{
    return (struct frame_row){item, s->key.ns, s->key.name,
                              cache_find(&seat->cache, s)};
}

/* ---- the call ---- */

static int make_kind(struct seat *seat, const struct view_kind *k,
                     struct frame_kind *ret, struct err *err)
{
    const struct operator_decl *d = seat->task->program->decl;
    bool complete = k->count <= FRAME_SMALL_LIST;

    *ret = (struct frame_kind){
        .gvk = k->gvk,
        .known = k->known,
        .unknown = k->unknown,
        .owned = k->owned,
        .read = k->read ? (uint32_t)(k->read - d->reads) + 1 : 0,
        .count = (uint32_t)k->count,
        .complete = complete,
    };
    if (k->resource)
        ret->scope = k->resource->namespaced ? FRAME_NAMESPACED : FRAME_CLUSTER;
    if (!complete)
        return 0;
    ret->rows =
        arena_calloc(&seat->pool->scratch, k->count + 1, sizeof(*ret->rows));
    if (!ret->rows)
        return err_nomem(err);
    for (uint32_t i = 0; i < k->count; i++)
        ret->rows[ret->row_count++] = make_row(seat, k->items[i], i);
    return 0;
}

static int make_zones(struct seat *seat, struct frame_call *m, struct err *err)
{
    const struct view *v = seat->task->view;

    m->zones = arena_calloc(&seat->pool->scratch, v->zone_count + 1,
                            sizeof(*m->zones));
    if (!m->zones)
        return err_nomem(err);
    for (size_t i = 0; i < v->zone_count; i++) {
        const struct view_zone *z = &v->zones[i];
        struct frame_zone *f = &m->zones[m->zone_count++];

        f->name = z->name;
        f->why = z->why;
        if (z->zone)
            f->bytes = zone_bytes(z->zone, &f->len);
        f->utc = z->zone && !f->bytes;
    }
    return 0;
}

static int make_view(struct seat *seat, struct frame_call *m, struct err *err)
{
    const struct view *v = seat->task->view;
    int rc = 0;

    m->now = v->now;
    m->params = v->params;
    m->kinds =
        arena_calloc(&seat->pool->scratch, v->count + 1, sizeof(*m->kinds));
    if (!m->kinds)
        return err_nomem(err);
    for (size_t i = 0; i < v->count && rc == 0; i++)
        rc = make_kind(seat, &v->kinds[i], &m->kinds[m->kind_count++], err);
    return rc < 0 ? rc : make_zones(seat, m, err);
}

static int send_call(struct seat *seat, struct err *err)
{
    static const enum frame_job jobs[] = {
        [TASK_RECONCILE] = FRAME_RECONCILE,
        [TASK_FINALIZE] = FRAME_FINALIZE,
        [TASK_NAMES] = FRAME_NAMES,
        [TASK_MAP] = FRAME_MAP,
    };
    const struct task *t = seat->task;
    struct frame_call m = {
        .serial = seat->serial,
        .script = seat->program->number,
        .job = jobs[t->call],
        .read = (uint32_t)t->read,
    };
    int rc = 0;

    if (cache_trim(&seat->cache, &seat->pool->scratch, &m.drop, &m.drop_count) <
        0)
        return err_nomem(err);
    rc = make_object(seat, (struct snapshot *)root_of(t), t->call != TASK_MAP,
                     &m.object, err);
    if (rc == 0 && t->view)
        rc = make_view(seat, &m, err);
    return rc < 0 ? rc : link_send(seat->link, FRAME_CALL, &m, err);
}

int call_send(struct seat *s, struct err *err)
{
    struct worker_program *p = s->program;
    int rc = 0;

    s->questions = s->steps = s->bytes = 0;
    if (s->loaded[p->number] != p->id) {
        rc = load_send(s->link, p, err);
        s->loaded[p->number] = rc == 0 ? p->id : 0;
    }
    if (rc == 0)
        rc = send_call(s, err);
    arena_clear(&s->pool->scratch);
    return rc;
}

/* ---- questions ---- */

static int find_place(const struct view_kind *k, const struct frame_ask *m,
                      size_t *ret_item, bool *ret_found)
{
    struct object_key key = {m->ns, m->name};

    *ret_found = true;
    *ret_item = m->item;
    if (m->question == FRAME_GET_ITEM)
        return m->item < k->count ? 0 : -ERR_PROTOCOL;
    if (!m->ns || !m->name)
        return -ERR_PROTOCOL;
    *ret_found = view_search(k, &key, ret_item);
    return 0;
}

static int answer_object(struct seat *s, const struct view_kind *k,
                         const struct frame_ask *m, struct err *err)
{
    struct frame_found answer = {.err = {0}};
    size_t item;
    int rc = find_place(k, m, &item, &answer.found);

    if (rc < 0)
        return err_set(err, ERR_PROTOCOL, "a place that is not in the view");
    if (answer.found) {
        answer.item = (uint32_t)item;
        rc = make_object(s, k->items[item], true, &answer.object, err);
    }
    return rc < 0 ? rc : link_send(s->link, FRAME_FOUND, &answer, err);
}

static int parse_filter(struct arena *a, const struct frame_ask *m,
                        struct select *by, struct err *err)
{
    struct selector *labels = NULL, *fields = NULL;
    int rc = 0;

    if (m->labels)
        rc = selector_parse_labels(a, m->labels, &labels, err);
    if (rc == 0 && m->fields)
        rc = selector_parse_fields(a, m->fields, &fields, err);
    by->labels = labels;
    by->fields = fields;
    return rc;
}

/* What is left of the script's own budget is what it may cost here. */
static int look_through(struct seat *s, const struct view_kind *k,
                        const struct frame_ask *m, const struct select *by,
                        struct frame_rows *ret, struct err *err)
{
    uint64_t most = s->program->limits.instructions
                        ? s->program->limits.instructions
                        : DEFAULT_STEPS;
    int rc = 0;

    for (uint32_t i = 0; i < k->count && rc == 0; i++) {
        struct snapshot *item = k->items[i];
        bool match = true;

        if (m->ns && strcmp(m->ns, item->key.ns) != 0)
            continue;
        if (by->labels || by->fields)
            rc = select_match(by, item, &match, &ret->cost, err);
        if (rc == 0 && match)
            ret->rows[ret->row_count++] = make_row(s, item, i);
        if (rc == 0 && s->steps + ret->cost > most)
            rc = err_set(err, ERR_BUDGET,
                         "the lists that it looked through cost more than its "
                         "budget of %llu instructions",
                         (unsigned long long)most);
    }
    s->steps += ret->cost + k->count / 8;
    return rc;
}

static int answer_list(struct seat *s, const struct view_kind *k,
                       const struct frame_ask *m, struct err *err)
{
    struct arena *a = &s->pool->scratch, trees = {0};
    struct json_reader reader = {0};
    struct select by = {
        .sealed = !s->task->program->decl->reads_secret_values,
        .reader = &reader,
        .scratch = &trees,
    };
    struct frame_rows answer = {.err = {0}};
    int rc = 0;

    answer.rows = arena_calloc(a, k->count + 1, sizeof(*answer.rows));
    if (!answer.rows)
        return err_nomem(err);
    rc = parse_filter(a, m, &by, &answer.err);
    if (rc == 0)
        rc = look_through(s, k, m, &by, &answer, &answer.err);
    if (rc < 0)
        answer.row_count = 0;
    json_reader_release(&reader);
    arena_release(&trees);
    return link_send(s->link, FRAME_ROWS, &answer, err);
}

static int answer_question(struct seat *s, const struct frame_ask *m,
                           struct err *err)
{
    const struct view *v = s->task->view;

    if (!v || m->kind >= v->count || !v->kinds[m->kind].known)
        return err_set(err, ERR_PROTOCOL, "a kind that is not in the view");
    if (++s->questions > MAX_QUESTIONS || s->bytes > MAX_BYTES)
        return err_set(err, ERR_LIMIT, "it asks for too much");
    if (m->question == FRAME_LIST)
        return answer_list(s, &v->kinds[m->kind], m, err);
    return answer_object(s, &v->kinds[m->kind], m, err);
}

void call_answer(struct seat *s, const struct frame *f)
{
    struct frame_ask m = {0};
    struct err err = {0};
    struct arena a = {0};
    int rc = frame_get(f, &a, &m, &err);

    if (rc == 0)
        rc = answer_question(s, &m, &err);
    if (rc < 0)
        link_refuse(s->link, "a question", &err);
    arena_release(&a);
    arena_clear(&s->pool->scratch);
}

/* ---- the answer ---- */

/* What a script can end with. Another code would be treated as if the API
 * server had said it. */
static bool is_verdict(enum err_code code)
{
    switch (code) {
    case ERR_NONE:
    case ERR_SCRIPT:
    case ERR_PLAN:
    case ERR_UNKNOWN:
    case ERR_BUDGET:
    case ERR_DEADLINE:
    case ERR_LIMIT:
    case ERR_INVALID:
    case ERR_NOMEM:
        return true;
    default:
        return false;
    }
}

static int take_plan(struct task *t, struct frame_answer *m, struct err *err)
{
    int rc = 0;

    if (m->err.code == ERR_NONE) {
        rc = frame_check_answer(m, t->view, t->program->decl, err);
        if (rc == 0)
            *t->plan = m->plan;
    } else {
        t->plan->logs = m->plan.logs;
        t->plan->log_count = m->plan.log_count;
        t->plan->log_cap = m->plan.log_cap;
        t->plan->trace = m->plan.trace;
        t->plan->row = operator_row(t->program->decl, m->plan.row)
                           ? m->plan.row
                           : PLAN_NO_ROW;
        t->plan->why = m->plan.why;
        if (m->plan.zone_wanted && zone_name_is_valid(m->plan.zone_wanted))
            t->plan->zone_wanted = m->plan.zone_wanted;
    }
    t->plan->finalizing = t->call == TASK_FINALIZE;
    return rc;
}

static int take_names(struct task *t, const struct frame_answer *m,
                      struct err *err)
{
    const struct operator_decl *d = t->program->decl;

    if (m->err.code != ERR_NONE)
        return 0;
    if (m->name_count != d->reads_count)
        return err_set(err, ERR_PROTOCOL, "names for other reads");
    t->names = arena_calloc(t->arena, d->reads_count + 1, sizeof(*t->names));
    if (!t->names)
        return err_nomem(err);
    for (size_t i = 0; i < d->reads_count; i++) {
        const struct frame_names *n = &m->names[i];

        if (!d->reads[i].by_name)
            continue;
        t->names[i] = arena_calloc(t->arena, n->count + 1, sizeof(char *));
        if (!t->names[i])
            return err_nomem(err);
        if (n->count)
            memcpy(t->names[i], n->names, n->count * sizeof(char *));
    }
    return 0;
}

/* The frame is copied: what comes out of it points into it. */
int call_take(struct seat *s, const struct frame *f, struct err *ret_outcome,
              struct err *err)
{
    struct task *t = s->task;
    struct frame copy = *f;
    struct frame_answer m = {0};
    int rc;

    plan_init(&m.plan, t->arena);
    copy.body = arena_strndup(t->arena, f->body, f->len);
    rc = copy.body ? frame_get(&copy, t->arena, &m, err) : err_nomem(err);
    if (rc == 0 && (m.serial != s->serial || !is_verdict(m.err.code)))
        rc = err_set(err, ERR_PROTOCOL, "an answer to something else");
    m.err.retry_after_ms = 0;
    if (rc == 0 && t->plan)
        rc = take_plan(t, &m, err);
    else if (rc == 0 && t->call == TASK_NAMES)
        rc = take_names(t, &m, err);
    else if (rc == 0)
        t->roots = (struct script_roots){m.roots, m.root_count};
    *ret_outcome = m.err;
    return rc;
}
