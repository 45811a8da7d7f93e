/* table_impl.h -- columns and what is in them. Private to table*.c. */
#ifndef TIDELOCK_SRC_SIM_TABLE_IMPL_H
#define TIDELOCK_SRC_SIM_TABLE_IMPL_H

#include "sim/table.h"

/* One object on its way into a row. Cell functions return NULL on out of
 * memory only. */
struct row {
    struct arena *a;
    const struct value *object;
    int64_t unix_now;
};

struct column;
typedef struct value *(*cell_fn)(const struct row *r, const struct column *c);
struct column {
    const char *name;
    const char *type;  /* "string/name": type and format */
    unsigned priority; /* 1: shown by -o wide */
    cell_fn cell;
    const char *path;      /* of the value; "a.b|c": the first that is there */
    const char *otherwise; /* when it is not there */
};
/* A priority: the server has the cell and does not say so. */
#define COLUMN_UNTOLD 9
/* Ends with a column without a name. */
struct table_kind {
    const char *group, *kind;
    const struct column *columns;
};
const struct column *table_columns(const struct kind *k);

/* ---- cells ---- */
const struct value *row_at(const struct row *r, const char *paths);
/* "5m"; "<unknown>" without a time. */
struct value *row_age(const struct row *r, const struct value *time);
struct value *cell_duration(struct arena *a, int64_t seconds);
struct value *cell_name(const struct row *r, const struct column *c);
struct value *cell_created(const struct row *r, const struct column *c);
struct value *cell_age(const struct row *r, const struct column *c);
struct value *cell_text(const struct row *r, const struct column *c);
struct value *cell_integer(const struct row *r, const struct column *c);
struct value *cell_boolean(const struct row *r, const struct column *c);
struct value *cell_count(const struct row *r, const struct column *c);
/* Lists of texts, and one field of the items of a list: "a.b:field". */
struct value *cell_join(const struct row *r, const struct column *c);
struct value *cell_first(const struct row *r, const struct column *c);
/* Of two numbers: "a.b|c.d" as 1/2. */
struct value *cell_of(const struct row *r, const struct column *c);
/* "Kind/name" of a reference. */
struct value *cell_reference(const struct row *r, const struct column *c);
struct value *cell_labels(const struct row *r, const struct column *c);
struct value *cell_selector(const struct row *r, const struct column *c);
struct value *cell_selector_or_empty(const struct row *r,
                                     const struct column *c);
struct value *cell_phase(const struct row *r, const struct column *c);
/* A name, with " (default)" behind it when an annotation says so. */
struct value *cell_default_name(const struct row *r, const struct column *c);

/* The text is taken; NULL on out of memory. */
struct value *cell_take(struct arena *a, struct str *text);
int64_t row_int(const struct value *v, const char *path);
const char *row_text(const struct value *v, const char *path); /* "" for none */

/* ---- of one kind ---- */
struct value *cell_pod_ready(const struct row *r, const struct column *c);
struct value *cell_pod_status(const struct row *r, const struct column *c);
struct value *cell_pod_restarts(const struct row *r, const struct column *c);
struct value *cell_pod_gates(const struct row *r, const struct column *c);
struct value *cell_external_ip(const struct row *r, const struct column *c);
struct value *cell_service_ports(const struct row *r, const struct column *c);
struct value *cell_endpoints(const struct row *r, const struct column *c);
struct value *cell_slice_ports(const struct row *r, const struct column *c);
struct value *cell_slice_endpoints(const struct row *r, const struct column *c);
struct value *cell_ingress_hosts(const struct row *r, const struct column *c);
struct value *cell_ingress_address(const struct row *r, const struct column *c);
struct value *cell_ingress_ports(const struct row *r, const struct column *c);
struct value *cell_node_status(const struct row *r, const struct column *c);
struct value *cell_node_roles(const struct row *r, const struct column *c);
struct value *cell_node_address(const struct row *r, const struct column *c);
struct value *cell_node_kernel(const struct row *r, const struct column *c);
struct value *cell_event_last(const struct row *r, const struct column *c);
struct value *cell_event_first(const struct row *r, const struct column *c);
struct value *cell_event_object(const struct row *r, const struct column *c);
struct value *cell_event_source(const struct row *r, const struct column *c);
struct value *cell_event_message(const struct row *r, const struct column *c);
struct value *cell_event_count(const struct row *r, const struct column *c);
struct value *cell_job_status(const struct row *r, const struct column *c);
struct value *cell_job_completions(const struct row *r, const struct column *c);
struct value *cell_job_duration(const struct row *r, const struct column *c);
struct value *cell_data_count(const struct row *r, const struct column *c);
struct value *cell_access_modes(const struct row *r, const struct column *c);
struct value *cell_claim_capacity(const struct row *r, const struct column *c);
struct value *cell_claim_modes(const struct row *r, const struct column *c);
struct value *cell_volume_class(const struct row *r, const struct column *c);
struct value *cell_claim(const struct row *r, const struct column *c);
struct value *cell_quota(const struct row *r, const struct column *c);
struct value *cell_metrics(const struct row *r, const struct column *c);
struct value *cell_subjects(const struct row *r, const struct column *c);
struct value *cell_controller(const struct row *r, const struct column *c);
struct value *cell_api_service(const struct row *r, const struct column *c);
struct value *cell_api_available(const struct row *r, const struct column *c);
struct value *cell_csr_duration(const struct row *r, const struct column *c);
struct value *cell_csr_condition(const struct row *r, const struct column *c);
struct value *cell_param_kind(const struct row *r, const struct column *c);
struct value *cell_param_ref(const struct row *r, const struct column *c);
struct value *cell_ip_parent(const struct row *r, const struct column *c);
struct value *cell_number_or(const struct row *r, const struct column *c);
struct value *cell_flow_dangling(const struct row *r, const struct column *c);
struct value *cell_claim_state(const struct row *r, const struct column *c);
struct value *cell_component_status(const struct row *r,
                                    const struct column *c);
struct value *cell_component_text(const struct row *r, const struct column *c);

/* ---- custom resources ---- */
int table_add_columns(struct arena *a, const struct value *printer,
                      struct value *definitions);
/* The cell of a printer column; null when there is nothing to show. */
struct value *table_custom_cell(const struct row *r,
                                const struct value *printer);

#endif
