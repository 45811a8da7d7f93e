/*
 * diff_status.c -- the full status of this pass.
 *
 * DESIGN
 *
 * Status is output: what the plan declares is all there is, so a field that it
 * declares no more goes, because an apply takes away what the same manager
 * applied before (SA-4). Three things are the runtime's:
 *
 *      observedGeneration   the root's generation, at the top and in each
 *                           condition; at the top it stays behind while
 *                           something of the plan waits or is held back, and
 *                           when the status only says why a pass failed
 *      lastTransitionTime   kept from the live condition of that type while
 *                           its status is the same, else view.now
 *      memory               a declared memory field that this plan does not
 *                           name keeps its value: forgetting must be said, by
 *                           giving null
 *
 * A plan that declares no status at all takes the former one away, unless it
 * said plan:nothing or comes from a row that holds, which leave the status
 * alone too. Fields that the CRD's
 * schema does not have are left out with a note: the server would drop them,
 * and every pass would write them again.
 *
 * Equal status is not written, so a pass cannot wake itself.
 */
#include "core/diff_private.h"

#include <string.h>

#include "core/shallow.h"

static const struct value *live_status(const struct diff_work *w)
{
    return value_get(w->root, "status");
}

static int note_root(struct diff_work *w, const char *line, const char *text)
{
    const struct snapshot *root = w->in->view->root;
    struct object_ref ref = {w->in->decl->root, root->key};

    if (!text || changeset_note(w->cs, &ref, line, text) < 0)
        return err_nomem(w->err);
    return 0;
}

/* ---- conditions ---- */

/* By type; the first one wins. */
static struct value *find_condition(const struct value *list, const char *type)
{
    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count; i++)
        if (text_equal(value_text_at(list->as.items[i], "type"), type))
            return list->as.items[i];
    return NULL;
}

static struct value *live_condition(const struct diff_work *w, const char *type)
{
    return find_condition(value_get(live_status(w), "conditions"), type);
}

/* When did the condition get this status? */
static const char *transition_time(const struct diff_work *w,
                                   const struct value *old, const char *status,
                                   char now[32])
{
    const char *time = value_text_at(old, "lastTransitionTime");

    if (time && text_equal(value_text_at(old, "status"), status))
        return time;
    text_rfc3339(w->in->view->now, now);
    return now;
}

/* Does a row keep back what `desired` would declare? */
static bool is_held(const struct diff_work *w)
{
    return w->in->plan->hold && w->in->decl->has_desired;
}

/* For which generation does the condition speak? In the report of a failed
 * pass, or of a row that holds, a condition that only stays as it was speaks
 * for the former one. */
static int64_t condition_generation(const struct diff_work *w,
                                    const struct value *old,
                                    const struct value *condition)
{
    static const char *const said[] = {"status", "reason", "message"};
    int64_t generation = w->in->view->root->generation;

    if (!w->in->failed && !is_held(w))
        return generation;
    for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++)
        if (!text_equal(value_text_at(old, said[i]),
                        value_text_at(condition, said[i])))
            return generation;
    return value_int_at(old, "observedGeneration", generation);
}

/* Put the runtime's fields into a condition. */
static int finish_condition(const struct diff_work *w, struct value *condition)
{
    struct arena *a = w->a;
    const char *type = value_text_at(condition, "type");
    const char *status = value_text_at(condition, "status");
    const char *reason = value_text_at(condition, "reason");
    const struct value *old;
    int64_t generation;
    char now[32];

    if (!type || !status)
        return 0;
    if ((!reason || !*reason) &&
        value_set(a, condition, "reason", value_string(a, type)) < 0)
        return -ERR_NOMEM;
    if (!value_get(condition, "message") &&
        value_set(a, condition, "message", value_string(a, "")) < 0)
        return -ERR_NOMEM;
    old = live_condition(w, type);
    generation = condition_generation(w, old, condition);
    if (generation > 0 && value_set(a, condition, "observedGeneration",
                                    value_integer(a, generation)) < 0)
        return -ERR_NOMEM;
    return value_set(a, condition, "lastTransitionTime",
                     value_string(a, transition_time(w, old, status, now)));
}

static struct value *new_condition(const struct diff_work *w,
                                   const struct plan_condition *c)
{
    struct arena *a = w->a;
    struct value *v = value_object(a);

    if (value_set(a, v, "type", value_string(a, c->type)) < 0 ||
        value_set(a, v, "status", value_string(a, c->status)) < 0 ||
        value_set(a, v, "reason", value_string(a, c->reason ? c->reason : "")) <
            0 ||
        value_set(a, v, "message",
                  value_string(a, c->message ? c->message : "")) < 0)
        return NULL;
    return finish_condition(w, v) < 0 ? NULL : v;
}

