/*
 * rules_validate.c -- which checks a kind has; see rules.h.
 */
#include "rules_check.h"
#include "sim/crd.h"

static const struct kind_check CHECKS[] = {
    {"", "Namespace", wrong_dns_label, NULL, NULL},
    {"", "Service", wrong_dns1035_label, NULL, NULL},
    {"rbac.authorization.k8s.io", "ClusterRole", wrong_path_segment, NULL,
     NULL},
    {"rbac.authorization.k8s.io", "ClusterRoleBinding", wrong_path_segment,
     NULL, NULL},
    {"rbac.authorization.k8s.io", "Role", wrong_path_segment, NULL, NULL},
    {"rbac.authorization.k8s.io", "RoleBinding", wrong_path_segment, NULL,
     NULL},
};

const struct kind_check *rules_find_check(const struct kind *k)
{
    for (size_t i = 0; i < sizeof CHECKS / sizeof CHECKS[0]; i++)
        if (rules_is(k, CHECKS[i].group, CHECKS[i].kind))
            return &CHECKS[i];
    return NULL;
}

static int validate_custom(struct check *k)
{
    check_meta(k, wrong_dns_subdomain);
    if (k->f->code)
        return -1;
    if (strcmp(k->c->subresource, "status") == 0)
        return crd_check_status(k->c->kind->crd, k->c->kind->r.version,
                                k->object, k->old, k->f);
    return crd_check(k->c->kind->crd, k->c->kind->r.version, k->object, k->old,
                     k->f);
}

int rules_validate(const struct rules_call *c, const struct value *object,
                   const struct value *old, struct failure *f)
{
    struct check k = {c, f, object, old};
    const struct kind_check *own = rules_find_check(c->kind);

    if (c->kind->crd)
        return validate_custom(&k);
    check_meta(&k,
               own && own->wrong_name ? own->wrong_name : wrong_dns_subdomain);
    if (own && own->create && *c->subresource == '\0')
        own->create(&k);
    if (own && own->update && old && *c->subresource == '\0')
        own->update(&k);
    if (rules_is(c->kind, "apiextensions.k8s.io", "CustomResourceDefinition") &&
        crd_validate(c->a, object, old, f) < 0)
        return -1;
    return f->code ? -1 : 0;
}
