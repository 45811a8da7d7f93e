/*
 * rules_decode.h -- one walk of decoding. Private to src/sim/rules_decode*.c.
 */
#ifndef TIDELOCK_SRC_SIM_RULES_DECODE_H
#define TIDELOCK_SRC_SIM_RULES_DECODE_H

#include "rules_impl.h"

struct decoding {
    const struct rules_call *c;
    struct value *unknown; /* see rules_decode() */
    struct failure *f;
};

/* A value along its schema, in place. */
int decode_value(struct decoding *d, struct schema_node n,
                 const struct place *at, struct value *v);
/* 400: "... cannot be handled as a ...: why"; `why` NULL: out of memory. */
int decode_refuse(struct decoding *d, const char *why);
void decode_set_text(struct value *v, const char *text);
/* A custom resource, whose schema is its definition's. */
int decode_custom(struct decoding *d, struct value *object);

#endif
