/*
 * crd_impl.h -- a prepared definition from within. Private to crd*.c.
 */
#ifndef TIDELOCK_SRC_SIM_CRD_IMPL_H
#define TIDELOCK_SRC_SIM_CRD_IMPL_H

#include "sim/crd.h"

struct crd {
    struct arena arena;
    struct value *definition;
};

/* The entry of spec.versions; NULL: none of that name. */
const struct value *crd_version(const struct crd *c, const char *version);

/* Schema of a property or of an additional one; NULL: not known. */
const struct value *crd_property(const struct value *schema, const char *name);
bool crd_flag(const struct value *schema, const char *name);

#endif
