/*
 * crd_format.h -- which `format` the API server checks, and how. Private to
 *                 crd*.c.
 */
#ifndef TIDELOCK_SRC_SIM_CRD_FORMAT_H
#define TIDELOCK_SRC_SIM_CRD_FORMAT_H

#include <stdbool.h>

#include "base/value.h"

/* The format of a schema, NULL when it has none that counts for its type. */
const char *crd_format(const struct value *schema);
bool crd_format_allows(const char *format, const char *text, size_t len);

#endif