/* Conditions that plan:status gave as fields. */
static int copy_conditions(const struct diff_work *w, const struct value *given,
                           struct value *list)
{
    for (uint32_t i = 0; i < given->count; i++) {
        struct value *copy;

        if (!value_is(given->as.items[i], VALUE_OBJECT))
            continue;
        copy = shallow_copy(w->a, given->as.items[i]);
        if (!copy || finish_condition(w, copy) < 0 ||
            value_append(w->a, list, copy) < 0)
            return -ERR_NOMEM;
    }
    return 0;
}

/* The last condition of a type wins. */
static int merge_conditions(const struct diff_work *w, struct value *list)
{
    const struct plan *plan = w->in->plan;

    for (size_t i = 0; i < plan->condition_count; i++) {
        struct value *v = new_condition(w, &plan->conditions[i]);
        struct value *old = find_condition(list, plan->conditions[i].type);

        if (!v)
            return -ERR_NOMEM;
        if (old)
            *old = *v;
        else if (value_append(w->a, list, v) < 0)
            return -ERR_NOMEM;
    }
    return 0;
}

/* Leaves the status without the field when there is nothing to say. */
static int build_conditions(const struct diff_work *w, struct value *status)
{
    const struct value *given = value_get(status, "conditions");
    struct value *list;

    if (!w->in->plan->condition_count && !value_is(given, VALUE_ARRAY))
        return 0;
    list = value_array(w->a);
    if (!list)
        return -ERR_NOMEM;
    if (value_is(given, VALUE_ARRAY) && copy_conditions(w, given, list) < 0)
        return -ERR_NOMEM;
    if (merge_conditions(w, list) < 0)
        return -ERR_NOMEM;
    return value_set(w->a, status, "conditions", list);
}

/* ---- the whole ---- */

/* Memory fields of the live status that the plan does not name; nulls go. */
static int keep_memory(const struct diff_work *w, struct value *status)
{
    const struct operator_decl *decl = w->in->decl;

    for (size_t i = 0; i < decl->memory_count; i++) {
        const char *field = decl->memory[i];
        struct value *old = value_get(live_status(w), field);

        if (old && !value_get(status, field) &&
            value_set(w->a, status, field, old) < 0)
            return -ERR_NOMEM;
    }
    for (uint32_t i = status->count; i-- > 0;)
        if (value_is(status->as.members[i].value, VALUE_NULL))
            value_unsetn(status, status->as.members[i].key,
                         status->as.members[i].key_len);
    return 0;
}

/* Is anything of the plan still to come? */
static bool is_incomplete(const struct diff_work *w)
{
    if (is_held(w))
        return true;
    for (size_t i = 0; i < w->count; i++)
        if (w->steps[i].held)
            return true;
    return w->cs->waiting || w->in->failed;
}

/* "Is my change in?": only when all of the plan was carried out. */
static int add_generation(const struct diff_work *w, struct value *status)
{
    struct arena *a = w->a;
    int64_t generation = w->in->view->root->generation;
    struct value *old = value_get(live_status(w), "observedGeneration");

    if (is_incomplete(w))
        return old ? value_set(a, status, "observedGeneration", old) : 0;
    if (generation <= 0)
        return 0;
    return value_set(a, status, "observedGeneration",
                     value_integer(a, generation));
}

/* NULL on out of memory. */
static struct value *desired_status(const struct diff_work *w, bool declared)
{
    struct value *status = shallow_copy(w->a, w->in->plan->status);

    if (!status || keep_memory(w, status) < 0)
        return NULL;
    if (!declared)
        return status;
    if (build_conditions(w, status) < 0 || add_generation(w, status) < 0)
        return NULL;
    return status;
}

struct value *diff_root_body(const struct diff_work *w)
{
    const struct snapshot *root = w->in->view->root;
    struct arena *a = w->a;
    struct value *body = value_object(a);
    struct value *meta = value_make(a, body, "metadata");
    const char *version = w->in->view->root_resource->api_version;

    if (value_set(a, body, "apiVersion", value_string(a, version)) < 0 ||
        value_set(a, body, "kind", value_string(a, w->in->decl->root.kind)) <
            0 ||
        value_set(a, meta, "name", value_string(a, root->key.name)) < 0)
        return NULL;
    if (*root->key.ns &&
        value_set(a, meta, "namespace", value_string(a, root->key.ns)) < 0)
        return NULL;
    return body;
}

