/*
 * job_status.c -- what a pass says of itself: the condition Reconciled, the
 *                 Event of a row, and why a pass failed.
 *
 * DESIGN
 *
 * The row of a decision table is said with the status that is written anyway,
 * as the message of Reconciled. A root of a custom kind gets that condition
 * from a table also when the script declares no status: the row is what people
 * look for. Kinds of Kubernetes' own have their status to themselves.
 *
 * An Event says that the row is another one than before. What was before is
 * remembered; a process that has just started finds it in the condition.
 */
#include "controller_impl.h"

#include <string.h>

#include "app/reasons.h"
#include "core/owned_fields.h"
#include "kube/schema.h"

#define CONDITION_RECONCILED "Reconciled"

/* Every status that a script writes also says that it was carried out. */
static int add_condition(struct job *job, const char *type, const char *status,
                         const char *reason, const char *message)
{
    struct plan_condition *cond = plan_add_condition(&job->plan);

    if (!cond || !type || !reason || !message)
        return -ERR_NOMEM;
    cond->type = type;
    cond->status = status;
    cond->reason = reason;
    cond->message = message;
    return 0;
}

/* ... and what all roots are told at present. The texts are copied: another
 * note may come while the status is written. */
static int add_reconciled(struct job *job, const char *status,
                          const char *reason, const char *message)
{
    const struct note *n = &job->controller->note;
    struct arena *a = &job->arena;
    int rc = add_condition(job, CONDITION_RECONCILED, status, reason, message);

    if (rc < 0 || !n->type)
        return rc;
    return add_condition(job, arena_strdup(a, n->type), "False",
                         arena_strdup(a, n->reason),
                         arena_strdup(a, n->message));
}

/* ---- what stays ---- */

/* The conditions and fields that we wrote before stay as they are, unless the
 * plan declares them. */
static int keep_condition(struct job *job, const struct value *cond)
{
    struct plan_condition *c;
    const char *type = value_text_at(cond, "type");

    if (!type || strcmp(type, CONDITION_RECONCILED) == 0 ||
        strcmp(type, CONDITION_SCRIPT) == 0)
        return 0;
    for (size_t i = 0; i < job->plan.condition_count; i++)
        if (strcmp(job->plan.conditions[i].type, type) == 0)
            return 0;
    c = plan_add_condition(&job->plan);
    if (!c)
        return -ERR_NOMEM;
    c->type = type;
    c->status = value_text_at(cond, "status");
    c->reason = value_text_at(cond, "reason");
    c->message = value_text_at(cond, "message");
    return 0;
}

static int keep_status(struct job *job, const struct value *root)
{
    const struct operator_decl *d = job->controller->now.decl;
    const struct value *fields = value_get(
        owned_entry(root, d->field_manager, "status", d->root.api_version),
        "f:status");
    const struct value *status = value_get(root, "status");
    struct value *kept =
        job->plan.status ? job->plan.status : value_object(&job->arena);
    int rc = kept ? 0 : -ERR_NOMEM;

    for (uint32_t i = 0;
         value_is(fields, VALUE_OBJECT) && rc == 0 && i < fields->count; i++) {
        const char *name = fields->as.members[i].key;
        struct value *old;

        if (strncmp(name, "f:", 2) != 0)
            continue;
        name += 2;
        old = value_get(status, name);
        if (old && !value_get(kept, name) && strcmp(name, "conditions") != 0 &&
            strcmp(name, "observedGeneration") != 0)
            rc = value_set(&job->arena, kept, name, old);
    }
    job->plan.status = kept;
    status = value_get(status, "conditions");
    for (uint32_t i = 0;
         value_get(fields, "f:conditions") && value_is(status, VALUE_ARRAY) &&
         rc == 0 && i < status->count;
         i++)
        rc = keep_condition(job, status->as.items[i]);
    return rc;
}

/* ---- the row ---- */

/* "row scale-up: 2 of 3 replicas" */
static const char *row_text(struct job *job)
{
    return arena_printf(&job->arena, "row %s: %s", job->row->id, job->why);
}

/* The row's number that the root's own status tells, 0 when it tells none. */
static size_t recorded_row(const struct operator_decl *d,
                           const struct value *root)
{
    const struct value *list = value_path(root, "status.conditions");
    const char *text = NULL;

    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count; i++)
        if (text_equal(value_text_at(list->as.items[i], "type"),
                       CONDITION_RECONCILED))
            text = value_text_at(list->as.items[i], "message");
    for (size_t i = 0; text && i < d->rows_count; i++) {
        size_t len = strlen(d->rows[i].id);

        if (text_starts(text, "row ") &&
            strncmp(text + 4, d->rows[i].id, len) == 0 && text[4 + len] == ':')
            return i + 1;
    }
    return 0;
}

