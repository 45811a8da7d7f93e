/*
 * absent_control.c -- no controllers: nothing to do, ever. To be removed by
 *                     whoever brings them (src/sim/control.c).
 */
#include "sim/inside.h"

int controllers_new(struct sim *s, const char *which, struct controllers **ret,
                    struct err *err)
{
    (void)s;
    (void)which;
    (void)err;
    *ret = NULL;
    return 0;
}

void controllers_free(struct controllers *c)
{
    (void)c;
}

int controllers_start(struct controllers *c, struct err *err)
{
    (void)c;
    (void)err;
    return 0;
}

uint64_t controllers_step(struct controllers *c)
{
    (void)c;
    return UINT64_MAX;
}

bool controllers_are_quiet(const struct controllers *c)
{
    (void)c;
    return true;
}
