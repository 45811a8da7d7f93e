/*
 * plan.c -- lists that grow in an arena, and the bytes behind secret handles.
 *           See plan.h for the contract.
 */
#include "core/plan.h"

#include <ctype.h>
#include <string.h>

#include "base/hash.h"
#include "core/sensitive.h"

void plan_init(struct plan *p, struct arena *a)
{
    memset(p, 0, sizeof *p);
    p->arena = a;
    p->requeue_ms = -1;
    p->requeue_at = -1;
    p->row = PLAN_NO_ROW;
}

/* ---- lists ---- */

/* Room for one more element; the old array stays in the arena. */
static void *grow(struct arena *a, void *items, size_t count, size_t *cap,
                  size_t size)
{
    size_t bigger = *cap ? *cap * 2 : 8;
    void *room;

    if (count < *cap)
        return items;
    room = arena_calloc(a, bigger, size);
    if (!room)
        return NULL;
    if (count)
        memcpy(room, items, count * size);
    *cap = bigger;
    return room;
}

/* A zeroed new last element of the list `p->items`. */
#define ADD(p, items, count, cap)                                              \
    do {                                                                       \
        void *room_ = grow((p)->arena, (p)->items, (p)->count, &(p)->cap,      \
                           sizeof *(p)->items);                                \
        if (!room_)                                                            \
            return NULL;                                                       \
        (p)->items = room_;                                                    \
        return &(p)->items[(p)->count++];                                      \
    } while (0)

static struct plan_step *add_step(struct plan *p)
{
    ADD(p, steps, count, cap);
}

struct plan_step *plan_add(struct plan *p, enum plan_verb verb, struct err *err)
{
    struct plan_step *step;

    if (p->count >= PLAN_MAX_STEPS) {
        err_set(err, ERR_PLAN, "the plan has more than %d steps",
                PLAN_MAX_STEPS);
        return NULL;
    }
    step = add_step(p);
    if (step)
        step->verb = verb;
    else
        err_nomem(err);
    return step;
}

struct plan_condition *plan_add_condition(struct plan *p)
{
    ADD(p, conditions, condition_count, condition_cap);
}

struct plan_event *plan_add_event(struct plan *p)
{
    ADD(p, events, event_count, event_cap);
}

struct plan_log *plan_add_log(struct plan *p)
{
    if (p->log_count >= PLAN_MAX_LOGS)
        return NULL;
    ADD(p, logs, log_count, log_cap);
}

struct view_read *plan_add_read(struct plan *p)
{
    ADD(p, reads, read_count, read_cap);
}

void plan_requeue(struct plan *p, int64_t ms)
{
    if (p->requeue_ms < 0 || ms < p->requeue_ms)
        p->requeue_ms = ms;
}

void plan_requeue_at(struct plan *p, int64_t unix_s)
{
    if (p->requeue_at < 0 || unix_s < p->requeue_at)
        p->requeue_at = unix_s;
}

/* ---- words ---- */

/* [A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])? as metav1.Condition wants it. */
bool plan_is_reason(const char *text)
{
    size_t len = strlen(text);

    if (len == 0 || len > 1024 || !isalpha((unsigned char)text[0]))
        return false;
    for (size_t i = 1; i < len; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("_,:", text[i]))
            return false;
    return isalnum((unsigned char)text[len - 1]) || text[len - 1] == '_';
}

/* Optional DNS prefix, then letters, digits, "-_.". */
bool plan_is_condition_type(const char *text)
{
    const char *slash = strchr(text, '/');
    const char *name = slash ? slash + 1 : text;
    size_t len = strlen(name);

    if (strlen(text) > 316 || len == 0 || len > 63 ||
        !isalnum((unsigned char)name[0]) ||
        !isalnum((unsigned char)name[len - 1]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)name[i]) && !strchr("-_.", name[i]))
            return false;
    for (const char *c = text; c < name; c++)
        if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) &&
            !strchr("-./", *c))
            return false;
    return true;
}

/* ---- secrets ---- */

/* The last Secret that was parsed: handles of one object come together. */
struct resolver {
    struct plan *plan;
    const struct view *view;
    uint32_t id;
    const struct value *data; /* its .data; NULL: none parsed yet */
    bool is_secret;           /* the object being filled is a v1 Secret */
    struct err *err;
};

static const struct snapshot *find_snapshot(const struct view *view,
                                            uint32_t id)
{
    uint32_t kind = id >> PLAN_SECRET_ITEM_BITS;
    uint32_t item = id & ((1u << PLAN_SECRET_ITEM_BITS) - 1);

    if (id == PLAN_SECRET_ROOT)
        return view->root;
    if (kind >= view->count || item >= view->kinds[kind].count)
        return NULL;
    return view->kinds[kind].items[item];
}

