/*
 * call.c -- one call of a script: its view from the frame, the rest by asking.
 *
 * DESIGN
 *
 * Short lists come with the call, long ones are partial: their places are NULL
 * until the script asks. An object whose text is not here is a stub, a
 * snapshot with a name and no text. Everything but kept bodies lives in the
 * arena of the call.
 */
#include <string.h>

#include "kube/selector.h"
#include "worker/worker.h"

struct call {
    struct worker *w;
    const struct frame_call *frame;
    struct script *script;
    struct view view;
    struct view_host host;
    struct plan plan;
    struct frame_answer answer;
};

/* ---- objects ---- */

/* What was sent: kept, there already, or for this call. NULL: no memory. */
static struct snapshot *take_object(struct call *c,
                                    const struct frame_object *o)
{
    if (o->body && o->json_len == 0)
        return bodies_get(&c->w->bodies, o->body);
    if (o->body)
        return bodies_add(&c->w->bodies, o);
    return bodies_make(&c->w->arena, o);
}

/* A place in a list: its text when that is here, else its name. */
static struct snapshot *take_row(struct call *c, const struct view_kind *k,
                                 const struct frame_row *row)
{
    struct snapshot *s =
        row->body ? bodies_get(&c->w->bodies, row->body) : NULL;

    if (s)
        return s;
    s = arena_calloc(&c->w->arena, 1, sizeof(*s));
    if (!s)
        return NULL;
    s->api_version = k->gvk.api_version;
    s->kind = k->gvk.kind;
    s->key = (struct object_key){row->ns, row->name};
    s->uid = s->resource_version = "";
    return s;
}

static struct snapshot **places(struct call *c, uint32_t kind)
{
    return (struct snapshot **)c->view.kinds[kind].items;
}

/* ---- asking ---- */

static int ask(struct call *c, const struct frame_ask *question,
               enum frame_type type, void *answer, struct err *err)
{
    struct frame f;
    int rc = channel_write(&c->w->channel, FRAME_ASK, question, err);

    if (rc == 0)
        rc = channel_read(&c->w->channel, &f, err);
    if (rc < 0)
        return rc;
    if (f.type != type)
        return err_set(err, ERR_PROTOCOL, "an answer of type %d", (int)f.type);
    return worker_get(c->w, &f, answer, err);
}

static int ask_object(struct call *c, const struct frame_ask *question,
                      uint32_t *ret_item, struct err *err)
{
    const struct view_kind *k = &c->view.kinds[question->kind];
    struct frame_found m = {0};
    struct snapshot *s;
    int rc = ask(c, question, FRAME_FOUND, &m, err);

    if (rc == 0 && m.err.code != ERR_NONE) {
        *err = m.err;
        rc = -(int)err->code;
    }
    if (rc < 0)
        return rc;
    *ret_item = UINT32_MAX;
    if (!m.found)
        return 0;
    if (m.item >= k->count)
        return err_set(err, ERR_PROTOCOL, "an object at no place");
    s = take_object(c, &m.object);
    if (!s)
        return err_nomem(err);
    places(c, question->kind)[m.item] = s;
    *ret_item = m.item;
    return 0;
}

static int host_item(void *arg, uint32_t kind, uint32_t item, struct err *err)
{
    struct frame_ask question = {
        .question = FRAME_GET_ITEM, .kind = kind, .item = item};
    uint32_t found;
    int rc = ask_object(arg, &question, &found, err);

    if (rc == 0 && found != item)
        rc =
            err_set(err, ERR_PROTOCOL, "another object than the one asked for");
    return rc;
}

static int host_find(void *arg, uint32_t kind, const struct object_key *key,
                     uint32_t *ret_item, struct err *err)
{
    struct frame_ask question = {.question = FRAME_GET_NAME,
                                 .kind = kind,
                                 .ns = key->ns,
                                 .name = key->name};

    return ask_object(arg, &question, ret_item, err);
}

/* The selector as text in the arena; NULL stays NULL. */
static int print_selector(struct call *c, const struct selector *s,
                          const char **ret, struct err *err)
{
    struct str text = {0};
    int rc = 0;

    if (!s)
        return 0;
    selector_print(s, &text);
    *ret = arena_strdup(&c->w->arena, str_text(&text));
    if (text.failed || !*ret)
        rc = err_nomem(err);
    str_release(&text);
    return rc;
}

static int take_rows(struct call *c, uint32_t kind, const struct frame_rows *m,
                     struct view_rows *ret, struct err *err)
{
    const struct view_kind *k = &c->view.kinds[kind];
    uint32_t *items =
        arena_calloc(&c->w->arena, m->row_count + 1, sizeof(*items));

