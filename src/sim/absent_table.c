/*
 * absent_table.c -- no tables: 406. To be removed by whoever brings them
 *                   (src/sim/table.c).
 */
#include "sim/table.h"

static int none(struct failure *f)
{
    return failure_set(f, 406, "NotAcceptable", "there are no tables");
}

int table_new(struct arena *a, const struct kind *k, struct value **ret_table,
              struct failure *f)
{
    (void)a;
    (void)k;
    (void)ret_table;
    return none(f);
}

int table_add(struct arena *a, const struct kind *k, struct value *table,
              const struct value *object, enum table_include include,
              int64_t unix_now, struct failure *f)
{
    (void)a;
    (void)k;
    (void)table;
    (void)object;
    (void)include;
    (void)unix_now;
    return none(f);
}
