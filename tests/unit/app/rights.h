/*
 * rights.h -- declarations on a table, and the roles that come of them.
 *
 *     struct rights r;
 *
 *     rights_init(&r);
 *     r.decl.owns = OWNS; r.decl.owns_count = 1;
 *     check_has(rights_yaml(&r), "# owns v1 ConfigMap\n");
 *     rights_release(&r);
 */
#ifndef TIDELOCK_TESTS_UNIT_APP_RIGHTS_H
#define TIDELOCK_TESTS_UNIT_APP_RIGHTS_H

#include "app/rbac_impl.h"

#define CONFIG_MAP                                                             \
    {                                                                          \
        "v1", "ConfigMap"                                                      \
    }
#define SECRET                                                                 \
    {                                                                          \
        "v1", "Secret"                                                         \
    }
#define NODE                                                                   \
    {                                                                          \
        "v1", "Node"                                                           \
    }
#define DEPLOYMENT                                                             \
    {                                                                          \
        "apps/v1", "Deployment"                                                \
    }
#define WIDGET                                                                 \
    {                                                                          \
        "example.com/v1", "Widget"                                             \
    }
#define TENANT                                                                 \
    {                                                                          \
        "example.com/v1", "Tenant"                                             \
    } /* cluster-scoped, no status */

struct rights {
    struct arena arena;
    struct restmap *kinds;
    struct operator_decl decl;   /* "shop" of Widgets, the first */
    struct operator_decl second; /* "tenancy" of Tenants */
    const struct operator_decl *decls[2];
    struct rbac_input in; /* of the first; all namespaces; Lease
                           * default/tidelock */
    struct rbac_rights made;
    struct str text;
    struct err err;
};

void rights_init(struct rights *r);
void rights_release(struct rights *r);
/* The roles; "" when they cannot be made, and `err` says why. */
const char *rights_yaml(struct rights *r);
/* The part behind the comments at the top. */
const char *rights_roles(struct rights *r);

#endif