static const char *status_line(const struct plan *plan)
{
    if (plan->status_line)
        return plan->status_line;
    return plan->condition_count ? plan->conditions[0].line : NULL;
}

/* A body without status takes away all that we ever applied. */
static int write_status(struct diff_work *w, struct value *status,
                        const char *hash, const struct diff_drift *drift)
{
    struct value *body = diff_root_body(w);
    struct change *c;

    if (!body || (status->count && value_set(w->a, body, "status", status) < 0))
        return err_nomem(w->err);
    c = changeset_add(w->cs, CHANGE_STATUS);
    if (!c)
        return err_nomem(w->err);
    c->resource = w->in->view->root_resource;
    c->key = w->in->view->root->key;
    c->uid = w->in->view->root->uid;
    c->live = w->in->view->root;
    c->body = body;
    c->force = true;
    c->line = status_line(w->in->plan);
    c->declared_hash = hash;
    c->fields = drift->fields;
    c->field_count = drift->field_count;
    return 0;
}

/* ---- for people ---- */

/* ".status" of ".conditions[type=Ready].status"; NULL: of no condition. */
static const char *condition_field(const char *path)
{
    const char *end;

    if (!text_starts(path, ".conditions[type="))
        return NULL;
    end = strstr(path, "].");
    return end ? end + 1 : NULL;
}

/* What becomes of a field: 0 the headline of a condition, 1 it stays, 2 it is
 * book-keeping that follows from the others. */
static int field_rank(const struct change_field *f)
{
    const char *field = condition_field(f->path);

    if (!field)
        return 1;
    if (strcmp(field, ".status") == 0)
        return 0;
    return strcmp(field, ".lastTransitionTime") == 0 ||
                   strcmp(field, ".observedGeneration") == 0
               ? 2
               : 1;
}

/* ".conditions[type=Ready]: True -> False" first, no book-keeping unless that
 * is all there is. */
static int tidy_fields(struct diff_work *w, struct diff_drift *drift)
{
    struct change_field *tidy =
        arena_calloc(w->a, drift->field_count + 1, sizeof(*tidy));
    size_t count = 0;

    if (!tidy)
        return err_nomem(w->err);
    for (int rank = 0; rank < 2; rank++)
        for (size_t i = 0; i < drift->field_count; i++)
            if (field_rank(&drift->fields[i]) == rank)
                tidy[count++] = drift->fields[i];
    for (size_t i = 0; i < count && field_rank(&tidy[i]) == 0; i++) {
        const char *path = tidy[i].path;

        tidy[i].path =
            arena_strndup(w->a, path, (size_t)(condition_field(path) - path));
        if (!tidy[i].path)
            return err_nomem(w->err);
    }
    if (count) {
        drift->fields = tidy;
        drift->field_count = count;
    }
    return 0;
}

/* What the server answered to this status once, it answers again: a default
 * that only the server knows would else be written in every pass. */
static int compare_status(struct diff_work *w, const struct value *status,
                          const char **ret_hash, struct diff_drift *drift)
{
    const struct snapshot *root = w->in->view->root;
    int rc = diff_hash(w, status, ret_hash);

    *drift = (struct diff_drift){.in_sync = true};
    if (rc < 0 || diff_memo_hit(w->in->memo, root, *ret_hash))
        return rc;
    rc = diff_compare_status(w, status, drift);
    if (rc == 0 && drift->in_sync)
        diff_memo_note(w->in->memo, root, *ret_hash);
    return rc;
}

int diff_status(struct diff_work *w)
{
    const struct plan *plan = w->in->plan;
    bool declared = plan->status || plan->condition_count;
    struct diff_drift drift;
    struct value *status;
    const char *hash;
    int rc;

    if (!declared && (plan->nothing || plan->hold))
        return 0;
    if (!w->in->view->root_resource->has_status)
        return declared ? note_root(w, status_line(plan),
                                    "status is not written: the kind has no "
                                    "status subresource")
                        : 0;
    status = desired_status(w, declared);
    if (!status)
        return err_nomem(w->err);
    rc = diff_drop_unknown(w, &status);
    if (rc == 0)
        rc = compare_status(w, status, &hash, &drift);
    if (rc < 0 || drift.in_sync)
        return rc;
    rc = tidy_fields(w, &drift);
    return rc < 0 ? rc : write_status(w, status, hash, &drift);
}
