/*
 * frame_decl.c -- a script on its way to a worker, its declaration back, and
 *                 the small messages.
 */
#include "kube/kept.h"
#include "script/frame.h"
#include "script/frame_shapes.h"

/* note 07 B5.3; each is checked where it is compiled */
#define MAX_FILES 4096u
#define MAX_SOURCE (1u << 20)
#define MAX_DECLARED 10000u

static const struct shape_field shape_gvk_fields[] = {
    F_TEXT(gvk, api_version, MAX_WORD),
    F_TEXT(gvk, kind, MAX_WORD),
};
SHAPE_OF(shape_gvk, gvk);

/* ---- hello, probe ---- */

static const struct shape_field shape_hello_fields[] = {
    F_U32(frame_hello, protocol),    F_TEXT(frame_hello, build, MAX_WORD),
    F_U32(frame_hello, descriptors), F_BOOL(frame_hello, seccomp),
    F_BOOL(frame_hello, landlock),
};
SHAPE_OF(shape_hello, frame_hello);

static const struct shape_field shape_probe_fields[] = {
    F_ENUM(frame_probe, trial, FRAME_TRY_CRASH),
};
SHAPE_OF(shape_probe, frame_probe);

static const struct shape_field shape_probed_fields[] = {
    F_U32(frame_probed, error),
    F_U64(frame_probed, bytes),
};
SHAPE_OF(shape_probed, frame_probed);

/* ---- load ---- */

static const struct shape_field shape_limits_fields[] = {
    F_U64(script_limits, instructions),
    F_U64(script_limits, cpu_ms),
    F_SIZE(script_limits, memory_soft),
    F_SIZE(script_limits, memory_hard),
};
static SHAPE_OF(shape_limits, script_limits);

static const struct shape_field shape_file_fields[] = {
    F_TEXT(script_file, name, MAX_LINE),
    F_BYTES(script_file, text, len, MAX_SOURCE),
};
static SHAPE_OF(shape_file, script_file);

static const struct shape_field shape_load_fields[] = {
    F_U32(frame_load, script),
    F_IN(frame_load, limits, &shape_limits),
    F_LIST(frame_load, files, file_count, MAX_FILES, &shape_file),
};
SHAPE_OF(shape_load, frame_load);

/* ---- loaded ---- */

static const struct shape_field shape_owned_fields[] = {
    F_IN(operator_owned, gvk, &shape_gvk),
    F_BOOL(operator_owned, retired),
};
static SHAPE_OF(shape_owned, operator_owned);

static const struct shape_field shape_reads_fields[] = {
    F_IN(operator_read, gvk, &shape_gvk),
    F_ENUM(operator_read, scope, READ_NAMED),
    F_TEXT_OR_NULL(operator_read, ns, MAX_WORD),
    F_TEXT_OR_NULL(operator_read, labels, MAX_LINE),
    F_TEXT_OR_NULL(operator_read, fields, MAX_LINE),
    F_BOOL(operator_read, by_name),
    F_BOOL(operator_read, has_map),
    F_BOOL(operator_read, metadata_only),
    F_TEXT_OR_NULL(operator_read, kept, KEPT_MAX_BYTES),
};
static SHAPE_OF(shape_reads, operator_read);

static const struct shape_field shape_parameter_fields[] = {
    F_TEXT(operator_parameter, name, MAX_WORD),
    F_TEXT(operator_parameter, type, MAX_WORD),
    F_TEXT_OR_NULL(operator_parameter, description, MAX_TEXT),
    F_VALUE_OR_NULL(operator_parameter, otherwise),
};
static SHAPE_OF(shape_parameter, operator_parameter);

static const struct shape_field shape_code_fields[] = {
    F_TEXT_OR_NULL(operator_code, file, MAX_LINE),
    F_INT(operator_code, first),
    F_INT(operator_code, last),
};
static SHAPE_OF(shape_code, operator_code);

static const struct shape_field shape_table_row_fields[] = {
    F_TEXT(operator_row, id, MAX_WORD),
    F_TEXT_OR_NULL(operator_row, why, MAX_TEXT),
    F_TEXT_OR_NULL(operator_row, description, MAX_TEXT),
    F_TEXT_OR_NULL(operator_row, place, MAX_LINE),
    F_TEXT_OR_NULL(operator_row, fingerprint, MAX_WORD),
    F_BOOL(operator_row, hold),
    F_IN(operator_row, when, &shape_code),
    F_IN(operator_row, plan, &shape_code),
};
static SHAPE_OF(shape_table_row, operator_row);

static const struct shape_field shape_hook_fields[] = {
    F_TEXT(operator_hook, name, MAX_WORD),
    F_TEXT(operator_hook, fingerprint, MAX_WORD),
    F_IN(operator_hook, code, &shape_code),
};
static SHAPE_OF(shape_hook, operator_hook);

static const struct shape_field shape_overlay_fields[] = {
    F_TEXT(operator_overlay, place, MAX_LINE),
    F_TEXT(operator_overlay, operator_name, MAX_WORD),
    F_TEXT_OR_NULL(operator_overlay, description, MAX_TEXT),
    F_BOOL(operator_overlay, applied),
};
static SHAPE_OF(shape_overlay, operator_overlay);

/* Of struct operator_decl, arena is the reader's own. */
static const struct shape_field shape_decl_fields[] = {
    F_TEXT(operator_decl, name, MAX_WORD),
    F_TEXT_OR_NULL(operator_decl, description, MAX_TEXT),
    F_IN(operator_decl, root, &shape_gvk),
    F_LIST(operator_decl, owns, owns_count, MAX_DECLARED, &shape_owned),
    F_LIST(operator_decl, reads, reads_count, MAX_DECLARED, &shape_reads),
    F_LIST(operator_decl, parameters, parameters_count, MAX_DECLARED,
           &shape_parameter),
    F_LIST(operator_decl, memory, memory_count, MAX_DECLARED, &shape_text),
    F_LIST(operator_decl, rows, rows_count, MAX_DECLARED, &shape_table_row),
    F_LIST(operator_decl, hooks, hooks_count, OPERATOR_MAX_HOOKS, &shape_hook),
    F_LIST(operator_decl, overlays, overlays_count, MAX_DECLARED,
           &shape_overlay),
    F_VALUE_OR_NULL(operator_decl, overlay_params),
    F_BOOL(operator_decl, has_desired),
    F_BOOL(operator_decl, has_finalize),
    F_BOOL(operator_decl, reads_secret_values),
    F_TEXT(operator_decl, field_manager, MAX_WORD),
    F_TEXT(operator_decl, finalizer, MAX_WORD),
};
static SHAPE_OF(shape_decl, operator_decl);

static const struct shape_field shape_loaded_fields[] = {
    F_U32(frame_loaded, script),
    F_IN(frame_loaded, err, &shape_err),
    F_LIST(frame_loaded, decl, decl_count, 1, &shape_decl),
};
SHAPE_OF(shape_loaded, frame_loaded);
