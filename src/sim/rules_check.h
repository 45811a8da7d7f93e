/*
 * rules_check.h -- what the validations share: paths and common rules. Private
 *                  to src/sim/rules*.c.
 *
 * A check adds causes to the failure of its call. Running out of memory is
 * noted there too (code 500), so that checks need not return anything.
 */
#ifndef TIDELOCK_SRC_SIM_RULES_CHECK_H
#define TIDELOCK_SRC_SIM_RULES_CHECK_H

#include <string.h>

#include "rules_impl.h"

struct check {
    const struct rules_call *c;
    struct failure *f;
    const struct value *object;
    const struct value *old; /* NULL on create */
};

/* A field of `up`, an element, a key of a map. */
static inline struct place place_field(const struct place *up, const char *name)
{
    return (struct place){.up = up, .name = name, .len = strlen(name)};
}
static inline struct place place_index(const struct place *up, size_t index)
{
    return (struct place){.up = up, .index = index};
}
static inline struct place place_key(const struct place *up, const char *name)
{
    return (struct place){
        .up = up, .name = name, .len = strlen(name), .is_key = true};
}

/* The same for the length of a call. */
#define PLACE(up, name) (&(struct place){(up), (name), strlen(name), 0, false})
#define PLACE_AT(up, index) (&(struct place){(up), NULL, 0, (index), false})
#define PLACE_KEY(up, name)                                                    \
    (&(struct place){(up), (name), strlen(name), 0, true})

/* A cause at a place. */
void check_add(struct check *k, const char *reason, const struct place *at,
               const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* At a field of the place; `detail` may be "". */
void check_required(struct check *k, const struct place *at, const char *field,
                    const char *detail);
/* Invalid value: <the value of the field>: detail. */
void check_invalid(struct check *k, const struct place *at,
                   const struct value *v, const char *detail);

/* ---- texts: the i-th of what may be wrong, they add up; NULL: not that ----
 */
#define WRONG_PARTS 3
typedef const char *(*wrong_name_fn)(const char *name, unsigned i);
const char *wrong_dns_label(const char *text, unsigned i);
const char *wrong_dns_subdomain(const char *text, unsigned i);
const char *wrong_path_segment(const char *text, unsigned i);
const char *wrong_label_value(const char *text, unsigned i);
const char *wrong_config_key(const char *text, unsigned i);
bool is_wrong(wrong_name_fn wrong, const char *text);
/* The first of it. */
const char *wrong_qualified_name(const char *text);
#define QUALIFIED_PARTS 3
const char *wrong_qualified_part(const char *text, unsigned i);
#define PORT_NAME_PARTS 5
const char *wrong_port_name(const char *text, unsigned i);

bool rules_is_ip(const char *text);
bool rules_is_cidr(const char *text);

/* ---- metadata ---- */
void check_meta(struct check *k, wrong_name_fn wrong_name, unsigned passes);
void check_labels(struct check *k, const struct place *at,
                  const struct value *labels);

/* ---- common rules ---- */
/* One of the texts, which end with NULL. */
void check_one_of(struct check *k, const struct place *at, const char *text,
                  const char *const *allowed);
/* The same of a field; required when absent. */
void check_enum(struct check *k, const struct place *at,
                const struct value *object, const char *field,
                const char *const *allowed);
void check_non_negative(struct check *k, const struct place *at,
                        const struct value *object, const char *field);
void check_selector(struct check *k, const struct place *at,
                    const struct value *selector);
/* Causes when a field of the object is not what it was. */
void check_immutable(struct check *k, const char *path);

/* The text at this place must be right. */
void check_text_by(struct check *k, const struct place *at, const char *text,
                   wrong_name_fn wrong);
/* All that is wrong with a qualified name, which is shown as `shown`. */
void check_qualified(struct check *k, const struct place *at, const char *text,
                     const char *shown);
void check_port_name(struct check *k, const struct place *at, const char *name);
void check_ip(struct check *k, const struct place *at, const char *ip);
/* 1 to 65535. */
void check_port_number(struct check *k, const struct place *at,
                       const struct value *object, const char *field);
void rules_check_port_or_name(struct check *k, const struct place *at,
                              const struct value *port);
/* A number that is not negative, or a percentage. */
void rules_check_percent(struct check *k, const struct place *at,
                         const struct value *v);
int64_t rules_percent(const struct value *v); /* the number in it */
/* Has an item before the `end`-th this text in the field? */
bool check_seen(const struct value *list, size_t end, const char *field,
                const char *text);
void check_annotations(struct check *k, const struct place *at,
                       const struct value *notes);

/* ---- parts of kinds ---- */
struct quantity;
bool rules_quantity(const struct value *v, struct quantity *ret);
/* Not negative, and whole when it is of something that is counted. */
void rules_check_amount(struct check *k, const struct place *at,
                        const char *name, const struct value *amount);
/* The name of a CSI driver, NULL: there is none. */
void rules_check_driver(struct check *k, const struct place *at,
                        const char *driver);
/* A condition of nodes, the same for pods, volumes and classes. */
void rules_check_node_selector(struct check *k, const struct place *at,
                               const struct value *selector);
void rules_check_pod_spec(struct check *k, const struct place *at,
                          const struct value *spec, const struct value *meta);
void rules_check_template(struct check *k, const struct place *at,
                          const struct value *template);
/* Its labels and annotations. */
void rules_check_template_meta(struct check *k, const struct place *at,
                               const struct value *template);
void rules_check_selected(struct check *k, const struct place *at,
                          const struct value *selector,
                          const struct value *template);
void rules_check_service_ips(struct check *k);
void rules_check_claim_spec(struct check *k, const struct place *at,
                            const struct value *spec);

#endif
