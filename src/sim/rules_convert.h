/*
 * rules_convert.h -- conversions between versions of one storage. Private to
 *                    src/sim/rules*.c.
 */
#ifndef TIDELOCK_SRC_SIM_RULES_CONVERT_H
#define TIDELOCK_SRC_SIM_RULES_CONVERT_H

#include <string.h>

#include "rules_impl.h"

struct conversion {
    struct rules_call c; /* of the kind that it becomes */
    struct failure *f;
};

/* HorizontalPodAutoscalers, in place: autoscaling/v1 and v2. */
int scaler_to_first(struct conversion *v, struct value *object);
int scaler_to_second(struct conversion *v, struct value *object);

/* JSON in the order of Go's structs; `none` stands for what is absent. */
void scaler_print_leaf(struct str *out, const struct value *v,
                       const char *none);
void scaler_print_behavior(struct str *out, const struct value *behavior);
void scaler_print_conditions(struct str *out, const struct value *conditions);

#endif
