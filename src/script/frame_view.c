/*
 * frame_view.c -- calls and what a script looks at during one.
 *
 * A view is not sent as a whole: of struct view, root goes as `object`, now
 * and params as they are, kinds as frame_kinds, zones as the bytes that they
 * were read from (zone_count of them), root_resource stays here (only
 * core/diff asks for it). Of struct view_kind, gvk, known, unknown, owned and
 * count go as they are, resource as `scope`, read as its index, items as rows,
 * or not at all until the script asks.
 */
#include "script/frame.h"
#include "script/frame_shapes.h"

#define MAX_ITEMS (1u << PLAN_SECRET_ITEM_BITS)

static const struct shape_field shape_number_fields[] = {
    {.name = "number", .kind = SHAPE_U64},
};
static const struct shape shape_number = {sizeof(uint64_t), shape_number_fields,
                                          1};

static const struct shape_field shape_object_fields[] = {
    F_U64(frame_object, body),
    F_TEXT_OR_NULL(frame_object, api_version, MAX_WORD),
    F_TEXT_OR_NULL(frame_object, kind, MAX_WORD),
    F_TEXT_OR_NULL(frame_object, ns, MAX_WORD),
    F_TEXT_OR_NULL(frame_object, name, MAX_WORD),
    F_TEXT_OR_NULL(frame_object, uid, MAX_WORD),
    F_I64(frame_object, generation),
    F_BYTES(frame_object, json, json_len, FRAME_MAX),
};
static SHAPE_OF(shape_object, frame_object);

static const struct shape_field shape_row_fields[] = {
    F_U32(frame_row, item),
    F_TEXT(frame_row, ns, MAX_WORD),
    F_TEXT(frame_row, name, MAX_WORD),
    F_U64(frame_row, body),
};
static SHAPE_OF(shape_row, frame_row);

static const struct shape_field shape_kind_fields[] = {
    F_IN(frame_kind, gvk, &shape_gvk),
    F_BOOL(frame_kind, known),
    F_TEXT_OR_NULL(frame_kind, unknown, MAX_LINE),
    F_BOOL(frame_kind, owned),
    F_U32(frame_kind, read),
    F_ENUM(frame_kind, scope, FRAME_CLUSTER),
    F_U32(frame_kind, count),
    F_BOOL(frame_kind, complete),
    F_LIST(frame_kind, rows, row_count, FRAME_SMALL_LIST, &shape_row),
};
static SHAPE_OF(shape_kind, frame_kind);

static const struct shape_field shape_zone_fields[] = {
    F_TEXT(frame_zone, name, ZONE_MAX_NAME),
    F_BOOL(frame_zone, utc),
    F_BYTES(frame_zone, bytes, len, ZONE_MAX_BYTES),
    F_TEXT_OR_NULL(frame_zone, why, MAX_LINE),
};
static SHAPE_OF(shape_zone, frame_zone);

static const struct shape_field shape_call_fields[] = {
    F_U32(frame_call, serial),
    F_U32(frame_call, script),
    F_ENUM(frame_call, job, FRAME_MAP),
    F_U32(frame_call, read),
    F_LIST(frame_call, drop, drop_count, MAX_ITEMS, &shape_number),
    F_IN(frame_call, object, &shape_object),
    F_I64(frame_call, now),
    F_VALUE_OR_NULL(frame_call, params),
    F_LIST(frame_call, kinds, kind_count, MAX_ITEMS, &shape_kind),
    F_LIST(frame_call, zones, zone_count, VIEW_MAX_ZONES, &shape_zone),
};
SHAPE_OF(shape_call, frame_call);

static const struct shape_field shape_ask_fields[] = {
    F_ENUM(frame_ask, question, FRAME_LIST),
    F_U32(frame_ask, kind),
    F_U32(frame_ask, item),
    F_TEXT_OR_NULL(frame_ask, ns, MAX_WORD),
    F_TEXT_OR_NULL(frame_ask, name, MAX_WORD),
    F_TEXT_OR_NULL(frame_ask, labels, MAX_TEXT),
    F_TEXT_OR_NULL(frame_ask, fields, MAX_TEXT),
};
SHAPE_OF(shape_ask, frame_ask);

static const struct shape_field shape_found_fields[] = {
    F_IN(frame_found, err, &shape_err),
    F_BOOL(frame_found, found),
    F_U32(frame_found, item),
    F_IN(frame_found, object, &shape_object),
};
SHAPE_OF(shape_found, frame_found);

static const struct shape_field shape_rows_fields[] = {
    F_IN(frame_rows, err, &shape_err),
    F_U64(frame_rows, cost),
    F_LIST(frame_rows, rows, row_count, MAX_ITEMS, &shape_row),
};
SHAPE_OF(shape_rows, frame_rows);
