#include "crd_impl.h"
int crd_validate(struct arena *a, const struct value *definition,
                 const struct value *old, struct failure *f)
{
    (void)a;
    (void)definition;
    (void)old;
    (void)f;
    return 0;
}
int crd_default(struct arena *a, struct value *definition, struct failure *f)
{
    (void)a;
    (void)definition;
    (void)f;
    return 0;
}
