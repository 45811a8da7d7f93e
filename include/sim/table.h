/*
 * table.h -- meta.k8s.io/v1 Table: what `kubectl get` shows (printers of
 *            kubernetes pkg/printers/internalversion, and printer columns of
 *            custom resources).
 */
#ifndef TIDELOCK_SIM_TABLE_H
#define TIDELOCK_SIM_TABLE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/value.h"
#include "sim/failure.h"
#include "sim/kinds.h"

enum table_include { TABLE_METADATA, TABLE_OBJECT, TABLE_NONE };

struct table_call {
    struct arena *a;
    const struct kind *kind;
    enum table_include include;
    int64_t unix_now; /* ages count from here */
};

/* A Table with no rows, its column definitions filled in. */
int table_new(const struct table_call *c, struct value **ret_table,
              struct failure *f);
/* A row for the object, which is shared. */
int table_add(const struct table_call *c, struct value *table,
              const struct value *object, struct failure *f);

#endif