    if (!items)
        return err_nomem(err);
    for (size_t i = 0; i < m->row_count; i++) {
        uint32_t item = m->rows[i].item;

        if (item >= k->count)
            return err_set(err, ERR_PROTOCOL, "an object at no place");
        if (!k->items[item])
            places(c, kind)[item] = take_row(c, k, &m->rows[i]);
        if (!k->items[item])
            return err_nomem(err);
        items[i] = item;
    }
    *ret = (struct view_rows){items, m->row_count, m->cost};
    return 0;
}

static int host_list(void *arg, uint32_t kind, const struct view_filter *filter,
                     struct view_rows *ret, struct err *err)
{
    struct call *c = arg;
    struct frame_ask question = {
        .question = FRAME_LIST, .kind = kind, .ns = filter->ns};
    struct frame_rows m = {0};
    int rc = print_selector(c, filter->labels, &question.labels, err);

    if (rc == 0)
        rc = print_selector(c, filter->fields, &question.fields, err);
    if (rc == 0)
        rc = ask(c, &question, FRAME_ROWS, &m, err);
    if (rc == 0 && m.err.code != ERR_NONE) {
        *err = m.err;
        rc = -(int)err->code;
    }
    return rc < 0 ? rc : take_rows(c, kind, &m, ret, err);
}

/* ---- the view ---- */

static int take_kind(struct call *c, const struct frame_kind *f,
                     struct view_kind *k, struct err *err)
{
    static const struct resource namespaced = {.namespaced = true};
    static const struct resource cluster = {.namespaced = false};
    const struct operator_decl *d = script_decl(c->script);
    struct snapshot **items =
        arena_calloc(&c->w->arena, (size_t)f->count + 1, sizeof(*items));

    if (f->read > d->reads_count)
        return err_set(err, ERR_PROTOCOL, "a read that is not declared");
    *k = (struct view_kind){
        .gvk = f->gvk,
        .known = f->known,
        .unknown = f->unknown,
        .owned = f->owned,
        .read = f->read ? &d->reads[f->read - 1] : NULL,
        .items = items,
        .count = f->count,
        .partial = !f->complete,
    };
    if (f->scope != FRAME_SCOPE_UNKNOWN)
        k->resource = f->scope == FRAME_NAMESPACED ? &namespaced : &cluster;
    for (size_t i = 0; items && i < f->row_count; i++) {
        if (f->rows[i].item >= f->count)
            return err_set(err, ERR_PROTOCOL, "an object at no place");
        items[f->rows[i].item] = take_row(c, k, &f->rows[i]);
        if (!items[f->rows[i].item])
            return err_nomem(err);
    }
    return items ? 0 : err_nomem(err);
}

/* Parsed again here; free_zones() gives them back. */
static int take_zones(struct call *c, struct err *err)
{
    const struct frame_call *f = c->frame;
    struct view *v = &c->view;
    int rc = 0;

    v->zones = arena_calloc(&c->w->arena, VIEW_MAX_ZONES, sizeof(*v->zones));
    if (!v->zones)
        return err_nomem(err);
    for (size_t i = 0; i < f->zone_count && rc == 0; i++) {
        const struct frame_zone *z = &f->zones[i];
        struct zone *parsed = NULL;

        if (z->len > 0)
            rc = zone_parse(z->name, z->bytes, z->len, &parsed, err);
        v->zones[v->zone_count++] =
            (struct view_zone){z->name, z->utc ? zone_utc() : parsed, z->why};
    }
    return rc;
}

static void free_zones(struct call *c)
{
    for (size_t i = 0; i < c->view.zone_count; i++)
        if (!c->frame->zones[i].utc)
            zone_free((struct zone *)c->view.zones[i].zone);
}

static int take_view(struct call *c, struct snapshot *root, struct err *err)
{
    const struct frame_call *f = c->frame;
    struct view *v = &c->view;
    int rc = 0;

    c->host = (struct view_host){host_item, host_find, host_list, c};
    v->host = &c->host;
    v->root = root;
    v->now = f->now;
    v->params = f->params;
    v->kinds = arena_calloc(&c->w->arena, f->kind_count + 1, sizeof(*v->kinds));
    if (!v->kinds)
        return err_nomem(err);
    for (size_t i = 0; i < f->kind_count && rc == 0; i++)
        rc = take_kind(c, &f->kinds[i], &v->kinds[v->count++], err);
    return rc < 0 ? rc : take_zones(c, err);
}

/* ---- the answer ---- */

/* The plan's reads without pointers, each object once: a script may look at
 * one a thousand times. */
