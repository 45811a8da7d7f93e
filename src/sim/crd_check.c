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
int crd_prune(const struct crd *c, const char *version, struct value *object,
              struct value *unknown, struct failure *f)
{ (void)c;(void)version;(void)object;(void)unknown;(void)f; return 0; }
int crd_default_object(const struct crd *c, const char *version,
                       struct arena *a, struct value *object, struct failure *f)
{
    (void)c;
    (void)version;
    (void)a;
    (void)object;
    (void)f;
    return 0;
}
int crd_check(const struct crd *c, const char *version,
              const struct value *object, const struct value *old,
              struct failure *f)
{
    (void)c;
    (void)version;
    (void)object;
    (void)old;
    (void)f;
    return 0;
}
int crd_warnings(const struct crd *c, const char *version, struct arena *a,
                 struct value *warnings)
{
    (void)c;
    (void)version;
    (void)a;
    (void)warnings;
    return 0;
}