static int load_data(struct resolver *r, uint32_t id)
{
    const struct snapshot *s = find_snapshot(r->view, id);
    struct value *object;
    int rc;

    if (r->data && r->id == id)
        return 0;
    if (!s)
        return err_set(r->err, ERR_PLAN, "a secret value of another view");
    rc = snapshot_value(s, r->plan->arena, &object, r->err);
    if (rc < 0)
        return rc;
    r->id = id;
    r->data = value_get(object, "data");
    return 0;
}

/* The bytes, into `v`, which was a SECRET. */
static int put_bytes(struct resolver *r, struct value *v, const char *text,
                     bool keep_base64)
{
    struct str bytes = {0};
    const char *copy = text;
    size_t len = strlen(text);
    int rc = 0;

    if (!keep_base64) {
        rc = hash_base64_decode(text, len, &bytes, r->err);
        if (rc == 0 && !text_is_utf8(str_text(&bytes), bytes.len))
            rc = err_set(r->err, ERR_PLAN,
                         "not UTF-8: binary values can only "
                         "be placed under the data of a Secret");
        len = bytes.len;
        copy = rc == 0 ? arena_strndup(r->plan->arena, str_text(&bytes), len)
                       : NULL;
        str_release(&bytes);
    }
    if (rc < 0)
        return rc;
    if (!copy)
        return err_nomem(r->err);
    v->type = VALUE_STRING;
    v->count = (uint32_t)len;
    v->as.string = copy;
    v->sensitive = true;
    return 0;
}

static int resolve_one(struct resolver *r, struct value *v, bool keep_base64)
{
    const char *key = v->as.secret.key;
    const char *text;
    int rc = load_data(r, v->as.secret.snapshot);

    if (rc < 0)
        return rc;
    text = value_text(value_get(r->data, key));
    if (!text)
        return err_set(r->err, ERR_PLAN, "the Secret has no value '%s'", key);
    rc = put_bytes(r, v, text, keep_base64);
    if (rc < 0)
        err_wrap(r->err, "secret value '%s'", key);
    return rc;
}

/* How deep below the object's root, and whether the way leads through .data. */
struct spot {
    unsigned depth;
    bool in_data;
};

static int resolve(struct resolver *r, struct value *v, struct spot at)
{
    int rc = 0;

    if (v->type == VALUE_SECRET)
        return resolve_one(r, v, r->is_secret && at.in_data && at.depth == 2);
    if (v->type == VALUE_ARRAY)
        for (uint32_t i = 0; i < v->count && rc == 0; i++)
            rc = resolve(r, v->as.items[i], (struct spot){at.depth + 1, false});
    if (v->type == VALUE_OBJECT)
        for (uint32_t i = 0; i < v->count && rc == 0; i++) {
            const struct value_member *m = &v->as.members[i];
            bool data =
                at.depth == 0 ? strcmp(m->key, "data") == 0 : at.in_data;

            rc = resolve(r, m->value, (struct spot){at.depth + 1, data});
        }
    return rc;
}

/* One operation of a JSON patch: {"path": "/data/x", "value": ...}. */
static int resolve_operation(struct resolver *r, struct value *op)
{
    const char *path = value_text(value_get(op, "path"));
    struct value *v = value_get(op, "value");
    struct spot at = {3, false};

    if (!v)
        return 0;
    if (path && text_equal(path, "/data"))
        at = (struct spot){1, true};
    else if (path && text_starts(path, "/data/"))
        at = (struct spot){2, true};
    return resolve(r, v, at);
}

static int resolve_step(struct resolver *r, struct plan_step *step)
{
    int rc = 0;

    if (!step->body)
        return 0;
    r->is_secret = text_equal(step->ref.gvk.kind, "Secret") &&
                   text_equal(step->ref.gvk.api_version, "v1");
    if (step->verb != PLAN_PATCH || step->patch_type != PATCH_JSON)
        rc = resolve(r, step->body, (struct spot){0, false});
    else
        for (uint32_t i = 0; i < step->body->count && rc == 0; i++)
            rc = resolve_operation(r, step->body->as.items[i]);
    if (rc < 0)
        err_wrap(r->err, "%s: %s '%s'", step->line, step->ref.gvk.kind,
                 step->ref.key.name);
    return rc;
}

int plan_resolve_secrets(struct plan *p, const struct view *view,
                         struct err *err)
{
    struct resolver r = {.plan = p, .view = view, .err = err};
    int rc = 0;

    for (size_t i = 0; i < p->count && rc == 0; i++)
        rc = resolve_step(&r, &p->steps[i]);
    if (rc == 0 && sensitive_holds(p->status)) {
        err_set(err, ERR_PLAN,
                "%s: plan:status: a secret value has no place "
                "in a status",
                p->status_line);
        rc = err_hint(err, "whoever may see the object sees it; place "
                           "handle:checksum()");
    }
    return rc;
}
