/* strategic_impl.h -- shared by strategic.c and strategic_list.c. */
#ifndef TIDELOCK_SRC_SIM_STRATEGIC_IMPL_H
#define TIDELOCK_SRC_SIM_STRATEGIC_IMPL_H

#include "sim/strategic.h"

struct strategic {
    struct arena *a;
    struct failure *f;
};

/* All change what they are given. */
int strategic_map(struct strategic *m, struct schema_node n,
                  struct value *original, struct value *patch,
                  struct value **ret);
int strategic_list(struct strategic *m, struct schema_node n,
                   struct value *original, struct value *patch,
                   struct value **ret);
/* `order`: the field's name and the items of its $setElementOrder. The list
 * leaves the patch. */
int strategic_order(struct strategic *m, struct schema_node n,
                    struct value *original, struct value *patch,
                    struct value_member order);
/* Takes directives out; false when it is one. */
bool strategic_clean(struct value *v);
/* Is an equal scalar in the list? */
bool strategic_has(const struct value *list, const struct value *scalar);

/* Refusals; each returns -1. */
int strategic_refuse(struct strategic *m, int code, const char *message);
int strategic_no_key(struct strategic *m, const struct value *item,
                     const struct schema_text *key);
int strategic_bad_type(struct strategic *m, const char *expected,
                       const struct value *got);
int strategic_bad_directive(struct strategic *m, const struct value *directive);

#endif