static int answer_reads(struct call *c, struct err *err)
{
    const struct plan *p = &c->plan;
    struct arena *a = &c->w->arena;
    bool **seen = arena_calloc(a, c->view.count + 1, sizeof(*seen));

    c->answer.reads =
        arena_calloc(a, p->read_count + 1, sizeof(*c->answer.reads));
    if (!seen || !c->answer.reads)
        return err_nomem(err);
    for (size_t i = 0; i < p->read_count; i++) {
        const struct view_read *r = &p->reads[i];
        struct frame_read f = {.kind = r->kind, .list = r->list};

        if (r->snapshot) {
            bool **kind = &seen[r->kind];

            if (!*kind)
                *kind = arena_calloc(a, c->view.kinds[r->kind].count, 1);
            if (!*kind)
                return err_nomem(err);
            if ((*kind)[r->item])
                continue;
            (*kind)[r->item] = true;
            f.found = true;
            f.item = r->item;
        } else if (!r->list) {
            f.ns = r->ns;
            f.name = r->name;
        }
        c->answer.reads[c->answer.read_count++] = f;
    }
    return 0;
}

static int run(struct call *c, struct snapshot *root, struct err *err)
{
    enum job_call what =
        c->frame->job == FRAME_FINALIZE ? JOB_FINALIZE : JOB_RECONCILE;
    int rc = take_view(c, root, err);

    if (rc < 0)
        return rc;
    script_run(c->script, what, &c->view, &c->plan, &c->answer.err);
    return c->answer.err.code == ERR_NONE ? answer_reads(c, err) : 0;
}

/* The names that every by_name read asks for. */
static int run_names(struct call *c, struct snapshot *root, struct err *err)
{
    const struct operator_decl *d = script_decl(c->script);
    struct frame_answer *m = &c->answer;
    int rc = 0;

    m->names =
        arena_calloc(&c->w->arena, d->reads_count + 1, sizeof(*m->names));
    if (!m->names)
        return err_nomem(err);
    m->name_count = d->reads_count;
    for (size_t i = 0; i < d->reads_count && rc == 0; i++) {
        struct frame_names *n = &m->names[i];

        if (!d->reads[i].by_name)
            continue;
        rc = script_names(c->script, i, root, &c->w->arena, &n->names, &m->err);
        while (rc == 0 && n->names[n->count])
            n->count++;
    }
    if (rc < 0)
        m->name_count = 0;
    return 0;
}

static int run_map(struct call *c, struct snapshot *object, struct err *err)
{
    struct script_roots roots = {NULL, 0};

    if (c->frame->read >= script_decl(c->script)->reads_count)
        return err_set(err, ERR_PROTOCOL, "a read that is not declared");
    script_map(c->script, c->frame->read, object, &c->w->arena, &roots,
               &c->answer.err);
    c->answer.roots = roots.keys;
    c->answer.root_count = roots.count;
    return 0;
}

/* A plan that failed, or is too large to be told, is told by its error. */
static int send_answer(struct call *c, struct err *err)
{
    struct frame_answer *m = &c->answer;
    struct err too_large = {0};
    int rc;

    m->plan = c->plan;
    rc = channel_write(&c->w->channel, FRAME_ANSWER, m, &too_large);
    if (rc != -ERR_LIMIT) {
        if (rc < 0)
            *err = too_large;
        return rc;
    }
    m->err = too_large;
    m->read_count = m->name_count = m->root_count = 0;
    plan_init(&m->plan, &c->w->arena);
    return channel_write(&c->w->channel, FRAME_ANSWER, m, err);
}

int worker_call(struct worker *w, struct frame_call *frame, struct err *err)
{
    struct call c = {.w = w, .frame = frame};
    struct snapshot *object;
    int rc;

    for (size_t i = 0; i < frame->drop_count; i++)
        bodies_drop(&w->bodies, frame->drop[i]);
    if (frame->script < WORKER_MAX_SCRIPTS)
        c.script = w->scripts[frame->script];
    if (!c.script)
        return err_set(err, ERR_PROTOCOL, "script %u", frame->script);
    object = take_object(&c, &frame->object);
    if (!object)
        return err_nomem(err);
    plan_init(&c.plan, &w->arena);
    c.answer.serial = frame->serial;
    if (frame->job == FRAME_NAMES)
        rc = run_names(&c, object, err);
    else if (frame->job == FRAME_MAP)
        rc = run_map(&c, object, err);
    else
        rc = run(&c, object, err);
    if (rc == 0)
        rc = send_answer(&c, err);
    free_zones(&c);
    return rc;
}
