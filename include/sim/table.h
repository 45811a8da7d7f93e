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

/* A Table with no rows, its column definitions filled in. */
int table_new(struct arena *a, const struct kind *k, struct value **ret_table,
              struct failure *f);
/* A row for the object; ages count from `unix_now`. */
int table_add(struct arena *a, const struct kind *k, struct value *table,
              const struct value *object, enum table_include include,
              int64_t unix_now, struct failure *f);

#endif
