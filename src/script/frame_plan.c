/*
 * frame_plan.c -- the plan and what else an answer holds.
 */
#include "script/frame.h"
#include "script/frame_shapes.h"

static const struct shape_field shape_text_fields[] = {
    {.name = "text", .kind = SHAPE_TEXT, .max = MAX_WORD},
};
const struct shape shape_text = {sizeof(const char *), shape_text_fields, 1};

static const struct shape_field shape_err_fields[] = {
    F_ENUM(err, code, ERR_COUNT - 1),
    F_U32(err, retry_after_ms),
    F_CHARS(err, msg),
    F_CHARS(err, hint),
};
SHAPE_OF(shape_err, err);

static const struct shape_field shape_key_fields[] = {
    F_TEXT(object_key, ns, MAX_WORD),
    F_TEXT(object_key, name, MAX_WORD),
};
SHAPE_OF(shape_key, object_key);

static const struct shape_field shape_ref_fields[] = {
    F_IN(object_ref, gvk, &shape_gvk),
    F_IN(object_ref, key, &shape_key),
};
static SHAPE_OF(shape_ref, object_ref);

static const struct shape_field shape_step_fields[] = {
    F_ENUM(plan_step, verb, PLAN_SCALE),
    F_IN(plan_step, ref, &shape_ref),
    F_VALUE_OR_NULL(plan_step, body),
    F_TEXT(plan_step, line, MAX_LINE),
    F_LIST(plan_step, after, after_count, PLAN_MAX_STEPS, &shape_ref),
    F_TEXT_OR_NULL(plan_step, held, MAX_TEXT),
    F_BOOL(plan_step, orphan),
    F_BOOL(plan_step, recreate),
    F_ENUM(plan_step, patch_type, PATCH_APPLY),
    F_I64(plan_step, replicas),
};
static SHAPE_OF(shape_step, plan_step);

static const struct shape_field shape_condition_fields[] = {
    F_TEXT(plan_condition, type, MAX_TEXT),
    F_TEXT(plan_condition, status, MAX_WORD),
    F_TEXT_OR_NULL(plan_condition, reason, MAX_TEXT),
    F_TEXT_OR_NULL(plan_condition, message, MAX_TEXT),
    F_TEXT_OR_NULL(plan_condition, line, MAX_LINE),
};
static SHAPE_OF(shape_condition, plan_condition);

static const struct shape_field shape_event_fields[] = {
    F_TEXT(plan_event, type, MAX_WORD),
    F_TEXT(plan_event, reason, MAX_TEXT),
    F_TEXT_OR_NULL(plan_event, note, MAX_TEXT),
    F_TEXT_OR_NULL(plan_event, line, MAX_LINE),
};
static SHAPE_OF(shape_event, plan_event);

static const struct shape_field shape_log_fields[] = {
    F_BOOL(plan_log, warn),
    F_TEXT(plan_log, text, PLAN_MAX_LOG_TEXT),
};
static SHAPE_OF(shape_log, plan_log);

/* Of struct plan, arena is the reader's own; reads, read_count and read_cap
 * travel as frame_answer.reads. */
static const struct shape_field shape_plan_fields[] = {
    F_GROWING(plan, steps, count, cap, PLAN_MAX_STEPS, &shape_step),
    F_VALUE_OR_NULL(plan, status),
    F_TEXT_OR_NULL(plan, status_line, MAX_LINE),
    F_GROWING(plan, conditions, condition_count, condition_cap, PLAN_MAX_NOTES,
              &shape_condition),
    F_GROWING(plan, events, event_count, event_cap, PLAN_MAX_NOTES,
              &shape_event),
    F_GROWING(plan, logs, log_count, log_cap, PLAN_MAX_LOGS, &shape_log),
    F_I64(plan, requeue_ms),
    F_I64(plan, requeue_at),
    F_TEXT_OR_NULL(plan, nothing, MAX_TEXT),
    F_TEXT_OR_NULL(plan, prune_all, MAX_TEXT),
    F_TEXT_OR_NULL(plan, allow_bulk, MAX_TEXT),
    F_INT(plan, row),
    F_TEXT_OR_NULL(plan, why, PLAN_MAX_WHY),
    F_BOOL(plan, hold),
    F_TEXT_OR_NULL(plan, zone_wanted, ZONE_MAX_NAME),
    F_TEXT_OR_NULL(plan, trace, MAX_LINE),
    F_BOOL(plan, finalizing),
    F_BOOL(plan, finalize_done),
};
static SHAPE_OF(shape_plan, plan);

/* struct view_read: kind, list; snapshot as found and item; ns, name */
static const struct shape_field shape_read_fields[] = {
    F_U32(frame_read, kind),
    F_BOOL(frame_read, list),
    F_BOOL(frame_read, found),
    F_U32(frame_read, item),
    F_TEXT_OR_NULL(frame_read, ns, MAX_WORD),
    F_TEXT_OR_NULL(frame_read, name, MAX_WORD),
};
static SHAPE_OF(shape_read, frame_read);

static const struct shape_field shape_names_fields[] = {
    F_LIST(frame_names, names, count, PLAN_MAX_NODES, &shape_text),
};
static SHAPE_OF(shape_names, frame_names);

static const struct shape_field shape_answer_fields[] = {
    F_U32(frame_answer, serial),
    F_IN(frame_answer, err, &shape_err),
    F_IN(frame_answer, plan, &shape_plan),
    F_LIST(frame_answer, reads, read_count, FRAME_MAX, &shape_read),
    F_LIST(frame_answer, names, name_count, PLAN_MAX_NODES, &shape_names),
    F_LIST(frame_answer, roots, root_count, PLAN_MAX_NODES, &shape_key),
};
SHAPE_OF(shape_answer, frame_answer);
