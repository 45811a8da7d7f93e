/*
 * rules_admit.h -- the parts of admission. Private to src/sim/rules*.c.
 *
 * All return 0, or -1 with a failure that refuses the request.
 */
#ifndef TIDELOCK_SRC_SIM_RULES_ADMIT_H
#define TIDELOCK_SRC_SIM_RULES_ADMIT_H

#include "rules_impl.h"

/* 403: <resource> "<name>" is forbidden: why. NULL: memory ran out. */
int rules_forbid(const struct rules_call *c, const struct value *object,
                 struct failure *f, const char *why);
/* The objects of a kind in the namespace of the object, as an array. */
int rules_neighbours(const struct rules_call *c, const struct gvk *what,
                     const struct value *object, struct value **ret,
                     struct failure *f);

/* ---- LimitRanger: what containers do not ask for, then the bounds ---- */
int rules_fill_limits(const struct rules_call *c, struct value *pod,
                      struct failure *f);
int rules_check_limits(const struct rules_call *c, const struct value *object,
                       struct failure *f);

/* ---- PodSecurity ---- */
enum level { PRIVILEGED, BASELINE, RESTRICTED };
struct policy {
    enum level level;
    unsigned minor; /* of Kubernetes 1; UINT_MAX: the latest */
};
struct verdict {
    const char *found;   /* "reason (detail), ..."; NULL: nothing */
    const char *reasons; /* without details */
};
/* -1: memory ran out. */
int rules_judge_pod(struct arena *a, struct policy policy,
                    const struct value *spec, struct verdict *ret);
/* Pods are refused; what makes pods is warned of; labels of namespaces are
 * right. */
int rules_admit_security(const struct rules_call *c, const struct value *object,
                         const struct value *old, struct failure *f);

#endif