/* "ScaleUp" of "scale-up": the reason of an Event is one word. */
static const char *row_reason(struct job *job)
{
    char *word = arena_strdup(&job->arena, job->row->id);
    size_t len = 0;
    bool capital = true;

    for (const char *c = word; c && *c; c++) {
        bool lower = *c >= 'a' && *c <= 'z';

        if (*c != '-')
            word[len++] = capital && lower ? (char)(*c - 'a' + 'A') : *c;
        capital = *c == '-';
    }
    if (word)
        word[len] = '\0';
    return word;
}

/* Nobody has to be told that a new object is as declared. */
static bool row_is_news(const struct job *job, const struct value *root)
{
    const struct operator_decl *d = job->controller->now.decl;
    const struct root_memory *m =
        mapping_memory(job->controller, &job->key, false);
    size_t now = (size_t)(job->row - d->rows) + 1;
    size_t before = m ? m->row : 0;

    if (!before)
        before = recorded_row(d, root);
    return before ? before != now : now != d->rows_count;
}

static int add_row_event(struct job *job, const char *text)
{
    const char *reason = row_reason(job);
    struct plan_event *event = plan_add_event(&job->plan);

    if (!reason || !event)
        return -ERR_NOMEM;
    *event = (struct plan_event){"Normal", reason, text, NULL};
    return 0;
}

static bool writes_status(const struct job *job)
{
    return job->plan.status || job->plan.condition_count > 0;
}

/* Does the row go into the status of this root? */
static bool row_has_place(const struct job *job)
{
    const struct view *v = &job->view;

    if (writes_status(job))
        return true;
    return v->root_resource && v->root_resource->has_status &&
           !schema_known(
               schema_find(NULL, v->root->api_version, v->root->kind));
}

static int say_row(struct job *job, struct err *err)
{
    bool held = job->row->hold && job->controller->now.decl->has_desired;
    const char *text = row_text(job);
    struct value *root;
    int rc = text ? 0 : -ERR_NOMEM;

    if (rc == 0)
        rc = snapshot_value(job->view.root, &job->arena, &root, err);
    if (rc < 0)
        return rc == -ERR_NOMEM ? err_nomem(err) : rc;
    if (row_has_place(job)) {
        if (held || (job->row->hold && !writes_status(job)))
            rc = keep_status(job, root);
        if (rc == 0)
            rc = add_reconciled(job, held ? "False" : "True",
                                held ? REASON_HELD : REASON_APPLIED, text);
    }
    if (rc == 0 && row_is_news(job, root))
        rc = add_row_event(job, text);
    return rc < 0 ? err_nomem(err) : 0;
}

int job_say_applied(struct job *job, struct err *err)
{
    if (job->row)
        return say_row(job, err);
    if (writes_status(job) &&
        add_reconciled(job, "True", REASON_APPLIED, "") < 0)
        return err_nomem(err);
    return 0;
}

/* ---- saying why it failed ---- */

static const char *failure_reason(enum err_code code)
{
    static const struct {
        enum err_code code;
        const char *reason;
    } reasons[] = {
#define XX(error, reason) {ERR_##error, reason},
        REASON_MAP(XX)
#undef XX
    };

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].code == code)
            return reasons[i].reason;
    return NULL;
}

bool job_plan_failure(struct job *job, const struct err *why)
{
    const char *reason = failure_reason(why->code);
    struct root_memory *m = mapping_memory(job->controller, &job->key, true);
    struct value *root;
    struct err err = {0};
    const char *message;

    if (!reason || !job->view.root_resource ||
        !job->view.root_resource->has_status)
        return false;
    plan_init(&job->plan, &job->arena);
    job->plan.nothing = reason;
    job->plan.finalizing = job->view.root->deleting;
    message = arena_strdup(&job->arena, why->msg);
    if (!message ||
        snapshot_value(job->view.root, &job->arena, &root, &err) < 0 ||
        keep_status(job, root) < 0 ||
        add_reconciled(job, "False", reason, message) < 0)
        return false;
    if (m && m->last_failure != (int64_t)why->code) {
        struct plan_event *event = plan_add_event(&job->plan);

        if (event)
            *event = (struct plan_event){"Warning", reason, message, NULL};
        m->last_failure = (int64_t)why->code;
    }
    job->reporting = true;
    job->view.count = 0; /* it is not asked, and may not even be made */
    return job_diff(job, &err) == 0 && job->cs.count > 0;
}
